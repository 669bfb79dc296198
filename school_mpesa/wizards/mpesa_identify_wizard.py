from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command


class MpesaIdentifyWizard(models.TransientModel):
    """Whose money is it: a person names the student, or several with a share for each."""

    _name = 'mpesa.identify.wizard'
    _description = "Whose Money Is It?"

    mpesa_transaction_id = fields.Many2one(
        string="Payment", comodel_name='mpesa.transaction', required=True, readonly=True,
    )
    # Not in sudo mode: the browser names the payment, of any school.
    currency_id = fields.Many2one(related='mpesa_transaction_id.currency_id', related_sudo=False)
    amount = fields.Monetary(related='mpesa_transaction_id.amount', related_sudo=False)
    paid_at = fields.Datetime(related='mpesa_transaction_id.paid_at', related_sudo=False)
    account_reference = fields.Char(
        related='mpesa_transaction_id.account_reference', related_sudo=False,
    )
    payer_mask = fields.Char(related='mpesa_transaction_id.payer_mask', related_sudo=False)
    payer_name = fields.Char(related='mpesa_transaction_id.payer_name', related_sudo=False)
    suggestion_ids = fields.One2many(
        string="Perhaps", comodel_name='mpesa.identify.suggestion', inverse_name='wizard_id',
        compute='_compute_suggestion_ids', store=True, compute_sudo=False,
    )
    line_ids = fields.One2many(
        string="Shares", comodel_name='mpesa.identify.share', inverse_name='wizard_id',
        compute='_compute_line_ids', store=True, readonly=False, compute_sudo=False,
    )
    amount_left = fields.Monetary(
        string="Left to Give", compute='_compute_amount_left',
        help="What was paid, less the shares. Below zero the shares are too large.",
    )
    can_learn = fields.Boolean(compute='_compute_can_learn', compute_sudo=False)
    learn = fields.Boolean(
        string="Remember it for this student",
        help="Money that comes with the same account is then booked on the student at once.",
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_transaction_id')
    def _compute_suggestion_ids(self):
        Movement = self.env['mpesa.transaction']
        reasons = Movement._get_suggestion_reasons()
        for wizard in self:
            found = wizard.mpesa_transaction_id._get_suggestions()
            wizard.suggestion_ids = [Command.clear()] + [
                Command.create({
                    f'{holder._name.removeprefix("school.")}_id': holder.id,
                    'reason': reasons[reason],
                    'is_enough': Movement._is_enough(reason),
                })
                for holder, reason in found.get(wizard.mpesa_transaction_id, ())
            ]

    @api.depends('suggestion_ids')
    def _compute_line_ids(self):
        for wizard in self:
            # Who is only claimed or hinted at is chosen by a person, who has looked at who paid.
            if len(wizard.suggestion_ids) == 1 and wizard.suggestion_ids.is_enough:
                wizard.line_ids = wizard.suggestion_ids._prepare_lines()
            else:
                wizard.line_ids = wizard.line_ids

    @api.depends('amount', 'line_ids.amount')
    def _compute_amount_left(self):
        for wizard in self:
            wizard.amount_left = wizard.amount - sum(wizard.line_ids.mapped('amount'))

    @api.depends('mpesa_transaction_id', 'line_ids.student_id')
    def _compute_can_learn(self):
        for wizard in self:
            wizard.can_learn = (
                len(wizard.line_ids.student_id) == 1
                and wizard.mpesa_transaction_id._can_learn()
            )

    # === ACTION METHODS === #

    def action_book(self):
        """ Book the money on the students named.

        :return: The message that tells of it.
        :rtype: dict
        """
        self.ensure_one()
        shares = [
            (line.student_id, Decimal(str(line.amount)))
            for line in self.line_ids if not self.currency_id.is_zero(line.amount)
        ]
        receipt = self.mpesa_transaction_id._identify_as(
            shares, learn=self.learn and self.can_learn,
        )
        return receipt._get_identified_action()

    def action_ask_payer(self):
        """ Ask the payer instead.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return self.mpesa_transaction_id.action_ask_payer()


class MpesaIdentifySuggestion(models.TransientModel):
    """A student or family that the account which was typed may mean."""

    _name = 'mpesa.identify.suggestion'
    _description = "Suggested Owner of a Payment"

    wizard_id = fields.Many2one(
        comodel_name='mpesa.identify.wizard', required=True, ondelete='cascade', index=True,
    )
    student_id = fields.Many2one(string="Student", comodel_name='school.student')
    family_id = fields.Many2one(string="Family", comodel_name='school.family')
    holder_name = fields.Char(string="Who", compute='_compute_holder', compute_sudo=False)
    balance = fields.Monetary(string="Due Now", compute='_compute_holder', compute_sudo=False)
    currency_id = fields.Many2one(related='wizard_id.currency_id')
    reason = fields.Char(string="Why", readonly=True)
    is_enough = fields.Boolean(readonly=True)

    @api.depends('student_id', 'family_id')
    def _compute_holder(self):
        for suggestion in self:
            holder = suggestion.student_id or suggestion.family_id
            suggestion.holder_name = holder.display_name
            students = suggestion.student_id or suggestion.family_id.student_ids
            suggestion.balance = sum(students.mapped('balance'))

    def action_take(self):
        """ Give all of it to this student, or to this family by its own rule.

        :return: The action that shows the question again, with the shares.
        :rtype: dict
        """
        self.ensure_one()
        wizard = self.wizard_id
        wizard.line_ids = self._prepare_lines()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_identify_wizard_action'
            ),
            'res_id': wizard.id,
            'context': {'dialog_size': 'large'},
        }

    def _prepare_lines(self):
        """ Return the commands that make the shares.

        Note: `self.ensure_one()`

        :rtype: list
        """
        self.ensure_one()
        movement = self.wizard_id.mpesa_transaction_id
        holder = self.student_id or self.family_id
        return [Command.clear()] + [
            Command.create({'student_id': student.id, 'amount': float(share)})
            for student, share in movement._propose_for(holder)
        ]


class MpesaIdentifyShare(models.TransientModel):
    """One student's share of a payment, before it is booked."""

    _name = 'mpesa.identify.share'
    _description = "Share of a Payment to Be Booked"

    wizard_id = fields.Many2one(
        comodel_name='mpesa.identify.wizard', required=True, ondelete='cascade', index=True,
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True,
    )
    amount = fields.Monetary(string="Amount")
    currency_id = fields.Many2one(related='wizard_id.currency_id')
