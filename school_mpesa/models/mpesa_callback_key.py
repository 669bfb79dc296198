from odoo import fields, models


class MpesaCallbackKey(models.Model):
    """The wrapped key of one inbox row.

    Forgetting a payer deletes keys and changes no row: what the key sealed can no longer be read,
    while the row, its digest and its time still prove that the message came.
    """

    _name = 'mpesa.callback.key'
    _description = "M-PESA Callback Key"
    _log_access = False

    wrapped = fields.Char(required=True, groups='base.group_system')
