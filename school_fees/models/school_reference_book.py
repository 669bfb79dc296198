"""The references of one or more schools in memory, for lists of thousands of references."""
import re
from collections import defaultdict
from functools import cached_property

from .school_reference_directory import SERIAL_FIELDS, ReferenceDirectory


class ReferenceBook(ReferenceDirectory):
    """ Answers as the directory does, without a query for each question.

    It is read once: whoever uses it must be done before students change.
    """

    # === BUSINESS METHODS === #

    def find_keys(self, keys):
        """ Override to remember nothing of the keys that nobody has: slips make millions. """
        return super().find_keys({key for key in keys if key in self._holders})

    def find_numbers(self, numbers):
        """ Override to look into memory. """
        rarest = min((self._serials.get(number, ()) for number in numbers), key=len)
        return [
            entry for record, key in rarest if numbers <= set(re.findall(r'\d+', key))
            for entry in self._read([record], key)
        ]

    def find_names(self, words):
        """ Override to look into memory. """
        return {word: self._students_of_words.get(word, set()) for word in words}

    def find_phone(self, digits):
        """ Override to look into memory. """
        if digits not in self._found_phones:
            students = self.env['school.student'].browse(dict.fromkeys(
                student_id for student_id, number in self._phones if digits in number
            ))
            self._found_phones[digits] = students.filtered(
                lambda student: student.company_id in self.companies
            )
        return self._found_phones[digits]

    def _read_names(self, holder):
        """ Override to read the names of all together, as records do. """
        names = [holder.name, self.get_code(holder)]
        for student in holder if holder._name == 'school.student' else holder.student_ids:
            names += student._live_guardian_links().partner_id.mapped('name')
        return names

    def _find_holders(self, keys):
        """ Override to look into memory; asked for no keys, for those of all. """
        return super()._find_holders(None) if keys is None else self._holders

    # === WHAT IS IN MEMORY === #

    @cached_property
    def _holders(self):
        """ The students, families and aliases of each key. """
        return self._find_holders(None)

    @cached_property
    def _serials(self):
        """ The records of each run of digits, with the key in which it stands. """
        serials = defaultdict(list)
        for key, records in self._holders.items():
            for record in records:
                if any(
                    record._name == model and record[field] == key
                    for model, field in SERIAL_FIELDS
                ):
                    for digits in set(re.findall(r'\d+', key)):
                        serials[digits].append((record, key))
        return serials

    @cached_property
    def _students_of_words(self):
        """ The students who have a word as their own or a guardian's name. """
        students = defaultdict(set)
        for student in self.env['school.student'].search([
            ('company_id', 'in', self.companies.ids),
        ]):
            for word in self.get_names(student):
                students[word].add(student)
        return students

    @cached_property
    def _phones(self):
        """ The students' ids with the numbers of their guardians of today. """
        return self.env['school.student']._read_guardian_phones()
