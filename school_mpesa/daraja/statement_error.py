"""Why a file is no statement that can be read."""

EMPTY = 'empty'  # nothing in it
TOO_LARGE = 'too_large'  # more bytes, unpacked bytes or rows than are read
NOT_A_STATEMENT = 'not_a_statement'  # another file: another bank's list, a text, a picture
OF_A_PERSON = 'of_a_person'  # the statement of somebody's own M-PESA, not of an organisation
PDF = 'pdf'  # the portal gives this too; rows cannot be read from it with certainty
OLD_EXCEL = 'old_excel'  # the binary workbook of before 2007
ENCRYPTED = 'encrypted'  # locked by a password
DAMAGED = 'damaged'  # a broken archive or workbook, or text that cannot be decoded
FORMULAS = 'formulas'  # a formula where a value of Safaricom's would stand: never worked out
NO_ROWS = 'no_rows'  # the head of a statement, and nothing under it
NO_READABLE_ROWS = 'no_readable_rows'  # rows, and not one that can be read

REASONS = (
    EMPTY, TOO_LARGE, NOT_A_STATEMENT, OF_A_PERSON, PDF, OLD_EXCEL, ENCRYPTED, DAMAGED, FORMULAS,
    NO_ROWS, NO_READABLE_ROWS,
)


class StatementError(ValueError):
    """A file that is no organisation statement, or none that can be read. It quotes nothing of it.

    :ivar str reason: One of `REASONS`.
    :ivar str cell: Where, as spreadsheets say it ("F12"), when one cell is to blame; else "".
    """

    def __init__(self, reason, cell=''):
        self.reason = reason
        self.cell = cell
        super().__init__(f'{reason} ({cell})' if cell else reason)
