"""A payment goes back: two people, one order, and the books follow what Safaricom says."""
from concurrent.futures import ThreadPoolExecutor

import pytest
from road import wait_for


pytestmark = pytest.mark.usefixtures('books')
AMOUNT = 1357


@pytest.fixture(scope='module')
def giving(road):
    """ The school lets payments go back. """
    road.call('admin', 'payment.provider', 'write', [road.school['provider_id']], {
        'mpesa_reversal_enabled': True,
    })


def pay(road, student):
    """ Pay by hand, and wait until it is on the student.

    :return: `id`, `receipt` and `receipt_id` of the movement.
    :rtype: dict
    """
    code = road.control.pay_bill(
        road.next_phone(), road.school['shortcode'], student['admission_no'], AMOUNT,
    )['receipt']
    return wait_for(lambda: road.stack.sql(
        'SELECT id, receipt, receipt_id FROM mpesa_transaction'
        ' WHERE receipt = %s AND receipt_id IS NOT NULL', [code],
    ), "a booked payment")[0]


def ask_back(road, payment):
    """ Ask for it as the bursar does.

    :return: The id of what was asked.
    :rtype: int
    """
    wizard = road.call('bursar', 'mpesa.money.back.wizard', 'create', [{
        'mpesa_transaction_id': payment['id'], 'reason': "Paid to the wrong school",
    }])
    return road.call('bursar', 'mpesa.money.back.wizard', 'action_ask', wizard)['res_id']


def state(road, order_id):
    row, = road.stack.sql('SELECT state FROM mpesa_money_back WHERE id = %s', [order_id])
    return row['state']


def reversals(road, payment):
    """ Return what the simulator gave back of a payment. """
    return [
        event for event in road.control.events(road.school['shortcode'])
        if event['kind'] == 'reversal' and event['linked'] == payment['receipt']
    ]


@pytest.mark.usefixtures('giving')
def test_two_people_approve_at_once_and_it_goes_back_once(road):
    payment = pay(road, road.next_student())
    order_id = ask_back(road, payment)

    def approve(login):
        try:
            road.call(login, 'mpesa.money.back', 'action_approve', [order_id])
        except Exception as error:  # noqa: BLE001 - the message is what is looked at
            return str(error)
        return ''

    for login in ('head', 'admin'):
        road.session(login)
    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(approve, ('head', 'admin')))
    assert answers[0] == ''
    assert 'waits for nobody' in answers[1] or 'Somebody else is deciding' in answers[1]
    wait_for(lambda: state(road, order_id) == 'done', "the money to go back")
    assert len(reversals(road, payment)) == 1
    assert len(road.stack.sql(
        "SELECT id FROM mpesa_command WHERE money_back_id = %s", [order_id],
    )) == 1
    receipt, = road.stack.sql(
        'SELECT state FROM school_receipt WHERE id = %s', [payment['receipt_id']],
    )
    assert receipt['state'] == 'reversed'
