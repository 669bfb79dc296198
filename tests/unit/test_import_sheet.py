"""Reading tables out of uploaded files."""

import csv
import io
import zipfile
from contextlib import suppress
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.import_sheet import (
    BROKEN,
    EMPTY,
    ENCODING,
    MAX_BYTES,
    MAX_ROWS,
    NO_TABLE,
    OLD_EXCEL,
    TOO_BIG,
    TOO_LONG,
    TOO_WIDE,
    SheetError,
    cell_text,
    is_formula,
    read_sheet,
)


def workbook(*rows, pages=("Sheet",)):
    """Return the bytes of a workbook whose first page has some rows."""
    book = openpyxl.Workbook()
    book.active.title = pages[0]
    for row in rows:
        book.active.append(row)
    for page in pages[1:]:
        book.create_sheet(page)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(**members):
    """Return the bytes of a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def refused(content):
    with pytest.raises(SheetError) as caught:
        read_sheet(content)
    return caught.value.reason


def cells(content):
    return [row for _number, row in read_sheet(content).rows]


@pytest.mark.parametrize(('codec', 'name'), [
    ('utf-8', 'UTF-8'), ('utf-8-sig', 'UTF-8'), ('cp1252', 'Windows-1252'), ('utf-16', 'UTF-16'),
])
def test_encodings(codec, name):
    sheet = read_sheet("adm no,name\n1,Zoë Njoroge\n".encode(codec))
    assert sheet.rows[0][1] == ['adm no', 'name']
    assert sheet.rows[1][1] == ['1', "Zoë Njoroge"]
    assert sheet.encoding == name


@pytest.mark.parametrize('content', [
    'a,b\n"1,5",2', 'a;b\n"1,5";2', 'a\tb\r\n1,5\t2\r\n', 'sep=;\na;b\n1,5;2',
    '\n\na;b\n1,5;2\n;\n',
])
def test_delimiters(content):
    assert cells(content.encode()) == [['a', 'b'], ['1,5', '2']]


def test_rows_keep_their_numbers():
    assert [number for number, _row in read_sheet(b'a,b\n\n,,\n1,2\n').rows] == [1, 4]


@pytest.mark.parametrize(('content', 'reason'), [
    (b'', EMPTY), (b' \n\n', EMPTY), (b',,\n,,\n', EMPTY), (b'\xd0\xcf\x11\xe0rest', OLD_EXCEL),
    (b'PK broken', BROKEN), (packed(**{'word/document.xml': 'x'}), NO_TABLE),
    (packed(**{'xl/workbook.xml': 'no xml'}), BROKEN), (b'\x89PNG\r\n\x1a\n\0\0\0', NO_TABLE),
    (b'\xff\xfe\x00', ENCODING), (b'name\n\x81\x8d', ENCODING), (b'a' * (MAX_BYTES + 1), TOO_BIG),
    (b'a,b\n' + b'1,2\n' * (MAX_ROWS + 1), TOO_LONG), (b'a\n' + b'\n' * 100_000 + b'b', TOO_LONG),
    (b',' * 300 + b'a', TOO_WIDE), (b'"' + b'x' * 200_000 + b'"', BROKEN), (workbook(), EMPTY),
])
def test_files_that_are_refused(content, reason):
    assert refused(content) == reason


def test_the_heading_is_none_of_the_rows_that_a_file_may_have():
    assert len(read_sheet(b'a,b\n' + b'1,2\n' * MAX_ROWS).rows) == MAX_ROWS + 1


def test_a_file_that_unpacks_to_a_flood_is_refused():
    flood = packed(**{
        'xl/workbook.xml': 'x', 'xl/worksheets/sheet1.xml': b'0' * (80 * 1024 * 1024),
    })
    assert len(flood) < 1024 * 1024
    assert refused(flood) == TOO_BIG


def _with_page(page):
    """Return a workbook whose first page is this XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["a"]))) as old, zipfile.ZipFile(out, 'w') as new:
        for member in old.infolist():
            content = old.read(member)
            new.writestr(member.filename, page if 'sheet1' in member.filename else content)
    return out.getvalue()


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</worksheet>'


def test_entities_that_multiply_are_refused():
    entities = ''.join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(9)
    )
    page = f'<!DOCTYPE d [{entities}]>' + SHEET % (
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&e8;</t></is></c></row></sheetData>'
    )
    assert refused(_with_page(page)) == BROKEN


def test_a_row_of_any_number_does_not_run_for_ever():
    page = SHEET % '<sheetData><row r="99999999999"><c r="A1"><v>1</v></c></row></sheetData>'
    assert refused(_with_page(page)) == TOO_LONG


def test_a_workbook_that_lies_about_its_size_is_read_whole():
    page = SHEET % (
        '<dimension ref="A1"/><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c>'
        '</row><row r="2"><c r="A2"><v>3</v></c></row></sheetData>'
    )
    assert cells(_with_page(page)) == [[1, 2], [3]]


def test_cells_of_a_workbook():
    sheet = read_sheet(workbook(
        ["adm no", "name", "date", "balance"],
        [12, "Faith", datetime(2026, 1, 31), 1250.5],
        ["=1+1", "=HYPERLINK(\"http://x\")", None, "=SUM(D2)"],
        pages=("Balances", "Notes"),
    ))
    assert sheet.unread == ["Notes"]
    assert sheet.rows[1] == (2, [12, "Faith", datetime(2026, 1, 31), 1250.5])
    # Nothing is worked out.
    assert sheet.rows[2][1][:2] == ["=1+1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize(('value', 'text'), [
    (None, ''), (12, '12'), (12.0, '12'), (12.5, '12.5'), ("  Faith \n Otieno ", "Faith Otieno"),
    ("Fa\N{ZERO WIDTH SPACE}ith\x07", "Faith"), ("Zoe\N{COMBINING DIAERESIS}", "Zoë"),
    (datetime(2026, 1, 31), '2026-01-31T00:00:00'), ("\N{NO-BREAK SPACE}", ''),
])
def test_text_of_cells(value, text):
    assert cell_text(value) == text


def test_formulas_are_told_from_text():
    assert all(map(is_formula, ("=A1", "+A1", "-A1", "@SUM(A1)")))
    assert not any(map(is_formula, ("", "A1", "Faith = Otieno")))


table_cells = st.text(
    st.characters(exclude_categories=('Cc', 'Cf', 'Cs', 'Zl', 'Zp')), min_size=1, max_size=8,
).filter(lambda text: cell_text(text) == text)


@given(
    st.lists(st.lists(table_cells, min_size=2, max_size=5), min_size=1, max_size=6),
    st.sampled_from([',', ';', '\t']),
)
def test_what_a_spreadsheet_writes_is_read_back(rows, delimiter):
    table = [['adm no', 'name'], *rows]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(table)
    assert cells(out.getvalue().encode()) == table


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_refused(content):
    with suppress(SheetError):
        assert read_sheet(content).rows
