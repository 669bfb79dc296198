from datetime import timedelta

from odoo import fields, models


PATIENCE_SECONDS = 60  # until the payment that a reversal is about is looked for again
LONGEST_WAIT_HOURS = 24  # then a person decides


class MpesaStatementLine(models.Model):
    """Reversals that the statement tells of: the money has left, so it leaves the books."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement.line'

    def _book_reversal(self):
        """ Book a reversal as a movement of its own, and take back what it reverses.

        :return: None
        """
        self.ensure_one()
        original = self._find_original()
        if not original and self._is_original_coming():
            self._wait(self.env._(
                "The payment that it reverses is being booked first."
            ), PATIENCE_SECONDS)
            return
        Movement = self.env['mpesa.transaction'].sudo()
        known = Movement._find_reversal(self.environment, self.shortcode, self.receipt)
        if known:  # Safaricom has answered our order meanwhile, and it is booked from that.
            self._join_reversal(known, original)
            return
        left = original and original._get_unreversed_amount()
        is_denied = bool(original) and original.denial_state == 'denied'
        if is_denied:  # It proves that Safaricom knows the payment: a person decides again.
            original.denial_told_at = fields.Datetime.now()
        # While the payment is out of the books, they are not joined: it comes back first.
        is_within = bool(original) and not is_denied and (
            self.currency_id.compare_amounts(self.amount, left) <= 0
        )
        movement = Movement.create({
            **self._prepare_reversal(),
            # Reversals of a payment never make up more than it (trust.md I12).
            'reverses_id': original.id if is_within else False,
        })
        self.mpesa_transaction_id = movement
        is_whole = is_within and self.currency_id.compare_amounts(self.amount, original.amount) == 0
        if not (is_whole and original._take_back(movement, self.day)):
            self._leave_reversal_to_person(movement)
            return
        self.write(self._prepare_booked(False))

    def _join_reversal(self, known, original):
        """ Say that this line tells of a reversal that is in the books by now.

        :param mpesa.transaction known: The reversal.
        :param mpesa.transaction original: The payment that the line says it is about, if any.
        :return: None
        """
        is_same = self.currency_id.compare_amounts(self.amount, known.amount) == 0 and (
            not original or known.reverses_id == original
        )
        known.stated_at = fields.Datetime.now()
        self.write({
            'mpesa_transaction_id': known.id, 'state': 'matched' if is_same else 'different',
            'difference': False if is_same else 'movement', 'problem': False,
            'next_try_at': False,
        })

    def _find_original(self):
        """ Return the payment that this reversal is about.

        :rtype: mpesa.transaction
        """
        self.ensure_one()
        if not self.linked_receipt:
            return self.env['mpesa.transaction'].sudo()
        return self.env['mpesa.transaction'].sudo().search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('receipt', '=', self.linked_receipt), ('kind', '=', 'payment'),
            ('direction', '=', 'in'),
        ], limit=1)

    def _is_original_coming(self):
        """ Tell whether the payment was found by a statement and waits in the inbox.

        :rtype: bool
        """
        self.ensure_one()
        patient_since = fields.Datetime.now() - timedelta(hours=LONGEST_WAIT_HOURS)
        return bool(self.linked_receipt) and bool(self.sudo().search_count([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('receipt', '=', self.linked_receipt),
            ('kind', '=', 'payment'), ('state', '=', 'found'), ('disputed_by_id', '=', False),
            ('mpesa_transaction_id', '=', False), ('create_date', '>', patient_since),
        ], limit=1))

    def _prepare_reversal(self):
        """ Return the values of the movement.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'provider_id': self.provider_id.id,
            'company_id': self.company_id.id,
            'environment': self.environment,
            'shortcode': self.shortcode,
            'receipt': self.receipt,
            'kind': 'reversal',
            'direction': 'out',
            'amount': self.amount,
            'currency_id': self.currency_id.id,
            'paid_at': self.completed_at,
            'account_reference': self.account_reference,
            'payer_mask': self.payer_mask,
            'source': 'statement',
            'stated_at': fields.Datetime.now(),
        }

    def _leave_reversal_to_person(self, movement):
        """ Take money that has left out of the wallet, and ask a person on whose account it goes.

        :param mpesa.transaction movement: The reversal.
        :return: None
        """
        self.ensure_one()
        move = self._post_entries([(self, self.company_id._get_unidentified_account())])
        self.write(self._prepare_booked(move))
        movement.reversal_state = 'person'
