from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class SchoolChargeWizard(models.TransientModel):
    """Charging one thing, such as a trip, to the students of a class.

    Each student gets a bill of its own, so that parents can pay for just this.
    """

    _name = 'school.charge.wizard'
    _description = "Charge a Class"
    _check_company_auto = True

    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    class_ids = fields.Many2many(
        string="Classes", comodel_name='school.class', check_company=True,
        domain="[('company_id', '=', company_id), ('year_id.date_to', '>=', 'today')]",
    )
    product_id = fields.Many2one(
        string="Fee", comodel_name='product.product', required=True, check_company=True,
        domain="[('is_school_fee', '=', True), ('charge_basis', '=', 'on_demand')]",
    )
    name = fields.Char(
        string="Text", compute='_compute_from_product', store=True, readonly=False,
        help="What the bill says, such as Trip to Nairobi National Park.",
    )
    amount = fields.Monetary(
        string="Amount", compute='_compute_from_product', store=True, readonly=False,
    )
    term_id = fields.Many2one(
        string="Term", comodel_name='school.term', required=True, check_company=True,
        domain="[('company_id', '=', company_id)]",
        default=lambda self: self.env['school.bill.run']._default_term_id(),
    )
    due_date = fields.Date(
        string="Due Date", required=True, default=fields.Date.context_today,
    )
    line_ids = fields.One2many(
        string="Students", comodel_name='school.charge.wizard.line', inverse_name='wizard_id',
        compute='_compute_line_ids', store=True, readonly=False,
    )

    # === COMPUTE METHODS === #

    @api.depends('product_id')
    def _compute_from_product(self):
        """ Take text and usual amount from the fee item. """
        for wizard in self:
            wizard.name = wizard.product_id.name
            wizard.amount = wizard.product_id.list_price

    @api.depends('class_ids')
    def _compute_line_ids(self):
        """ Tick everybody who is in the classes today. """
        for wizard in self:
            students = self.env['school.student'].search([
                ('class_id', 'in', wizard.class_ids.ids),
                ('state', 'in', ('active', 'suspended')),
            ])
            wizard.line_ids = [Command.clear()] + [
                Command.create({'student_id': student.id}) for student in students
            ]

    # === ACTION METHODS === #

    def action_post(self):
        """ Post a bill for each ticked student, and apply open credits.

        :return: A window action that shows the bills.
        :rtype: dict
        :raise UserError: If nobody is ticked, or the amount is not above zero.
        """
        self.ensure_one()
        students = self.line_ids.filtered('is_charged').student_id
        if not students:
            raise UserError(self.env._("Nobody is ticked. Choose a class, then tick its students."))
        if self.currency_id.compare_amounts(self.amount, 0.0) <= 0:
            raise UserError(self.env._("Enter an amount above zero."))
        Run = self.env['school.bill.run'].with_company(self.company_id)
        bills = Run._create_documents([self._prepare_bill(student) for student in students])
        bills.action_post()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'school_fees.account_move_action_term_bill'
        )
        action['domain'] = [('id', 'in', bills.ids)]
        action['context'] = {'create': False}
        return action

    # === BUSINESS METHODS === #

    def _prepare_bill(self, student):
        """ Return the values of a student's bill.

        :param school.student student: The student.
        :rtype: dict
        """
        today = fields.Date.context_today(self)
        return {
            'move_type': 'out_invoice',
            'school_doc_type': 'supplement',
            'student_id': student.id,
            'term_id': self.term_id.id,
            'company_id': self.company_id.id,
            'invoice_date': today,
            'invoice_date_due': max(self.due_date, today),
            'invoice_line_ids': [Command.create({
                'product_id': self.product_id.id,
                'name': self.name or self.product_id.name,
                **self.env['school.bill.run']._prepare_amounts(self.product_id, self.amount),
            })],
        }


class SchoolChargeWizardLine(models.TransientModel):
    """A student who is charged, or not."""

    _name = 'school.charge.wizard.line'
    _description = "Student to Charge"

    wizard_id = fields.Many2one(
        string="Charge", comodel_name='school.charge.wizard', required=True, ondelete='cascade',
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, ondelete='cascade',
    )
    class_id = fields.Many2one(related='student_id.class_id')
    is_charged = fields.Boolean(string="Charged", default=True)
