# Scheduled actions commit on purpose: the next date is committed before Daraja is asked, so that
# nothing is asked in a loop.
# pylint: disable=invalid-commit
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import const, daraja


THREADS = 2  # Safaricom throttles queries; a few at a time are enough
BATCH = THREADS  # so that a batch never lasts longer than one time-out and Odoo's limit


class PaymentTransaction(models.Model):
    """Chasing: requests whose outcome is not known are asked about, on the design's schedule."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    def _mpesa_get_first_query_at(self):
        """ Return when a prompt just accepted is asked about first.

        :rtype: datetime
        """
        return fields.Datetime.now() + timedelta(seconds=const.CHASE_AGES[0])

    @api.model
    def _cron_chase(self):
        """ Ask Daraja about due requests: claim and commit, call without a cursor, write answers.

        :return: None
        """
        self._mpesa_give_up_silent()
        self._mpesa_hand_over_unknown()
        while batch := self._mpesa_claim_safely('_mpesa_claim_due_queries'):
            calls = [tx._mpesa_prepare_query() for tx in batch]
            self.env.cr.commit()
            with ThreadPoolExecutor(max_workers=THREADS) as pool:
                self._mpesa_write_answers('_mpesa_write_query_answer', {
                    pool.submit(_query, call): tx for tx, call in zip(batch, calls, strict=True)
                })
            remaining = self.search_count(self._mpesa_get_due_query_domain())
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=remaining):
                break

    @api.model
    def _mpesa_hand_over_unknown(self):
        """ Ask a person about requests that Daraja cannot be asked about, after a day.

        It gave them no id, or it said paid and no message with the M-PESA code came. They stay
        as they are, like those that were asked about for a day without an answer.

        :return: None
        """
        unknown = self.search([
            ('mpesa_needs_person', '=', False),
            '|', ('mpesa_push_state', '=', 'receipt_pending'),
            '&', ('mpesa_push_state', '=', 'unknown'), ('mpesa_checkout_index', '=', False),
            ('mpesa_sent_at', '<', fields.Datetime.now() - timedelta(seconds=const.CHASE_AGES[-1])),
        ])
        if unknown:
            unknown.mpesa_needs_person = True
            self.env.cr.commit()

    @api.model
    def _mpesa_get_due_query_domain(self):
        return [('mpesa_next_query_at', '<=', fields.Datetime.now())]

    @api.model
    def _mpesa_claim_due_queries(self):
        """ Take the due requests and set the date of the question after this one.

        :rtype: payment.transaction
        """
        now = fields.Datetime.now()
        due = self.search(
            self._mpesa_get_due_query_domain(), limit=BATCH, order='mpesa_next_query_at',
        ).try_lock_for_update().filtered(
            lambda tx: tx.mpesa_next_query_at and tx.mpesa_next_query_at <= now
        )
        for tx in due:
            tx.mpesa_next_query_at = tx._mpesa_get_next_query_at()
            if not tx.mpesa_next_query_at and (
                tx.mpesa_push_state in const.OPEN_PUSH_STATES or tx._mpesa_awaits_query()
            ):
                # A day without an outcome: it stays as it is, and a person is asked.
                tx.mpesa_needs_person = True
        return due

    def _mpesa_get_next_query_at(self):
        """ Return when Daraja is asked next, by the age of the prompt.

        :return: A moment, or False when it is not asked again.
        :rtype: datetime | bool
        """
        self.ensure_one()
        sent_at = self.mpesa_sent_at or self.create_date
        age = (fields.Datetime.now() - sent_at).total_seconds()
        is_known = self.mpesa_push_state == 'declined' and not self._mpesa_awaits_query()
        ages = const.LATE_AGES if is_known else const.CHASE_AGES
        next_age = next((a for a in ages if a > age), None)
        return next_age is not None and sent_at + timedelta(seconds=next_age)

    def _mpesa_awaits_query(self):
        """ Tell whether a query still has to agree before the payer may try again.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.mpesa_push_state == 'declined' and not self.mpesa_query_confirmed
            and daraja.result_code(self.mpesa_result_code or '').retry == 'after_query'
        )

    def _mpesa_prepare_query(self):
        """ Gather what the question needs, so that it needs no cursor.

        :rtype: dict
        """
        self.ensure_one()
        provider = self.provider_id
        try:
            return {
                'client': provider._mpesa_get_client(provider.mpesa_query_timeout),
                'message': daraja.StkQuery(
                    shortcode=provider.mpesa_shortcode,
                    passkey=provider._mpesa_secret('mpesa_passkey'),
                    checkout_request_id=self._mpesa_get_checkout_request_id(),
                ),
            }
        except (daraja.DarajaError, UserError, ValueError) as error:
            return {'error': error}
        except psycopg2.Error:
            raise  # Nothing more can be written in this transaction.
        except Exception as error:  # noqa: BLE001 - one request must not stop all the others
            return {'error': ValueError(type(error).__name__)}

    def _mpesa_write_query_answer(self, answer):
        """ Record what Daraja said about a prompt. It never takes back a success.

        :param answer: `StkQueryAnswer`, or the exception that came instead.
        :return: None
        """
        self.ensure_one()
        is_answer = isinstance(answer, daraja.StkQueryAnswer)
        self.env['mpesa.exchange']._keep(
            self, 'query', answer.state if is_answer else type(answer).__name__,
            getattr(answer, 'exchange', None),
        )
        if not is_answer or answer.state != 'final':
            return  # No answer, or not yet: that never means that the payment failed.
        outcome = daraja.result_code(answer.result_code)
        if self.mpesa_query_code != '0':
            self.write({
                'mpesa_query_code': outcome.code, 'mpesa_queried_at': fields.Datetime.now(),
            })
        self._mpesa_wake_doubted()
        is_guess = self.mpesa_push_state == 'paid' and not self._mpesa_is_paid_for_certain()
        if is_guess and outcome.outcome == 'declined':
            if not outcome.late_success:
                # The prompt was refused, so the money taken for it was typed by hand.
                self._mpesa_undo_guess()
                self._mpesa_decline(answer.result_code, 'query')
        elif self.mpesa_push_state in {'paid', 'receipt_pending'}:
            if not is_guess or outcome.outcome == 'paid':
                self.mpesa_next_query_at = False
        elif outcome.outcome == 'paid':
            self._mpesa_note_paid_without_code('query')
        elif outcome.outcome == 'declined':
            if self.mpesa_push_state in const.OPEN_PUSH_STATES:
                self._mpesa_decline(answer.result_code, 'query')
            elif self.mpesa_push_state == 'declined':
                self._mpesa_confirm_decline()

    def _mpesa_note_paid_without_code(self, source):
        """ Record that a prompt was paid. The money waits for the message with its M-PESA code.

        :param str source: 'callback' or 'query'.
        :return: None
        """
        self.ensure_one()
        self._mpesa_move_to(
            'receipt_pending', mpesa_result_code='0', mpesa_result_source=source,
            mpesa_was_declined=(
                self.mpesa_was_declined or self.mpesa_push_state in {'declined', 'expired'}
            ),
            mpesa_next_query_at=False, mpesa_needs_person=False,
        )

    def _mpesa_confirm_decline(self):
        """ Record that a query, too, says that nobody paid; early ones were wrong before.

        :return: None
        """
        self.ensure_one()
        proves_from = self.last_state_change + timedelta(seconds=const.CONFIRMING_SECONDS)
        if self._mpesa_awaits_query() and fields.Datetime.now() < proves_from:
            self.mpesa_next_query_at = proves_from
            return
        self.mpesa_query_confirmed = True
        self.mpesa_next_query_at = (
            daraja.result_code(self.mpesa_result_code or '').late_success
            and self._mpesa_get_next_query_at()
        )

    def _mpesa_keep_asking(self):
        """ See to it that Daraja is asked, on schedule, what became of a prompt.

        :return: None
        """
        self.ensure_one()
        if not self.mpesa_next_query_at:
            self.mpesa_next_query_at = self._mpesa_get_first_query_at()

    def _mpesa_ask_now(self):
        """ Ask Daraja at once what became of a prompt, however it stands with us.

        :return: None
        """
        self.ensure_one()
        self.mpesa_next_query_at = fields.Datetime.now()
        self.env.ref('school_mpesa.cron_chase')._trigger()

    def _mpesa_wake_doubted(self):
        """ Let the messages be looked at that waited for what Daraja says of this prompt. """
        doubted = self.env['mpesa.callback'].search([
            ('payment_transaction_id', '=', self.id), ('state', '=', 'new'),
        ])
        if doubted:
            doubted.next_try_at = fields.Datetime.now()
            self.env.ref('school_mpesa.cron_drain')._trigger()

    def _mpesa_decline(self, code, source):
        """ Record that a prompt ended without payment. A success that comes later still wins.

        After a code that has been followed by a late success, a query has to agree, some time
        after the code was first heard of, before the payer may try again (design section 3); and
        Daraja is asked some more after that.

        :param str code: The result code.
        :param str source: 'callback' or 'query'.
        :return: None
        """
        self.ensure_one()
        outcome = daraja.result_code(code)
        self._mpesa_move_to(
            'declined', mpesa_result_code=code, mpesa_result_source=source,
            state_message=outcome.payer_text, mpesa_next_query_at=False, mpesa_needs_person=False,
            mpesa_query_confirmed=source == 'query' and outcome.retry != 'after_query',
        )
        if not self.mpesa_checkout_sealed:
            return
        if self._mpesa_awaits_query():
            self.mpesa_next_query_at = self.last_state_change + timedelta(
                seconds=const.CONFIRMING_SECONDS
            )
        elif outcome.late_success:
            self.mpesa_next_query_at = self._mpesa_get_next_query_at()


def _query(call):
    """ Ask about one prompt; called from a thread, without cursor or environment.

    :param dict call: What `_mpesa_prepare_query` gathered.
    :return: The answer, or the error as a value.
    """
    if 'error' in call:
        return call['error']
    try:
        return call['client'].stk_query(call['message'])
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not lose others' answers
        return error
