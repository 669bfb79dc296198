from odoo import api, fields, models


class SchoolReceiptWizardWords(models.TransientModel):
    """What *New receipt* says beside its fields, while they are filled in."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.receipt.wizard'

    student_warning = fields.Char(compute='_compute_student_warning', compute_sudo=False)
    student_hint = fields.Char(compute='_compute_student_warning', compute_sudo=False)
    amount_warning = fields.Char(compute='_compute_amount_warning', compute_sudo=False)
    amount_hint = fields.Char(compute='_compute_amount_warning', compute_sudo=False)
    reference_warning = fields.Char(compute='_compute_reference_warning', compute_sudo=False)
    date_warning = fields.Char(compute='_compute_date_warning', compute_sudo=False)
    lines_warning = fields.Char(compute='_compute_lines_warning', compute_sudo=False)

    # === COMPUTE METHODS === #

    @api.depends('student_id', 'family_id', 'mode', 'money_kind')
    def _compute_student_warning(self):
        states = dict(
            self.env['school.student']._fields['state']._description_selection(self.env)
        )
        for wizard in self:
            students = wizard._get_students()
            wizard.student_warning = wizard.student_hint = False
            if wizard.mode == 'family' and wizard.family_id and not students:
                wizard.student_warning = self.env._(
                    "This family has no child at the school. Choose another family.",
                )
            elif students and wizard.money_kind != 'cash' and not (
                students.company_id._get_desk_journal(wizard.money_kind)
            ):
                wizard.student_warning = students.company_id._explain_no_desk_journal()
            elif wizard.mode == 'student' and students.state in {'left', 'graduated'}:
                wizard.student_hint = self.env._(
                    "Status of this student: %(state)s. Money that is still owed can be received.",
                    state=states[students.state],
                )

    @api.depends('amount', 'student_id', 'family_id', 'mode')
    def _compute_amount_warning(self):
        for wizard in self:
            currency = wizard.currency_id
            over = wizard.amount - max(wizard.balance, 0.0)
            wizard.amount_warning = wizard.amount_hint = False
            if currency.compare_amounts(wizard.amount, 0.0) < 0 or (
                wizard.amount and currency.is_zero(wizard.amount)
            ):
                wizard.amount_warning = self.env._(
                    "A receipt is for an amount above zero. To pay money back, ask for a refund.",
                )
            elif wizard._get_students() and currency.compare_amounts(over, 0.0) > 0:
                wizard.amount_hint = self.env._(
                    "%(amount)s more than is due. It stays as credit for the next bill.",
                    amount=currency._format_plain(over),
                )

    @api.depends('external_ref', 'money_kind', 'student_id', 'family_id', 'mode')
    def _compute_reference_warning(self):
        for wizard in self:
            twin_sudo = self.env['school.receipt'].sudo()._find_by_reference(
                wizard.company_id, wizard.money_kind, wizard._get_reference(),
            )
            wizard.reference_warning = bool(twin_sudo) and self.env._(
                "Receipt %(number)s of %(date)s has this reference already. The same money is not"
                " received twice: compare the slip or cheque, and correct the reference if it was"
                " misread.", number=twin_sudo.number, date=twin_sudo.date,
            )

    @api.depends('date', 'money_kind')
    def _compute_date_warning(self):
        for wizard in self:
            wizard.date_warning = bool(wizard.date) and (
                wizard._get_date() > fields.Date.context_today(wizard)
            ) and self.env._(
                "This day is still to come. A receipt is for money that has been paid.",
            )

    @api.depends('line_ids.amount', 'amount', 'mode')
    def _compute_lines_warning(self):
        for wizard in self:
            wizard.lines_warning = False
            if wizard.mode != 'family' or not wizard.amount:
                continue
            currency = wizard.currency_id
            total = sum(wizard.line_ids.mapped('amount'))
            missing = wizard.amount - total
            if any(currency.compare_amounts(line.amount, 0.0) < 0 for line in wizard.line_ids):
                wizard.lines_warning = self.env._("A share cannot be below zero.")
            elif currency.compare_amounts(missing, 0.0) > 0:
                wizard.lines_warning = self.env._(
                    "The shares make %(total)s of %(amount)s: %(missing)s is not given to a child"
                    " yet.", total=currency._format_plain(total),
                    amount=currency._format_plain(wizard.amount),
                    missing=currency._format_plain(missing),
                )
            elif currency.compare_amounts(missing, 0.0) < 0:
                wizard.lines_warning = self.env._(
                    "The shares make %(total)s, which is %(over)s more than was received.",
                    total=currency._format_plain(total), over=currency._format_plain(-missing),
                )

    # === BUSINESS METHODS === #

    def _get_problem(self):
        """ Return why the receipt cannot be posted, in words; '' when it can.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        students = self._get_students()
        if not students:
            problem = self.student_warning or self.env._(
                "Nobody is chosen. Find the student or the family first."
            )
        elif not self.amount:
            problem = self.env._("The amount is missing. Type what you were given.")
        elif self.money_kind != 'cash' and not self._get_reference():
            problem = self.env._(
                "A bank deposit and a cheque need their number: type what stands on the slip or on"
                " the cheque."
            )
        elif not set(self.line_ids.student_id.ids) <= set(students.ids) and self.mode == 'family':
            problem = self.env._("A share names a child of another family. Choose again.")
        elif self.payer_partner_id - self.payer_option_ids:
            problem = self.env._("The payer is not a guardian of the student. Choose again.")
        else:
            problem = (
                self.student_warning or self.amount_warning or self.reference_warning
                or self.date_warning or self.lines_warning or ''
            )
        return problem and self.env._("%(problem)s Nothing was posted.", problem=problem)
