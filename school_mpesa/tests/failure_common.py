from datetime import time, timedelta
from unittest.mock import patch

from odoo import fields

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon
from odoo.addons.school_mpesa.tests.sms_common import SmsCommon


HOURS = 'odoo.addons.school_fees.models.school_message'


class FailureCommon(SmsCommon, BookingCommon):
    """A school that tells by SMS of prompts that brought no money."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.school.school_sms_failed_attempts = True
        # Most tests run by the real clock, also by night.
        always = patch.multiple(HOURS, DAY_BEGINS=time.min, DAY_ENDS=time.max)
        always.start()
        cls.addClassCleanup(always.stop)

    def later(self, minutes=6):
        """ Do what the scheduled actions do some minutes from now. """
        self.tell(fields.Datetime.now() + timedelta(minutes=minutes))

    def fail(self, code=1032, **values):
        """ Prompt the guardian's phone, and let Daraja say that nobody paid.

        :rtype: payment.transaction
        """
        tx = self.prompt(**values)
        self.drain_stk(tx, code)
        return tx

    @property
    def messages(self):
        return self.env['school.message'].search([('kind', '=', 'failed_attempt')])
