"""The paybill typed by hand on the phone, to the receipt; and the queue of what names nobody.

Real Chromium on both sides: the parent's virtual phone, and the bursar's desk.
"""
import re

from desk_steps import get_balance
from playwright.sync_api import expect
from road import wait_for


MESSAGE = '.o_notification_body'
ROW = '.o_list_view .o_data_row'


def log_in(page, stack, login='bursar'):
    page.goto(f'{stack.url}/web/login')
    page.fill('input[name=login]', login)
    page.fill('input[name=password]', login)
    page.click('button[type=submit]')
    page.wait_for_selector('.o_main_navbar')
    page.goto(f'{stack.url}/odoo/school-students')
    page.wait_for_selector('.o_list_view .o_data_row')


def pay_by_hand(page, stack, account, amount):
    """ Pay the school's paybill from a phone's M-PESA menu, and wait until it is booked.

    :return: The movement.
    :rtype: dict
    """
    page.goto(f'{stack.simulator_url}/phone/254712555{amount}')
    page.get_by_test_id('menu').click()
    for field, value in (
        ('number', stack.school['shortcode']), ('account', account), ('amount', str(amount)),
        ('pin', '1234'),
    ):
        page.get_by_test_id(f'paybill-{field}').fill(value)
    page.get_by_test_id('paybill-send').click()
    found = wait_for(lambda: stack.sql(
        'SELECT receipt, receipt_id, suspense_payment_id FROM mpesa_transaction'
        ' WHERE account_reference = %s AND amount = %s', [account, amount],
    ), "a booked movement")
    return found[0]


def pick(stack, index):
    return stack.school['students'][index]


def open_queue(page):
    """ Open the queue from the menu: two clicks. """
    page.locator('.o_menu_sections button:has-text("M-PESA")').click()
    page.get_by_role('menuitem', name='Unidentified', exact=True).click()
    expect(page.locator('.o_breadcrumb .active')).to_have_text('Unidentified')


def test_the_number_itself_needs_nobody(stack, phone_page):
    student = pick(stack, 14)
    before = get_balance(stack, student)
    movement = pay_by_hand(phone_page, stack, student['admission_no'], 301)
    assert movement['receipt_id']
    assert get_balance(stack, student) == before - 301


def test_accept_what_is_suggested(stack, desk_page, phone_page):
    student = pick(stack, 15)
    before = get_balance(stack, student)
    movement = pay_by_hand(phone_page, stack, student['admission_no'].replace('ADM', 'AMD'), 302)
    assert movement['suspense_payment_id']
    assert get_balance(stack, student) == before
    log_in(desk_page, stack)
    open_queue(desk_page)
    row = desk_page.locator(ROW, has_text=movement['receipt'])
    expect(row).to_contain_text(student['name'])
    expect(row).to_contain_text('the words beside it do not')
    expect(row).to_contain_text('***')
    row.locator('button[name=action_accept_suggestion]').click()
    expect(desk_page.locator(MESSAGE)).to_contain_text(re.compile(r'RCT/\d{4}/\d{6}'))
    expect(row).to_have_count(0)
    assert get_balance(stack, student) == before - 302


def test_choose_and_split(stack, desk_page, phone_page):
    shares = {16: '203', 17: '100'}
    before = {index: get_balance(stack, pick(stack, index)) for index in shares}
    movement = pay_by_hand(phone_page, stack, 'karo ya watoto', 303)
    log_in(desk_page, stack)
    open_queue(desk_page)
    row = desk_page.locator(ROW, has_text=movement['receipt'])
    row.locator('button[name=action_identify]').click()
    dialog = desk_page.locator('.modal')
    left = 303
    for index, share in shares.items():
        dialog.get_by_role('button', name='Add a line').click()
        line = dialog.locator('[name=line_ids] .o_selected_row')
        box = line.locator('[name=student_id] input')
        expect(box).to_have_value('')
        box.fill(pick(stack, index)['admission_no'])
        desk_page.locator('.o-autocomplete--dropdown-item').first.click()
        line.locator('[name=amount] input').fill(share)
        dialog.locator('.modal-title').click()
        left -= int(share)
        expect(dialog.locator('[name=line_ids] tfoot')).to_contain_text(f'{303 - left}.00')
        # What is left is the amount of the next line, once the server has said it.
        rest = dialog.locator('[name=amount_left]')
        if left:
            expect(rest).to_contain_text(f'{left}.00')
        else:
            expect(rest).to_have_count(0)
    dialog.locator('button[name=action_book]').click()
    expect(desk_page.locator(MESSAGE)).to_contain_text(re.compile(r'RCT/\d{4}/\d{6}'))
    expect(dialog).to_have_count(0)
    expect(row).to_have_count(0)
    for index, share in shares.items():
        assert get_balance(stack, pick(stack, index)) == before[index] - int(share)
