from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .message_common import NOON, MessageCommon


EVENING = datetime(2026, 9, 14, 17, 0)  # 20:00 in Kenya.
MORNING = datetime(2026, 9, 15, 4, 0)  # 7:00 there, the next day.


@tagged('post_install', '-at_install')
class TestMessageWizard(MessageCommon):
    """*Send balance by SMS*: to those who owe, with a look before, and not at night."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paid = cls.create_student("Brian Kamau", '2050')
        cls.create_guardian(cls.paid, "Jane Kamau", phone='0712 000 222')
        cls.bursar = cls.create_staff('bursar_sms', 'bursar')

    def open(self, students=None, user=None):
        students = students or self.student | self.paid
        return self.env['school.message.wizard'].with_user(user or self.bursar).create({
            'student_ids': students.ids,
        })

    def test_what_is_shown_before(self):
        with freeze_time(NOON):
            wizard = self.open()
            self.assertEqual(
                (wizard.student_count, wizard.owing_count, wizard.message_count, wizard.sms_count),
                (2, 1, 1, 1),
            )
            self.assertTrue(wizard.preview.startswith(
                "Uhuru Academy: Amina Otieno (2041) balance KES 31,000, due 31 Aug."
            ))
            self.assertEqual(wizard.preview_length, len(wizard.preview))
            self.assertFalse(wizard.send_after)

    def test_only_those_who_owe_are_told_and_once_a_day(self):
        with freeze_time(NOON):
            self.open().action_send()
        self.tell()
        self.assertEqual(len(self.sent), 1)
        self.assertIn("balance KES 31,000", self.sent[0])
        with freeze_time(NOON):
            wizard = self.open()
            self.assertEqual((wizard.message_count, wizard.told_count), (0, 1))
            with self.refusal(UserError, "Nobody is to be told"):
                wizard.action_send()

    def test_not_at_night(self):
        with freeze_time(EVENING):
            wizard = self.open()
            self.assertEqual(wizard.send_after, MORNING)
            wizard.action_send()
        self.tell(EVENING)
        self.assertFalse(self.sent)
        self.assertEqual(self.messages().state, 'waiting')
        self.tell(MORNING)
        self.assertEqual(len(self.sent), 1)

    def test_receipts_go_out_at_night(self):
        self.create_receipt({self.student: 100})
        self.tell(EVENING)
        self.assertEqual(len(self.sent), 1)

    def test_a_retry_of_a_reminder_waits_for_the_morning(self):
        self.control.set_sms(mode='down')
        at = datetime(2026, 9, 14, 16, 59, 30)
        with freeze_time(at):
            self.open().action_send()
        self.tell(at)
        self.assertEqual(self.messages().next_try_at, MORNING)

    def test_who_pays_before_the_morning_is_not_reminded(self):
        with freeze_time(EVENING):
            self.open().action_send()
        self.create_receipt({self.student: 31_000})
        self.tell(MORNING)
        self.assertEqual(self.messages(kind='balance').state, 'cancelled')
        self.assertNotIn("balance KES", ''.join(self.sent))

    def test_a_class(self):
        school_class = self.create_class(self.create_level())
        self.enrol(self.student, school_class)
        self.enrol(self.paid, school_class)
        with freeze_time(NOON):
            action = school_class.with_user(self.bursar).action_send_balance()
            form = Form(self.env['school.message.wizard'].with_user(self.bursar).with_context(
                **action['context'],
            ))
            self.assertEqual((form.student_count, form.message_count), (2, 1))

    # === BILLS === #

    def open_bills(self, bills, user=None):
        """ Open the wizard as the button on the bills does. """
        action = bills.with_user(user or self.bursar).action_send_bill_by_sms()
        return Form(self.env['school.message.wizard'].with_user(user or self.bursar).with_context(
            **action['context'],
        )).save()

    def test_a_bill(self):
        with freeze_time(NOON):
            wizard = self.open_bills(self.bill)
            self.assertEqual((wizard.kind, wizard.owing_count, wizard.message_count), (
                'bill', 1, 1,
            ))
            preview = wizard.preview
            wizard.action_send()
        self.tell()
        [text] = self.sent
        self.assertEqual(text, preview)
        self.assertTrue(text.startswith(
            "Uhuru Academy: Term 3 fees for Amina Otieno (2041): KES 31,000, due 31 Aug."
        ), text)
        self.assertEqual(self.messages().invoice_id, self.bill)
        with freeze_time('2026-09-16 09:00:00'):
            again = self.open_bills(self.bill)
            self.assertEqual((again.message_count, again.told_count), (0, 1))
            with self.refusal(UserError, "Nobody is to be told"):
                again.action_send()

    def test_a_bill_that_is_paid_in_part(self):
        self.create_receipt({self.student: 15_000})
        self.tell()
        with freeze_time(NOON):
            self.open_bills(self.bill).action_send()
        self.tell()
        self.assertIn("KES 16,000 left of KES 31,000, due 31 Aug.", self.sent[-1])
        self.assertLessEqual(len(self.sent[-1]), 160)

    def test_only_bills_with_something_to_pay(self):
        self.create_receipt({self.student: 31_000})
        draft = self.create_term_bill(self.paid, self.term_3, 9_000, post=False)
        with freeze_time(NOON):
            wizard = self.open_bills(self.bill | draft)
            self.assertEqual((wizard.student_count, wizard.owing_count), (2, 0))
            with self.refusal(UserError, "Nobody is to be told"):
                wizard.action_send()

    def test_a_bill_that_is_paid_before_the_morning_is_not_told(self):
        with freeze_time(EVENING):
            self.open_bills(self.bill).action_send()
        self.create_receipt({self.student: 31_000})
        self.tell(MORNING)
        self.assertEqual(self.messages(kind='bill').state, 'cancelled')

    def test_the_bills_of_a_run(self):
        other = self.create_term_bill(self.paid, self.term_3, 9_000)
        run = self.env['school.bill.run'].create({'term_id': self.term_3.id})
        (self.bill | other).sudo().bill_run_id = run
        with freeze_time(NOON):
            action = run.with_user(self.bursar).action_send_bills_by_sms()
            self.assertEqual({*action['context']['default_bill_ids']}, {self.bill.id, other.id})
            wizard = self.open_bills(run.move_ids)
            self.assertEqual(wizard.message_count, 2)
            wizard.action_send()
        self.tell()
        self.assertEqual(len(self.sent), 2)

    def test_many_bills_cost_no_more_than_their_messages(self):
        students = self.env['school.student'].concat(*(
            self.create_student(f"Student {n}", f'30{n:02d}') for n in range(13)
        ))
        for n, student in enumerate(students):
            self.create_guardian(student, f"Guardian {n}", phone=f'0713 000 0{n:02d}')
        bills = self.env['account.move'].concat(*(
            self.create_term_bill(student, self.term_3, 1_000) for student in students
        ))

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with freeze_time(NOON):
                wizard = self.open_bills(some)  # With the preview.
                self.assertEqual(wizard.message_count, len(some))
                wizard.action_send()
                self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(bills[:1])
        few = count(bills[1:3])
        self.assertLessEqual(count(bills[3:]) - few, 0)

    # === RIGHTS === #

    def test_the_guardians_of_many_cost_no_query_each(self):
        many = self.student | self.paid
        for number in range(300, 310):
            student = self.create_student(f"Student {number}", f'{number}')
            self.create_guardian(student, f"Guardian {number}", phone=f'0722 000 {number}')
            many |= student
        blocked = many[-1]
        self.env['phone.blacklist'].add('+254722000309')
        costs = []
        for students in (self.student | blocked, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            guardians = students._read_message_guardians()
            costs.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(costs[1], costs[0])
        self.assertEqual([len(guardians[student]) for student in many], [1] * 11 + [0])
        self.assertFalse(blocked._get_message_guardians())
        self.assertEqual(self.student._get_message_guardians(), self.guardian)

    def test_who_may(self):
        with freeze_time(NOON):
            for group in ('cashier', 'class_teacher'):
                with self.subTest(group=group), self.assertRaises(AccessError):
                    self.open(user=self.create_staff(f'{group}_sms', group))
            with self.assertRaises(AccessError):
                self.open_bills(self.bill, user=self.create_staff('cashier_bills', 'cashier'))
        message = self.env['school.message'].sudo().create({
            'kind': 'balance', 'student_id': self.student.id, 'partner_id': self.guardian.id,
            'company_id': self.school.id, 'day': '2026-09-14', 'state': 'failed',
        })
        with self.assertRaises(AccessError):
            message.with_user(self.create_staff('cashier_sms2', 'cashier')).action_retry()

    def test_a_school_without_gateway(self):
        self.school.school_sms_gateway = False
        with self.refusal(UserError, "no SMS gateway"):
            self.open().action_send()
