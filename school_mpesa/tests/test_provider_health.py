from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import config, mute_logger

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


DRAIN = 'odoo.addons.school_mpesa.models.mpesa_callback_drain'


@tagged('post_install', '-at_install')
class TestProviderHealth(SchoolMpesaCommon, HttpCase):
    """R11: what stands still in the inbox is said on the shortcode's form, and why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = new_test_user(
            cls.env, login='health-admin', groups='base.group_system,school_fees.group_bursar',
            company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
        )

    def get_message(self):
        self.env.flush_all()
        self.provider.invalidate_recordset(['mpesa_inbox_message'])
        return self.provider.mpesa_inbox_message

    def confirm(self, receipt):
        return self.accept_bytes(self.confirmation_url(), self.confirmation_body(receipt))

    def test_nothing_to_say_while_all_is_booked(self):
        self.confirm('UIE4K7P2QX')
        self.assertFalse(self.get_message(), "It has only just come.")
        self.drain()
        self.assertFalse(self.get_message())

    def test_what_needs_a_person_is_counted(self):
        rows = [self.confirm(f'UIE4K7P2Q{n}') for n in range(6)]
        for row, state in zip(rows, ('parked', 'parked', 'conflict', 'done'), strict=False):
            row._close(state)
        message = self.get_message()
        self.assertIn("Parked: 2.", message)
        self.assertIn("conflict with what is known: 1.", message)
        self.assertNotIn("Quarantined", message)
        self.assertNotIn("Not processed", message)
        with patch.object(
            fields.Datetime, 'now', lambda: fields.Datetime.add(rows[4].received_at, minutes=12),
        ):
            self.assertIn("Not processed yet: 2, the oldest for 12 min.", self.get_message())
        other = self.create_provider(shortcode='600222')
        self.assertFalse(other.mpesa_inbox_message)
        action = self.provider.action_mpesa_open_inbox()
        self.assertEqual(
            len(self.env['mpesa.callback'].search(action['domain'])), len(rows),
        )

    def test_quarantine_says_whether_the_proxy_is_to_blame(self):
        self.provider.mpesa_source_check = 'quarantine'
        self.env.flush_all()
        row = self.confirm('UIE4K7P2QX')
        self.assertEqual(row.state, 'quarantined')
        self.assertIn("Quarantined, so not booked: 1.", self.get_message())
        self.assertNotIn("X-Forwarded-Host", self.get_message())
        self.assertIn("not on the list", row.reason_text)
        path = self.confirmation_url().removeprefix('https://school.example')
        with patch.dict(config._runtime_options, proxy_mode=True):
            self.url_open(path, data=self.confirmation_body('UIE4K7P2QY'), headers={
                'Content-Type': 'application/json', 'X-Forwarded-For': '196.201.214.200',
            })
        self.env.invalidate_all()
        row = self.env['mpesa.callback'].search([], limit=1)
        self.assertEqual((row.state, row.source_address), ('quarantined', False))
        self.assertIn("X-Forwarded-Host", row.reason_text)
        self.assertIn("Quarantined, so not booked: 2.", self.get_message())
        self.assertIn("X-Forwarded-Host", self.get_message())

    # === THE SET-UP CHECK SEES HOW ITS OWN REQUEST CAME === #

    def check(self, proxy_mode, **headers):
        """ Press Check in the browser.

        :return: Whether it passed, and its words.
        """
        self.authenticate('health-admin', 'health-admin')
        with patch.dict(config._runtime_options, proxy_mode=proxy_mode), mute_logger(DRAIN):
            self.make_jsonrpc_request(
                '/web/dataset/call_kw/payment.provider/action_mpesa_check',
                {
                    'model': 'payment.provider', 'method': 'action_mpesa_check',
                    'args': [self.provider.ids], 'kwargs': {},
                },
                headers=headers,
            )
        self.env.invalidate_all()
        return self.provider.mpesa_check_passed, self.provider.mpesa_check_message

    def test_the_check_reads_the_proxys_headers(self):
        self.provider.mpesa_source_check = 'note'
        self.env.flush_all()
        forwarded = {'X-Forwarded-For': '203.0.113.7'}
        passed, message = self.check(True, **forwarded)
        self.assertFalse(passed)
        self.assertIn("X-Forwarded-Host", message)
        passed, message = self.check(False, **forwarded)
        self.assertFalse(passed)
        self.assertIn("proxy_mode", message)
        passed, message = self.check(True, **{'X-Forwarded-Host': 'school.example', **forwarded})
        self.assertTrue(passed, message)
        self.assertTrue(self.check(False)[0])
        self.provider.mpesa_source_check = 'off'
        self.assertTrue(self.check(True, **forwarded)[0], "Then nobody looks at addresses.")
