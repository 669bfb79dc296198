from odoo import fields, models


class PaymentProvider(models.Model):
    """Who hears of the proof of each day of a shortcode."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_proof_user_ids = fields.Many2many(
        string="Mail Each Day's Proof To", comodel_name='res.users',
        relation='mpesa_proof_user_rel', copy=False, groups='base.group_system',
        domain=lambda self: [
            ('all_group_ids', 'in', self.env.ref('school_fees.group_bursar').id),
        ],
        help="They get a mail when a day is proven, differs, or changes after it was signed: totals"
             " only, no payers. People outside the bursar's office get none.",
    )
    mpesa_proven_until = fields.Datetime(readonly=True, copy=False, groups='base.group_system')
