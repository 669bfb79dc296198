from datetime import date, timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.school_mpesa import proof
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


DAY = date(2026, 9, 14)
START, END = proof.get_day_bounds(DAY)
NOON = START + timedelta(hours=12)
LATER = NOON + timedelta(minutes=1)  # After the last printed balance of a clean day.
# What the tests call now: in the night after the day, and the second night.
NIGHT = END + timedelta(hours=1)


class DayCloseCommon(BookingCommon):
    """A paybill with a day of payments, and statements as the importer would keep them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar = cls.create_staff('proof-bursar', 'school_fees.group_bursar')
        cls.Close = cls.env['mpesa.day.close']

    @classmethod
    def create_staff(cls, login, group):
        return new_test_user(
            cls.env, login=login, groups=f'base.group_user,{group}', company_id=cls.school.id,
            company_ids=[Command.set(cls.school.ids)], email=f'{login}@school.example',
        )

    # === MAKERS === #

    def pay(self, receipt, amount='500.00', account='ADM-012', at=NOON, **values):
        """ Put a confirmation into the inbox and book it.

        :return: The movement.
        """
        stamp = (at + timedelta(hours=3)).strftime('%Y%m%d%H%M%S')
        self.drain_c2b(receipt, amount, account, TransTime=stamp, **values)
        return self.env['mpesa.transaction'].search([
            ('receipt', '=', receipt), ('kind', '=', 'payment'),
        ])

    def create_statement(self, start=START, end=END - timedelta(seconds=1)):
        """ Make a statement that covers a time.

        :rtype: mpesa.statement
        """
        return self.env['mpesa.statement'].create({
            **self.common_values(), 'period_start': start, 'period_end': end,
        })

    def common_values(self):
        return {
            'provider_id': self.provider.id, 'company_id': self.school.id,
            'currency_id': self.currency.id, 'environment': 'simulator', 'shortcode': '600111',
        }

    def add_line(self, statement, receipt, amount=500, kind='payment', at=NOON, **values):
        """ Add a line to a statement as the importer would keep it.

        :rtype: mpesa.statement.line
        """
        movement = self.env['mpesa.transaction'].search([
            ('receipt', '=', receipt), ('kind', '=', kind),
        ])
        line = self.env['mpesa.statement.line'].create({
            **self.common_values(), 'statement_id': statement.id, 'receipt': receipt,
            'amount': amount, 'kind': kind, 'completed_at': at,
            'day': self.env['mpesa.transaction']._get_eat_day(at),
            'direction': 'in' if kind == 'payment' else 'out',
            'account_reference': 'ADM-012' if kind == 'payment' else False,
            'mpesa_transaction_id': movement.id, 'state': 'matched' if movement else 'new',
            **values,
        })
        movement.filtered(lambda m: not m.stated_at).stated_at = fields.Datetime.now()
        return line

    def clean_day(self):
        """ Make a day on which all sources agree: two payments, one of them unidentified.

        :rtype: mpesa.statement
        """
        self.pay('UIE0000001')
        self.pay('UIE0000002', '300.50', 'karo')
        statement = self.create_statement()
        self.add_line(statement, 'UIE0000001', has_balance=True, balance=500)
        self.add_line(
            statement, 'UIE0000002', 300.50, account_reference='KARO', has_balance=True,
            balance=800.50, at=NOON + timedelta(seconds=30),
        )
        return statement

    def prove(self, day=DAY):
        """ Prove the day as the scheduled action does.

        :rtype: mpesa.day.close
        """
        close = self.Close.sudo()._get_close(self.provider, day)
        close._prove()
        return close

    def explain_all(self, close):
        """ Write a note beside each difference, as the bursar. """
        close.difference_ids.with_user(self.bursar).write({'note': "Asked Safaricom, case 12"})

    def sign(self, close, user=None):
        """ Press Sign. """
        close.with_user(user or self.bursar).action_sign()

    # === ASSERTIONS === #

    def assert_differences(self, close, *expected):
        """ Assert which differences a day has.

        :param tuple expected: (class, receipt) or (class, receipt, state).
        """
        self.assertEqual(
            sorted((row.kind, row.receipt or '', row.state) for row in close.difference_ids),
            sorted((*row, 'open')[:3] for row in expected),
        )
        for difference in close.difference_ids:
            self.assertTrue(difference.explanation)
        self.assertEqual(
            close.open_count, sum(row.state == 'open' for row in close.difference_ids),
        )
