"""A guardian pays for two children at once, from the portal to the receipt, on two small phones."""
import re

import pytest
from live_road import books_kept
from playwright.sync_api import expect
from road import wait_for
from small_phone import WAYS, fits, guardian_session, small_phone


WORDS = {
    'en': {
        'pay_all': 'Pay for all my children', 'show': 'Show the split',
        'pay': 'Pay KES 3,000 with M-PESA', 'no_sum': 'The parts make KES 2,999',
        'wait': 'Check your phone', 'check': 'Check now', 'paid': 'KES 3,000 received',
        'receipt': 'Save receipt (PDF)',
    },
    'sw': {
        'pay_all': 'Lipia watoto wangu wote', 'show': 'Onyesha mgawanyo',
        'pay': 'Lipa KES 3,000 kwa M-PESA', 'no_sum': 'Sehemu zote ni KES 2,999',
        'wait': 'Angalia simu yako', 'check': 'Angalia sasa', 'paid': 'Tumepokea KES 3,000',
        'receipt': 'Hifadhi risiti (PDF)',
    },
}
HEADING = '#live h1'


@pytest.fixture(**WAYS)
def parent(browser, road, request):
    """ The phone of a guardian who has logged in. """
    with small_phone(browser, request.param, WORDS, [guardian_session(road)]) as page:
        yield page


def read_balances(stack, student_ids):
    """ Return what each student owes, read by SQL and not by the product. """
    return {row['id']: row['balance'] for row in stack.sql(
        """
        SELECT student.id, coalesce(sum(line.amount_residual), 0) AS balance
          FROM school_student student
     LEFT JOIN account_move_line line ON line.partner_id = student.partner_id
           AND line.parent_state = 'posted'
           AND line.account_id IN (
               SELECT id FROM account_account WHERE account_type = 'asset_receivable')
         WHERE student.id = ANY(%s)
      GROUP BY student.id
        """, [student_ids],
    )}


def test_one_payment_for_two_children_with_an_edited_split(road, parent):
    with books_kept(road):
        pay_for_two(road, parent)


def pay_for_two(road, parent):
    """ From the portal's first page to the receipt, with something wrong on the way. """
    stack, words, phone = road.stack, parent.words, road.next_phone()
    before = read_balances(stack, road.school['guardian_student_ids'])
    first, second = [child for child, balance in before.items() if balance > 2_000][:2]
    parent.goto(f'{stack.url}/my/fees?lang={parent.lang}')
    parent.get_by_role('link', name=words['pay_all']).click()
    parent.wait_for_url(re.compile(r'/my/fees/pay\b'))
    requested = []
    parent.on('request', lambda request: requested.append(request.url))
    parent.reload()
    assert len([url for url in requested if not url.startswith('data:')]) == 1
    expect(parent.locator('html')).to_have_attribute('lang', parent.lang)
    fits(parent)
    amount, phone_field = parent.locator('#amount'), parent.locator('#phone')
    parts = parent.locator('[name^=share_]')
    button = parent.locator('#pay [type=submit]:not([name])')

    def sum_parts():
        return sum(int(part.input_value() or 0) for part in parts.all())

    assert str(sum_parts()) == amount.input_value()
    phone_field.fill('0700')
    amount.fill('3000')
    if parent.has_script:
        expect(parent.get_by_role('button', name=words['show'])).to_have_count(0)
        wait_for(lambda: sum_parts() == 3000, "split of KES 3,000", timeout=15)
    else:
        parent.get_by_role('button', name=words['show']).click()
    assert sum_parts() == 3000
    expect(phone_field).to_have_value('0700')
    expect(button).to_have_text(words['pay'])
    # Another split; first one that does not make up the amount.
    for part in parts.all():
        part.fill('')
    parent.locator(f'#share_{first}').fill('1000')
    parent.locator(f'#share_{second}').fill('1999')
    phone_field.fill(f'0{phone[3:]}')
    button.click()
    expect(parent.locator('#shares_error')).to_contain_text(words['no_sum'])
    expect(parent.locator(f'#share_{second}')).to_have_value('1999')
    fits(parent)
    parent.locator(f'#share_{second}').fill('2000')
    if parent.has_script:
        expect(parent.locator('#shares_error')).to_be_hidden()
    button.click()
    parent.wait_for_url(re.compile('/p/a/[0-9a-f]{32}'))
    prompt = road.control.wait_prompt(phone, timeout=30)
    if not parent.has_script:
        parent.get_by_role('link', name=words['check']).click()
    expect(parent.locator(HEADING)).to_have_text(words['wait'], timeout=15_000)
    road.control.pay(prompt)
    row, = stack.sql(
        """SELECT id, reference FROM payment_transaction WHERE id = (
               SELECT transaction_id FROM mpesa_request_share WHERE student_id = %s
             ORDER BY id DESC LIMIT 1)""", [first],
    )
    road.wait_request(row, 'paid')
    if not parent.has_script:
        parent.get_by_role('link', name=words['check']).click()
    expect(parent.locator(HEADING)).to_have_text(words['paid'], timeout=15_000)
    expect(parent.get_by_role('link', name=words['receipt'])).to_be_visible()
    expect(parent.locator('dl').first).to_contain_text('KES 1,000')
    expect(parent.locator('dl').first).to_contain_text('KES 2,000')
    fits(parent)
    # One receipt with both children, and the books agree.
    lines = stack.sql(
        """SELECT line.student_id, line.amount FROM school_receipt_line line
             JOIN payment_transaction tx ON tx.mpesa_receipt_id = line.receipt_id
            WHERE tx.id = %s""", [row['id']],
    )
    assert {line['student_id']: line['amount'] for line in lines} == {first: 1000, second: 2000}
    after = read_balances(stack, list(before))
    assert {child: before[child] - after[child] for child in before} == {
        **dict.fromkeys(before, 0), first: 1000, second: 2000,
    }
    page = parent.context.request.get(f'{stack.url}/my/fees/{second}?lang={parent.lang}').text()
    assert 'KES 2,000' in page
