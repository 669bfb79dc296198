import base64
import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


COLUMNS = [
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In",
    "Withdrawn", "Balance", "Balance Confirmed", "Reason Type", "Other Party Info",
    "Linked Transaction ID", "A/C No.",
]
NEWER_COLUMNS = [
    "Receipt No", "Completion Time", "Details", "Transaction Status", "Paid In (KSHs)",
    "Withdrawn (KSHs)", "Balance (KSHs)",
]
FIRST = datetime(2026, 9, 14, 10, 0, 0)  # Kenya's clock
PAYER = "25471****111 - WANJIKU **** OTIENO"


class StatementCommon(BookingCommon):
    """Writers of organisation statements as the portal gives them, and a look at the books."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar, cls.cashier, cls.head = (
            new_test_user(
                cls.env, login=f'statement_{group}', groups=f'school_fees.group_{group}',
                company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
            )
            for group in ('bursar', 'cashier', 'approver')
        )

    # === WRITERS === #

    def row(self, receipt, amount, details=None, **values):
        """ Return a row of a statement.

        :param str receipt: The M-PESA code.
        :param amount: KES, below zero for money that went out.
        :param str details: By default those of a payment for the account `account`.
        :param values: `minute` after :data:`FIRST`, `account`, `linked`, `status`, `balance`.
        :rtype: dict
        """
        account = values.get('account', 'ADM-012')
        return {
            'receipt': receipt, 'amount': Decimal(str(amount)), 'account': account, 'minute': 0,
            'details': details or f'Pay Bill from {PAYER} Acc. {account}', 'linked': '',
            'status': 'Completed', 'is_payment': not details or ' Acc.' in details, **values,
        }

    def write_older(self, rows, shortcode='600111', opening=0, **values):
        """ Write template A, the oldest row first (daraja.md 22.1).

        :return: The name and the bytes of the file.
        :rtype: tuple[str, bytes]
        """
        balances = self.get_balances(rows, opening)
        last = self.get_moment(rows[-1]) if rows else FIRST
        first = self.get_moment(rows[0]) if rows else FIRST
        start, end = values.get('start', first), values.get('end', last)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerows([
            ["Account Holder:", "Uhuru Academy"], ["Short Code:", shortcode],
            ["Account:", values.get('of', "Utility Account")],
            ["Time Period:", f'From {start:%d-%m-%Y %H:%M:%S} To {end:%d-%m-%Y %H:%M:%S}'],
            ["Operator:", "jdoe", "Organization:", "Uhuru Academy", "Date of Report:",
             f'{end + timedelta(minutes=5):%d-%m-%Y %H:%M:%S}'],
            ["Opening Balance:", opening, "Closing Balance:", (balances or [opening])[-1]],
            COLUMNS,
        ])
        for row, balance in zip(rows, balances, strict=True):
            moment = f'{self.get_moment(row):%d-%m-%Y %H:%M:%S}'
            writer.writerow([
                row['receipt'], moment, moment, row['details'], row['status'],
                row['amount'] if row['amount'] > 0 else '',
                row['amount'] if row['amount'] < 0 else '', balance, 'true', '',
                PAYER if row['is_payment'] else '', row['linked'],
                row['account'] if row['is_payment'] else '',
            ])
        return 'statement.csv', out.getvalue().encode()

    def write_newer(self, rows, shortcode='600111', opening=0):
        """ Write template B, the newest row first, all cells text (daraja.md 22.2).

        :return: The name and the bytes of the file.
        :rtype: tuple[str, bytes]
        """
        balances = self.get_balances(rows, opening)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator='\r\n')
        writer.writerow(NEWER_COLUMNS)
        for row, balance in reversed(list(zip(rows, balances, strict=True))):
            writer.writerow([
                row['receipt'], f'{self.get_moment(row):%d/%m/%Y %H:%M:%S}', row['details'],
                row['status'], f'{max(row["amount"], 0):,.2f}', f'{min(row["amount"], 0):,.2f}',
                f'{balance:,.2f}',
            ])
        days = 'from 14-09-2026 to 14-09-2026'
        name = f'Statements for {shortcode} {days}.csv' if shortcode else 'x.csv'
        return name, out.getvalue().encode()

    def get_moment(self, row):
        """ Return when a row was completed, on Kenya's clock. """
        return FIRST + timedelta(minutes=row['minute'])

    def get_balances(self, rows, opening):
        """ Return the running balance of the wallet after each row. """
        balances, balance = [], Decimal(str(opening))
        for row in rows:
            if row['status'] == 'Completed' and row.get('on_wallet', True):
                balance += row['amount']
            balances.append(row.get('balance', balance))
        return balances

    # === IMPORT === #

    def upload(self, file, user=None, provider=None):
        """ Import a file as the bursar does.

        :param tuple file: Its name and bytes.
        :rtype: mpesa.statement
        """
        name, content = file
        provider = provider or self.provider
        wizard = self.env['mpesa.statement.upload'].with_user(user or self.bursar).create({
            'shortcode': str(provider.id), 'file': base64.b64encode(content), 'file_name': name,
        })
        action = wizard.action_import()
        self.assertFalse(wizard.file, "The file names payers, so it is forgotten.")
        return self.env['mpesa.statement'].browse(action['res_id'])

    def book(self):
        """ Book what waits, by the scheduled actions in their order; the head releases it. """
        statements = self.env['mpesa.statement'].search([('company_id', '=', self.school.id)])
        statements.filtered(
            lambda statement: statement.held_count and not statement._is_unchecked()
        ).with_user(self.head).action_release()
        self.book_unreleased()

    def book_unreleased(self):
        """ Book what waits for nobody, by the scheduled actions in their order. """
        self.drain()
        self.run_cron('school_mpesa.cron_book_statements')

    def upload_rows(self, *rows, **values):
        """ Import rows as template A, and book what they bring.

        :rtype: mpesa.statement
        """
        statement = self.upload(self.write_older(rows, **values))
        self.book()
        return statement

    # === WHAT STANDS IN THE BOOKS === #

    def get_lines(self, **values):
        """ Return statement lines of the school with these values.

        :rtype: mpesa.statement.line
        """
        return self.env['mpesa.statement.line'].search(
            [('company_id', '=', self.school.id), *((k, '=', v) for k, v in values.items())],
        )

    def sum_wallet(self):
        """ Return what the books hold in the wallet. """
        return self.sum_account(self.provider.journal_id.default_account_id)

    def assert_wallet(self, amount):
        """ Assert what the books hold in the wallet, KES. """
        self.assertEqual(round(self.sum_wallet(), 2), amount)
