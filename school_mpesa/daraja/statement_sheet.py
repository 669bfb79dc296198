"""The tables in a downloaded file, CSV or XLSX, row by row: what it says, not worked out."""
import csv
import io
import zipfile
from dataclasses import dataclass

import openpyxl

from .statement_error import (
    DAMAGED,
    EMPTY,
    ENCRYPTED,
    NOT_A_STATEMENT,
    OLD_EXCEL,
    PDF,
    TOO_LARGE,
    StatementError,
)


# 10,000 rows, with the charges, are about a busy month of a large school: 1.5 MB as CSV.
MAX_BYTES = 20 * 1024 * 1024  # of the file
MAX_UNPACKED_BYTES = 60 * 1024 * 1024  # of a workbook, which is compressed
MAX_ROWS = 50_000  # empty ones included
MAX_COLUMNS = 64
MAX_LINE = 20_000  # characters of a row as text
_MAX_MEMBERS = 1000  # files within a workbook
_XML_HEAD = 2048  # bytes of a file within a workbook in which a DOCTYPE would stand

_OLE = b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'
_ENCRYPTED_PACKAGE = 'EncryptedPackage'.encode('utf-16-le')
_PICTURES = (b'\x89PNG', b'\xff\xd8\xff', b'GIF8')


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula.

    :ivar str cell: Such as "F12".
    """

    cell: str


def read_tables(content):
    """Read the tables of a file, one after the other and each row by row.

    :param bytes content: The file.
    :return: Of each table its rows, as pairs of the row's number and its cells: text as it stands,
        numbers, dates, `Formula` or None. Empty rows are left out. Read one before the next.
    :rtype: Iterator[Iterator[tuple[int, list]]]
    :raise StatementError: At once or while reading.
    """
    if len(content) > MAX_BYTES:
        raise StatementError(TOO_LARGE)
    if not content.strip():
        raise StatementError(EMPTY)
    if content.startswith(_OLE):
        raise StatementError(ENCRYPTED if _ENCRYPTED_PACKAGE in content else OLD_EXCEL)
    if content.startswith(b'%PDF'):
        raise StatementError(PDF)
    if content.startswith(_PICTURES):
        raise StatementError(NOT_A_STATEMENT)
    if content.startswith(b'PK'):
        _check_archive(content)
        return _workbook_tables(content)
    return _text_tables(_decode(content))


def cell_name(row, place):
    """Return how spreadsheets call a cell.

    :param int row: From 1.
    :param int place: The column, from 0.
    :rtype: str
    """
    return f'{openpyxl.utils.get_column_letter(place + 1)}{row}'


# === Text === #

def _decode(content):
    attempts = ('utf-8-sig', 'cp1252')
    if content.startswith((b'\xff\xfe', b'\xfe\xff')):
        attempts = ('utf-16',)
    for codec in attempts:
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if '\0' in text:
            raise StatementError(NOT_A_STATEMENT)
        return text
    raise StatementError(DAMAGED)


def _text_tables(text):
    # The right sign between the cells is the one that shows a header: the caller looks for it.
    for delimiter in (',', ';', '\t'):
        yield _text_rows(text, delimiter)


def _text_rows(text, delimiter):
    # Line by line, each with a reader of its own: no cell of M-PESA's has two lines, and a payer
    # who typed a quotation mark must not swallow the rows that follow.
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if number > MAX_ROWS:
            raise StatementError(TOO_LARGE)
        if len(line) > MAX_LINE:
            raise StatementError(NOT_A_STATEMENT)
        if not line.strip():
            continue
        try:
            cells = next(csv.reader([line.rstrip('\n')], delimiter=delimiter))
        except (csv.Error, StopIteration):
            raise StatementError(DAMAGED, cell_name(number, 0)) from None
        yield number, cells


# === Workbooks === #

def _check_archive(content):
    """Refuse what would unpack to too much, and what is no workbook.

    :raise StatementError: With the reason.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if any(member.flag_bits & 1 for member in members):
                raise StatementError(ENCRYPTED)
            # Python unpacks no more of a member than the archive states here.
            unpacked = sum(member.file_size for member in members)
            if unpacked > MAX_UNPACKED_BYTES or len(members) > _MAX_MEMBERS:
                raise StatementError(TOO_LARGE)
            names = {member.filename for member in members}
            if 'xl/workbook.xml' not in names:
                raise StatementError(NOT_A_STATEMENT)
            for name in names:
                # A workbook declares no entities: who does wants them to grow while being read.
                if name.endswith('.xml') and b'<!DOCTYPE' in archive.open(name).read(_XML_HEAD):
                    raise StatementError(DAMAGED)
    except StatementError:
        raise
    except Exception as error:  # A broken archive fails the reader in any way.
        raise StatementError(DAMAGED) from error


def _workbook_tables(content):
    try:
        # Not the values that the workbook remembers: nobody knows what they were worked out of.
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=False, keep_links=False,
        )
    except Exception as error:  # A broken workbook fails openpyxl in any way.
        raise StatementError(DAMAGED) from error
    try:
        for page in book.worksheets:
            page.reset_dimensions()  # What a workbook says of its own size may be wrong.
            yield _workbook_rows(page)
    finally:
        book.close()


def _workbook_rows(page):
    rows = page.iter_rows(max_col=MAX_COLUMNS)
    number = 0
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception as error:
            raise StatementError(DAMAGED) from error
        if number > MAX_ROWS:
            raise StatementError(TOO_LARGE)
        cells = [
            Formula(cell_name(number, place)) if cell.data_type == 'f' else cell.value
            for place, cell in enumerate(row)
        ]
        while cells and cells[-1] in {None, ''}:
            cells.pop()
        if cells:
            yield number, cells
