# Scheduled actions commit on purpose: people are told after the money's own commit, and once.
# pylint: disable=invalid-commit
from collections import defaultdict

from markupsafe import Markup

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from odoo.addons.payment.logging import get_payment_logger


_logger = get_payment_logger(__name__)

BATCH = 100
TRIES = 3  # a request may move meanwhile; on a new snapshot the same succeeds


class PaymentTransaction(models.Model):
    """Telling people what became of a request: after the money's commit, never inside it."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    @api.model
    def _mpesa_tell(self):
        """ Write the outcomes that nobody was told of into the chatter, and commit.

        A failure here is logged and tried again later; no payment ever fails for it.

        :return: None
        """
        untold = self.search([('mpesa_untold', '=', True)], limit=BATCH)
        if not untold:
            return
        if not untold._mpesa_try_to_tell():
            for tx in untold:  # One that cannot be told must not silence the others.
                tx._mpesa_try_to_tell()

    def _mpesa_try_to_tell(self):
        """ Tell of these requests and commit, or leave everything as it was.

        :return: Whether it worked.
        :rtype: bool
        """
        for left in reversed(range(TRIES)):
            try:
                with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                    self._mpesa_write_outcomes()
                self.env.cr.commit()
            except Exception as error:  # noqa: BLE001 - telling must never stand in money's way
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
                if not isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) or not left:
                    _logger.warning("Outcomes were not told: %s", type(error).__name__)
                    return False
            else:
                return True
        return False

    def _mpesa_write_outcomes(self):
        """ Write the outcomes of those whom nobody was told of into the chatter. """
        untold = self.filtered('mpesa_untold')  # Read anew: another drain may have told of some.
        notes = defaultdict(Markup)
        for tx in untold:
            for record in (*tx._mpesa_get_students(), *tx.invoice_ids):
                notes[record] += tx._mpesa_get_outcome_note(record)
        for model in ('school.student', 'account.move'):
            bodies = {r.id: note for r, note in notes.items() if r._name == model}
            if bodies:
                self.env[model].browse(bodies)._message_log_batch(bodies=bodies)
        for tx in untold:
            tx._mpesa_notify_screens()
        untold.mpesa_untold = False

    def _mpesa_get_outcome_note(self, record):
        """ Say in one line who asked, for how much, and what happened; the phone stays masked.

        :param record: The student or bill that the note is on.
        :rtype: Markup
        """
        self.ensure_one()
        outcome = {
            'paid': self.env._("paid, M-PESA code %(code)s", code=self.mpesa_receipt_number),
            'receipt_pending': self.env._("paid; the M-PESA code is still to come"),
            'declined': self.env._(
                "not paid: %(reason)s",
                reason=(self.state_message or self.mpesa_result_code or '').rstrip('.'),
            ),
            'expired': self.env._("not sent in time; no money moved"),
        }.get(self.mpesa_push_state, '')
        return Markup('<p>%s</p>') % self.env._(
            "%(link)s: KES %(amount)s asked of %(phone)s by %(who)s: %(outcome)s.",
            link=self._get_html_link(), amount=self._mpesa_say_amount(record),
            phone=self.mpesa_phone_mask, outcome=outcome,
            who=self.mpesa_initiator_id.name or self.env._("the payer"),
        )

    def _mpesa_notify_screens(self):
        """ Let the clerk who asked see the outcome without reloading. """
        self.ensure_one()
        if self.mpesa_initiator_id:
            self.mpesa_initiator_id._bus_send('school_mpesa/request', {'id': self.id})
