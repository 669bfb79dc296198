from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from .mpesa_money_back import OPEN_STATES


BATCH = 500


class MpesaTransaction(models.Model):
    """Who paid is forgotten when nobody needs it any more; what was paid never is.

    Data Protection Act, 2019 (Kenya), section 39: personal data are kept no longer than they are
    needed. The keys of the inbox go, and no row of it changes (design section 4).
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    payer_forgotten_at = fields.Datetime(
        string="Payer Forgotten", readonly=True,
        help="When the payer's name and number were made unreadable, by the school's setting.",
    )

    # What is still to be forgotten, in the order in which its time comes.
    _payer_kept_idx = models.Index(
        "(company_id, first_seen_at) WHERE payer_forgotten_at IS NULL"
    )

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_forget_payers(self):
        """ Forget the payers whose time has come, of each school, some hundred at a time. """
        # The schools of all, whichever the scheduled action's user works in.
        for school in self.env['res.company'].sudo().search([]):  # pylint: disable=no-search-all
            before = fields.Datetime.now() - relativedelta(months=school.mpesa_payer_months)
            for forget in (
                self._forget_payers, self.env['payment.transaction']._mpesa_forget_payers,
                self.env['mpesa.statement.line']._forget_payers,
                self.env['mpesa.prompt.bulk.line']._forget_payers,
                self.env['mpesa.callback']._forget_bodies,
            ):
                while count := forget(school, before, BATCH):
                    # A run that ends here goes on with the next: what is forgotten is not found.
                    if not self.env['ir.cron']._commit_progress(count):
                        return

    # === BUSINESS METHODS === #

    @api.model
    def _forget_payers(self, school, before, limit):
        """ Forget who made payments; money that waits for its owner keeps its payer.

        :param res.company school: The school.
        :param datetime before: UTC; what was first seen earlier.
        :param int limit: The most at once.
        :return: How many payments were looked at.
        :rtype: int
        """
        movements_sudo = self.sudo().search([
            ('company_id', '=', school.id), ('first_seen_at', '<', before),
            ('payer_forgotten_at', '=', False),
            ('booking_state', 'not in', ('unidentified', 'open', 'person')),
            # A person still has to decide, and needs to see what was told.
            ('callback_ids', 'not any', [('state', 'not in', ('done', 'repeat'))]),
            ('id', 'not in', self.env['mpesa.money.back'].sudo().search([
                ('state', 'in', OPEN_STATES),
            ]).mpesa_transaction_id.ids),
        ], order='first_seen_at, id', limit=limit)
        movements_sudo._forget_payer()
        return len(movements_sudo)

    def _forget_payer(self):
        """ Make the payers of these payments unreadable, for good.

        Note: in sudo mode.

        :return: None
        """
        keys = {*self.mapped('payer_key_id'), *self.callback_ids.mapped('key_id')} - {0}
        self.env['mpesa.callback.key'].browse(keys).exists().unlink()
        self.write({
            'payer_sealed': False, 'payer_key_id': False, 'payer_index': False,
            'payer_mask': False, 'payer_forgotten_at': fields.Datetime.now(),
        })
