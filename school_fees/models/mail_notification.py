from odoo import fields, models


# Why a gateway of a school did not send, beside the reasons that Odoo knows.
FAILURES = [
    ('school_sender', "Sender Name Not Registered"),
    ('school_optout', "Opted Out at the Gateway"),
    ('school_refused', "Refused by the Gateway"),
    ('school_doubt', "Perhaps Sent"),
]


class MailNotification(models.Model):
    _inherit = 'mail.notification'

    failure_type = fields.Selection(selection_add=FAILURES)
