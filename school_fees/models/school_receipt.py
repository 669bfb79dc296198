import secrets
import string

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


SLUG_ALPHABET = string.digits + string.ascii_letters
SLUG_LENGTH = 12  # 12 base62 characters are 71 bits: too many to guess, short enough for an SMS.


class SchoolReceipt(models.Model):
    """An official receipt: one payment event, for one or more students.

    A receipt is never deleted. It is cancelled by reversal, keeps its number and says so.
    """

    _name = 'school.receipt'
    _inherit = ['mail.thread', 'sequence.mixin']
    _description = "Official Receipt"
    _order = 'date desc, sequence_prefix desc, sequence_number desc, id desc'
    _rec_name = 'number'
    _check_company_auto = True
    _sequence_field = 'number'
    _sequence_date_field = 'date'
    _sequence_index = 'company_id'

    number = fields.Char(
        string="Receipt Number", readonly=True, copy=False,
        help="Given when the receipt is posted, without gaps, per company and year.",
    )
    slug = fields.Char(
        string="Public Code", readonly=True, copy=False,
        default=lambda self: self._generate_slug(),
        help="The unguessable end of the receipt's public address.",
    )
    date = fields.Date(
        string="Date", required=True, readonly=True,
        help="The day of the payment in Kenya (East Africa Time).",
    )
    paid_at = fields.Datetime(
        string="Paid At", readonly=True,
        help="When the money moved, as the bank or M-PESA says. Stored in UTC.",
    )
    channel = fields.Selection(
        string="Channel",
        selection=[('cash', "Cash"), ('bank', "Bank"), ('cheque', "Cheque")],
        required=True,
        readonly=True,
    )
    money_kind = fields.Selection(
        string="Kind of Money",
        selection=[('cash', "Cash"), ('bank', "Bank"), ('cheque', "Cheque")],
        required=True,
        readonly=True,
        help="External references are unique for each kind of money, whatever the channel.",
    )
    external_ref = fields.Char(
        string="External Reference", readonly=True, copy=False,
        help="The number that the bank, the cheque or M-PESA gave to this payment.",
    )
    amount = fields.Monetary(string="Amount", required=True, readonly=True)
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', required=True, readonly=True,
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    family_id = fields.Many2one(
        string="Family", comodel_name='school.family', readonly=True, index='btree_not_null',
        check_company=True,
    )
    payer_partner_id = fields.Many2one(
        string="Payer", comodel_name='res.partner', readonly=True, groups='base.group_user',
        help="Who paid, where the school knows it. M-PESA payers are kept encrypted elsewhere.",
    )
    state = fields.Selection(
        string="Status",
        selection=[('draft', "Draft"), ('posted', "Posted"), ('reversed', "Reversed")],
        required=True, readonly=True, copy=False, default='draft', tracking=True,
    )
    reversed_reason = fields.Char(string="Reason of the Reversal", readonly=True, copy=False)
    issued_by_id = fields.Many2one(
        string="Issued By", comodel_name='res.users', readonly=True,
        default=lambda self: self.env.user,
    )
    line_ids = fields.One2many(
        string="Students", comodel_name='school.receipt.line', inverse_name='receipt_id',
        readonly=True,
    )
    student_ids = fields.Many2many(
        string="For", comodel_name='school.student', compute='_compute_student_ids',
        search='_search_student_ids',
    )

    _number_uniq = models.UniqueIndex(
        "(company_id, number) WHERE number IS NOT NULL",
        "This receipt number is already used.",
    )
    # Every opening of *Today* reads what came in on a day, and what no cash-up has taken.
    _company_date_idx = models.Index("(company_id, date)")
    _uncounted_idx = models.Index(
        "(company_id, money_kind, create_date) WHERE cash_up_id IS NULL"
    )
    _slug_uniq = models.UniqueIndex("(slug)", "This public code is already used.")
    _external_ref_uniq = models.UniqueIndex(
        "(company_id, money_kind, external_ref)"
        " WHERE external_ref IS NOT NULL AND state <> 'reversed'",
        "This external reference already has a receipt.",
    )
    _amount_positive = models.Constraint(
        'CHECK(amount > 0)',
        "The amount of a receipt must be above zero.",
    )

    # === COMPUTE METHODS === #

    @api.depends('line_ids.student_id')
    def _compute_student_ids(self):
        # Each assignment checks the right to its students: read for all receipts at once.
        self.line_ids.student_id.fetch(['company_id'])
        for receipt in self:
            receipt.student_ids = receipt.line_ids.student_id

    def _search_student_ids(self, operator, value):
        return [('line_ids.student_id', operator, value)]

    # === CONSTRAINT METHODS === #

    @api.constrains('state', 'amount', 'line_ids')
    def _check_lines_sum_to_amount(self):
        """ Ensure that the students' shares of a posted receipt make up its amount.

        :raise ValidationError: If they do not.
        """
        for receipt in self.filtered(lambda r: r.state == 'posted'):
            total = sum(receipt.line_ids.mapped('amount'))
            if receipt.currency_id.compare_amounts(total, receipt.amount) != 0:
                raise ValidationError(self.env._(
                    "The shares of receipt %(number)s make %(total)s and not %(amount)s.",
                    number=receipt.number or '', total=total, amount=receipt.amount,
                ))

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never_once_numbered(self):
        if any(receipt.number for receipt in self):
            raise UserError(self.env._(
                "A receipt with a number is never deleted. Reverse it instead, with a reason."
            ))

    # === SEQUENCE === #

    def _get_starting_sequence(self):
        """ Override of `sequence.mixin`: receipts read RCT/2026/000001 and restart each year. """
        self.ensure_one()
        return f'RCT/{self.date.year:04d}/000000'

    def _get_last_sequence_domain(self, relaxed=False):
        """ Override of `sequence.mixin`: one run of numbers per company and year. """
        self.ensure_one()
        where = 'WHERE company_id = %(company_id)s AND number IS NOT NULL'
        parameters = {'company_id': self.company_id.id}
        if not relaxed:
            where += ' AND sequence_prefix = %(prefix)s'
            parameters['prefix'] = f'RCT/{self.date.year:04d}/'
        return where, parameters

    def _assign_numbers(self):
        """ Give each receipt the next number of its company and year, without gaps.

        The mixin asks for the last number once for each run and locks it until the transaction
        ends; the numbers after it come from the mixin's cache, so a batch costs one look-up.

        :return: None
        """
        for receipts in self.grouped(lambda r: (r.company_id, r.date.year)).values():
            format_string, format_values = receipts[0]._get_next_sequence_format()
            for receipt in receipts:
                number = receipt._locked_increment(format_string, dict(format_values))
                receipt.with_context(clear_sequence_mixin_cache=False).number = number

    # === BUSINESS METHODS === #

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """ Override of `mail` to keep what staff write on a receipt from guardians.

        A receipt may be for the children of several, who all read it.
        """
        if message_operation == 'read' and self.env.user.share:
            return dict.fromkeys(self, 'write')
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    @api.model
    def _generate_slug(self):
        """ Return a new unguessable slug of 12 base62 characters.

        :rtype: str
        """
        return ''.join(secrets.choice(SLUG_ALPHABET) for _ in range(SLUG_LENGTH))

    def _get_public_url(self):
        """ Return the receipt's public address, without host.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return f'/rc/{self.slug}'
