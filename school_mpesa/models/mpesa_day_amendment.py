from odoo import api, fields, models
from odoo.exceptions import UserError


class MpesaDayAmendment(models.Model):
    """What was found about a day after it was signed. The signed figures stay as they are."""

    _name = 'mpesa.day.amendment'
    _inherit = ['mpesa.day.difference.mixin']
    _description = "M-PESA Day Amendment"
    _order = 'close_id, id'
    _rec_name = 'receipt'

    found_at = fields.Datetime(string="Found", required=True, readonly=True)
    what = fields.Selection(
        string="What",
        selection=[
            ('figure', "A figure changed"), ('found', "Difference found"),
            ('settled', "Difference settled"),
        ],
        required=True, readonly=True,
    )
    figure = fields.Char(readonly=True)
    amount_before = fields.Monetary(string="As Signed", readonly=True)
    amount_after = fields.Monetary(string="Now", readonly=True)
    seen_by_id = fields.Many2one(
        string="Seen By", comodel_name='res.users', readonly=True, ondelete='restrict',
    )
    seen_at = fields.Datetime(string="Seen", readonly=True)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("An amendment is never deleted. Nothing was changed."))

    # === ACTION METHODS === #

    def action_open(self):
        """ Open what the amendment is about.

        :return: A window action.
        :rtype: dict
        :raise UserError: If it is about a figure of the whole day.
        """
        self.ensure_one()
        return self.close_id._open_receipt(self.receipt)

    # === BUSINESS METHODS === #

    def _is_settled(self):
        """ Override of `mpesa.day.difference.mixin`. """
        return self.what == 'settled'

    @api.depends('what', 'figure', 'amount_before', 'amount_after')
    def _compute_explanation(self):
        """ Override of `mpesa.day.difference.mixin`: a figure has words of its own. """
        return super()._compute_explanation()

    def _explain(self):
        """ Override of `mpesa.day.difference.mixin` to say what has changed. """
        if self.what == 'figure':
            label = self.env['mpesa.day.close']._fields[self.figure]._description_string(self.env)
            plain = self.currency_id._format_plain
            return self.env._(
                "%(figure)s: %(before)s as signed, %(after)s now.",
                figure=label, before=plain(self.amount_before), after=plain(self.amount_after),
            )
        if self.what == 'settled' and self.kind not in {'missing_here', 'reversed'}:
            return self.env._("The sources agree by now: nothing to do.")
        return super()._explain()
