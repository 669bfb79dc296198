from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestAccountMove(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.family = cls.create_family()
        cls.student = cls.create_student(family_id=cls.family.id)
        cls.guardian = cls.create_guardian(cls.student, "Mary Otieno")

    def _receivable(self, bill):
        return bill.line_ids.filtered(lambda line: line.account_type == 'asset_receivable')

    # === DEBTOR === #

    def test_the_student_is_the_debtor(self):
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        self.assertEqual(bill.partner_id, self.student.partner_id)
        self.assertEqual(bill.commercial_partner_id, self.student.partner_id)
        self.assertEqual(self._receivable(bill).partner_id, self.student.partner_id)
        self.assertEqual(bill.family_id, self.family)

    def test_a_bill_has_no_seller(self):
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        self.assertFalse(bill.invoice_user_id)
        other = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': self.guardian.id,
            'company_id': self.school.id,
        })
        self.assertEqual(other.invoice_user_id, self.env.user)

    def test_nobody_else_can_be_the_debtor(self):
        with self.refusal(ValidationError, "debt of its student"):
            self.create_term_bill(
                self.student, self.term_1, 15500, partner_id=self.guardian.id,
            )
        bill = self.create_term_bill(self.student, self.term_1, 15500, post=False)
        with self.refusal(ValidationError, "debt of its student"):
            bill.partner_id = self.guardian

    def test_choosing_the_student_chooses_the_debtor(self):
        action = self.env['ir.actions.act_window']._for_xml_id(
            'school_fees.account_move_action_term_bill'
        )
        self.assertEqual(action['res_model'], 'account.move')
        with Form(self.env['account.move'].with_context(
            default_move_type='out_invoice', default_school_doc_type='term_bill',
        )) as form:
            form.student_id = self.student
            self.assertEqual(form.partner_id, self.student.partner_id)
            form.term_id = self.term_2
            self.assertEqual(form.invoice_date_due, self.term_2.due_date)
            self.assertEqual(form.invoice_date, self.term_2.bill_date)
            with form.invoice_line_ids.new() as line:
                line.name = "Tuition"
                line.price_unit = 12000
                line.tax_ids.clear()
        self.assertEqual(form.record.invoice_date_due, self.term_2.due_date)
        self.assertEqual(form.record.amount_total, 12000.0)

    def test_a_sponsor_invoice_may_name_a_student(self):
        sponsor = self.env['res.partner'].create({'name': "Sponsor", 'is_company': True})
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': sponsor.id, 'student_id': self.student.id,
            'invoice_line_ids': [Command.create({'name': "Tuition", 'price_unit': 100})],
        })
        self.assertEqual(invoice.partner_id, sponsor)
        self.assertFalse(invoice._get_school_addressee())

    def test_a_bill_needs_student_term_and_type(self):
        partner_id = self.student.partner_id.id
        for values in (
            {'student_id': False, 'partner_id': partner_id},
            {'term_id': False},
            {'move_type': 'out_refund'},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.create_term_bill(self.student, self.term_1, 100, post=False, **values)

    def test_a_student_of_another_school_is_refused(self):
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        stranger = self.create_student("Another Child", "X-1", company_id=other_school.id)
        with self.assertRaises(UserError):
            self.create_term_bill(
                stranger, self.term_1, 100, post=False, company_id=self.school.id,
            )

    # === DUE DATE === #

    def test_a_bill_falls_due_with_its_term(self):
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        self.assertEqual(bill.invoice_date_due, self.term_1.due_date)
        self.assertEqual(self._receivable(bill).date_maturity, self.term_1.due_date)

    def test_payment_terms_of_the_partner_do_not_move_the_due_date(self):
        self.student.partner_id.property_payment_term_id = self.env.ref(
            'account.account_payment_term_30days'
        )
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        self.assertFalse(bill.invoice_payment_term_id)
        self.assertEqual(self._receivable(bill).date_maturity, self.term_1.due_date)

    def test_a_due_date_that_a_person_chose_is_kept(self):
        bill = self.create_term_bill(
            self.student, self.term_1, 15500, post=False, invoice_date_due='2026-03-01',
        )
        bill.invoice_line_ids.price_unit = 14000
        bill.action_post()
        self.assertEqual(self._receivable(bill).date_maturity, fields.Date.to_date('2026-03-01'))

    def test_other_invoices_keep_odoos_due_date(self):
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': self.guardian.id,
            'invoice_date': '2026-02-01',
            'invoice_payment_term_id': self.env.ref('account.account_payment_term_30days').id,
            'invoice_line_ids': [Command.create({'name': "Hall hire", 'price_unit': 100})],
        })
        self.assertEqual(invoice.invoice_date_due, fields.Date.to_date('2026-03-03'))

    # === ONE BILL A TERM === #

    @mute_logger('odoo.sql_db')
    def test_a_student_has_one_bill_a_term(self):
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.create_term_bill(self.student, self.term_1, 500)
        supplement = self.create_term_bill(
            self.student, self.term_1, 500, school_doc_type='supplement',
        )
        other_term = self.create_term_bill(self.student, self.term_2, 15500)
        self.assertEqual((bill | supplement | other_term).mapped('state'), ['posted'] * 3)

    def test_a_cancelled_bill_makes_room(self):
        bill = self.create_term_bill(self.student, self.term_1, 15500, post=False)
        bill.button_cancel()
        bill.flush_recordset()
        self.assertTrue(self.create_term_bill(self.student, self.term_1, 15000))

    def test_copies_and_credit_notes_are_no_second_bill(self):
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        credit_note = bill._reverse_moves([{'date': bill.date, 'invoice_date': bill.date}])
        credit_note.action_post()
        self.assertFalse(credit_note.school_doc_type)
        self.assertEqual(credit_note.student_id, self.student)
        self.assertEqual(credit_note.partner_id, self.student.partner_id)
        self.assertFalse(bill.copy().school_doc_type)

    def test_what_is_made_from_the_menu_of_bills_is_no_second_bill(self):
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        context = {
            'default_move_type': 'out_invoice', 'default_school_doc_type': 'term_bill',
            'default_student_id': self.student.id,
        }
        self.assertFalse(bill.with_context(**context).copy().school_doc_type)
        credit_note = bill.with_context(**context)._reverse_moves([{'date': bill.date}])
        self.assertFalse(credit_note.school_doc_type)
        payment = self.env['account.payment.register'].with_context(
            **context, active_model='account.move', active_ids=bill.ids,
        ).create({'amount': 500})._create_payments()
        self.assertEqual(payment.partner_id, self.student.partner_id)
        self.assertFalse(payment.move_id.school_doc_type)
        self.assertFalse(payment.move_id.student_id)
        self.assertEqual(bill.amount_residual, 15000.0)
        entry = self.env['account.move'].with_context(**context).create({'move_type': 'entry'})
        self.assertFalse(entry.school_doc_type)
        self.assertFalse(entry.student_id)

    # === TAX === #

    def test_bill_lines_are_exempt_where_the_default_tax_is_16_percent(self):
        self.assertEqual(self.school.account_sale_tax_id.amount, 16.0)
        # The trap: whatever product is made takes the default tax.
        product = self.env['product.product'].create({'name': "Tuition", 'list_price': 100})
        trapped = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': self.guardian.id,
            'invoice_line_ids': [Command.create({'product_id': product.id, 'price_unit': 100})],
        })
        self.assertEqual(trapped.amount_total, 116.0)
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        self.assertEqual((bill.amount_tax, bill.amount_total), (0.0, 15500.0))

    # === PRINT === #

    def test_the_printed_bill_is_addressed_to_the_primary_guardian(self):
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        self.assertEqual(bill._get_school_addressee(), self.guardian)
        html = self._render(bill)
        self.assertIn("Mary Otieno", html)
        self.assertIn("Faith Otieno (ADM-012)", html)

    def test_without_guardian_the_bill_is_addressed_to_the_student(self):
        self.student.guardian_link_ids.unlink()
        bill = self.create_term_bill(self.student, self.term_1, 15500)
        html = self._render(bill)
        self.assertNotIn("school_addressee", html)
        self.assertIn("Faith Otieno", html)

    def _render(self, bill):
        html, _type = self.env['ir.actions.report']._render_qweb_html(
            'account.account_invoices', bill.ids,
        )
        return html.decode()
