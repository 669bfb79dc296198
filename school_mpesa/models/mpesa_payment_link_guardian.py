from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.school_fees.models.qr_picture import make_qr_picture

from .. import daraja
from .request_error import MpesaRequestError


LINK_DAYS = (3, 7, 14)  # For how long a relative may be given to pay; the second is proposed.
MOST_LINKS = 5  # Open links of one guardian, over all children.
LINKS_PER_DAY = 20  # Cancelled ones count too.


class MpesaPaymentLink(models.Model):
    """Links that a guardian makes for a relative: they let pay, and show nothing else.

    Their maker is who created them. They open for as long as the maker may see the child's amounts
    in the portal; when that right ends, so does the link. The page says what the slug of any link
    says (design section 5); no words of the guardian's own stand there, under the school's name.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.payment.link'

    for_relatives = fields.Boolean(
        string="For a Relative", readonly=True, copy=False,
        help="A guardian made it in the portal.",
    )
    guardian_link_id = fields.Many2one(
        string="By the Right of", comodel_name='school.guardian.link', readonly=True, copy=False,
        ondelete='set null', index='btree_not_null', groups='school_fees.group_bursar',
    )
    intent = fields.Char(
        readonly=True, copy=False, groups='base.group_system',
        help="The random id of the form by which a guardian made it: sent twice, it makes one.",
    )

    _intent_uniq = models.UniqueIndex(
        "(create_uid, intent) WHERE intent IS NOT NULL", "This form was already sent.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'for_relatives', 'guardian_link_id.portal', 'guardian_link_id.sees_amounts',
        'guardian_link_id.date_from', 'guardian_link_id.date_to',
    )
    def _compute_state(self):
        """ Override of `school_mpesa` to depend on the right of the guardian who made a link. """
        return super()._compute_state()

    def _search_state(self, operator, value):
        """ Override of `school_mpesa` to find links whose maker's right is over as cancelled. """
        found = super()._search_state(operator, value)
        if found is NotImplemented or ('active' in value) == ('cancelled' in value):
            return found
        today = self._get_today()
        # In sudo mode: the state is the same for whoever looks.
        live = self.env['school.guardian.link'].sudo()._search([
            ('portal', '=', True), ('sees_amounts', '=', True),
            '|', ('date_from', '=', False), ('date_from', '<=', today),
            '|', ('date_to', '=', False), ('date_to', '>=', today),
        ])
        closed = (
            super()._search_state('in', ['active'])
            & Domain('for_relatives', '=', True)
            & ~Domain('id', 'in', self.sudo()._search([('guardian_link_id', 'in', live)]))
        )
        return found & ~closed if 'active' in value else found | closed

    # === BUSINESS METHODS === #

    def _find_state(self, uses):
        """ Override of `school_mpesa`: a link ends with the right of the guardian who made it. """
        state = super()._find_state(uses)
        if state == 'active' and self._is_for_relatives() and not self._has_makers_right():
            return 'cancelled'
        return state

    def _has_makers_right(self):
        """ Tell whether the guardian who made the link may see the child's amounts today.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        right_sudo, today = self.sudo().guardian_link_id, self._get_today()
        return (
            right_sudo.portal and right_sudo.sees_amounts
            and (not right_sudo.date_from or right_sudo.date_from <= today)
            and (not right_sudo.date_to or right_sudo.date_to >= today)
        )

    def _is_for_relatives(self):
        """ Tell whether a guardian made the link, and not the office.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return self.sudo().for_relatives

    @api.model
    def _get_own(self, child=None):
        """ Return the open links that the user has made as a guardian, the newest first.

        :param school.student child: Only those of this child.
        :return: In sudo mode: guardians do not read the office's list.
        :rtype: mpesa.payment.link
        """
        # Not by `state`, whose search weighs the limited links of all schools.
        return self.sudo().search([
            ('create_uid', '=', self.env.uid), ('for_relatives', '=', True),
            ('cancelled_at', '=', False), ('expires_on', '>=', self._get_today()),
            *([('student_id', '=', child.id)] if child else []),
        ]).filtered(lambda link: link.state == 'active')

    @api.model
    def _make_for_relative(self, child, amount, days, intent=None):
        """ Make a link by which somebody else pays for a guardian's child.

        :param school.student child: A child whose amounts the guardian may see.
        :param str amount: KES as typed, at most what is due.
        :param str days: For how many days, one of `LINK_DAYS`.
        :param str intent: The idempotency key of the form: the same one makes one link.
        :return: In sudo mode.
        :rtype: mpesa.payment.link
        :raise MpesaRequestError: If it cannot be made so.
        :raise ConcurrencyError: If a second tap was as quick; the framework then starts again and
                                 finds the link of the first.
        """
        if same_sudo := intent and self.sudo().search([
            ('create_uid', '=', self.env.uid), ('intent', '=', intent),
        ]):
            if same_sudo.cancelled_at:
                raise MpesaRequestError(self.env._(
                    "This form was sent already, and its link is cancelled. No new link was made."
                    " Open the page again to make one."
                ), 'link')
            return same_sudo
        child_sudo = child.sudo()  # The caller has checked that the guardian may see the amounts.
        Request, Provider = self.env['payment.transaction'], self.env['payment.provider']
        if not Provider._mpesa_get_default(child_sudo.company_id):
            raise MpesaRequestError(self.env._(
                "This school does not collect by M-PESA yet. No link was made. Ask the school"
                " office how to pay."
            ), 'link')
        due = Request._mpesa_get_due(child_sudo, self.env['account.move']).to_integral_value(
            'ROUND_CEILING',
        )
        value = self._read_own_amount(amount, due)
        if days not in {str(number) for number in LINK_DAYS}:
            raise MpesaRequestError(self.env._("Choose for how long the link is open."), 'days')
        # One that is paid in full asks for nothing, and takes no one's place.
        if len(self._get_own().filtered('asked')) >= MOST_LINKS:
            raise MpesaRequestError(self.env._(
                "You have %(most)s open links already. No new link was made. Cancel one that is"
                " not needed any more.", most=MOST_LINKS,
            ), 'link')
        counter_sudo = self.env['mpesa.rate.counter'].sudo()  # Nobody else may count.
        if counter_sudo._hit('relative link', str(self.env.uid), 86_400) > LINKS_PER_DAY:
            raise MpesaRequestError(self.env._(
                "You made many links today. No new link was made. Try again tomorrow."
            ), 'link')
        rights_sudo = self.env['school.guardian.link']._of_portal_user()
        return self._make([{
            'student_id': child.id,
            'amount': value,
            'first_asked': value,
            'may_change': True,
            'expires_on': self._get_today() + timedelta(days=int(days)),
            'for_relatives': True,
            'guardian_link_id': rights_sudo.filtered(
                lambda right: right.student_id == child and right.sees_amounts
            )[:1].id,
            'intent': intent,
        }])

    @api.model
    def _read_own_amount(self, amount, due):
        """ Return the amount that a guardian asks a relative for.

        :param str amount: KES as typed.
        :param Decimal due: What is due for the child, in whole KES.
        :return: Whole KES.
        :rtype: Decimal
        :raise MpesaRequestError: If it is no amount, has cents, or is more than is due.
        """
        value = self.env['payment.transaction']._mpesa_read_amount(amount)
        if value is None:
            raise MpesaRequestError(
                self.env._("Enter how much the relative is asked for."), 'amount'
            )
        if value != value.to_integral_value():
            raise MpesaRequestError(
                self.env._("Enter whole shillings, without cents."), 'amount'
            )
        if not due:
            raise MpesaRequestError(self.env._(
                "There is nothing to pay any more. No link was made."
            ), 'link')
        if value < daraja.LEAST_AMOUNT:
            raise MpesaRequestError(self.env._(
                "Amount must be KES %(least)s or more.", least=f'{daraja.LEAST_AMOUNT:,}',
            ), 'amount')
        if value > due:
            raise MpesaRequestError(self.env._(
                "That is more than the balance of KES %(balance)s. Ask for KES %(balance)s or"
                " less.", balance=f'{due:,}',
            ), 'amount')
        return Decimal(int(value))

    def _cancel_own(self):
        """ Close a link that the user has made as a guardian.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        school = self.sudo().company_id
        office = self.with_context(lang=school.partner_id.lang or 'en_US')
        self._close(office.env._("Cancelled by the guardian who made it"))

    def _get_share_values(self):
        """ Return what a guardian sends to a relative, in the language of the page.

        Note: `self.ensure_one()`

        :return: `id`, `amount` (what it asks for now), `is_over` (nothing is asked for any more),
                 `open_until`, `paid` ('' for nothing yet), `url`, `whatsapp`, `sms` and `qr`.
        :rtype: dict
        """
        self.ensure_one()
        message = self._write_message()
        say_day = self.env['school.statement']._format_day
        return {
            'id': self.id,
            'amount': self.currency_id._format_plain(self.asked),
            'is_over': not self.asked,
            'open_until': say_day(self.expires_on),
            'paid': self.currency_id._format_plain(self.paid_amount) if self.paid_amount else '',
            'url': self.url,
            'whatsapp': f'https://wa.me/?text={quote(message)}',
            # Both '?' and '&', since phones differ in which one begins the text.
            'sms': f'sms:?&body={quote(message)}',
            'qr': make_qr_picture(self.url),
        }
