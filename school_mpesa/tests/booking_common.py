import json
from datetime import timedelta

from odoo import fields

from odoo.addons.school_mpesa import daraja, vault
from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


PHONE = '254712000111'


class BookingCommon(SchoolMpesaCommon):
    """Makers of every message about money, and one strict look at the books."""

    # === MAKERS === #

    def prompt(self, amount=15_500, phone=PHONE, **values):
        """ Make a request and send it to the simulator, which accepts it.

        :rtype: payment.transaction
        """
        tx = self.ask(amount=amount, phone=phone, **values)
        self.send()
        self.assertEqual(tx.mpesa_push_state, 'accepted')
        return tx

    def push_url(self, tx):
        """ Return the address that Daraja was given for one prompt. """
        token = self.env['mpesa.callback.token']._get(tx.provider_id, 'stk')
        push = vault.derive_token('push', tx.mpesa_salt)
        return f'https://school.example/collect/{token}/stk/{push}'

    def stk_body(self, tx, code=0, receipt='UIE4K7P2QX', **values):
        """ Return a prompt's result as Daraja posts it (daraja.md 3.5, 3.6).

        :param int code: The result code; 0 is success.
        :param values: `amount`, `phone`, `checkout`, `merchant`, `time`; None leaves an item out.
        :rtype: bytes
        """
        callback = {
            'MerchantRequestID': values.get('merchant', tx.mpesa_merchant_request_id or 'm-1'),
            'CheckoutRequestID': values.get(
                'checkout', tx._mpesa_get_checkout_request_id() or 'ws_CO_1'
            ),
            'ResultCode': code, 'ResultDesc': "x",
        }
        if code == 0:
            items = {
                'Amount': values.get('amount', int(tx.amount)), 'MpesaReceiptNumber': receipt,
                'TransactionDate': values.get('time', 20260914101533),
                'PhoneNumber': values.get('phone', tx.mpesa_phone and int(tx.mpesa_phone)),
            }
            callback['CallbackMetadata'] = {'Item': [
                {'Name': name, 'Value': value} for name, value in items.items()
                if value is not None
            ]}
        return json.dumps({'Body': {'stkCallback': callback}}).encode()

    def stk(self, tx, code=0, receipt='UIE4K7P2QX', **values):
        """ Put a prompt's result into the inbox.

        :rtype: mpesa.callback
        """
        return self.accept_bytes(self.push_url(tx), self.stk_body(tx, code, receipt, **values))

    def c2b(self, receipt='UIE4K7P2QX', amount='15500.00', account='ADM-012', **values):
        """ Put a paybill confirmation into the inbox.

        :rtype: mpesa.callback
        """
        provider = values.pop('provider', None)
        return self.accept_bytes(
            self.confirmation_url(provider),
            self.confirmation_body(receipt, amount, account, **values),
        )

    def drain_stk(self, tx, *args, **values):
        """ Put a prompt's result into the inbox and book it. """
        callback = self.stk(tx, *args, **values)
        self.drain()
        return callback

    def drain_c2b(self, *args, **values):
        """ Put a paybill confirmation into the inbox and book it. """
        callback = self.c2b(*args, **values)
        self.drain()
        return callback

    def accepted_answer(self, checkout='ws_CO_1', merchant='m-1'):
        """ Return the answer that Daraja gives to a push. """
        return daraja.StkPushAccepted(
            merchant_request_id=merchant, checkout_request_id=checkout, response_code='0',
            customer_message='', raw={}, exchange=daraja.Exchange(
                path='/mpesa/stkpush/v1/processrequest', request={}, answer='{}', http_status=200,
                started_at=fields.Datetime.now(), seconds=0.1,
            ),
        )

    def hear(self, tx, outcome):
        """ Let Daraja answer a question about a request, due now, and book what follows.

        :param str outcome: The result code.
        """
        self.control.script(api='stk_query', outcome=outcome)
        tx.mpesa_next_query_at = fields.Datetime.now() - timedelta(seconds=1)
        self.chase()
        self.drain()

    # === WHAT STANDS IN THE BOOKS === #

    def get_movements(self):
        return self.env['mpesa.transaction'].search([('company_id', '=', self.school.id)])

    def get_receipts(self, state='posted'):
        return self.env['school.receipt'].search([
            ('company_id', '=', self.school.id), ('state', '=', state),
        ])

    def sum_account(self, account):
        """ Return what stands on an account in posted entries, read by SQL and not by us. """
        self.env.flush_all()
        self.env.cr.execute(
            'SELECT COALESCE(sum(debit - credit), 0) FROM account_move_line'
            " WHERE account_id = %s AND parent_state = 'posted'", [account.id],
        )
        return float(self.env.cr.fetchone()[0])

    def assert_books(self, received, suspense=0):
        """ Assert, to the cent, where the money is: wallet, students, suspense; each code once.

        :param float received: Everything that Safaricom told of, KES.
        :param float suspense: What of it nobody has claimed, KES.
        """
        wallet = self.provider.journal_id.default_account_id
        receivable = self.student.partner_id.with_company(
            self.school
        ).property_account_receivable_id
        billed = sum(self.env['account.move'].search([
            ('company_id', '=', self.school.id), ('move_type', '=', 'out_invoice'),
            ('state', '=', 'posted'),
        ]).mapped('amount_total'))
        unidentified = self.school.mpesa_unidentified_account_id
        self.assertEqual(self.sum_account(wallet), received)
        self.assertEqual(self.sum_account(receivable), billed - received + suspense)
        self.assertEqual(self.sum_account(unidentified) if unidentified else 0, -suspense)
        self.assertEqual(sum(self.get_receipts().mapped('amount')), received - suspense)
        self.assertEqual(sum(self.get_movements().mapped('amount')), received)
        for movement in self.get_movements():
            live = movement.receipt_id.filtered(lambda r: r.state == 'posted')
            payment = movement.suspense_payment_id
            waiting = payment and -payment._get_counterpart_line().amount_residual
            self.assertEqual(
                (live.amount, waiting or 0),
                (movement.amount, 0) if live else (0, movement.amount),
                "Each movement is on students or in suspense, never both, never neither.",
            )
            if live:
                self.assertEqual(live.amount, movement.amount)
                self.assertEqual(live.external_ref, movement.receipt)
                self.assertEqual(
                    live.line_ids.payment_id.mapped('state'),
                    [] if payment else ['paid'] * len(live.line_ids),
                )
        self.assert_conserved()

    def assert_paid(self, tx, receipt='UIE4K7P2QX', late=False):
        """ Assert that a request is paid, and by which M-PESA code. """
        self.assertEqual((tx.mpesa_push_state, tx.state), ('paid', 'done'))
        self.assertEqual((tx.mpesa_receipt_number, tx.provider_reference), (receipt, receipt))
        self.assertEqual(tx.mpesa_receipt_id.external_ref, receipt)
        self.assertEqual(tx.mpesa_receipt_id.state, 'posted')
        self.assertEqual(tx.mpesa_receipt_id.channel, tx.mpesa_channel)
        self.assertIn(tx.payment_id, tx.mpesa_receipt_id.line_ids.payment_id)
        self.assertEqual(tx.payment_id.state, 'paid')
        self.assertTrue(tx.is_post_processed)
        self.assertFalse(tx.mpesa_in_flight)
        if tx._mpesa_is_paid_for_certain():
            self.assertFalse(tx.mpesa_next_query_at)
        view = tx._mpesa_payer_view()
        self.assertEqual((view['state'], view['retry'], view['late']), ('paid', False, late))
        movement = self.get_movements().filtered(lambda m: m.receipt == receipt)
        self.assertEqual(movement.payment_transaction_id, tx)
        self.assertEqual(movement.receipt_id, tx.mpesa_receipt_id)

    def assert_unpaid(self, tx, push_state='declined'):
        """ Assert that a request took no money, and nothing of another payment clings to it. """
        self.assertEqual(tx.mpesa_push_state, push_state)
        self.assertNotEqual(tx.state, 'done')
        self.assertFalse(tx.payment_id)
        self.assertFalse(tx.mpesa_receipt_id)
        self.assertFalse(tx.mpesa_receipt_number)
        self.assertFalse(tx.provider_reference)
        self.assertFalse(self.get_movements().filtered(lambda m: m.payment_transaction_id == tx))
