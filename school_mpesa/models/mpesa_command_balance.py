from datetime import timedelta

from psycopg2 import errors as pg_errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import mute_logger

from .. import const, daraja
from .mpesa_command import OPEN_STATES
from .mpesa_command_reversal import ROLE_FAULTS


class MpesaCommand(models.Model):
    """Asking what is in the accounts of a shortcode, and what comes of the answer."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    kind = fields.Selection(
        selection_add=[('balance', "Account balance")], ondelete={'balance': 'cascade'},
    )
    finding = fields.Selection(selection_add=[('balance', "Balance told")])
    balance_ids = fields.One2many(
        string="Balance", comodel_name='mpesa.balance', inverse_name='command_id', readonly=True,
    )

    _open_balance_uniq = models.UniqueIndex(
        "(provider_id) WHERE kind = 'balance' AND state IN ('queued', 'sent')",
        "Safaricom is being asked for this balance already.",
    )

    # === COMPUTE METHODS === #

    def _compute_subject(self):
        """ Override of `school_mpesa` to name the shortcode. """
        res = super()._compute_subject()
        for command in self.filtered(lambda c: c.kind == 'balance'):
            command.subject = command.shortcode
        return res

    # === BUSINESS METHODS === #

    @api.model
    def _get_result_kinds(self):
        """ Override of `school_mpesa` to add the balance. """
        return [*super()._get_result_kinds(), 'balance']

    @api.model
    def _queue_balance(self, provider, uid=None):
        """ Put the question for a balance into the outbox, unless one is open or just answered.

        :param payment.provider provider: The shortcode.
        :param int uid: Who asks, None for the system.
        :return: The question, in sudo mode.
        :rtype: mpesa.command
        """
        provider = provider.sudo()
        fresh = fields.Datetime.now() - timedelta(seconds=const.STATUS_FRESH_SECONDS)
        known = self.sudo().search([
            ('provider_id', '=', provider.id), ('kind', '=', 'balance'),
            ('environment', '=', provider.mpesa_environment),
            '|', ('state', 'in', OPEN_STATES),
            '&', ('state', '=', 'done'), ('answered_at', '>', fresh),
        ], limit=1)
        if known:
            return known
        try:
            # The log would quote the row of what is no error: two people ask at once.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                return self._queue(provider, 'balance', asked_by_id=uid)
        except pg_errors.UniqueViolation as error:
            message = "A parallel question was quicker."
            raise ConcurrencyError(message) from error

    def _prepare_balance(self):
        """ Gather what the question needs.

        :rtype: dict
        :raise UserError: If it must not be asked.
        """
        provider = self.provider_id
        # Where nobody asked, nobody is there to see that the role is still missing.
        if problem := provider._mpesa_find_balance_problem(by_itself=not self.asked_by_id):
            raise UserError(problem)
        return {
            'ask': provider._mpesa_get_client().account_balance,
            'message': daraja.BalanceQuery(
                provider._mpesa_get_initiator(), provider.mpesa_shortcode, remarks='School fees',
                **self._get_result_addresses(),
            ),
        }

    def _take_balance_result(self, callback, result):
        """ Record what Safaricom says of the accounts.

        :param mpesa.callback callback: The message.
        :param daraja.Result result: What it says.
        :return: None
        """
        told = daraja.read_balances(result)
        finding = {'answered': 'balance', 'not_allowed': 'refused'}.get(told.state, told.state)
        if finding == 'balance':  # Before it is said that it stands there.
            self.env['mpesa.balance']._keep(self, told)
        self.write({'state': 'done' if finding == 'balance' else 'failed', 'finding': finding})
        if finding != 'no_answer':  # Which says nothing of the initiator.
            self.provider_id._mpesa_note_balance_answer(
                told.result_code if finding == 'refused' else '',
            )
        callback._close('done')

    @api.model
    def _find_lost_balance(self, lost, result):
        """ Return the question for a balance, where a result tells of one.

        :param list lost: Which questions can be meant.
        :param daraja.Result result: The parsed message.
        :rtype: mpesa.command
        """
        is_balance = result.value('AccountBalance') is not None
        return self.search(lost, limit=1) if is_balance else self.browse()

    def _take_nameless_balance(self, callback):
        """ Leave an answer that does not name its question: who knows the address could write it.

        :param mpesa.callback callback: The message.
        :return: None
        """
        self.ensure_one()
        self.finding = 'nameless'
        callback._close('done', self.env._(
            "It names no question of ours, so its figures are not kept. Ask for the balance again."
        ))

    # === BUSINESS METHODS - WORDS === #

    def _describe_answer(self):
        """ Override of `school_mpesa` to say what was answered about a balance.

        :rtype: str
        """
        self.ensure_one()
        if self.kind != 'balance':
            return super()._describe_answer()
        again = self.env._("No money is touched by this; ask again, or wait for the next time.")
        if self.finding == 'balance':
            balance = self.balance_ids
            return balance.explanation if not balance.has_wallet else self.env._(
                "%(amount)s in the wallet at %(moment)s. %(explanation)s",
                amount=self.currency_id._format_plain(balance.wallet_amount),
                moment=self._format_moment(balance.looked_at), explanation=balance.explanation,
            )
        if self.finding == 'not_sent':
            return self.env._(
                "It could not be asked. %(problem)s No money is touched by this.",
                problem=self.problem or '',
            )
        if self.finding == 'refused' and self.result_code in ROLE_FAULTS:
            return self.env._(
                "The initiator may not ask for the balance (%(code)s). Give it the role for balance"
                " queries on the organisation portal, then ask again. It is not asked by itself"
                " meanwhile; no money is touched by this.", code=self.result_code,
            )
        if self.finding == 'refused':
            return self.env._(
                "Safaricom refuses the initiator (%(code)s), so it told no balance. Nothing is"
                " asked until the administrator has put it right.", code=self.result_code,
            )
        what = {
            'no_answer': self.env._(
                "Safaricom could not tell (%(code)s).", code=self.result_code,
            ),
            'timed_out': self.env._("Safaricom gave up looking."),
            'silent': self.env._("No answer came. One that comes later still counts."),
            'nameless': self.env._(
                "An answer came that does not name this question. It is not believed."
            ),
        }.get(self.finding, '')
        return f'{what} {again}'

    def _explain_error(self, error):
        """ Override of `school_mpesa` to name the product of the balance. """
        if self.kind == 'balance' and isinstance(error, daraja.ProductMissing):
            return self.env._(
                "The Daraja app of these keys lacks Account Balance. Add the product on the Daraja"
                " portal."
            )
        return super()._explain_error(error)


class MpesaExchange(models.Model):
    """The question for a balance, as evidence."""

    _inherit = 'mpesa.exchange'

    kind = fields.Selection(
        selection_add=[('balance', "Account balance")], ondelete={'balance': 'cascade'},
    )
