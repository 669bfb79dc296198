from odoo import api, fields, models
from odoo.fields import Domain

from .phone_search import find_by_phone
from .term_search import get_term_domain


class PaymentTransaction(models.Model):
    """Finding requests: by the payer's full number, by the term, and by the class."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_phone_search = fields.Char(
        string="Phone Number", compute='_compute_mpesa_phone_search',
        search='_search_mpesa_phone_search', groups='school_fees.group_bursar', exportable=False,
        help="Type the whole number, in any form: 0712 345 678 or +254 712 345 678.",
    )
    mpesa_search_this_term = fields.Boolean(
        string="This Term", store=False, search='_search_mpesa_search_this_term',
        exportable=False, help="Asked within the school's current term.",
    )
    mpesa_class_id = fields.Many2one(
        string="Student's Class", comodel_name='school.class', compute='_compute_mpesa_class_id',
        store=True, precompute=True, ondelete='set null',
        help="The student's class when the request was made.",
    )

    # === COMPUTE METHODS === #

    def _compute_mpesa_phone_search(self):
        for tx in self:
            tx.mpesa_phone_search = tx.mpesa_phone_mask

    @api.depends('mpesa_student_id')
    def _compute_mpesa_class_id(self):
        for tx in self:
            tx.mpesa_class_id = tx.mpesa_student_id.class_id

    # === SEARCH METHODS === #

    def _search_mpesa_phone_search(self, operator, value):
        # Only the system may read the index; the office may ask whether one number fits.
        return find_by_phone(self, operator, value, 'mpesa_phone_mask', lambda index: Domain(
            'id', 'in', self.sudo()._search([('mpesa_phone_index', '=', index)]),
        ))

    def _search_mpesa_search_this_term(self, operator, value):
        if operator != 'in':
            return NotImplemented
        domain = get_term_domain(self.env, 'create_date')
        return Domain.OR(domain if wanted else ~domain for wanted in value)
