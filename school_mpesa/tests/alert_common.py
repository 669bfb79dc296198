from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


PUSH = 'odoo.addons.school_mpesa.models.payment_transaction_push'


class AlertCommon(BookingCommon):
    """A school whose bursar is told of alerts, with everything in order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.Alert = cls.env['mpesa.alert']
        cls.bursar = cls.create_clerk('alert-bursar', 'school_fees.group_bursar')

    def setUp(self):
        super().setUp()
        self.school.mpesa_alert_user_ids = self.bursar
        # Nothing runs by itself in a test's database.
        self.Alert._find_jobs().write({
            'active': True, 'nextcall': fields.Datetime.now() + timedelta(hours=1),
            'failure_count': 0,
        })

    @classmethod
    def create_clerk(cls, login, group, school=None):
        school = school or cls.school
        return new_test_user(
            cls.env, login=login, groups=f'base.group_user,{group}', company_id=school.id,
            company_ids=[Command.set(school.ids)], email=f'{login}@school.example',
        )

    def check(self, **later):
        """ Run the scheduled action that looks for causes.

        :param later: How much later than now, as `timedelta` takes it.
        """
        with freeze_time(fields.Datetime.now() + timedelta(**later), tick=True):
            self.run_cron('school_mpesa.cron_check_alerts')

    def find(self, kind, provider=None):
        """ Return the open alerts of a kind: of the shortcode, or of the school as a whole. """
        return self.Alert.search([
            ('kind', '=', kind), ('company_id', '=', self.school.id), ('cleared_at', '=', False),
            *([('provider_id', '=', provider.id)] if provider else []),
        ])

    def ask_many(self, codes, start=0):
        """ Ask as many phones, and let each give its result.

        :param list codes: The result codes; 0 is a payment, None leaves the request open.
        :param int start: The number of the first phone.
        :rtype: payment.transaction
        """
        txs = self.env['payment.transaction'].union(*(
            self.ask(amount=100, phone=f'2547120012{n:02}')
            for n in range(start, start + len(codes))
        ))
        with mute_logger(PUSH):
            self.send()
        for n, (tx, code) in enumerate(zip(txs, codes, strict=True), start=start):
            if code is not None and tx.mpesa_push_state == 'accepted':
                self.stk(tx, code, receipt=f'UIE4K7P2{n:02}')
        self.drain()
        return txs

    # === ASSERTIONS === #

    def assert_raised(self, kind, level, provider=None, **later):
        """ Assert that looking raises one alert, that says all, and that seeing to it keeps it.

        :rtype: mpesa.alert
        """
        self.check(**later)
        alert = self.find(kind, provider)
        self.assertEqual(alert.mapped('level'), [level], f"{kind}: one alert, {level}.")
        self.assert_words(alert)
        self.assertEqual(alert.activity_ids.user_id, self.bursar)
        alert.with_user(self.bursar).action_acknowledge()
        self.check(**later)
        self.assertEqual(self.find(kind, provider), alert, "It stays open while its cause holds.")
        self.assertEqual(alert.state, 'acknowledged')
        return alert

    def assert_words(self, alert):
        """ Assert that an alert says all that it must, in both languages. """
        words = {
            lang: (told.display_name, told.what, told.meaning, told.advice)
            for lang in ('en_US', 'sw')
            for told in [alert.with_user(self.bursar).with_context(lang=lang)]
        }
        for said in words.values():
            self.assertTrue(all(said), said)
            self.assertNotIn('None', ' '.join(said))
            self.assertNotIn('False', ' '.join(said))
        for english, swahili in zip(words['en_US'][1:], words['sw'][1:], strict=True):
            self.assertNotEqual(english, swahili)

    def assert_cleared(self, alert, **later):
        """ Assert that looking clears the alert, and what it had left for people to do. """
        self.check(**later)
        self.assertTrue(alert.cleared_at, alert.kind)
        self.assertEqual(alert.state, 'cleared')
        self.assertFalse(alert.activity_ids)
        self.assertFalse(self.find(alert.kind, alert.provider_id))
