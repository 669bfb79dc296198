from odoo import api, fields, models

from . import pay_page_labels


class SchoolReceipt(models.Model):
    """Receipts for money that never was."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.receipt'

    is_training = fields.Boolean(
        string="Training", readonly=True, copy=False,
        help="Issued while the school was in training mode: whatever its kind, this money never"
             " was.",
    )

    _training_idx = models.Index("(company_id) WHERE is_training")

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_receipt_values(self, booking):
        """ Override of `school_fees` to mark the receipts of a school that trains, for ever. """
        values = super()._prepare_receipt_values(booking)
        company = self.env['res.company'].browse(values['company_id'])
        if company._is_mpesa_training():
            values['is_training'] = True
        return values

    def _get_watermark(self):
        """ Override of `school_fees` to mark money of a training or a test, also when that is over.

        It must not pass for real afterwards, nor real money from before for that of a training.
        """
        words = pay_page_labels.say_all(self.env, pay_page_labels.WATERMARKS, {})
        movements_sudo = self.money_kind == 'mpesa' and self._get_mpesa_movements().get(self)
        if movements_sudo and 'production' in movements_sudo.mapped('environment'):
            return ''
        if self.is_training:
            return words['training']
        return words['test'] if movements_sudo else super()._get_watermark()
