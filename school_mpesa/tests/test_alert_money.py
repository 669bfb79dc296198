from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.alert_common import AlertCommon


DRAIN = 'odoo.addons.school_mpesa.models.mpesa_callback_drain'


@tagged('post_install', '-at_install')
class TestAlertMoney(AlertCommon):
    """Messages that are not booked, and money that the books have lost."""

    def test_messages_with_errors(self):
        for n in range(10):
            self.accept_bytes(self.confirmation_url(), f'no message {n}'.encode())
        self.drain()
        self.check()
        self.assertFalse(self.find('errors'))
        self.accept_bytes(self.confirmation_url(), b'the eleventh')
        self.drain()
        alert = self.assert_raised('errors', 'critical', self.provider)
        self.assertEqual((alert.value, alert.threshold), (11, 10))
        self.assert_cleared(alert, minutes=62)

    def test_messages_queue(self):
        self.school.write({
            'mpesa_alert_backlog_warning': 2, 'mpesa_alert_backlog_critical': 3,
        })
        for n in range(3):
            self.c2b(f'UIE4K7P2Q{n}')
        alert = self.assert_raised('backlog', 'warning', self.provider)
        self.c2b('UIE4K7P2Q3')
        self.check()
        self.assertEqual((alert.level, alert.value, alert.state), ('critical', 4, 'open'))
        self.drain()
        self.assert_cleared(alert)

    def test_a_message_stands_still(self):
        self.c2b()
        self.check()
        self.assertFalse(self.find('unbooked'), "It has only just come.")
        alert = self.assert_raised('unbooked', 'critical', self.provider, minutes=2)
        self.assertIn("1 messages have waited", alert.what)
        self.drain()
        self.assert_cleared(alert, minutes=2)

    def test_a_message_is_parked_for_a_day(self):
        callback = self.c2b()
        callback._close('parked', "The journal was closed.")
        self.check(hours=23)
        self.assertFalse(self.find('unbooked'))
        alert = self.assert_raised('unbooked', 'critical', self.provider, hours=25)
        self.assertIn("1 messages have been parked", alert.what)
        callback.with_user(self.bursar).action_replay()
        self.drain()
        self.assert_cleared(alert, hours=25)

    def test_a_message_makes_the_program_fail(self):
        self.env.flush_all()
        # The database refuses the movement, as no rule of ours does.
        self.env.cr.execute(
            """
            CREATE FUNCTION test_break_movement() RETURNS trigger AS $$
            BEGIN RAISE EXCEPTION 'Planted'; END $$ LANGUAGE plpgsql;
            CREATE TRIGGER test_break_movement BEFORE INSERT ON mpesa_transaction
                FOR EACH ROW EXECUTE FUNCTION test_break_movement();
            """
        )
        with mute_logger('odoo.sql_db', DRAIN):
            callback = self.drain_c2b()
        self.assertEqual((callback.state, callback.tries), ('new', 1))
        alert = self.assert_raised('exceptions', 'critical')
        self.assertEqual(alert.facts['messages'], 1)
        self.env.cr.execute('DROP TRIGGER test_break_movement ON mpesa_transaction')
        callback.next_try_at = fields.Datetime.now() - timedelta(seconds=1)
        self.drain()
        self.assertEqual(callback.state, 'done')
        self.assert_cleared(alert)

    # === CONSERVATION === #

    def test_money_on_a_student_vanishes_from_the_ledger(self):
        self.drain_c2b()
        self.check()
        self.assertFalse(self.find('conservation'))
        self.break_and_mend(self.get_receipts().line_ids.move_line_id, 15_500)

    def test_money_in_suspense_vanishes_from_the_ledger(self):
        self.drain_c2b(account='nobody at all', amount='700.50')
        self.check()
        self.assertFalse(self.find('conservation'))
        payment = self.get_movements().suspense_payment_id
        self.break_and_mend(payment._get_counterpart_line(), 700.50)

    def break_and_mend(self, line, amount):
        """ Take a line out of the ledger behind everybody's back, and put it back. """
        self.env.flush_all()
        query = 'UPDATE account_move_line SET parent_state = %s WHERE id = %s'
        self.env.cr.execute(query, ['draft', line.id])
        self.env.invalidate_all()
        alert = self.assert_raised('conservation', 'critical', self.provider)
        self.assertEqual((alert.value, alert.facts['count']), (amount, 1))
        self.env.cr.execute(query, ['posted', line.id])
        self.env.invalidate_all()
        self.assert_cleared(alert)

    def test_money_that_moved_on_is_where_it_must_be(self):
        self.drain_c2b('UIE4K7P2Q1', account='nobody at all')
        self.get_movements().with_user(self.bursar)._identify_as([(self.student, Decimal(15_500))])
        tx = self.prompt(amount=100)
        self.drain_stk(tx, receipt='UIE4K7P2Q2')
        self.check()
        self.assertFalse(self.find('conservation'))

    def test_an_earlier_day_that_does_not_add_up(self):
        day = self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now())
        close = self.env['mpesa.day.close'].sudo()._get_close(
            self.provider, day - timedelta(days=5),
        )
        close.unaccounted = 250
        alert = self.assert_raised('conservation', 'critical', self.provider)
        self.assertEqual(alert.facts['days'], 1)
        close._prove()
        self.assert_cleared(alert)
