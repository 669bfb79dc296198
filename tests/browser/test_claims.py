"""A parent has paid already: the code goes in on a small phone, and the office finds the money."""
import re

import pytest
from playwright.sync_api import expect
from road import wait_for
from small_phone import WAYS, fits, small_phone


WORDS = {
    'en': {
        'already': 'I already paid', 'look': 'Look for the payment', 'again': 'Look again',
        'not_here': 'We have not found it on this account yet',
        'here': 'The payment is on this account', 'back': 'Back to the payment page',
        'code_error': 'has 10 letters and digits', 'who_for': 'Who is this payment for?',
        'who_error': 'Enter the name', 'tell': 'Tell the school', 'thanks': 'Thank you',
    },
    'sw': {
        'already': 'Nimeshalipa', 'look': 'Tafuta malipo', 'again': 'Angalia tena',
        'not_here': 'Bado hatujayaona kwenye akaunti hii',
        'here': 'Malipo yameingia kwenye akaunti hii', 'back': 'Rudi kwenye ukurasa wa malipo',
        'code_error': 'una herufi na tarakimu 10', 'who_for': 'Malipo haya ni ya nani?',
        'who_error': 'Weka jina', 'tell': 'Iambie shule', 'thanks': 'Asante',
    },
}


@pytest.fixture(**WAYS)
def parent(browser, request):
    """ The phone of somebody who holds a link. """
    with small_phone(browser, request.param, WORDS) as page:
        yield page


def pay_for_nobody(road, amount):
    """ Pay by hand for an account that names no student, and wait until it is booked.

    :return: The movement's id, and its M-PESA code.
    :rtype: tuple
    """
    code = road.control.pay_bill(
        road.next_phone(), road.school['shortcode'], 'karo', amount,
    )['receipt']
    movement, = wait_for(lambda: road.stack.sql(
        "SELECT id FROM mpesa_transaction WHERE receipt = %s", [code],
    ), "a booked movement")
    return movement['id'], code


def test_from_the_code_to_the_account(road, parent):
    student, words = road.next_bill()['student'], parent.words
    link = road.make_link(student)
    movement, code = pay_for_nobody(road, 307)
    requested = []
    parent.goto(f"{road.stack.url}{link['path']}?lang={parent.lang}")
    parent.on('request', lambda request: requested.append(request.url))
    parent.get_by_role('link', name=words['already'], exact=True).click()
    expect(parent.locator('h1')).to_have_text(words['already'])
    assert len([url for url in requested if not url.startswith('data:')]) == 1
    expect(parent.locator('html')).to_have_attribute('lang', parent.lang)
    button = parent.get_by_role('button', name=words['look'])
    box = button.bounding_box()
    assert box['y'] + box['height'] <= parent.size[1], "The button is seen without scrolling."
    fits(parent)
    # A slip first: it is said beside the field, and nothing typed is lost.
    parent.locator('#message').fill(code[:9])
    parent.locator('#amount').fill('307')
    button.click()
    expect(parent.locator('#message_error')).to_contain_text(words['code_error'])
    expect(parent.locator('#message')).to_have_value(code[:9])
    expect(parent.locator('#amount')).to_have_value('307')
    fits(parent)
    parent.locator('#message').fill(f'{code} Confirmed. Ksh307.00 sent to UHURU ACADEMY.')
    button.click()
    expect(parent.locator('h1')).to_have_text(words['not_here'])
    expect(parent.locator('main')).to_contain_text(code)
    fits(parent)
    # The office sees in its queue whom the payment is claimed for, and looks at who paid.
    row, = road.call('bursar', 'mpesa.transaction', 'read', [movement], ['suggestion'])
    assert student['name'] in row['suggestion']
    wizard = road.call('bursar', 'mpesa.identify.wizard', 'create', {
        'mpesa_transaction_id': movement,
    })
    suggestion, = road.call('bursar', 'mpesa.identify.suggestion', 'search', [
        ('wizard_id', '=', wizard),
    ])
    road.call('bursar', 'mpesa.identify.suggestion', 'action_take', [suggestion])
    road.call('bursar', 'mpesa.identify.wizard', 'action_book', [wizard])
    parent.get_by_role('button', name=words['again'], exact=True).click()
    expect(parent.locator('h1')).to_have_text(words['here'])
    fits(parent)
    parent.get_by_role('link', name=words['back']).click()
    parent.wait_for_url(re.compile(re.escape(link['path'])))


def test_the_payer_says_whom_it_is_for(road, parent):
    student, words = road.next_bill()['student'], parent.words
    movement, code = pay_for_nobody(road, 311)
    action = road.call('bursar', 'mpesa.transaction', 'action_ask_payer', [movement])
    question, = road.call(
        'bursar', 'mpesa.payer.question', 'read', [action['res_id']], ['url', 'message'],
    )
    assert question['url'].removeprefix('https://') in question['message']
    path = re.search(r'/c/\w{12}$', question['url'])[0]
    parent.goto(f'{road.stack.url}{path}?lang={parent.lang}')
    expect(parent.locator('h1')).to_have_text(words['who_for'])
    expect(parent.locator('main')).to_contain_text(code)
    fits(parent)
    button = parent.get_by_role('button', name=words['tell'])
    button.click()
    expect(parent.locator('#who_error')).to_contain_text(words['who_error'])
    parent.locator('#who').fill(student['admission_no'])
    button.click()
    expect(parent.locator('h1')).to_have_text(words['thanks'])
    fits(parent)
    row, = road.call('bursar', 'mpesa.transaction', 'read', [movement], ['suggestion'])
    assert student['name'] in row['suggestion']
    assert not road.stack.sql(
        "SELECT 1 FROM mpesa_transaction WHERE id = %s AND receipt_id IS NOT NULL", [movement],
    )


def test_the_office_lists_the_claims(road, stack, desk_page):
    student, code = road.next_bill()['student'], 'UIE4K7PZ91'
    wizard = road.call('cashier', 'mpesa.claim.wizard', 'create', {
        'student_id': student['id'], 'message': code,
    })
    road.call('cashier', 'mpesa.claim.wizard', 'action_claim', [wizard])
    page = desk_page
    page.goto(f'{stack.url}/web/login')
    page.fill('input[name=login]', 'bursar')
    page.fill('input[name=password]', 'bursar')
    page.click('button[type=submit]')
    page.wait_for_selector('.o_main_navbar')
    page.goto(f'{stack.url}/odoo/school-students')
    page.wait_for_selector('.o_list_view .o_data_row')
    page.locator('.o_menu_sections button:has-text("M-PESA")').click()
    page.get_by_role('menuitem', name='Claims', exact=True).click()
    row = page.locator('.o_list_view .o_data_row', has_text=code)
    expect(row).to_contain_text(student['name'])
    expect(row).to_contain_text('Safaricom has not told of it')
    expect(page.locator('.o_control_panel button:has-text("Note a claim")')).to_be_visible()
    row.locator('button[name=action_refuse]').click()
    expect(row).to_have_count(0)
