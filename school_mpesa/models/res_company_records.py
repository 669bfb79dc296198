from odoo import api, fields, models
from odoo.exceptions import ValidationError


LEAST_PAYER_MONTHS = 12  # An auditor asks about the year that has ended.
# Tax Procedures Act, 2015 (Kenya), section 23, asks for five years; seven leave room for an audit.
LEAST_RECORD_YEARS = 7


class ResCompany(models.Model):
    """For how long a school keeps who paid by M-PESA, and what was said to Safaricom."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'res.company'

    mpesa_payer_months = fields.Integer(
        string="Months Until M-PESA Payers Are Forgotten", default=24, required=True,
    )
    mpesa_record_years = fields.Integer(
        string="Years M-PESA Records Are Kept", default=LEAST_RECORD_YEARS, required=True,
    )

    @api.constrains('mpesa_payer_months', 'mpesa_record_years')
    def _check_mpesa_records(self):
        for school in self:
            if school.mpesa_payer_months < LEAST_PAYER_MONTHS:
                raise ValidationError(self.env._(
                    "Payers are kept for %(least)s months at least: a parent may ask about a"
                    " payment, and the auditor asks about last year. Enter %(least)s or more.",
                    least=LEAST_PAYER_MONTHS,
                ))
            if school.mpesa_record_years < LEAST_RECORD_YEARS:
                raise ValidationError(self.env._(
                    "Records of payments are kept for %(least)s years at least. Enter %(least)s or"
                    " more.", least=LEAST_RECORD_YEARS,
                ))
