import json
from datetime import timedelta

from odoo import fields

from odoo.addons.school_mpesa import daraja
from odoo.addons.school_mpesa.tests.question_common import QuestionCommon
from odoo.addons.school_mpesa.tests.statement_common import StatementCommon


CODE = 'UIE4K7P2Q1'  # the payment
BACK = 'UIE4K7P2R1'  # its reversal
REVERSAL = "Pay Bill Reversal"


class MoneyBackCommon(QuestionCommon, StatementCommon):
    """A school whose initiator may give payments back, and two people for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.mpesa_reversal_enabled = True
        # Its initiator was answered before, so that it orders more than one thing at a time.
        cls.provider.mpesa_initiator_proven = True

    # === MAKERS === #

    def pay_in(self, code=CODE, amount=500, account='ADM-012'):
        """ Let a parent pay by the paybill, as a confirmation tells.

        :rtype: mpesa.transaction
        """
        self.drain_c2b(code, amount=f'{amount}.00', account=account)
        return self.get_movements().filtered(lambda movement: movement.receipt == code)

    def ask_back(self, payment, user=None, reason="Paid to the wrong school"):
        """ Ask for a payment to go back, as the bursar does.

        :rtype: mpesa.money.back
        """
        user = user or self.bursar
        return self.env['mpesa.money.back'].with_user(user)._ask(
            payment.with_user(user), reason,
        ).with_env(self.env)

    def approve(self, order, user=None):
        """ Approve it as the head does: its order waits in the outbox.

        :return: The order to Safaricom.
        :rtype: mpesa.command
        """
        order.with_user(user or self.head).action_approve()
        return order.command_ids

    def acknowledge(self, command):
        """ Let the order go out, and Safaricom take it; its result is the test's.

        :return: The names of the order.
        :rtype: tuple[str, str]
        """
        names = (f'AG_{command.id}', f'o-{command.id}')
        self.env['mpesa.command'].sudo()._claim_queued()
        self.assertEqual(command.state, 'sent')
        command._take_acknowledgement(daraja.Acknowledgement(*names, raw={}, exchange=None))
        return names

    def order(self, payment=None):
        """ Bring a payment back as far as Safaricom has the order.

        :rtype: mpesa.money.back
        """
        order = self.ask_back(payment or self.pay_in())
        self.acknowledge(self.approve(order))
        self.assertEqual(order.state, 'sent')
        return order

    # === WHAT SAFARICOM SAYS === #

    def reversal_body(self, order, code='0', **values):
        """ Return a reversal's result as Daraja posts it (daraja.md 9), of this moment.

        :param str code: The result code; "0" is success.
        :param values: `own`, the reversal's code; `names`; and parameters, None leaves one out.
        :rtype: bytes
        """
        command = order.command_ids
        names = values.pop('names', (
            command.conversation_id, command.originator_conversation_id,
        ))
        own = values.pop('own', BACK)
        stamp = (fields.Datetime.now() + timedelta(hours=3)).strftime('%Y%m%d%H%M%S')
        items = {
            'DebitAccountBalance': 'Utility Account|KES|50000.00|50000.00|0.00|0.00',
            'Amount': int(order.amount), 'TransCompletedTime': int(stamp),
            'OriginalTransactionID': order.mpesa_transaction_id.receipt, 'Charge': 0,
            'CreditPartyPublicName': '254712000111 - WANJIKU PLANTED',
            'DebitPartyPublicName': '600111 - Uhuru Academy', **values,
        }
        body = {
            'ResultType': 0, 'ResultCode': code, 'ResultDesc': "x",
            'ConversationID': names[0], 'OriginatorConversationID': names[1],
            'TransactionID': own if code == '0' else 'UIE0000000',
        }
        if code == '0':
            body['ResultParameters'] = {'ResultParameter': [
                {'Key': key, 'Value': value} for key, value in items.items() if value is not None
            ]}
        return json.dumps({'Result': body}).encode()

    def tell_back(self, order, code='0', end='result', drain=True, **values):
        """ Post the result of an order.

        :rtype: mpesa.callback
        """
        callback = self.accept_bytes(
            self.result_url(end), self.reversal_body(order, code, **values),
        )
        if drain:
            self.drain()
        return callback

    def state_back(self, amount=500, linked=CODE, own=BACK, minute=30):
        """ Import a statement that tells of a reversal, and book it. """
        self.upload_rows(
            self.row(own, -amount, REVERSAL, linked=linked, minute=minute), opening=amount,
        )

    # === WHAT STANDS IN THE BOOKS === #

    def get_reversals(self):
        return self.get_movements().filtered(lambda movement: movement.kind == 'reversal')

    def assert_back(self, order, own=BACK):
        """ Assert that the money went back, once, and left the books. """
        payment, reversal = order.mpesa_transaction_id, self.get_reversals()
        self.assertEqual((order.state, order.reversal_id), ('done', reversal))
        self.assertEqual((reversal.receipt, reversal.direction), (own, 'out'))
        self.assertEqual((reversal.reverses_id, reversal.amount), (payment, payment.amount))
        self.assertTrue(payment.is_returned)
        self.assertFalse(payment.receipt_id or payment.suspense_payment_id)
        self.assertFalse(self.get_receipts())
        self.assert_wallet(0)

    def assert_not_back(self, payment):
        """ Assert that the books hold the payment as before. """
        self.assertFalse(self.get_reversals())
        self.assertFalse(payment.is_returned)
        self.assertEqual(payment.receipt_id.state, 'posted')
        self.assert_wallet(payment.amount)
