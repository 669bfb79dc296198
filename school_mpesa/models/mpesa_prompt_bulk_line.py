from odoo import fields, models
from odoo.exceptions import AccessError


class MpesaPromptBulkLine(models.Model):
    """One phone of a run: whose fees, how much, and what became of it; or who is left out, and why.

    No phone number is written here in clear: when its turn comes, it is looked up again.
    """

    _name = 'mpesa.prompt.bulk.line'
    _description = "Phone of Prompts to Many"
    _order = 'run_id, id'

    run_id = fields.Many2one(
        string="Run", comodel_name='mpesa.prompt.bulk', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(
        related='run_id.company_id', string="School", store=True, index=True, precompute=True,
    )
    currency_id = fields.Many2one(related='run_id.currency_id')
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, readonly=True, index=True,
        ondelete='restrict',
    )
    class_id = fields.Many2one(related='student_id.class_id', string="Student's Class")
    student_ids = fields.Many2many(
        string="Children", comodel_name='school.student', readonly=True,
        relation='mpesa_prompt_bulk_line_student_rel', column1='line_id', column2='student_id',
        help="Whose fees the one prompt asks for.",
    )
    guardian_id = fields.Many2one(
        string="Guardian", comodel_name='res.partner', readonly=True, ondelete='set null',
    )
    phone_mask = fields.Char(string="Phone", readonly=True)
    phone_index = fields.Char(readonly=True, groups='base.group_system')
    balance = fields.Monetary(string="Balance", readonly=True)
    asked = fields.Monetary(string="Amount", readonly=True, help="What the prompt asks for.")
    is_included = fields.Boolean(
        string="Prompt", default=True, help="Untick who is not to be prompted this time.",
    )
    state = fields.Selection(
        string="State",
        selection=[('waiting', "Waits"), ('asked', "Prompted"), ('left', "Left out")],
        required=True, readonly=True, default='waiting',
    )
    reason = fields.Selection(
        string="Why Not",
        selection=[
            ('nothing', "Owes nothing"), ('not_overdue', "Nothing is overdue"),
            ('spared', "To be left out"), ('no_payer', "No guardian who pays"),
            ('shared', "Guardians share the fees"), ('opted_out', "Wants no messages"),
            ('no_phone', "No phone for M-PESA"), ('in_flight', "A prompt is on the phone"),
            ('open', "Another request is open"), ('lately', "Was prompted lately"),
            ('limit', "Above M-PESA's limit"), ('little', "Below the least amount"),
            ('changed', "The phone has changed"), ('unticked', "Unticked"),
            ('refused', "Could not be asked"),
        ],
        readonly=True,
    )
    tries = fields.Integer(readonly=True, default=0)
    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', readonly=True, ondelete='restrict',
    )
    released_at = fields.Datetime(string="Asked At", readonly=True)
    transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
        index='btree_not_null', ondelete='restrict',
    )

    _transaction_uniq = models.UniqueIndex(
        "(transaction_id) WHERE transaction_id IS NOT NULL",
        "This request belongs to another phone.",
    )
    _phone_uniq = models.UniqueIndex(
        "(run_id, phone_index) WHERE reason IS NULL", "A run prompts each phone once.",
    )
    _waiting_idx = models.Index("(run_id, id) WHERE state = 'waiting'")
    _pace_idx = models.Index("(provider_id, released_at) WHERE state = 'asked'")

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm` to let people tick and untick drafts only. """
        if not self.env.su and (
            vals.keys() - {'is_included'}
            or any(line.run_id.state != 'draft' or line.reason for line in self)
        ):
            raise AccessError(self.env._(
                "Who is asked for how much is not edited by hand. Nothing was changed."
            ))
        return super().write(vals)
