"""The columns of an import file, found by the words in its header.

Nothing here knows Odoo.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple

from .import_sheet import cell_text


SCANNED_ROWS = 10  # A title may stand above the header.
MAX_GUARDIANS = 3

_ADMISSION = (
    'admission number', 'admission no', 'admission', 'adm no', 'adm number', 'adm', 'admno',
    'reg no', 'reg number', 'registration number', 'registration no', 'student no',
    'student number',
)
_NAME = (
    'name', 'names', 'full name', 'student', 'student name', 'name of student', 'learner',
    'learner name', 'name of learner', 'pupil', 'pupil name', 'name of pupil', 'student s name',
    'learner s name', 'pupil s name',
)

STUDENT_COLUMNS = {
    'admission_no': _ADMISSION,
    'name': _NAME,
    'class': (
        'class', 'class name', 'grade', 'form', 'level', 'current class', 'class stream',
        'class and stream',
    ),
    'stream': ('stream', 'stream name'),
    'boarding': ('boarding', 'day or boarding', 'day boarding', 'boarder', 'boarding status'),
    'joined_on': (
        'joined on', 'date joined', 'date of admission', 'admission date', 'joined',
    ),
    'family_code': ('family code', 'family no', 'family number'),
    'family': ('family', 'family name', 'household'),
}
_GUARDIAN_COLUMNS = {
    'guardian': (
        '', 'name', 'parent', 'guardian', 'parent or guardian', 'parent guardian', 'full name',
    ),
    'relation': ('relation', 'relationship'),
    'phone': (
        'phone', 'phone no', 'phone number', 'mobile', 'mobile no', 'mobile number', 'tel',
        'tel no', 'telephone', 'telephone number', 'cell', 'cell phone', 'contact', 'contacts',
        'contact number', 'mpesa number',
    ),
    'email': ('email', 'e mail', 'email address', 'e mail address'),
}
_GUARDIAN_PREFIXES = ('parent guardian ', 'parent s ', 'guardian s ', 'parent ', 'guardian ')

OPENING_COLUMNS = {
    'admission_no': _ADMISSION,
    'name': _NAME,
    'balance': (
        'balance', 'bal', 'opening balance', 'fee balance', 'fees balance', 'balance b f',
        'bal b f', 'balance bf', 'bal bf', 'b f', 'bf', 'balance brought forward',
        'closing balance', 'arrears', 'amount', 'amount due', 'balance due', 'outstanding',
        'outstanding balance',
    ),
    'as_at': ('as at', 'as at date', 'as of', 'as of date', 'as on', 'date', 'balance date'),
}


class TermColumn(NamedTuple):
    """A column with the part of the balance that comes from one term.

    :param number: Which term of its year.
    :param year: The year; zero when the header names none.
    """

    number: int
    year: int


@dataclass
class Header:
    """What the columns of a file hold.

    :param number: The number of the header's row.
    :param width: How many columns the header has.
    :param columns: What each known column holds, by its place from zero: a field or a term.
    :param unknown: The words of columns that are not understood.
    :param doubled: The words of columns that hold what another column holds already.
    """

    number: int = 0
    width: int = 0
    columns: dict = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    @property
    def fields(self):
        """Return what the file holds.

        :rtype: set
        """
        return set(self.columns.values())


def find_header(rows, has_terms=False, guardians=False, columns=None):
    """Find the header of a table: the first row that names the admission number.

    :param rows: The rows, as (number, cells) pairs.
    :param bool has_terms: Whether columns such as *Term 1 2026* are understood.
    :param bool guardians: Whether columns of guardians are understood.
    :param dict columns: The words for each field.
    :return: The header; when no row names the number, what was made of the first row.
    :rtype: Header
    """
    headers = [
        _read_header(number, cells, columns, has_terms, guardians)
        for number, cells in rows[:SCANNED_ROWS]
    ]
    for header in headers:
        if 'admission_no' in header.fields:
            return header
    return headers[0]


def find_fullest_header(rows, columns, chosen='', chosen_field=''):
    """Find the header of a table by the most columns that are understood: no one of them must be.

    What stands above a table, such as *Account: Utility Account*, may have a word of its header.

    :param rows: The rows, as (number, cells) pairs.
    :param dict columns: The words for each field.
    :param str chosen: The plain words of a heading that the header must have, if somebody says so.
    :param str chosen_field: What the column with this heading holds, and no other column.
    :return: The header; when no row is understood, what was made of the first row.
    :rtype: Header
    """
    if chosen:
        columns = {
            name: [word for word in words if word != chosen] for name, words in columns.items()
        } | {chosen_field: [chosen]}
    headers = [
        _read_header(number, cells, columns, has_terms=False, guardians=False)
        for number, cells in rows[:SCANNED_ROWS]
    ]
    if chosen:
        return next((one for one in headers if chosen_field in one.fields), headers[0])
    return max(headers, key=lambda one: len(one.fields))


def _read_header(number, cells, columns, has_terms, guardians):
    """Read one row as a header.

    :rtype: Header
    """
    fields = {word: name for name, words in columns.items() for word in words}
    header = Header(number)
    for place, cell in enumerate(cells):
        text = cell_text(cell)
        if not text:
            continue
        header.width = place + 1
        words = plain_words(text)
        meaning = fields.get(words)
        if not meaning and has_terms:
            meaning = _term_column(words)
        if not meaning and guardians:
            meaning = _guardian_column(words)
        if not meaning:
            header.unknown.append(text)
        elif meaning in header.fields:
            header.doubled.append(text)
        else:
            header.columns[place] = meaning
    return header


def plain_words(text):
    """Return the words of a header: lower case, no signs, no currency, numbers apart.

    :rtype: str
    """
    words = re.findall(r'[0-9]+|[^\W\d_]+', unicodedata.normalize('NFKC', text).lower())
    return ' '.join(word for word in words if word not in {'kes', 'ksh', 'kshs'})


def _term_column(words):
    """Return the term that a header names, if it does.

    :rtype: TermColumn | None
    """
    words = re.sub(r'^(balance|bal) | (balance|bal)$', '', words)
    match = re.fullmatch(r'(?:term|t) ([1-9])(?: ([0-9]{4}))?', words)
    if match:
        return TermColumn(int(match[1]), int(match[2] or 0))
    match = re.fullmatch(r'([0-9]{4}) (?:term|t) ([1-9])', words)
    return TermColumn(int(match[2]), int(match[1])) if match else None


def _guardian_column(words):
    """Return the guardian's field that a header names, such as `phone_2`.

    :rtype: str | None
    """
    numbers = re.findall(r'\b[0-9]+\b', words)
    if len(numbers) > 1 or (numbers and not 1 <= int(numbers[0]) <= MAX_GUARDIANS):
        return None
    words = ' '.join(re.sub(r'\b[0-9]+\b', '', words).split()) + ' '
    prefix = next((p for p in _GUARDIAN_PREFIXES if words.startswith(p)), '')
    words = words.removeprefix(prefix).strip()
    for name, synonyms in _GUARDIAN_COLUMNS.items():
        if words in synonyms and (prefix or name != 'guardian'):
            return f'{name}_{numbers[0] if numbers else 1}'
    return None
