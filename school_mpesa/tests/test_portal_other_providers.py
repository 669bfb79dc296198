import re

from odoo.tests import JsonRpcException, new_test_user, tagged

from odoo.addons.school_mpesa.tests.portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalOtherProviders(PortalCommon):
    """Paying school bills and other invoices by anything but M-PESA."""

    def test_other_providers_pay_the_student_account_and_no_more_than_due(self):
        card = self.other_provider()
        self.log_in_guardian()
        values = self.pay(
            provider_id=card.id, amount=999_999,
            payment_method_id=self.env.ref('payment.payment_method_card').id,
        )
        tx = self.env['payment.transaction'].search([('reference', '=', values['reference'])])
        self.assertEqual(tx.partner_id, self.student.partner_id)
        self.assertEqual(tx.amount, 32_500)
        for amount in (0, -1, None, 'NaN'):
            with self.subTest(amount=amount), self.assertRaises(JsonRpcException):
                self.pay(
                    provider_id=card.id, amount=amount,
                    payment_method_id=self.env.ref('payment.payment_method_card').id,
                )

    def test_overdue_page_asks_for_what_is_open(self):
        card = self.other_provider()
        user = new_test_user(
            self.env, 'buyer_pages', groups='base.group_portal', company_id=self.school.id,
        )
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': user.partner_id.id,
            'company_id': self.school.id, 'invoice_date': '2026-01-01',
            'invoice_date_due': '2026-01-02',
            'invoice_line_ids': [(0, 0, {'name': "Bus", 'price_unit': 10_000, 'tax_ids': False})],
        })
        invoice.action_post()
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'amount': 4_000})._create_payments()
        self.authenticate('buyer_pages', 'buyer_pages')
        self.env.flush_all()
        page = self.url_open('/my/invoices/overdue').text
        self.assertEqual(float(re.search(r'data-amount="([\d.]+)"', page)[1]), 6_000)
        self.assertNotIn('data-provider-code="mpesa"', page)
        params = {
            key: value for key, value in self.params(
                provider_id=card.id, amount=10_000,
                payment_method_id=self.env.ref('payment.payment_method_card').id,
            ).items() if not key.startswith('mpesa_') and key != 'access_token'
        }
        values = self.make_jsonrpc_request(
            '/invoice/transaction/overdue', {**params, 'payment_reference': 'x'},
        )
        tx = self.env['payment.transaction'].search([('reference', '=', values['reference'])])
        self.assertEqual(tx.amount, 6_000)
        with self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request('/invoice/transaction/overdue', {
                **params, 'provider_id': self.provider.id, 'payment_reference': 'x',
            })
