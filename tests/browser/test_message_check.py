"""The counter checks the messages that payers show: a forged one, an altered one, a true one.

Real Chromium. What a message says books nothing, and the answer never stands beside another text.
"""
import datetime

from playwright.sync_api import expect


ANSWER = '.modal [name=answer] .alert'
PAYER = '254712099881'


def enter(page, stack, login):
    page.goto(f'{stack.url}/web/login')
    page.fill('input[name=login]', login)
    page.fill('input[name=password]', login)
    page.click('button[type=submit]')
    page.wait_for_selector('.o_main_navbar')
    page.goto(f'{stack.url}/odoo/school-students')
    page.wait_for_selector('.o_list_view .o_data_row')
    page.locator('.o_menu_sections button:has-text("M-PESA")').click()
    page.get_by_role('menuitem', name='Is this message real?', exact=True).click()


def check(page, text):
    """ Paste a text and press Check, the way a clerk does with one message after another. """
    another = page.locator('.modal button:has-text("Check another")')
    if another.is_visible():
        another.click()
    page.locator('.modal [name=message] textarea').fill(text)
    page.locator('.modal button:has-text("Check")').first.click()
    expect(page.locator(ANSWER)).to_be_visible()
    expect(page.locator('.modal [name=message] textarea')).to_be_hidden()
    return page.locator(ANSWER)


def message(code, amount, account, day):
    return (
        f'{code} Confirmed. Ksh{amount:,.2f} sent to UHURU ACADEMY for account {account} on'
        f' {day.day}/{day.month}/{day:%y} at 10:15 AM New M-PESA balance is Ksh1,204.50.'
    )


def count(stack):
    row, = stack.sql(
        'SELECT (SELECT count(*) FROM school_receipt) AS receipts,'
        ' (SELECT count(*) FROM account_move) AS entries'
    )
    return row


def paid(stack, student, amount):
    """ Pay by hand and wait until it is booked.

    :return: the code, and the day in Kenya
    """
    move = stack.simulator.pay_bill(
        PAYER, stack.school['shortcode'], student['admission_no'], amount,
    )
    stack.simulator.wait_idle()
    return move['receipt'], datetime.datetime.strptime(move['at_eat'][:8], '%Y%m%d').date()


def test_a_forged_message_at_the_counter(stack, desk_page):
    before = count(stack)
    enter(desk_page, stack, 'cashier')
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=3))).date()
    answer = check(desk_page, message('UIE4K7P2QX', 15_500, 'ADM-012', today))
    expect(answer).to_contain_text('Safaricom has told us of no such payment')
    expect(answer).to_contain_text('Give no receipt and no goods for it.')
    expect(answer).to_have_class('alert alert-danger mb-3')
    assert count(stack) == before
    desk_page.locator('.modal button:has-text("Look again")').click()
    expect(answer).to_contain_text('no such payment')
    expect(desk_page.locator('.modal button:has-text("Open the receipt")')).to_be_hidden()


def test_a_true_message_and_the_same_one_altered(stack, road, desk_page):
    student = road.next_student()
    code, day = paid(stack, student, 2345)
    enter(desk_page, stack, 'cashier')
    answer = check(desk_page, message(code, 2345, student['admission_no'], day))
    if 'not booked yet' in answer.inner_text():
        desk_page.wait_for_timeout(3000)
        desk_page.locator('.modal button:has-text("Look again")').click()
    expect(answer).to_contain_text('Real, and on a receipt already')
    expect(answer).to_contain_text(student['name'])
    expect(answer).to_contain_text('KES 2,345')
    assert PAYER[-3:] not in answer.inner_text()
    before = count(stack)
    answer = check(desk_page, message(code, 52_345, student['admission_no'], day))
    expect(answer).to_contain_text('This message was changed')
    expect(answer).to_contain_text('It says KES 52,345, and Safaricom told us KES 2,345.')
    assert count(stack) == before
    desk_page.locator('.modal button:has-text("Open the receipt")').click()
    expect(desk_page.locator('.o_form_view h1')).to_contain_text('RCT/')


def test_a_slip_stays_on_the_screen(stack, desk_page):
    enter(desk_page, stack, 'cashier')
    desk_page.locator('.modal [name=message] textarea').fill('UIE4K7P2Q')
    desk_page.locator('.modal button:has-text("Check")').first.click()
    refusal = desk_page.locator('.modal').last
    expect(refusal).to_contain_text('10 letters and digits, and this has 9')
    refusal.locator('.modal-footer button').first.click()
    expect(desk_page.locator('.modal [name=message] textarea')).to_have_value('UIE4K7P2Q')
