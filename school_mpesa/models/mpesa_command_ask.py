from datetime import timedelta

from psycopg2 import errors as pg_errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tools import mute_logger

from .. import const, daraja, vault
from .mpesa_command import OPEN_STATES


class MpesaCommand(models.Model):
    """Asking what became of one payment: who may, how often, and never twice at a time."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    @api.model
    def _ask_status(self, provider, code, tx=None):
        """ Ask Safaricom what became of a payment. The answer comes later.

        :param payment.provider provider: The shortcode that asks.
        :param str code: The M-PESA code.
        :param payment.transaction tx: The request in question, if any.
        :return: The question, in sudo mode; the one that is open already where there is one.
        :rtype: mpesa.command
        :raise UserError: If it cannot be asked; nothing was sent and no money moves.
        """
        # In sudo mode: providers are the system's, and commands are nobody's to write.
        provider = provider.sudo()
        code = daraja.receipt.canonical(code or '')
        if not daraja.receipt.is_code(code):
            raise UserError(self.env._(
                "An M-PESA code has 10 letters and digits. Nothing was asked: compare it with the"
                " phone or the message."
            ))
        if problem := provider._mpesa_find_status_problem():
            raise UserError(self.env._(
                "Safaricom was not asked. %(problem)s", problem=problem,
            ))
        if command := self._find_open(provider, code):
            return command
        self._count_question()
        try:
            # The log would quote the row of what is no error: two people ask at once.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                return self._queue(
                    provider, 'status', receipt=code, asked_by_id=self.env.uid,
                    payment_transaction_id=tx and tx.id,
                )
        except pg_errors.UniqueViolation as error:
            # The other's row is invisible to this snapshot: the framework runs this again.
            message = "A parallel question was quicker."
            raise ConcurrencyError(message) from error

    @api.model
    def _find_open(self, provider, code):
        """ Return the question about a payment that waits for its answer.

        :rtype: mpesa.command
        """
        return self.sudo().search([
            ('provider_id', '=', provider.id), ('kind', '=', 'status'), ('receipt', '=', code),
            ('state', 'in', OPEN_STATES),
        ], limit=1)

    @api.model
    def _ask_counter(self, companies, code):
        """ Ask, for the counter, every shortcode of some schools that can; never an error.

        A payment that was asked about a moment ago is not asked about again.

        :param res.company companies: The schools.
        :param str code: The M-PESA code.
        :return: The questions, in sudo mode; none where nobody can ask.
        :rtype: mpesa.command
        """
        commands = self.sudo().browse()
        fresh = fields.Datetime.now() - timedelta(seconds=const.STATUS_FRESH_SECONDS)
        for provider in self._get_asking_providers(companies):
            known = self.sudo().search([
                ('provider_id', '=', provider.id), ('kind', '=', 'status'),
                ('receipt', '=', code), ('environment', '=', provider.mpesa_environment),
                '|', ('state', 'in', OPEN_STATES),
                '&', ('state', '=', 'done'), ('answered_at', '>', fresh),
            ], limit=1)
            try:
                commands += known or self._ask_status(provider, code)
            except UserError:
                continue  # Not set up, or asked too often: the counter is told what is known.
        return commands

    @api.model
    def _get_asking_providers(self, companies):
        """ Return the shortcodes of some schools that can ask about payments.

        A shortcode also serves the branches of its school.

        :param res.company companies: The schools.
        :return: In sudo mode.
        :rtype: payment.provider
        """
        return self.env['payment.provider'].sudo().search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
            ('company_id', 'parent_of', companies.ids), ('mpesa_status_enabled', '=', True),
        ]).filtered(lambda provider: not provider._mpesa_find_status_problem())

    @api.model
    def _check_office(self):
        """ Ensure that the user is of the bursar's office.

        :return: None
        :raise AccessError: If not.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._(
                "Only the bursar's office asks Safaricom about payments. Nothing was asked."
            ))

    @api.model
    def _count_question(self):
        """ Count this question: Safaricom throttles, and nobody is to walk through codes.

        :return: None
        :raise UserError: If this user asked too many.
        """
        if not vault.has_keys():
            raise UserError(str(vault.KEY_MISSING))
        counter_sudo = self.env['mpesa.rate.counter'].sudo()  # Nobody else may count.
        for most, seconds in const.STATUS_QUESTION_LIMITS:
            if counter_sudo._hit('status question', str(self.env.uid), seconds) > most:
                raise UserError(self.env._(
                    "You have asked Safaricom about %(count)s payments in a short time, which is"
                    " the most that one person may. This one was not asked. Try again in some"
                    " minutes.", count=most,
                ))
