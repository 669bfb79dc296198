import phonenumbers

from odoo import api, fields, models
from odoo.exceptions import ValidationError


REGION = 'KE'  # Numbers without a country code are Kenyan.


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


def mask_phone(e164):
    """Return a phone number that a reader may recognise and nobody can call.

    :param str e164: The number, in E.164 form.
    :return: Such as "0712 *** 678".
    :rtype: str
    """
    local = f'0{e164[4:]}' if e164.startswith('+254') else e164
    return f'{local[:4]} *** {local[-3:]}'


class SchoolGuardianPhone(models.Model):
    """A further number of a guardian: Odoo's partner has only one."""

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

    _number_uniq = models.Constraint(
        'UNIQUE(partner_id, e164)',
        "The guardian has this number already.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to keep numbers in one form. """
        return super().create([self._normalise(vals) for vals in vals_list])

    def write(self, vals):
        """ Override of `orm` to keep numbers in one form. """
        return super().write(self._normalise(vals))

    # === BUSINESS METHODS === #

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
