"""Workers and database sessions that end at the worst moment."""
import contextlib
import threading

import psutil
import pytest
from road import wait_for


def test_killed_before_the_commit_of_an_accept(faults):  # F1
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    before = faults.last_row()
    faults.arm('accepting', 'die')
    assert faults.post(stk) != 200
    assert faults.inbox(before) == []
    assert faults.post(stk) == 200
    faults.wait_request(asked, 'paid')
    assert len(faults.inbox(before)) == 1
    assert faults.bookings(stk['receipt']) == (1, 1, 1)


def test_killed_after_the_commit_before_the_answer(faults):  # F2
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    before = faults.last_row()
    faults.arm('accepted', 'die')
    assert faults.post(stk) != 200
    assert len(faults.inbox(before)) == 1
    assert faults.post(stk) == 200
    faults.wait_request(asked, 'paid')
    faults.wait_drained()
    assert [row['state'] for row in faults.inbox(before)] == ['done', 'repeat']
    assert faults.bookings(stk['receipt']) == (1, 1, 1)


@pytest.mark.parametrize('point', [
    'payment_created', 'before_reconcile', 'after_posting', 'before_state',
])
def test_killed_in_the_middle_of_a_booking(faults, point):  # F3
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    faults.wait_idle()
    faults.arm(point)
    assert faults.post(stk) == 200
    pid = faults.wait_stopped(point)
    faults.stack.kill(pid)
    faults.forget(point)
    # Nothing of it is left, and the next message wakes another worker.
    wait_for(lambda: faults.bookings(stk['receipt']) == (0, 0, 0), "rollback")
    assert faults.request(asked)['push'] == 'accepted'
    assert faults.post(stk) == 200
    faults.wait_request(asked, 'paid', timeout=40)
    assert faults.bookings(stk['receipt']) == (1, 1, 1)


def test_a_bill_changed_under_the_booking(faults):  # F10
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    faults.arm('before_posting', 'wait 2')
    assert faults.post(stk) == 200
    faults.wait_stopped('before_posting')
    # The booking's snapshot is older than this change, so its write on the bill must fail once.
    faults.stack.sql(
        "UPDATE account_move SET narration = 'changed meanwhile' WHERE id = %s",
        [asked['bill']['id']],
    )
    faults.wait_request(asked, 'paid')
    faults.forget('before_posting')
    row, = (row for row in faults.inbox(0) if row['id'] == faults.last_row())
    assert (row['state'], row['tries']) == ('done', 0)
    assert faults.bookings(stk['receipt']) == (1, 1, 1)


def test_the_drain_started_by_hand_beside_the_scheduler(faults):  # F39
    asked = faults.ask_many(12)
    messages = [message for one in asked for message in faults.hold_success(one)]
    session = faults.stack.session('admin')
    cron, = faults.stack.sql(
        "SELECT res_id FROM ir_model_data WHERE module = 'school_mpesa' AND name = 'cron_drain'",
    )
    refused = []

    def run_now():
        answer = session.post(
            f"{session.base}/web/dataset/call_kw/ir.cron/method_direct_trigger", timeout=60,
            json={'jsonrpc': '2.0', 'params': {
                'model': 'ir.cron', 'method': 'method_direct_trigger',
                'args': [[cron['res_id']]], 'kwargs': {},
            }},
        ).json()
        refused.append(answer.get('error', {}).get('data', {}).get('name'))
    threads = [threading.Thread(target=run_now) for _number in range(3)]
    for thread in threads:
        thread.start()
    assert faults.post_all(messages) == [200] * len(messages)
    for thread in threads:
        thread.join()
    # Odoo refuses a second one while the first runs; it never lets both.
    assert set(refused) <= {None, 'odoo.exceptions.UserError'}
    for one in asked:
        faults.wait_request(one, 'paid')


def test_killed_whole(faults):  # F5
    asked = faults.ask_many(6)
    messages = [faults.hold_success(one)[0] for one in asked]
    faults.arm('before_posting')
    assert faults.post_all(messages) == [200] * len(messages)
    faults.wait_stopped('before_posting')
    processes = [
        psutil.Process(pid) for pids in faults.stack.odoo_pids().values() for pid in pids
    ]
    for process in processes:  # The master first, so that nobody starts workers again.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    faults.forget('before_posting')
    faults.stack.restart_odoo()
    # The first message after the restart wakes the drain for all of them.
    assert faults.post(messages[0]) == 200
    for one in asked:
        faults.wait_request(one, 'paid', timeout=60)
