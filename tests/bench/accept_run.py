"""How fast a callback is taken, beside Odoo's own webhook and a route that does nothing.

All three run in the same server, behind the same nginx, one after the other in each of the runs;
no scheduled action runs meanwhile, for any of them.
"""
import contextlib
import functools
import json

import bench_school
import psutil
from client import Load, percentile


JSON_TYPE = {'Content-Type': 'application/json'}
# What Daraja sends on a paid prompt and on a paybill payment differ little in size.
CONFIRMATION = {
    'TransactionType': 'Pay Bill', 'TransTime': '20260914101533', 'TransAmount': '12500.00',
    'BusinessShortCode': '600111', 'BillRefNumber': 'BEN-00001', 'InvoiceNumber': '',
    'OrgAccountBalance': '981200.50', 'ThirdPartyTransID': '', 'MSISDN': '2547 ***** 111',
    'FirstName': 'INVENTED', 'MiddleName': '', 'LastName': '',
}


class Accept:
    """ The three routes and what is posted to them.

    :param Stack stack: The running product, with the bench add-on and Odoo's Flutterwave.
    """

    def __init__(self, stack):
        self.stack = stack
        confirmation = stack.simulator.shortcode(stack.school['shortcode'])['confirmation_url']
        self.path = '/collect/' + confirmation.split('/collect/')[1]
        self.noop_path = self.path.replace('/c2b/confirmation', '/noop')
        self._references = []

    def prepare(self, count):
        """ Make as many requests of the peer as will be posted. """
        self._references = self.stack.shell(f"""
from bench import bench_school
peer = bench_school.peer_provider(env)
requests = env['payment.transaction'].create([{{
    'provider_id': peer.id, 'payment_method_id': env.ref('payment.payment_method_card').id,
    'reference': f'HOOK-{{number:06}}', 'amount': 12500, 'operation': 'online_redirect',
    'currency_id': env.ref('base.KES').id, 'partner_id': env.ref('base.partner_admin').id,
}} for number in range({count})])
result = requests.mapped('reference')
""")

    def ours(self, count, clients, same=False, extra=None):
        """ Post paybill confirmations: all different, or one and the same. """
        headers = {**JSON_TYPE, **(extra or {})}
        bodies = [
            json.dumps({'TransID': bench_school.make_receipt(), **CONFIRMATION})
            for _number in range(1 if same else count)
        ]
        requests = [(self.path, bodies[number % len(bodies)], headers) for number in range(count)]
        return Load(self.stack.url, requests, clients).run()

    def noop(self, count, clients):
        """ Post the same to the route that returns at once. """
        body = json.dumps({'TransID': bench_school.make_receipt(), **CONFIRMATION})
        requests = [(self.noop_path, body, JSON_TYPE)] * count
        return Load(self.stack.url, requests, clients).run()

    def webhook(self, count, clients):
        """ Post successes to Odoo's own webhook, each for a request of its own. """
        requests = []
        for _number in range(count):
            reference = self._references.pop()
            requests.append(('/payment/flutterwave/webhook', json.dumps({
                'event': 'charge.completed',
                'data': {
                    'id': 100000 + len(self._references), 'tx_ref': reference, 'amount': 12500,
                    'currency': 'KES', 'status': 'successful', 'payment_type': 'mpesa',
                },
            }), {**JSON_TYPE, 'verif-hash': bench_school.WEBHOOK_SECRET}))
        return Load(self.stack.url, requests, clients).run()


SLICES = 6  # turns of each route in a run: a busy moment of the machine then hits all three


class Turns:
    """ What one route did in its turns of one run. """

    def __init__(self):
        self.seconds = []
        self.elapsed = self.cpu = 0

    def add(self, load, cpu):
        """ Add one turn. """
        self.seconds += load.seconds
        self.elapsed += load.elapsed
        self.cpu += cpu

    def figures(self, name):
        """ Return the figures of the run.

        :rtype: dict
        """
        return {
            f'{name}_rate': round(len(self.seconds) / self.elapsed, 1),
            f'{name}_p95_ms': round(percentile(self.seconds, 95) * 1000, 1),
            # Of Odoo's workers and PostgreSQL; another program on the machine cannot lengthen it.
            f'{name}_cpu_ms': round(self.cpu / len(self.seconds) * 1000, 2),
        }


def server_cpu(stack):
    """ Return the processors' time that Odoo's workers and their database sessions have used.

    :return: Seconds.
    :rtype: float
    """
    sessions = stack.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()",
    )
    total = 0
    for pid in stack.odoo_pids()['http'] + [row['pid'] for row in sessions]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system
    return total


class Others:
    """ How much of the machine other programs took meanwhile: they lengthen every time measured.

    :param Stack stack: The running product.
    """

    def __init__(self, stack):
        self._stack = stack
        self._began = self._read()

    def _read(self):
        ours = server_cpu(self._stack)
        served = set(self._stack.odoo_pids()['http'])
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.pid not in served:
                    times = process.cpu_times()
                    ours += times.user + times.system
        machine = psutil.cpu_times()
        idle = machine.idle + machine.iowait
        return ours, sum(machine[:8]), idle

    def share(self):
        """ Return the share of all processors' time, from 0 to 1.

        :rtype: float
        """
        ours, total, idle = (
            now - then for now, then in zip(self._read(), self._began, strict=True)
        )
        return round(max(0, total - idle - ours) / total, 3)


def measure(stack, runs, count):
    """ Measure the routes with two and with eight clients.

    :param int runs: How many times, interleaved.
    :param int count: Posts to each route in each run.
    :return: Rates and p95 of each run, and the queries of one accept.
    :rtype: dict
    """
    accept = Accept(stack)
    accept.prepare((runs * 2) * count + 40)
    routes = {
        'ours': accept.ours, 'webhook': accept.webhook, 'noop': accept.noop,
        'storm': functools.partial(accept.ours, same=True),
    }
    for name in ('ours', 'webhook', 'noop'):
        routes[name](40, 4)  # warms every worker
    found, others = [], Others(stack)
    for _number in range(runs):
        for clients in (2, 8):
            turns = {name: Turns() for name in routes}
            for _slice in range(SLICES):
                for name, route in routes.items():
                    before = server_cpu(stack)
                    load = route(count // SLICES, clients)
                    turns[name].add(load, server_cpu(stack) - before)
            run = {'clients': clients}
            for name, turn in turns.items():
                run |= turn.figures(name)
            found.append(run)
    share = others.share()
    warm = accept.ours(40, 2, extra={'X-Bench': '1'})
    return {'runs': found, 'others': share, 'sql': sorted(warm.queries)}
