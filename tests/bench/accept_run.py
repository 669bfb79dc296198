"""How fast a callback is taken, beside Odoo's own webhook and a route that does nothing.

All three run in the same server, behind the same nginx, one after the other in each of the runs;
no scheduled action runs meanwhile, for any of them.
"""
import json

import bench_school
from client import Load


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


def measure(stack, runs, count):
    """ Measure the three routes with two and with eight clients.

    :param int runs: How many times, interleaved.
    :param int count: Posts to each route in each run.
    :return: Rates and p95 of each run, and the queries of one accept.
    :rtype: dict
    """
    accept = Accept(stack)
    accept.prepare((runs * 2) * count + 40)
    for route in (accept.ours, accept.webhook, accept.noop):
        route(40, 4)  # warms every worker
    found = []
    for _number in range(runs):
        for clients in (2, 8):
            ours, webhook, noop = (
                route(count, clients) for route in (accept.ours, accept.webhook, accept.noop)
            )
            run = {'clients': clients}
            for name, load in (('ours', ours), ('webhook', webhook), ('noop', noop)):
                run[f'{name}_rate'] = round(load.rate, 1)
                run[f'{name}_p95_ms'] = round(load.p95, 1)
            if clients == 8:
                storm = accept.ours(count, clients, same=True)
                run['storm_p95_ms'] = round(storm.p95, 1)
            found.append(run)
    warm = accept.ours(40, 2, extra={'X-Bench': '1'})
    return {'runs': found, 'sql': sorted(map(int, warm.headers))}
