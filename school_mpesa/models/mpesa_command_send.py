# Scheduled actions commit on purpose: a claim before anything goes out, an answer as soon as it
# is here.
# pylint: disable=invalid-commit
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.payment.logging import get_payment_logger

from .. import const, daraja
from .mpesa_command_claim import THREADS
from .payment_transaction_push import SILENT_SECONDS, TRANSIENT


_logger = get_payment_logger(__name__)

TRIES = 3  # calls of one question, or of one page, before it is given up
PAUSE_SECONDS = 20


class NotPrepared(Exception):
    """A question that could not be put together, so that nothing was called.

    :ivar Exception error: Why not.
    """

    sent = 'no'

    def __init__(self, error):
        super().__init__()
        self.error = error
        self.code = getattr(error, 'code', '') or type(error).__name__


class MpesaCommand(models.Model):
    """The outbox of questions: committed rows are sent from outside any transaction."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    @api.model
    def _cron_send_commands(self):
        """ Send the queued questions: claim and commit, call without a cursor, write answers.

        A Pull goes page by page: each page is a claim, a call and an answer of its own, so that a
        worker that dies loses none.

        :return: None
        """
        self._give_up_silent()
        while True:
            self._tell_refusals()
            batch = self._mpesa_claim_safely('_claim_queued')
            if not batch:
                break
            calls = [command._prepare() for command in batch]
            self.env.cr.commit()
            with ThreadPoolExecutor(max_workers=THREADS) as pool:
                self._mpesa_write_answers('_write_answer', {
                    pool.submit(_call, call): command
                    for command, call in zip(batch, calls, strict=True)
                })
            # Those that wait for an answer to another are woken by it.
            remaining = len(self._choose_queued())
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=remaining):
                break

    @api.model
    def _tell_refusals(self):
        """ Tell the administrators of refused initiators; a message that fails stops no question.

        :return: None
        """
        try:
            with self.env.cr.savepoint():
                told = self.env['payment.provider']._mpesa_tell_refusals()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
        except Exception as error:  # noqa: BLE001 - it is told again at the next run
            _logger.warning("Nobody was told of a refused initiator: %s", type(error).__name__)
        else:
            if told:
                self.env.cr.commit()

    @api.model
    def _give_up_silent(self):
        """ Say of questions without an answer that none came: a person may ask again.

        A page that was being fetched when its worker died is fetched again: that moves no money.
        Another question may have reached Safaricom, and its result still counts.

        :return: None
        """
        now = fields.Datetime.now()
        silent = now - timedelta(seconds=SILENT_SECONDS + const.LONGEST_CALL_SECONDS)
        asked = [('state', '=', 'sent'), ('sent_at', '<', silent)]
        pulls = self.search([('kind', '=', 'pull'), *asked])
        pulls.write({'state': 'queued'})
        patience = now - timedelta(seconds=const.STATUS_PATIENCE_SECONDS)
        unanswered = self.search([('kind', 'in', self._get_result_kinds()), *asked])
        unanswered = unanswered.filtered(
            lambda c: not c.conversation_id or c.sent_at < patience
        )
        if unanswered:
            unanswered._fail('silent', state='unknown')
            unanswered._fail_waiting()
        if pulls or unanswered:
            self.env.cr.commit()
        if unanswered:
            # Those that waited for one of these to be answered go out now.
            self._wake_waiting()

    def _fail_waiting(self):
        """ Fail what waits for the same initiator, when Safaricom has never answered it.

        Called when no answer came to these questions. Each of the others would be waited for just
        as long; and it may be a wrong password, of which three lock the initiator.

        :return: None
        """
        providers = self.provider_id.filtered(lambda p: not p.mpesa_initiator_proven)
        self.search([
            ('kind', 'in', self._get_result_kinds()), ('state', '=', 'queued'),
            ('provider_id', 'in', providers.ids),
        ])._fail('not_sent', problem=self.env._(
            "No answer came to the question before it, and Safaricom has never answered this"
            " initiator. Ask again; if no answer comes then, tell the administrator."
        ))

    def _prepare(self):
        """ Gather everything that the call needs, so that it needs no cursor.

        :return: The client's method and what it takes, or the error that keeps it from going.
        :rtype: dict
        """
        self.ensure_one()
        try:
            return getattr(self, f'_prepare_{self.kind}')()
        except (daraja.DarajaError, UserError, ValueError) as error:
            return {'error': NotPrepared(error)}
        except psycopg2.Error:
            raise  # Nothing more can be written in this transaction.
        except Exception as error:  # noqa: BLE001 - one question must not stop all the others
            return {'error': NotPrepared(ValueError(type(error).__name__))}

    def _prepare_status(self):
        """ Gather what a question about one payment needs.

        :rtype: dict
        :raise UserError: If it must not be asked.
        """
        provider = self.provider_id
        if problem := provider._mpesa_find_status_problem():
            raise UserError(problem)
        return {
            'ask': provider._mpesa_get_client().transaction_status,
            'message': daraja.StatusQuery(
                provider._mpesa_get_initiator(), provider.mpesa_shortcode,
                remarks='School fees', **self._get_status_subject(),
                **self._get_result_addresses(),
            ),
        }

    def _get_status_subject(self):
        """ Return what the question is about, as `daraja.StatusQuery` takes it.

        :rtype: dict[str, str]
        """
        return {'receipt': self.receipt}

    def _get_result_addresses(self):
        """ Return where Safaricom is to post the answer.

        :rtype: dict[str, str]
        :raise UserError: If there is no address that it would take.
        """
        provider = self.provider_id
        provider._mpesa_check_callback_base()
        token = self.env['mpesa.callback.token']._get(provider, 'result')
        address = f'{provider._mpesa_get_callback_base()}/collect/{token}'
        return {'result_url': f'{address}/result', 'timeout_url': f'{address}/timeout'}

    def _write_answer(self, answer):
        """ Record what came back at once.

        :param answer: `Acknowledgement`, `PullPage`, or the exception that came instead.
        :return: None
        """
        self.ensure_one()
        outcome = getattr(answer, 'code', '') or type(answer).__name__
        self.env['mpesa.exchange']._keep(
            self, self.kind, 'answered' if not isinstance(answer, Exception) else outcome,
            getattr(answer, 'exchange', None),
        )
        if self.state != 'sent':
            return  # Given up meanwhile.
        if isinstance(answer, daraja.Acknowledgement):
            self._take_acknowledgement(answer)
        elif isinstance(answer, daraja.PullPage):
            self._take_page(answer)
        else:
            self._take_error(answer)

    def _take_acknowledgement(self, answer):
        """ Keep by which names the result will come, and look at one that was quicker.

        :param daraja.Acknowledgement answer: The immediate answer.
        :return: None
        """
        self.write({
            'conversation_id': answer.conversation_id,
            'originator_conversation_id': answer.originator_conversation_id,
        })
        self._wake_early_results()

    def _wake_early_results(self):
        """ Let the results be looked at that came before the names of their questions. """
        early = self.env['mpesa.callback'].search([
            ('provider_id', '=', self.provider_id.id), ('endpoint', 'in', ('result', 'timeout')),
            ('state', '=', 'new'), ('next_try_at', '!=', False),
        ])
        if early:
            early.write({'next_try_at': fields.Datetime.now()})
            self.env.ref('school_mpesa.cron_drain')._trigger()

    def _take_error(self, error):
        """ Record that the call failed: again in a while, or given up, or nobody knows.

        :param Exception error: What came instead of an answer.
        :return: None
        """
        # Whatever else came out of the call, only Daraja's own errors know that nothing was sent.
        sent = getattr(error, 'sent', 'maybe')
        if isinstance(error, NotPrepared):
            error = error.error
        _logger.info("Question %s was not answered: %s", self.id, type(error).__name__)
        tries = self.tries + 1
        if (
            isinstance(error, TRANSIENT) and not isinstance(error, daraja.CertificateRefused)
            and self._may_call_again(sent) and tries < TRIES
        ):
            next_try_at = fields.Datetime.now() + timedelta(seconds=max(
                PAUSE_SECONDS * tries, getattr(error, 'retry_after', None) or 0,
            ))
            self.write({'state': 'queued', 'tries': tries, 'next_try_at': next_try_at})
            self.env.ref('school_mpesa.cron_commands')._trigger(next_try_at)
        elif sent != 'no' and self.kind != 'pull':
            self._fail('silent', state='unknown', tries=tries)
            self._fail_waiting()
            self._wake_early_results()
        else:
            self._fail('not_sent', tries=tries, problem=self._explain_error(error))

    def _may_call_again(self, sent):
        """ Tell whether the call may be repeated by itself.

        Asking for a list again is harmless. Another question would be answered twice.

        :param str sent: Whether Safaricom may have it: 'no' or 'maybe'.
        :rtype: bool
        """
        return sent == 'no' or self.kind == 'pull'

    def _explain_error(self, error):
        """ Say in plain words why a question could not be asked.

        :param Exception error: What happened.
        :rtype: str
        """
        provider = self.provider_id
        if isinstance(error, daraja.ProductMissing):
            return (
                self.env._("The Daraja app of these keys lacks Pull Transactions. Ask Safaricom to"
                           " add it.")
                if self.kind == 'pull' else
                self.env._("The Daraja app of these keys lacks Transaction Status. Add the product"
                           " on the Daraja portal.")
            )
        if isinstance(error, daraja.BadRequest) and self.kind == 'pull':
            return self.env._(
                "Safaricom does not offer Pull for shortcode %(shortcode)s: register it for Pull"
                " first.", shortcode=self.shortcode,
            )
        if isinstance(error, daraja.InvalidRequest):
            return self.env._(
                "The initiator's name, password or certificate cannot be used. The M-PESA"
                " shortcode says what is missing."
            )
        return provider._mpesa_explain_check(error)

    @api.model
    def _wake_waiting(self):
        """ Let the scheduled action run when questions wait. """
        if self.search_count([('state', '=', 'queued')], limit=1):
            self.env.ref('school_mpesa.cron_commands')._trigger()


def _call(call):
    """ Ask; called from a thread, without cursor or environment.

    :param dict call: What `_prepare` gathered.
    :return: The answer, or the error as a value.
    """
    if 'error' in call:
        return call['error']
    try:
        return call['ask'](call['message'])
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not lose others' answers
        return error
