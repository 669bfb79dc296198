"""The road itself: a parent pays on a phone, the virtual phone takes the PIN, the bursar sees it.

Nothing is reloaded by hand, and every page is looked at for script errors and for a field that asks
for a PIN, which no page of the product may have.
"""
import re

import pytest
from playwright.sync_api import expect


# Debian's Odoo leaves out a library that is not free; its backend asks for it all the same.
EXPECTED_ERRORS = re.compile(r'selfie_segmentation')
PIN_FIELDS = (
    'input[type=password]:not([name=password]), input[name*=pin i]:not([name*=ping i]),'
    ' input[autocomplete=one-time-code], input[placeholder*="PIN"], input[aria-label*="PIN"]'
)
HEADING = '#live h1'


@pytest.fixture
def watched():
    """ Watch pages for errors of scripts and for refused requests; none may come. """
    seen = []

    def watch(page):
        page.on('pageerror', lambda error: seen.append(str(error)))
        page.on('console', lambda message: message.type == 'error' and seen.append(
            f"{message.text} {message.location['url']}"
        ))
        return page

    yield watch
    assert not [error for error in seen if not EXPECTED_ERRORS.search(error)]


def asks_for_no_pin(page):
    """ No field of a product page asks for the M-PESA PIN (A40). """
    expect(page.locator(PIN_FIELDS)).to_have_count(0)


def fits(page):
    """ Nothing is wider than the phone. """
    assert page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')


def open_bill(page, road, bill):
    """ Open the link of a bill, and its form to pay. """
    page.goto(f"{road.stack.url}{bill['url']}")
    form = page.locator('[name=o_mpesa_form]')
    if not form.is_visible():
        page.locator('[data-bs-target="#pay_with"]:visible').first.click()
    expect(form).to_be_visible()
    return form


def send(page):
    page.locator('[name=o_payment_submit_button]:visible').click()
    page.wait_for_url(re.compile('/p/a/[0-9a-f]{32}'))


def on_the_virtual_phone(page, road, number):
    """ Open the virtual phone and wait for the prompt. """
    page.goto(f'{road.stack.simulator_url}/phone/{number}')
    expect(page.get_by_test_id('prompt')).to_contain_text('KES')


def see_the_paid_bill(page, road, bill):
    """ Log in as the bursar and open the bill. """
    page.goto(f'{road.stack.url}/web/login')
    page.fill('input[name=login]', 'bursar')
    page.fill('input[name=password]', 'bursar')
    page.click('button[type=submit]')
    page.wait_for_selector('.o_main_navbar')
    page.goto(f"{road.stack.url}/odoo/customer-invoices/{bill['id']}")
    expect(page.locator('.o_form_view')).to_contain_text(bill['name'])


def test_a_parent_pays_and_the_bursar_sees_it(
    road, phone_page, other_phone_page, desk_page, watched,
):
    bill, number = road.next_bill(), road.next_phone()
    parent, handset, bursar = watched(phone_page), watched(other_phone_page), watched(desk_page)
    form = open_bill(parent, road, bill)
    asks_for_no_pin(parent)
    fits(parent)
    expect(form).to_contain_text(f"KES {bill['amount_residual']:,.0f}")
    form.locator('[name=mpesa_phone]').fill(f'0{number[3:]}')
    expect(parent.locator('[name=o_payment_submit_button]:visible')).to_contain_text(
        f"Pay KES {bill['amount_residual']:,.0f} with M-PESA"
    )
    send(parent)
    expect(parent.locator(HEADING)).to_have_text('Check your phone', timeout=15_000)
    expect(parent.locator('body')).to_contain_text('We never ask for it on a page')
    asks_for_no_pin(parent)
    fits(parent)
    on_the_virtual_phone(handset, road, number)
    handset.get_by_test_id('pin').fill('1234')
    handset.get_by_test_id('ok').click()
    # The waiting page turns into the receipt by itself.
    expect(parent.locator(HEADING)).to_have_text(
        f"KES {bill['amount_residual']:,.0f} received", timeout=15_000,
    )
    receipt, = road.stack.sql(
        "SELECT r.number, r.external_ref, r.slug FROM school_receipt r"
        "  JOIN payment_transaction t ON t.mpesa_receipt_id = r.id"
        "  JOIN account_invoice_transaction_rel i ON i.transaction_id = t.id"
        " WHERE i.invoice_id = %s", [bill['id']],
    )
    facts = parent.locator('#main dl').first
    expect(facts).to_contain_text(receipt['number'])
    expect(facts).to_contain_text(receipt['external_ref'])
    fits(parent)
    pdf = parent.get_by_text('Save receipt (PDF)').get_attribute('href')
    answer = parent.request.get(f'{road.stack.url}{pdf}')
    assert answer.headers['content-type'] == 'application/pdf'
    assert answer.body().startswith(b'%PDF-')
    parent.get_by_text('See receipt').click()
    expect(parent.locator('body')).to_contain_text(receipt['number'])
    asks_for_no_pin(parent)
    # The bursar.
    see_the_paid_bill(bursar, road, bill)
    expect(bursar.locator('.o_form_view')).to_contain_text('Paid', ignore_case=True)
    expect(bursar.locator('.o-mail-Chatter')).to_contain_text(receipt['external_ref'])
    assert number[3:] not in re.sub(r'\D', '', bursar.locator('.o-mail-Chatter').inner_text())
    asks_for_no_pin(bursar)


def test_the_bill_says_what_is_wrong_beside_the_field(road, phone_page, watched):
    bill = road.next_bill()
    parent = watched(phone_page)
    form = open_bill(parent, road, bill)
    form.locator('label', has_text='Other amount').click()
    form.locator('[name=mpesa_amount]').fill('999999')
    form.locator('[name=mpesa_phone]').fill('12345')
    parent.locator('[name=o_payment_submit_button]:visible').click()
    expect(form.locator('[name=o_mpesa_error_amount]')).to_contain_text('250,000 at once')
    expect(form.locator('[name=o_mpesa_error_phone]')).to_contain_text('Kenyan mobile number')
    expect(form.locator('[name=mpesa_amount]')).to_have_value('999999')
    expect(form.locator('[name=mpesa_phone]')).to_have_value('12345')
    assert not road.stack.sql(
        "SELECT 1 FROM account_invoice_transaction_rel WHERE invoice_id = %s", [bill['id']],
    )


def test_swahili_cancelled_then_sent_again_and_paid(road, phone_page, other_phone_page, watched):
    bill, number = road.next_bill(), road.next_phone()
    parent, handset = watched(phone_page), watched(other_phone_page)
    form = open_bill(parent, road, {**bill, 'url': f"/sw{bill['url']}"})
    expect(form).to_contain_text('M-PESA')
    form.locator('[name=mpesa_phone]').fill(f'+{number}')
    send(parent)
    expect(parent.locator('html')).to_have_attribute('lang', 'sw')
    expect(parent.locator(HEADING)).to_have_text('Angalia simu yako', timeout=15_000)
    on_the_virtual_phone(handset, road, number)
    handset.get_by_test_id('cancel').click()
    expect(parent.locator(HEADING)).to_have_text('Umeghairi malipo', timeout=15_000)
    asks_for_no_pin(parent)
    first = parent.url
    parent.locator('form button[type=submit]').click()
    parent.wait_for_url(lambda url: url != first)
    expect(parent.locator(HEADING)).to_have_text('Angalia simu yako', timeout=15_000)
    expect(handset.get_by_test_id('prompt')).to_contain_text('KES')
    handset.get_by_test_id('pin').fill('1234')
    handset.get_by_test_id('ok').click()
    expect(parent.locator(HEADING)).to_contain_text(
        f"Tumepokea KES {bill['amount_residual']:,.0f}", timeout=15_000,
    )
    fits(parent)
    assert road.wait_bill(bill, 'paid') == 'paid'


def test_without_javascript_the_waiting_page_is_asked_by_hand(road, browser):
    asked = road.ask()
    road.wait_request(asked, 'accepted')
    with browser.new_context(
        java_script_enabled=False, viewport={'width': 360, 'height': 740},
    ) as context:
        page = context.new_page()
        page.goto(f"{road.stack.url}{asked['attempt']}?lang=en")
        expect(page.locator(HEADING)).to_have_text('Check your phone')
        asks_for_no_pin(page)
        road.pay(asked)
        road.wait_request(asked, 'paid')
        page.get_by_role('link', name='Check now').click()
        expect(page.locator(HEADING)).to_contain_text('received')
        expect(page.get_by_role('link', name='Save receipt (PDF)')).to_be_visible()


def test_without_javascript_a_cancelled_one_is_sent_again(road, browser):
    asked = road.ask()
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{road.stack.url}{asked['attempt']}?lang=en")
        expect(page.locator(HEADING)).to_have_text('You cancelled the payment')
        page.get_by_role('button', name='Send again').click()
        expect(page).not_to_have_url(re.compile(asked['attempt']))
        road.control.cancel(road.control.wait_prompt(asked['phone']))


def test_the_same_address_in_another_browser(road, phone_page, other_phone_page, watched):
    asked = road.ask()
    road.wait_request(asked, 'accepted')
    pages = watched(phone_page), watched(other_phone_page)
    for page in pages:
        page.goto(f"{road.stack.url}{asked['attempt']}?lang=en")
        expect(page.locator(HEADING)).to_have_text('Check your phone')
    road.pay(asked)
    for page in pages:
        expect(page.locator(HEADING)).to_contain_text('received', timeout=15_000)


@pytest.mark.parametrize('path', [
    '/web/login', '/my', '/my/invoices', '/p/a/00000000000000000000000000000000',
    '/rc/aaaaaaaaaaaa',
])
def test_no_page_asks_for_a_pin(road, phone_page, path):
    phone_page.goto(f'{road.stack.url}{path}')
    asks_for_no_pin(phone_page)


def test_no_screen_of_the_office_asks_for_a_pin(road, desk_page, watched):
    bursar = watched(desk_page)
    see_the_paid_bill(bursar, road, road.next_bill())
    for path in ('school-students', 'mpesa-requests'):
        bursar.goto(f'{road.stack.url}/odoo/{path}')
        expect(bursar.locator('.o_list_view, .o_kanban_view').first).to_be_visible()
        asks_for_no_pin(bursar)
    bursar.locator('.o_menu_sections button:has-text("M-PESA")').click()
    bursar.locator('.o-dropdown-item:has-text("Prompt to pay")').click()
    expect(bursar.locator('.modal button[name=action_send]')).to_be_visible()
    asks_for_no_pin(bursar)
