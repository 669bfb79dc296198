from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.alert_common import AlertCommon


@tagged('post_install', '-at_install')
class TestAlertTraffic(AlertCommon):
    """Each cause in the traffic: really caused, told, and gone with its cause."""

    def test_too_few_requests_succeed(self):
        self.school.write({
            'mpesa_alert_least_requests': 9, 'mpesa_alert_success_critical': 80,
        })
        self.ask_many([0] * 7 + [2028])
        self.check()
        self.assertFalse(self.find('success'), "Of 8 requests nothing is said.")
        self.ask_many([0], start=8)
        alert = self.assert_raised('success', 'warning', self.provider)
        self.assertIn("88.9 %", alert.what)
        self.assertFalse(alert.mailed_at, "A warning waits for the morning's summary.")
        self.school.mpesa_alert_success_critical = 90
        self.check()
        self.assertEqual((alert.level, alert.state), ('critical', 'open'))
        self.assertTrue(alert.mailed_at)
        self.assert_cleared(alert, minutes=62)

    def test_the_payers_own_doing_is_no_failure_of_the_system(self):
        self.school.mpesa_alert_least_requests = 4
        self.ask_many([0] * 4 + [1, 1032, 1037, 2001])
        self.check()
        self.assertFalse(self.find('success') + self.find('failed'))

    def test_requests_that_reach_no_phone(self):
        self.school.mpesa_alert_least_requests = 5
        self.ask_many([0] * 4)
        self.provider.mpesa_passkey = 'a' * 64
        self.ask_many([None], start=4)
        alert = self.assert_raised('failed', 'warning', self.provider)
        self.assertIn("1 of 5 requests (20 %", alert.what)
        self.school.mpesa_alert_failed = 20
        self.assert_cleared(alert)

    def test_a_request_without_an_outcome(self):
        tx = self.prompt()
        self.check(minutes=29)
        self.assertFalse(self.find('pending'))
        alert = self.assert_raised('pending', 'warning', self.provider, minutes=32)
        self.assertIn("1 requests", alert.what)
        self.drain_stk(tx)
        self.assert_cleared(alert, minutes=33)

    def test_safaricom_answers_slowly(self):
        self.control.script(api='stk_push', fault='slow', seconds=1.1, times=5)
        self.ask_many([None] * 4)
        self.check()
        self.assertFalse(self.find('slow'), "Four answers are no average.")
        self.ask_many([None], start=4)
        alert = self.assert_raised('slow', 'warning', self.provider)
        self.school.mpesa_alert_slow_critical = 1
        self.check()
        self.assertEqual((alert.level, alert.threshold), ('critical', 1))
        self.assert_cleared(alert, minutes=62)

    def test_everything_in_order_raises_nothing(self):
        self.ask_many([0] * 2)
        self.check()
        self.assertFalse(self.Alert.search([('company_id', '=', self.school.id)]))


@tagged('post_install', '-at_install')
class TestAlertSilence(AlertCommon):
    """No payment in office hours, of a shortcode where real money moves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.write({
            'mpesa_callback_base': 'https://fees.example.sc.ke', 'mpesa_environment': 'production',
            'state': 'enabled', 'mpesa_source_check': 'off',
        })

    def check_at(self, *moment):
        """ Look for causes at a moment of Kenya. """
        with freeze_time(datetime(*moment)):
            self.Alert._check(self.Alert._get_checks())
        return self.find('silence')

    def test_nothing_is_paid_in_office_hours(self):
        # Tuesday 15 September 2026, 05:59 UTC: the office is open for 59 minutes.
        self.assertFalse(self.check_at(2026, 9, 15, 5, 59))
        alert = self.check_at(2026, 9, 15, 6, 0)
        self.assertEqual((alert.level, alert.value), ('critical', 60))
        self.assert_words(alert)
        alert.with_user(self.bursar).action_acknowledge()
        with freeze_time(datetime(2026, 9, 15, 6, 30)):
            self.c2b()
            self.drain()
        self.assertEqual(len(self.get_movements()), 1)
        self.assertFalse(self.check_at(2026, 9, 15, 7, 29))
        self.assertEqual(alert.state, 'cleared')
        self.assertEqual(self.check_at(2026, 9, 15, 7, 30), alert, "The same one, within an hour.")
        self.env['mpesa.holiday'].create({
            'day': '2026-09-15', 'name': "Founders' Day", 'company_id': self.school.id,
        })
        self.assertFalse(self.check_at(2026, 9, 15, 7, 31))

    def test_the_office_is_closed(self):
        for moment in (
            (2026, 9, 15, 4, 59), (2026, 9, 15, 14, 0),  # before 8, after 17 in Kenya
            (2026, 9, 19, 9, 0), (2026, 9, 20, 9, 0),  # Saturday, Sunday
            (2026, 8, 18, 9, 0),  # holidays between two terms
        ):
            with self.subTest(moment):
                self.assertFalse(self.check_at(*moment))
        self.school.mpesa_alert_days = 'saturday'
        self.assertTrue(self.check_at(2026, 9, 19, 9, 0))
        self.assertFalse(self.check_at(2026, 9, 20, 9, 0))
        self.school.write({'mpesa_alert_days': 'all', 'mpesa_alert_silence': 0})
        self.assertFalse(self.check_at(2026, 9, 20, 9, 0), "0 switches it off.")

    def test_a_check_that_fails_is_an_alert_and_stops_no_other(self):
        self.env.flush_all()
        # What no screen lets anybody choose.
        self.env.cr.execute(
            "UPDATE res_company SET mpesa_alert_days = 'never' WHERE id = %s", [self.school.id],
        )
        self.env.invalidate_all()
        with mute_logger('odoo.addons.school_mpesa.models.mpesa_alert_check'):
            self.check_at(2026, 9, 15, 9, 0)
        alert = self.find('exceptions')
        self.assertEqual((alert.level, alert.facts['checks']), ('critical', ['silence']))
        self.assert_words(alert)
        self.school.mpesa_alert_days = 'weekdays'
        self.check_at(2026, 9, 15, 9, 1)
        self.assertEqual(alert.state, 'cleared')
