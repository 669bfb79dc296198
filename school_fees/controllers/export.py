"""Lists and pivots as XLSX files in which a name is never a formula.

Names come from files and from people outside. Odoo guards its CSV files, not its XLSX files: the
library behind them writes whatever begins with an equals sign as a formula.
"""

import json

from werkzeug.datastructures import FileStorage

from odoo import http

from odoo.addons.web.controllers.export import ExcelExport
from odoo.addons.web.controllers.pivot import TableExporter


FORMULA_STARTS = ('=', '{=')


def quote_formulas(value):
    """Return a value in which every text that begins like a formula has an apostrophe before it.

    Odoo marks such texts so in its CSV files.

    :param value: A text, number, date or nothing, or lists, tuples and dictionaries of such.
    :return: The value, with the same structure.
    """
    if isinstance(value, str):
        return f"'{value}" if value.lstrip().startswith(FORMULA_STARTS) else value
    if isinstance(value, dict):
        return {key: quote_formulas(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(quote_formulas(item) for item in value)
    return value


class SchoolExcelExport(ExcelExport):
    """Lists."""

    def from_data(self, fields, columns_headers, rows):
        """ Override of `web` to write no formulas. """
        return super().from_data(fields, columns_headers, quote_formulas(rows))

    def from_group_data(self, fields, columns_headers, groups):
        """ Override of `web` to write no formulas. """
        self._quote_group(groups)
        return super().from_group_data(fields, columns_headers, groups)

    def _quote_group(self, group):
        """ Mark the texts of a group and of those below it, in place.

        :param group: A node of Odoo's tree of groups.
        :return: None
        """
        group.data = quote_formulas(group.data)
        group.children = {
            quote_formulas(name): child for name, child in group.children.items()
        }
        for child in group.children.values():
            self._quote_group(child)


class SchoolTableExporter(TableExporter):
    """Pivots."""

    @http.route()
    def export_xlsx(self, data, **kw):
        """ Override of `web` to write no formulas. """
        table = json.load(data) if isinstance(data, FileStorage) else json.loads(data)
        return super().export_xlsx(json.dumps(quote_formulas(table)), **kw)
