from odoo import fields, models


class MpesaStatementDistrust(models.TransientModel):
    """Why a person does not believe a statement."""

    _name = 'mpesa.statement.distrust'
    _description = "Do Not Believe a Statement"

    statement_id = fields.Many2one(
        string="Statement", comodel_name='mpesa.statement', required=True, readonly=True,
    )
    # Not in sudo mode: the browser names the statement, of any school.
    file_name = fields.Char(related='statement_id.file_name', related_sudo=False)
    imported_by_id = fields.Many2one(
        string="Imported By", related='statement_id.create_uid', related_sudo=False,
    )
    note = fields.Char(
        string="Note", help="What you found, for whoever looks later. No phone numbers, no names.",
    )

    def action_distrust(self):
        """ Say that the file is not what Safaricom has.

        :return: The action that reads the screen again.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office, or imported the file.
        :raise UserError: If the note is missing; nothing is changed.
        """
        self.ensure_one()
        self.statement_id._distrust(self.note)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
