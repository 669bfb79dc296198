"""Money is never refused for the words that come with it; they are shown as words (A18 to A20)."""
import pytest


HOSTILE = '<img src=x>{{7*7}}'  # an account number has 20 characters at most
NAME = '=HYPERLINK("http://x")<script>alert(1)</script>\u202e'


@pytest.mark.usefixtures('books')
def test_hostile_words_of_a_payer(road):
    last, log, phone = road.last_row(), len(road.stack.log_text()), road.next_phone()
    road.control.add_wallet(phone, name=NAME)
    road.control.set(c2b_names='full')
    try:
        road.control.pay_bill(phone, road.school['shortcode'], HOSTILE, 211)
        road.settle()
    finally:
        road.control.set(c2b_names='varied')
    row, = road.inbox(last)
    assert row['state'] == 'done'
    assert row['movement_id']
    text = road.stack.log_text()[log:]
    assert 'img src' not in text
    assert 'HYPERLINK' not in text


@pytest.mark.usefixtures('books')
def test_hostile_words_of_a_pay_form(road):
    bill = road.next_bill()
    for phone in ('<script>alert(1)</script>', '{{7*7}}', "0712' OR 1=1 --", '0712\x00345678'):
        refused = road.parent_asks(bill, phone=phone)
        assert refused['error']['field'] == 'phone'
    asked = road.parent_asks(bill)
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    page = road.session('guardian').post(
        f"{road.stack.url}{asked['attempt']}/again", timeout=30, allow_redirects=False,
        data={'amount': '"><script>alert(1)</script>', 'phone': '<b>', 'intent': 'x'},
    )
    assert page.status_code == 422
    assert '<script>alert(1)' not in page.text
    assert '&lt;script&gt;alert(1)' in page.text  # what was typed is kept, as words
