"""A database that goes away, ends a session, or has a row that somebody holds."""
import contextlib
import threading
import time

import stack_database
from road import wait_for


def test_the_database_is_gone_for_seconds(faults):  # F6
    """ Never a 2xx without a row, and all is as before once it is back. """
    asked = faults.ask_many(4)
    messages = [faults.hold_success(one)[0] for one in asked]
    before = faults.last_row()
    database = faults.stack.database
    faults.post(messages[0])
    # Nobody gets in, and whoever is in goes out: as when the server restarts, for this database.
    stack_database.run("ALTER DATABASE {} ALLOW_CONNECTIONS false", database)
    try:
        stack_database.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            params=[database],
        )
        down = faults.post_all(messages)
    finally:
        stack_database.run("ALTER DATABASE {} ALLOW_CONNECTIONS true", database)
    assert not [status for status in down if status == 200]
    assert faults.post_all(messages) == [200] * len(messages)
    assert len(faults.inbox(before)) == len(messages) + 1
    # A wake-up that was on its way is lost with its worker; the next poll finds all of it (R7).
    for one in asked:
        faults.wait_request(one, 'paid', timeout=80)


def test_a_session_ended_in_the_middle_of_a_booking(faults):  # F7
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    faults.arm('before_reconcile', 'wait 2')
    assert faults.post(stk) == 200
    pid = faults.wait_stopped('before_reconcile')
    faults.stack.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND starts_with(query, %s)",
        [f'SELECT 1 /* failpoint before_reconcile in {pid} '],
    )
    faults.forget('before_reconcile')
    assert faults.post(stk) == 200
    faults.wait_request(asked, 'paid', timeout=60)
    faults.wait_drained()
    assert faults.bookings(stk['receipt']) == (1, 1, 1)


def test_a_bill_that_somebody_holds_delays_only_its_own_payment(faults):  # F12
    held, free = faults.ask_many(2)
    messages = [faults.hold_success(one)[0] for one in (held, free)]
    with contextlib.closing(faults.stack.connect()) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM account_move WHERE id = %s FOR UPDATE", [held['bill']['id']],
            )
            assert faults.post_all(messages) == [200, 200]
            faults.wait_request(free, 'paid', timeout=50)
            assert faults.request(held)['push'] != 'paid'
        connection.rollback()
    faults.wait_request(held, 'paid', timeout=60)
    assert faults.bookings(messages[0]['receipt']) == (1, 1, 1)


def test_two_bookings_that_wait_for_each_other(faults):  # F11
    """ Somebody locks what the booking needs in the other order; one of the two is done again. """
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    faults.arm('before_reconcile', 'wait 2')
    ended = []

    def hold_and_wait():
        with contextlib.closing(faults.stack.connect()) as connection:
            connection.autocommit = False
            with contextlib.suppress(Exception), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM account_move WHERE id = %s FOR UPDATE", [asked['bill']['id']],
                )
                # The booking holds its message and will want the bill.
                cursor.execute(
                    "SELECT id FROM mpesa_callback WHERE id = %s FOR UPDATE", [faults.last_row()],
                )
            connection.rollback()
        ended.append(time.monotonic())

    assert faults.post(stk) == 200
    faults.wait_stopped('before_reconcile')
    other = threading.Thread(target=hold_and_wait)
    other.start()
    faults.wait_request(asked, 'paid', timeout=60)
    other.join(timeout=30)
    faults.forget('before_reconcile')
    wait_for(lambda: ended, "the end of the other session")
    assert faults.bookings(stk['receipt']) == (1, 1, 1)
