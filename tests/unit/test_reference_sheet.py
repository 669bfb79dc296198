"""Which column holds the references, and which rows are payments."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.import_sheet import SheetError
from rules.reference_sheet import NoReferenceColumnError, read_references


def read(*rows, **options):
    return read_references(list(enumerate(rows, start=1)), **options)


def references(sheet):
    return [row.reference for row in sheet.rows]


@pytest.mark.parametrize('heading', [
    "BillRefNumber", "Bill Ref Number", "Account", "A/C No.", "Account No", "ACCOUNT NO.",
    "Reference", "Ref. No", "Details", "Narration", "Particulars", "Kumbukumbu", "Rejeleo",
    "Namba ya Akaunti", "Maelezo", "Customer Reference",
])
def test_the_column_is_found_by_its_heading(heading):
    sheet = read(["Receipt No.", heading], ["TGH7A1B2C3", "ADM-012"])
    assert (sheet.heading, references(sheet)) == (heading, ["ADM-012"])


@pytest.mark.parametrize('heading', [
    "Amount", "Amount (KES)", "Paid In", "Paid In (KSHs)", "Credit", "TransAmount", "Kiasi",
])
def test_the_amount_is_found_by_its_heading(heading):
    sheet = read(["Reference", heading], ["ADM-012", "1,250.50"])
    assert sheet.amount_heading == heading
    assert sheet.rows[0].amount == Decimal('1250.50')


def test_what_the_payer_typed_goes_before_a_reference_of_the_bank():
    title = ["Details", "Reference", "A/C No."]
    assert read(title, ["a", "b", "c"]).heading == "A/C No."
    assert read(title[:2], ["a", "b"]).heading == "Reference"
    assert read(title, ["a", "b", "c"], heading="reference").heading == "Reference"
    assert references(read(title, ["a", "b", "c"], heading="DETAILS")) == ["a"]


def test_the_classic_statement_of_m_pesa():
    sheet = read(
        ["Account Holder:", "Example School"], ["Short Code:", "600111"],
        ["Account:", "Utility Account"],
        ["Receipt No.", "Details", "Transaction Status", "Paid In", "Withdrawn", "A/C No."],
        ["TGH7A1B2C3", "Pay Bill from 25471****111 - A Acc. ADM-012", "Completed", 500.0, None,
         "ADM-012"],
        ["TGH7A1B2C3", "Pay Bill Charge", "Completed", None, -5.0, None],
        ["TGH7A1B2C4", "Pay Bill from 25471****111 - A Acc. ", "Completed", 700.0, None, None],
        ["TGH7A1B2C5", "Pay Bill from 25471****111 - A Acc. X", "Declined", 900.0, None, "X"],
    )
    assert (sheet.heading, sheet.amount_heading) == ("A/C No.", "Paid In")
    assert [(row.number, row.reference, row.amount) for row in sheet.rows] == [
        (5, "ADM-012", Decimal(500)), (7, "", Decimal(700)),
    ]
    assert (sheet.out_count, sheet.open_count, sheet.is_in_details) == (1, 1, False)


def test_the_newer_statement_has_the_account_in_its_details():
    sheet = read(
        ["Receipt No", "Details", "Transaction Status", "Paid In (KSHs)", "Withdrawn (KSHs)"],
        ["T1", "Pay Bill Online from 2547 - J Acc. adm 12", "Completed", "1,500.00", "0.00"],
        ["T2", "Pay Bill from 2547****111 - JANE Acc.", "Completed", "20.00", "0.00"],
        ["T3", "FSI to Pay Bill by 6 - BANK Acc. ADM 7 via WEB by jdoe", "Completed", "3", "0.00"],
        ["T4", "Merchant Payment from 2547****111 - JANE", "Completed", "40.00", "0.00"],
        ["T5", "Agency Withdrawal of funds to Bank", "Completed", "0.00", "-1,590.00"],
    )
    assert references(sheet) == ["adm 12", "", "ADM 7", ""]
    assert sheet.is_in_details
    assert sheet.out_count == 1


def test_the_only_column_needs_no_heading():
    sheet = read(["ADM-012"], ["=1+1"], ["fees"])
    assert references(sheet) == ["ADM-012", "=1+1", "fees"]
    assert (sheet.heading, sheet.formula_count) == ("", 1)


def test_a_comma_parts_nothing_in_the_only_column():
    assert references(read(["Reference"], ["Faith", " ADM 013"])) == ["Faith, ADM 013"]
    with pytest.raises(NoReferenceColumnError):
        read(["Faith", " ADM 013"])


def test_several_columns_need_one():
    with pytest.raises(NoReferenceColumnError) as refused:
        read(["Name", "Phone"], ["Faith", "0712"])
    assert refused.value.headings == ["Name", "Phone"]
    with pytest.raises(NoReferenceColumnError):
        read(["Reference"], ["x"], heading="Refrence")


def test_amounts_that_are_none_are_counted():
    sheet = read(
        ["Reference", "Amount"], ["a", "many"], ["b", "1", "250"], ["c", None], ["d", "=1+1"],
        ["e", "0.005"],
    )
    assert references(sheet) == ["a", "b", "c", "d", "e"]
    assert {row.amount for row in sheet.rows} == {None}
    assert sheet.unread_count == 4


def test_ten_thousand_are_read_and_no_more():
    rows = [[f"ADM-{number}"] for number in range(10_001)]
    assert len(read(["Reference"], *rows[:-1]).rows) == 10_000
    assert len(read(*rows[:-1]).rows) == 10_000
    with pytest.raises(SheetError):
        read(*rows)


cells = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates(),
    st.sampled_from(["Reference", "Amount", "Withdrawn", "Status", "Failed", "x Acc. y", "-5"]),
)


@given(st.lists(st.lists(cells, max_size=5), min_size=1, max_size=8), st.text(max_size=5))
def test_each_row_below_the_header_is_a_payment_or_counted(table, heading):
    try:
        sheet = read(*table, heading=heading)
    except NoReferenceColumnError:
        return
    left_out = sheet.out_count + sheet.open_count
    header = bool(sheet.heading)
    numbers = [row.number for row in sheet.rows]
    assert numbers == sorted(set(numbers))
    assert len(numbers) + left_out <= len(table) - header
    if not header:
        assert len(numbers) == len(table)


def test_a_bank_writes_cr_for_what_came_in():
    """ Elsewhere in the product CR is paid ahead, below zero: not on a bank's statement. """
    sheet = read(
        ["Date", "Reference", "Amount"],
        ["1 May", "ADM-012", "500 DR"], ["1 May", "ADM-013", "700 CR"],
        ["1 May", "ADM-014", "1,250.50Cr."],
    )
    assert [(row.reference, row.amount) for row in sheet.rows] == [
        ("ADM-013", Decimal(700)), ("ADM-014", Decimal('1250.50')),
    ]
    assert sheet.out_count == 1


@pytest.mark.parametrize('cells', [
    ["", "TOTAL", "1200"], ["TOTAL", "", "1200"], ["Jumla", "", "1200"],
    ["", "Grand Total:", "1200"],
    ["", "Balance b/f", "1200"], ["1 May", "Opening Balance", "1200"], ["", "BALANCE C/F", "1200"],
])
def test_a_total_is_no_payment(cells):
    sheet = read(["Date", "Details", "Amount"], ["1 May", "ADM-012", "500"], cells)
    assert references(sheet) == ["ADM-012"]
    assert sheet.total_count == 1


def test_words_of_parents_are_no_total():
    typed = ["total fees ADM-012", "balance", "closing day 045", "jumla ya karo"]
    sheet = read(["Account", "Amount"], *([one, "500"] for one in typed))
    assert references(sheet) == typed


def test_cells_moved_by_an_amount_give_no_reference():
    """ An amount like 1,250 without quotes: the cell below the heading is another one. """
    sheet = read(["Receipt No.", "Paid In", "A/C No."], ["TGH1", "1", "250", "ADM-012"])
    assert [(row.reference, row.amount) for row in sheet.rows] == [("", None)]
    assert sheet.unread_count == 1
    before = read(["A/C No.", "Paid In"], ["ADM-012", "1", "250"])
    assert references(before) == ["ADM-012"]
