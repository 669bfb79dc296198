from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from .reference_index import index_of_mobiles, index_of_names, index_of_other_phones
from .school_guardian_phone import to_e164


class ResPartner(models.Model):
    _inherit = 'res.partner'

    is_school_student = fields.Boolean(
        string="Is a Student", readonly=True, copy=False,
        help="The ledger account of a student. Hidden from users without a school or accounting"
             " role.",
    )
    guardian_link_ids = fields.One2many(
        string="Children", comodel_name='school.guardian.link', inverse_name='partner_id',
        groups='school_fees.group_bursar',
    )
    guardian_phone_ids = fields.One2many(
        string="More Phones", comodel_name='school.guardian.phone', inverse_name='partner_id',
        domain=[('proposed', '=', False)], groups='school_fees.group_bursar',
    )

    school_sms_optout = fields.Boolean(
        string="No SMS from Schools", copy=False, groups='school_fees.group_bursar',
        help="The guardian wants no messages about any child. For one child, clear SMS there.",
    )

    _school_name_words = models.Index(index_of_names('name'))
    _school_mobile = models.Index(index_of_mobiles('phone'))
    _school_other_phone = models.Index(index_of_other_phones('phone'))

    # === CONSTRAINT METHODS === #

    @api.constrains('is_school_student', 'parent_id', 'is_company')
    def _check_school_student(self):
        """ Check that a student is a partner alone.

        Odoo books a bill on the commercial partner: below a parent, all children of a family would
        share one ledger account.

        :raise ValidationError: If a student has a parent or is a company, or loses the mark that
                                hides minors from other staff.
        """
        unmarked = self - self.filtered('is_school_student')
        if unmarked and self.env['school.student'].sudo().search_count(
            [('partner_id', 'in', unmarked.ids)], limit=1,
        ):
            raise ValidationError(self.env._(
                "The ledger account of a student must be marked as a student."
            ))
        for partner in self.filtered('is_school_student'):
            if partner.parent_id:
                raise ValidationError(self.env._(
                    "A student cannot belong to another contact: the debt would be booked there."
                ))
            if partner.is_company:
                raise ValidationError(self.env._("A student cannot be a company."))

    # === BUSINESS METHODS === #

    def _get_school_phones(self):
        """ Return the guardian's phone numbers, the one on the contact first.

        Note: `self.ensure_one()`

        :return: Numbers in E.164 form; what is no number is left out.
        :rtype: list[str]
        """
        self.ensure_one()
        numbers = [to_e164(self.phone), *self.sudo().guardian_phone_ids.mapped('e164')]
        return list(dict.fromkeys(filter(None, numbers)))

    def _get_message_phone(self):
        """ Return the number to which the guardian's messages go.

        Note: `self.ensure_one()`

        :return: In E.164 form; None when there is none.
        :rtype: str | None
        """
        self.ensure_one()
        return self._get_message_phones()[self]

    def _get_message_phones(self):
        """ Return the number to which the messages of each of these guardians go.

        The one on the contact, else a further one with consent; never one of Odoo's blacklist.

        :return: In E.164 form; None when there is none.
        :rtype: dict[res.partner, str | None]
        """
        numbers = {}
        for partner_sudo in self.sudo():
            found = [to_e164(partner_sudo.phone), *partner_sudo.guardian_phone_ids.filtered(
                'consent').mapped('e164')]
            numbers[partner_sudo] = list(dict.fromkeys(filter(None, found)))
        every = list({number for found in numbers.values() for number in found})
        blocked = set(self.env['phone.blacklist'].sudo().search([
            ('number', 'in', every),
        ]).mapped('number')) if every else set()
        return {
            partner: next((number for number in found if number not in blocked), None)
            for partner, found in numbers.items()
        }

    def _get_message_language(self, school):
        """ Return the guardian's language where it is still active, else the school's.

        :param res.company school: The school that writes.
        :rtype: str
        """
        active = {code for code, _name in self.env['res.lang'].get_installed()}
        for language in (self[:1].lang, school.partner_id.lang):
            if language in active:
                return language
        return 'en_US'

    def _open_schools_to_guardian_users(self):
        """ Open the schools of their children to the portal users of these guardians.

        A guardian belongs to no school; Odoo's company rules would hide a child of any school that
        is not among the user's companies. Which records are then seen, only the portal's record
        rules decide.

        :return: None
        """
        for partner_sudo in self.sudo():  # Users and their companies are the administrator's.
            companies = partner_sudo.guardian_link_ids.filtered('portal').company_id
            for user_sudo in partner_sudo.with_context(active_test=False).user_ids:
                missing = companies - user_sudo.company_ids
                if missing and user_sudo.share:
                    user_sudo.company_ids = [Command.link(company.id) for company in missing]
