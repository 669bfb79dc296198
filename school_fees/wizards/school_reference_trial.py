from collections import Counter, defaultdict
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ..rules import import_sheet
from ..rules.reference_match import EXACT, LONGEST, NORMALISED, SUGGEST, UNMATCHED
from ..rules.reference_sheet import NoReferenceColumnError, read_references


RANKS = {SUGGEST: 0, UNMATCHED: 1, NORMALISED: 2, EXACT: 3}  # What needs a look comes first.
MOST_SHOWN = 200  # Signs of a reference that the list shows; nobody can type so many.


class SchoolReferenceTrial(models.TransientModel):
    """How the references of a list would be treated, before anybody trusts it with money.

    The list is read, each reference goes through what books money, and the outcome is shown.
    Nothing is booked. The file is forgotten at once, the rows by Odoo's vacuum within about a day.
    """

    _name = 'school.reference.trial'
    _inherit = ['school.upload.mixin']
    _description = "Dry Run of References"
    _rec_name = 'file_name'

    state = fields.Selection(
        string="Status",
        selection=[('upload', "File"), ('result', "Result")],
        required=True, readonly=True, default='upload',
    )
    heading = fields.Char(
        string="Heading of the Column",
        help="The heading of the column that holds what payers typed. Leave it empty to let the"
             " column be found, such as A/C No., BillRefNumber, Account, Reference or Details.",
    )
    notice = fields.Text(string="About the File", readonly=True)
    row_ids = fields.One2many(
        string="Rows", comodel_name='school.reference.trial.row', inverse_name='trial_id',
        readonly=True,
    )
    has_amounts = fields.Boolean(string="Has Amounts", readonly=True)
    row_count = fields.Integer(string="All Payments", readonly=True)
    booked_count = fields.Integer(string="Payments Booked at Once", readonly=True)
    exact_count = fields.Integer(string="Payments Booked as Stored", readonly=True)
    normalised_count = fields.Integer(
        string="Payments Booked though Written in Another Way", readonly=True,
    )
    suggest_count = fields.Integer(string="Payments Asked About", readonly=True)
    unmatched_count = fields.Integer(string="Unidentified Payments", readonly=True)
    row_amount = fields.Monetary(string="All Money", readonly=True)
    booked_amount = fields.Monetary(string="Money Booked at Once", readonly=True)
    exact_amount = fields.Monetary(string="Money Booked as Stored", readonly=True)
    normalised_amount = fields.Monetary(
        string="Money Booked though Written in Another Way", readonly=True,
    )
    suggest_amount = fields.Monetary(string="Money Asked About", readonly=True)
    unmatched_amount = fields.Monetary(string="Unidentified Money", readonly=True)
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')

    # === ACTION METHODS === #

    def action_try(self):
        """ Show how each reference of the file would be treated. Nothing is booked.

        :return: None
        :raise UserError: If the file holds no list of references.
        """
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Choose a file first: CSV, or an Excel workbook (.xlsx)."))
        sheet = self._read_sheet()
        payments = self._read_payments(sheet)
        matches = self.env['school.student']._match_references(
            [(row.reference, row.amount) for row in payments.rows], self._get_schools(),
        )
        self.row_ids.sudo().unlink()
        self._make_rows(payments.rows, matches)
        self.write({
            **self._get_totals(payments.rows, matches),
            'state': 'result',
            'has_amounts': bool(payments.amount_heading),
            'notice': '\n'.join([
                *self._get_sheet_notices(sheet), *self._get_payment_notices(payments),
            ]),
            # Payers' names and numbers stay in no file that nobody needs.
            'file': False,
        })

    def action_again(self):
        """ Forget this list, and ask for another one.

        :return: A window action.
        :rtype: dict
        """
        self.check_access('write')
        self.sudo().unlink()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'school_fees.school_reference_trial_action',
        )
        return {**action, 'target': 'main'}

    # === BUSINESS METHODS === #

    def _read_payments(self, sheet):
        """ Return the payments of a table.

        :param Sheet sheet: The table.
        :rtype: rules.reference_sheet.ReferenceSheet
        :raise UserError: If it holds none, or more than are read.
        """
        try:
            payments = read_references(
                sheet.rows, self.currency_id.decimal_places, self.heading or '',
            )
        except import_sheet.SheetError as error:
            raise UserError(self._say_sheet(error.reason)) from error
        except NoReferenceColumnError as error:
            raise UserError(self._say_no_column(error.headings)) from error
        if not payments.rows:
            raise UserError(self.env._(
                "The file has a heading and no payment below it, so there is nothing to try."
            ))
        return payments

    def _say_sheet(self, reason):
        """ Override to speak of payments, for which there is no template. """
        if reason == import_sheet.TOO_BIG:
            return self.env._(
                "The file is too large: at most %(size)s MB are read. Keep only the columns of the"
                " reference and the amount, or cut the file in parts.",
                size=import_sheet.MAX_BYTES // (1024 * 1024),
            )
        if reason == import_sheet.TOO_LONG:
            return self.env._(
                "The file has more than %(count)s rows. Cut it in parts, such as one for each"
                " month.", count=import_sheet.MAX_ROWS,
            )
        if reason == import_sheet.TOO_WIDE:
            return self.env._(
                "The file has more than %(count)s columns: it is no list of payments. Keep only"
                " the columns of the reference and the amount.", count=import_sheet.MAX_COLUMNS,
            )
        return super()._say_sheet(reason)

    def _say_no_column(self, headings):
        """ Return in words that nobody can tell which column holds the references.

        :param list[str] headings: What stands where the headings should be.
        :rtype: str
        """
        seen = ', '.join(text[:40] for text in headings[:20])
        if self.heading:
            return self.env._(
                "No column has the heading “%(heading)s”. The headings seem to be: %(seen)s."
                " Correct it, or leave it empty to let the column be found.",
                heading=self.heading, seen=seen,
            )
        return self.env._(
            "It is not clear which column holds what payers typed. The headings seem to be:"
            " %(seen)s. Type the right one under “Heading of the Column”, or call it Reference in"
            " the file.", seen=seen,
        )

    def _get_schools(self):
        """ Return the schools that one paybill or bank account serves: this one and its branches.

        :rtype: res.company
        """
        return self.env['res.company'].sudo().search([('id', 'child_of', self.company_id.id)])

    def _make_rows(self, payments, matches):
        """ Write down what would become of each payment.

        :param list payments: The payments.
        :param list matches: Their matches.
        :return: None
        """
        reasons = self.env['school.student']._get_match_reasons()
        # Nobody writes rows but this: they say what the rules say.
        self.env['school.reference.trial.row'].sudo().create([
            {
                'trial_id': self.id,
                'number': row.number,
                'rank': RANKS[match.outcome],
                'outcome': match.outcome,
                'reference': _shorten(row.reference),
                'amount': float(row.amount or 0),
                'has_amount': row.amount is not None,
                'found': self._say_found(row, match, reasons),
            }
            for row, match in zip(payments, matches, strict=True)
        ])

    def _say_found(self, row, match, reasons):
        """ Return in words who is meant and why, or why nobody is.

        :param ReferenceRow row: The payment.
        :param Match match: What its reference says.
        :param dict reasons: The words of each reason.
        :rtype: str
        """
        if match.found:
            return '\n'.join(
                self.env._(
                    "%(student)s: %(reason)s",
                    student=self._get_name(holder), reason=reasons[reason],
                ) for holder, reason in match.found
            )
        if not row.reference:
            return self.env._("Nothing was typed.")
        if len(row.reference) > LONGEST:
            return self.env._("The text is too long for a reference, and is not read.")
        if match.named:
            return self.env._("The reference names more than five students.")
        return self.env._("No student or family is found for it.")

    def _get_name(self, holder):
        """ Return who is meant; a student of a branch that the user does not see has no name.

        :param holder: A student or family.
        :rtype: str
        """
        if holder.company_id in self.env.companies:
            return holder.display_name
        return self.env._("Somebody at %(school)s", school=holder.company_id.name)

    def _get_totals(self, payments, matches):
        """ Return how many payments, and how much money, have which outcome.

        :param list payments: The payments.
        :param list matches: Their matches.
        :return: The values of the totals' fields.
        :rtype: dict
        """
        counts, amounts = Counter(), defaultdict(Decimal)
        for row, match in zip(payments, matches, strict=True):
            for name in ('row', match.outcome, *(['booked'] if match.posts else [])):
                counts[name] += 1
                amounts[name] += row.amount or 0
        return {
            key: value
            for name in ('row', 'booked', EXACT, NORMALISED, SUGGEST, UNMATCHED)
            for key, value in (
                (f'{name}_count', counts[name]), (f'{name}_amount', float(amounts[name])),
            )
        }

    def _get_payment_notices(self, payments):
        """ Return what there is to say of the columns, and of rows that are no payments.

        :param ReferenceSheet payments: The payments.
        :rtype: list[str]
        """
        notices = []
        if payments.is_in_details:
            notices.append(self.env._(
                "The references were read after “Acc.” in the column “%(column)s”.",
                column=payments.heading,
            ))
        elif payments.heading:
            notices.append(self.env._(
                "The references were read in the column “%(column)s”.", column=payments.heading,
            ))
        else:
            notices.append(self.env._(
                "The only column has no heading that is known: its first row is a reference too."
            ))
        if payments.amount_heading:
            notices.append(self.env._(
                "The amounts were read in the column “%(column)s”.",
                column=payments.amount_heading,
            ))
        else:
            notices.append(self.env._(
                "The file names no amounts: that somebody typed the amount as reference cannot be"
                " seen."
            ))
        for count, text in (
            (payments.unread_count, self.env._(
                "Amounts that cannot be read, and are missing in the totals: %(count)s. An amount"
                " like 1,250 needs quotes in a CSV file.", count=payments.unread_count,
            )),
            (payments.out_count, self.env._(
                "Rows left out because money went out: %(count)s.", count=payments.out_count,
            )),
            (payments.total_count, self.env._(
                "Rows left out because they are totals or balances: %(count)s.",
                count=payments.total_count,
            )),
            (payments.open_count, self.env._(
                "Rows left out because the payment was not completed: %(count)s.",
                count=payments.open_count,
            )),
            (payments.formula_count, self.env._(
                "References that begin like a formula: %(count)s. They were taken as they stand.",
                count=payments.formula_count,
            )),
        ):
            if count:
                notices.append(text)
        return notices


def _shorten(text):
    """ Return a text that fits the list. """
    return text if len(text) <= MOST_SHOWN else f'{text[:MOST_SHOWN]}…'
