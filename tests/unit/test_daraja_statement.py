"""The organisation statement: its templates as they were seen, and files that are none."""
import csv
import io
import zipfile
from datetime import datetime, timedelta
from decimal import Decimal

import daraja
import openpyxl
import pytest
import xlsxwriter
from daraja import statement_sheet
from hypothesis import example, given
from hypothesis import strategies as st


PREAMBLE = [
    ['Account Holder:', 'Uhuru Academy'],
    ['Short Code:', '600111'],
    ['Account:', 'Utility Account'],
    ['Time Period:', 'From 01-09-2026 00:00:00 To 14-09-2026 23:59:59'],
    [
        'Operator:', 'jdoe', 'Organization:', 'Uhuru Academy', 'Date of Report:',
        '15-09-2026 08:00:00',
    ],
    [
        'Opening Balance:', '1,000.00', 'Closing Balance:', '2,990.00', 'Available Balance:',
        '2,990.00', 'Total Paid In:', '12,500.00', 'Total Withdrawn:', '-10,510.00',
    ],
]
HEADER_A = [
    'Receipt No.', 'Completion Time', 'Initiation Time', 'Details', 'Transaction Status', 'Paid In',
    'Withdrawn', 'Balance', 'Balance Confirmed', 'Reason Type', 'Other Party Info',
    'Linked Transaction ID', 'A/C No.',
]
HEADER_B = [
    'Receipt No', 'Completion Time', 'Details', 'Transaction Status', 'Paid In (KSHs)',
    'Withdrawn (KSHs)', 'Balance (KSHs)',
]
PAYER = '25471****111 - WANJIKU **** MWANGI'
DETAILS = f'Pay Bill from {PAYER} Acc. ADM-012'


def row_a(receipt='UIE4K7P2QX', at='14-09-2026 10:15:33', details=DETAILS, paid_in='12500.00',
          withdrawn='', balance='13500.00', status='Completed', reason='Pay Utility', party=PAYER,
          linked='', account='ADM-012', **_kwargs):
    return [
        receipt, at, at, details, status, paid_in, withdrawn, balance, 'true', reason, party,
        linked, account,
    ]


ROWS_A = [
    row_a(),
    row_a(details='Pay Bill Charge', paid_in='', withdrawn='-10.00', balance='13490.00',
          party='SP', account=''),
    row_a('UIE4K7P2QY', '14-09-2026 10:20:00', status='Declined', balance='13490.00'),
    row_a('UIE5000SWP', '14-09-2026 18:00:00',
          'Utility Account to Organization Settlement Account', '', '-10000.00', '3490.00',
          reason='Utility Account to Organization Settlement Account', party='', account=''),
    row_a('UIE6000REV', '14-09-2026 19:00:00', 'Pay Bill Reversal', '', '-500.00', '2990.00',
          party=PAYER, linked='UIC4K7P2QX', account=''),
]


def row_b(receipt='UIE4K7P2QX', at='14/09/2026 10:15:33', details=DETAILS, paid_in='12,500.00',
          withdrawn='0.00', balance='13,500.00', status='Completed'):
    return [receipt, at, details, status, paid_in, withdrawn, balance]


def as_csv(rows, delimiter=',', encoding='utf-8', end='\r\n'):
    text = io.StringIO(newline='')
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows, *before):
    book = openpyxl.Workbook()
    for title in before:
        book.active.title = title
        book.create_sheet('transaction')
    for row in rows:
        book.worksheets[-1].append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(content, filename='statement.csv'):
    return daraja.read_statement(filename, content)


def one(details=DETAILS, direction='in', **values):
    """The line of a statement of one row."""
    paid_in, withdrawn = ('500', '') if direction == 'in' else ('', '-500')
    row = row_a(details=details, **{
        'paid_in': paid_in, 'withdrawn': withdrawn, 'reason': '', 'party': '', 'account': '',
        **values,
    })
    line, = read(as_csv([*PREAMBLE, HEADER_A, row])).lines
    return line


def refusal(content, filename='statement.csv'):
    with pytest.raises(daraja.StatementError) as info:
        read(content, filename)
    return info.value


# === The templates === #

@pytest.mark.parametrize('content', [
    as_csv([*PREAMBLE, HEADER_A, *ROWS_A]),
    as_csv([*PREAMBLE, HEADER_A, *ROWS_A], end='\n'),
    as_csv([*PREAMBLE, HEADER_A, *ROWS_A], ';', 'utf-8-sig'),
    as_csv([*PREAMBLE, HEADER_A, *ROWS_A], '\t', 'utf-16'),
    as_csv([*PREAMBLE, [], [], HEADER_A, *ROWS_A, [], ['']]),
    as_xlsx([*PREAMBLE, HEADER_A, *ROWS_A]),
    as_xlsx([*PREAMBLE, [], HEADER_A, *ROWS_A], 'Cover'),
])
def test_template_a(content):
    got = read(content)
    assert (got.template, got.shortcode, got.account) == ('A', '600111', 'Utility Account')
    assert got.account_holder == 'Uhuru Academy'
    assert got.period_stated
    assert got.period_start_utc == datetime(2026, 8, 31, 21)
    assert got.period_end_utc == datetime(2026, 9, 14, 20, 59, 59)
    assert (got.opening, got.closing) == (Decimal(1000), Decimal(2990))
    assert (got.total_in, got.total_out) == (Decimal(12500), Decimal(10510))
    assert (got.skipped, got.unreadable) == (1, ())
    assert [
        (line.receipt, line.kind, line.direction, line.amount, line.balance, line.moves_wallet)
        for line in got.lines
    ] == [
        ('UIE4K7P2QX', 'payment', 'in', Decimal(12500), Decimal(13500), True),
        ('UIE4K7P2QX', 'charge', 'out', Decimal(10), Decimal(13490), True),
        ('UIE5000SWP', 'sweep', 'out', Decimal(10000), Decimal(3490), True),
        ('UIE6000REV', 'reversal', 'out', Decimal(500), Decimal(2990), True),
    ]
    payment, reversal = got.lines[0], got.lines[-1]
    assert payment.completed_at_utc == datetime(2026, 9, 14, 7, 15, 33)
    assert payment.account_reference == 'ADM-012'
    assert (payment.payer_phone, payment.payer_name) == ('25471****111', 'WANJIKU **** MWANGI')
    assert (reversal.linked_receipt, reversal.account_reference) == ('UIC4K7P2QX', '')
    assert daraja.find_gaps(got.lines, got.opening, got.closing) == ()


def test_template_a_with_the_cells_of_a_workbook():
    """ Dates and numbers as a spreadsheet has them, the preamble spread over cells. """
    at = datetime(2026, 9, 14, 10, 15, 32, 999997)
    rows = [
        ['Account Holder:', 'Uhuru Academy'], ['Short Code:', 600111],
        ['Time Period:', 'From', '01-09-2026 00:00:00', 'To', '30-09-2026 23:59:59'],
        ['Operator:', 'j', 'Date of Report:', datetime(2026, 9, 14, 12)],
        ['Opening Balance:', 0, 'Closing Balance:', 1250.5],
        [*HEADER_A, 'Currency'],
        ['UIE4K7P2QX', at, at, 'Pay Bill from 010****222 - bob **** sample Acc. 0042', 'Completed',
         1250.5000000001, None, 1250.5, True, 'Pay Utility', '010****222 - bob **** sample', None,
         42, 'KES'],
        ['UIE4K7P2QY', at, at, 'Pay Bill from 010****222 - bob Acc. 850060', 'Completed',
         100.0, None, 1350.5, True, 'Pay Utility', None, None, 850060.0, 'KES'],
    ]
    got = read(as_xlsx(rows))
    assert got.shortcode == '600111'
    # Nothing is known of the time after the report was made.
    assert got.period_end_utc == datetime(2026, 9, 14, 9)
    first, second = got.lines
    assert first.completed_at_utc == datetime(2026, 9, 14, 7, 15, 33)
    assert (first.amount, first.balance) == (Decimal('1250.50'), Decimal('1250.50'))
    # The spreadsheet has made the number 42 of it.
    assert (first.account_reference, second.account_reference) == ('0042', '850060')


B_ROWS = [
    row_b('UIE9000BNK', '14/09/2026 23:09:30', 'Agency Withdrawal of funds to Bank', '0.00',
          '-13,000.00', '0.00'),
    row_b('UIE8000MMF', '14/09/2026 23:09:07',
          'Organization Settlement Account to Organization MMF Account', '13,000.00', '0.00',
          '13,000.00'),
    row_b('UIE8000MMF', '14/09/2026 23:09:07',
          'Organization Settlement Account to Organization MMF Account', '0.00', '-13,000.00',
          '0.00'),
    row_b('UIE7000SWP', '14/09/2026 23:09:07', 'Utility Account to Organization Settlement Account',
          '13,000.00', '0.00', '13,000.00'),
    row_b('UIE7000SWP', '14/09/2026 23:09:07', 'Utility Account to Organization Settlement Account',
          '0.00', '-13,000.00', '0.00'),
    row_b('UIE4K7P2QY', '14/09/2026 12:00:00', 'Pay Bill from 2547****111 - GRACE NOACC Acc.',
          '500.00', '0.00', '13,000.00'),
    row_b(balance='12,500.00'),
]
TITLE = 'Statements for 600111 from 2026-09-14 to 2026-09-14'


@pytest.mark.parametrize(('content', 'filename'), [
    (as_csv([HEADER_B, *B_ROWS]), f'{TITLE}.csv'),
    (as_xlsx([HEADER_B, *B_ROWS]), f'{TITLE} (1).xlsx'),
    (as_xlsx([[TITLE], HEADER_B, *B_ROWS]), 'download.xlsx'),
    (as_csv([['Statements for 600111 from 14/09/2026 00:00:00 to 14/09/2026 23:59:59'], HEADER_B,
             *B_ROWS]), ''),
])
def test_template_b(content, filename):
    got = read(content, filename)
    assert (got.template, got.shortcode, got.account_holder) == ('B', '600111', '')
    assert got.period_start_utc == datetime(2026, 9, 13, 21)
    assert got.period_end_utc == datetime(2026, 9, 14, 20, 59, 59)
    assert [(line.kind, line.direction, line.moves_wallet) for line in got.lines] == [
        ('withdrawal', 'out', False), ('sweep', 'in', False), ('sweep', 'out', False),
        ('sweep', 'in', False), ('sweep', 'out', True), ('payment', 'in', True),
        ('payment', 'in', True),
    ]
    assert [line.account_reference for line in got.lines[-2:]] == ['', 'ADM-012']
    assert [line.receipt for line in daraja.oldest_first(got.lines)][:2] == [
        'UIE4K7P2QX', 'UIE4K7P2QY',
    ]
    assert daraja.find_gaps(got.lines) == ()


def test_a_statement_that_does_not_say_its_period():
    got = read(as_csv([HEADER_B, *B_ROWS]), 'transactions.csv')
    assert (got.shortcode, got.period_stated) == (None, False)
    assert got.period_start_utc == datetime(2026, 9, 14, 7, 15, 33)
    assert got.period_end_utc == datetime(2026, 9, 14, 20, 9, 30)


def test_the_full_statement_of_m_pesa_for_business():
    rows = [
        ['Receipt No', 'Completion Time', 'Details', 'Transaction Status', 'Paid in', 'Withdrawn',
         'Balance', 'Transaction Type', 'Other Party'],
        ['UIE4K7P2QX', '2026-09-14 10:15:33', DETAILS, 'Completed', '12,500.00', '', '12,500.00',
         'Pay Utility', PAYER],
    ]
    got = read(as_xlsx(rows), 'full.xlsx')
    line, = got.lines
    assert (got.template, line.kind, line.account_reference) == ('business', 'payment', 'ADM-012')
    assert line.completed_at_utc == datetime(2026, 9, 14, 7, 15, 33)


def test_the_layout_of_2009():
    rows = [
        ['Receipt', 'Date', 'Details', 'Status', 'Withdrawn', 'Paid In', 'Balance',
         'Balance Confirmed', 'Transaction Type', 'Other Party Info', 'Transaction Party Details'],
        ['BK12AB345', '2010-09-14 10:15:33', 'Payment received', 'Completed', '', '500.00',
         '500.00', 'true', 'Pay Utility', '', '254712000111 - WANJIKU MWANGI'],
        ['BK12AB346', '2010-09-14 10:16:00', 'Something', 'Completed', '100.00', '', '400.00',
         'true', 'Unheard of', '', ''],
    ]
    got = read(as_csv(rows))
    assert got.template == 'older'
    assert [(line.kind, line.direction, line.amount) for line in got.lines] == [
        ('payment', 'in', Decimal(500)), ('other', 'out', Decimal(100)),
    ]
    assert got.lines[0].payer_phone == '254712000111'
    assert daraja.find_gaps(got.lines) == ()


# === What a row was === #

@pytest.mark.parametrize(('details', 'phone', 'name', 'account'), [
    (f'Pay Bill from {PAYER} Acc. ADM0042', '25471****111', 'WANJIKU **** MWANGI', 'ADM0042'),
    ('Pay Bill Online from 2547****111 - JANE Acc. bob shop', '2547****111', 'JANE', 'bob shop'),
    ('Small Business Pay Bill from 2547****333 - CAROL Acc. Ca', '2547****333', 'CAROL', 'Ca'),
    ('Merchant Pay Utility Received from 1234567 - FAKE AUTO Acc. dave', '1234567', 'FAKE AUTO',
     'dave'),
    ('Merchant Pay Utility Received from 7654321 - BLANK CO  Acc.', '7654321', 'BLANK CO', ''),
    ('Business Pay Bill via API by 999001 - BANK TO PAYBILL Acc. erin', '999001',
     'BANK TO PAYBILL', 'erin'),
    ('FSI to Pay Bill by 999002 - MOCK BANK - BANK TO TILL Acc. Frank via WEB by MOCK BANK\\B2B1',
     '999002', 'MOCK BANK - BANK TO TILL', 'Frank'),
    ('Merchant Payment from 2547****111 - JANE', '2547****111', 'JANE', ''),
    ('Merchant Payment Online from 2547****111 - JANE', '2547****111', 'JANE', ''),
    # What a payer typed decides nothing.
    ('Pay Bill from 2547****111 - J Acc. Reversal', '2547****111', 'J', 'Reversal'),
    ('Pay Bill from 2547****111 - J Acc. Acc. 5', '2547****111', 'J', 'Acc. 5'),
    ('Pay Bill from 2547****111 - ACC. LTD Acc. 5', '2547****111', 'ACC. LTD', '5'),
    ('Pay Bill from 2547****111 - J Acc. 7 via WEB by me', '2547****111', 'J', '7 via WEB by me'),
    ('Pay Bill from 2547****111 - J Acc. =1+1', '2547****111', 'J', '=1+1'),
    ('Pay Bill from 2547****111 Acc. 5', '2547****111', '', '5'),
])
def test_payments(details, phone, name, account):
    line = one(details)
    assert (line.kind, line.moves_wallet) == ('payment', True)
    assert (line.payer_phone, line.payer_name) == (phone, name)
    assert line.account_reference == account
    for shown in (repr(line), repr(read(as_csv([HEADER_B, row_b(details=details)])))):
        assert name not in shown or not name
        assert '****' not in shown


@pytest.mark.parametrize(('details', 'direction', 'kind', 'moves_wallet'), [
    ('Pay Bill Charge', 'out', 'charge', True),
    ('Pay merchant Charge', 'out', 'charge', True),
    ('Utility Account to Organization Settlement Account', 'out', 'sweep', True),
    ('Utility Account to Organization Settlement', 'out', 'sweep', True),
    ('Utility Account to Organization Settlement Account', 'in', 'sweep', False),
    ('Merchant Account to Organization Settlement Account', 'out', 'sweep', True),
    ('Organization Settlement Account to Organization MMF Account', 'out', 'sweep', False),
    ('Organization Settlement Account to Organization MMF Account', 'in', 'sweep', False),
    ('Organization MMF Account to Utility Account', 'in', 'sweep', True),
    ('Agency Withdrawal of funds to Bank', 'out', 'withdrawal', False),
    ('Pay Bill Reversal', 'out', 'reversal', True),
    ('Reversal of UIC4K7P2QX', 'out', 'reversal', True),
    ('Transaction Reversal', 'out', 'reversal', True),
    # Not known, or the wrong way round: for a person to look at.
    ('Pay Bill Charge', 'in', 'other', True),
    ('Pay Bill Reversal', 'in', 'other', True),
    ('Agency Withdrawal of funds to Bank', 'in', 'other', True),
    ('Pay Bill to 600222 - SHOP Acc. 1', 'out', 'other', True),
    (DETAILS, 'out', 'other', True),
    ('Promotional adjustment', 'in', 'other', True),
    ('Business Payment to Customer via API', 'out', 'other', True),
    ('', 'in', 'other', True),
])
def test_kinds(details, direction, kind, moves_wallet):
    line = one(details, direction)
    assert (line.kind, line.direction, line.moves_wallet) == (kind, direction, moves_wallet)


@pytest.mark.parametrize(('reason', 'direction', 'kind'), [
    ('Pay Utility', 'in', 'payment'), ('Pay Bill Online', 'in', 'payment'),
    ('Standing Order Pay Bill', 'in', 'payment'), ('Pay Utility with OD via STK', 'in', 'payment'),
    ('Pay Utility with OD Online', 'in', 'payment'), ('Pay Utility', 'out', 'other'),
    ('Utility Account to Organization Settlement Account', 'out', 'sweep'),
    ('Something new', 'in', 'other'),
])
def test_the_reason_type_tells_where_details_do_not(reason, direction, kind):
    assert one('New words of Safaricom', direction, reason=reason).kind == kind


def test_a_reversal_names_its_payment():
    assert one('Pay Bill Reversal', 'out', linked='uic4k7p2qx').linked_receipt == 'UIC4K7P2QX'
    assert one('Reversal of UIC4K7P2QX', 'out').linked_receipt == 'UIC4K7P2QX'
    assert not one('Reversal of MERCHANTSX', 'out').linked_receipt


def test_the_account_is_verbatim():
    typed = ' adm/0042 '
    assert one(account=typed).account_reference == typed
    details = f'Pay Bill from 2547****111 - J Acc. {typed}'
    line, = read(as_csv([HEADER_B, row_b(details=details)])).lines
    assert line.account_reference == typed


def test_a_quotation_mark_swallows_no_row():
    rows = as_csv([HEADER_A]) + (
        b'UIE4K7P2QX,14-09-2026 10:15:33,,Pay Bill from 2547****111 - J Acc. x,Completed,5,,5,true,'
        b'Pay Utility,,,"x\r\n'
        b'UIE4K7P2QY,14-09-2026 10:15:34,,Pay Bill from 2547****111 - J Acc. y,Completed,5,,10,true'
        b',Pay Utility,,,y\r\n'
    )
    got = read(rows)
    assert [line.account_reference for line in got.lines] == ['x', 'y']


# === Times and amounts === #

@pytest.mark.parametrize('at', [
    '14-09-2026 10:15:33', '14/09/2026 10:15:33', '2026-09-14 10:15:33', '14.09.2026 10:15:33',
    '2026-09-14T10:15:33', '14-9-2026 10:15:33', ' 14-09-2026  10:15:33 ', '14-09-2026 10:15:33 AM',
    '2026-09-14 10:15:33.0',
])
def test_times(at):
    assert one(at=at).completed_at_utc == datetime(2026, 9, 14, 7, 15, 33)


@pytest.mark.parametrize(('at', 'to_minute'), [
    (['14-09-2026 10:15:33', '14-09-2026 10:16:00'], False),
    (['14-09-2026 10:15:00', '14-09-2026 10:16:00'], False),
    (['14/09/2026 10:15', '14/09/2026 10:16'], True),
    (['14/09/2026 10:15 AM', '14/09/2026 10:16'], True),
    (['14/09/2026 10:15', '14/09/2026 10:16:20'], False),  # A row that somebody typed.
])
def test_a_file_without_seconds_says_so(at, to_minute):
    rows = [row_a(f'UIE4K7P2Q{number}', moment) for number, moment in enumerate(at)]
    told = read(as_csv([*PREAMBLE, HEADER_A, *rows]))
    assert (len(told.lines), told.to_minute) == (2, to_minute)


@pytest.mark.parametrize(('moments', 'to_minute'), [
    ([datetime(2026, 9, 14, 10, 15), datetime(2026, 9, 14, 10, 16)], True),
    ([datetime(2026, 9, 14, 10, 15), datetime(2026, 9, 14, 10, 16, 1)], False),
])
def test_a_workbook_without_seconds_says_so(moments, to_minute):
    rows = [row_a(f'UIE4K7P2Q{number}', moment) for number, moment in enumerate(moments)]
    assert read(as_xlsx([*PREAMBLE, HEADER_A, *rows])).to_minute == to_minute


@pytest.mark.parametrize(('cell', 'typed', 'account'), [
    ('123', '0123', '0123'), ('2.54712E+11', '254712345678', '254712345678'),
    ('0123', '0123', '0123'), ('123', '123', '123'), ('ADM-012', '012', 'ADM-012'),
    ('4567', 'ADM 4567', '4567'),
])
def test_an_account_that_a_spreadsheet_made_a_number_of(cell, typed, account):
    line = one(f'Pay Bill from {PAYER} Acc. {typed}', account=cell)
    assert line.account_reference == account


def test_midnight_in_kenya():
    assert one(at='01-09-2026 00:00:00').completed_at_utc == datetime(2026, 8, 31, 21)
    assert one(at='14-09-2026 12:00:00 AM').completed_at_utc == datetime(2026, 9, 13, 21)


@pytest.mark.parametrize('at', [datetime(2026, 4, 1, 17, 16), '4/1/2026 17:16'])
def test_a_spreadsheet_that_took_the_day_for_the_month(at):
    """ The receipt says the first of April or the fourth of January. """
    rows = [HEADER_B, row_b('UA4AB12CD3', at), row_b('UD1AB12CD3', at)]
    january, april = read(as_xlsx(rows)).lines
    assert january.completed_at_utc == datetime(2026, 1, 4, 14, 16)
    assert april.completed_at_utc == datetime(2026, 4, 1, 14, 16)


@pytest.mark.parametrize(('written', 'amount'), [
    ('12500', '12500'), ('12,500.00', '12500'), ('1,012,500.50', '1012500.5'), (' 5 ', '5'),
    ('KES 1,250.00', '1250'), ('KSh.50', '50'), ('1250,50', '1250.50'), ('1.250,50', '1250.50'),
    ('0.05', '0.05'), ('12\u00a0500.00', '12500'),
])
def test_amounts(written, amount):
    assert one(paid_in=written).amount == Decimal(amount)
    assert one('Pay Bill Charge', 'out', withdrawn=f'-{written}').amount == Decimal(amount)
    assert one('Pay Bill Charge', 'out', withdrawn=f'({written})').amount == Decimal(amount)
    assert one('Pay Bill Charge', 'out', withdrawn=written).amount == Decimal(amount)


# === Nothing is lost === #

@pytest.mark.parametrize(('changes', 'reason'), [
    ({'paid_in': 'many'}, 'amount'), ({'paid_in': '1,25'}, None),
    ({'paid_in': '12,50,0'}, 'amount'),
    ({'paid_in': '0.001'}, 'amount'), ({'paid_in': '-5'}, 'amount'),
    ({'paid_in': '5', 'withdrawn': '-5'}, 'amount'), ({'paid_in': '99999999999'}, 'amount'),
    ({'at': ''}, 'time'), ({'at': '14-09-2026'}, 'time'), ({'at': '31-09-2026 10:00:00'}, 'time'),
    ({'at': '14-09-1926 10:00:00'}, 'time'), ({'at': '14-09-26 10:00:00'}, 'time'),
    ({'balance': 'x'}, 'balance'), ({'status': ''}, 'status'),
    ({'receipt': ''}, 'receipt'), ({'receipt': 'UIE 4K7'}, 'receipt'),
    ({'receipt': 'UIE0000000'}, 'receipt'), ({'receipt': '=1+1'}, 'receipt'),
])
def test_a_row_that_cannot_be_read_is_named(changes, reason):
    got = read(as_csv([*PREAMBLE, HEADER_A, row_a('UIE4K7P2QA'), row_a(**changes)]))
    assert [(row.row, row.reason) for row in got.unreadable] == ([(9, reason)] if reason else [])
    assert len(got.lines) == 2 - bool(reason)


def test_cells_that_have_moved():
    """ An amount like 1,250.00 without quotes. """
    text = ','.join(HEADER_B) + '\n'
    text += 'UIE4K7P2QX,14/09/2026 10:15:33,x,Completed,1,250.00,0.00,1,250.00\n'
    text += ','.join(row_b(paid_in='5', balance='5')) + '\n'
    got = read(text.encode())
    assert [(row.row, row.reason) for row in got.unreadable] == [(2, 'width')]
    assert len(got.lines) == 1


def test_another_currency():
    rows = [[*HEADER_A, 'Currency'], [*row_a(), 'USD'], [*row_a(), 'KES'], [*row_a(), '']]
    got = read(as_csv(rows))
    assert [(row.row, row.reason) for row in got.unreadable] == [(2, 'currency')]
    assert len(got.lines) == 2


@pytest.mark.parametrize('status', [
    'Attempted', 'Cancelled', 'Declined', 'Failed', 'Expired', 'Pending', 'Authorized', 'New word',
])
def test_what_was_not_completed_is_counted(status):
    got = read(as_csv([HEADER_A, row_a(), row_a(status=status)]))
    assert (len(got.lines), got.skipped, got.unreadable) == (1, 1, ())


def test_totals_words_and_a_second_header_are_no_rows():
    got = read(as_csv([
        HEADER_A, row_a(), ['Total', '', '', '', '', '12500.00', '', ''], HEADER_A,
        ['This report was made by the portal.'], row_a('UIE4K7P2QY', balance='26000.00'),
        row_a('UIE4K7P2QZ', paid_in='0.00', withdrawn='0.00'),
    ]))
    assert (len(got.lines), got.skipped, got.unreadable) == (2, 1, ())


cells = st.one_of(
    st.text(max_size=12), st.sampled_from([
        'UIE4K7P2QX', '14-09-2026 10:15:33', 'Completed', '5.00', '-5.00', DETAILS, 'Declined',
        'Pay Bill Charge', '', 'Total', *HEADER_A,
    ]),
)


@given(st.lists(st.lists(cells, max_size=15), max_size=8))
@example([['', '0\r0', '0\r0', '0']])  # A lone return ends a line too.
def test_each_row_is_a_line_or_counted_or_named(table):
    rows = [row_a('UIE4K7P2QA'), *table]
    content = as_csv([HEADER_A, *rows])
    if b'\0' in content:
        assert refusal(content).reason == 'not_a_statement'
        return
    got = read(content)
    told = [line.row for line in got.lines] + [row.row for row in got.unreadable]
    assert len(told) == len(set(told))
    assert 1 in [line.row - 1 for line in got.lines]
    assert len(told) + got.skipped <= len(content.splitlines())
    for line in got.lines:
        assert line.amount > 0
        assert line.kind in daraja.statement_details.KINDS


@given(st.binary(max_size=300), st.sampled_from([b'', b'PK\3\4', b'\xd0\xcf\x11\xe0', b'Receipt,']))
def test_whatever_is_in_a_file_the_answer_is_a_reason(content, start):
    assert refusal(start + content).reason in daraja.statement_error.REASONS


# === Files that are none === #

@pytest.mark.parametrize(('content', 'reason'), [
    (b'', 'empty'), (b' \r\n ', 'empty'),
    (b'%PDF-1.7 statement', 'pdf'), (b'\x89PNG\r\n', 'not_a_statement'),
    (b'Date,Narration,Debit,Credit,Balance\n14/09/2026,DEPOSIT,,5.00,5.00\n', 'not_a_statement'),
    (b'Receipt No,Date,Narration,Debit,Credit\nX1,14/09/2026,DEPOSIT,,5.00\n', 'not_a_statement'),
    (b'<html><body>Receipt No</body></html>', 'not_a_statement'),
    (b'\xff\xfe\x00', 'damaged'), (b'\x81\x8d\x8f\x90', 'damaged'),
    (b'a,b\n\x00', 'not_a_statement'),
    (as_csv([*PREAMBLE, HEADER_A]), 'no_rows'), (as_csv([HEADER_B]), 'no_rows'),
    (as_csv([HEADER_B, row_b(paid_in='x')]), 'no_readable_rows'),
    (b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + b'\0' * 600, 'old_excel'),
    (b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + 'EncryptedPackage'.encode('utf-16-le'), 'encrypted'),
    (b'PK\x03\x04 and no more', 'damaged'),
    (as_xlsx([HEADER_B, *B_ROWS])[:-400], 'damaged'),
    (as_xlsx([['Date', 'Narration', 'Credit'], ['1', '2', '3']]), 'not_a_statement'),
    (b'x' * (statement_sheet.MAX_BYTES + 1), 'too_large'),
    (b',' * (statement_sheet.MAX_LINE + 1), 'not_a_statement'),
])
def test_what_is_no_statement(content, reason):
    error = refusal(content)
    assert (error.reason, str(error)) == (reason, reason)


@pytest.mark.parametrize('rows', [
    [['Customer Name:', 'WANJIKU'], ['Mobile Number:', '0712000111'], HEADER_A, row_a()],
    [HEADER_B, row_b(details='Customer Transfer to 0712***111 - J', paid_in='', withdrawn='-5.00')],
    [HEADER_B, row_b(details='Pay Bill to 600111 - SCHOOL Acc. 5', paid_in='', withdrawn='-5.00')],
])
def test_the_statement_of_a_person(rows):
    assert refusal(as_csv(rows)).reason == 'of_a_person'


@pytest.mark.parametrize(('place', 'cell'), [(5, 'F3'), (7, 'H3'), (0, 'A3'), (12, 'M3')])
def test_a_formula_is_refused_with_its_cell(place, cell):
    row = row_a()
    row[place] = '=1+1'
    error = refusal(as_xlsx([HEADER_A, row_a('UIE4K7P2QA'), row]))
    assert (error.reason, error.cell, str(error)) == ('formulas', cell, f'formulas ({cell})')


def by_another_writer(rows):
    """ A workbook with its texts in a table of their own, as Excel writes it. """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {'default_date_format': 'dd/mm/yyyy hh:mm:ss'})
    page = book.add_worksheet('Sheet1')
    for number, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            page.write(number, place, cell)
    book.close()
    return file.getvalue()


def test_a_workbook_of_excel():
    at = datetime(2026, 9, 14, 10, 15, 33)
    got = read(by_another_writer([*PREAMBLE, HEADER_A, row_a(at=at, paid_in=12500.5)]))
    line, = got.lines
    assert line.completed_at_utc == datetime(2026, 9, 14, 7, 15, 33)
    assert (line.amount, line.account_reference) == (Decimal('12500.50'), 'ADM-012')
    serial = 46279 + (10 * 3600 + 15 * 60 + 33) / 86400  # A date that lost its format.
    line, = read(by_another_writer([HEADER_A, row_a(at=serial)])).lines
    assert line.completed_at_utc == datetime(2026, 9, 14, 7, 15, 33)
    error = refusal(by_another_writer([HEADER_A, row_a(paid_in='=SUM(A1:A3)')]))
    assert (error.reason, error.cell) == ('formulas', 'F2')


def test_a_text_that_looks_like_a_formula_is_what_a_payer_typed():
    book = openpyxl.Workbook()
    book.active.append(HEADER_A)
    book.active.append(row_a(account='x'))
    cell = book.active.cell(2, 13)
    cell.value = '=1+1'
    cell.data_type = 's'
    file = io.BytesIO()
    book.save(file)
    line, = read(file.getvalue()).lines
    assert line.account_reference == '=1+1'


def archive(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name.replace('__', '/') + '.xml', content)
    return file.getvalue()


def test_a_bomb_is_not_unpacked():
    size = statement_sheet.MAX_UNPACKED_BYTES + 1
    content = archive(xl__workbook='<x/>', xl__sharedStrings=b'0' * size)
    assert len(content) < 1_000_000
    assert refusal(content).reason == 'too_large'


def test_an_archive_that_lies_about_its_size_unpacks_no_more():
    content = bytearray(as_xlsx([HEADER_B, *B_ROWS]))
    for sign, offset in ((b'PK\x01\x02', 24), (b'PK\x03\x04', 22)):
        at = content.find(sign)
        while at >= 0:
            content[at + offset:at + offset + 4] = (10).to_bytes(4, 'little')
            at = content.find(sign, at + 1)
    assert refusal(bytes(content)).reason == 'damaged'


def test_entities_are_not_expanded():
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert refusal(archive(xl__workbook=entities)).reason == 'damaged'


def test_ten_times_too_many_rows():
    line = 'UIE4K7P2QX,14/09/2026 10:15:33,x,Completed,5.00,0.00,5.00'
    text = '\n'.join([','.join(HEADER_B), *[line] * statement_sheet.MAX_ROWS])
    assert refusal(text.encode()).reason == 'too_large'
    few = text.rsplit('\n', 1)[0]
    assert len(read(few.encode()).lines) == statement_sheet.MAX_ROWS - 1


def test_a_sheet_with_a_cell_far_below():
    book = openpyxl.Workbook()
    book.active.append(HEADER_B)
    book.active.cell(1_000_000, 1).value = 'x'
    file = io.BytesIO()
    book.save(file)
    assert refusal(file.getvalue()).reason == 'too_large'


# === The running balance === #

def ledger(amounts, opening=0):
    """Lines of payments and charges, each with its balance, a second after the last."""
    balance, at = Decimal(opening), datetime(2026, 9, 14, 7)
    rows = []
    for place, amount in enumerate(amounts):
        balance += amount
        at += timedelta(seconds=place % 3 > 0)  # Some in the same second.
        rows.append(row_b(
            f'UIE4K7{place:04}', (at + timedelta(hours=3)).strftime('%d/%m/%Y %H:%M:%S'),
            DETAILS if amount > 0 else 'Pay Bill Charge',
            f'{amount:,.2f}' if amount > 0 else '0.00', f'{amount:,.2f}' if amount < 0 else '0.00',
            f'{balance:,.2f}',
        ))
    return rows


amounts = st.lists(
    st.integers(-99_999, 999_999).filter(bool).map(lambda cents: Decimal(cents) / 100), min_size=3,
    max_size=20,
)


@given(amounts, st.integers(0, 1000), st.booleans(), st.booleans(), st.data())
def test_a_row_that_is_missing_leaves_a_gap(moved, opening, newest_first, stated, data):
    rows = ledger(moved, opening)
    kept = list(rows)
    missing = data.draw(st.integers(0 if stated else 1, len(rows) - 1 - (not stated)))
    del kept[missing]
    end = opening + sum(moved)
    for part, gaps in ((rows, []), (kept, [moved[missing]])):
        part = part[::-1] if newest_first else part
        lines = read(as_csv([HEADER_B, *part])).lines
        known = (Decimal(opening), end) if stated else ()
        found = daraja.find_gaps(lines, *known)
        if stated or not gaps or _tells(rows, missing):
            assert [gap.missing for gap in found] == gaps


def _tells(rows, missing):
    """Whether rows of other seconds lie on both sides, so that both ends are known."""
    return rows[0][1] < rows[missing][1] < rows[-1][1]


def test_a_wallet_that_is_emptied_every_day_hides_no_gap():
    rows = ledger([Decimal(500), Decimal(700), Decimal(-1200)])
    del rows[1]
    gap, = daraja.find_gaps(read(as_csv([HEADER_B, *rows])).lines)
    assert (gap.missing, gap.row) == (Decimal(700), 3)
    assert gap.completed_at_utc == datetime(2026, 9, 14, 7, 0, 2)


def test_rows_missing_at_the_ends_are_told_by_the_stated_balances():
    lines = read(as_csv([HEADER_B, *ledger([Decimal(5), Decimal(6), Decimal(7)])[1:-1]])).lines
    assert daraja.find_gaps(lines) == ()
    first, last = daraja.find_gaps(lines, Decimal(0), Decimal(18))
    assert (first.missing, first.row) == (Decimal(5), 2)
    assert (last.missing, last.row) == (Decimal(7), None)
    nothing = daraja.find_gaps((), Decimal(0), Decimal(18))
    assert [gap.missing for gap in nothing] == [Decimal(18)]


def test_a_balance_that_is_not_printed_is_no_gap():
    rows = ledger([Decimal(5), Decimal(6), Decimal(7)])
    rows[1][-1] = ''
    assert daraja.find_gaps(read(as_csv([HEADER_B, *rows])).lines) == ()
    rows[1][4] = '60.00'
    assert [gap.missing for gap in daraja.find_gaps(read(as_csv([HEADER_B, *rows])).lines)] == [
        Decimal(-54),
    ]
