"""Reading a table out of a file that somebody uploads: CSV or XLSX, into plain cells.

Nothing here knows Odoo. Whatever the file holds, it is data: formulas stay text.
"""

import csv
import io
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime

import openpyxl


MAX_BYTES = 10 * 1024 * 1024  # Of the file; 10,000 students need about one megabyte.
MAX_UNPACKED_BYTES = 60 * 1024 * 1024  # Of an XLSX file, which is compressed.
MAX_ROWS = 10_000  # Imported within one request, of which Odoo allows a minute of processor time.
MAX_SCANNED_ROWS = 100_000  # Empty ones included.
MAX_COLUMNS = 200

# Why a file cannot be read.
EMPTY, TOO_BIG, TOO_LONG, TOO_WIDE = 'empty', 'too_big', 'too_long', 'too_wide'
OLD_EXCEL, NO_TABLE, BROKEN, ENCODING = 'old_excel', 'no_table', 'broken', 'encoding'

UTF_8, UTF_16, WINDOWS_1252 = 'UTF-8', 'UTF-16', 'Windows-1252'


class SheetError(ValueError):
    """A file that holds no table which can be read.

    :param str reason: Why, as one of the constants of this module.
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass
class Sheet:
    """A table.

    :param rows: The rows that are not empty, as (number in the file, cells) pairs.
    :param encoding: How the text was written; empty for a workbook.
    :param unread: The names of further sheets of the workbook, which are not read.
    """

    rows: list
    encoding: str = ''
    unread: list[str] = field(default_factory=list)


def read_sheet(content):
    """Read a file.

    :param bytes content: The file.
    :rtype: Sheet
    :raise SheetError: If it holds no table, or a larger one than is read.
    """
    if len(content) > MAX_BYTES:
        raise SheetError(TOO_BIG)
    if not content.strip():
        raise SheetError(EMPTY)
    if content.startswith(b'\xd0\xcf\x11\xe0'):
        raise SheetError(OLD_EXCEL)  # So does a workbook that is locked by a password.
    if content.startswith(b'PK'):
        sheet = _read_workbook(content)
    else:
        sheet = _read_text(content)
    if not sheet.rows:
        raise SheetError(EMPTY)
    return sheet


def cell_text(value):
    """Return a cell as clean text: one line, single blanks, nothing that cannot be seen.

    :param value: The cell, as `read_sheet` gave it.
    :rtype: str
    """
    if value is None:
        return ''
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # A spreadsheet knows no whole numbers: 12 comes as 12.0.
    if isinstance(value, datetime | date):
        value = value.isoformat()
    text = str(value)
    if text.isascii() and text.isprintable():
        return ' '.join(text.split())
    text = unicodedata.normalize('NFC', text)
    visible = ''.join(
        ' ' if sign.isspace() else sign for sign in text
        if sign.isspace() or unicodedata.category(sign) not in {'Cc', 'Cf'}
    )
    return ' '.join(visible.split())


def is_formula(text):
    """Tell whether a spreadsheet would work the text out instead of showing it.

    :param str text: A clean text.
    :rtype: bool
    """
    return text.startswith(('=', '+', '-', '@'))


def _read_text(content):
    """Read comma, semicolon or tab separated text.

    :rtype: Sheet
    """
    text, encoding = _decode(content)
    if '\0' in text:
        raise SheetError(NO_TABLE)
    first, _end, rest = text.lstrip('\r\n').partition('\n')
    if first.strip().lower().startswith('sep=') and len(first.strip()) == len('sep=?'):
        delimiter, text = first.strip()[-1], '\n' + rest  # Excel's way to name its delimiter.
    else:
        delimiter = _guess_delimiter(text)
    try:
        rows = _collect(csv.reader(io.StringIO(text, newline=''), delimiter=delimiter))
    except csv.Error as error:
        raise SheetError(BROKEN) from error
    return Sheet(rows, encoding=encoding)


def _decode(content):
    """Return the text of a file and how it was written.

    :rtype: tuple[str, str]
    """
    if content.startswith((b'\xff\xfe', b'\xfe\xff')):
        attempts = [('utf-16', UTF_16)]
    else:
        attempts = [('utf-8-sig', UTF_8), ('cp1252', WINDOWS_1252)]
    for codec, name in attempts:
        try:
            return content.decode(codec), name
        except UnicodeDecodeError:
            continue
    raise SheetError(ENCODING)


def _guess_delimiter(text):
    """Return the sign that stands most often between the words of the first lines.

    The header decides unless it has none: a title may stand above it.
    """
    for line in text.splitlines()[:10]:
        bare = ''.join(line.split('"')[::2])  # What is quoted separates nothing.
        counts = {sign: bare.count(sign) for sign in (',', ';', '\t')}
        best = max(counts, key=counts.get)
        if counts[best]:
            return best
    return ','


def _read_workbook(content):
    """Read the first sheet of an XLSX workbook.

    :rtype: Sheet
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise SheetError(BROKEN) from error
    # Never more than this is unpacked: Python stops at the size that the archive states.
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise SheetError(TOO_BIG)
    if not any(member.filename == 'xl/workbook.xml' for member in members):
        raise SheetError(NO_TABLE)
    try:
        book = openpyxl.load_workbook(
            # Not the values that the workbook remembers: nobody knows what they were made of.
            io.BytesIO(content), read_only=True, data_only=False, keep_links=False,
        )
        try:
            page, *others = book.worksheets
            page.reset_dimensions()  # What a workbook says of its own size may be wrong.
            rows = _collect(page.iter_rows(values_only=True))
            unread = [other.title for other in others]
        finally:
            book.close()
    except SheetError:
        raise
    except Exception as error:  # A broken workbook fails openpyxl in any way.
        raise SheetError(BROKEN) from error
    return Sheet(rows, unread=unread)


def _collect(rows):
    """Return the rows that are not empty, with their numbers.

    :param rows: An iterable of all rows.
    :rtype: list[tuple[int, list]]
    """
    kept = []
    for number, cells in enumerate(rows, start=1):
        if number > MAX_SCANNED_ROWS:
            raise SheetError(TOO_LONG)
        if len(cells) > MAX_COLUMNS:
            raise SheetError(TOO_WIDE)
        if any(cell_text(cell) for cell in cells):
            kept.append((number, list(cells)))
            if len(kept) > MAX_ROWS + 1:  # The heading is none of them.
                raise SheetError(TOO_LONG)
    return kept
