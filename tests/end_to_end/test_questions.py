"""Money of which no message came: fetched by Pull, asked about at the counter, booked once."""
import pytest
from road import wait_for


pytestmark = pytest.mark.usefixtures('books')


@pytest.fixture
def lost(road):
    """ A way to pay by hand while Safaricom's announcements go nowhere; then they come again. """
    number = road.school['shortcode']
    address = road.confirmation_url()

    def pay(account, amount):
        road.control.set_shortcode(number, confirmation_url=None)
        try:
            return road.control.pay_bill(road.next_phone(), number, account, amount)['receipt']
        finally:
            road.control.set_shortcode(number, confirmation_url=address)

    return pay


def movement(road, code):
    rows = road.stack.sql(
        "SELECT source, verified_by, receipt_id, suspense_payment_id, pulled_at"
        "  FROM mpesa_transaction WHERE receipt = %s", [code],
    )
    return rows[0] if rows else None


def last_command(road, kind):
    rows = road.stack.sql(
        "SELECT state, finding, rows, found FROM mpesa_command WHERE kind = %s"
        " ORDER BY id DESC LIMIT 1", [kind],
    )
    return rows[0] if rows else None


def pull_now(road):
    """ Press *Pull now* and wait for the end of the Pull. """
    road.call('admin', 'payment.provider', 'action_mpesa_pull_now', [road.school['provider_id']])
    return wait_for(
        lambda: (row := last_command(road, 'pull')) and row['state'] in {'done', 'failed'} and row,
        "end of the Pull",
    )


def confirm_late(road, code, account, amount):
    """ Let the confirmation that was lost come after all. """
    body = (
        '{"TransactionType": "Pay Bill", "TransID": "%s", "TransTime": "20260914101533",'
        ' "TransAmount": "%s.00", "BusinessShortCode": "%s", "BillRefNumber": "%s",'
        ' "InvoiceNumber": "", "OrgAccountBalance": "", "ThirdPartyTransID": "",'
        ' "MSISDN": "2547 ***** 111", "FirstName": "WANJIKU"}'
    ) % (code, amount, road.school['shortcode'], account)
    after = road.last_row()
    road.control.forge(road.confirmation_url(), body)
    road.settle()
    row, = road.inbox(after)
    return row['state']


def test_a_dropped_confirmation_is_pulled_and_booked_once(road, lost):
    account = road.next_student()['admission_no']
    code = lost(account, 1234)
    road.settle()
    assert movement(road, code) is None
    done = pull_now(road)
    assert done['state'] == 'done'
    assert done['found'] >= 1
    found = wait_for(lambda: movement(road, code), "booking of what Pull found")
    assert found['source'] == 'pull'
    assert found['receipt_id']
    assert confirm_late(road, code, account, 1234) == 'done'
    again = pull_now(road)
    assert (again['state'], again['found']) == ('done', 0)
    assert movement(road, code)['verified_by'] == 'confirmation'


def test_what_the_counter_asks_about_is_booked_and_shown(road, lost):
    code = lost('nobody-knows', 777)
    ids = road.call('cashier', 'mpesa.message.check', 'create', [{'message': code}])
    road.call('cashier', 'mpesa.message.check', 'action_check', ids)

    def finding():
        return road.call('cashier', 'mpesa.message.check', 'read', ids, ['finding'])[0]['finding']

    assert finding() in {'asking', 'waiting', 'unidentified'}
    wait_for(lambda: finding() == 'unidentified', "answer at the counter")
    assert movement(road, code)['source'] == 'status'
    assert last_command(road, 'status')['finding'] == 'completed'


def test_a_forged_code_is_denied_and_books_nothing(road):
    before = road.booked()
    ids = road.call('cashier', 'mpesa.message.check', 'create', [{'message': 'UIE4K7P2QZ'}])
    road.call('cashier', 'mpesa.message.check', 'action_check', ids)
    wait_for(
        lambda: road.call(
            'cashier', 'mpesa.message.check', 'read', ids, ['finding'],
        )[0]['finding'] == 'denied', "Safaricom's denial",
    )
    assert road.booked() == before
