"""Safaricom asks before a payment: registered from the form, answered from live data, in time."""
import contextlib
import time

import pytest
from daraja_simulator.control import ControlError


pytestmark = pytest.mark.usefixtures('books')
UNKNOWN = 'ZZ-987654'
REFUSED = 'C2B00012'  # Invalid account number


@pytest.fixture(scope='module')
def shortcode(road):
    """ A shortcode with validation on, at which an answer that does not come is a refusal. """
    number, provider = road.school['shortcode'], [road.school['provider_id']]
    road.call('admin', 'payment.provider', 'write', provider, {
        'mpesa_validation_policy': 'refuse_unknown', 'mpesa_response_type': 'Cancelled',
    })
    dialog = road.call('admin', 'payment.provider', 'action_mpesa_open_register', provider)
    road.call('admin', dialog['res_model'], 'action_register', [dialog['res_id']])
    road.control.set_shortcode(number, validation_on=True)
    yield number
    road.control.set_shortcode(number, validation_on=False, response_type='Completed')
    road.call('admin', 'payment.provider', 'write', provider, {
        'mpesa_validation_policy': 'accept', 'mpesa_response_type': 'Completed',
    })


def pay(road, shortcode, account, amount=100):
    """ Type a payment on a phone.

    :return: Seconds until the phone said that it was paid.
    :rtype: float
    """
    began = time.monotonic()
    road.control.pay_bill(road.next_phone(), shortcode, account, amount)
    return time.monotonic() - began


def last_movement(road):
    """ The newest money, once everything was booked. """
    road.settle()
    row, = road.stack.sql(
        "SELECT id, receipt_id IS NOT NULL AS on_a_student FROM mpesa_transaction"
        " ORDER BY id DESC LIMIT 1"
    )
    return row


def test_what_the_form_registered_is_what_is_called(road, shortcode):
    kept = road.control.shortcode(shortcode)
    assert kept['confirmation_url'].startswith(f'{road.stack.url}/collect/')
    assert kept['validation_url'] == kept['confirmation_url'].replace('confirmation', 'validation')
    assert kept['response_type'] == 'Cancelled'


def test_a_childs_number_is_paid_and_booked(road, shortcode):
    pay(road, shortcode, road.next_student()['admission_no'])
    assert last_movement(road)['on_a_student']


def test_an_unknown_number_is_refused_before_the_money_leaves(road, shortcode):
    before, last = last_movement(road), road.last_row()
    with pytest.raises(ControlError, match=REFUSED):
        pay(road, shortcode, UNKNOWN)
    assert last_movement(road) == before
    row, = road.inbox(last)
    assert row['endpoint'] == 'validation'


def test_the_answer_waits_for_nobody_who_writes_in_the_books(road, shortcode):
    with held(road, 'LOCK TABLE account_move, account_move_line IN EXCLUSIVE MODE'):
        assert pay(road, shortcode, road.next_student()['admission_no']) < 3
    assert last_movement(road)['on_a_student']


def test_when_nobody_can_be_looked_up_the_payment_is_accepted_in_time(road, shortcode):
    with held(road, 'LOCK TABLE school_student IN ACCESS EXCLUSIVE MODE'):
        assert pay(road, shortcode, UNKNOWN) < 5
    assert not last_movement(road)['on_a_student']


@contextlib.contextmanager
def held(road, statement):
    """ Hold a lock in the database for a while. """
    with contextlib.closing(road.stack.connect()) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield
        connection.rollback()
