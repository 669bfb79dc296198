"""`school_fees` without `school_mpesa`: installed, at work on two charts of accounts, and gone."""
import io
import re

import openpyxl
import pytest
import stack_database
from fees_alone_kit import TUITION, FeesAlone, School
from live_road import text_of
from stack import Stack
from uninstall_kit import named, orphans, press, uninstall


PAID = 5_000  # KES
# Odoo's own websocket with a newer gevent; its way to find out that a scheduled action runs, after
# which the button is pressed again.
HARMLESS = r'bus/websocket\.py|FROM ir_cron FOR UPDATE NOWAIT|processing a scheduled action'


class EmptyStack(Stack):
    """ A run on a database with Odoo's accounting, and none of our add-ons. """

    def _make_database(self):
        template = stack_database.template('base', say=self.say)
        stack_database.clone(template, self.database)


@pytest.fixture(scope='module')
def people():
    """ Everybody, on a database in which `school_fees` was installed from the Apps screen. """
    with EmptyStack('alone', workers=0, nginx=False, simulator=False, demo=False) as stack:
        people = FeesAlone(stack)
        people.before = named(stack)
        press(people, 'school_fees', 'button_immediate_install')
        people.forget_sessions()
        yield people


@pytest.fixture(scope='module')
def schools(people):
    """ A school on the generic chart of accounts and one on the Kenyan chart. """
    people.stack.sql("UPDATE res_currency SET active = true WHERE name = 'KES'")
    kes, = people.stack.sql("SELECT id FROM res_currency WHERE name = 'KES'")
    kenya, = people.stack.sql("SELECT id FROM res_country WHERE code = 'KE'")
    people.call('admin', 'res.company', 'write', [1], {'currency_id': kes['id']})
    company, = people.call('admin', 'res.company', 'create', [{
        'name': "Kenyan School", 'country_id': kenya['id'], 'currency_id': kes['id'],
    }])
    people.call('admin', 'account.chart.template', 'try_loading', [], 'ke', company)
    found = {}
    for chart, company_id in (('generic_coa', 1), ('ke', company)):
        row, = people.stack.sql(
            "SELECT chart_template FROM res_company WHERE id = %s", [company_id],
        )
        assert row['chart_template'] == chart
        found[chart] = School(people, chart, company_id)
    return found


@pytest.mark.parametrize('chart', ['generic_coa', 'ke'])
def test_a_school_works_without_mpesa(schools, chart):
    school = schools[chart]
    school.set_up()
    school.admit()
    school.bill()
    school.receive(PAID)
    left = f'{TUITION - PAID:,}'

    report, = school.call('bursar', 'school.balance.report', 'search_read', [], ['balance'])
    assert report['balance'] == TUITION - PAID
    statement = school.get(
        'bursar', f'/report/pdf/school_fees.report_school_statement/{school.student_id}',
    )
    assert statement.status_code == 200
    assert statement.content.startswith(b'%PDF')
    home = school.get('guardian', '/my/fees')
    assert home.status_code == 200
    assert "Faith" in home.text
    assert left in text_of(home.text)
    assert left in text_of(school.get('guardian', f'/my/fees/{school.student_id}').text)

    rows = school.lists()
    assert len(rows) >= 20
    assert rows["Students", 'school.student'] == rows["Class List", 'school.balance.report'] == 1
    assert rows["Term Bills", 'account.move'] == rows["Receipts", 'school.receipt'] == 1
    assert school.count_cash(PAID) == {
        'id': school.call('bursar', 'school.cash.up', 'search', [])[0], 'state': 'closed',
        'expected': PAID, 'difference': 0,
    }
    book = openpyxl.load_workbook(io.BytesIO(school.year_end_pack()))
    cells = {cell.value for sheet in book for row in sheet for cell in row}
    assert {"Faith Otieno", TUITION, PAID} <= cells


def ledger(stack):
    """ What must stay in the books, whoever made it. """
    return stack.sql(
        """
        SELECT m.company_id, m.name, m.move_type, m.state, m.date, j.code AS journal,
               a.code_store, p.name AS partner, l.debit, l.credit, l.amount_residual
          FROM account_move_line l JOIN account_move m ON m.id = l.move_id
          JOIN account_journal j ON j.id = m.journal_id
          JOIN account_account a ON a.id = l.account_id
          LEFT JOIN res_partner p ON p.id = l.partner_id ORDER BY l.id
        """,
    )


def test_it_leaves_the_books_and_nothing_else(people, schools):
    stack = people.stack
    before = ledger(stack)
    # A bill and a payment in each school.
    assert len({(row['company_id'], row['name']) for row in before}) == 4
    uninstall(people, 'school_fees')
    people.forget_sessions()
    assert not stack.sql(
        "SELECT 1 FROM ir_module_module WHERE name LIKE 'school%' AND state <> 'uninstalled'",
    )
    assert not named(stack) - people.before
    assert not orphans(stack)
    assert ledger(stack) == before

    stack.restart_odoo()
    for school in schools.values():
        post_ordinary_invoice(school)
    assert not [
        line for line in re.findall(r'^\S+ \S+ \d+ (?:WARNING|ERROR|CRITICAL) .*$',
                                    stack.log_text(), re.MULTILINE)
        if not re.search(HARMLESS, line)
    ]


def post_ordinary_invoice(school):
    """ Sell something to somebody, as a business without students does. """
    customer, = school.call('admin', 'res.partner', 'create', [{'name': "Shop"}])
    invoice = school.call('admin', 'account.move', 'create', [{
        'move_type': 'out_invoice', 'partner_id': customer,
        'invoice_line_ids': [(0, 0, {'name': "Hall", 'price_unit': 100})],
    }])
    school.call('admin', 'account.move', 'action_post', invoice)
    found, = school.call('admin', 'account.move', 'read', invoice, ['state', 'payment_state'])
    assert (found['state'], found['payment_state']) == ('posted', 'not_paid')
