from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestRegisterPayment(DeskCommon):
    """On an M-PESA journal nobody types a payment; elsewhere Odoo works as ever."""

    def test_register_payment_on_the_mpesa_journal_offers_a_prompt(self):
        register = self.env['account.payment.register'].with_user(self.bursar).with_context(
            active_model='account.move', active_ids=self.bill.ids,
            allowed_company_ids=self.school.ids,
        ).create({'journal_id': self.provider.journal_id.id})
        self.assertTrue(register.is_mpesa_journal)
        with self.assertRaisesRegex(UserError, "Nobody types a payment"):
            register.action_create_payments()
        self.assertEqual(
            register.action_mpesa_prompt()['context']['default_invoice_ids'], self.bill.ids,
        )
        self.assertEqual(self.bill.payment_state, 'not_paid')

    def test_register_payment_in_cash_still_works(self):
        cash = self.env['account.journal'].search([
            ('type', '=', 'cash'), ('company_id', '=', self.school.id),
        ], limit=1) or self.env['account.journal'].create({
            'name': "Till", 'code': 'TILL', 'type': 'cash', 'company_id': self.school.id,
        })
        self.env['account.payment.register'].with_user(self.bursar).with_context(
            active_model='account.move', active_ids=self.bill.ids,
            allowed_company_ids=self.school.ids,
        ).create({'journal_id': cash.id})._create_payments()
        self.assertIn(self.bill.payment_state, ('paid', 'in_payment'))

    def test_a_payment_cannot_be_typed_or_moved_onto_the_mpesa_journal(self):
        Payment = self.env['account.payment'].with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        )
        values = {
            'payment_type': 'inbound', 'partner_type': 'customer', 'amount': 100,
            'partner_id': self.student.partner_id.id,
        }
        with self.assertRaisesRegex(UserError, "Nobody types a payment"):
            Payment.create({**values, 'journal_id': self.provider.journal_id.id})
        cash = self.env['account.journal'].create({
            'name': "Till", 'code': 'TIL2', 'type': 'cash', 'company_id': self.school.id,
        })
        payment = Payment.create({**values, 'journal_id': cash.id})
        with self.assertRaisesRegex(UserError, "Nobody types a payment"):
            payment.journal_id = self.provider.journal_id

    def test_money_that_nobody_claimed_yet_is_not_rewritten_either(self):
        self.accept_bytes(self.confirmation_url(), self.confirmation_body(
            'UIE4K7P2QX', account='nobody',
        ))
        self.drain()
        movement = self.env['mpesa.transaction'].search([('receipt', '=', 'UIE4K7P2QX')])
        payment = movement.suspense_payment_id.with_user(self.bursar)
        line = payment.move_id.line_ids.filtered(
            lambda item: item.account_id == payment.destination_account_id
        )
        partner = self.student.partner_id
        for name, change in {
            'state': lambda: payment.write({'state': 'canceled'}),
            'partner': lambda: payment.write({'partner_id': partner.id}),
            'line': lambda: line.write({'partner_id': partner.id}),
            'reversal': payment.move_id.with_context(
                school_receipt_reversal=True,
            )._reverse_moves,
        }.items():
            with self.subTest(name=name), self.refusal(UserError, "vouches"):
                change()
        self.assertEqual(payment.state, 'paid')
        self.assertFalse(line.partner_id)
