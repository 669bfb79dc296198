from odoo import fields, models


class MpesaHoliday(models.Model):
    """A day on which the school's office is closed, so that nobody wonders why nothing is paid."""

    _name = 'mpesa.holiday'
    _description = "Holiday of the Office"
    _order = 'day desc'

    day = fields.Date(string="Day", required=True)
    name = fields.Char(string="Holiday", required=True)
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company, ondelete='cascade',
    )

    _day_uniq = models.UniqueIndex("(company_id, day)", "This day is a holiday already.")
