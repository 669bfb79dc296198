"""The bursar's road: a prompt from the desk, a PIN on the virtual phone, paid on the same screen.

Real Chromium on both sides; nothing is reloaded by hand, and a click is counted where the budget
says so (school-fees.md: two from the student, four from the menu).
"""
import re

from playwright.sync_api import expect


LIVE = '.o_mpesa_live h3'


def log_in(page, stack, login='bursar'):
    page.goto(f'{stack.url}/web/login')
    page.fill('input[name=login]', login)
    page.fill('input[name=password]', login)
    page.click('button[type=submit]')
    page.wait_for_selector('.o_main_navbar')


def open_student(page, stack, student):
    page.goto(f"{stack.url}/odoo/school-students/{student['id']}")
    expect(page.locator('.o_form_view h1 input')).to_have_value(student['name'])


def open_phone(page, stack, number):
    """ Open the virtual phone that shows the newest prompt. """
    page.goto(f'{stack.simulator_url}/phone/{number}')
    expect(page.get_by_test_id('prompt')).to_contain_text('KES')


def pick(stack, index):
    """ Return a student of the demo school with a balance, and the primary guardian's number. """
    student = stack.school['students'][index]
    row, = stack.sql(
        """
        SELECT p.phone FROM school_guardian_link l JOIN res_partner p ON p.id = l.partner_id
         WHERE l.student_id = %s ORDER BY l.priority, l.id LIMIT 1
        """, [student['id']],
    )
    return student, f"254{re.sub(r'[^0-9]', '', row['phone'])[-9:]}"


def test_two_clicks_from_the_student_to_paid(stack, desk_page, phone_page):
    student, number = pick(stack, 7)
    log_in(desk_page, stack)
    open_student(desk_page, stack, student)
    desk_page.locator('button[name=action_mpesa_prompt]:visible').click()  # click 1
    dialog = desk_page.locator('.modal')
    expect(dialog.locator('input[type=radio]:checked')).to_have_count(1)
    expect(dialog).to_contain_text('Primary')
    dialog.locator('button[name=action_send]').click()  # click 2
    expect(desk_page.locator(LIVE)).to_have_text('On the phone', timeout=15_000)
    open_phone(phone_page, stack, number)
    phone_page.get_by_test_id('pin').fill('1234')
    phone_page.get_by_test_id('ok').click()
    expect(desk_page.locator(LIVE)).to_have_text(re.compile('Paid: RCT/'), timeout=15_000)
    expect(dialog.locator('button:has-text("Send again")')).to_be_hidden()
    number_of_receipt = desk_page.locator(LIVE).inner_text().removeprefix('Paid: ')
    receipt, = stack.sql(
        'SELECT channel, issued_by_id FROM school_receipt WHERE number = %s', [number_of_receipt],
    )
    assert receipt == {'channel': 'stk_push', 'issued_by_id': stack.school['users']['bursar']}
    dialog.locator('button:has-text("Close")').click()
    desk_page.reload()
    chatter = desk_page.locator('.o-mail-Chatter')
    expect(chatter).to_contain_text('paid, M-PESA code')
    expect(chatter).to_contain_text('***')
    assert number[3:] not in re.sub(r'\D', '', chatter.inner_text())


def test_cancelled_then_sent_again(stack, desk_page, phone_page):
    student, number = pick(stack, 8)
    log_in(desk_page, stack)
    open_student(desk_page, stack, student)
    desk_page.locator('button[name=action_mpesa_prompt]:visible').click()
    dialog = desk_page.locator('.modal')
    dialog.locator('button[name=action_send]').dblclick()  # a double click is one prompt
    expect(desk_page.locator(LIVE)).to_have_text('On the phone', timeout=15_000)
    assert len(stack.simulator.prompts(number)) == 1
    open_phone(phone_page, stack, number)
    phone_page.get_by_test_id('cancel').click()
    expect(desk_page.locator(LIVE)).to_have_text(
        'Not paid: cancelled on the phone', timeout=15_000,
    )
    expect(desk_page.locator('.o_mpesa_live')).to_contain_text('No money was taken.')
    desk_page.locator('button:has-text("Paybill details")').click()
    expect(desk_page.locator('.o_mpesa_live dl')).to_contain_text(student['admission_no'])
    dialog.locator('button:has-text("Send again")').click()
    expect(desk_page.locator(LIVE)).to_have_text('On the phone', timeout=15_000)
    stack.simulator.cancel(stack.simulator.wait_prompt(number)['id'])
    expect(desk_page.locator(LIVE)).to_have_text(re.compile('Not paid'), timeout=15_000)


def test_wrong_entries_are_explained_beside_the_field(stack, desk_page):
    student, _number = pick(stack, 9)
    log_in(desk_page, stack)
    desk_page.goto(f'{stack.url}/odoo/mpesa-requests')
    desk_page.locator('.o_menu_sections button:has-text("M-PESA")').click()
    desk_page.locator('.o-dropdown-item:has-text("Prompt to pay")').click()
    dialog = desk_page.locator('.modal')
    dialog.locator('[name=student_id] input').fill(student['admission_no'])
    desk_page.locator(f".o-autocomplete--dropdown-item:has-text(\"{student['name']}\")").click()
    dialog.locator('label:has-text("Another number")').click()
    dialog.locator('[name=other_phone] input').fill('12345')
    dialog.locator('[name=amount] input').fill('9999999')
    dialog.locator('[name=amount] input').press('Tab')
    expect(dialog.locator('[name=phone_warning]')).to_contain_text('Kenyan mobile number')
    expect(dialog.locator('[name=amount_warning]')).to_contain_text('250,000 at once')
    dialog.locator('button[name=action_send]').click()
    # In words, and not "Something went wrong".
    refusal = desk_page.locator('.modal:has(.modal-title:text-is("M-PESA"))')
    expect(refusal).to_contain_text('250,000 at once')
    refusal.locator('.modal-footer button').click()
    dialog.locator('[name=other_phone] input').fill('0733 444 555')
    dialog.locator('[name=other_phone] input').press('Tab')
    expect(dialog.locator('[name=phone_hint]')).to_contain_text('ported')
    dialog.locator('button:has-text("Discard")').click()
    assert not stack.sql(
        'SELECT 1 FROM payment_transaction WHERE mpesa_student_id = %s', [student['id']],
    )
