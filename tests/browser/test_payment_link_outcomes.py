"""What a parent meets who pays by a link and does not succeed at once, on two small phones."""
import re

import pytest
from playwright.sync_api import expect
from road import wait_for
from small_phone import WAYS, small_phone


HEADING = '#live h1'
WORDS = {
    'en': {
        'cancelled': 'You cancelled the payment', 'wrong_pin': 'The PIN was not right',
        'lapsed': 'The request ran out of time', 'late': 'Good news: it went through',
        'again': 'Send again', 'check': 'Check now', 'receipt': 'Save receipt (PDF)',
        'no_money': 'No money was taken', 'closed': 'We cannot open this link',
    },
    'sw': {
        'cancelled': 'Umeghairi malipo', 'wrong_pin': 'PIN haikuwa sahihi',
        'lapsed': 'Muda wa ombi umekwisha', 'late': 'Habari njema: malipo yamepita',
        'again': 'Tuma tena', 'check': 'Angalia sasa', 'receipt': 'Hifadhi risiti (PDF)',
        'no_money': 'Hakuna pesa iliyokatwa', 'closed': 'Hatuwezi kufungua kiungo hiki',
    },
}


@pytest.fixture(**WAYS)
def parent(browser, request):
    """ The phone of somebody who holds a link. """
    with small_phone(browser, request.param, WORDS) as page:
        yield page


def see(page, outcome):
    """ The payer reads what became of the request: by itself, or by looking again. """
    heading = page.locator(HEADING)
    if not page.has_script:
        wait_for(
            lambda: page.reload() and heading.inner_text() == page.words[outcome],
            page.words[outcome], pause=1,
        )
    expect(heading).to_have_text(page.words[outcome], timeout=30_000)


def send_again(page):
    """ Press *Send again*, with the amount and the phone of before. """
    before = page.url
    page.get_by_role('button', name=page.words['again']).click()
    page.wait_for_url(lambda url: url != before and '/p/a/' in url)


def test_cancelled_wrong_pin_lapsed_and_late(road, parent):
    phone = road.next_phone()
    link = road.make_link(
        road.next_bill()['student'], asks_for='amount', amount=1000, may_change=False, max_uses=1,
    )
    parent.goto(f"{road.stack.url}{link['path']}?lang={parent.lang}")
    parent.locator('#phone').fill(f'0{phone[3:]}')
    parent.locator('#pay [type=submit]').click()
    parent.wait_for_url(re.compile('/p/a/[0-9a-f]{32}'))
    road.control.cancel(road.control.wait_prompt(phone, timeout=30))
    see(parent, 'cancelled')
    expect(parent.locator('main')).to_contain_text(parent.words['no_money'])
    road.control.script(phone=phone, outcome='2001')
    send_again(parent)
    see(parent, 'wrong_pin')
    road.control.script(phone=phone, outcome='1019', callback='late_success', seconds=6)
    send_again(parent)
    see(parent, 'lapsed')
    # The money came after all; the page that said otherwise says so.
    see(parent, 'late')
    expect(parent.get_by_role('link', name=parent.words['receipt'])).to_be_visible()
    # It was the one payment of this link.
    parent.goto(f"{road.stack.url}{link['path']}?lang={parent.lang}")
    expect(parent.locator('h1')).to_have_text(parent.words['closed'])


def test_an_expired_link_opens_the_page_that_says_what_to_do(road, parent):
    link = road.make_link(road.next_bill()['student'], asks_for='amount', amount=1000)
    road.stack.sql(
        "UPDATE mpesa_payment_link SET expires_on = CURRENT_DATE - 2 WHERE id = %s", [link['id']],
    )
    answer = parent.goto(f"{road.stack.url}{link['path']}?lang={parent.lang}")
    assert answer.status == 404
    expect(parent.locator('h1')).to_have_text(parent.words['closed'])
    expect(parent.locator('#pay')).to_have_count(0)
