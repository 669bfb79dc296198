# Scheduled actions commit on purpose: a claim before anything goes out, an answer as soon as it
# is here.
# pylint: disable=invalid-commit
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment.logging import get_payment_logger

from .. import daraja, vault


_logger = get_payment_logger(__name__)
_random = random.SystemRandom()

THREADS = 4  # prompts sent at the same time; none of them holds a cursor
BATCH = THREADS  # so that a batch never lasts longer than one time-out and Odoo's limit
STALE_SECONDS = 300  # a prompt that waited longer would surprise the payer
PATIENCE_SECONDS = 10  # a repeat that is due sooner is waited for
TRIES = 3  # calls of one prompt, as long as Daraja certainly did not act on the one before
LONGEST_PAUSE = 60  # whatever Daraja asks for: a prompt that comes later would surprise the payer
# What may be gone a moment later. After `sent` "no" the last three come from the token endpoint.
TRANSIENT = (
    daraja.ConnectionFailed, daraja.Busy, daraja.NoAnswer, daraja.ServerFailure,
    daraja.UnreadableAnswer,
)
SILENT_SECONDS = 60  # 'sent' this long without an answer: the sender was killed on the way


class PaymentTransaction(models.Model):
    """The outbox: committed requests are sent to phones, from outside any transaction."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _name = 'payment.transaction'
    _inherit = ['payment.transaction', 'mpesa.outbox.mixin']

    @api.model
    def _cron_send_prompts(self):
        """ Send the queued prompts: claim and commit, call Daraja without a cursor, write answers.

        A request is claimed once. Whatever happens after that, it is never sent again by itself,
        unless Daraja certainly did not act on it.

        :return: None
        """
        self._mpesa_give_up_silent()
        while True:
            batch = self._mpesa_claim_safely('_mpesa_claim_queued')
            if not batch:
                if self._mpesa_wait_for_repeats():
                    continue
                break
            calls = [tx._mpesa_prepare_push() for tx in batch]
            self.env.cr.commit()
            with ThreadPoolExecutor(max_workers=THREADS) as pool:
                self._mpesa_write_answers('_mpesa_write_push_answer', {
                    pool.submit(_push, call): tx for tx, call in zip(batch, calls, strict=True)
                })
            remaining = self.search_count(self._mpesa_get_queued_domain())
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=remaining):
                break

    @api.model
    def _mpesa_wait_for_repeats(self):
        """ Wait for prompts that may be sent again within seconds, with no transaction open.

        Odoo looks at planned wake-ups once a minute only, and a parent is watching the page.

        :return: Whether there is one to send now.
        :rtype: bool
        """
        soonest = self.search(
            [('mpesa_push_state', '=', 'queued'), ('mpesa_next_push_at', '!=', False)],
            order='mpesa_next_push_at', limit=1,
        ).mpesa_next_push_at
        self.env.cr.commit()
        wait = soonest and (soonest - fields.Datetime.now()).total_seconds()
        if soonest is False or wait > PATIENCE_SECONDS:
            return False
        time.sleep(max(wait, 0) + 0.1)
        return True

    @api.model
    def _mpesa_get_queued_domain(self):
        now = fields.Datetime.now()
        return [
            ('mpesa_push_state', '=', 'queued'),
            '|', ('mpesa_next_push_at', '=', False), ('mpesa_next_push_at', '<=', now),
        ]

    @api.model
    def _mpesa_claim_queued(self):
        """ Take prompts from the outbox: single ones before bulk, each by one worker only.

        :rtype: payment.transaction
        """
        while True:
            queued = self.search(
                self._mpesa_get_queued_domain(), limit=BATCH, order='mpesa_is_bulk, id',
            ).try_lock_for_update().filtered(lambda tx: tx.mpesa_push_state == 'queued')
            stale_before = fields.Datetime.now() - timedelta(seconds=STALE_SECONDS)
            # Without the mark, another request may have been sent to the same phone meanwhile.
            stale = queued.filtered(
                lambda tx, before=stale_before: tx.create_date < before or not tx.mpesa_in_flight
            ) | queued._mpesa_filter_untimely()
            if stale:
                stale._mpesa_move_to(
                    'expired', mpesa_result_code='not_sent', mpesa_result_source='school',
                )
            fresh = queued - stale
            if fresh:
                fresh._mpesa_move_to('sent', mpesa_sent_at=fields.Datetime.now())
            if fresh or not stale:
                return fresh
            self.env.cr.commit()  # Behind those that lay too long, others wait.

    @api.model
    def _mpesa_give_up_silent(self):
        """ Call unknown what was being sent when its sender died: never send it again.

        :return: None
        """
        silent = self.search([
            ('mpesa_push_state', '=', 'sent'),
            ('mpesa_sent_at', '<', fields.Datetime.now() - timedelta(seconds=SILENT_SECONDS)),
        ])
        if silent:
            silent._mpesa_move_to('unknown')
            self.env.cr.commit()

    def _mpesa_prepare_push(self):
        """ Gather everything that the call needs, so that it needs no cursor.

        :return: The request's id, the client and the push, or the error that keeps it from going.
        :rtype: dict
        """
        self.ensure_one()
        provider = self.provider_id
        try:
            provider._mpesa_check_callback_base()
        except UserError as error:
            return {'error': UserError(self.env._(
                "%(problem)s No prompt was sent and no money moved.", problem=error,
            ))}
        try:
            token = self.env['mpesa.callback.token']._get(provider, 'stk')
            push = vault.derive_token('push', self.mpesa_salt)
            message = daraja.StkPush(
                shortcode=provider.mpesa_shortcode,
                passkey=provider._mpesa_secret('mpesa_passkey'),
                shortcode_type=provider.mpesa_shortcode_type,
                party_b=provider._mpesa_get_payer_number(),
                amount=self._mpesa_get_amount(),
                phone=self.mpesa_phone,
                callback_url=f'{provider._mpesa_get_callback_base()}/collect/{token}/stk/{push}',
                account_reference=self.mpesa_account_reference,
                description='School fees',
            )
            return {'client': provider._mpesa_get_client(), 'message': message}
        except (daraja.DarajaError, UserError, ValueError) as error:
            return {'error': error}
        except psycopg2.Error:
            raise  # Nothing more can be written in this transaction.
        except Exception as error:  # noqa: BLE001 - one request must not stop all the others
            return {'error': ValueError(type(error).__name__)}

    def _mpesa_write_push_answer(self, answer):
        """ Record the answer to a push.

        :param answer: `StkPushAccepted`, or the exception that came instead.
        :return: None
        """
        self.ensure_one()
        values = {'mpesa_push_tries': self.mpesa_push_tries + 1}
        if isinstance(answer, daraja.StkPushAccepted):
            self._mpesa_keep_push(values, 'accepted', answer.exchange)
            values |= {
                'mpesa_merchant_request_id': answer.merchant_request_id,
                'mpesa_checkout_sealed': vault.seal(
                    self._mpesa_seal_context('checkout'), answer.checkout_request_id
                ),
                'mpesa_checkout_index': vault.blind_index(
                    'checkout', answer.checkout_request_id
                ),
            }
            if self.mpesa_push_state in {'sent', 'unknown'}:
                self._mpesa_move_to(
                    'accepted', **values,
                    mpesa_next_query_at=self._mpesa_get_first_query_at(),
                )
            else:
                self.write(values)  # The callback was quicker: the outcome stands already.
            return
        # An error of our own in the sending thread tells nothing about the prompt.
        is_ours = isinstance(answer, (UserError, ValueError))
        sent = getattr(answer, 'sent', 'no' if is_ours else 'maybe')
        code = getattr(answer, 'code', '') or type(answer).__name__
        _logger.warning(
            "Prompt %s was not accepted: %s", self.reference, type(answer).__name__,
        )
        self._mpesa_keep_push(values, code, getattr(answer, 'exchange', None))
        if self.mpesa_push_state not in {'sent', 'unknown'}:
            self.write(values)
        elif sent != 'no':
            # A prompt may be on the phone. No id came back, so it cannot be queried: the callback
            # at its own address, a confirmation or Pull will tell. Never send it again.
            self._mpesa_move_to('unknown', **values)
        elif self._mpesa_may_push_again(answer):
            next_push_at = fields.Datetime.now() + timedelta(seconds=self._mpesa_get_pause(answer))
            self._mpesa_move_to('queued', **values, mpesa_next_push_at=next_push_at)
            self.env.ref('school_mpesa.cron_send_prompts')._trigger(next_push_at)
        else:
            locked = isinstance(answer, daraja.SubscriberLocked)
            self._mpesa_move_to(
                'declined', **values, mpesa_result_source='answer',
                mpesa_result_code='1001' if locked else 'not_sent',
                mpesa_query_confirmed=True,
                state_message=self._mpesa_explain_refusal(answer),
            )

    def _mpesa_may_push_again(self, error):
        """ Tell whether the same push may be repeated after an error that certainly had no effect.

        :rtype: bool
        """
        self.ensure_one()
        return (
            isinstance(error, TRANSIENT)
            and not isinstance(error, daraja.CertificateRefused)
            and self.mpesa_push_tries + 1 < TRIES
        )

    def _mpesa_get_pause(self, error):
        """ Return how long to wait before the same push is made again.

        A random part on top keeps those that failed together from coming back together.

        :param Exception error: What came instead of an acceptance.
        :return: Seconds.
        :rtype: float
        """
        self.ensure_one()
        asked = min(getattr(error, 'retry_after', None) or 0, LONGEST_PAUSE)
        return max(2 ** self.mpesa_push_tries * 2, asked) * _random.uniform(1, 1.5)

    def _mpesa_keep_push(self, values, outcome, exchange):
        """ Keep the evidence of one push. """
        self.env['mpesa.exchange']._keep(
            self, 'push', outcome, exchange
        )

    def _mpesa_explain_refusal(self, error):
        """ Say in plain words, for the office, why Daraja refused and what to do.

        :param Exception error: What came instead of an acceptance.
        :rtype: str
        """
        self.ensure_one()
        provider = self.provider_id
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, daraja.CredentialsRefused):
            return self.env._(
                "Safaricom did not accept these keys. Check that both come from the same Daraja"
                " app and that the environment matches. No prompt was sent; no money moved."
            )
        if isinstance(error, daraja.WrongPasskey):
            return self.env._(
                "The keys work but the passkey does not match shortcode %(shortcode)s. Copy it"
                " again from Safaricom's go-live e-mail. No prompt was sent; no money moved.",
                shortcode=provider.mpesa_shortcode,
            )
        if isinstance(error, daraja.ProductMissing):
            return self.env._(
                "The Daraja app of these keys lacks M-PESA Express. Add the product on the Daraja"
                " portal. No prompt was sent; no money moved."
            )
        if isinstance(error, daraja.SubscriberLocked):
            return self.env._(
                "Another M-PESA request is open on that phone. Close it, wait a minute and send"
                " again. No money moved."
            )
        if isinstance(error, daraja.MerchantRefused):
            return self.env._(
                "Safaricom does not know shortcode %(shortcode)s for prompts. For a till, enter the"
                " store number given at go-live. No prompt was sent; no money moved.",
                shortcode=provider.mpesa_shortcode,
            )
        if isinstance(error, daraja.LineUnusable):
            return self.env._(
                "M-PESA finds no Safaricom SIM card in use under that number. Ask for another"
                " number. No prompt was sent; no money moved."
            )
        if isinstance(error, TRANSIENT):
            return self.env._(
                "Safaricom could not be reached, or was too busy, %(count)s times. No prompt was"
                " sent; no money moved. Try again in a few minutes.",
                count=self.mpesa_push_tries + 1,
            )
        return self.env._(
            "Safaricom refused the request (%(detail)s). No prompt was sent; no money moved.",
            detail=getattr(error, 'code', '') or type(error).__name__,
        )


def _push(call):
    """ Send one prompt; called from a thread, without cursor or environment.

    :param dict call: What `_mpesa_prepare_push` gathered.
    :return: The acceptance, or the error as a value.
    """
    if 'error' in call:
        return call['error']
    try:
        return call['client'].stk_push(call['message'])
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not lose others' answers
        return error
