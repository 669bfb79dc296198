from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError


ANSWER_WITHIN = timedelta(minutes=5)  # Money may be learnt of some seconds before it is announced.


class PaymentProvider(models.Model):
    """The first payments of the set-up: KES 1 by a prompt, and KES 1 by hand."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    # === ACTION METHODS === #

    def _mpesa_open_payment(self):
        """ See `mpesa.setup.step.action_run`.

        It goes the office's own road, so that what is proven is what is used.

        :raise AccessError: If the user may not send prompts.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._(
                "The first payment is asked for by the bursar's office, and your user is not of"
                " it. Nothing was sent. Take the role Bursar, or do this step together."
            ))
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_prompt_action'),
            'name': self.env._("First payment"),
            'context': {
                'dialog_size': 'medium', 'default_setup_provider_id': self.id,
                'default_note': self.env._("First payment of the set-up"),
            },
        }

    # === BUSINESS METHODS === #

    def _mpesa_judge_payment(self, step, _answer):
        """ See `mpesa.setup.step._judge`. """
        tx = step.payment_transaction_id.sudo()
        state = tx.mpesa_push_state
        if not tx:
            return 'todo', ''
        if state in {'declined', 'expired'}:
            return 'failed', self.env._(
                "%(reason)s. Nothing was booked. Send it again when the phone is at hand.",
                reason=tx._mpesa_say_not_paid(),
            )
        if tx.mpesa_needs_person:
            return 'failed', self.env._(
                "Safaricom does not say whether it was paid, and the phone may show otherwise. Do"
                " not pay again: look at the request, and check the public address."
            )
        if state != 'paid' or tx.mpesa_receipt_id.state != 'posted':
            return 'waiting', self.env._("KES 1 was asked of %(phone)s. Enter the PIN there.",
                                         phone=tx.mpesa_phone_mask)
        if not any(
            callback.endpoint == 'stk' and callback.state in {'done', 'repeat'}
            for callback in tx.mpesa_callback_ids
        ):
            return self._mpesa_judge_unannounced(tx)
        words = [
            self.env._(
                "KES %(amount)s is booked as receipt %(receipt)s of %(student)s. It is real money:"
                " leave it as paid fees, or open the receipt and reverse it with a reason.",
                amount=f'{tx.amount:,.0f}', receipt=tx.mpesa_receipt_id.number,
                student=tx.mpesa_student_id.display_name,
            ),
        ]
        if self.mpesa_environment == 'sandbox':
            words.append(self.env._(
                "In the sandbox no money moves for good, and Safaricom's test phone may never"
                " answer: only production proves that a real phone gets a prompt."
            ))
        return 'proven', ' '.join(words)

    def _mpesa_judge_unannounced(self, tx):
        """ Say how the first payment stands that was booked without the prompt's own result.

        :param payment.transaction tx: The request.
        :return: As `mpesa.setup.step._judge`.
        :rtype: tuple[str, str]
        """
        receipt = tx.mpesa_receipt_id
        if receipt.create_date > fields.Datetime.now() - ANSWER_WITHIN:
            return 'waiting', self.env._(
                "The money is booked as receipt %(receipt)s, and the result of the prompt is still"
                " on its way.", receipt=receipt.number,
            )
        return 'failed', self.env._(
            "The money is booked as receipt %(receipt)s, but it was learnt of in another way: no"
            " result of the prompt was processed here, so other payers would wait. Look whether the"
            " inbox holds one back, check the public address and the firewall, then send KES 1"
            " again.", receipt=receipt.number,
        )

    def _mpesa_judge_paybill(self, _step, _answer):
        """ See `mpesa.setup.step._judge`. """
        movement = self.env['mpesa.transaction'].sudo().search([
            ('provider_id', '=', self.id), ('kind', '=', 'payment'), ('direction', '=', 'in'),
            ('source', '=', 'confirmation'), ('payment_transaction_id', '=', False),
            *self._mpesa_since_announced('first_seen_at'),
        ], limit=1)
        if not movement:
            return 'failed', self.env._(
                "No payment by hand was announced yet. If you have paid, the money is safe at"
                " Safaricom and shows in its statement. Wait a minute; then look whether the"
                " addresses are registered, and registered for this public address."
            )
        seconds = (movement.first_seen_at - movement.paid_at).total_seconds() if (
            movement.paid_at
        ) else 0
        is_known = bool(movement.receipt_id)
        return 'proven', self.env._(
            "A payment of KES %(amount)s was announced %(count)s s after it was made, and is booked"
            " on a student.", amount=f'{movement.amount:,.0f}', count=max(int(seconds), 0),
        ) if is_known else self.env._(
            "A payment of KES %(amount)s was announced %(count)s s after it was made. Nobody knows"
            " whose it is: it waits under Unidentified.",
            amount=f'{movement.amount:,.0f}', count=max(int(seconds), 0),
        )
