import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .reference_index import digits_of, is_other_phone, mobile_of


LEAST_DIGITS = 6  # Fewer digits of a phone fit too many people.


class SchoolStudentSearch(models.Model):
    """How the desk finds a student: by number, by name, or by the phone of a guardian."""

    _inherit = 'school.student'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _search_display_name(self, operator, value):
        """ Override of `orm` to find the students of a guardian by the guardian's phone.

        Only the school's office: a parent could probe another parent's number.
        """
        domain = super()._search_display_name(operator, value)
        digits = self._read_phone_digits(value) if operator == 'ilike' else ''
        if digits and self.env.user.has_group('school_fees.group_cashier'):
            return Domain(domain) | Domain('id', 'in', self._find_ids_by_phone(digits))
        return domain

    @api.model
    def _read_phone_digits(self, text):
        """ Return the digits of what could be part of a phone number, without its prefix.

        :param str text: What somebody typed.
        :return: The digits; '' when it is no phone number.
        :rtype: str
        """
        if not isinstance(text, str) or not re.fullmatch(r'[\d\s()+.-]+', text.strip()):
            return ''
        digits = re.sub(r'^(254|0)', '', re.sub(r'\D', '', text))
        return digits if len(digits) >= LEAST_DIGITS else ''

    @api.model
    def _find_ids_by_phone(self, digits):
        """ Return the students who have a live guardian with such a number.

        :param str digits: A part of the number.
        :rtype: list[int]
        """
        return list(dict.fromkeys(
            student_id for student_id, _number in self._read_guardian_phones(digits)
        ))

    @api.model
    def _find_ids_by_mobile(self, digits):
        """ Return the students who have a live guardian with such a mobile number.

        As :meth:`_find_ids_by_phone`, and out of indexes: a payer's number is asked for within
        milliseconds.

        :param str digits: The last nine digits of a Kenyan mobile number.
        :rtype: list[int]
        """
        self.env['school.guardian.link'].flush_model()
        self.env['school.guardian.phone'].flush_model()
        self.env['res.partner'].flush_model(['phone'])
        phone = SQL.identifier('phone')
        return [student_id for student_id, in self.env.execute_query(SQL(
            """SELECT DISTINCT link.student_id
                 FROM (
                    SELECT id FROM res_partner WHERE %(mobile)s = %(digits)s
                     UNION
                    SELECT id FROM res_partner
                     WHERE %(is_other)s AND %(phone_digits)s LIKE %(part)s
                     UNION
                    SELECT partner_id FROM school_guardian_phone
                     WHERE e164 LIKE %(part)s AND proposed IS NOT TRUE
                 ) guardian
                 JOIN school_guardian_link link ON link.partner_id = guardian.id
                WHERE (link.date_from IS NULL OR link.date_from <= %(today)s)
                  AND (link.date_to IS NULL OR link.date_to >= %(today)s)
                ORDER BY link.student_id""",
            mobile=mobile_of(phone), is_other=is_other_phone(phone), phone_digits=digits_of(phone),
            digits=digits, part=f'%{digits}%', today=fields.Date.context_today(self),
        ))]

    @api.model
    def _read_guardian_phones(self, digits=''):
        """ Return the numbers of live guardians that hold some digits.

        :param str digits: A part of the number; empty for all numbers.
        :return: The ids of students, each with one number of a guardian.
        :rtype: list[tuple[int, str]]
        """
        self.env['school.guardian.link'].flush_model()
        self.env['school.guardian.phone'].flush_model()
        self.env['res.partner'].flush_model(['phone'])
        self.env.cr.execute(
            r"""
            SELECT DISTINCT link.student_id, number.digits
              FROM school_guardian_link link
              JOIN res_partner partner ON partner.id = link.partner_id
         LEFT JOIN school_guardian_phone other
                ON other.partner_id = partner.id AND other.proposed IS NOT TRUE
        CROSS JOIN LATERAL (
                VALUES (regexp_replace(partner.phone, '\D', '', 'g')), (other.e164)
              ) number (digits)
             WHERE (link.date_from IS NULL OR link.date_from <= %(today)s)
               AND (link.date_to IS NULL OR link.date_to >= %(today)s)
               AND number.digits LIKE %(digits)s
          ORDER BY link.student_id, number.digits
            """, {'digits': f'%{digits}%', 'today': fields.Date.context_today(self)},
        )
        return self.env.cr.fetchall()
