"""Posted and reconciled payments per second: ours beside Odoo's own path, in one process.

Runs inside an Odoo shell. What is measured: accepted callbacks that wait in the inbox, from claim
to receipt, against `_process` and `_post_process` of one request per commit, each onto bills of
its own, interleaved, with the same tracking setting.
"""
# A benchmark commits as the drain and as Odoo's scheduled action do.
# pylint: disable=invalid-commit
import cProfile
import io
import pstats
import time

from . import bench_school


def run(env, runs=5, count=200, tracking=False, profile=False):
    """ Measure both paths, interleaved.

    :param env: The shell's environment.
    :param int runs: How many times each.
    :param int count: Payments in each run.
    :param bool tracking: Whether mail tracking is on, for both.
    :param bool profile: Whether to return a profile of the last run of ours.
    :return: Payments per second of each run, by path.
    :rtype: dict
    """
    company = env.ref('base.main_company')
    # Our own switch: the drain keeps tracking where the audit trail asks for it.
    company.restrictive_audit_trail = tracking
    ours = env['payment.provider'].search([('code', '=', 'mpesa'), ('state', '!=', 'disabled')])
    peer = bench_school.peer_provider(env)
    students = env['school.student'].browse(
        bench_school.add_students(env, (2 * runs + 2) * count)
    )
    rates = {'ours': [], 'odoo': []}
    text = ''
    for number in range(runs + 1):
        mine, theirs = (
            students[(2 * number + side) * count:(2 * number + side + 1) * count]
            for side in (0, 1)
        )
        if not number:  # The first one only warms the caches of both.
            mine, theirs = mine[:25], theirs[:25]
        profiler = cProfile.Profile() if profile and number == runs else None
        rate = measure_ours(env, ours, mine, profiler)
        peer_rate = measure_odoo(env, peer, theirs, tracking)
        if number:
            rates['ours'].append(round(rate, 2))
            rates['odoo'].append(round(peer_rate, 2))
        if profiler:
            stream = io.StringIO()
            stats = pstats.Stats(profiler, stream=stream)
            stats.sort_stats('cumulative').print_stats(120)
            stats.sort_stats('tottime').print_stats(40)
            text = stream.getvalue()
    return {'rates': rates, 'profile': text}


def measure_ours(env, provider, students, profiler=None):
    """ Return how many accepted callbacks per second become posted, reconciled receipts.

    :rtype: float
    """
    accept_all(env, provider, bench_school.make_requests(env, provider, students))
    fresh = env(context={})
    callbacks = fresh['mpesa.callback']
    started = time.perf_counter()
    if profiler:
        profiler.enable()
    done = 0
    while count := callbacks._drain_batch():
        done += count
    if profiler:
        profiler.disable()
    seconds = time.perf_counter() - started
    check(done == len(students), f"{done} callbacks were drained of {len(students)}")
    check_paid(fresh, students)
    return len(students) / seconds


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


def measure_odoo(env, provider, students, tracking):
    """ Return how many requests per second Odoo's own path posts and reconciles.

    :rtype: float
    """
    requests = bench_school.make_peer_requests(env, provider, students)
    ids = requests.ids
    references = requests.mapped('reference')
    env.invalidate_all()
    fresh = env(context={} if tracking else {'tracking_disable': True})
    Transaction = fresh['payment.transaction']
    started = time.perf_counter()
    for tx_id, reference in zip(ids, references, strict=True):
        tx = Transaction.browse(tx_id)
        tx._process('flutterwave', {
            'id': f'9{tx_id}', 'tx_ref': reference, 'amount': bench_school.BILL, 'currency': 'KES',
            'status': 'successful', 'payment_type': 'mpesa',
        })
        tx._post_process()
        tx.is_post_processed = True
        fresh.cr.commit()
    seconds = time.perf_counter() - started
    check_paid(fresh, students)
    return len(students) / seconds


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
