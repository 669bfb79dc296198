"""How long after its callback a bill is paid, at two callbacks per second."""
import contextlib
import threading
import time

import bench_school
from client import percentile
from road import wait_for


def measure(stack, count, per_second=2):
    """ Post successes of prepared requests at a steady rate and watch the bills.

    :param Stack stack: The running product, with scheduled actions.
    :param int count: How many.
    :return: Milliseconds from the post to the paid bill, in the order of payment, and the p95.
    :rtype: dict
    """
    news = stack.shell(f"""
from bench import bench_school
provider = env['payment.provider'].browse({stack.school['provider_id']})
students = env['school.student'].browse(bench_school.add_students(env, {count}))
bills = [bench_school.find_bill(student).id for student in students]
news = bench_school.make_requests(env, provider, students)
token = env['mpesa.callback.token']._get(provider, 'stk')
result = [{{**one, 'bill': bill, 'token': token}} for one, bill in zip(news, bills)]
""")
    sent, paid, over = {}, {}, threading.Event()
    watcher = threading.Thread(target=_watch, args=(stack, sent, paid, over))
    watcher.start()
    try:
        started = time.monotonic()
        for number, one in enumerate(news):
            time.sleep(max(0, started + number / per_second - time.monotonic()))
            sent[one['bill']] = time.monotonic()
            _post(stack, one)
        wait_for(lambda: len(paid) == count, f"{count} paid bills", timeout=60)
    finally:
        over.set()
        watcher.join()
    took = [round((paid[bill] - sent[bill]) * 1000) for bill in paid]
    return {'ms': took, 'p95': round(percentile(took, 95))}


def _post(stack, one):
    import requests
    answer = requests.post(
        f"{stack.url}/collect/{one['token']}/stk/{one['push']}",
        data=bench_school.stk_success(one), headers={'Content-Type': 'application/json'},
        timeout=30,
    )
    answer.raise_for_status()


def _watch(stack, sent, paid, over):
    """ Note when each bill is paid, as another connection sees it. """
    with contextlib.closing(stack.connect()) as connection, connection.cursor() as cursor:
        while not over.wait(0.02):
            waiting = [bill for bill in list(sent) if bill not in paid]
            cursor.execute(
                "SELECT id FROM account_move WHERE id = ANY(%s) AND payment_state = 'paid'",
                [waiting],
            )
            now = time.monotonic()
            paid.update((bill, now) for (bill,) in cursor.fetchall())
