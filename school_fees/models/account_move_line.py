from odoo import api, fields, models


# What says of a posted line how much moved, when, where and whose it is.
RECEIPTED_FIELDS = {
    'move_id', 'account_id', 'partner_id', 'balance', 'debit', 'credit', 'amount_currency',
    'currency_id', 'date', 'journal_id', 'company_id',
}


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', compute='_compute_student_id',
        store=True, precompute=True, index='btree_not_null', ondelete='restrict',
        groups='base.group_user',
    )
    vote_head_id = fields.Many2one(
        string="Vote Head", comodel_name='school.vote.head', compute='_compute_vote_head_id',
        store=True, precompute=True, readonly=False, index='btree_not_null', check_company=True,
        ondelete='restrict', groups='base.group_user',
    )
    concession_id = fields.Many2one(
        string="Concession", comodel_name='school.concession', index='btree_not_null',
        check_company=True, ondelete='restrict', groups='base.group_user',
        help="The rule by which the school gives this back.",
    )
    concession_grant_id = fields.Many2one(
        string="Concession Grant", comodel_name='school.concession.grant',
        index='btree_not_null', check_company=True, ondelete='restrict',
        groups='base.group_user',
    )

    # === COMPUTE METHODS === #

    @api.depends('move_id.student_id')
    def _compute_student_id(self):
        for line in self:
            line.student_id = line.move_id.student_id

    @api.depends('product_id')
    def _compute_vote_head_id(self):
        """ Keep the head under which a fee was charged, whatever becomes of the item later. """
        for line in self:
            line.vote_head_id = line.product_id.vote_head_id

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account`: nothing is added to what a receipt vouches for. """
        lines = super().create(vals_list)
        if not self.env.su:
            lines._check_lines_not_receipted()
        return lines

    def write(self, vals):
        """ Override of `account`: what a receipt vouches for is not rewritten, by RPC neither. """
        if not self.env.su and RECEIPTED_FIELDS & vals.keys():
            self._check_lines_not_receipted()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_receipted(self):
        self._check_lines_not_receipted()

    # === BUSINESS METHODS === #

    def _check_lines_not_receipted(self):
        """ Ensure that no receipt, and no money that waits for its owner, stands on these lines.

        :return: None
        :raise UserError: If a receipt vouches for the entry of one of the lines.
        """
        self.move_id.filtered(
            lambda move: move.state == 'posted'
        )._check_entries_not_receipted()
