from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.payment.logging import get_payment_logger

from .. import const, daraja, vault


_logger = get_payment_logger(__name__)

PAUSE = timedelta(minutes=5)  # Who tries again at once is told of the last try only.
SERIES = timedelta(minutes=30)  # Tries within it are told of once.
STALE = timedelta(hours=6)  # A failure of which nobody heard for so long is no news any more.
BATCH = 20  # In one transaction: money that comes late must not wait for long.


class PaymentTransaction(models.Model):
    """Telling the payer by SMS that a prompt brought no money, where the school wants that.

    Only what is final is told, some minutes later, and only when nothing has happened since: a
    parent who sees the page tries again by oneself.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_sms_at = fields.Datetime(
        readonly=True, copy=False,
        help="When it is decided whether the payer is told by SMS that nothing was paid.",
    )

    _mpesa_sms_idx = models.Index("(mpesa_sms_at) WHERE mpesa_sms_at IS NOT NULL")

    # === BUSINESS METHODS === #

    def _mpesa_write_outcomes(self):
        """ Override of `school_mpesa` to plan a message about those that ended without payment. """
        untold = self.filtered('mpesa_untold')
        result = super()._mpesa_write_outcomes()
        untold.filtered(lambda tx: (
            tx.mpesa_push_state == 'declined' and tx._mpesa_tells_failure()
        ))._mpesa_plan_failure_message()
        return result

    def _mpesa_tells_failure(self):
        """ Tell whether the school of the child tells of prompts that brought no money.

        A shortcode also serves the branches of its school, and each decides by itself.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        school = self.mpesa_student_id.company_id
        return bool(school and school._tells_failed_attempts())

    def _mpesa_plan_failure_message(self):
        """ Look at these requests again after a while, and tell of those that are still unpaid.

        :return: None
        """
        if self:
            self.mpesa_sms_at = fields.Datetime.now() + PAUSE
            self.env['school.message'].sudo()._wake(self[:1].mpesa_sms_at)

    @api.model
    def _mpesa_tell_failures(self):
        """ Make the messages about prompts that ended without payment, where they are due.

        :return: None
        """
        due = self.search(
            [('mpesa_sms_at', '<=', fields.Datetime.now())], limit=BATCH, order='mpesa_sms_at, id',
        ).try_lock_for_update().filtered('mpesa_sms_at')
        for tx in due:
            try:
                with self.env.cr.savepoint():
                    tx._mpesa_tell_failure()
            except Exception as error:  # noqa: BLE001 - the payer's page has told it already
                self.env.invalidate_all(flush=False)
                _logger.warning(
                    "The payer of %s was not told: %s", tx.reference, type(error).__name__,
                )
                tx.mpesa_sms_at = False
        if len(due) == BATCH:
            self.env['school.message'].sudo()._wake()

    def _mpesa_tell_failure(self):
        """ Make the message about one prompt, or wait until a query has agreed.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        may_be_paid = self._mpesa_may_be_paid_late() or self._mpesa_has_unread_money()
        if may_be_paid and not self._mpesa_is_stale():
            self._mpesa_plan_failure_message()
            return
        self.mpesa_sms_at = False
        guardian = self._mpesa_find_prompted_guardian()
        if not guardian or not self._mpesa_is_failure_to_tell() or self._mpesa_was_told(guardian):
            return
        Message_sudo = self.env['school.message'].sudo()
        Message_sudo._ask([{
            'kind': 'failed_attempt', 'student_id': self.mpesa_student_id.id,
            'partner_id': guardian.id, 'company_id': self.mpesa_student_id.company_id.id,
            'day': Message_sudo._get_today(), 'payment_transaction_id': self.id,
        }])

    def _mpesa_was_told(self, guardian):
        """ Tell whether a guardian, or the phone, has just been told of another try.

        A message that did not go out, or will not, has told nobody.

        Note: `self.ensure_one()`

        :param res.partner guardian: The guardian.
        :rtype: bool
        """
        self.ensure_one()
        recent_sudo = self.env['school.message'].sudo().search([
            ('kind', '=', 'failed_attempt'),
            ('create_date', '>', fields.Datetime.now() - SERIES),
            ('state', 'not in', ('failed', 'cancelled')),
            '|', ('partner_id', '=', guardian.id),
            ('payment_transaction_id.mpesa_phone_index', '=', self.mpesa_phone_index),
        ])
        return any(
            message_sudo.state not in {'waiting', 'retry'} or message_sudo._is_still_wanted()
            for message_sudo in recent_sudo
        )

    def _mpesa_may_be_paid_late(self):
        """ Tell whether money may still come by the outcome, since no query has agreed with it.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        outcome = daraja.result_code(self.mpesa_result_code or '')
        return (
            self.mpesa_push_state == 'declined' and not self.mpesa_query_confirmed
            and (outcome.late_success or outcome.retry == 'after_query')
        )

    def _mpesa_is_stale(self):
        """ Tell whether the outcome is too old to be told.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return self.last_state_change < fields.Datetime.now() - STALE

    def _mpesa_is_failure_to_tell(self):
        """ Tell whether the payer is to hear that this prompt brought no money.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return bool(
            self.mpesa_push_state == 'declined'
            and self._mpesa_tells_failure()
            # What Safaricom refused at once was on no phone: the page or the clerk's screen says
            # so, and often it is the office that has to do something.
            and self.mpesa_result_source != 'answer'
            and self._mpesa_get_failure_reason()
            and not self._mpesa_may_be_paid_late()
            and not self._mpesa_is_stale()
            and not self._mpesa_is_followed()
            and not self._mpesa_has_unread_money()
            and not self._mpesa_may_have_paid_by_hand()
        )

    def _mpesa_find_prompted_guardian(self):
        """ Return the guardian whose phone was prompted, if messages may go to that person.

        A number that stands in nobody's record gets none: it may have been typed wrongly, and a
        message names the child.

        Note: `self.ensure_one()`

        :return: In sudo mode.
        :rtype: res.partner
        """
        self.ensure_one()
        return self.mpesa_student_id._get_message_guardians().filtered(
            lambda guardian: self.mpesa_phone_index in {
                vault.blind_index('phone', number.removeprefix('+'))
                for number in guardian._get_school_phones()
            }
        )[:1]

    def _mpesa_get_failure_reason(self):
        """ Return in few words why a prompt brought no money.

        Note: `self.ensure_one()`

        :return: '' where nothing is told: the office has to do something, or another try must fail
                 too, or (17: the same amount twice) the payer may have paid.
        :rtype: str
        """
        self.ensure_one()
        wrong_pin = self.env._("wrong PIN")
        too_late = self.env._("not confirmed in time")
        not_reached = self.env._("phone not reached or no PIN entered")
        return {
            '1': self.env._("not enough money in M-PESA"),
            '1032': self.env._("cancelled on the phone"),
            '2001': wrong_pin, '2008': wrong_pin, 'TP40087': wrong_pin,
            '1019': too_late, '1031': too_late, '2026': too_late,
            '1036': not_reached, '1037': not_reached,
            '26': self.env._("M-PESA was busy"),
            '1001': self.env._("another M-PESA request was open"),
        }.get(self.mpesa_result_code, '')

    def _mpesa_is_surely_untaken(self):
        """ Tell whether M-PESA certainly took no money: nothing else may be said for certain.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return self.mpesa_result_code in const.UNTAKEN_CODES
