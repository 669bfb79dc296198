"""Parents pay all at once: so many confirmations a second for minutes, and when all are booked."""
import json
import random
import threading
import time

import bench_school
import invariants
import requests
from client import percentile
from road import wait_for


STUDENTS = 600
CLIENTS = 4
AMOUNT = 100  # KES
# What is typed: a number as it stands, otherwise written, of nobody, and nothing at all.
SPELLINGS = ['{}'] * 6 + ['{lower}', 'fees {}', ' {} ', 'QQ-{serial}', '']
PATIENCE = 600  # Seconds after which it would not come any more.


def measure(stack, minutes, per_second, seed):
    """ Post confirmations at a steady rate and wait until all are in the books.

    :param Stack stack: The running product, with scheduled actions.
    :param float minutes: How long.
    :param int per_second: How many a second.
    :param int seed: Of what is typed.
    :return: Seconds from the last post to the last booking, the p95 of the answers in ms, and how
             many were posted.
    :rtype: dict
    """
    numbers = stack.shell(
        "from bench import bench_school\n"
        f"students = env['school.student'].browse(bench_school.add_students(env, {STUDENTS}))\n"
        "result = students.mapped('admission_no')",
    )
    source = random.Random(seed)  # noqa: S311 - it must come again with its seed
    bodies = _write(stack, numbers, round(minutes * 60 * per_second), source)
    before = stack.sql("SELECT count(*) FROM mpesa_transaction")[0]['count']
    in_wallet = invariants.wallet_lines(stack, stack.school['journal_id'])
    url = stack.simulator.shortcode(stack.school['shortcode'])['confirmation_url']
    took, late = _post_all(url, bodies, per_second)
    ended = time.monotonic()

    def booked():
        return stack.sql("SELECT count(*) FROM mpesa_transaction")[0]['count'] - before
    behind = len(bodies) - booked()
    wait_for(lambda: booked() == len(bodies), f"{len(bodies)} booked", PATIENCE, pause=0.2)
    seconds = time.monotonic() - ended
    _check(stack, in_wallet + AMOUNT * len(bodies))
    return {
        'posted': len(bodies), 'seconds': round(seconds, 1), 'behind': behind, 'seed': seed,
        'p95_ms': round(percentile(took, 95) * 1000, 1), 'latest_post_s': round(late, 1),
    }


def _write(stack, numbers, count, source):
    """ Return the confirmations. """
    stamp = time.strftime('%Y%m%d%H%M%S', time.gmtime(time.time() + 3 * 3600))
    bodies, codes = [], set()
    while len(codes) < count:
        codes.add(bench_school.make_receipt())
    for code in codes:
        number = source.choice(numbers)
        bodies.append(json.dumps({
            'TransactionType': 'Pay Bill', 'TransID': code, 'TransTime': stamp,
            'TransAmount': f'{AMOUNT}.00', 'BusinessShortCode': stack.school['shortcode'],
            'BillRefNumber': source.choice(SPELLINGS).format(
                number, lower=number.lower(), serial=source.randrange(10**5, 10**6),
            )[:20],
            'InvoiceNumber': '', 'OrgAccountBalance': '1.00', 'ThirdPartyTransID': '',
            'MSISDN': '2547 ***** 111', 'FirstName': 'INVENTED', 'MiddleName': '', 'LastName': '',
        }))
    return bodies


def _post_all(url, bodies, per_second):
    """ Post each at its own moment.

    :return: Seconds that each took, and by how much the latest was late.
    :rtype: tuple[list[float], float]
    """
    took, late, failed = [], [], []
    waiting = iter(list(enumerate(bodies)))
    lock = threading.Lock()
    started = time.monotonic()

    def work():
        with requests.Session() as session:
            while True:
                with lock:
                    number, body = next(waiting, (None, None))
                if body is None:
                    return
                due = started + number / per_second
                time.sleep(max(0, due - time.monotonic()))
                began = time.monotonic()
                answer = session.post(
                    url, data=body, headers={'Content-Type': 'application/json'}, timeout=30,
                )
                took.append(time.monotonic() - began)
                late.append(began - due)
                if answer.status_code != 200:
                    failed.append(answer.status_code)
    threads = [threading.Thread(target=work) for _client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        message = f"{len(failed)} confirmations were not taken, the first with {failed[0]}"
        raise RuntimeError(message)
    return took, max(late)


def _check(stack, expected):
    """ A figure counts only when the money is in the books, once, and every rule holds. """
    in_wallet = invariants.wallet_lines(stack, stack.school['journal_id'])
    if in_wallet != expected:
        message = f"KES {in_wallet} are in the books instead of {expected}"
        raise RuntimeError(message)
    invariants.check(stack)
