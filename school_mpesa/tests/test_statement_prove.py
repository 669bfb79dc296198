from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.statement_common import FIRST, StatementCommon


@tagged('post_install', '-at_install')
class TestStatementProve(StatementCommon):
    """A statement proves its day by itself."""

    def test_a_day_that_was_proven_too_early_is_proven_again(self):
        """ A minute after its import a long statement is not booked. """
        self.drain_c2b('UIE0000001', '500.00', 'ADM-012', TransTime='20260914100000')
        self.upload(self.write_older(
            [self.row('UIE0000001', 500), self.row('UIE0000001', -11, 'Pay Bill Charge')],
            start=FIRST.replace(hour=0), end=FIRST.replace(hour=23, minute=59, second=59),
        ))
        cron = self.env.ref('school_mpesa.cron_prove_news')
        Trigger = self.env['ir.cron.trigger']
        planned = Trigger.search([('cron_id', '=', cron.id)])
        self.assertTrue(planned)
        self.run_cron('school_mpesa.cron_prove_news')
        planned.unlink()
        close = self.env['mpesa.day.close'].search([('provider_id', '=', self.provider.id)])
        self.assertEqual(
            [(row.kind, row.state) for row in close.difference_ids], [('charge', 'open')],
        )
        self.run_cron('school_mpesa.cron_book_statements')
        self.assertTrue(Trigger.search([('cron_id', '=', cron.id)]))
        self.run_cron('school_mpesa.cron_prove_news')
        self.assertEqual(close.state, 'proven')
        self.assertRecordValues(close.difference_ids, [{'state': 'settled', 'is_gone': True}])
