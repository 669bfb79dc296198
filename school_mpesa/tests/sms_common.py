import os
from datetime import datetime
from unittest.mock import patch

from daraja_simulator import sms_gateway
from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.school_fees import sms_gateway as school_gateway
from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


NOON = datetime(2026, 9, 14, 9, 0)
EVENING = datetime(2026, 9, 14, 18, 0)
MORNING = datetime(2026, 9, 15, 4, 0)


@tagged('post_install', '-at_install')
class SmsCommon(SchoolMpesaCommon):
    """A school with a paybill that writes to its guardians by the stand-in of the gateway."""

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

    def make_link(self, student=None, **values):
        return self.env['mpesa.payment.link'].create({
            'student_id': (student or self.student).id, **values,
        })

    def make_relatives_link(self, **values):
        """ Make a link as the student's guardian does in the portal. """
        right = self.guardian.guardian_link_ids.filtered(lambda one: one.student_id == self.student)
        right.portal = True
        return self.make_link(for_relatives=True, guardian_link_id=right.id, **values)

    def tell(self, at=NOON):
        with freeze_time(at):
            self.run_cron('school_fees.cron_messages')
            self.run_cron('sms.ir_cron_sms_scheduler_action')

    def count_queries(self, work):
        """ Return how many queries a piece of work takes, from an empty cache to the database.

        :param callable work: The work.
        :rtype: int
        """
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    @property
    def sent(self):
        return [message['text'] for message in self.control.sms_messages()]
