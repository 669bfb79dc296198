"""The paybill's journal holds what Safaricom's Utility account holds, as far as it was told.

Random payments, reversals, charges and sweeps, by a seed that is printed. Before the statement is
imported, the two differ by exactly what nobody told; afterwards by nothing.
"""
import base64
import secrets
from decimal import Decimal

import invariants
import pytest
from checklist_kit import next_student, pay, pull, unknown_money
from paybill_run import PaybillRun, said
from road import wait_for
from stack_config import say


STEPS = 30
FORMS = (('A', 'csv'), ('B', 'csv'), ('A', 'xlsx'), ('B', 'xlsx'))


def upload(road, template, form):
    """ Download the statement at Safaricom, import it, and wait until all of it is booked. """
    name, content = road.control.statement(
        road.school['shortcode'], template=template, form=form,
    )
    wizard = road.call('bursar', 'mpesa.statement.upload', 'create', [{
        'file': base64.b64encode(content).decode(), 'file_name': name,
        'shortcode': str(road.school['provider_id']),
    }])
    road.call('bursar', 'mpesa.statement.upload', 'action_import', wizard)
    road.settle()
    wait_for(lambda: not waits(road), "booking of the statement", timeout=90, pause=1)


def waits(road):
    """ Tell whether lines of the statement are still to be booked or linked. Those that wait for
    the scheduler's own look, once a minute, or for a try planned for later, are due now.
    """
    rows = road.stack.sql(
        "SELECT id FROM mpesa_statement_line WHERE state = 'new' AND kind <> 'other'"
        "    OR state = 'found' AND mpesa_transaction_id IS NULL",
    )
    if rows:
        road.stack.sql("UPDATE mpesa_statement_line SET next_try_at = NULL WHERE state = 'new'")
        road.wake('school_mpesa.cron_book_statements')
    return bool(rows)


def told_of(road):
    """ Return the codes of the money that is in the books. """
    return {row['receipt'] for row in road.stack.sql(
        "SELECT receipt FROM mpesa_transaction WHERE kind = 'payment' AND direction = 'in'",
    )}


@pytest.mark.parametrize('number', range(2))
def test_the_journal_and_the_utility_account(road, number):
    seed = secrets.randbelow(10**6)
    say(f"random run at the paybill, seed {seed}")
    pay(road, next_student(road)['admission_no'])  # a statement without rows is none
    road.settle()
    upload(road, *FORMS[0])
    # Other tests of this stack have told of money by themselves, and the demo school has a past.
    before = unknown_money(road)
    known = told_of(road) | {move['receipt'] for move in road.control.movements()}
    run = PaybillRun(road, seed)
    with said(run, seed):
        for _step in range(STEPS):
            run.step()
        road.settle()
        # Of payments, exactly those are not in the books that nobody told of.
        paid = {
            move['receipt']
            for move in road.control.movements(shortcode=road.school['shortcode'])
        }
        assert paid - known - told_of(road) == paid & run.unknown.keys()
        assert unknown_money(road) - before == sum(run.unknown.values(), Decimal(0))
        invariants.check(road.stack)

        if number:
            # Pull knows payments only.
            pull(road)
            left = {name: amount for name, amount in run.unknown.items() if amount < 0}
            assert paid <= told_of(road) | known
            assert unknown_money(road) - before == sum(left.values(), Decimal(0))
            invariants.check(road.stack)

        upload(road, *FORMS[number * 2 % 4])
        assert paid <= told_of(road) | known
        assert unknown_money(road) == before
        invariants.check(road.stack)
        assert road.control.conservation()['ok']

        # The other layout, over the same days, and what comes late after all: nothing is new.
        booked = road.booked()
        upload(road, *FORMS[number * 2 % 4 + 1])
        run.send_late()
        road.settle()
        assert {name: count for name, count in road.booked().items() if name in COUNTED} == {
            name: count for name, count in booked.items() if name in COUNTED
        }
        assert unknown_money(road) == before
        invariants.check(road.stack)


# Reading a confirmation at last may move money from suspense to the student it names.
COUNTED = ('movements', 'paid')
