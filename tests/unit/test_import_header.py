"""The header of an import file, and the rows below it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.import_header import OPENING_COLUMNS, STUDENT_COLUMNS, TermColumn, find_header
from rules.import_row import ImportRow, make_rows


def students(*rows):
    return find_header(list(enumerate(rows, start=1)), guardians=True, columns=STUDENT_COLUMNS)


def openings(*rows):
    return find_header(list(enumerate(rows, start=1)), has_terms=True, columns=OPENING_COLUMNS)


@pytest.mark.parametrize(('text', 'meaning'), [
    ("ADM NO.", 'admission_no'), ("Adm. No", 'admission_no'), ("Admission Number", 'admission_no'),
    ("Learner's Name", 'name'), ("Grade", 'class'), ("Class/Stream", 'class'), ("Stream", 'stream'),
    ("Day/Boarding", 'boarding'), ("Family Code", 'family_code'), ("Guardian", 'guardian_1'),
    ("Parent/Guardian", 'guardian_1'), ("Guardian 2", 'guardian_2'),
    ("Guardian 2 Name", 'guardian_2'),
    ("Relation", 'relation_1'), ("Guardian 3 Relationship", 'relation_3'), ("Phone2", 'phone_2'),
    ("Phone", 'phone_1'), ("Parent's Phone No.", 'phone_1'), ("Mobile Number (2)", 'phone_2'),
    ("Guardian 1 E-mail", 'email_1'), ("Phone 4", None), ("Blood Group", None),
    ("Date of Admission", 'joined_on'), ("Name 2", None),
])
def test_columns_of_students(text, meaning):
    header = students(["adm", text] if meaning != 'admission_no' else [text, "x"])
    assert (meaning in header.fields) == bool(meaning)
    assert (text in header.unknown) == (meaning is None)


@pytest.mark.parametrize(('text', 'meaning'), [
    ("Balance (KES)", 'balance'), ("BAL B/F", 'balance'), ("Arrears", 'balance'),
    ("As at date", 'as_at'), ("Term 1 2026", TermColumn(1, 2026)), ("T3 2025", TermColumn(3, 2025)),
    ("2025 Term 2", TermColumn(2, 2025)), ("Term 1 2026 balance", TermColumn(1, 2026)),
    ("Bal T1/2026", TermColumn(1, 2026)), ("Term 1", TermColumn(1, 0)), ("Term 2026", None),
    ("Phone", None),
])
def test_columns_of_balances(text, meaning):
    header = openings(["adm no", text])
    assert header.columns.get(1) == meaning
    assert (text in header.unknown) == (meaning is None)


def test_a_title_may_stand_above_the_header():
    header = openings(["UHURU ACADEMY"], ["", "Balances", "2026"], ["Name", "Adm No", "Balance"])
    assert header.number == 3
    assert header.columns == {0: 'name', 1: 'admission_no', 2: 'balance'}


def test_without_a_header_the_first_row_is_shown():
    header = openings(["ADM-1", "Faith"], ["ADM-2", "Brian"])
    assert header.number == 1
    assert header.unknown == ["ADM-1", "Faith"]


def test_a_column_is_there_once():
    header = openings(["adm no", "balance", "arrears", "term 1 2026", "t1 2026"])
    assert header.doubled == ["arrears", "t1 2026"]


def test_rows_below_the_header():
    table = [
        (1, ["Title"]), (3, ["adm no", "note", "name"]), (4, [12.0]), (6, ["13", "", "B", "", "x"]),
    ]
    rows = make_rows(table, find_header(table, columns=STUDENT_COLUMNS))
    assert [(row.number, row.text('admission_no'), row.text('name')) for row in rows] == [
        (4, '12', ''), (6, '13', 'B'),
    ]
    assert [row.has_loose_cells for row in rows] == [False, True]


def test_an_error_outweighs_all_else():
    row = ImportRow(1, {})
    assert row.state == 'same'
    row.changes.append("Name.")
    assert row.state == 'change'
    row.is_new = True
    assert row.state == 'new'
    row.errors.append("Wrong.")
    assert row.state == 'error'
    assert row.message == "Wrong. Name."


@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=6), min_size=1, max_size=12))
def test_any_table_has_a_header_or_none(rows):
    for header in (students(*rows), openings(*rows)):
        assert len(header.columns) == len(header.fields)
