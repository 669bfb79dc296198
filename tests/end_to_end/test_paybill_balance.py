"""The paybill's journal holds what Safaricom's Utility account holds, as far as it was told.

Random payments, reversals, charges and sweeps, by a seed that is printed. Before the statement is
imported, the two differ by exactly what nobody told; afterwards by nothing.
"""
import secrets
from decimal import Decimal

import invariants
import pytest
from checklist_kit import next_student, pay, pull, unknown_money, upload
from paybill_run import PaybillRun, said
from stack_config import say


STEPS = 30
FORMS = (('A', 'csv'), ('B', 'csv'), ('A', 'xlsx'), ('B', 'xlsx'))


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
