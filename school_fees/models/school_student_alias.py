from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..rules.admission_number import canonical_key
from ..rules.pay_code import is_pay_code
from .reference_index import index_of_numbers


class SchoolStudentAlias(models.Model):
    """A further reference under which money for a student or a family may arrive.

    Such as the number that a child had in an older system. Every reference of a school names one
    student or one family: admission numbers, pay codes, UPIs, family codes and these.
    """

    _name = 'school.student.alias'
    _description = "Student Alias"
    _order = 'key, id'
    _check_company_auto = True

    name = fields.Char(string="Reference", required=True)
    key = fields.Char(
        string="Key", compute='_compute_key', store=True, precompute=True,
        help="The reference without signs and leading zeros, under which it is unique.",
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', index='btree_not_null',
        check_company=True, ondelete='cascade',
    )
    family_id = fields.Many2one(
        string="Family", comodel_name='school.family', index='btree_not_null',
        check_company=True, ondelete='cascade',
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', compute='_compute_company_id', store=True,
        precompute=True, index=True,
    )

    _key_uniq = models.UniqueIndex(
        "(company_id, key)",
        "This reference already names somebody, perhaps written with other signs or zeros.",
    )
    _key_numbers = models.Index(index_of_numbers('key'))
    _one_holder = models.Constraint(
        'CHECK((student_id IS NULL) <> (family_id IS NULL))',
        "A reference names either a student or a family.",
    )

    # === COMPUTE METHODS === #

    @api.depends('name')
    def _compute_key(self):
        for alias in self:
            alias.key = canonical_key(alias.name)

    @api.depends('student_id', 'family_id')
    def _compute_company_id(self):
        for alias in self:
            alias.company_id = alias.student_id.company_id or alias.family_id.company_id

    # === CONSTRAINT METHODS === #

    @api.constrains('name', 'student_id', 'family_id')
    def _check_key(self):
        """ Check that each reference can be told from words, and names nobody else.

        :raise ValidationError: If it has no digit, so that words such as "fees" would name a
                                child, or is a reference of somebody already.
        """
        for alias in self:
            if not any(sign.isdecimal() for sign in alias.key or ''):
                raise ValidationError(self.env._(
                    "%(reference)s has no digit. Parents write words like it for other children"
                    " too: use a reference with a number.", reference=alias.name,
                ))
        self._check_keys_free(self, ['key'])

    # === BUSINESS METHODS === #

    @api.model
    def _check_keys_free(self, records, key_fields):
        """ Check that references of students, families or aliases name nobody else.

        :param records: Records of one of the models that `_reference_fields` lists.
        :param list[str] key_fields: The fields that hold their references.
        :return: None
        :raise ValidationError: If another record has one of the references.
        """
        for company, of_company in records.grouped('company_id').items():
            keys = {
                record[field]: record
                for record in of_company for field in key_fields if record[field]
            }
            for key, holders in self._find_holders(company, list(keys)).items():
                others = [holder for holder in holders if holder != keys[key]]
                if others:
                    raise ValidationError(self.env._(
                        "%(reference)s cannot name %(record)s: it already names %(holder)s. A"
                        " reference names one student or family, however it is written.",
                        reference=key, record=keys[key].display_name,
                        holder=others[0].display_name,
                    ))

    @api.model
    def _find_holders(self, companies, keys):
        """ Return the records whose references the keys are, with one query for all kinds.

        The slips that somebody may have made are hundreds of keys, of which one or none is known.

        :param res.company companies: The schools.
        :param keys: The list of canonical keys; None for all that the schools know.
        :return: For each key that is known, its students, families and aliases.
        :rtype: dict
        """
        if keys == [] or not companies:
            return {}
        fields_by_model = self._reference_fields()
        for model, field in fields_by_model:
            self.env[model].flush_model([field, 'company_id'])
        rows = self.env.execute_query(SQL(" UNION ALL ").join(
            SQL(
                # Whoever has no UPI is not in its index.
                "SELECT %(model)s, id, %(field)s FROM %(table)s"
                " WHERE company_id IN %(companies)s AND %(field)s <> '' AND %(condition)s",
                model=model, field=SQL.identifier(field),
                table=SQL.identifier(self.env[model]._table), companies=tuple(companies.ids),
                condition=self._get_key_condition(field, keys),
            )
            for model, field in fields_by_model
        ))
        records = {
            model: self.env[model].browse({row_id for row_model, row_id, _key in rows
                                           if row_model == model})
            for model, _field in fields_by_model
        }
        holders = {}
        for model, record_id, key in rows:
            record = self.env[model].browse(record_id).with_prefetch(records[model]._prefetch_ids)
            holders.setdefault(key, []).append(record)
        return holders

    @api.model
    def _get_key_condition(self, field, keys):
        """ Return the condition that a field holds one of some keys.

        :param str field: One of :meth:`_reference_fields`.
        :param keys: The list of canonical keys; None for any.
        :rtype: SQL
        """
        if keys is None:
            return SQL("TRUE")
        if field == 'pay_code':  # Of slips hardly one in ten has the right check digit.
            keys = [key for key in keys if is_pay_code(key)]
        # As one text: PostgreSQL reads hundreds of literals more slowly than it finds them. A key
        # holds no comma.
        return SQL("%s = ANY(string_to_array(%s, ','))", SQL.identifier(field), ','.join(keys))

    @api.model
    def _reference_fields(self):
        """ Return where references are kept, as model and field, canonical and indexed.

        :rtype: list[tuple[str, str]]
        """
        return [
            ('school.student', 'admission_key'),
            ('school.student', 'pay_code'),
            ('school.student', 'upi_key'),
            ('school.family', 'code_key'),
            ('school.student.alias', 'key'),
        ]
