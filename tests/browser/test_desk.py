"""The desk: a receipt in four clicks, a family's in five, a wrong child in four and one tap.

Real Chromium; what counts as a click is counted by the page itself, from trusted pointer presses
and from the keys that confirm. Typing and moving on by Tab are free (school-fees.md, section 3).
"""
import re

import pytest
from click_counter import COUNTER
from desk_steps import get_balance, give
from playwright.sync_api import expect


MESSAGE = '.o_notification_body'


@pytest.fixture
def desk(stack, desk_page):
    """ The office's page, with a counter, on the first screen of the fees. """
    desk_page.add_init_script(COUNTER)

    def enter(login):
        desk_page.goto(f'{stack.url}/web/session/logout?redirect=/web/login')
        desk_page.fill('input[name=login]', login)
        desk_page.fill('input[name=password]', login)
        desk_page.click('button[type=submit]')
        desk_page.wait_for_selector('.o_main_navbar')
        desk_page.goto(f'{stack.url}/odoo/school-students')
        desk_page.wait_for_selector('.o_list_view .o_data_row')
        desk_page.evaluate('sessionStorage.schoolClicks = 0')
        return desk_page
    return enter


def clicks(page):
    return int(page.evaluate('sessionStorage.schoolClicks'))


def open_menu(page, entry):
    """ Open an entry below Receipts: two clicks. """
    page.locator('.o_menu_sections button:has-text("Receipts")').click()
    page.get_by_role('menuitem', name=entry, exact=True).click()


def find(page, field, text):
    """ Type into a search box of the dialog and take the only one found: one click. """
    box = page.locator(f'.modal [name={field}] input')
    box.fill(text)
    page.locator(f'.modal [name={field}] .o-autocomplete--dropdown-item').first.click()


def pick(stack, index):
    return stack.school['students'][index]


def test_a_receipt_in_four_clicks(stack, desk):
    student = pick(stack, 12)
    before = get_balance(stack, student)
    page = desk('cashier')
    open_menu(page, 'New receipt')
    find(page, 'student_id', student['admission_no'])
    give(page, '1500')
    with page.expect_download() as download:
        page.locator('.modal button[name=action_post]').click()
    assert clicks(page) == 4
    expect(page.locator(MESSAGE)).to_contain_text(re.compile(r'Receipt RCT/\d{4}/\d{6} is posted'))
    expect(page.locator('.o_form_view h1')).to_contain_text('RCT/')
    assert download.value.suggested_filename.startswith('Receipt-RCT')
    assert get_balance(stack, student) == before - 1500


def test_a_double_click_is_one_receipt(stack, desk):
    student = pick(stack, 13)
    before = get_balance(stack, student)
    page = desk('cashier')
    open_menu(page, 'New receipt')
    find(page, 'student_id', student['admission_no'])
    give(page, '700')
    page.locator('.modal button[name=action_post]').dblclick()
    expect(page.locator('.o_form_view h1')).to_contain_text('RCT/')
    assert get_balance(stack, student) == before - 700


def test_a_used_reference_is_refused_beside_the_field(stack, desk):
    student = pick(stack, 14)
    page = desk('cashier')
    for again in (False, True):
        open_menu(page, 'New receipt')
        find(page, 'student_id', student['admission_no'])
        give(page, '300')
        page.locator('.modal label:has-text("Cheque")').click()
        page.locator('.modal [name=external_ref] input').fill('chq 4711')
        page.keyboard.press('Tab')
        if again:
            break
        page.locator('.modal button[name=action_post]').click()
        expect(page.locator('.o_form_view h1')).to_contain_text('RCT/')
    expect(page.locator('.modal [name=reference_warning]')).to_contain_text('already')
    page.locator('.modal button[name=action_post]').click()
    expect(page.locator('.o_error_dialog, .modal').last).to_contain_text('Nothing was posted')


def test_a_family_receipt_in_five_clicks(stack, desk):
    page = desk('cashier')
    open_menu(page, 'New family receipt')
    find(page, 'family_id', 'Barasa')
    give(page, '20000')
    page.keyboard.press('Tab')
    expect(page.locator('.modal [name=line_ids] .o_data_row')).to_have_count(3)
    page.locator('.modal button[name=action_post]').click()
    assert clicks(page) <= 5
    expect(page.locator(MESSAGE)).to_contain_text('is posted')
    expect(page.locator('.o_form_view [name=line_ids] .o_data_row').first).to_be_visible()


def test_paid_to_the_wrong_child(stack, desk):
    """ Open the receipt, Move, the right child, Ask: four clicks; the approver's tap is one. """
    wrong, right = pick(stack, 15), pick(stack, 16)
    page = desk('bursar')
    open_menu(page, 'New receipt')
    find(page, 'student_id', wrong['admission_no'])
    give(page, '900')
    page.locator('.modal button[name=action_post]').click()
    expect(page.locator('.o_form_view h1')).to_contain_text('RCT/')
    number = page.locator('.o_form_view h1').inner_text().strip()
    owed = get_balance(stack, wrong), get_balance(stack, right)
    page.goto(f'{stack.url}/odoo/school-receipts')
    page.wait_for_selector('.o_list_view .o_data_row')
    page.evaluate('sessionStorage.schoolClicks = 0')
    page.locator(f'.o_data_row:has-text("{number}") td[name=number]').click()
    page.locator('button[name=action_move]').first.click()
    find(page, 'to_student_id', right['admission_no'])
    page.locator('.modal [name=reason] input').fill('Paid for the sister')
    page.locator('.modal button[name=action_ask]').click()
    assert clicks(page) == 4
    expect(page.locator('.o_form_view h1')).to_contain_text('TRF/')
    assert (get_balance(stack, wrong), get_balance(stack, right)) == owed
    expect(page.locator('button[name=action_approve]')).to_be_hidden()

    page = desk('head')
    page.goto(f'{stack.url}/odoo/school-transfers')
    page.wait_for_selector('.o_list_view .o_data_row')
    waiting = page.locator('.o_data_row')
    others = waiting.count() - 1  # what the demo school has waiting
    mine = waiting.filter(has_text=right['name'])
    expect(mine).to_have_count(1)
    page.evaluate('sessionStorage.schoolClicks = 0')
    mine.locator('button[name=action_approve]').click()
    assert clicks(page) == 1
    expect(waiting).to_have_count(others)
    expect(mine).to_have_count(0)
    assert get_balance(stack, wrong) == owed[0] + 900
    assert get_balance(stack, right) == owed[1] - 900


def test_a_cash_up_in_three_clicks(stack, desk):
    page = desk('cashier')
    open_menu(page, 'Cash-up')
    expect(page.locator('.o_form_view [name=line_ids] .o_data_row')).to_have_count(3)
    expect(page.locator('.o_form_view [name=line_ids]')).to_contain_text('Cash')
    page.locator('.o_form_view [name=note] input').focus()
    page.keyboard.type('Counted by the accountant')
    page.locator('button[name=action_close]').click()
    assert clicks(page) == 3
    expect(page.locator('.o_statusbar_status .o_arrow_button_current')).to_contain_text('Closed')
