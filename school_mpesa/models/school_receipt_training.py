from odoo import models

from . import pay_page_labels


class SchoolReceipt(models.Model):
    """Receipts for money that never was."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.receipt'

    def _get_watermark(self):
        """ Override of `school_fees` to mark M-PESA money of a test, also when training is over.

        The receipts of a training must not pass for real ones afterwards.
        """
        watermark = super()._get_watermark()
        if watermark or self.money_kind != 'mpesa':
            return watermark
        movements_sudo = self._get_mpesa_movements().get(self)
        if not movements_sudo or 'production' in movements_sudo.mapped('environment'):
            return watermark
        return pay_page_labels.say_all(self.env, pay_page_labels.WATERMARKS, {})['test']
