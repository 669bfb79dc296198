from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from .message_common import NOON, PHONE, MessageCommon


@tagged('post_install', '-at_install')
class TestMessageAgain(MessageCommon):
    """A message that waited in the queue is looked at again before it is handed over."""

    def wait_for_gateway(self):
        """ Let the newest messages meet a gateway that is down. """
        self.control.set_sms(mode='down')
        self.tell()
        self.assertEqual(set(self.messages().mapped('state')), {'retry'})
        self.control.set_sms(mode='up')

    def test_a_receipt_that_was_reversed_meanwhile_is_not_told(self):
        receipt = self.create_receipt({self.student: 15_500})
        self.wait_for_gateway()
        receipt._reverse("Entered by mistake")
        self.tell(NOON + timedelta(hours=1))
        self.assertFalse(self.sent, "Nobody was told, so nothing is taken back.")
        self.assertEqual(receipt.sms_ids.state, 'cancelled')

    def test_a_failed_message_of_a_reversed_receipt_is_not_sent_by_hand(self):
        receipt = self.create_receipt({self.student: 15_500})
        self.wait_for_gateway()
        receipt.sms_ids.state = 'failed'
        receipt._reverse("Entered by mistake")
        receipt.sms_ids.with_user(self.create_staff('bursar_again', 'bursar')).action_retry()
        self.tell(NOON + timedelta(hours=1))
        self.assertFalse(self.sent)

    def test_who_opted_out_meanwhile_is_not_told_and_no_number_is_kept(self):
        receipt = self.create_receipt({self.student: 100})
        self.wait_for_gateway()
        self.guardian.school_sms_optout = True
        self.tell(NOON + timedelta(hours=1))
        self.assertFalse(self.sent)
        self.assertEqual(receipt.sms_ids.state, 'cancelled')
        self.assertFalse(self.env['sms.sms'].search([
            ('number', '=', PHONE), ('to_delete', '=', False),
        ]))

    def test_a_new_number_gets_it(self):
        self.create_receipt({self.student: 100})
        self.wait_for_gateway()
        self.guardian.phone = '0712 000 999'
        self.tell(NOON + timedelta(hours=1))
        self.tell(NOON + timedelta(hours=1))
        self.assertEqual(
            [sms['number'] for sms in self.control.sms_messages()], ['+254712000999'],
        )

    def test_a_text_has_the_figures_of_the_moment(self):
        self.create_receipt({self.student: 1_000})
        self.wait_for_gateway()
        self.control.set_sms(mode='down')
        self.create_receipt({self.student: 5_000})
        self.tell()
        self.control.set_sms(mode='up')
        self.tell(NOON + timedelta(hours=1))
        self.assertEqual(len(self.sent), 2)
        for text in self.sent:
            self.assertIn("Balance KES 25,000", text)

    def test_money_that_was_booked_anew_is_told_once(self):
        receipt = self.create_receipt({self.student: 15_500}, external_ref='000123')
        self.wait_for_gateway()
        receipt._reverse("Booked on the wrong bill")
        self.create_receipt({self.student: 15_500}, external_ref='000123')
        self.tell(NOON + timedelta(hours=1))
        self.assertEqual(len(self.sent), 1)
        self.assertIn("Received KES 15,500", self.sent[0])

    def test_a_gateway_that_does_not_answer_puts_one_in_doubt_not_all(self):
        other = self.create_student("Brian Kamau", '2050')
        self.create_guardian(other, "Jane Kamau", phone='0712 000 222')
        self.create_receipt({self.student: 100})
        self.create_receipt({other: 200})
        self.control.set_sms(mode='html')
        self.tell()
        self.assertEqual(sorted(self.messages().mapped('state')), ['doubt', 'retry'])
        self.assertEqual(self.control.sms()['calls'], 1)
        self.control.set_sms(mode='up')
        self.tell(NOON + timedelta(hours=1))
        self.assertEqual(len(self.sent), 1)

    def test_a_reminder_that_is_late_waits_for_the_morning(self):
        with freeze_time('2026-09-14 16:59:00'):  # 19:59 in Kenya.
            self.student._send_school_message('balance')
            self.run_cron('school_fees.cron_messages')
        with freeze_time('2026-09-14 17:30:00'):
            self.run_cron('sms.ir_cron_sms_scheduler_action')
        self.assertFalse(self.sent)
        message = self.messages()
        self.assertEqual(message.state, 'waiting')
        self.assertEqual(str(message.send_after), '2026-09-15 04:00:00')
        self.tell('2026-09-15 04:00:30')
        self.assertEqual(len(self.sent), 1)

    def test_a_receipt_is_not_behind_a_thousand_reminders(self):
        queue = 'odoo.addons.school_fees.models.school_message_queue.MOST_QUEUED'
        with freeze_time(NOON), patch(queue, 0):
            self.student._send_school_message('balance')
            self.create_receipt({self.student: 100})
            self.run_cron('school_fees.cron_messages')
        self.assertEqual(self.messages(kind='balance').state, 'waiting')
        self.assertEqual(self.messages(kind='receipt').state, 'queued')
        self.tell(NOON + timedelta(minutes=2))
        self.assertEqual(len(self.sent), 2)

    def test_one_phone_in_two_records_is_told_of_each_ones_child(self):
        sister = self.create_student("Brenda Otieno", '2042')
        self.create_guardian(sister, "A. Otieno", phone='0712 000 111')
        self.create_receipt({self.student: 10_000, sister: 5_000})
        self.tell()
        self.assertEqual(len(self.sent), 2)
        self.assertTrue(any("KES 10,000 for Amina" in text for text in self.sent))
        self.assertTrue(any("KES 5,000 for Brenda" in text for text in self.sent))
