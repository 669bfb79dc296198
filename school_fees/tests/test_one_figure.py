import io
import json
import re

from lxml import html
from openpyxl import load_workbook
from pypdf import PdfReader

from odoo import http
from odoo.tests import Form, HttpCase, freeze_time, tagged

from odoo.addons.school_fees.controllers import portal_fees
from odoo.addons.school_fees.tests.desk_common import DeskCommon


FAITH, BRIAN, BOTH = "3,349.95", "400.35", "2,949.60"  # Owed, credit, and owed together.
FIGURE = re.compile(r'[\d,]*\d(?:\.\d+)?')


@tagged('post_install', '-at_install')
@freeze_time('2026-06-15 09:00:00')
class TestOneFigure(DeskCommon, HttpCase):
    """Wherever a person reads what a child owes, it is the same figure.

    Faith owes after a receipt shared with her brother, a bounced cheque, a concession given later
    and money moved from him; he has credit left after a refund. Both in cents.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        portal_fees.PRINTS.clear()
        cls.enrol(cls.faith, cls.create_class(cls.create_level()))
        cls.guardian = cls.create_guardian(
            cls.faith | cls.brian, "Peter Otieno", login='figure_peter', relation='father',
        ).user_ids
        cls.create_term_bill(cls.faith, cls.term_2, 5_500.50)
        cls.create_term_bill(cls.brian, cls.term_1, 3_000)

    def setUp(self):
        super().setUp()
        form = self.open_receipt(mode='family', family_id=self.family)
        form.amount = 12_000.75
        self.receipt = self.press_post(form.save())
        self.reverse(self.post_receipt(
            self.faith, 1_000, money_kind='cheque', external_ref="CHQ-1",
        ), kind='bounced', reason="No funds")
        self._concede(650.25)
        self.post_receipt(self.brian, 3_000)
        self._move_credit(1_500.30)
        self._refund(100.10)

    def _concede(self, amount):
        note = self.bill._reverse_moves([{'invoice_date': '2026-06-15', 'date': '2026-06-15'}])
        note.invoice_line_ids.write({
            'price_unit': amount,
            'concession_id': self.env['school.concession'].create({'name': "Staff child"}).id,
        })
        note.action_post()

    def _move_credit(self, amount):
        action = self.as_user(self.bursar, self.brian).action_move_credit()
        form = Form(self.as_user(self.bursar, self.env[action['res_model']])
                    .with_context(**action['context']))
        form.to_student_id = self.faith
        form.amount = amount
        form.reason = "For the sister"
        transfer = self.env['school.transfer'].browse(form.save().action_ask()['res_id'])
        self.as_user(self.head, transfer).action_approve()

    def _refund(self, amount):
        action = self.as_user(self.bursar, self.brian).action_new_refund()
        form = Form(self.as_user(self.bursar, self.env[action['res_model']])
                    .with_context(**action['context']))
        form.amount = amount
        form.reason = "Asked for by the mother"
        refund = self.env['school.refund'].browse(form.save().action_ask()['res_id'])
        self.as_user(self.head, refund).action_approve()

    def _figures(self, text):
        """ Return what follows each "KES" of a text. """
        return [FIGURE.match(part.strip()).group() for part in text.split('KES')[1:]]

    def _pdf(self, report, records, user=None, lang='en_US', data=None):
        """ Return the text of a real PDF. """
        Report = self.env['ir.actions.report'].with_env(self.env(user=user or self.bursar, context={
            'force_report_rendering': True, 'lang': lang,
            'allowed_company_ids': self.school.ids,
        }))
        pdf, kind = Report._render_qweb_pdf(
            f'school_fees.{report}', None if data else records.ids, data=data,
        )
        self.assertEqual(kind, 'pdf')
        self.assertTrue(pdf.startswith(b'%PDF'))
        pages = PdfReader(io.BytesIO(pdf)).pages
        return ' '.join(' '.join(page.extract_text() for page in pages).split())

    def _page(self, path):
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200)
        return html.fromstring(answer.content)

    def _text(self, node):
        return ' '.join(' '.join(node.itertext()).split())

    # === THE OFFICE === #

    def test_form_and_lists(self):
        rows = self.as_user(self.bursar, self.env['school.balance.report'])
        for student, amount in ((self.faith, 3_349.95), (self.brian, -400.35)):
            form = self.as_user(self.bursar, student).web_read({'balance': {}})
            row = rows.search([('student_id', '=', student.id)])
            with self.subTest(student=student):
                self.assertEqual(form[0]['balance'], amount)
                self.assertEqual(row.balance, amount)
                aged = row.not_due, row.overdue_1, row.overdue_2, row.overdue_3, row.overdue_4
                self.assertAlmostEqual(sum(aged) + row.credit, amount, 2)
                # Everybody's oldest debts are paid: Faith's first term, then a part of the second.
                self.assertEqual(row.overdue_2, max(amount, 0))
        of_school = [('company_id', '=', self.school.id)]
        self.assertEqual(rows._read_group(of_school, [], ['balance:sum']), [(2_949.60,)])

    def test_xlsx(self):
        self.authenticate(self.bursar.login, self.bursar.login)
        answer = self.url_open('/web/export/xlsx', data={'data': json.dumps({
            'model': 'school.balance.report', 'ids': False, 'import_compat': False,
            'domain': [('company_id', '=', self.school.id)], 'groupby': [],
            'fields': [
                {'name': 'admission_no', 'label': "Number", 'type': 'char'},
                {'name': 'balance', 'label': "Balance", 'type': 'monetary'},
            ],
        }), 'csrf_token': http.Request.csrf_token(self)})
        cells = [
            [cell.value for cell in row]
            for row in load_workbook(io.BytesIO(answer.content)).active.iter_rows()
        ]
        self.assertIn(["ADM-012", 3_349.95], cells)
        self.assertIn(["ADM-013", -400.35], cells)

    def test_desk(self):
        form = self.open_receipt()
        for student, amount, shown in ((self.faith, 3_349.95, FAITH), (self.brian, -400.35, BRIAN)):
            form.student_id = student
            with self.subTest(student=student):
                self.assertEqual(form.balance, amount)
                self.assertIn(shown, form.balance_table)
                self.assertEqual(
                    sum(row['amount'] for row in student._get_balance_by_term()[student]), amount,
                )
        message = self.receipt._get_posted_message()
        self.assertIn(f"balance now KES {FAITH}", message)
        self.assertIn(f"credit now KES {BRIAN}", message)

    def test_statement_on_screen(self):
        action = self.as_user(self.bursar, self.family).action_view_statement()
        wizard = self.as_user(self.bursar, self.env[action['res_model']]).browse(action['res_id'])
        for lang in ('en_US', 'sw'):
            body = html.fromstring(wizard.with_context(lang=lang).body)
            strong = ' '.join(map(self._text, body.xpath('//strong')))
            with self.subTest(lang=lang):
                self.assertEqual(self._figures(strong), [BRIAN, FAITH, BOTH])
            wizard.invalidate_recordset(['body'])

    # === PAPER === #

    def test_statements_on_paper(self):
        family = {'student_ids': self.family.student_ids.ids, 'together': True}
        for user in (self.bursar, self.guardian):
            for lang in ('en_US', 'sw'):
                with self.subTest(user=user.login, lang=lang):
                    text = self._pdf('report_school_statement', self.faith, user, lang)
                    self.assertIn(FAITH, self._figures(text))
                    # The last of the running balances, and the sums that lead to it.
                    self.assertGreaterEqual(text.count(FAITH), 2)
                    self.assertNotIn(BRIAN, text)
                    text = self._pdf('report_school_statement', None, user, lang, family)
                    for shown in (FAITH, BRIAN, BOTH):
                        self.assertIn(shown, self._figures(text))

    def test_receipt_on_paper(self):
        for user in (self.bursar, self.guardian):
            for lang in ('en_US', 'sw'):
                with self.subTest(user=user.login, lang=lang):
                    text = self._pdf('report_school_receipt', self.receipt, user, lang)
                    self.assertEqual(
                        self._figures(text).count(FAITH), 1, "The balance after the receipt.",
                    )
                    self.assertEqual(self._figures(text).count(BRIAN), 1)

    # === GUARDIANS === #

    def test_portal(self):
        self.authenticate('figure_peter', 'figure_peter')
        for lang in ('en', 'sw'):
            with self.subTest(lang=lang):
                home = self._page(f'/my/fees?lang={lang}')
                self.assertEqual(home.get('lang'), lang)
                cards = {
                    self._text(card)[:5]: self._figures(self._text(card))[0]
                    for card in home.xpath('//a[@class="card"]')
                }
                self.assertEqual(cards, {"Brian": BRIAN, "Faith": FAITH})
                self.assertIn(BOTH, self._figures(self._text(home)))
                for child, shown in ((self.faith, FAITH), (self.brian, BRIAN)):
                    page = self._page(f'/my/fees/{child.id}?lang={lang}')
                    self.assertEqual(
                        self._figures(self._text(page.xpath('//p[@class="amount"]')[0])), [shown],
                    )
                    [last_row] = page.xpath(
                        '//table[contains(@class, "statement")]/tbody/tr[last()]/td[last()]'
                    )
                    self.assertEqual(self._text(last_row).lstrip('-'), shown)
                    # Under test Odoo answers a print with the HTML that it would have printed.
                    paper = self._page(f'/my/fees/{child.id}/statement.pdf?lang={lang}')
                    self.assertEqual(
                        self._figures(self._text(paper.xpath('//p[@class="balance"]')[0])), [shown],
                    )

    def test_public_receipt(self):
        for lang in ('en', 'sw'):
            page = self._text(self._page(f'{self.receipt._get_public_url()}?lang={lang}'))
            with self.subTest(lang=lang):
                self.assertEqual(self._figures(page).count(FAITH), 1)
                self.assertNotIn(BRIAN, page, "Whoever has the code sees the first child only.")

    def test_the_figures_are_what_this_test_says(self):
        # 10,000 + 5,500.50 charged; 10,000 of the shared receipt, 650.25 given back, 1,500.30
        # moved here. The brother: 3,000 charged, 2,000.75 and 3,000 paid, 1,500.30 moved on,
        # 100.10 paid back.
        self.assertEqual(
            self.receipt.line_ids.mapped(lambda line: (line.student_id, line.amount)),
            [(self.faith, 10_000), (self.brian, 2_000.75)],
        )
        ledger = self.read_ledger()
        self.assertEqual(f'{ledger[self.faith.id]:,}', FAITH)
        self.assertEqual(f'{-ledger[self.brian.id]:,}', BRIAN)
        self.assertEqual(f'{ledger[self.faith.id] + ledger[self.brian.id]:,}', BOTH)
