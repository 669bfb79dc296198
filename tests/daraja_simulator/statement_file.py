"""A statement as the file that the M-PESA portal gives: four templates, CSV and XLSX."""

import csv
import io
from datetime import datetime
from decimal import Decimal


TEMPLATES = ('A', 'B', 'business', 'older')
FORMS = ('csv', 'xlsx')
HEADERS = {
    'A': (
        'Receipt No.', 'Completion Time', 'Initiation Time', 'Details', 'Transaction Status',
        'Paid In', 'Withdrawn', 'Balance', 'Balance Confirmed', 'Reason Type', 'Other Party Info',
        'Linked Transaction ID', 'A/C No.',
    ),
    'B': (
        'Receipt No', 'Completion Time', 'Details', 'Transaction Status', 'Paid In (KSHs)',
        'Withdrawn (KSHs)', 'Balance (KSHs)',
    ),
    'business': (
        'Receipt No', 'Completion Time', 'Details', 'Transaction Status', 'Paid in', 'Withdrawn',
        'Balance', 'Transaction Type', 'Other Party',
    ),
    'older': (
        'Receipt', 'Date', 'Details', 'Status', 'Withdrawn', 'Paid In', 'Balance',
        'Balance Confirmed', 'Transaction Type', 'Other Party Info', 'Transaction Party Details',
    ),
}
TIMES = {
    'A': '%d-%m-%Y %H:%M:%S', 'B': '%d/%m/%Y %H:%M:%S', 'business': '%Y-%m-%d %H:%M:%S',
    'older': '%Y-%m-%d %H:%M:%S',
}


def make_file(
    facts, rows, template='A', form='csv', encoding='utf-8', delimiter=',', date_cells=False,
):
    """Write a statement.

    :param facts: what `statement.statement` gave
    :param rows: its rows, oldest first, mutated or not
    :param template: one of ``TEMPLATES``; B has the newest row first
    :param form: ``csv`` or ``xlsx``
    :param encoding: of CSV: ``utf-8``, ``utf-8-sig``, ``cp1252``
    :param date_cells: in a workbook of template A, times and amounts as Excel's own
    :return: the name of the file, and its bytes
    """
    if template not in TEMPLATES or form not in FORMS:
        raise ValueError(f'template is one of {TEMPLATES}, form one of {FORMS}')
    typed = date_cells and form == 'xlsx' and template == 'A'
    ordered = rows[::-1] if template == 'B' else rows
    table = [HEADERS[template], *(_CELLS[template](row, typed) for row in ordered)]
    if template == 'A':
        table = [*_preamble(facts, rows), *table]
    name = _name(facts, template)
    if form == 'csv':
        return f'{name}.csv', _csv(table, encoding, delimiter)
    return f'{name}.xlsx', _xlsx(table)


def _name(facts, template):
    if template == 'B':
        start, end = (_day(facts[name]) for name in ('start_eat', 'end_eat'))
        return f"Statements for {facts['shortcode']} from {start} to {end}"
    return f"ORG_{facts['shortcode']}_{facts['account'].replace(' ', '_')}_{facts['made_eat']}"


def _preamble(facts, rows):
    amounts = [Decimal(row['amount']) for row in rows if row['account'] == 'balance']
    paid_in = sum((amount for amount in amounts if amount > 0), Decimal(0))
    withdrawn = sum(amounts, Decimal(0)) - paid_in
    start, end, made = (
        _time(facts[name], TIMES['A']) for name in ('start_eat', 'end_eat', 'made_eat')
    )
    return [
        ('Account Holder:', facts['name']),
        ('Short Code:', facts['shortcode']),
        ('Account:', facts['account']),
        ('Time Period:', f'From {start} To {end}'),
        ('Operator:', 'jdoe', 'Organization:', facts['name'], 'Date of Report:', made),
        (
            'Opening Balance:', facts['opening'], 'Closing Balance:', facts['closing'],
            'Available Balance:', facts['closing'], 'Total Paid In:', f'{paid_in:.2f}',
            'Total Withdrawn:', f'{withdrawn:.2f}',
        ),
    ]


def _in_and_out(row, nothing='', pattern='{:.2f}'):
    """What stands in the two columns of money."""
    amount = Decimal(row['amount'])
    return tuple(
        pattern.format(amount) if stands else nothing for stands in (amount > 0, amount < 0)
    )


def _classic(row, typed):
    at = _moment(row['at_eat']) if typed else _time(row['at_eat'], TIMES['A'])
    money = (*_in_and_out(row), row['balance'])
    if typed:
        money = tuple(float(cell) if cell else None for cell in money)
    return (
        row['receipt'], at, at, row['details'], row['status'], *money, 'true', row['reason'],
        row['other_party'], row['linked'], row['account_no'],
    )


def _newer(row, _typed):
    paid_in, withdrawn = _in_and_out(row, '0.00', '{:,.2f}')
    return (
        row['receipt'], _time(row['at_eat'], TIMES['B']), row['details'], row['status'], paid_in,
        withdrawn, f"{Decimal(row['balance']):,.2f}",
    )


def _business(row, _typed):
    return (
        row['receipt'], _time(row['at_eat'], TIMES['business']), row['details'], row['status'],
        *_in_and_out(row, pattern='{:,.2f}'), f"{Decimal(row['balance']):,.2f}", row['reason'],
        row['other_party'],
    )


def _older(row, _typed):
    paid_in, withdrawn = _in_and_out(row)
    return (
        row['receipt'], _time(row['at_eat'], TIMES['older']), row['details'], row['status'],
        withdrawn, paid_in, row['balance'], 'true', row['reason'], row['other_party'],
        row['other_party'],
    )


_CELLS = {'A': _classic, 'B': _newer, 'business': _business, 'older': _older}


def _csv(table, encoding, delimiter):
    text = io.StringIO(newline='')
    csv.writer(text, delimiter=delimiter, lineterminator='\r\n').writerows(table)
    return text.getvalue().encode(encoding)


def _xlsx(table):
    # Here, as a simulator that never makes a workbook need not have it.
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet('transaction')
    for cells in table:
        page.append([_as_text(openpyxl, page, cell) for cell in cells])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _as_text(openpyxl, page, cell):
    # What a payer typed stays a text, also when it looks like a formula.
    if not isinstance(cell, str) or not cell.startswith('='):
        return cell
    made = openpyxl.cell.WriteOnlyCell(page, cell)
    made.data_type = 's'
    return made


def _moment(stamp):
    return datetime.strptime(stamp, '%Y%m%d%H%M%S')


def _time(stamp, pattern):
    return _moment(stamp).strftime(pattern)


def _day(stamp):
    return _time(stamp, '%Y-%m-%d')
