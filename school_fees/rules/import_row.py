"""A row of an import file on its way into the books, with what there is to say of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .import_sheet import cell_text


NEW, CHANGE, SAME, ERROR = 'new', 'change', 'same', 'error'


@dataclass(eq=False)
class ImportRow:
    """A row, what was found out about it, and what is to become of it.

    :param number: The number of the row in the file.
    :param cells: The cells of the known columns.
    :param has_loose_cells: Whether something stands to the right of the last column.
    :param data: What planning found out: records, amounts, dates.
    :param errors: Why the row cannot be imported, in words.
    :param warnings: What a person must accept, in words.
    :param notes: What is good to know, in words.
    :param changes: What would change, in words.
    :param is_new: Whether the row makes something that was not there.
    """

    number: int
    cells: dict
    has_loose_cells: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    is_new: bool = False

    def text(self, name):
        """Return a cell as clean text.

        :rtype: str
        """
        return cell_text(self.cells.get(name))

    @property
    def state(self):
        """Return what happens to the row.

        :rtype: str
        """
        if self.errors:
            return ERROR
        if self.is_new:
            return NEW
        return CHANGE if self.changes else SAME

    @property
    def message(self):
        """Return all that there is to say.

        :rtype: str
        """
        return ' '.join((*self.errors, *self.warnings, *self.changes, *self.notes))


def make_rows(rows, header):
    """Return the rows below a header.

    :param rows: (number, cells) pairs.
    :param Header header: The header.
    :rtype: list[ImportRow]
    """
    return [
        ImportRow(
            number,
            {
                name: cells[place] if place < len(cells) else None
                for place, name in header.columns.items()
            },
            has_loose_cells=any(
                cell_text(cell) for cell in cells[header.width:]
            ),
        )
        for number, cells in rows if number > header.number
    ]


def count_states(rows):
    """Count rows by what happens to them.

    :rtype: Counter
    """
    return Counter(row.state for row in rows)
