# A scheduled action commits on purpose: each prompt is a transaction of its own.
# pylint: disable=invalid-commit
import time
from datetime import timedelta
from decimal import Decimal

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError

from odoo.addons.payment.logging import get_payment_logger

from .. import vault
from .mpesa_prompt_bulk_result import SYSTEM_CODES
from .request_error import MpesaRequestError


_logger = get_payment_logger(__name__)

MINUTE = timedelta(seconds=60)
PATIENCE_SECONDS = 10  # The scheduler comes about once a minute: what is due so soon is waited for.
FAILURES = 5  # in a row at Safaricom: something is wrong, and the next family's would fail too
# Why the request of one phone cannot be made, by the field that the refusal is about.
# How often a prompt that our own server let lie is made anew, and for how long.
MOST_TRIES, ANEW_FOR = 3, timedelta(days=1)
REASON_OF_FIELD = {'phone': 'lately', 'link': 'open', 'amount': 'little'}


class MpesaPromptBulk(models.Model):
    """Letting the prompts go: at the school's pace, by day, and each one once.

    A prompt is released by one transaction, which makes the payment request and notes it on the
    line: a scheduled action that is killed has either done both or neither. All that follows is the
    outbox's, which sends what a clerk or a parent asks for first.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.prompt.bulk'

    @api.model
    def _cron_release(self):
        """ Release the next prompts of the runs under way, the oldest run first.

        :return: None
        """
        self._take_up_late()
        running = self.search([('state', '=', 'running')], order='started_at, id')
        released = sum(run._release() for run in running)
        # What is left waits for its minute, not for the next turn of the scheduler.
        self.env['ir.cron']._commit_progress(released, remaining=0)

    @api.model
    def _take_up_late(self):
        """ Let those wait again whose prompt our own server did not send in time.

        It was down, other prompts were before them, or the day's hours ended: no phone rang.

        :return: None
        """
        late = self.env['mpesa.prompt.bulk.line'].search([
            ('state', '=', 'asked'), ('run_id.state', 'in', ('running', 'done')),
            ('released_at', '>', fields.Datetime.now() - ANEW_FOR), ('tries', '<', MOST_TRIES),
            ('transaction_id.mpesa_result_code', '=', 'not_sent'),
            ('transaction_id.mpesa_result_source', '=', 'school'),
        ])
        for run, lines in late.grouped('run_id').items():
            run._put_back(lines.transaction_id)
            run.state = 'running'

    def _release(self):
        """ Release as many prompts as the pace allows now.

        Note: `self.ensure_one()`

        :return: How many lines were dealt with.
        :rtype: int
        """
        self.ensure_one()
        opens_at = self.company_id._get_mpesa_prompt_opening(fields.Datetime.now())
        if opens_at:
            self._wake(opens_at)
            return 0
        problem = self._find_failure()
        if problem:
            self._stop(problem)
            self.env.cr.commit()
            return 0
        done = 0
        for _turn in range(self._wait_for_room()):
            line = self._release_safely()
            self.env.cr.commit()
            self.env.invalidate_all()
            if not line:
                break
            done += 1
        if self.state == 'running':
            if self.env['mpesa.prompt.bulk.line'].search_count([
                ('run_id', '=', self.id), ('state', '=', 'waiting'),
            ], limit=1):
                self._wake(self._get_room()[1] or fields.Datetime.now() + MINUTE)
            else:
                self.state = 'done'
            self.env.cr.commit()
        return done

    # === BUSINESS METHODS - PACE === #

    def _wait_for_room(self):
        """ Return how many prompts may go out now; wait for it, if it is a matter of seconds.

        :rtype: int
        """
        room, frees_at = self._get_room()
        wait = frees_at and (frees_at - fields.Datetime.now()).total_seconds()
        if room or not frees_at or wait > PATIENCE_SECONDS:
            return room
        self.env.cr.commit()  # No transaction is open meanwhile.
        time.sleep(max(wait, 0) + 0.1)
        self.env.invalidate_all()
        return self._get_room()[0]

    def _get_room(self):
        """ Return how many prompts may go out now, over all runs of the shortcode.

        :return: How many, and when there is room again, as far as that is known.
        :rtype: tuple[int, datetime | None]
        """
        provider_sudo = self._get_provider_sudo()
        recent = self.env['mpesa.prompt.bulk.line'].search([
            ('provider_id', '=', provider_sudo.id), ('state', '=', 'asked'),
            ('released_at', '>', fields.Datetime.now() - MINUTE),
        ], order='released_at')
        # While Safaricom does not take them, no more are laid on the pile.
        queued = self.env['payment.transaction'].search_count([
            ('mpesa_push_state', '=', 'queued'), ('mpesa_is_bulk', '=', True),
            ('provider_id', '=', provider_sudo.id),
        ])
        room = max(self.company_id.mpesa_prompt_bulk_pace - max(len(recent), queued), 0)
        return room, recent[0].released_at + MINUTE if recent else None

    def _find_failure(self):
        """ Return in words why Safaricom fails, once it did so several times in a row.

        :return: '' as long as it does not.
        :rtype: str
        """
        last = self.env['mpesa.prompt.bulk.line'].search([
            ('run_id', '=', self.id), ('state', '=', 'asked'),
            ('released_at', '>=', self.resumed_at),
            ('transaction_id.mpesa_push_state', 'not in', ('queued', 'sent')),
            # What our own server did not send says nothing of Safaricom.
            '|', ('transaction_id.mpesa_result_source', '=', False),
            ('transaction_id.mpesa_result_source', '!=', 'school'),
        ], order='released_at desc, id desc', limit=FAILURES).transaction_id
        if len(last) < FAILURES or not all(
            tx.mpesa_push_state == 'unknown' or tx.mpesa_result_code in SYSTEM_CODES
            for tx in last
        ):
            return ''
        return self.env._(
            "Safaricom failed %(count)s times in a row: %(reason)s", count=FAILURES,
            reason=last[0].state_message or last[0].mpesa_outcome,
        )

    # === BUSINESS METHODS - ONE PROMPT === #

    def _release_safely(self):
        """ Release the next prompt, again on a new snapshot when something moved meanwhile.

        :return: The line that was dealt with; none when there is none, or it has to wait.
        :rtype: mpesa.prompt.bulk.line
        """
        try:
            return self._mpesa_claim_safely('_release_next')
        except ConcurrencyError:  # A parent asked for the same phone just now.
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            return self.line_ids.browse()

    def _release_next(self):
        """ Make the payment request of the next line, or note why there is none.

        :return: The line.
        :rtype: mpesa.prompt.bulk.line
        """
        self.ensure_one()
        Line = self.env['mpesa.prompt.bulk.line']
        if self.state != 'running':
            return Line
        line = Line.search([('run_id', '=', self.id), ('state', '=', 'waiting')], limit=1)
        if not line:
            return line
        # Stop writes the same row: of the two, the later one starts again and sees the other.
        self.released_at = fields.Datetime.now()
        self.flush_recordset(['released_at'])
        try:
            with self.env.cr.savepoint():
                line.reason = self._ask(line)
        except MpesaRequestError as error:
            self.env.invalidate_all(flush=False)
            if error.field == 'provider':
                self._stop(str(error))
                return Line
            is_out = error.tx and error.tx.mpesa_in_flight
            line.reason = 'in_flight' if is_out else REASON_OF_FIELD.get(error.field, 'refused')
        except (psycopg2.Error, ConcurrencyError):
            raise
        except vault.VaultError as error:  # Of this server, so of every family.
            self.env.invalidate_all(flush=False)
            self._stop(str(error))
            return Line
        except Exception as error:  # noqa: BLE001 - one odd family must not hold up all others
            self.env.invalidate_all(flush=False)
            _logger.warning("A phone of run %s was not asked: %s", self.id, type(error).__name__)
            line.reason = 'refused'
        line.state = 'left' if line.reason else 'asked'
        return line

    def _ask(self, line):
        """ Make the payment request of a line, by what is owed now and by the phone of now.

        :param mpesa.prompt.bulk.line line: The line.
        :return: Why there is none; False when there is one.
        :rtype: str | bool
        :raise MpesaRequestError: If there cannot be one.
        """
        proposals = self._judge(line.student_ids)
        proposal = next((one for one in proposals if one.index == line.phone_index), None)
        if not proposal:
            return proposals[0].reason or 'changed'
        if proposal.reason:
            return proposal.reason
        amount = min(proposal.asked, Decimal(str(line.asked)))
        shares = self.env['school.receipt']._propose_whole_shares(
            proposal.students, amount,
        ) if len(proposal.students) > 1 else {proposal.students: int(amount)}
        provider = self._get_provider_sudo()
        tx = self.env['payment.transaction']._mpesa_ask(
            provider=provider, student=next(iter(shares)), amount=int(amount),
            phone=proposal.number.e164, channel='stk_push', initiator=self.started_by_id,
            note=self.note, intent=f'bulk-{line.id}-{line.tries}', is_bulk=True,
            shares=list(shares.items()) if len(shares) > 1 else None,
        )
        tx._mpesa_tell_asked(self.started_by_id)
        line.write({
            'transaction_id': tx.id, 'provider_id': provider.id, 'asked': float(amount),
            'released_at': self.released_at,
        })
        return False

    # === BUSINESS METHODS - STOPPING === #

    def _stop(self, reason, user=None):
        """ Send nothing further, and take back what has not left yet.

        Note: `self.ensure_one()`

        :param str reason: Why, in words.
        :param res.users user: Who stopped it; none: the system did.
        :return: None
        """
        self.ensure_one()
        self.write({
            'state': 'stopped', 'stop_reason': reason, 'stopped_at': fields.Datetime.now(),
            'stopped_by_id': user.id if user else False,
        })
        self.flush_recordset(['state'])
        queued = self.line_ids.transaction_id.filtered(
            lambda tx: tx.mpesa_push_state == 'queued'
        ).try_lock_for_update()
        queued._mpesa_move_to(
            'expired', mpesa_result_code='not_sent', mpesa_result_source='school',
        )
        self._put_back(queued)

    def _take_back_unsent(self):
        """ Let those wait again whose prompt certainly never went out.

        Note: `self.ensure_one()`

        :return: None
        """
        self._put_back(self.line_ids.transaction_id._mpesa_filter_unsent())

    def _put_back(self, transactions):
        """ Let the lines of requests that never went out wait for another one.

        :param payment.transaction transactions: The requests.
        :return: None
        """
        for line in self.line_ids.filtered(lambda one: one.transaction_id in transactions):
            line.write({
                'state': 'waiting', 'transaction_id': False, 'released_at': False,
                'tries': line.tries + 1,
            })
