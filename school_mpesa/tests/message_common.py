import os
from datetime import datetime
from unittest.mock import patch

from daraja_simulator import sms_gateway
from freezegun import freeze_time

from odoo.addons.school_fees import sms_gateway as school_gateway

from .common import SchoolMpesaCommon


NOON = datetime(2026, 9, 14, 9, 0)  # 12:00 in Kenya, UTC here.


class MessageCommon(SchoolMpesaCommon):
    """A school that collects by M-PESA and writes to its guardians by the gateway's stand-in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        environment = patch.dict(os.environ, {'SCHOOL_SMS_SIMULATOR_URL': cls.simulator.url})
        environment.start()
        cls.addClassCleanup(environment.stop)
        configuration = patch.object(school_gateway, 'config', {})
        configuration.start()
        cls.addClassCleanup(configuration.stop)
        cls.school.write({
            'school_sms_gateway': 'africastalking', 'school_sms_environment': 'simulator',
            'school_sms_username': sms_gateway.USERNAME, 'school_sms_key': sms_gateway.API_KEY,
            'phone': '020 123 4567',
        })
        cls.env['ir.config_parameter'].set_param('web.base.url', 'https://f.uhuru.ac.ke')
        cls.bursar = cls.create_staff('bursar_sms', 'bursar')

    def setUp(self):
        super().setUp()
        self.control.set_sms(hold_reports=True)

    def make_link(self, **values):
        return self.env['mpesa.payment.link'].create({'student_id': self.student.id, **values})

    def tell(self, at=NOON):
        with freeze_time(at):
            self.run_cron('school_fees.cron_messages')
            self.run_cron('sms.ir_cron_sms_scheduler_action')

    @property
    def sent(self):
        return [message['text'] for message in self.control.sms_messages()]
