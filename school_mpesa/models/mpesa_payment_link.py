import math
import re
import secrets

from psycopg2 import errors as pg_errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from odoo.addons.school_fees.models.school_receipt import SLUG_ALPHABET, SLUG_LENGTH

from .. import daraja


NAIROBI = 'Africa/Nairobi'
SLUG_PATTERN = re.compile(r'[0-9A-Za-z]{%d}' % SLUG_LENGTH)
# What is looked up for a text that cannot be a slug: no link has it.
NO_SLUG = '-' * SLUG_LENGTH
# A request in one of these states brought money, so it has used its link.
RECEIVED_STATES = ('paid', 'receipt_pending')


class MpesaPaymentLink(models.Model):
    """A public address /p/<slug> at which a student's fees are paid without a log-in.

    The slug is the whole authority: who holds it may pay, and sees the first name, the admission
    number, the class, what it is for and the amount asked (design section 5). What is due is read
    at each view and never kept here.
    """

    _name = 'mpesa.payment.link'
    _description = "Payment Link"
    _order = 'id desc'

    slug = fields.Char(
        string="Public Code", required=True, readonly=True, copy=False,
        default=lambda self: self._generate_slug(),
        help="The unguessable end of the public address.",
    )
    kind = fields.Selection(
        string="Kind",
        selection=[('link', "Link"), ('bill', "Bill"), ('statement', "Statement")],
        required=True, readonly=True, default='link',
        help="Made by hand; or the address printed on a bill or on a student's statement.",
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(
        related='student_id.company_id', string="School", store=True, index=True,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    bill_id = fields.Many2one(
        string="Bill", comodel_name='account.move', readonly=True, ondelete='cascade',
        index='btree_not_null', help="The bill on which this address is printed.",
    )
    invoice_ids = fields.Many2many(
        string="Only For", comodel_name='account.move', relation='mpesa_payment_link_move_rel',
        readonly=True, help="The bills chosen; empty: whatever is due.",
    )
    provider_id = fields.Many2one(
        string="Shortcode", comodel_name='payment.provider', readonly=True, ondelete='restrict',
        groups='base.group_system', help="Empty: the one that serves the school.",
    )
    amount = fields.Monetary(
        string="Asked For", readonly=True,
        help="In KES, at most what is due when the link is opened. 0: all that is due then.",
    )
    may_change = fields.Boolean(
        string="May Pay in Parts", readonly=True, default=True,
        help="The parent may pay a part of it.",
    )
    description = fields.Char(
        string="What For", readonly=True, help="The parent reads it on the page.",
    )
    expires_on = fields.Date(
        string="Open Until", readonly=True, help="The last day in Kenya on which it can be opened.",
    )
    max_uses = fields.Integer(
        string="Payments at Most", readonly=True, help="0: any number of payments.",
    )
    ask_number = fields.Integer(
        readonly=True, copy=False,
        help="Grows with each request of a limited link: of two that come at once, the second one"
             " starts again and sees the first.",
    )
    transaction_ids = fields.One2many(
        string="Payment Requests", comodel_name='payment.transaction',
        inverse_name='mpesa_link_id', readonly=True,
    )

    _slug_uniq = models.UniqueIndex("(slug)", "This public code is already used.")
    _bill_uniq = models.UniqueIndex(
        "(bill_id) WHERE kind = 'bill' AND cancelled_at IS NULL", "This bill has an address.",
    )
    _statement_uniq = models.UniqueIndex(
        "(student_id) WHERE kind = 'statement' AND cancelled_at IS NULL",
        "This student's statement has an address.",
    )
    # Each bill has a link, too: those made by hand are few among them, and most have expired.
    _by_hand_idx = models.Index("(company_id, id) WHERE kind = 'link'")
    _open_idx = models.Index(
        "(company_id, expires_on) WHERE kind = 'link' AND cancelled_at IS NULL"
    )
    _amount_not_negative = models.Constraint(
        'CHECK(amount >= 0 AND max_uses >= 0)',
        "The amount and the number of payments cannot be below zero.",
    )
    _bill_of_its_kind = models.Constraint(
        "CHECK((kind = 'bill') = (bill_id IS NOT NULL))",
        "The address of a bill needs its bill, and no other link has one.",
    )

    # === COMPUTE METHODS === #

    @api.depends('kind', 'student_id', 'description', 'bill_id')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for link in self:
            what = link.description or link.sudo().bill_id.name or kinds.get(link.kind, '')
            link.display_name = f'{link.student_id.display_name or ""}: {what}'

    # === BUSINESS METHODS - THE SLUG === #

    @api.model
    def _generate_slug(self):
        """ Return a new unguessable slug of 12 base62 characters.

        None holds a word that Safaricom refuses in addresses (daraja.md 1.6), so that a link may
        stand anywhere.

        :rtype: str
        """
        while True:
            slug = ''.join(secrets.choice(SLUG_ALPHABET) for _ in range(SLUG_LENGTH))
            if not daraja.forbidden_words(slug):
                return slug

    @api.model
    def _find_slug(self, slug):
        """ Find the link of a public address, if it can be opened now.

        Whatever does not open is looked up in the same way: neither the answer nor its time tells
        a slug that was never given from one that is used, expired or cancelled.

        :param str slug: The end of the address, any text.
        :return: The link in sudo mode, or an empty recordset.
        :rtype: mpesa.payment.link
        """
        links_sudo = self.sudo()  # The slug is the authority.
        is_slug = isinstance(slug, str) and SLUG_PATTERN.fullmatch(slug)
        link_sudo = links_sudo.search_fetch(
            [('slug', '=', slug if is_slug else NO_SLUG)],
            ['kind', 'student_id', 'bill_id', 'amount', 'may_change', 'expires_on', 'max_uses',
             'cancelled_at', 'for_relatives'],
            limit=1,
        )
        uses = self._count_uses(link_sudo.ids or [0])
        if link_sudo and link_sudo._find_state(uses.get(link_sudo.id, 0)) == 'active':
            return link_sudo
        return links_sudo.browse()

    @api.model
    def _make(self, vals_list):
        """ Make the links that are printed, unless a parallel request is making them.

        :param list[dict] vals_list: The create values.
        :return: In sudo mode.
        :rtype: mpesa.payment.link
        :raise ConcurrencyError: If one of them exists by now; the framework then starts again,
                                 and it is found.
        """
        try:
            # The log would quote the whole row of what is no error: two readers at once.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                return self.sudo().create(vals_list)
        except pg_errors.UniqueViolation as error:
            message = "A parallel request was quicker."
            raise ConcurrencyError(message) from error

    def _get_public_path(self):
        """ Return the public address without its host.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return f'/p/{self.sudo().slug}'

    def _get_claim_path(self):
        """ Return the public address at which somebody says to have paid already, without its host.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return f'/c/{self.sudo().slug}'

    # === BUSINESS METHODS - WHAT IS ASKED FOR === #

    def _get_bills(self):
        """ Return the bills that the link is for, in sudo mode; none: whatever is due.

        Those that the student still owes, if any is; else all, so that a link for bills that are
        paid, or another student's by now, never asks for something else.

        Note: `self.ensure_one()`

        :rtype: account.move
        """
        self.ensure_one()
        bills_sudo = self.sudo().bill_id | self.sudo().invoice_ids
        return bills_sudo.filtered(lambda bill: (
            self._is_own_bill(bill) and not bill.currency_id.is_zero(bill.amount_residual)
        )) or bills_sudo

    def _is_own_bill(self, bill_sudo):
        """ Tell whether a bill is in force and the student's: it may be corrected to another's.

        Note: `self.ensure_one()`

        :param account.move bill_sudo: The bill, in sudo mode.
        :rtype: bool
        """
        self.ensure_one()
        return bill_sudo.state == 'posted' and (
            bill_sudo.partner_id == self.sudo().student_id.partner_id
        )

    def _get_due(self):
        """ Return what is due now of what the link is for.

        Note: `self.ensure_one()`

        :return: Whole KES, rounded up: M-PESA moves no cents.
        :rtype: int
        """
        self.ensure_one()
        bills_sudo = self._get_bills()
        owed = bills_sudo.filtered(self._is_own_bill)
        if bills_sudo and not owed:
            return 0
        due = self.env['payment.transaction']._mpesa_get_due(self.sudo().student_id, owed)
        return math.ceil(round(due, 2))

    def _get_asked(self, due):
        """ Return what the link asks for, never more than what is due.

        Of a link that may be paid any number of times, that is what is left of its amount: a page
        that a family shares does not ask for it again.

        Note: `self.ensure_one()`

        :param int due: What is due, in whole KES.
        :return: Whole KES.
        :rtype: int
        """
        self.ensure_one()
        link_sudo = self.sudo()
        if not link_sudo.amount:
            return due
        amount = link_sudo.amount - (0 if link_sudo.max_uses else link_sudo.paid_amount)
        return max(min(math.ceil(round(amount, 2)), due), 0)

    def _get_provider(self):
        """ Return the shortcode that the link collects on, in sudo mode; it may be none.

        Note: `self.ensure_one()`

        :rtype: payment.provider
        """
        self.ensure_one()
        link_sudo = self.sudo()  # Providers are the system's.
        return link_sudo.provider_id or link_sudo.provider_id._mpesa_get_default(
            link_sudo.company_id,
        )

    def _get_channel(self):
        """ Return the channel of what is paid by this link.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return {'link': 'payment_link', 'bill': 'invoice', 'statement': 'statement'}[self.kind]
