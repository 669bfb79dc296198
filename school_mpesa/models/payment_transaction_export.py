from odoo import models
from odoo.exceptions import AccessError


class PaymentTransaction(models.Model):
    """Exports of requests: by the office that asks for the money."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """ Override of `base`: whoever may export also needs a role in the school's office.

        Accountants read payments of every provider; who asked which parent is not theirs to list.
        """
        if not (self.env.su or self.env.user.has_group('school_fees.group_bursar')) and any(
            tx.mpesa_push_state for tx in self
        ):
            raise AccessError(self.env._(
                "Only the bursar's office exports M-PESA requests. Nothing was exported."
            ))
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
