from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestFeeItem(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.faith = cls.create_student()

    def _bill(self, fee):
        return self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': self.faith.partner_id.id,
            'invoice_line_ids': [Command.create({'product_id': fee.id, 'price_unit': 1000})],
        }).invoice_line_ids

    def test_a_fee_item_is_exempt_from_vat(self):
        self.assertEqual(self.school.account_sale_tax_id.amount, 16.0)
        tuition = self.create_fee()
        self.assertEqual(tuition.taxes_id, self.get_exempt_tax(self.school))
        self.assertEqual(self._bill(tuition).move_id.amount_total, 1000.0)

    def test_the_form_of_a_fee_item_starts_exempt_and_stays_editable(self):
        head = self.env['school.vote.head'].create({'name': "Trips", 'code': 'TRIP'})
        with Form(
            self.env['product.template'].with_context(default_is_school_fee=True),
            'school_fees.product_template_view_form_fee',
        ) as form:
            form.name = "Safari"
            form.vote_head_id = head
        trip = form.record
        self.assertEqual(trip.taxes_id, self.get_exempt_tax(self.school))
        self.assertEqual((trip.company_id, trip.type), (self.school, 'service'))
        trip.taxes_id = self.school.account_sale_tax_id
        self.assertEqual(self._bill(trip.product_variant_id).move_id.amount_total, 1160.0)

    def test_another_product_keeps_the_default_tax(self):
        soda = self.env['product.product'].create({'name': "Soda"})
        self.assertIn(self.school.account_sale_tax_id, soda.taxes_id)

    def test_a_deposit_is_a_liability_on_any_chart(self):
        deposit = self.create_fee("Caution money", 'DEP', charge_basis='deposit')
        line = self._bill(deposit)
        self.assertEqual(line.account_id, self.school.school_deposit_account_id)
        self.assertEqual(line.account_id.account_type, 'liability_current')
        self.assertTrue(deposit.refundable)
        self.assertEqual(self._bill(deposit).account_id, line.account_id)

    def test_a_fee_is_income_of_its_vote_head(self):
        account = self.env['account.account'].create({
            'name': "Tuition fees", 'code': '401990', 'account_type': 'income',
        })
        tuition = self.create_fee()
        self.assertEqual(
            self._bill(tuition).account_id, self.school.income_account_id
            or self.env['account.journal'].search([
                ('type', '=', 'sale'), ('company_id', '=', self.school.id),
            ], limit=1).default_account_id,
        )
        tuition.vote_head_id.income_account_id = account
        line = self._bill(tuition)
        self.assertEqual(line.account_id, account)
        self.assertEqual(line.vote_head_id, tuition.vote_head_id)

    def test_concessions_have_an_income_account_of_their_own(self):
        account = self.school._get_school_concession_account()
        self.assertEqual(account.account_type, 'income')
        self.assertEqual(self.school._get_school_concession_account(), account)

    def test_a_fee_item_needs_a_vote_head(self):
        with self.refusal(ValidationError, "needs a vote head"):
            self.env['product.product'].create({'name': "Nothing", 'is_school_fee': True})

    def test_a_vote_head_code_is_unique_and_ceilings_are_not_negative(self):
        self.create_fee()
        with self.refusal(IntegrityError, "code_uniq"):
            self.env['school.vote.head'].create({'name': "Tuition", 'code': 'TUI'})
        with self.refusal(ValidationError, "below zero"):
            self.env['school.vote.head'].create({'name': "X", 'code': 'X', 'ceiling_year': -1})
