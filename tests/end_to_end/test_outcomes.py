"""What can become of one prompt (paid, part, cancelled, wrong PIN, late), and what payers read."""
import pytest
from road import wait_for


pytestmark = pytest.mark.usefixtures('books')


def test_paid_in_full(road):
    asked = road.ask()
    road.pay(asked)
    row = road.wait_request(asked, 'paid')
    assert road.wait_bill(asked['bill'], 'paid') == 'paid'
    assert row['state'] == 'done'
    receipt, = road.stack.sql(
        "SELECT number, slug, external_ref, channel, amount, state FROM school_receipt"
        " WHERE id = %s", [row['receipt_id']],
    )
    assert receipt['external_ref'] == row['receipt']
    assert (receipt['channel'], receipt['state']) == ('invoice', 'posted')
    assert receipt['amount'] == asked['bill']['amount_residual']
    page = road.page(asked)
    assert f"KES {receipt['amount']:,.0f} received" in page
    assert receipt['number'] in page
    assert row['receipt'] in page
    assert road.payer_state(asked)['s'] == 'paid'


def test_the_money_is_safaricoms(road):
    asked = road.ask()
    prompt = road.pay(asked)
    row = road.wait_request(asked, 'paid')
    told = road.control.push(prompt['id'])
    movement, = road.stack.sql(
        "SELECT amount, shortcode, environment, receipt FROM mpesa_transaction"
        " WHERE payment_transaction_id = %s", [row['id']],
    )
    assert movement['receipt'] == told['receipt'] == row['receipt']
    assert movement['amount'] == asked['bill']['amount_residual']
    assert (movement['shortcode'], movement['environment']) == (
        road.school['shortcode'], 'simulator',
    )


def test_a_part(road):
    asked = road.ask(amount=400)
    road.pay(asked)
    road.wait_request(asked, 'paid')
    assert road.wait_bill(asked['bill'], 'partial', 'paid') == 'partial'
    left, = road.stack.sql(
        "SELECT amount_residual FROM account_move WHERE id = %s", [asked['bill']['id']],
    )
    assert left['amount_residual'] == asked['bill']['amount_residual'] - 400
    rest = road.parent_asks(asked['bill'], amount=left['amount_residual'])
    road.pay(rest)
    road.wait_request(rest, 'paid')
    assert road.wait_bill(asked['bill'], 'paid') == 'paid'


@pytest.mark.parametrize(('code', 'words'), [
    ('1032', ("You cancelled the payment", "No money was taken.", "Send again")),
    ('2001', ("The PIN was not right", "No money was taken.", "Send again")),
    ('1', ("Not enough money in M-PESA", "No money was taken.", "Send again")),
    ('1019', ("The request ran out of time", "We have not received a payment.", "Send again")),
    ('1025', ("The pop-up could not be shown", "We have not received a payment.", "Send again")),
])
def test_declined(road, code, words):
    bill, phone = road.next_bill(), road.next_phone()
    before = road.booked()
    road.control.script(phone=phone, outcome=code)
    asked = road.parent_asks(bill, phone=phone)
    row = road.wait_request(asked, 'declined')
    assert (row['code'], row['state'], row['payment_id']) == (code, 'error', None)
    page = road.page(asked)
    for sentence in words:
        assert sentence in page
    road.settle()
    assert road.booked() == before


def test_cancelled_by_hand_then_paid_by_another_try(road):
    asked = road.ask()
    road.cancel(asked)
    row = road.wait_request(asked, 'declined')
    assert (row['code'], road.bill_state(asked['bill']['id'])) == ('1032', 'not_paid')
    again = road.parent_asks(asked['bill'], phone=road.next_phone())
    road.pay(again)
    road.wait_request(again, 'paid')
    assert road.wait_bill(asked['bill'], 'paid') == 'paid'
    assert road.request(asked)['push'] == 'declined'


def test_wrong_pin_on_the_phone(road):
    asked = road.ask()
    prompt = road.control.wait_prompt(asked['phone'], timeout=30)
    road.control.pay(prompt, pin='9999')
    row = road.wait_request(asked, 'declined')
    assert row['code'] == road.control.push(prompt['id'])['result_code']
    assert "The PIN was not right" in road.page(asked)
    assert road.bill_state(asked['bill']['id']) == 'not_paid'


@pytest.mark.parametrize('code', ['1032', '1037'])
@pytest.mark.parametrize('told_by', ['stk', 'c2b'])
def test_a_success_that_comes_late_wins(road, code, told_by):
    phone = road.next_phone()
    road.control.script(
        phone=phone, outcome=code, callback='late_success', seconds=2, success_by=told_by,
    )
    asked = road.ask(phone=phone)
    declined = road.wait_request(asked, 'declined')
    assert declined['code'] == code
    row = road.wait_request(asked, 'paid')
    assert row['was_declined']
    assert road.wait_bill(asked['bill'], 'paid') == 'paid'
    page = road.page(asked)
    assert "Good news: it went through" in page
    assert "Do not pay again." in page


def test_no_retry_before_a_question_has_followed_an_unreachable_phone(road):
    """ After 1037 money has come late before: the payer may try again only when Daraja agrees. """
    phone = road.next_phone()
    road.control.script(phone=phone, outcome='1037')
    road.control.script(api='stk_query', phone=phone, fault='pending', times=1)
    asked = road.ask(phone=phone)
    road.wait_request(asked, 'declined')
    page = road.page(asked)
    assert "We could not reach" in page
    assert "Send again" not in page
    # The first question, to which Daraja says "pending", is asked half a minute later.
    wait_for(lambda: road.stack.sql(
        "SELECT 1 FROM mpesa_exchange e JOIN payment_transaction t ON t.id = e.transaction_id"
        " WHERE e.kind = 'query' AND t.reference = %s", [asked['reference']],
    ), "first question", timeout=130)
    assert "Send again" not in road.page(asked)
    road.stack.sql(
        "UPDATE payment_transaction SET mpesa_next_query_at = now() AT TIME ZONE 'UTC'"
        " WHERE reference = %s", [asked['reference']],
    )
    road.wake('school_mpesa.cron_chase')
    wait_for(lambda: "Send again" in road.page(asked), "offer to send again", timeout=15)


def test_swahili(road):
    asked = road.ask()
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    english, swahili = road.page(asked), road.page(asked, lang='sw')
    assert english != swahili
    assert "You cancelled the payment" not in swahili
