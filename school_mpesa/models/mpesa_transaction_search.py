from odoo import api, fields, models
from odoo.fields import Domain

from .payment_transaction import CHANNELS
from .phone_search import find_by_phone
from .term_search import get_term_domain


class MpesaTransaction(models.Model):
    """Finding and counting movements: by number, term, channel, student and class."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    channel = fields.Selection(
        string="Channel", selection=[*CHANNELS, ('paybill_manual', "Paybill")],
        compute='_compute_channel', store=True, precompute=True,
        help="The request's way, or Paybill where the payer typed our number.",
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', compute='_compute_student_id',
        store=True, precompute=True, index='btree_not_null', ondelete='restrict',
        help="Whose receipt it is on; empty for several children, and for nobody yet.",
    )  # Without `check_company`: a shortcode also serves the branches of its school.
    class_id = fields.Many2one(
        string="Student's Class", comodel_name='school.class', compute='_compute_class_id',
        store=True, precompute=True, ondelete='set null',
        help="The student's class when the payment was put on the student.",
    )
    payer_search = fields.Char(
        string="Phone Number", compute='_compute_payer_search', search='_search_payer_search',
        groups='school_fees.group_bursar', exportable=False,
        help="Type the whole number, in any form: 0712 345 678 or +254 712 345 678.",
    )
    search_this_term = fields.Boolean(
        string="This Term", store=False, search='_search_search_this_term', exportable=False,
        help="Paid within the school's current term.",
    )

    # The list's own order, over all shortcodes.
    _order_idx = models.Index("(paid_at DESC, id DESC)")
    # Few wait among many that are on students.
    _waits_idx = models.Index(
        "(booking_state, paid_at) WHERE booking_state NOT IN ('request', 'matched')"
    )

    # === COMPUTE METHODS === #

    @api.depends('payment_transaction_id')
    def _compute_channel(self):
        for movement in self:
            movement.channel = movement.payment_transaction_id.mpesa_channel or 'paybill_manual'

    @api.depends('receipt_id')
    def _compute_student_id(self):
        for movement in self:
            students = movement.receipt_id.line_ids.student_id
            movement.student_id = students if len(students) == 1 else False

    @api.depends('student_id')
    def _compute_class_id(self):
        for movement in self:
            movement.class_id = movement.student_id.class_id

    @api.depends('payer_mask')
    def _compute_payer_search(self):
        for movement in self:
            movement.payer_search = movement.payer_mask

    # === SEARCH METHODS === #

    def _search_payer_search(self, operator, value):
        return find_by_phone(self, operator, value, 'payer_mask', self._get_phone_domain)

    def _search_search_this_term(self, operator, value):
        if operator != 'in':
            return NotImplemented
        domain = get_term_domain(self.env, 'paid_at')
        return Domain.OR(domain if wanted else ~domain for wanted in value)

    def _get_phone_domain(self, index):
        """ Return the domain of what one number paid, also where only its request tells so.

        A paybill confirmation may hide the number; the prompt that it answers does not.

        :param str index: The number's keyed digest.
        :rtype: Domain
        """
        # Only the system may read the index; the office may ask whether one number fits.
        requests_sudo = self.env['payment.transaction'].sudo().search([
            ('mpesa_phone_index', '=', index),
        ])
        return Domain('id', 'in', self.sudo()._search([
            '|', ('payer_index', '=', index),
            ('payment_transaction_id', 'in', requests_sudo.ids),
        ]))
