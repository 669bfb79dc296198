import os
import re
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from daraja_simulator import sms_gateway
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.school_fees import sms_gateway as school_gateway
from odoo.addons.school_fees.rules import sms_text
from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.tests.booking_common import PHONE, BookingCommon
from odoo.addons.school_mpesa.tests.link_common import LinkCommon


CODE = 'UIE4K7P2QX'


@tagged('post_install', '-at_install')
class TestPayerQuestion(LinkCommon, BookingCommon):
    """The payer is asked whom a payment is for; the answer is a hint, and books nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        environment = patch.dict(os.environ, {'SCHOOL_SMS_SIMULATOR_URL': cls.simulator.url})
        environment.start()
        cls.addClassCleanup(environment.stop)
        configuration = patch.object(school_gateway, 'config', {})
        configuration.start()
        cls.addClassCleanup(configuration.stop)
        cls.bursar = cls.create_staff('question_payer_bursar', 'bursar')
        cls.grace = cls.create_student("Grace Njeri", "ADM-10453")
        cls.hope = cls.create_student("Hope Wanja", "ADM-20117")

    def setUp(self):
        super().setUp()
        self.control.set_sms(hold_reports=True)
        self.patch(const, 'CLAIM_LIMITS', ((10_000, 600),))

    # === TOOLS === #

    def wait(self, account='2014B', **values):
        """ Return a payment that waits for its owner, of a number that M-PESA shows. """
        self.drain_c2b(CODE, '3000.00', account, MSISDN=PHONE, **values)
        movement = self.get_movements()
        self.assertEqual(movement.booking_state, 'unidentified')
        return movement.with_user(self.bursar)

    def ask_payer(self, movement):
        action = movement.action_ask_payer()
        return self.env[action['res_model']].with_user(self.bursar).browse(action['res_id'])

    def open(self, question, lang='en'):
        self.env.flush_all()
        return self.url_open(f'/c/{question.sudo().slug}?lang={lang}')

    def send_answer(self, question, who="Hope Wanja", class_name='', lang='en'):
        self.env.flush_all()
        answer = self.url_open(
            f'/c/{question.sudo().slug}?lang={lang}', allow_redirects=False,
            data={'who': who, 'class_name': class_name},
        )
        self.env.invalidate_all()
        return answer

    def send(self, question):
        """ Return the SMS of a question, in Odoo's queue. """
        question.action_send_by_sms()
        return self.env['sms.sms'].search([('uuid', '=', question.sudo().sms_uuid)])

    @staticmethod
    def at_hour(hour):
        """ Return an hour of Kenya's today, UTC: three less than in Kenya. """
        today = fields.Datetime.now() + timedelta(hours=3)
        return today.replace(hour=hour, minute=0, second=0, microsecond=0)

    def connect_gateway(self):
        self.school.write({
            'school_sms_gateway': 'africastalking', 'school_sms_environment': 'simulator',
            'school_sms_username': sms_gateway.USERNAME, 'school_sms_key': sms_gateway.API_KEY,
        })

    # === ASKING === #

    def test_a_payment_has_one_question(self):
        movement = self.wait()
        question = self.ask_payer(movement)
        self.assertEqual(self.ask_payer(movement), question)
        self.assertRegex(question.url, r'/c/[0-9A-Za-z]{12}$')
        wizard = Form(self.env['mpesa.identify.wizard'].with_user(self.bursar).with_context(
            **movement.action_identify()['context'],
        )).save()
        self.assertEqual(wizard.action_ask_payer()['res_id'], question.id)

    def test_the_text_fits_one_message(self):
        question = self.ask_payer(self.wait())
        for text in ("We got KES 3,000", CODE, "account '2014B' matches no student", question.url):
            self.assertIn(text.removeprefix('https://'), question.message)
        for name in ("Uhuru Academy", "Saint Bartholomew International School of Kilimanjaro " * 3):
            self.school.name = name
            self.env.invalidate_all()
            self.assertEqual(sms_text.count_messages(question.message), 1)
            self.assertIn(question.url.removeprefix('https://'), question.message)

    def test_it_goes_to_the_number_that_paid_once_a_day(self):
        self.connect_gateway()
        question = self.ask_payer(self.wait())
        sms = self.send(question)
        self.assertEqual((sms.number, sms.body), (f'+{PHONE}', question.message))
        with freeze_time(self.at_hour(9)):
            self.run_cron('sms.ir_cron_sms_scheduler_action')
        message, = self.control.sms_messages()
        self.assertEqual(message['text'], question.message)
        with self.assertRaisesRegex(UserError, "within a day already"):
            question.action_send_by_sms()
        self.assertEqual(len(self.control.sms_messages()), 1)

    def test_it_does_not_go_when_the_owner_is_known_by_then(self):
        self.connect_gateway()
        movement = self.wait()
        sms = self.send(self.ask_payer(movement))
        movement._identify_as([(self.hope, Decimal(3_000))])
        with freeze_time(self.at_hour(9)):
            self.run_cron('sms.ir_cron_sms_scheduler_action')
        self.assertFalse(self.control.sms_messages())
        self.assertEqual((sms.state, sms.to_delete), ('canceled', True))

    def test_it_does_not_go_at_night_nor_after_its_last_day(self):
        self.connect_gateway()
        question = self.ask_payer(self.wait())
        sms = self.send(question)
        with freeze_time(self.at_hour(20)):
            self.assertFalse(sms._is_due())
        self.assertEqual((sms.state, sms.failure_type), ('error', False))
        self.assertEqual(sms.school_next_try_at, self.at_hour(4) + timedelta(days=1))
        with freeze_time(self.at_hour(4) + timedelta(days=1)):
            self.env['sms.sms']._retry_due()
            self.assertEqual(sms.state, 'outgoing')
            self.assertTrue(sms._is_due())
        with freeze_time(self.at_hour(9) + timedelta(days=const.QUESTION_DAYS + 1)):
            self.assertFalse(sms._is_due())
        self.assertEqual(sms.state, 'canceled')

    def test_the_days_to_answer_begin_when_it_is_sent(self):
        self.connect_gateway()
        question = self.ask_payer(self.wait())
        last_day, slug = question.expires_on, question.sudo().slug
        question.sudo().expires_on -= timedelta(days=3)
        first = self.send(question)
        self.assertEqual((question.expires_on, question.sudo().slug), (last_day, slug))
        question.sudo().write({
            'expires_on': last_day - timedelta(days=const.QUESTION_DAYS + 1),
            'sent_at': question.sent_at - timedelta(days=2),
        })
        second = self.send(question)
        self.assertEqual(question.expires_on, last_day)
        self.assertNotEqual(question.sudo().slug, slug, "A closed address is not opened again.")
        self.assertIn(question.sudo().slug, second.body)
        self.assertEqual(first.state, 'canceled', "One of them is enough.")

    def test_an_account_that_names_somebody_is_not_called_unknown(self):
        self.drain_c2b(CODE, '3000.00', 'ADM-10453', MSISDN=PHONE)
        movement = self.get_movements().with_user(self.bursar)
        movement.receipt_id.with_user(self.bursar)._ask_reversal('mistake', "The wrong child")
        movement.receipt_id.with_user(
            self.create_staff('question_payer_approver', 'approver'),
        ).action_approve_reversal()
        self.assertEqual(movement.booking_state, 'unidentified')
        self.drain_c2b('UIE4K7P2Q1', '500.00', 'ADM-10453 ADM-20117', MSISDN=PHONE)
        several = self.get_movements().filtered(
            lambda movement: movement.receipt == 'UIE4K7P2Q1'
        ).with_user(self.bursar)
        self.assertEqual(several.booking_state, 'unidentified')
        for one in (movement, several):
            question = self.ask_payer(one)
            self.assertNotIn("matches no student", question.message)
            self.assertIn("Who is it for?", question.message)
            self.assertNotIn("names no student", self.text_of(self.open(question)))

    def test_what_cannot_be_sent_is_not(self):
        question = self.ask_payer(self.wait())
        with self.assertRaisesRegex(UserError, "no SMS gateway"):
            question.action_send_by_sms()
        self.connect_gateway()
        question.mpesa_transaction_id.sudo().write({'payer_sealed': False})
        with self.assertRaisesRegex(UserError, "did not give the payer's number"):
            question.action_send_by_sms()
        self.assertFalse(question.sent_at)

    def test_who_wants_no_sms_is_not_asked(self):
        self.connect_gateway()
        self.env['phone.blacklist'].add(f'+{PHONE}')
        question = self.ask_payer(self.wait())
        with self.assertRaisesRegex(UserError, "wants no SMS"):
            question.action_send_by_sms()
        self.assertFalse(question.sent_at)

    def test_a_school_that_sends_no_more_asks_nobody(self):
        self.connect_gateway()
        sms = self.send(self.ask_payer(self.wait()))
        self.school.school_sms_gateway = False
        self.assertEqual((sms.state, sms.to_delete), ('canceled', True))

    def test_a_number_that_took_nothing_is_forgotten(self):
        self.connect_gateway()
        question = self.ask_payer(self.wait())
        sms = self.send(question)
        self.env['mpesa.payer.question']._gc_numbers()
        self.assertFalse(sms.to_delete, "It is on its way.")
        sms.action_set_error('sms_number_format')
        self.env['mpesa.payer.question']._gc_numbers()
        self.assertTrue(sms.to_delete)

    def test_who_may_ask(self):
        movement = self.wait()
        cashier = self.create_staff('question_payer_cashier', 'cashier')
        with self.assertRaises(AccessError):
            movement.with_user(cashier).action_ask_payer()
        question = self.ask_payer(movement)
        other = self.create_school("Mwangaza School")
        stranger = new_test_user(
            self.env, login='question_payer_stranger', groups='school_fees.group_bursar',
            company_id=other.id, company_ids=[Command.set(other.ids)],
        )
        theirs = movement.with_user(stranger).with_context(allowed_company_ids=other.ids)
        for press in (
            theirs.browse(movement.id).action_ask_payer,
            theirs.env['mpesa.payer.question'].browse(question.id).action_send_by_sms,
            lambda: question.with_user(self.bursar).write({'answer': "Grace"}),
        ):
            with self.assertRaises(AccessError):
                press()

    def test_nobody_is_asked_about_booked_money(self):
        movement = self.wait()
        question = self.ask_payer(movement)
        movement._identify_as([(self.hope, Decimal(3_000))])
        for press in (movement.action_ask_payer, question.action_send_by_sms):
            with self.assertRaisesRegex(UserError, movement.receipt_id.number):
                press()

    # === THE PAGE === #

    def test_what_the_page_shows(self):
        response = self.open(self.ask_payer(self.wait()))
        text = self.text_of(response)
        for part in (
            "Who is this payment for?", "KES 3,000", CODE, '"2014B"', "020 123 4567",
            "Name or admission number of the student",
        ):
            self.assertIn(part, text)
        for secret in ('WANJIKU', '712000111', '0712', '*** 111', "Hope", "Grace"):
            self.assertNotIn(secret, response.text)
        self.assertNotIn('<script', response.text)
        self.assertEqual(response.headers['Cache-Control'], 'no-store')

    def test_in_swahili(self):
        question = self.ask_payer(self.wait())
        for response in (
            self.open(question, 'sw'), self.send_answer(question, '', lang='sw'),
            self.send_answer(question, lang='sw'),
        ):
            self.assertIn('<html lang="sw">', response.text)
            self.assertFalse(set(re.findall(r'[A-Za-z]{4,}', self.text_of(response))) & {
                'payment', 'received', 'code', 'account', 'Name', 'number', 'student', 'Class',
                'Tell', 'school', 'Thank', 'office', 'sent',
            })

    def test_one_answer_whether_there_is_such_a_student_or_not(self):
        question = self.ask_payer(self.wait())
        answers = {
            (answer.status_code, answer.content)
            for who in ("Hope Wanja", "ADM-20117", "Nobody Known", "Stranger", "<b>x</b>")
            for answer in [self.send_answer(question, who)]
        }
        self.assertEqual(len(answers), 1)
        self.assertEqual(answers.pop()[0], 200)

    def test_nothing_typed_is_said_beside_the_field(self):
        question = self.ask_payer(self.wait())
        response = self.send_answer(question, '  ', 'Grade 8')
        self.assertEqual(response.status_code, 422)
        self.assertIn("Enter the name or the admission number", response.text)
        self.assertIn('value="Grade 8"', response.text)
        self.assertFalse(question.answer)

    def test_too_many_answers_are_not_taken(self):
        question = self.ask_payer(self.wait())
        self.patch(const, 'CLAIM_LIMITS', ((0, 600),))
        response = self.send_answer(question)
        self.assertEqual(response.status_code, 422)
        self.assertIn("Too much was sent", response.text)
        self.assertFalse(question.answer)

    def test_what_opens_nothing_is_the_neutral_page(self):
        movement = self.wait()
        question = self.ask_payer(movement)
        neutral = self.url_open(f'/p/{"0" * 12}').content
        self.assertNotEqual(self.open(question).content, neutral)
        question.sudo().expires_on -= timedelta(days=const.QUESTION_DAYS + 1)
        self.assertEqual(self.open(question).content, neutral)
        old = question.sudo().slug
        self.ask_payer(movement)
        self.assertNotEqual(question.sudo().slug, old, "Asked anew, at a new address.")
        self.assertEqual(self.open(question).status_code, 200)
        movement._identify_as([(self.hope, Decimal(3_000))])
        for answer in (self.open(question), self.send_answer(question)):
            self.assertEqual((answer.status_code, answer.content), (404, neutral))
        self.assertFalse(question.answer)
        self.assertEqual(self.url_open(f'/p/{question.sudo().slug}').content, neutral)

    # === THE HINT === #

    def test_the_answer_is_a_suggestion_and_books_nothing(self):
        movement = self.wait()
        question = self.ask_payer(movement)
        self.assertFalse(movement.suggestion)
        self.send_answer(question, "ADM-20117", "Grade 8")
        self.assertIn("The payer says: ADM-20117, Grade 8", movement.suggestion)
        self.assertIn("Hope Wanja", movement.suggestion)
        self.assert_books(3_000, suspense=3_000)
        self.assertEqual(movement.only_suggestion, f'school.student,{self.hope.id}')
        movement.with_context(
            school_accepted=movement.only_suggestion,
        ).action_accept_suggestion()
        self.assertEqual(self.hope.balance, -3_000)
        self.assert_books(3_000)

    def test_words_that_name_nobody_are_shown_all_the_same(self):
        movement = self.wait()
        question = self.ask_payer(movement)
        self.send_answer(question, "my sister's child")
        self.assertEqual(movement.suggestion, "The payer says: my sister's child")
        self.send_answer(question, "call 0712 000 111")
        self.assertNotIn('000 111', movement.suggestion)

    def test_a_class_is_no_admission_number(self):
        peter = self.create_student("Peter Otieno", "8")
        movement = self.wait()
        self.send_answer(self.ask_payer(movement), "Hope Wanja", "Grade 8")
        self.assertIn("The payer says: Hope Wanja, Grade 8", movement.suggestion)
        self.assertEqual(set(dict(movement._get_suggestions()[movement])), {self.hope})
        self.assertNotIn(peter.display_name, movement.suggestion)

    def test_only_a_reference_says_so(self):
        movement = self.wait()
        question = self.ask_payer(movement)
        for who, reason in (
            ("Hope Wanja", "A name of the student"), ("ADM-20171", "One sign differs"),
            ("ADM-20117 Kamau Barasa", "the words beside it do not"),
        ):
            with self.subTest(who):
                self.send_answer(question, who)
                self.assertIn("Hope Wanja", movement.suggestion)
                self.assertIn(reason, movement.suggestion)
                self.assertNotIn("says so", movement.suggestion)
                self.assertFalse(movement.only_suggestion)
                wizard = Form(self.env['mpesa.identify.wizard'].with_user(self.bursar).with_context(
                    **movement.action_identify()['context'],
                )).save()
                self.assertEqual(wizard.suggestion_ids.student_id, self.hope)
                self.assertFalse(wizard.line_ids)
        self.send_answer(question, "adm 20117")
        self.assertIn("says so", movement.suggestion)
        self.assertEqual(movement.only_suggestion, f'school.student,{self.hope.id}')

    def test_the_class_tells_apart_whom_the_name_fits(self):
        other = self.create_student("Hope Akinyi", "ADM-30999")
        self.enrol(self.hope, self.create_class(self.create_level("Grade 8", 'G8E'), "East"))
        movement = self.wait()
        question = self.ask_payer(movement)
        for class_name, found in (
            ('', self.hope | other), ('grade 8', self.hope), ('Form 3', self.hope | other),
        ):
            with self.subTest(class_name):
                self.send_answer(question, "Hope", class_name)
                students = self.env['school.student'].union(
                    *dict(movement._get_suggestions()[movement]),
                )
                self.assertEqual(students, found)

    def test_what_was_typed_first_is_the_better_reason_for_the_same_student(self):
        movement = self.wait('ADM-20171')
        only = movement.only_suggestion
        self.assertEqual(only, f'school.student,{self.hope.id}')
        self.send_answer(self.ask_payer(movement), "Hope Wanja")
        self.assertIn("One sign differs", movement.suggestion)
        self.assertEqual(movement.only_suggestion, only)

    def test_a_long_admission_number_is_no_phone_number(self):
        for number in ("10453/2024", "12345/2019", "104532025"):
            self.create_student("Amina Yusuf", number)
        movement = self.wait()
        question = self.ask_payer(movement)
        for said, kept in (
            ("10453/2024", "10453/2024"), ("12345/2019", "12345/2019"),
            ("104532025", "104532025"), ("12345/2018", "12345/2018"),
            ("0712 000 111", "0712 *** 111"), ("ring 0712/000/111", "ring 0712 *** 111"),
            ("ADM-20117 0712000111", "ADM-20117 0712 *** 111"),
        ):
            with self.subTest(said):
                self.send_answer(question, said)
                self.assertEqual(question.answer, kept)
        self.send_answer(question, "Hope", "8 East 0712000111")
        self.assertEqual(question.class_name, "8 East 0712 *** 111")

    def test_a_claim_against_the_answer_is_shown_beside_it(self):
        movement = self.wait()
        self.send_answer(self.ask_payer(movement), "ADM-20117")
        self.env['school.payment.claim']._file(self.grace, CODE, source='page')
        self.env.invalidate_all()
        self.assertFalse(movement.only_suggestion)
        self.assertLess(
            movement.suggestion.index("Hope Wanja"), movement.suggestion.index("Grace Njeri"),
        )

    def test_the_answer_is_forgotten(self):
        movement = self.wait()
        question = self.ask_payer(movement)
        self.send_answer(question, "Hope Wanja", "Grade 8")
        Question = self.env['mpesa.payer.question']
        kept = const.QUESTION_DAYS + const.ANSWER_DAYS
        with freeze_time(self.at_hour(9) + timedelta(days=kept)):
            Question._gc_answers()
        self.assertEqual(question.answer, "Hope Wanja")
        with freeze_time(self.at_hour(9) + timedelta(days=kept + 1)):
            Question._gc_answers()
        self.assertEqual((question.answer, question.class_name), (False, False))
        self.send_answer(question, "Hope Wanja", "Grade 8")
        movement._identify_as([(self.hope, Decimal(3_000))])
        Question._gc_answers()
        self.assertEqual((question.answer, question.class_name), (False, False))
