from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class SchoolFeeStructureCopy(models.TransientModel):
    """Copying fee structures to another year, with chosen fees raised by a percentage."""

    _name = 'school.fee.structure.copy'
    _description = "Copy Fee Structures to Another Year"

    year_from_id = fields.Many2one(
        string="From Year", comodel_name='school.academic.year', required=True,
    )
    year_id = fields.Many2one(
        string="To Year", comodel_name='school.academic.year', required=True,
        domain="[('company_id', '=', company_id), ('id', '!=', year_from_id)]",
    )
    percent = fields.Float(
        string="Raise By (%)", digits=(16, 2),
        help="Raises the ticked fees, in whole shillings. Below zero, they fall.",
    )
    line_ids = fields.One2many(
        string="Fees", comodel_name='school.fee.structure.copy.line', inverse_name='copy_id',
        compute='_compute_line_ids', store=True, readonly=False,
    )
    company_id = fields.Many2one(related='year_from_id.company_id')

    # === COMPUTE METHODS === #

    @api.model
    def default_get(self, fields):
        """ Override of `orm`: copy what is in force to the year after it. """
        defaults = super().default_get(fields)
        structures = self._get_structures()
        if structures:
            year = structures[0].year_id
            following = self.env['school.academic.year'].search([
                ('company_id', '=', year.company_id.id), ('date_from', '>', year.date_from),
            ], order='date_from', limit=1)
            defaults.update(year_from_id=year.id, year_id=following.id)
        return defaults

    @api.depends('year_from_id')
    def _compute_line_ids(self):
        """ Tick every fee that the structures charge. """
        for wizard in self:
            structures = wizard._get_structures().filtered(
                lambda structure, year=wizard.year_from_id: structure.year_id == year
            )
            wizard.line_ids = [Command.clear()] + [
                Command.create({'product_id': product.id})
                for product in structures.line_ids.product_id
            ]

    # === ACTION METHODS === #

    def action_copy(self):
        """ Copy the structures as drafts of the other year; what it has already is left alone.

        :return: A window action that shows them.
        :rtype: dict
        :raise UserError: If there is nothing to copy.
        """
        self.ensure_one()
        structures = self._get_structures().filtered(
            lambda structure: structure.year_id == self.year_from_id
        )
        if not structures:
            raise UserError(self.env._(
                "%(year)s has no published fee structure to copy.", year=self.year_from_id.name,
            ))
        structures = self._get_missing(structures)
        raised = self.line_ids.filtered('is_raised').product_id
        copies = structures.browse()
        for structure in structures:
            copies += structure.copy({
                'name': structure.name.replace(self.year_from_id.name, self.year_id.name),
                'year_id': self.year_id.id,
            })
        for line in copies.line_ids:
            if line.product_id in raised:
                line._raise_by(Decimal(str(self.percent)))
        return copies._open_year(self.year_id)

    # === BUSINESS METHODS === #

    def _get_missing(self, structures):
        """ Return the structures that the other year has none of for the same students yet.

        :param school.fee.structure structures: What is to be copied.
        :rtype: school.fee.structure
        :raise UserError: If the year has them all.
        """
        others = structures.search([
            ('year_id', '=', self.year_id.id), ('state', '!=', 'replaced'),
        ])
        missing = structures.filtered(lambda structure: not structure._get_rivals(others))
        if not missing:
            raise UserError(self.env._(
                "%(year)s has fee structures for all these students already, so nothing was"
                " copied. Change those, or delete their drafts and copy again.",
                year=self.year_id.name,
            ))
        return missing

    @api.model
    def _get_structures(self):
        """ Return what is copied: the chosen structures, or all that are in force.

        :rtype: school.fee.structure
        """
        Structure = self.env['school.fee.structure']
        if self.env.context.get('active_model') == Structure._name:
            chosen = Structure.browse(self.env.context.get('active_ids') or ())
            if chosen:
                return chosen.filtered(lambda structure: structure.year_id == chosen[0].year_id)
        published = Structure.search([
            ('state', '=', 'published'), ('company_id', '=', self.env.company.id),
        ])
        last_year = published.year_id.sorted('date_from')[-1:]
        return published.filtered(lambda structure: structure.year_id == last_year)


class SchoolFeeStructureCopyLine(models.TransientModel):
    """A fee that is raised in the copies, or not."""

    _name = 'school.fee.structure.copy.line'
    _description = "Fee to Raise"

    copy_id = fields.Many2one(
        string="Copy", comodel_name='school.fee.structure.copy', required=True,
        ondelete='cascade',
    )
    product_id = fields.Many2one(
        string="Fee", comodel_name='product.product', required=True, readonly=True,
    )
    is_raised = fields.Boolean(string="Raise", default=True)
