from odoo import api, fields, models
from odoo.exceptions import UserError

from .mpesa_callback_found import HELD


class MpesaCallback(models.Model):
    """Payments that only an imported file tells of: held until a second person releases them.

    Whoever can edit a file could else put money on any child (trust.md A33, A34). What Safaricom
    itself tells of the same payment is booked without waiting.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    statement_line_id = fields.Many2one(
        string="Statement Line", comodel_name='mpesa.statement.line', readonly=True,
        index='btree_not_null', ondelete='restrict',
    )
    is_held = fields.Boolean(compute='_compute_is_held')

    # === COMPUTE METHODS === #

    @api.depends('state', 'statement_line_id.is_released')
    def _compute_is_held(self):
        for callback in self:
            line = callback.sudo().statement_line_id
            callback.is_held = (
                callback.state == 'quarantined' and bool(line) and not line.is_released
            )

    @api.depends('reason', 'state')
    def _compute_reason_text(self):
        """ Override to say what a held message waits for. """
        held = self.filtered(lambda callback: callback.reason == HELD)
        for callback in held:
            callback.reason_text = self.env._(
                "Known from an imported statement only: a second person releases it."
            )
        return super(MpesaCallback, self - held)._compute_reason_text()

    @api.depends('is_held')
    def _compute_is_replayable(self):
        """ Override: what is held is released on its statement, and nowhere else. """
        held = self.filtered('is_held')
        held.is_replayable = False
        return super(MpesaCallback, self - held)._compute_is_replayable()

    @api.depends('is_held')
    def _compute_is_settleable(self):
        """ Override: what is held is refused on its statement's line, and nowhere else. """
        held = self.filtered('is_held')
        held.is_settleable = False
        return super(MpesaCallback, self - held)._compute_is_settleable()

    # === ACTION METHODS === #

    def action_replay(self):
        """ Override: what is held is released on its statement, and nowhere else.

        :raise UserError: If one of them is held.
        """
        self.check_access('read')
        self._check_not_held()
        return super().action_replay()

    # === BUSINESS METHODS === #

    def _settle(self, reason):
        """ Override: what is held is refused on its statement's line, and nowhere else.

        :raise UserError: If one of them is held.
        """
        self.check_access('read')
        self._check_not_held()
        return super()._settle(reason)

    def _check_not_held(self):
        """ Ensure that none of these messages waits for a second person.

        :raise UserError: If one does.
        """
        held = self.filtered('is_held')
        if held:
            raise UserError(self.env._(
                "This payment is known only from the imported statement %(name)s, so it is not"
                " booked here. Nothing was changed. A person who did not import that file releases"
                " it on the statement, or says on its line that it is not real.",
                name=held[0].sudo().statement_line_id.statement_id.name,
            ))

    def _read_arrivals(self):
        """ Override: whatever put a held message back into the queue, it is not booked. """
        held = self.filtered(
            lambda callback: callback.statement_line_id
            and not callback.statement_line_id.is_released
        )
        held._close('quarantined', HELD)
        return super(MpesaCallback, self - held)._read_arrivals()
