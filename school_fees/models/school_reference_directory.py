"""The references of one or more schools, as the matcher looks them up."""
import re
from collections import defaultdict
from functools import cached_property

from odoo.fields import Date
from odoo.tools import SQL

from ..rules.reference_match import Entry
from .reference_index import names_of, numbers_of


# The text as it is stored, for each key that `school.student.alias._reference_fields` lists.
TEXT_FIELDS = {
    'admission_key': 'admission_no', 'pay_code': 'pay_code', 'upi_key': 'upi', 'code_key': 'code',
    'key': 'name',
}
# Where a serial may stand; pay codes and UPIs are only ever typed whole.
SERIAL_FIELDS = (
    ('school.student', 'admission_key'), ('school.family', 'code_key'),
    ('school.student.alias', 'key'),
)


class ReferenceDirectory:
    """ Looks up keys, serials, names and phones among the students of some schools.

    Everything is read as superuser: a payment finds its student whoever books it.

    :param res.company companies: The schools.
    """

    def __init__(self, companies):
        self.companies = companies
        self._company_ids = companies._ids or (0,)
        self.env = companies.sudo().with_context(active_test=False).env
        self._entries = {}
        self._names = {}
        self._found_phones = {}

    def find_keys(self, keys):
        """ Return the entries of each key that is known, one query per kind for all new keys.

        :param set keys: Canonical keys.
        :rtype: dict[str, list[Entry]]
        """
        missing = [key for key in keys if key not in self._entries]
        if missing:
            found = self._find_holders(missing)
            self._entries.update((key, []) for key in missing)
            self._entries.update({key: self._read(holders, key) for key, holders in found.items()})
        return {key: self._entries[key] for key in keys if self._entries[key]}

    def find_numbers(self, numbers):
        """ Return the entries that have all of these numbers as parts, wherever they stand.

        :param set numbers: Digits without leading zeros.
        :rtype: list[Entry]
        """
        self.env.flush_all()
        rows = self.env.execute_query(SQL(" UNION ALL ").join(
            SQL(
                """SELECT %(rank)s AS rank, ROW_NUMBER() OVER (ORDER BY %(order)s) AS place,
                          %(model)s AS model, id, %(field)s
                     FROM %(table)s
                    WHERE company_id IN %(companies)s AND %(parts)s @> %(numbers)s""",
                rank=rank, model=model, table=SQL.identifier(self.env[model]._table),
                order=SQL(", ").join(map(SQL.identifier, self.env[model]._order.split(', '))),
                field=SQL.identifier(field), companies=self._company_ids,
                parts=numbers_of(SQL.identifier(field)), numbers=sorted(numbers),
            )
            for rank, (model, field) in enumerate(SERIAL_FIELDS)
        ))
        ids = defaultdict(list)
        for _rank, _place, model, record_id, _key in rows:
            ids[model].append(record_id)
        records = {
            model: {record.id: record for record in self.env[model].browse(ids[model])}
            for model in ids
        }
        return [
            entry for _rank, _place, model, record_id, key in sorted(rows)
            for entry in self._read([records[model][record_id]], key)
        ]

    def find_names(self, words):
        """ Return the students who have a word as their own or a guardian's name.

        :param set words: Upper-case words.
        :rtype: dict[str, set]
        """
        self.env.flush_all()
        # Hundreds may be called Otieno: no records are made for them.
        rows = self.env.execute_query(SQL(
            """SELECT word, student.id
                 FROM UNNEST(%(words)s) word
                 JOIN school_student student ON %(student_names)s @> ARRAY[word]
                WHERE student.company_id IN %(companies)s
                UNION ALL
               SELECT word, student.id
                 FROM UNNEST(%(words)s) word
                 JOIN res_partner guardian ON %(guardian_names)s @> ARRAY[word]
                 JOIN school_guardian_link link ON link.partner_id = guardian.id
                  AND COALESCE(link.date_from, %(today)s) <= %(today)s
                  AND COALESCE(link.date_to, %(today)s) >= %(today)s
                 JOIN school_student student ON student.id = link.student_id
                WHERE student.company_id IN %(companies)s""",
            companies=self._company_ids, words=list(words),
            student_names=names_of(SQL.identifier('student', 'name')),
            guardian_names=names_of(SQL.identifier('guardian', 'name')),
            today=Date.context_today(self.companies),
        ))
        ids = {word: set() for word in words}
        for word, student_id in rows:
            ids[word].add(student_id)
        Student = self.env['school.student']
        return {word: set(Student.browse(found)) for word, found in ids.items()}

    def find_phone(self, digits):
        """ Return the students who have a guardian with this phone.

        :param str digits: The last nine digits of a Kenyan number.
        :rtype: school.student
        """
        if digits not in self._found_phones:
            Student = self.env['school.student']
            students = Student.browse(Student._find_ids_by_mobile(digits))
            self._found_phones[digits] = students.filtered(
                lambda student: student.company_id in self.companies
            )
        return self._found_phones[digits]

    def get_class_words(self, holder):
        """ Return the words of the name of a student's class, such as HOPE of Grade 8 Hope.

        :param holder: A student or a family.
        :return: None of a family: its children are in several classes.
        :rtype: set[str]
        """
        if holder._name != 'school.student':
            return set()
        return set(_words(holder.sudo().class_id.name or ''))

    def get_names(self, holder):
        """ Return the words of the names that may stand beside a number of this holder.

        A family's are its own name and its guardians', and not those of one of its children. The
        code that a bank asks for names the school of the holder, and of no other branch.

        :param holder: A student or a family.
        :rtype: set[str]
        """
        if holder not in self._names:
            self._names[holder] = {
                word for name in self._read_names(holder) for word in _words(name)
            }
        return self._names[holder]

    def _read_names(self, holder):
        """ Return the names of :meth:`get_names`, with one query.

        :param holder: A student or a family.
        :rtype: list[str]
        """
        self.env.flush_all()
        is_student = holder._name == 'school.student'
        rows = self.env.execute_query(SQL(
            """SELECT guardian.name
                 FROM school_student student
                 JOIN school_guardian_link link ON link.student_id = student.id
                  AND COALESCE(link.date_from, %(today)s) <= %(today)s
                  AND COALESCE(link.date_to, %(today)s) >= %(today)s
                 JOIN res_partner guardian ON guardian.id = link.partner_id
                WHERE %(holder)s = %(id)s""",
            holder=SQL.identifier('student', 'id' if is_student else 'family_id'), id=holder.id,
            today=Date.context_today(self.companies),
        ))
        return [holder.name, self.get_code(holder), *(name for name, in rows)]

    @cached_property
    def _code_by_school(self):
        """ The codes by the ids of the schools: a record would read all else of a company too. """
        self.env['res.company'].flush_model(['school_reference_code'])
        return dict(self.env.execute_query(SQL(
            "SELECT id, school_reference_code FROM res_company WHERE id IN %s", self._company_ids,
        )))

    @property
    def codes(self):
        """ The codes that banks ask for in front of a number, of all the schools.

        :rtype: set[str]
        """
        return set(filter(None, self._code_by_school.values()))

    def get_code(self, holder):
        """ Return the code of a holder's school.

        :param holder: A student or a family.
        :rtype: str | None
        """
        return self._code_by_school.get(holder.company_id.id)

    def _find_holders(self, keys):
        """ Return the records whose references the keys are. """
        return self.env['school.student.alias']._find_holders(self.companies, keys)

    def _read(self, records, key):
        """ Return the entries of records that a key names. """
        entries = []
        for record in records:
            record = record.with_env(self.env)
            holder = record
            if record._name == 'school.student.alias':
                holder = record.student_id or record.family_id
            entries += [
                Entry(record[TEXT_FIELDS[field]], key, holder, self._is_live(holder))
                for model, field in self.env['school.student.alias']._reference_fields()
                if model == record._name and record[field] == key
            ] or [Entry(key, key, holder, self._is_live(holder))]
        return entries

    @staticmethod
    def _is_live(holder):
        """ Return whether money may be posted: somebody is at school, or left and still owes. """
        students = holder if holder._name == 'school.student' else holder.student_ids
        return any(
            student.state not in {'left', 'graduated'} or student.balance > 0
            for student in students
        )


def _words(name):
    """ Return the words of a name, in capitals.

    :rtype: list[str]
    """
    return re.findall(r'[^\W\d_]+', (name or '').upper())
