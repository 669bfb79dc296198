import logging
import os
from datetime import date

from daraja_simulator.mutator import fresh_seed, mutate
from daraja_simulator.statement_file import make_file

from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.statement_common import StatementCommon


DAY = date(2026, 9, 14)
PLANTED = 200
# Payments of the day. The 10,000 take half an hour: SCHOOL_STATEMENT_LINES=10000.
LINES = int(os.environ.get('SCHOOL_STATEMENT_LINES', '240'))
APART = min(200, 60_000 // LINES)  # seconds, from six in the morning to the night
# What the books follow by themselves once it is known. The rest is for a person.
FOLLOWED = {'missing_here', 'reversed', 'charge', 'sweep'}

_logger = logging.getLogger(__name__)


@tagged('post_install', '-at_install')
class TestDayPlanted(StatementCommon):
    """Discrepancies that nobody of us chose, planted by the simulator on its own statement."""

    def pay_many(self):
        """ Let the simulator take payments over a day, and book what its messages say.

        :return: The statement's facts and rows, by the simulator's ledger.
        :rtype: tuple[dict, list]
        """
        self.control.set_clock(eat='2026-09-14 06:00:00')
        for number in range(LINES):
            # Few on the student: Odoo looks at all payments of a bill with each of them.
            account = 'karo' if number % (LINES // 12) else 'ADM-012'
            paid = self.control.pay_bill(
                f'2547120{number:05}', '600111', account, 100 + number,
            )
            self.c2b(
                paid['receipt'], paid['amount'], paid['account'], TransTime=paid['at_eat'],
                MSISDN=paid['msisdn'],
            )
            self.control.advance(APART)
            if number == LINES // 6:
                self.drain_all()
                self.tell_planner()
        self.drain_all()
        self.control.set_clock(eat='2026-09-15 08:00:00')
        return self.control.statement_rows('600111', '2026-09-14 00:00:00', '2026-09-14 23:59:59')

    def drain_all(self):
        """ Empty the inbox: one run of the scheduled action ends after Odoo's time for it, and the
        next one goes on.
        """
        Callback, due = self.env['mpesa.callback'], None
        while (left := Callback._count_due()) and left != due:
            due = left
            self.drain()
        self.assertFalse(Callback._count_due())

    def tell_planner(self):
        """ Let PostgreSQL see the tables as they are, which autovacuum does outside of a test.

        In its eyes they are empty, and Odoo's search for the payments of a bill takes minutes.
        """
        self.env.flush_all()
        self.env.cr.execute(
            'ANALYZE account_move, account_move_line, account_payment, account_partial_reconcile'
        )

    def prove(self):
        close = self.env['mpesa.day.close'].sudo()._get_close(self.provider, DAY)
        close._prove()
        return close

    def test_a_clean_statement_raises_none(self):
        facts, rows = self.pay_many()
        self.upload(make_file(facts, rows))
        cron = self.env.ref('school_mpesa.cron_prove_news')
        self.assertTrue(self.env['ir.cron.trigger'].search([('cron_id', '=', cron.id)]))
        self.book()
        self.run_cron('school_mpesa.cron_prove_news')
        close = self.env['mpesa.day.close'].search([('provider_id', '=', self.provider.id)])
        self.assertEqual(close.mapped('day'), [DAY])
        self.assertFalse(close.difference_ids)
        self.assertEqual(close.state, 'proven')
        self.assertRecordValues(close, [{
            'statement_count': LINES, 'movement_count': LINES,
            'balance_difference': 0, 'statement_difference': 0, 'unaccounted': 0,
        }])

    def test_all_that_is_planted_is_found(self):
        seed = fresh_seed()
        _logger.info("Planted with seed %s", seed)
        facts, rows = self.pay_many()
        spoilt = mutate(facts, rows, count=PLANTED, seed=seed)
        planted = {(one['class'], one['receipt']) for one in spoilt.planted}
        statement = self.upload(make_file(spoilt.facts, spoilt.rows))
        if statement._is_unchecked():
            self.assertFalse(self.prove().is_stated, "It has gaps, and nobody has looked.")
            statement.with_user(self.head).action_check()
        close = self.prove()
        with self.subTest(seed=seed):
            self.assertEqual(
                {(row.kind, row.receipt) for row in close.difference_ids}, planted,
            )
        self.book()
        self.run_cron('school_mpesa.cron_book_statements')  # Reversals wait for their payments.
        close._prove()
        with self.subTest(seed=seed, booked=True):
            self.assertEqual(
                {(row.kind, row.receipt) for row in close.difference_ids if row.state == 'open'},
                {one for one in planted if one[0] not in FOLLOWED},
            )
            self.assertEqual((close.unaccounted, close.waiting_count), (0, 0))
            self.assertEqual(close.state, 'different')
