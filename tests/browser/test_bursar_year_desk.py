"""The bursar's year at the desk: each task from the fees dashboard, within its clicks.

The budgets are those of school-fees.md, section 3. Nobody types an address on the way, and each
task ends with a look at the books.
"""
import re

import pytest
from click_counter import Desk
from desk_steps import get_balance, give
from playwright.sync_api import expect


PRINTED = 20_000  # Milliseconds within which something is booked and printed on a busy machine.


@pytest.fixture
def desk(stack, desk_page):
    """ The office's page, with a counter of clicks. """
    return Desk(stack, desk_page)


def find_student(stack, index):
    return stack.school['students'][index]


def get_receipt(stack, page):
    """ The receipt that is shown after its print, from the database, with its shares. """
    expect(page.locator('.o_form_view h1')).to_contain_text('RCT/', timeout=PRINTED)
    number = page.locator('.o_form_view h1').inner_text().strip()
    return stack.sql(
        """
        SELECT r.id, r.number, r.amount, r.state, r.money_kind, l.student_id, l.amount AS share
          FROM school_receipt r JOIN school_receipt_line l ON l.receipt_id = r.id
         WHERE r.number = %s
        """, [number],
    )


def type_into(page, field, text):
    """ Type into a field of the dialog, to which Tab leads: no click. """
    page.locator(f'.modal [name={field}] :is(input, button.o_input)').first.focus()
    box = page.locator(f'.modal [name={field}] input')  # Of a date: there once it has the focus.
    box.fill(text)
    box.press('Tab')


def test_a_new_admission_in_three_clicks(stack, desk):
    """ Student, guardian and the bill of the term, on one form. """
    page = desk.start('bursar')
    desk.act('admission')
    number = page.locator('.modal [name=admission_no] input')
    expect(number).not_to_have_value('')
    number = number.input_value()
    type_into(page, 'name', "Hope Kamau")
    desk.pick('class_id', "Grade 7 North 2026")
    type_into(page, 'date_from', '24/08/2026')
    expect(page.locator('.modal [name=term_id] input')).to_have_value(re.compile('Term 3'))
    type_into(page, 'guardian_name', "Ann Kamau")
    type_into(page, 'guardian_phone', '0712 000 777')
    desk.press('action_admit')
    expect(page.locator('.o_breadcrumb')).to_contain_text("Hope Kamau", timeout=PRINTED)
    assert desk.clicks <= 3
    student, = stack.sql(
        """
        SELECT s.id, s.state, s.partner_id, c.name AS class, e.date_from::text, p.phone
          FROM school_student s
          JOIN school_enrolment e ON e.student_id = s.id
          JOIN school_class c ON c.id = e.class_id
          JOIN school_guardian_link g ON g.student_id = s.id
          JOIN res_partner p ON p.id = g.partner_id
         WHERE s.admission_no = %s
        """, [number],
    )
    assert (student['state'], student['class'], student['date_from'], student['phone']) == (
        'active', 'Grade 7 North 2026', '2026-08-24', '+254712000777',
    )
    bill, = stack.sql(
        """
        SELECT m.state, m.school_doc_type, m.amount_total, t.name AS term
          FROM account_move m JOIN school_term t ON t.id = m.term_id WHERE m.student_id = %s
        """, [student['id']],
    )
    assert (bill['state'], bill['school_doc_type'], bill['term']) == (
        'posted', 'term_bill', 'Term 3',
    )
    assert float(bill['amount_total']) == get_balance(stack, student) > 0


def test_a_receipt_in_four_clicks(stack, desk):
    student = find_student(stack, 18)
    before = get_balance(stack, student)
    page = desk.start('cashier')
    desk.act('receipt')
    desk.pick('student_id', student['admission_no'])
    give(page, '1500')
    with page.expect_download() as download:
        desk.press('action_post')
    receipt, = get_receipt(stack, page)
    assert desk.clicks <= 4
    assert (receipt['state'], receipt['student_id'], float(receipt['amount'])) == (
        'posted', student['id'], 1500.0,
    )
    assert download.value.suggested_filename.startswith('Receipt-RCT')
    assert get_balance(stack, student) == before - 1500


def test_a_receipt_by_cheque_is_within_them_too(stack, desk):
    student = find_student(stack, 19)
    page = desk.start('bursar')
    desk.act('receipt')
    desk.pick('student_id', student['admission_no'])
    give(page, '2500')
    page.locator('.modal label:has-text("Cheque")').click()
    type_into(page, 'external_ref', 'chq 880011')
    desk.press('action_post')
    receipt, = get_receipt(stack, page)
    assert desk.clicks <= 4
    assert (receipt['money_kind'], float(receipt['amount'])) == ('cheque', 2500.0)


def test_a_family_receipt_in_five_clicks(stack, desk):
    family, = stack.sql("SELECT id FROM school_family WHERE name = 'Barasa'")
    children = [s for s in stack.school['students'] if s['family_id'] == family['id']]
    before = sum(get_balance(stack, child) for child in children)
    page = desk.start('cashier')
    desk.act('family_receipt')
    desk.pick('family_id', 'Barasa')
    give(page, '9000')
    page.keyboard.press('Tab')
    expect(page.locator('.modal [name=line_ids] .o_data_row')).to_have_count(len(children))
    desk.press('action_post')
    shares = get_receipt(stack, page)
    assert desk.clicks <= 5
    assert {share['student_id'] for share in shares} <= {child['id'] for child in children}
    assert sum(float(share['share']) for share in shares) == float(shares[0]['amount']) == 9000
    assert sum(get_balance(stack, child) for child in children) == before - 9000


def test_a_statement_to_a_parent_in_three_clicks(stack, desk):
    student = find_student(stack, 4)
    page = desk.start('bursar')
    desk.act('statement')
    desk.pick('student_id', student['admission_no'])
    balance = get_balance(stack, student)
    expect(page.locator('.modal .o_school_statement')).to_contain_text(student['admission_no'])
    expect(page.locator('.modal .o_school_statement')).to_contain_text(f'{abs(balance):,.0f}')
    with page.expect_download() as download:
        desk.press('action_print')
    assert desk.clicks <= 3
    assert download.value.suggested_filename.startswith('Statement')
    with open(download.value.path(), 'rb') as file:
        assert file.read(5) == b'%PDF-'


def test_a_wrong_receipt_is_moved_in_four_clicks_and_a_tap(stack, desk):
    wrong, right = find_student(stack, 0), find_student(stack, 1)
    assert wrong['family_id'] == right['family_id'], "across families two people approve"
    page = desk.start('bursar')
    desk.act('receipt')
    desk.pick('student_id', wrong['admission_no'])
    give(page, '900')
    desk.press('action_post')
    receipt, = get_receipt(stack, page)
    owed = get_balance(stack, wrong), get_balance(stack, right)

    page = desk.start('bursar')
    page.locator('.o_school_today_receipts tr', has_text=receipt['number']).get_by_role(
        'button',
    ).click()
    desk.press('action_move', inside='.o_form_view')
    desk.pick('to_student_id', right['admission_no'])
    type_into(page, 'reason', 'Paid for the sister')
    desk.press('action_ask')
    expect(page.locator('.o_form_view h1')).to_contain_text('TRF/', timeout=PRINTED)
    assert desk.clicks <= 4
    assert (get_balance(stack, wrong), get_balance(stack, right)) == owed
    number = page.locator('.o_form_view h1').inner_text().strip()

    page = desk.start('head')
    row = page.locator('[data-key=needs] li div', has_text='Paid for the sister')
    expect(row).to_contain_text(f"{wrong['admission_no']}")
    row.locator('button[name=action_approve]').click()
    expect(row).to_have_count(0, timeout=PRINTED)
    assert desk.clicks == 1
    moved, = stack.sql("SELECT state FROM school_transfer WHERE number = %s", [number])
    assert moved['state'] == 'done'
    assert get_balance(stack, wrong) == owed[0] + 900
    assert get_balance(stack, right) == owed[1] - 900


def test_a_charge_to_a_class_in_six_clicks(stack, desk):
    school_class, = stack.sql("SELECT id FROM school_class WHERE name = 'Grade 8 South 2026'")
    students = stack.sql(
        """
        SELECT s.id, s.partner_id FROM school_enrolment e
          JOIN school_student s ON s.id = e.student_id AND s.state = 'active'
         WHERE e.class_id = %s AND e.date_to IS NULL ORDER BY s.admission_no
        """, [school_class['id']],
    )
    before = {student['id']: get_balance(stack, student) for student in students}
    page = desk.start('bursar')
    desk.act('charge')
    desk.pick('class_ids', "Grade 8 South 2026")
    desk.pick('product_id', "Music lessons")
    rows = page.locator('.modal [name=line_ids] .o_data_row')
    expect(rows).to_have_count(len(students))
    type_into(page, 'name', 'Trip to the national park')
    type_into(page, 'amount', '1200')
    rows.first.locator('[name=is_charged]').click()
    desk.press('action_post')
    expect(page.locator('.o_list_view .o_data_row')).to_have_count(
        len(students) - 1, timeout=PRINTED,
    )
    assert desk.clicks <= 6
    charged = [get_balance(stack, s) - before[s['id']] for s in students]
    assert sorted(charged) == [0.0] + [1200.0] * (len(students) - 1)


def test_the_end_of_the_day_in_three_clicks(stack, desk):
    page = desk.start('cashier')
    desk.act('cash_up')
    expect(page.locator('.o_form_view [name=line_ids] .o_data_row')).to_have_count(3)
    page.locator('.o_form_view [name=note] input').focus()
    page.keyboard.type('Counted by the accountant')
    desk.press('action_close', inside='.o_form_view')
    expect(page.locator('.o_statusbar_status .o_arrow_button_current')).to_contain_text('Closed')
    assert desk.clicks <= 3
    row, = stack.sql(
        "SELECT state FROM school_cash_up WHERE user_id = %s ORDER BY id DESC LIMIT 1",
        [stack.school['users']['cashier']],
    )
    assert row['state'] == 'closed'
