"""A result that never comes: Daraja is asked, in both of its dialects of *still pending*."""
import pytest
from road import wait_for


pytestmark = pytest.mark.usefixtures('books')


def questions(road, asked):
    """ What came of each question about a request. """
    rows = road.stack.sql(
        "SELECT outcome FROM mpesa_exchange WHERE kind = 'query' AND transaction_id = %s"
        " ORDER BY id", [road.request(asked)['id']],
    )
    return [row['outcome'] for row in rows]


@pytest.fixture(params=['4999', '500'])
def dialect(road, request):
    road.control.set(pending_dialect=request.param)
    yield request.param
    road.control.set(pending_dialect='4999')


def test_a_lost_result_is_found_by_asking(road, dialect):
    phone = road.next_phone()
    road.control.script(phone=phone, callback='missing', c2b_order='none', times=1)
    asked = road.ask(phone=phone)
    prompt = road.control.wait_prompt(phone, timeout=30)
    road.wait_request(asked, 'accepted')
    road.query_now(asked)  # while the prompt is open
    wait_for(lambda: questions(road, asked) == ['pending'], f"first answer ({dialect})", 15)
    assert road.request(asked)['push'] == 'accepted'
    assert "Enter your M-PESA PIN on" in road.page(asked)
    road.control.cancel(prompt)
    road.query_now(asked)
    row = road.wait_request(asked, 'declined', timeout=15)
    assert row['code'] == '1032'
    assert "You cancelled the payment" in road.page(asked)


def test_paid_without_a_result_is_paid_receipt_pending_until_the_money_is_told(road):
    """ A question names no M-PESA code: nothing is booked yet, and nobody may pay again. """
    phone = road.next_phone()
    road.control.script(phone=phone, callback='missing', c2b_order='none')
    asked = road.ask(phone=phone)
    prompt = road.control.wait_prompt(phone, timeout=30)
    road.wait_request(asked, 'accepted')
    road.control.pay(prompt)
    road.query_now(asked)
    row = road.wait_request(asked, 'receipt_pending', timeout=15)
    assert row['payment_id'] is None
    page = road.page(asked)
    assert "Do not pay again." in page
    assert "Send again" not in page
    lost, = road.control.deliveries(kind='stk', checkout_request_id=prompt['id'])
    assert lost['state'] == 'dropped'
    road.control.resend(lost['id'])
    road.wait_request(asked, 'paid')
    road.wait_bill(asked['bill'], 'paid')


def test_a_lost_result_is_booked_by_the_paybill_confirmation(road):
    phone = road.next_phone()
    road.control.script(phone=phone, callback='missing', c2b_order='after')
    asked = road.ask(phone=phone)
    road.pay(asked)
    road.wait_request(asked, 'paid')
    road.wait_bill(asked['bill'], 'paid')


def test_a_question_never_takes_back_a_success(road):
    phone = road.next_phone()
    road.control.script(api='stk_query', phone=phone, outcome='1037', times=None)
    asked = road.ask(phone=phone)
    road.pay(asked)
    road.wait_request(asked, 'paid')
    road.stack.sql(
        "UPDATE payment_transaction SET mpesa_next_query_at = now() AT TIME ZONE 'UTC'"
        " - interval '1 s' WHERE reference = %s", [asked['reference']],
    )
    road.wake('school_mpesa.cron_chase')
    wait_for(lambda: len(questions(road, asked)) == 1, "question", 15)
    wait_for(lambda: road.stack.sql(
        "SELECT 1 FROM payment_transaction WHERE reference = %s AND mpesa_next_query_at IS NULL",
        [asked['reference']],
    ), "end of the questions", 15)
    assert road.request(asked)['push'] == 'paid'
