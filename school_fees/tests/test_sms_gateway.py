from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.school_fees import africastalking
from odoo.addons.school_fees.models import sms_sms

from .message_common import NOON, PHONE, MessageCommon


@tagged('post_install', '-at_install')
class TestSmsGateway(MessageCommon):
    """A gateway that is down, slow or refuses loses no message, doubles none, delays no payment."""

    def setUp(self):
        super().setUp()
        seconds = patch.object(africastalking, 'READ_SECONDS', 0.3)
        seconds.start()
        self.addCleanup(seconds.stop)

    def pay(self, amount=100):
        receipt = self.create_receipt({self.student: amount})
        self.assertEqual(receipt.state, 'posted')
        return receipt

    # === DOWN === #

    def test_down_is_tried_again_with_growing_pauses(self):
        self.control.set_sms(mode='down')
        self.pay()
        self.tell()
        message = self.messages()
        self.assertEqual(
            (message.state, message.failure_type, message.tries), ('retry', 'sms_server', 1),
        )
        at, pauses = NOON, []
        while message.state == 'retry':
            pauses.append(message.next_try_at - at)
            self.tell(message.next_try_at - timedelta(seconds=1))
            at = message.next_try_at
            self.tell(at)
        self.assertEqual(pauses, [timedelta(minutes=minutes) for minutes in sms_sms.PAUSES])
        self.assertEqual((message.state, message.tries), ('failed', len(sms_sms.PAUSES) + 1))
        self.assertEqual(self.control.sms()['calls'], len(sms_sms.PAUSES) + 1)
        self.control.set_sms(mode='up')
        self.tell(at + timedelta(days=2))
        self.assertFalse(self.sent, "What has failed waits for a person.")
        message.with_user(self.create_staff('bursar_sms', 'bursar')).action_retry()
        self.tell(at + timedelta(days=2))
        self.assertEqual(len(self.sent), 1)
        self.assertEqual(message.state, 'sent')

    def test_down_and_up_again_sends_each_once(self):
        self.control.set_sms(mode='down')
        for _number in range(3):
            self.pay()
        self.tell()
        self.assertEqual(self.control.sms()['calls'], 1, "One failure speaks for all.")
        self.control.set_sms(mode='up')
        self.tell(NOON + timedelta(minutes=2))
        self.tell(NOON + timedelta(minutes=9))
        self.assertEqual(len(self.sent), 3)
        self.assertEqual(set(self.messages().mapped('state')), {'sent'})

    def test_nobody_listens(self):
        with patch.dict('os.environ', {'SCHOOL_SMS_SIMULATOR_URL': 'http://127.0.0.1:9'}):
            self.pay()
            self.tell()
        self.assertEqual(self.messages().state, 'retry')
        self.tell(NOON + timedelta(minutes=2))
        self.assertEqual(len(self.sent), 1)

    def test_out_of_credit_and_wrong_keys_are_tried_again(self):
        self.control.set_sms(credit=0)
        self.pay()
        self.tell()
        self.assertEqual(self.messages().failure_type, 'sms_credit')
        self.control.set_sms(credit=None)
        self.school.school_sms_key = 'wrong'
        self.tell(NOON + timedelta(minutes=2))
        self.assertEqual(self.messages().failure_type, 'sms_acc')
        self.connect(self.school)
        self.tell(NOON + timedelta(minutes=10))
        self.assertEqual(len(self.sent), 1)

    def test_a_school_that_gives_up_its_gateway_sends_nothing_more(self):
        self.control.set_sms(mode='down')
        self.pay()
        self.tell()
        self.pay()
        self.env['school.receipt']._tell_due(10)
        self.env['school.message']._queue_waiting(10)
        self.school.school_sms_gateway = False
        self.assertEqual(set(self.messages().mapped('state')), {'cancelled'})
        self.tell(NOON + timedelta(days=1))
        self.assertFalse(self.env['sms.sms'].search([
            ('state', 'not in', ('canceled', 'pending')), ('number', '=', PHONE),
        ]))

    # === SLOW === #

    def test_slow_is_never_sent_twice_and_the_report_tells(self):
        self.control.set_sms(mode='slow', seconds=1)
        self.pay()
        self.tell()
        message = self.messages()
        self.assertEqual(message.state, 'doubt')
        self.control.set_sms(mode='up')
        self.tell(NOON + timedelta(days=1))
        self.assertEqual(len(self.sent), 1, "It was taken; nobody sends it again by itself.")
        self.assertTrue(self.report())
        self.assertEqual(message.state, 'delivered')
        self.tell(NOON + timedelta(days=2))
        self.assertEqual(len(self.sent), 1)

    def test_what_was_lost_in_a_slow_call_waits_for_a_person(self):
        self.control.set_sms(mode='hang', seconds=1)
        self.pay()
        self.tell()
        message = self.messages()
        self.assertEqual(message.state, 'doubt')
        self.control.set_sms(mode='up')
        message.with_user(self.create_staff('bursar_sms', 'bursar')).action_retry()
        self.tell()
        self.assertEqual(len(self.sent), 1)
        self.assertEqual(message.state, 'sent')

    def test_a_worker_that_dies_leaves_a_mark(self):
        self.pay()
        marks = []

        def look(client, number, text):
            marks.append(self.env['sms.sms'].search([('number', '=', number)]).state)
            return africastalking.Taken('ATXid_1', '')

        with patch.object(africastalking.AfricasTalking, 'send', look):
            self.tell()
        self.assertEqual(marks, ['process'], "It is marked before it is handed over.")
        # The mark is all that such a worker leaves.
        self.pay()
        self.env['school.receipt']._tell_due(10)
        self.env['school.message']._queue_waiting(10)
        sms = self.env['sms.sms'].search([('state', '=', 'outgoing')])
        with freeze_time(NOON):
            sms._claim()
        self.tell(NOON + timedelta(minutes=5))
        self.assertEqual(self.messages()[1].state, 'queued', "It may be under way.")
        self.tell(NOON + timedelta(minutes=30))
        self.assertEqual(self.messages()[1].state, 'doubt')
        self.assertFalse(self.sent)

    # === REFUSED === #

    def test_refusals_of_one_message_are_final(self):
        for code, failure in (
            (403, 'sms_number_format'), (404, 'sms_number_format'), (406, 'school_optout'),
            (401, 'school_refused'), (502, 'school_refused'),
        ):
            with self.subTest(code=code):
                self.control.set_sms(numbers={PHONE: code})
                receipt = self.pay()
                self.tell()
                self.assertEqual(
                    (receipt.sms_ids.state, receipt.sms_ids.failure_type), ('failed', failure),
                )
        self.control.set_sms(numbers={})
        self.tell(NOON + timedelta(days=2))
        self.assertFalse(self.sent)

    def test_one_refused_number_stops_no_other(self):
        other = self.create_student("Brian Kamau", '2050')
        self.create_guardian(other, "Jane Kamau", phone='0712 000 222')
        self.control.set_sms(numbers={PHONE: 406})
        self.pay()
        self.create_receipt({other: 200})
        self.tell()
        self.assertEqual(len(self.sent), 1)

    # === SCHOOLS === #

    def test_each_school_sends_by_its_own_account(self):
        other = self.create_school("Mwangaza School")
        self.env.user.company_ids |= other
        self.connect(other, school_sms_key='wrong')
        student = self.env['school.student'].with_company(other).create({
            'name': "Brian Kamau", 'admission_no': '1', 'company_id': other.id,
        })
        self.create_guardian(student, "Jane Kamau", phone='0712 000 222')
        self.pay()
        student._send_school_message('balance')
        receipt = self.env['school.message'].sudo().create({
            'kind': 'balance', 'student_id': student.id, 'company_id': other.id,
            'partner_id': student.guardian_link_ids.partner_id.id, 'day': '2026-01-01',
        })
        with patch.object(type(receipt), '_is_still_wanted', lambda message: True), \
                patch.object(type(receipt), '_write_balance', lambda message: "Hello"):
            self.tell()
        self.assertEqual(len(self.sent), 1)
        self.assertEqual(receipt.failure_type, 'sms_acc')

    def test_a_schools_messages_never_wait_in_a_request(self):
        sms = self.env['sms.sms'].sudo().create({'number': PHONE, 'body': "Hello"})
        self.control.set_sms(mode='down')
        sms.send()
        self.assertEqual(sms.state, 'outgoing')
        self.assertEqual(self.control.sms()['calls'], 0)

    # === SETTINGS === #

    def test_nobody_reads_the_key_back(self):
        admin = self.env.ref('base.user_admin')
        admin.company_ids |= self.school
        company = self.school.with_user(admin)
        self.assertEqual(company.school_sms_key, '••••••••')
        self.assertNotIn('school_sms_key_saved', company.fields_get())
        company.school_sms_key = '••••••••'
        school_sudo = self.school.sudo()
        self.assertEqual(
            school_sudo._unseal_sms_key(school_sudo.school_sms_key_saved), 'atsk_simulator',
        )
        bursar = self.create_staff('bursar_sms', 'bursar')
        self.assertNotIn('school_sms_key', self.school.with_user(bursar).fields_get())

    def test_a_test_message(self):
        admin = self.env.ref('base.user_admin')
        admin.company_ids |= self.school
        company = self.school.with_user(admin)
        self.assertIn("KES 0.8000", company._send_test_sms('0712 000 333'))
        self.assertEqual(self.sent, ["Uhuru Academy: This is a test message from Odoo. SMS work."])
        for settings, words in (
            ({'mode': 'down'}, "cannot be reached"),
            ({'mode': 'slow', 'seconds': 1}, "may arrive all the same"),
            ({'mode': 'refuse', 'code': 405}, "out of credit"),
            ({'mode': 'refuse', 'code': 402}, "sender name"),
        ):
            self.control.set_sms(**settings)
            with self.subTest(**settings), self.refusal(UserError, words):
                company._send_test_sms('0712 000 333')
        with self.refusal(UserError, "not a phone number"):
            company._send_test_sms('12')

    def test_the_simulator_only_on_this_machine(self):
        for address, usable in (
            ('http://127.0.0.1:8070', True), ('http://localhost:8070', True),
            ('http://[::1]:8070', True), ('http://192.168.1.5:8070', False),
            ('http://simulator.example', False), ('', False),
        ):
            with self.subTest(address=address), \
                    patch.dict('os.environ', {'SCHOOL_SMS_SIMULATOR_URL': address}):
                self.assertEqual(self.school.sudo()._get_sms_client() is not None, usable)


@tagged('post_install', '-at_install')
class TestSmsReport(MessageCommon, HttpCase):
    """Delivery reports come to a secret address, and change nothing twice."""

    def post(self, token=None, **changes):
        reports = self.control.sms_reports()
        body = {**(reports[-1]['body'] if reports else {}), **changes}
        token = self.school.sudo().school_sms_report_token if token is None else token
        return self.url_open(f'/school-sms/{token}/report', data=body)

    def test_delivered(self):
        self.create_receipt({self.student: 100})
        self.tell()
        self.assertEqual(self.post().status_code, 200)
        message = self.messages()
        self.env.invalidate_all()
        self.assertEqual(message.state, 'delivered')
        delivered_at = message.delivered_at
        for status in ('Success', 'Sent', 'Failed', 'Rejected'):
            self.post(status=status)
        self.env.invalidate_all()
        self.assertEqual((message.state, message.delivered_at), ('delivered', delivered_at))

    def test_failed(self):
        self.create_receipt({self.student: 100})
        self.tell()
        self.post(status='Failed', failureReason='UserDoesNotExist')
        self.env.invalidate_all()
        message = self.messages()
        self.assertEqual(
            (message.state, message.failure_type), ('failed', 'sms_invalid_destination'),
        )

    def test_unknown_and_known_are_answered_alike(self):
        self.create_receipt({self.student: 100})
        self.tell()
        answers = {
            (answer.status_code, answer.content)
            for answer in (
                self.post(), self.post(), self.post(id='ATXid_unknown'), self.post(id=''),
                self.post(status='Nonsense'), self.post(id='\0' * 50), self.post(id='x' * 5000),
            )
        }
        self.assertEqual(answers, {(200, b'OK')})

    def test_wrong_addresses(self):
        self.create_receipt({self.student: 100})
        self.tell()
        for token in ('0' * 32, 'é', '%00', 'False'):
            self.assertEqual(self.post(token=token).status_code, 404)
        self.env.invalidate_all()
        self.assertEqual(self.messages().state, 'sent')
        old = self.school.sudo().school_sms_report_token
        admin = self.env.ref('base.user_admin')
        admin.company_ids |= self.school
        self.school.with_user(admin).action_new_school_sms_address()
        self.env.flush_all()
        self.assertEqual(self.post(token=old).status_code, 404)

    def test_a_report_at_another_schools_address_changes_nothing(self):
        self.create_receipt({self.student: 100})
        self.tell()
        other = self.create_school("Mwangaza School")
        self.connect(other)
        self.env.flush_all()
        self.assertEqual(self.post(token=other.sudo().school_sms_report_token).content, b'OK')
        self.env.invalidate_all()
        self.assertEqual(self.messages().state, 'sent')

    def test_a_report_that_is_quicker_than_the_answer(self):
        self.create_receipt({self.student: 100})
        with patch.object(sms_sms.SmsSms, '_handle_call_result_hook', lambda sms, results: None):
            self.tell()  # The note of the gateway's reference is lost.
        sms = self.env['sms.sms'].search([('number', '=', PHONE)], order='id desc', limit=1)
        sms.write({'state': 'process', 'to_delete': False})
        self.post()
        self.env.invalidate_all()
        self.assertEqual(self.messages().state, 'delivered')
        self.assertTrue(sms.sms_tracker_id.school_gateway_ref)
