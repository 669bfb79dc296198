import os
from contextlib import nullcontext
from datetime import datetime
from unittest.mock import patch

from daraja_simulator import sms_gateway
from daraja_simulator.server import start_in_thread
from freezegun import freeze_time

from odoo.tests import HttpCase

from odoo.addons.school_fees import sms_gateway as school_gateway

from .common import SchoolFeesCommon


NOON = datetime(2026, 9, 14, 9, 0)  # 12:00 in Kenya, UTC here.
PHONE = '+254712000111'


class MessageCommon(SchoolFeesCommon):
    """A school that writes to its guardians by the stand-in of the gateway, over HTTP.

    The stand-in holds delivery reports: a test takes one and posts it itself.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = start_in_thread(port=0, seed=1)
        cls.addClassCleanup(cls.simulator.stop)
        cls.control = cls.simulator.control
        environment = patch.dict(os.environ, {'SCHOOL_SMS_SIMULATOR_URL': cls.simulator.url})
        environment.start()
        cls.addClassCleanup(environment.stop)
        configuration = patch.object(school_gateway, 'config', {})
        configuration.start()
        cls.addClassCleanup(configuration.stop)
        cls.connect(cls.school)
        cls.school.phone = '020 123 4567'
        cls.env['ir.config_parameter'].set_param('web.base.url', 'https://f.uhuru.ac.ke')
        cls.student = cls.create_student("Amina Otieno", '2041')
        cls.guardian = cls.create_guardian(cls.student, phone='0712 000 111')
        cls.bill = cls.create_term_bill(cls.student, cls.term_3, 31_000)

    def setUp(self):
        super().setUp()
        self.control.reset(seed=1)
        self.control.set_sms(hold_reports=True)

    @classmethod
    def connect(cls, school, **values):
        """ Give a school an account with the stand-in. """
        school.write({
            'school_sms_gateway': 'africastalking', 'school_sms_environment': 'simulator',
            'school_sms_username': sms_gateway.USERNAME, 'school_sms_key': sms_gateway.API_KEY,
            'school_sms_sender': 'UHURU', **values,
        })

    def run_cron(self, xmlid):
        """ Run a scheduled action, commits and all, inside the test's transaction.

        :param str xmlid: The action.
        """
        cron = self.env.ref(xmlid)
        self.env.flush_all()
        with nullcontext() if isinstance(self, HttpCase) else self.enter_registry_test_mode():
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()
        self.assertEqual(cron.failure_count, 0, "The scheduled action must not crash.")

    def tell(self, at=NOON):
        """ Do what the two scheduled actions do: make messages, and send what is queued.

        :param datetime at: The moment, UTC.
        """
        with freeze_time(at):
            self.run_cron('school_fees.cron_messages')
            self.run_cron('sms.ir_cron_sms_scheduler_action')

    @property
    def sent(self):
        """ The texts that the stand-in took. """
        return [message['text'] for message in self.control.sms_messages()]

    def messages(self, **criteria):
        """ Return the school's messages. """
        return self.env['school.message'].search(
            [(name, '=', value) for name, value in criteria.items()], order='id',
        )

    def report(self, **changes):
        """ Take in the newest delivery report as the route does.

        :return: Whether the message was known.
        """
        body = {**self.control.sms_reports()[-1]['body'], **changes}
        return self.env['sms.tracker'].sudo()._take_report(
            self.school, body['id'], body['status'], body['phoneNumber'],
            body.get('failureReason', ''),
        )
