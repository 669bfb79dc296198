from datetime import timedelta

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.alert_common import AlertCommon


@tagged('post_install', '-at_install')
class TestAlertLife(AlertCommon):
    """An alert is one row, told once, seen to by a person, and read by its school alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Names of kinds and the mails' words, which stand in the database.
        cls.env['ir.module.module']._get('school_mpesa')._update_translations('sw')

    def raise_backlog(self):
        """ Let one message more wait than the school takes for long.

        :rtype: mpesa.alert
        """
        self.school.write({
            'mpesa_alert_backlog_warning': 1, 'mpesa_alert_backlog_critical': 1,
        })
        for n in range(2):
            self.c2b(f'UIE4K7P2Q{n}')
        self.check()
        return self.find('backlog')

    def get_mails(self, record):
        """ Return the mails to the bursar about a record, the newest first. """
        return self.env['mail.mail'].sudo().search([
            ('recipient_ids', 'in', self.bursar.partner_id.ids),
            ('model', '=', record._name), ('res_id', '=', record.id),
        ])

    # === TOLD === #

    def test_told_once_however_often_it_is_seen(self):
        alert = self.raise_backlog()
        since = alert.since
        for minutes in (1, 2):
            self.check(minutes=minutes)
        self.assertEqual(self.find('backlog'), alert)
        self.assertEqual(alert.since, since)
        self.assertGreater(alert.seen_at, since)
        mail = self.get_mails(alert)
        self.assertEqual(len(mail), 1)
        for words in (alert.what, alert.meaning, alert.advice):
            self.assertIn(words, mail.body_html)
        self.assertIn(f'/odoo/mpesa-alerts/{alert.id}', mail.body_html)
        self.assertEqual(alert.activity_ids.user_id, self.bursar)
        # The cause goes and is back within the hour.
        self.drain()
        self.assert_cleared(alert)
        for n in range(2, 4):
            self.c2b(f'UIE4K7P2Q{n}')
        self.check()
        self.assertEqual(self.find('backlog'), alert)
        self.assertEqual(len(self.get_mails(alert)), 1)
        self.drain()
        self.check()
        for n in range(4, 6):
            self.c2b(f'UIE4K7P2Q{n}')
        self.check(minutes=70)
        later = self.find('backlog')
        self.assertNotEqual(later, alert, "An hour later it is another one.")
        self.assertEqual(len(self.get_mails(later)), 1)

    def test_told_again_when_it_is_back(self):
        alert = self.raise_backlog()
        alert.with_user(self.bursar).action_acknowledge()
        self.drain()
        self.assert_cleared(alert, minutes=5)
        for n in range(2, 4):
            self.c2b(f'UIE4K7P2Q{n}')
        self.check(minutes=10)
        self.assertEqual(self.find('backlog'), alert)
        self.assertEqual(alert.state, 'open', "Who saw to it then does not see to it now.")
        self.assertEqual(alert.activity_ids.user_id, self.bursar)
        self.check(minutes=24)
        self.assertEqual(len(self.get_mails(alert)), 1, "It may go by itself.")
        for minutes in (26, 27, 50):
            self.check(minutes=minutes)
            self.assertEqual(len(self.get_mails(alert)), 2)

    def test_not_mailed_again_when_somebody_sees_to_it(self):
        alert = self.raise_backlog()
        self.drain()
        self.assert_cleared(alert, minutes=5)
        for n in range(2, 4):
            self.c2b(f'UIE4K7P2Q{n}')
        self.check(minutes=10)
        alert.with_user(self.bursar).action_acknowledge()
        self.check(minutes=40)
        self.assertEqual(alert.state, 'acknowledged')
        self.assertEqual(len(self.get_mails(alert)), 1)

    def test_somebody_writes_an_alert_while_it_is_looked_at(self):
        alert = self.raise_backlog()
        self.env.flush_all()
        # As PostgreSQL refuses it, once: a sequence is not rolled back.
        self.env.cr.execute(
            """
            CREATE SEQUENCE test_clash;
            CREATE FUNCTION test_clash() RETURNS trigger AS $$
            BEGIN
                IF nextval('test_clash') = 1 THEN
                    RAISE EXCEPTION 'Planted' USING ERRCODE = 'serialization_failure';
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            CREATE TRIGGER test_clash BEFORE UPDATE ON mpesa_alert
                FOR EACH ROW EXECUTE FUNCTION test_clash();
            """
        )
        seen_at = alert.seen_at
        with mute_logger('odoo.sql_db'):
            self.check(minutes=1)
        self.env.cr.execute("SELECT last_value FROM test_clash")
        self.assertGreater(self.env.cr.fetchone()[0], 1, "It was refused, and tried again.")
        self.assertGreater(alert.seen_at, seen_at)
        self.assertFalse(self.find('exceptions'))

    def test_told_in_the_readers_language(self):
        self.bursar.lang = 'sw'
        alert = self.raise_backlog()
        swahili = alert.with_context(lang='sw')
        mail = self.get_mails(alert)
        self.assertIn(swahili.what, mail.body_html)
        self.assertIn(swahili.display_name, mail.subject)
        self.assertNotIn("What to do", mail.body_html)
        self.assertIn(swahili.what, alert.activity_ids.note)

    def test_told_to_the_office_and_nobody_else(self):
        cashier = self.create_clerk('alert-cashier', 'school_fees.group_cashier')
        stranger = self.create_clerk(
            'alert-stranger', 'school_fees.group_bursar', self.create_school("Other School"),
        )
        self.school.mpesa_alert_user_ids = self.bursar + cashier + stranger
        self.assertEqual(self.raise_backlog().activity_ids.user_id, self.bursar)
        administrator = self.create_clerk('alert-admin', 'school_fees.group_administrator')
        self.school.mpesa_alert_user_ids = False
        users = self.school._get_mpesa_alert_users()
        self.assertIn(administrator, users)
        self.assertFalse(users & (self.bursar + cashier + stranger))

    def test_a_bursar_who_was_told_marks_the_activity_done(self):
        alert = self.raise_backlog()
        alert.activity_ids.with_user(self.bursar).action_feedback("I look at it")
        self.assertFalse(alert.activity_ids)
        self.check()
        self.assertFalse(alert.activity_ids, "Nobody is told twice.")

    def test_a_spoilt_template_keeps_no_alert_from_being_raised(self):
        self.env.ref('school_mpesa.mail_template_alert').subject = '{{ object.nothing_of_this }}'
        with mute_logger(
            'odoo.addons.school_mpesa.models.mpesa_alert_tell',
            'odoo.addons.mail.models.mail_render_mixin',
        ):
            alert = self.raise_backlog()
        self.assertEqual((len(alert), alert.activity_ids.user_id), (1, self.bursar))
        self.assertFalse(self.get_mails(alert))

    # === SEEN TO === #

    def test_acknowledged_by_the_office_alone(self):
        alert = self.raise_backlog()
        alert.with_user(self.bursar).action_acknowledge()
        self.assertEqual(alert.acknowledged_by_id, self.bursar)
        colleague = self.create_clerk('alert-colleague', 'school_fees.group_bursar')
        alert.with_user(colleague).action_acknowledge()
        self.assertEqual(alert.acknowledged_by_id, self.bursar, "The first one sees to it.")
        for group in ('school_fees.group_cashier', 'account.group_account_invoice'):
            user = self.create_clerk(f'alert-{group}', group)
            with self.subTest(group):
                with self.assertRaises(AccessError):
                    alert.with_user(user).action_acknowledge()
                self.assertEqual(self.Alert.with_user(user).get_open(), [])

    def test_nobody_writes_an_alert(self):
        alert = self.raise_backlog()
        for group in ('school_fees.group_bursar', 'school_fees.group_administrator'):
            user = self.create_clerk(f'alert-write-{group}', group)
            theirs = alert.with_user(user)
            self.assertTrue(theirs.what)
            for values in ({'cleared_at': fields.Datetime.now()}, {'level': 'warning'}):
                with self.subTest(f'{group} {values}'), self.assertRaises(AccessError):
                    theirs.write(values)
            with self.assertRaises(AccessError):
                theirs.unlink()

    def test_another_school_sees_and_acknowledges_nothing(self):
        alert = self.raise_backlog()
        other = self.create_school("Other School")
        stranger = self.create_clerk('alert-stranger', 'school_fees.group_administrator', other)
        theirs = alert.with_user(stranger).with_context(allowed_company_ids=other.ids)
        self.assertFalse(theirs.search([('id', 'in', alert.ids)]))
        self.assertEqual(theirs.get_open(), [])
        for refused in (lambda: theirs.read(['what']), theirs.action_acknowledge):
            with self.assertRaises(AccessError):
                refused()

    def test_today_begins_with_it(self):
        alert = self.raise_backlog()
        Today = self.env['school.dashboard'].with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        )
        shown, = Today.get_figures()['alerts']
        self.assertEqual(
            (shown['id'], shown['level'], shown['what'], shown['acknowledged']),
            (alert.id, 'critical', alert.what, False),
        )

    def test_one_open_row_for_each_cause(self):
        alert = self.raise_backlog()
        with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.errors.UniqueViolation), \
                self.env.cr.savepoint():
            alert.copy({'kind': 'backlog', 'since': alert.since, 'seen_at': alert.seen_at})

    def test_a_shortcode_that_is_switched_off_has_no_alerts(self):
        alert = self.raise_backlog()
        self.provider.state = 'disabled'
        self.assert_cleared(alert)
        self.drain()

    def test_looking_takes_as_many_queries_however_many_rows_there_are(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Alert._check(self.Alert._get_checks())
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        self.ask_many([0])
        count()
        few = count()
        self.ask_many([0] * 6 + [1032] * 3, start=1)
        self.assertEqual(count(), few)

    # === SETTINGS === #

    def test_the_settings_are_the_schools(self):
        settings = Form(self.env['res.config.settings'].with_company(self.school))
        settings.mpesa_alert_backlog_warning = 7
        settings.mpesa_alert_daily = False
        settings.save().execute()
        self.assertEqual(self.school.mpesa_alert_backlog_warning, 7)
        self.assertFalse(self.school.mpesa_alert_daily)

    def test_settings_that_make_no_sense_are_refused(self):
        for values in (
            {'mpesa_alert_success_critical': 96}, {'mpesa_alert_failed': 101},
            {'mpesa_alert_slow_critical': 0.5}, {'mpesa_alert_backlog_critical': 99},
            {'mpesa_alert_opens': 18}, {'mpesa_alert_closes': 25}, {'mpesa_alert_window': 0},
            {'mpesa_alert_late': 0}, {'mpesa_alert_least_requests': 0},
        ):
            with self.subTest(values), self.assertRaises(ValidationError), \
                    self.env.cr.savepoint():
                self.school.write(values)

    # === THE MORNING'S MAIL === #

    def test_the_summary_of_yesterday(self):
        alert = self.raise_backlog()
        self.drain()
        self.ask_many([0, 0, 2028], start=20)
        self.env['mpesa.day.close'].sudo()._get_close(
            self.provider, self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now()),
        )
        self.mail_summary(days=1)
        mail = self.get_mails(self.school)
        self.assertEqual(len(mail), 1)
        self.assertIn("KES", mail.body_html)
        self.assertIn("Test money", mail.body_html)
        self.assertIn("66.7 %", mail.body_html)
        self.assertIn("600111", mail.body_html)
        self.assertIn("Not yet proven by statement", mail.body_html)
        self.assertIn(alert.display_name, mail.body_html)
        self.assertNotIn('2547', mail.body_html)
        self.mail_summary(days=1)
        self.assertEqual(len(self.get_mails(self.school)), 1, "One mail for each day.")
        self.assert_cleared(alert)
        self.bursar.lang = 'sw'
        self.mail_summary(days=2)
        mail = self.get_mails(self.school)[0]
        self.assertNotIn("Received by M-PESA", mail.body_html)
        self.assertNotIn("No alert is open", mail.body_html)
        self.school.mpesa_alert_daily = False
        self.mail_summary(days=3)
        self.assertEqual(len(self.get_mails(self.school)), 2)

    def test_the_summary_does_not_add_test_money_to_real_money(self):
        self.drain_c2b()
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            told = self.school._get_mpesa_summary()
        self.assertTrue(told['is_test'])
        self.assertEqual(len(told['rows']), 1)
        self.assertIn('15,500', told['received'])
        live = self.create_provider(shortcode='600222')
        live.write({
            'mpesa_callback_base': 'https://fees.example.sc.ke', 'mpesa_environment': 'production',
            'state': 'enabled',
        })
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            told = self.school._get_mpesa_summary()
        self.assertFalse(told['is_test'])
        self.assertEqual([row[:2] for row in told['rows']], [('600222', 0)])
        self.assertNotIn('15,500', told['received'])

    def mail_summary(self, days):
        with freeze_time(fields.Datetime.now() + timedelta(days=days)):
            self.run_cron('school_mpesa.cron_mail_summary')
