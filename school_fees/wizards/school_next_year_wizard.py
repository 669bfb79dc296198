import re
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class SchoolNextYearWizard(models.TransientModel):
    """The next academic year with its terms, proposed from the last one.

    The dates are a template to edit: what the ministry announces differs every year.
    """

    _name = 'school.next.year.wizard'
    _description = "Create the Next Academic Year"

    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
    )
    template_id = fields.Many2one(
        string="Like", comodel_name='school.academic.year', required=True,
        domain="[('company_id', '=', company_id)]", compute='_compute_template_id', store=True,
        readonly=False, precompute=True,
    )
    name = fields.Char(
        string="Name", compute='_compute_year', store=True, readonly=False, precompute=True,
        required=True,
    )
    date_from = fields.Date(
        string="First Day", compute='_compute_year', store=True, readonly=False, precompute=True,
        required=True,
    )
    date_to = fields.Date(
        string="Last Day", compute='_compute_year', store=True, readonly=False, precompute=True,
        required=True,
    )
    line_ids = fields.One2many(
        string="Terms", comodel_name='school.next.year.wizard.line', inverse_name='wizard_id',
        compute='_compute_year', store=True, readonly=False, precompute=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('company_id')
    def _compute_template_id(self):
        for wizard in self:
            wizard.template_id = self.env['school.academic.year'].search([
                ('company_id', '=', wizard.company_id.id),
            ], order='date_from desc', limit=1)

    @api.depends('template_id')
    def _compute_year(self):
        """ Propose the year after the template, its terms on the same days of the week. """
        for wizard in self:
            template = wizard.template_id
            wizard.name = re.sub(
                r'\d+', lambda match: f'{int(match[0]) + 1:0{len(match[0])}}', template.name or '',
            )
            one_year = relativedelta(years=1)
            wizard.date_from = template.date_from and template.date_from + one_year
            wizard.date_to = template.date_to and template.date_to + one_year
            wizard.line_ids = [Command.clear()] + [
                Command.create(wizard._prepare_term(term))
                for term in template.term_ids.sorted('sequence')
            ]

    # === ACTION METHODS === #

    def action_create(self):
        """ Create the year and its terms.

        :return: A window action that opens the year.
        :rtype: dict
        :raise UserError: If no term is left.
        """
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("A year needs at least one term. Add its terms first."))
        # A new year changes nothing that is closed; all else about years is the administrator's.
        year = self.env['school.academic.year'].sudo().create({
            'name': self.name,
            'date_from': self.date_from,
            'date_to': self.date_to,
            'company_id': self.company_id.id,
            'term_ids': [
                Command.create({
                    name: line[name]
                    for name in (
                        'sequence', 'name', 'date_from', 'date_to', 'bill_date', 'due_date',
                    )
                })
                for line in self.line_ids
            ],
        })
        return {
            'type': 'ir.actions.act_window',
            'res_model': year._name,
            'res_id': year.id,
            'view_mode': 'form',
        }

    # === BUSINESS METHODS === #

    def _prepare_term(self, term):
        """ Return a term of the next year, whole weeks after the one of the template.

        :param school.term term: The term of the template.
        :rtype: dict
        """
        shift = timedelta(weeks=52)
        if term.date_from + shift < self.date_from:
            shift += timedelta(weeks=1)
        return {
            'sequence': term.sequence,
            'name': term.name,
            'date_from': term.date_from + shift,
            'date_to': term.date_to + shift,
            'bill_date': term.bill_date and term.bill_date + shift,
            'due_date': term.due_date + shift,
        }


class SchoolNextYearWizardLine(models.TransientModel):
    """A term of the next academic year."""

    _name = 'school.next.year.wizard.line'
    _description = "Term of the Next Academic Year"
    _order = 'sequence, id'

    wizard_id = fields.Many2one(
        comodel_name='school.next.year.wizard', required=True, ondelete='cascade', index=True,
    )
    sequence = fields.Integer(string="Number", required=True, default=1)
    name = fields.Char(string="Name", required=True)
    date_from = fields.Date(string="First Day", required=True)
    date_to = fields.Date(string="Last Day", required=True)
    bill_date = fields.Date(string="Bill Date")
    due_date = fields.Date(string="Due Date", required=True)
