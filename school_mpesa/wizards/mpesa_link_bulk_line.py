from odoo import fields, models


class MpesaLinkBulkLine(models.TransientModel):
    """One student of the look before: what is asked for, or why no link is made."""

    _name = 'mpesa.link.bulk.line'
    _description = "Student to Get a Payment Link"

    wizard_id = fields.Many2one(
        comodel_name='mpesa.link.bulk', required=True, readonly=True, ondelete='cascade',
        index=True,
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, readonly=True,
        ondelete='cascade',
    )
    class_id = fields.Many2one(related='student_id.class_id', string="Student's Class")
    currency_id = fields.Many2one(related='wizard_id.currency_id')
    balance = fields.Monetary(string="Balance", readonly=True)
    asked = fields.Monetary(
        string="Amount", readonly=True, help="What the page would ask for now.",
    )
    open_asked = fields.Monetary(
        string="Open Link's Amount", readonly=True,
        help="What the student's largest open link asks for now.",
    )
    is_made = fields.Boolean(
        string="Make", default=True, help="Untick who is to get no link this time.",
    )
    reason = fields.Selection(
        string="Why Not",
        selection=[('nothing', "Owes nothing"), ('open_link', "Has an open link already")],
        readonly=True,
    )
    sms = fields.Selection(
        string="SMS",
        selection=[
            ('told', "Reaches a guardian"), ('no_phone', "No phone number"),
            ('no_sms', "Nobody takes SMS"),
        ],
        readonly=True, help="Whether a guardian of the student can be told.",
    )
    guardian_count = fields.Integer(string="Guardians", readonly=True)
    link_id = fields.Many2one(
        string="Payment Link", comodel_name='mpesa.payment.link', readonly=True,
        ondelete='cascade',
    )
