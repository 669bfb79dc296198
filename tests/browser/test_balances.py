"""The office asks Safaricom what is in the accounts, and reads it beside the books.

Real Chromium. The simulator answers as Safaricom does: later, at the address for results.
"""
import re

from playwright.sync_api import expect


def enter(page, stack, login):
    page.goto(f'{stack.url}/web/login')
    page.fill('input[name=login]', login)
    page.fill('input[name=password]', login)
    page.click('button[type=submit]')
    page.wait_for_selector('.o_main_navbar')


def wait_for_answer(page, stack, count):
    """ Read the list again until it shows so many balances. """
    for _second in range(30):
        page.goto(f'{stack.url}/odoo/mpesa-balances')
        page.wait_for_selector('.o_list_view, .o_view_nocontent')
        if page.locator('.o_data_row').count() >= count:
            return
        page.wait_for_timeout(1000)
    message = "Safaricom's answer is not in the list."
    raise AssertionError(message)


def test_the_balance_is_asked_for_and_stands_beside_the_books(stack, road, desk_page):
    enter(desk_page, stack, 'bursar')
    desk_page.goto(f'{stack.url}/odoo/mpesa-balances')
    desk_page.wait_for_selector('.o_list_view')
    before = desk_page.locator('.o_data_row').count()
    desk_page.locator('.o_control_panel').get_by_role('button', name='Ask for the balance').click()
    expect(desk_page.locator('.o_notification')).to_contain_text('Safaricom is being asked')
    wait_for_answer(desk_page, stack, before + 1)
    held = f"{stack.simulator.balance(stack.school['shortcode']):,.2f}"
    row = desk_page.locator('.o_data_row').first
    expect(row.locator('[name=wallet_amount]')).to_contain_text(held)
    row.locator('[name=looked_at]').click()
    form = desk_page.locator('.o_form_view')
    expect(form.locator('[name=wallet_amount]')).to_contain_text(held)
    expect(form.locator('.alert:visible')).to_contain_text(re.compile('Safaricom (and|has)'))
    for account in ('Utility Account', 'Working Account', 'Charges Paid Account'):
        expect(form.locator('[name=account_ids]')).to_contain_text(account)
    form.get_by_role('button', name='Compare again').click()
    expect(form.locator('[name=compared_at]')).to_be_visible()
