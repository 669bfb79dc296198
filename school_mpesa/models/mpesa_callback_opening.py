from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


OPEN_SECONDS = 600  # how long a person who opened a message sees its numbers in full


class MpesaCallbackOpening(models.Model):
    """Who looked at a payer's number in a message, and when. Rows are only added, by the button."""

    _name = 'mpesa.callback.opening'
    _description = "M-PESA Message Opened"
    _order = 'id desc'

    callback_id = fields.Many2one(
        string="Message", comodel_name='mpesa.callback', required=True, readonly=True, index=True,
        ondelete='restrict',
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Who opened a message stays on record."))


class MpesaCallback(models.Model):
    """Payers' numbers in messages: masked, until a person opens the one message, on record."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    opening_ids = fields.One2many(
        string="Opened", comodel_name='mpesa.callback.opening', inverse_name='callback_id',
        readonly=True, groups='school_fees.group_bursar',
    )

    def action_open_numbers(self):
        """ Show the numbers in this one message for ten minutes, to who asks only; keep who did.

        :return: The form, read again.
        :rtype: dict
        :raise UserError: If the user is not of the bursar's office, or asks for many at once.
        """
        self.check_access('read')
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise UserError(self.env._("Only the bursar's office sees who paid."))
        if len(self) != 1:
            raise UserError(self.env._("Open one message at a time."))
        # In sudo mode: the record of it is nobody's to write.
        self.env['mpesa.callback.opening'].sudo().create({'callback_id': self.id})
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def _get_opened(self):
        """ Return those of the messages that this user opened a moment ago.

        :rtype: mpesa.callback
        """
        openings_sudo = self.env['mpesa.callback.opening'].sudo().search([
            ('callback_id', 'in', self.ids), ('create_uid', '=', self.env.uid),
            ('create_date', '>', fields.Datetime.now() - timedelta(seconds=OPEN_SECONDS)),
        ])
        return self & self.browse(openings_sudo.callback_id.ids)
