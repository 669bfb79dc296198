from psycopg2 import errors as pg_errors

from odoo import fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import mute_logger

from .school_guardian_phone import mask_phone, to_e164, to_kenyan_mobile


MOST_PHONES = 5  # Further numbers of one guardian, those that wait included.


class ResPartner(models.Model):
    """The phone numbers and the language that a guardian looks after in the portal."""

    _inherit = 'res.partner'  # pylint: disable=consider-merging-classes-inherited

    proposed_phone_ids = fields.One2many(
        string="Phones to Confirm", comodel_name='school.guardian.phone',
        inverse_name='partner_id', domain=[('proposed', '=', True)], readonly=True,
        groups='school_fees.group_bursar',
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `base`: a number that a guardian's own log-in writes is only proposed.

        Odoo lets every log-in write the own contact's number, by its page of addresses, by the
        preferences of staff and by RPC. What is no number, or none at all, changes nothing: the
        rest of the form is kept.
        """
        guardians = self._filter_self_kept() if 'phone' in vals else self.browse()
        if not guardians:
            return super().write(vals)
        for partner in guardians:
            if to_e164(vals['phone']) and not partner._has_first_phone(vals['phone']):
                partner._propose_phone(vals['phone'], is_first=True, abroad=True)
        rest = {name: value for name, value in vals.items() if name != 'phone'}
        super(ResPartner, self - guardians).write(vals)
        return super(ResPartner, guardians).write(rest)

    # === BUSINESS METHODS === #

    def _filter_self_kept(self):
        """ Return the guardians among these whose number the user may only propose.

        :rtype: res.partner
        """
        user = self.env.user
        if user.has_group('school_fees.group_bursar'):
            return self.browse()
        written = self if user.share else self & user.partner_id
        # In sudo mode: who is a guardian is not the log-in's to read.
        return written.filtered(lambda partner: partner.sudo().guardian_link_ids)

    def _propose_phone(self, text, is_first=False, abroad=False):
        """ Keep a number that the guardian typed until the office has confirmed it.

        The rule: a number says who somebody is. By it money of the paybill is suggested for a
        child, a payer is shown as this guardian, a request for money on that phone is shown in
        full, the desk and the import find the family, and messages with a child's name and balance
        are sent. A parent who types somebody else's number must gain none of that. So a number
        typed in the portal counts for nothing at all, and shows to nobody but the guardian and the
        office, until a person of the bursar's office has confirmed it (after a call to a number
        known before, or at the counter). A number that counts already may be made the first one
        at once.

        Note: `self.ensure_one()`

        :param str text: The number as typed.
        :param bool is_first: Whether it is to replace the number on the contact.
        :param bool abroad: Whether a number that is no Kenyan mobile number serves too.
        :return: Whether it waits for the office; else it needed no confirmation.
        :rtype: bool
        :raise UserError: If it is no such number, is there already, or is one too many.
        :raise ConcurrencyError: If a second tap was as quick; the framework starts again and finds
                                 the number of the first.
        """
        self.ensure_one()
        number, known = self._check_own_phone(text, is_first, abroad=abroad)
        if known and not known.proposed:
            known._make_first()
            return False
        if known and known.is_first == is_first:
            return True
        # Another record, with a note of its own: the office does not confirm what the guardian did
        # not say when it called.
        known.unlink()
        partner_sudo = self.sudo()
        first = to_e164(partner_sudo.phone)
        try:
            # The log would quote the clear number of what is no error: one button tapped twice.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                partner_sudo.env['school.guardian.phone'].create({
                    'partner_id': partner_sudo.id, 'e164': number, 'proposed': True,
                    'from_portal': True, 'consent': True, 'is_first': is_first,
                })
        except pg_errors.UniqueViolation as error:
            message = "A parallel request was quicker."
            raise ConcurrencyError(message) from error
        partner_sudo.invalidate_recordset(['proposed_phone_ids'])
        office = partner_sudo._in_office_language()
        partner_sudo._note_in_chatter(office.env._(
            "Typed in the portal and waiting for the office: %(number)s instead of %(former)s.",
            number=mask_phone(number), former=mask_phone(first) if first else '-',
        ) if is_first else office.env._(
            "Typed in the portal and waiting for the office: %(number)s as a further number.",
            number=mask_phone(number),
        ))
        return True

    def _check_own_phone(self, text, is_first, abroad=False):
        """ Ensure that a guardian may propose a number.

        Note: `self.ensure_one()`

        :param str text: The number as typed.
        :param bool is_first: Whether it is to replace the number on the contact.
        :param bool abroad: Whether a number that is no Kenyan mobile number serves too.
        :return: The number in E.164 form, and the guardian's further number that it is, in sudo
                 mode, confirmed or not.
        :rtype: tuple[str, school.guardian.phone]
        :raise UserError: If not.
        """
        self.ensure_one()
        partner_sudo = self.sudo()
        number = to_e164(text) if abroad else to_kenyan_mobile(text)
        if not number:
            raise UserError(self.env._("Enter a Kenyan mobile number, like 0712 345 678."))
        phones_sudo = partner_sudo.guardian_phone_ids | partner_sudo.proposed_phone_ids
        known = phones_sudo.filtered(lambda phone: phone.e164 == number)
        if self._has_first_phone(text) or (known and not known.proposed and not is_first):
            raise UserError(self.env._("This is one of your numbers already."))
        if not known and len(phones_sudo) >= MOST_PHONES:
            raise UserError(self.env._(
                "You have %(most)s further numbers already. Remove one first, or ask the school"
                " office.", most=MOST_PHONES,
            ))
        return number, known

    def _has_first_phone(self, text):
        """ Tell whether a number is the one on the contact, however it is written.

        Note: `self.ensure_one()`

        :param str text: The number as typed.
        :rtype: bool
        """
        self.ensure_one()
        former = self.sudo().phone
        return (text or '') == (former or '') or (
            to_e164(text) is not None and to_e164(text) == to_e164(former)
        )

    def _remove_phone(self, phone_id):
        """ Remove a further number of the guardian, or take back one that waits.

        Only what was typed in the portal: whoever sits at a guardian's open session cannot cut the
        office off from the numbers that it knows.

        Note: `self.ensure_one()`

        :param int phone_id: The number, as the form gave it; that of nobody else is found.
        :return: Whether there was one.
        :rtype: bool
        :raise UserError: If it is the office's.
        """
        self.ensure_one()
        partner_sudo = self.sudo()
        phone_sudo = (
            partner_sudo.guardian_phone_ids | partner_sudo.proposed_phone_ids
        ).filtered(lambda phone: phone.id == phone_id)
        if not phone_sudo:
            return False
        if not phone_sudo.from_portal:
            raise UserError(self.env._(
                "The school office keeps this number. Nothing was changed. Ask the office to remove"
                " it."
            ))
        office = partner_sudo._in_office_language()
        partner_sudo._note_in_chatter(office.env._(
            "Removed in the portal: %(number)s.", number=mask_phone(phone_sudo.e164),
        ))
        phone_sudo.unlink()
        return True

    def _choose_own_language(self, lang):
        """ Keep the language in which the guardian reads pages and gets messages.

        Note: `self.ensure_one()`

        :param str lang: The `res.lang` code.
        :return: None
        """
        self.ensure_one()
        partner_sudo = self.sudo()
        if partner_sudo.lang == lang:
            return
        office = partner_sudo._in_office_language()
        names = dict(self.env['res.lang'].get_installed())
        partner_sudo._note_in_chatter(office.env._(
            "Language chosen in the portal: %(language)s. Before: %(former)s.",
            language=names.get(lang, lang), former=names.get(partner_sudo.lang, '-'),
        ))
        partner_sudo.lang = lang

    def _in_office_language(self):
        """ Return the guardian in the language of the school, for what its office reads.

        Note: `self.ensure_one()`

        :rtype: res.partner
        """
        self.ensure_one()
        school = self.sudo().guardian_link_ids.company_id[:1]
        return self.with_context(lang=school.partner_id.lang or 'en_US')

    def _note_in_chatter(self, text):
        """ Write down for the office what was changed about the guardian.

        Note: `self.ensure_one()`

        :param str text: What; numbers in it are masked.
        :return: None
        """
        self.ensure_one()
        # In sudo mode: the log-in of a guardian writes no notes by itself.
        self.sudo().message_post(body=text)
