import phonenumbers

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError


REGION = 'KE'  # Numbers without a country code are Kenyan.
MOBILES = {
    phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
}


def to_e164(text):
    """Return a phone number in the form +254712345678, or nothing when it is none.

    :param str text: The number as somebody wrote it.
    :rtype: str | None
    """
    try:
        number = phonenumbers.parse(text or '', REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def to_kenyan_mobile(text):
    """Return a Kenyan mobile number in the form +254712345678, or nothing when it is none.

    :param str text: The number as somebody wrote it.
    :rtype: str | None
    """
    e164 = to_e164(text)
    if not e164:
        return None
    number = phonenumbers.parse(e164)
    is_kenyan = number.country_code == phonenumbers.country_code_for_region(REGION)
    return e164 if is_kenyan and phonenumbers.number_type(number) in MOBILES else None


def to_local(e164):
    """Return a phone number as its holder would write it.

    :param str e164: The number, in E.164 form.
    :return: Such as "0712 345 678".
    :rtype: str
    """
    if not e164.startswith('+254'):
        return e164
    local = f'0{e164[4:]}'
    return f'{local[:4]} {local[4:7]} {local[7:]}'


def mask_phone(e164):
    """Return a phone number that a reader may recognise and nobody can call.

    :param str e164: The number, in E.164 form.
    :return: Such as "0712 *** 678".
    :rtype: str
    """
    local = f'0{e164[4:]}' if e164.startswith('+254') else e164
    return f'{local[:4]} *** {local[-3:]}'


class SchoolGuardianPhone(models.Model):
    """A further number of a guardian: Odoo's partner has only one.

    A number that the guardian typed in the portal waits as `proposed` until the office confirms it,
    by the rule of `res.partner._propose_phone`. Whoever looks numbers up leaves those out;
    `res.partner.guardian_phone_ids` does so by itself.
    """

    _name = 'school.guardian.phone'
    _description = "Guardian Phone"
    _order = 'partner_id, id'
    _rec_name = 'e164'

    partner_id = fields.Many2one(
        string="Guardian", comodel_name='res.partner', required=True, index=True,
        ondelete='cascade',
    )
    e164 = fields.Char(
        string="Phone Number", required=True,
        help="Kept with the country code, such as +254712345678.",
    )
    verified = fields.Boolean(
        string="Verified", help="Whether the guardian has proved to hold this number.",
    )
    consent = fields.Boolean(
        string="Consent", help="Whether the guardian agreed to get messages on this number.",
    )
    proposed = fields.Boolean(
        string="Waits to Be Confirmed", readonly=True,
        help="The guardian typed it in the portal. It counts for nothing until the office has"
             " confirmed it.",
    )
    from_portal = fields.Boolean(
        string="Typed in the Portal", readonly=True, copy=False,
        help="The guardian may remove it again. What the office typed, only the office removes.",
    )
    is_first = fields.Boolean(
        string="Instead of the First", readonly=True,
        help="When it is confirmed, it takes the place of the number on the contact.",
    )
    known_phone = fields.Char(
        string="Call On", related='partner_id.phone',
        help="The number known before: ask there whether the new one is the guardian's.",
    )
    also_of = fields.Char(
        string="Also the Number of", compute='_compute_also_of',
        help="Others in the phone book who have this number.",
    )
    # For the lists of one school; a guardian with children in several is found in each.
    company_id = fields.Many2one(
        string="School", related='partner_id.guardian_link_ids.company_id',
    )

    _number_uniq = models.Constraint(
        'UNIQUE(partner_id, e164)',
        "The guardian has this number already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('e164', 'partner_id')
    def _compute_also_of(self):
        Student = self.env['school.student']
        for phone in self:
            # Of the schools in front only: another school's guardians are not named here.
            students = Student.search([('id', 'in', Student._find_ids_by_mobile(phone.e164[-9:]))])
            holders = students.guardian_link_ids.partner_id.filtered(
                lambda partner, phone=phone: phone.e164 in partner._get_school_phones()
            ) - phone.partner_id
            phone.also_of = ', '.join(holders.mapped('name'))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to keep numbers in one form. """
        return super().create([self._normalise(vals) for vals in vals_list])

    def write(self, vals):
        """ Override of `orm` to keep numbers in one form. """
        return super().write(self._normalise(vals))

    # === ACTION METHODS === #

    def action_confirm(self):
        """ Take over numbers that guardians typed, after the office has made sure of them.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If a number does not wait any more.
        """
        for phone in self._check_waiting():
            partner = phone.partner_id
            partner._note_in_chatter(self.env._(
                "The office confirmed %(number)s.", number=mask_phone(phone.e164),
            ))
            if phone.is_first:
                phone._make_first()
            else:
                phone.write({'proposed': False, 'verified': True})
            partner.invalidate_recordset(['guardian_phone_ids', 'proposed_phone_ids'])

    def action_refuse(self):
        """ Drop numbers that guardians typed.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If a number does not wait any more.
        """
        waiting = self._check_waiting()
        for phone in waiting:
            phone.partner_id._note_in_chatter(self.env._(
                "The office did not confirm %(number)s; nothing was changed.",
                number=mask_phone(phone.e164),
            ))
        waiting.unlink()

    # === BUSINESS METHODS === #

    def _check_waiting(self):
        """ Return these numbers if the user may decide on them and all of them still wait.

        :rtype: school.guardian.phone
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If one does not wait any more.
        """
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        if self.exists() != self or not all(self.mapped('proposed')):
            raise UserError(self.env._(
                "This number does not wait any more: it was confirmed, refused or taken back by"
                " now. Nothing was changed. Load the list again."
            ))
        self.check_access('write')
        return self

    def _make_first(self):
        """ Put the number on the contact, and keep the one there as a further number.

        By the former number payments of before are known as the guardian's; only the office
        removes it.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        partner, number = self.partner_id, self.e164
        former = to_e164(partner.phone)
        partner._note_in_chatter(self.env._(
            "First number now: %(number)s. Before: %(former)s, which stays a further number until"
            " the office removes it.",
            number=mask_phone(number), former=mask_phone(former),
        ) if former else self.env._("First number now: %(number)s.", number=mask_phone(number)))
        self.unlink()
        if former:
            kept = self.search([('partner_id', '=', partner.id), ('e164', '=', former)])
            # Without consent: the guardian wants the messages on the other one.
            values = {'proposed': False, 'is_first': False, 'verified': True}
            if kept:
                kept.write(values)
            else:
                self.create({**values, 'partner_id': partner.id, 'e164': former})
        # As superuser: what the guardian's own log-in writes would only be proposed. Odoo would
        # write both numbers into the chatter, where clear ones do not belong.
        partner.with_user(SUPERUSER_ID).with_context(mail_notrack=True).phone = number

    @api.model
    def _normalise(self, vals):
        """ Return the values with the number in E.164 form.

        :param dict vals: Values of a phone.
        :rtype: dict
        :raise ValidationError: If the number cannot be a phone number. The number itself is left
                                out of the message, which may reach a log.
        """
        if 'e164' not in vals:
            return vals
        number = to_e164(vals['e164'])
        if not number:
            raise ValidationError(self.env._(
                "This is not a phone number. Write it like 0712 345 678 or +254 712 345 678."
            ))
        return {**vals, 'e164': number}
