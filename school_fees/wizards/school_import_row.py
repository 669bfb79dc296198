from odoo import fields, models


class SchoolImportRow(models.TransientModel):
    """What would become of one row of an import file."""

    _name = 'school.import.row'
    _description = "Row of an Import"
    _order = 'import_id, rank, number, id'

    import_id = fields.Many2one(
        string="Import", comodel_name='school.import', required=True, index=True,
        ondelete='cascade',
    )
    number = fields.Integer(string="Row", readonly=True, aggregator=None)
    rank = fields.Integer(
        string="Rank", readonly=True, help="Rows that a person must look at come first.",
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('new', "New"),
            ('change', "Change"),
            ('same', "Same"),
            ('error', "Error"),
        ],
        readonly=True,
    )
    is_warned = fields.Boolean(string="Warning", readonly=True)
    admission_no = fields.Char(string="Admission Number", readonly=True)
    name = fields.Char(string="Name", readonly=True)
    details = fields.Char(string="Details", readonly=True)
    amount = fields.Monetary(string="Balance", readonly=True)
    message = fields.Text(string="Message", readonly=True)
    currency_id = fields.Many2one(related='import_id.currency_id')
