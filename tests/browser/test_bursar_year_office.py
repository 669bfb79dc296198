"""The bursar's year in the office: the next year's prices, its classes, its bills, and the books of
the old one. A walk: each step stands on those before it, in a school of its own.

Clicks are counted by the page itself, from the fees dashboard (school-fees.md, section 3); what
came of them is read from the database.
"""
import io
import re
from decimal import ROUND_HALF_UP, Decimal

import openpyxl
import pytest
from click_counter import Desk
from playwright.sync_api import expect
from pypdf import PdfReader


RAISE = Decimal(5)  # Per cent.


@pytest.fixture(scope='module')
def office():
    """ A school of its own, so that nobody else's children move up a class. """
    from stack import Stack
    with Stack('office', workers=2, nginx=True, simulator=False, demo=True) as running:
        yield running


@pytest.fixture
def desk(office, desk_page):
    return Desk(office, desk_page)


def years(stack):
    """ Return the year that runs and the one after it. """
    first, second = stack.sql("""
        SELECT id, name, date_from, date_to FROM school_academic_year
         WHERE company_id = %s AND name IN ('2026', '2027') ORDER BY date_from
    """, [stack.school['company_id']])
    return first, second


def read_prices(stack, year, state):
    """ Return each price of a year: by level, day or boarding, fee, zone and newness. """
    rows = stack.sql("""
        SELECT rel.school_level_id AS level, s.boarding, l.product_id, l.zone_id,
               COALESCE(l.new_students_only, FALSE) AS new_students_only,
               l.amount_1, l.amount_2, l.amount_3
          FROM school_fee_structure_line l
          JOIN school_fee_structure s ON s.id = l.structure_id
          JOIN school_fee_structure_school_level_rel rel ON rel.school_fee_structure_id = s.id
         WHERE s.year_id = %s AND s.state = %s
    """, [year['id'], state])
    return {
        (row['level'], row['boarding'], row['product_id'], row['zone_id'],
         row['new_students_only']): [row['amount_1'], row['amount_2'], row['amount_3']]
        for row in rows
    }


def read_ledger(stack, until=None, run=None):
    """ Return what stands on the receivable accounts of the students: up to a day, or of a run. """
    row, = stack.sql("""
        SELECT COALESCE(sum(l.balance), 0) AS total FROM account_move_line l
          JOIN account_move m ON m.id = l.move_id
          JOIN account_account a ON a.id = l.account_id
          JOIN school_student s ON s.partner_id = l.partner_id
         WHERE l.parent_state = 'posted' AND a.account_type = 'asset_receivable'
           AND (%(until)s IS NULL OR l.date <= %(until)s)
           AND (%(run)s IS NULL OR m.bill_run_id = %(run)s)
    """, {'until': until, 'run': run})
    return Decimal(str(row['total']))


def count_bills(stack):
    row, = stack.sql("SELECT count(*) FROM account_move WHERE school_doc_type IS NOT NULL")
    return row['count']


def rows(page):
    """ The rows of the list that is open, below a dialog or not. """
    return page.locator('.o_list_view .o_data_row')


def choose_term(page, name):
    page.locator('[name=term_id] label').get_by_text(name, exact=True).click()


def post_and_wait(page):
    page.locator('button[name=action_post]').click()
    expect(page.locator('.o_statusbar_status .o_arrow_button_current')).to_contain_text(
        'Posted', timeout=90_000,
    )


# === Before the year === #

def test_the_next_year_and_its_terms_in_three_clicks(office, desk):
    last, = office.sql("SELECT * FROM school_academic_year ORDER BY date_from DESC LIMIT 1")
    page = desk.start('bursar')
    desk.menu('Students', 'Next Academic Year')
    expect(page.locator('.modal [name=line_ids] .o_data_row')).to_have_count(3)
    desk.press('action_create')
    expect(page.locator('.modal')).to_have_count(0)
    assert desk.clicks <= 3
    year, = office.sql("SELECT * FROM school_academic_year ORDER BY date_from DESC LIMIT 1")
    assert int(year['name']) == int(last['name']) + 1
    assert year['date_from'].year == last['date_from'].year + 1
    terms = office.sql("""
        SELECT name, sequence, date_from, date_to, due_date, state FROM school_term
         WHERE year_id = %s ORDER BY sequence
    """, [year['id']])
    assert [term['name'] for term in terms] == ["Term 1", "Term 2", "Term 3"]
    assert {term['state'] for term in terms} == {'draft'}
    assert all(year['date_from'] <= term['date_from'] < term['date_to'] <= year['date_to']
               for term in terms)


def test_the_structures_of_next_year_in_four_clicks(office, desk):
    this_year, next_year = years(office)
    already = read_prices(office, next_year, 'submitted')
    old = read_prices(office, this_year, 'published')
    page = desk.start('bursar')
    desk.act('structure')
    page.locator('.o_list_view, .modal [name=percent]').first.wait_for()
    if not page.locator('.modal').count():  # One level was copied before: the year is open.
        page.locator('.o_control_panel').get_by_role('button', name='Copy').click()
    expect(page.locator('.modal [name=percent] input')).to_be_focused()
    page.keyboard.type(str(RAISE))
    row = page.locator('.modal .o_data_row:has-text("Activity fee")')
    row.locator('td[name=is_raised]').click()
    desk.press('action_copy')
    expect(page.locator('.modal')).to_have_count(0)
    expect(rows(page).first).to_be_visible()
    assert desk.clicks <= 4
    drafts = read_prices(office, next_year, 'draft')
    assert len(drafts) + len(already) == len(old)
    assert drafts
    activity, = office.sql("""
        SELECT p.id FROM product_product p JOIN product_template t ON t.id = p.product_tmpl_id
         WHERE t.name->>'en_US' = 'Activity fee'
    """)
    for key, amounts in drafts.items():
        factor = Decimal(1) if key[2] == activity['id'] else 1 + RAISE / 100
        assert amounts == [
            float((Decimal(str(amount)) * factor).quantize(Decimal(1), ROUND_HALF_UP))
            for amount in old[key]
        ], key


def test_submitted_and_approved_in_two_clicks_each(office, desk):
    _this_year, next_year = years(office)

    def read_states():
        return [row['state'] for row in office.sql(
            "SELECT state FROM school_fee_structure WHERE year_id = %s", [next_year['id']],
        )]

    page = desk.start('bursar')
    desk.act('structure')
    desk.press('action_submit_all', inside='.o_control_panel')
    count = len(read_states())
    expect(rows(page).filter(has_text='Submitted')).to_have_count(count)
    assert desk.clicks == 2
    assert read_states() == ['submitted'] * count
    page = desk.start('head')
    desk.act('structure')
    desk.press('action_approve_all', inside='.o_control_panel')
    expect(rows(page).filter(has_text='Approved')).to_have_count(count)
    assert desk.clicks == 2
    assert read_states() == ['approved'] * count
    people = office.sql("""
        SELECT DISTINCT submitted_by_id, approved_by_id FROM school_fee_structure
         WHERE year_id = %s
    """, [next_year['id']])
    users = office.school['users']
    assert people == [{'submitted_by_id': users['bursar'], 'approved_by_id': users['head']}]


def test_published_and_printed_for_each_level_in_two_clicks(office, desk):
    _this_year, next_year = years(office)
    page = desk.start('bursar')
    desk.act('structure')
    with page.expect_download() as download:
        desk.press('action_publish_all', inside='.o_control_panel')
    assert desk.clicks == 2
    structures = office.sql("""
        SELECT s.state, count(*) AS levels, sum(count(*)) OVER () AS pages
          FROM school_fee_structure s
          JOIN school_fee_structure_school_level_rel rel ON rel.school_fee_structure_id = s.id
         WHERE s.year_id = %s GROUP BY s.id
    """, [next_year['id']])
    assert {structure['state'] for structure in structures} == {'published'}
    pages = PdfReader(download.value.path()).pages
    assert len(pages) == structures[0]['pages']
    text = ' '.join(pages[0].extract_text().split())
    assert 'FEE STRUCTURE' in text
    assert 'Uhuru Academy' in text
    assert '2027' in text
    assert 'Proposal' not in text


# === The end of the year === #

def test_promotion_in_five_clicks(office, desk):
    this_year, next_year = years(office)
    before = office.sql("""
        SELECT e.student_id, e.boarding, c.name AS class, e.level_id, l.next_level_id,
               s.admission_no, s.name
          FROM school_enrolment e
          JOIN school_student s ON s.id = e.student_id
          JOIN school_class c ON c.id = e.class_id
          JOIN school_level l ON l.id = e.level_id
         WHERE e.year_id = %s AND s.state = 'active' AND e.date_to IS NULL
         ORDER BY c.name, s.admission_no
    """, [this_year['id']])
    repeater = next(row for row in before if row['class'].startswith('Grade 7'))
    page = desk.start('bursar')
    desk.act('promotion')
    grid = page.locator('.modal [name=line_ids] .o_data_row')
    expect(grid).to_have_count(len({row['class'] for row in before}))
    expect(grid.filter(has_text='Grade 9 2026')).to_contain_text('Graduates')
    grid.filter(has_text=repeater['class']).locator('td[name=class_id]').click()
    page.locator('.modal .o_school_repeaters').get_by_text(repeater['name']).click()
    page.locator('.modal:has(.o_school_repeaters) .o_form_button_save').click()
    expect(grid.filter(has_text=repeater['class'])).to_contain_text(repeater['name'])
    desk.press('action_promote')
    expect(page.locator('.modal')).to_have_count(0)
    assert desk.clicks <= 5
    after = {row['student_id']: row for row in office.sql("""
        SELECT e.student_id, e.level_id, e.boarding, e.date_from FROM school_enrolment e
         WHERE e.year_id = %s
    """, [next_year['id']])}
    assert len(after) == len([row for row in before if row['next_level_id']])
    for row in before:
        there = after.get(row['student_id'])
        if row['student_id'] == repeater['student_id']:
            assert there['level_id'] == row['level_id']
        elif row['next_level_id']:
            assert there['level_id'] == row['next_level_id']
        else:
            assert there is None
        if there:
            assert there['boarding'] == row['boarding']
            assert there['date_from'] == next_year['date_from']
    leavers = [row['student_id'] for row in before if not row['next_level_id']]
    states = office.sql("""
        SELECT DISTINCT s.state, s.left_on, e.date_to FROM school_student s
          JOIN school_enrolment e ON e.student_id = s.id WHERE s.id = ANY(%s)
    """, [leavers])
    assert states == [
        {'state': 'graduated', 'left_on': this_year['date_to'], 'date_to': this_year['date_to']},
    ]
    ended = office.sql("""
        SELECT DISTINCT e.date_to FROM school_enrolment e
         WHERE e.year_id = %s AND e.student_id = ANY(%s)
    """, [this_year['id'], list(after)])
    assert ended == [{'date_to': this_year['date_to']}]


def test_a_bill_run_in_five_clicks(office, desk):
    _this_year, next_year = years(office)
    term, = office.sql(
        "SELECT id FROM school_term WHERE year_id = %s AND sequence = 1", [next_year['id']],
    )
    owed = read_ledger(office)
    page = desk.start('bursar')
    desk.act('bill_run')
    # The term that is due is chosen already; pressing it costs a click all the same.
    expect(page.locator('[name=term_id] input:checked + label')).to_have_text('Term 1 2027')
    choose_term(page, 'Term 1 2027')
    page.locator('button[name=action_preview]').first.click()
    page.locator('.o_notebook').get_by_role('tab', name='Warnings').click()
    expect(page.locator('[name=warning_ids]')).to_be_visible()
    shown = page.locator('[name=amount] span').first.inner_text()
    post_and_wait(page)
    assert desk.clicks <= 5
    run, = office.sql("""
        SELECT id, state FROM school_bill_run WHERE term_id = %s
    """, [term['id']])
    to_post = Decimal(re.sub(r'[^\d.]', '', shown))
    assert to_post > 0
    assert read_ledger(office) - owed == to_post
    assert read_ledger(office, run=run['id']) == to_post
    students = office.sql("""
        SELECT r.state, count(*) FROM school_bill_run_student r WHERE r.run_id = %s GROUP BY 1
    """, [run['id']])
    enrolled, = office.sql(
        "SELECT count(*) FROM school_enrolment WHERE year_id = %s", [next_year['id']],
    )
    assert [(row['state'], row['count']) for row in students] == [('posted', enrolled['count'])]
    assert_billed_by_structure(office, next_year, run)


def assert_billed_by_structure(stack, year, run):
    """ Who has chosen nothing and gets no concession pays what every student pays. """
    prices = read_prices(stack, year, 'published')
    plain = stack.sql("""
        SELECT e.level_id, e.boarding, m.amount_total,
               array_agg(l.product_id ORDER BY l.product_id) AS fees
          FROM account_move m
          JOIN account_move_line l ON l.move_id = m.id AND l.display_type = 'product'
          JOIN school_enrolment e ON e.student_id = m.student_id AND e.year_id = %(year)s
         WHERE m.bill_run_id = %(run)s
           AND NOT EXISTS (SELECT FROM school_student_fee f WHERE f.student_id = m.student_id)
         GROUP BY m.id, e.id HAVING bool_and(l.concession_id IS NULL)
    """, {'year': year['id'], 'run': run['id']})
    assert plain
    for bill in plain:
        due = sum(
            Decimal(str(prices[bill['level_id'], bill['boarding'], fee, None, False][0]))
            for fee in bill['fees']
        )
        assert Decimal(str(bill['amount_total'])) == due


def test_a_second_bill_run_posts_nothing(office, desk):
    bills, owed = count_bills(office), read_ledger(office)
    page = desk.start('bursar')
    desk.act('bill_run')
    choose_term(page, 'Term 1 2027')
    page.locator('button[name=action_preview]').first.click()
    expect(page.locator('.alert-success')).to_contain_text('There is nothing to post')
    expect(page.locator('button[name=action_post]')).to_be_hidden()
    assert desk.clicks <= 3
    assert (count_bills(office), read_ledger(office)) == (bills, owed)


def test_a_change_of_boarding_is_billed_by_the_difference_in_four_clicks(office, desk):
    _this_year, next_year = years(office)
    boarder, = office.sql("""
        SELECT e.student_id, e.level_id, s.admission_no, s.name FROM school_enrolment e
          JOIN school_student s ON s.id = e.student_id
         WHERE e.year_id = %s AND e.boarding = 'boarding'
           AND NOT EXISTS (SELECT FROM account_move_line l
                            WHERE l.student_id = s.id AND l.concession_id IS NOT NULL)
         ORDER BY s.admission_no LIMIT 1
    """, [next_year['id']])
    # She tells the office before the year begins that she will come as a day student.
    office.rpc(office.session('bursar'), 'school.enrolment', 'write', [
        [row['id'] for row in office.sql(
            "SELECT id FROM school_enrolment WHERE student_id = %s AND year_id = %s",
            [boarder['student_id'], next_year['id']],
        )], {'boarding': 'day'},
    ])
    owed = read_ledger(office)
    prices = read_prices(office, next_year, 'published')

    def sum_prices(boarding):
        return sum(
            Decimal(str(amounts[0])) for key, amounts in prices.items()
            if key[:2] == (boarder['level_id'], boarding) and key[2] in mandatory
            and key[3] is None and not key[4]
        )

    mandatory = {row['id'] for row in office.sql("""
        SELECT p.id FROM product_product p JOIN product_template t ON t.id = p.product_tmpl_id
         WHERE t.is_school_fee AND t.is_optional IS NOT TRUE AND t.charge_basis <> 'family'
    """)}
    page = desk.start('bursar')
    desk.act('bill_run')
    choose_term(page, 'Term 1 2027')
    page.locator('button[name=action_preview]').first.click()
    expect(page.locator('.o_form_view [name=changed_count]')).to_have_text('1')
    post_and_wait(page)
    assert desk.clicks <= 4
    difference = sum_prices('day') - sum_prices('boarding')
    assert difference < 0
    credit, = office.sql("""
        SELECT id, move_type, state, amount_total FROM account_move
         WHERE student_id = %s ORDER BY id DESC LIMIT 1
    """, [boarder['student_id']])
    assert Decimal(str(credit['amount_total'])) == -difference
    # What lowers a debt waits for a second person.
    assert (credit['move_type'], credit['state']) == ('out_refund', 'draft')
    assert read_ledger(office) == owed
    office.rpc(office.session('head'), 'account.move', 'action_post', [[credit['id']]])
    assert read_ledger(office) - owed == difference


def test_a_student_leaves_in_six_clicks(office, desk):
    student, = office.sql("""
        SELECT s.id, s.admission_no, s.name FROM school_student s
          JOIN school_enrolment e ON e.student_id = s.id
         WHERE s.state = 'active' AND e.year_id = %s
         ORDER BY s.admission_no DESC LIMIT 1
    """, [years(office)[1]['id']])
    page = desk.start('bursar')
    desk.find_student(student['admission_no'])
    expect(page.locator('.o_form_view h1 input')).to_have_value(student['name'])
    page.get_by_role('button', name='Leaves the school').click()
    page.locator('.modal [name=reason] input').fill('The family moves to Nakuru')
    desk.press('action_leave')
    expect(page.locator('.modal')).to_have_count(0)
    assert desk.clicks <= 6
    row, = office.sql("SELECT state, left_on FROM school_student WHERE id = %s", [student['id']])
    assert row['state'] == 'left'
    lasting = office.sql("""
        SELECT id FROM school_enrolment WHERE student_id = %s
           AND (date_to IS NULL OR date_to > %s)
    """, [student['id'], row['left_on']])
    assert lasting == []


def test_the_year_end_pack_in_three_clicks(office, desk):
    this_year, _next_year = years(office)
    page = desk.start('bursar')
    desk.act('year_end')
    with page.expect_download() as download:
        desk.press('action_download')
    assert desk.clicks <= 3
    with open(download.value.path(), 'rb') as file:
        book = openpyxl.load_workbook(io.BytesIO(file.read()), read_only=True)
    assert {
        'Receivables by class', 'Receivables by student', 'Prepayments', 'Concessions by type',
        'Vote-head collection', 'Receipts register', 'Reversals', 'Work by user',
    } <= set(book.sheetnames)
    lines = [
        row for row in book['Receivables by class'].iter_rows(min_row=3, values_only=True)
        if any(value is not None for value in row)
    ]
    total = lines[-1][lines[0].index('Balance')]
    owed = read_ledger(office, until=this_year['date_to'])
    assert Decimal(str(total)) == owed
    assert owed != read_ledger(office)  # The bills of the next year are not in it.
