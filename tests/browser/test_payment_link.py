"""A parent pays a part by a link, from the message to the receipt, on two small phones."""
import re

import pytest
from playwright.sync_api import expect
from small_phone import WAYS, fits, small_phone


WORDS = {
    'en': {
        'half': 'Half', 'other': 'Other amount', 'pay': 'Pay with M-PESA',
        'pay_amount': 'Pay KES 500 with M-PESA', 'wait': 'Check your phone',
        'check': 'Check now', 'paid': 'KES 500 received', 'receipt': 'Save receipt (PDF)',
        'phone_error': 'Enter a Kenyan mobile number', 'closed': 'We cannot open this link',
    },
    'sw': {
        'half': 'Nusu', 'other': 'Kiasi kingine', 'pay': 'Lipa kwa M-PESA',
        'pay_amount': 'Lipa KES 500 kwa M-PESA', 'wait': 'Angalia simu yako',
        'check': 'Angalia sasa', 'paid': 'Tumepokea KES 500', 'receipt': 'Hifadhi risiti (PDF)',
        'phone_error': 'Weka nambari ya simu ya Kenya', 'closed': 'Hatuwezi kufungua kiungo hiki',
    },
}
HEADING = '#live h1'


@pytest.fixture(**WAYS)
def parent(browser, request):
    """ The phone of somebody who holds a link. """
    with small_phone(browser, request.param, WORDS) as page:
        yield page


def test_a_part_is_paid_by_link_from_message_to_receipt(road, parent):
    student, phone = road.next_bill()['student'], road.next_phone()
    link = road.make_link(
        student, asks_for='amount', amount=1000, description="School trip", max_uses=1,
    )
    path = re.search(r'https?://[^/]+(/p/\w{12})$', link['message'])[1]
    requested = []
    parent.on('request', lambda request: requested.append(request.url))
    parent.goto(f'{road.stack.url}{path}?lang={parent.lang}')
    assert len([url for url in requested if not url.startswith('data:')]) == 1
    words = parent.words
    expect(parent.locator('html')).to_have_attribute('lang', parent.lang)
    expect(parent.locator('main')).to_contain_text('KES 1,000')
    button = parent.locator('#pay [type=submit]')
    box = button.bounding_box()
    assert box['y'] + box['height'] <= parent.size[1], "The button is seen without scrolling."
    fits(parent)
    # Something is wrong first: it is said beside the field, and nothing typed is lost.
    parent.locator('#phone').fill('12345')
    parent.locator('.choices label', has_text=words['half']).click()
    if parent.has_script:
        expect(button).to_have_text(words['pay_amount'])
    else:
        expect(button).to_have_text(words['pay'])
    button.click()
    expect(parent.locator('#phone_error')).to_contain_text(words['phone_error'])
    expect(parent.locator('#phone')).to_have_value('12345')
    expect(parent.locator('#pay_half')).to_be_checked()
    fits(parent)
    parent.locator('#phone').fill(f'0{phone[3:]}')
    button.click()
    parent.wait_for_url(re.compile('/p/a/[0-9a-f]{32}'))
    attempt = re.search(r'/p/a/[0-9a-f]{32}', parent.url)[0]
    prompt = road.control.wait_prompt(phone, timeout=30)
    if not parent.has_script:
        parent.get_by_role('link', name=words['check']).click()
    expect(parent.locator(HEADING)).to_have_text(words['wait'], timeout=15_000)
    road.control.pay(prompt)
    row, = road.stack.sql(
        "SELECT reference, amount, mpesa_channel FROM payment_transaction"
        " WHERE mpesa_link_id = %s", [link['id']],
    )
    assert (row['amount'], row['mpesa_channel']) == (500, 'payment_link')
    road.wait_request(row, 'paid')
    if not parent.has_script:
        parent.get_by_role('link', name=words['check']).click()
    expect(parent.locator(HEADING)).to_have_text(words['paid'], timeout=15_000)
    expect(parent.get_by_role('link', name=words['receipt'])).to_be_visible()
    assert attempt in parent.url
    fits(parent)
    # The link took its one payment: the neutral page.
    parent.goto(f'{road.stack.url}{path}?lang={parent.lang}')
    expect(parent.locator('h1')).to_have_text(words['closed'])


def test_another_amount_is_checked_beside_its_field(road, parent):
    link = road.make_link(road.next_bill()['student'], asks_for='amount', amount=1000)
    parent.goto(f"{road.stack.url}{link['path']}?lang={parent.lang}")
    amount = parent.locator('#amount')
    expect(amount).to_be_hidden()
    parent.locator('.choices label', has_text=parent.words['other']).click()
    expect(amount).to_be_visible()
    amount.fill('1001')
    parent.locator('#phone').fill('0722000111')
    if parent.has_script:
        expect(parent.locator('#amount_error')).to_contain_text('KES 1,000')
        expect(amount).to_have_attribute('aria-invalid', 'true')
        amount.fill('1000')
        expect(parent.locator('#amount_error')).to_be_hidden()
        amount.fill('1001')
    parent.locator('#pay [type=submit]').click()
    expect(parent.locator('#amount_error')).to_contain_text('KES 1,000')
    expect(amount).to_have_value('1001')
    assert not road.stack.sql(
        "SELECT 1 FROM payment_transaction WHERE mpesa_link_id = %s", [link['id']],
    )
