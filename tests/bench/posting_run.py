"""Posted and reconciled payments per second: ours beside Odoo's own path, in one process.

Runs inside an Odoo shell. What is measured: accepted callbacks that wait in the inbox, from claim
to receipt, against `_process` and `_post_process` of one request per commit, each onto bills of
its own, interleaved, with the same tracking setting.
"""
# A benchmark commits as the drain and as Odoo's scheduled action do.
# pylint: disable=invalid-commit
import contextlib
import cProfile
import io
import pstats
import time

import psutil

from . import bench_school


SLICE = 25  # payments of one path before the other one's turn: a busy moment then hits both


def run(env, runs=5, count=200, tracking=False, profile=False):
    """ Measure both paths, interleaved.

    :param env: The shell's environment.
    :param int runs: How many times each.
    :param int count: Payments of each path in each run.
    :param bool tracking: Whether mail tracking is on, for both.
    :param bool profile: Whether to return a profile of ours.
    :return: Payments per second of each run by path, by the clock and by the
             processors' time, which another program on the machine cannot lengthen.
    :rtype: dict
    """
    company = env.ref('base.main_company')
    # Our own switch: the drain keeps tracking where the audit trail asks for it.
    company.restrictive_audit_trail = tracking
    ours = env['payment.provider'].search([('code', '=', 'mpesa'), ('state', '!=', 'disabled')])
    peer = bench_school.peer_provider(env)
    slices = runs * count // SLICE
    students = env['school.student'].browse(
        bench_school.add_students(env, 2 * SLICE * (slices + 1))
    )
    turns = [students[start:start + SLICE] for start in range(0, len(students), SLICE)]
    # The first turn of each only warms the caches.
    measure_ours(env, ours, turns.pop())
    measure_odoo(env, peer, turns.pop(), tracking)
    profiler = cProfile.Profile() if profile else None
    rates = {'ours': [], 'odoo': [], 'ours_cpu': [], 'odoo_cpu': []}
    for _number in range(runs):
        spent = {'ours': Spent(env.cr), 'odoo': Spent(env.cr)}
        for _slice in range(count // SLICE):
            measure_ours(env, ours, turns.pop(), spent['ours'], profiler)
            measure_odoo(env, peer, turns.pop(), tracking, spent['odoo'])
        for path, one in spent.items():
            rates[path].append(round(count / one.clock, 2))
            rates[f'{path}_cpu'].append(round(count / one.cpu, 2))
    return {'rates': rates, 'profile': report(profiler) if profile else ''}


class Spent:
    """ Time spent on one path, by the clock and on processors: a context manager that adds up.

    :param cr: The cursor whose database process is counted along.
    """

    def __init__(self, cr):
        self.clock = self.cpu = 0
        self._backend = psutil.Process(cr._cnx.info.backend_pid)

    def __enter__(self):
        self._began = time.perf_counter(), self._cpu()

    def __exit__(self, *_error):
        self.clock += time.perf_counter() - self._began[0]
        self.cpu += self._cpu() - self._began[1]

    def _cpu(self):
        times = self._backend.cpu_times()
        return time.process_time() + times.user + times.system


def report(profiler):
    """ Return a profile as text.

    :rtype: str
    """
    stream = io.StringIO()
    stats = pstats.Stats(profiler, stream=stream)
    stats.sort_stats('cumulative').print_stats(120)
    stats.sort_stats('tottime').print_stats(40)
    stats.print_callers(r"method 'execute' of 'psycopg2")
    stats.print_callers(r'search_fetch|_search\b')
    return stream.getvalue()


def measure_ours(env, provider, students, spent=None, profiler=None):
    """ Drain accepted callbacks into posted, reconciled receipts.

    :param Spent spent: Where the time goes, or None.
    """
    accept_all(env, provider, bench_school.make_requests(env, provider, students))
    callbacks = env(context={})['mpesa.callback']
    done = 0
    with spent or contextlib.nullcontext(), profiler or contextlib.nullcontext():
        while count := callbacks._drain_batch():
            done += count
    check(done == len(students), f"{done} callbacks were drained of {len(students)}")
    check_paid(env, students)


def accept_all(env, provider, news):
    """ Put the successes of requests into the inbox, as the route does. """
    known = (
        provider.id, provider.company_id.id, provider.mpesa_source_check,
        provider.mpesa_environment,
    )
    for one in news:
        env['mpesa.callback']._accept(
            'stk', known, bench_school.stk_success(one), push=one['push'],
            content_type='application/json', source='127.0.0.1',
        )
    env.cr.commit()
    env.invalidate_all()


def measure_odoo(env, provider, students, tracking, spent=None):
    """ Let Odoo's own path post and reconcile, one request per commit.

    :param Spent spent: Where the time goes, or None.
    """
    requests = bench_school.make_peer_requests(env, provider, students)
    work = list(zip(requests.ids, requests.mapped('reference'), strict=True))
    env.invalidate_all()
    Transaction = env(context={} if tracking else {'tracking_disable': True})[
        'payment.transaction'
    ]
    with spent or contextlib.nullcontext():
        for tx_id, reference in work:
            tx = Transaction.browse(tx_id)
            tx._process('flutterwave', {
                'id': f'9{tx_id}', 'tx_ref': reference, 'amount': bench_school.BILL,
                'currency': 'KES', 'status': 'successful', 'payment_type': 'mpesa',
            })
            tx._post_process()
            tx.is_post_processed = True
            env.cr.commit()
    check_paid(env, students)


def check_paid(env, students):
    """ A figure counts only when every bill is paid. """
    env.invalidate_all()
    unpaid = env['account.move'].search_count([
        ('student_id', 'in', students.ids), ('move_type', '=', 'out_invoice'),
        ('payment_state', '!=', 'paid'),
    ])
    check(not unpaid, f"{unpaid} bills are not paid")


def check(fact, message):
    """ Stop the benchmark when it would measure something else than it says. """
    if not fact:
        raise RuntimeError(message)
