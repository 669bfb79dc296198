"""A payment goes back to the parent: asked for at the bursar's desk, approved on the head's phone.
"""
import re

import pytest
from desk_steps import get_balance
from playwright.sync_api import expect
from road import wait_for
from test_unidentified import log_in


AMOUNT = 1753
DIALOG = '.modal-dialog'


@pytest.fixture
def paid(road):
    """ A payment on a student that nobody has touched, and the student. """
    road.call('admin', 'payment.provider', 'write', [road.school['provider_id']], {
        'mpesa_reversal_enabled': True,
    })
    student = road.next_student()
    code = road.control.pay_bill(
        road.next_phone(), road.school['shortcode'], student['admission_no'], AMOUNT,
    )['receipt']
    found = wait_for(lambda: road.stack.sql(
        'SELECT id, receipt, receipt_id FROM mpesa_transaction'
        ' WHERE receipt = %s AND receipt_id IS NOT NULL', [code],
    ), "a booked payment")
    return {**found[0], 'student': student}


def test_one_asks_another_approves_and_the_books_follow(
    stack, road, paid, desk_page, phone_page,
):
    balance = get_balance(stack, paid['student'])
    log_in(desk_page, stack)
    desk_page.goto(f"{stack.url}/odoo/mpesa-movements/{paid['id']}")
    desk_page.get_by_role('button', name='Give back', exact=True).click()
    dialog = desk_page.locator(DIALOG)
    expect(dialog).to_contain_text("Nothing happens before a second person approves it")
    expect(dialog).to_contain_text(paid['student']['name'])
    dialog.locator('[name=reason] input').fill("Paid to the wrong school")
    dialog.get_by_role('button', name='Ask a second person').click()
    alert = desk_page.locator('.alert:visible')
    expect(alert).to_contain_text("No money has moved")
    expect(desk_page.get_by_role('button', name='Approve', exact=True)).to_have_count(0)
    number = desk_page.locator('h1').inner_text().strip()
    assert re.fullmatch(r'MBK/\d{4}/\d{4}', number)

    phone_page.goto(f'{stack.url}/web/login')
    phone_page.fill('input[name=login]', 'head')
    phone_page.fill('input[name=password]', 'head')
    phone_page.click('button[type=submit]')
    phone_page.wait_for_selector('.o_main_navbar')
    order, = road.stack.sql('SELECT id FROM mpesa_money_back WHERE number = %s', [number])
    phone_page.goto(f"{stack.url}/odoo/mpesa-money-back/{order['id']}")
    phone_page.get_by_role('button', name='Approve', exact=True).click()
    expect(phone_page.locator(DIALOG)).to_contain_text("It cannot be called back")
    phone_page.locator(DIALOG).get_by_role('button', name='Ok').click()
    wait_for(lambda: road.stack.sql(
        "SELECT id FROM mpesa_money_back WHERE id = %s AND state = 'done'", [order['id']],
    ), "the money to go back")

    desk_page.reload()
    expect(desk_page.locator('.alert-success:visible')).to_contain_text("It has left the books")
    assert get_balance(stack, paid['student']) == balance + AMOUNT
