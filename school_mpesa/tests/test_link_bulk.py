from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.school_mpesa.tests.sms_common import EVENING, MORNING, NOON, SmsCommon


@tagged('post_install', '-at_install')
@freeze_time(NOON)
class TestLinkBulk(SmsCommon):
    """Payment links for a class, a level, a choice, or everyone who owes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level = cls.create_level()
        cls.school_class = cls.create_class(cls.level)
        cls.brian = cls.create_student("Brian Kamau", 'ADM-013')
        cls.create_term_bill(cls.brian, cls.term_3, 4_000.50)
        cls.zawadi = cls.create_student("Zawadi Baraka", 'ADM-014')
        for student in cls.student | cls.brian | cls.zawadi:
            cls.enrol(student, cls.school_class)
        cls.kevin = cls.create_student("Kevin Mwangi", 'ADM-015')
        cls.create_term_bill(cls.kevin, cls.term_3, 700)

    def open(self, user=None, **values):
        return self.env['mpesa.link.bulk'].with_user(user or self.bursar).create({
            'chosen_by': 'class', 'class_ids': self.school_class.ids, **values,
        })

    def preview(self, **values):
        wizard = self.open(**values)
        action = wizard.action_preview()
        self.assertEqual((action['res_id'], wizard.state), (wizard.id, 'preview'))
        return wizard

    def make(self, **values):
        wizard = self.preview(**values)
        wizard.action_make()
        return wizard.line_ids.link_id

    def links_of(self, students):
        return self.env['mpesa.payment.link'].search([
            ('student_id', 'in', students.ids), ('kind', '=', 'link'),
        ], order='id')

    # === THE LOOK BEFORE === #

    def test_who_gets_a_link_and_who_does_not(self):
        self.make_link(self.kevin)
        wizard = self.preview(chosen_by='students', student_ids=(
            self.student | self.brian | self.zawadi | self.kevin
        ).ids)
        self.assertEqual({line.student_id: line.asked for line in wizard.ready_line_ids}, {
            self.student: 32_500, self.brian: 4_001,
        })
        self.assertEqual({line.student_id: line.reason for line in wizard.left_line_ids}, {
            self.zawadi: 'nothing', self.kevin: 'open_link',
        })
        self.assertEqual(
            (wizard.link_count, wizard.asked, wizard.left_count), (2, 36_501, 2),
        )
        self.assertEqual((wizard.sms_count, wizard.silent_count), (1, 1))
        self.assertFalse(self.links_of(self.student | self.brian), "It is only a look.")

    def test_why_nobody_is_told(self):
        self.create_guardian(self.brian, "Jane Kamau", phone='0722 000 111', sms=False)
        self.guardian.phone = False
        wizard = self.preview()
        self.assertEqual({line.student_id: line.sms for line in wizard.ready_line_ids}, {
            self.student: 'no_phone', self.brian: 'no_sms',
        })
        self.guardian.write({'phone': '+254712000111', 'school_sms_optout': True})
        wizard.action_back()
        wizard.action_preview()
        self.assertEqual(len(wizard.line_ids), 3, "The look of before is gone.")
        self.assertEqual({line.student_id: line.sms for line in wizard.ready_line_ids}, {
            self.student: 'no_sms', self.brian: 'no_sms',
        })

    def test_a_fixed_amount_is_never_more_than_what_is_due(self):
        wizard = self.preview(asks_for='amount', amount=5_000)
        self.assertEqual({line.student_id: line.asked for line in wizard.ready_line_ids}, {
            self.student: 5_000, self.brian: 4_001,
        })

    def test_whom_it_finds(self):
        other = self.create_school("Other School")
        stranger = self.env['school.student'].with_company(other).create({
            'name': "Stranger", 'admission_no': 'ADM-012', 'company_id': other.id,
        })
        self.kevin.write({'state': 'left', 'left_on': '2026-09-01'})
        second = self.create_class(self.level, stream="North")
        amina = self.create_student("Amina Ali", 'ADM-016')
        self.enrol(amina, second)
        for values, expected in (
            ({'chosen_by': 'owing'}, self.student | self.brian | self.kevin),
            ({'chosen_by': 'class'}, self.student | self.brian | self.zawadi),
            ({'chosen_by': 'level', 'level_ids': self.level.ids},
             self.student | self.brian | self.zawadi | amina),
        ):
            with self.subTest(values=values):
                found = self.preview(**values).line_ids.student_id
                self.assertEqual(set(found.ids), set(expected.ids))
                self.assertNotIn(stranger, found)
        with self.refusal(UserError, "Nobody is found"):
            self.open(class_ids=[]).action_preview()

    def test_chosen_in_the_list_of_students(self):
        students = (self.student | self.kevin).with_user(self.bursar)
        wizard = self.env['mpesa.link.bulk'].with_user(self.bursar).with_context(
            **students.action_mpesa_links()['context'],
        ).create({})
        self.assertEqual((wizard.chosen_by, wizard.student_count), ('students', 2))
        wizard.action_preview()
        self.assertEqual(wizard.line_ids.student_id, students)
        other = self.create_school("Other School")
        stranger = self.env['school.student'].with_company(other).create({
            'name': "Stranger", 'admission_no': 'ADM-012', 'company_id': other.id,
        })
        with self.refusal(UserError, "students of one school"):
            (self.student | stranger).action_mpesa_links()

    # === MAKING === #

    def test_the_links_of_a_class(self):
        wizard = self.preview(description=" Term 3 fees ", expires_on='2026-09-30', max_uses=2)
        action = wizard.action_make()
        links = self.links_of(self.school_class.enrolment_ids.student_id)
        self.assertEqual(links.student_id, self.student | self.brian)
        for link in links:
            asked = {self.student: 32_500, self.brian: 4_001}[link.student_id]
            self.assertEqual(
                (link.kind, link.state, link.description, str(link.expires_on), link.max_uses),
                ('link', 'active', "Term 3 fees", '2026-09-30', 2),
            )
            self.assertEqual((link.amount, link.asked, link.first_asked), (0, asked, asked))
            self.assertEqual((link.create_uid, link.may_change), (self.bursar, True))
        self.assertEqual(len(set(links.mapped('slug'))), 2)
        self.assertFalse(links.sms_ids)
        self.assertEqual(action['params']['message'], "Payment links made: 2.")
        listed = action['params']['next']
        self.assertEqual(listed['res_model'], 'mpesa.payment.link')
        self.assertEqual(
            self.env['mpesa.payment.link'].search(listed['domain'], order='id'), links,
        )

    def test_the_same_run_makes_no_second_live_link(self):
        first = self.make()
        again = self.preview()
        self.assertFalse(again.ready_line_ids)
        with self.refusal(UserError, "Nobody is ticked"):
            again.action_make()
        self.assertEqual(self.links_of(self.student | self.brian), first.sudo().sorted('id'))
        second = self.make(again=True)
        self.assertEqual(second.student_id, first.student_id)
        self.assertFalse(second & first)

    def test_a_link_that_a_guardian_made_for_a_relative_hinders_none(self):
        self.assertEqual(self.make_relatives_link(amount=32_500).state, 'active')
        self.assertEqual(len(self.make(chosen_by='students', student_ids=self.student.ids)), 1)

    def test_an_open_link_over_less_hinders_none(self):
        self.make_link(amount=500, description="Trip")
        self.make_link(self.brian, amount=4_001)
        wizard = self.preview()
        self.assertEqual(wizard.ready_line_ids.student_id, self.student)
        left = {line.student_id: (line.reason, line.open_asked) for line in wizard.left_line_ids}
        self.assertEqual(left[self.brian], ('open_link', 4_001))
        wizard.action_make()
        self.assertEqual(self.links_of(self.student).mapped('asked'), [500, 32_500])
        less = self.preview(asks_for='amount', amount=400)
        self.assertFalse(less.ready_line_ids)
        more = self.preview(asks_for='amount', amount=600, again=True)
        self.assertEqual(more.ready_line_ids.student_id, self.student | self.brian)

    def test_one_run_at_a_time(self):
        """ Each run writes the same row of the school before it looks who has a link. """
        before = self.school.mpesa_link_run_number
        seen = []
        judge = type(self.env['mpesa.link.bulk'])._judge

        def look(wizard, students):
            wizard.env.cr.execute(
                "SELECT mpesa_link_run_number FROM res_company WHERE id = %s", [self.school.id],
            )
            seen.append(wizard.env.cr.fetchone()[0])
            return judge(wizard, students)

        self.patch(type(self.env['mpesa.link.bulk']), '_judge', look)
        self.make()
        self.assertEqual([number or 0 for number in seen], [before, before + 1])

    def test_a_link_that_asks_for_nothing_more_or_is_closed_hinders_none(self):
        spent = self.make_link(amount=5_000)
        tx = self.ask(amount=5_000, channel='payment_link', link=spent, invoices=self.bill[:0])
        tx._mpesa_move_to('paid')
        self.make_link(self.brian, expires_on='2026-09-13')
        self.assertEqual((spent.state, spent.asked), ('active', 0))
        self.assertEqual(self.make().student_id, self.student | self.brian)

    def test_who_is_unticked_gets_none(self):
        wizard = self.preview()
        line = wizard.ready_line_ids.filtered(lambda line: line.student_id == self.brian)
        wizard.write({'ready_line_ids': [Command.update(line.id, {'is_made': False})]})
        self.assertEqual((wizard.link_count, wizard.asked), (1, 32_500))
        wizard.action_make()
        self.assertEqual(wizard.line_ids.link_id.student_id, self.student)

    def test_pressed_twice_it_makes_them_once(self):
        wizard = self.preview(send_sms=True)
        wizard.action_make()
        message = wizard.action_make()['params']['message']
        self.assertIn("made already", message)
        links = self.links_of(self.student | self.brian)
        self.assertEqual((len(links), len(links.sms_ids)), (2, 1))

    def test_who_paid_after_the_look_is_left_out(self):
        wizard = self.preview()
        self.create_receipt({self.student: 32_500}, date='2026-09-01')
        message = wizard.action_make()['params']['message']
        self.assertIn("Payment links made: 1.", message)
        self.assertIn("got a link after the preview: 1.", message)
        self.assertFalse(self.links_of(self.student))

    def test_no_link_without_a_look(self):
        with self.refusal(UserError, "preview first"):
            self.open().action_make()

    def test_what_no_parent_could_pay_is_refused(self):
        for values, words in (
            ({'asks_for': 'amount', 'amount': 0}, "or more"),
            ({'asks_for': 'amount', 'amount': 500.50}, "without cents"),
            ({'asks_for': 'amount', 'amount': 300_000, 'may_change': False}, "250,000"),
            ({'expires_on': '2026-09-13'}, "day is over"),
            ({'max_uses': -1}, "below zero"),
        ):
            with self.subTest(values=values), self.refusal(UserError, words):
                self.open(**values).action_preview()
        wizard = self.preview()
        wizard.expires_on = '2026-09-13'  # After the look.
        with self.refusal(UserError, "day is over"):
            wizard.action_make()
        self.provider.state = 'disabled'
        with self.refusal(UserError, "does not collect by M-PESA"):
            self.open().action_preview()

    # === SENDING === #

    def test_made_and_sent(self):
        wizard = self.preview(send_sms=True)
        message = wizard.action_make()['params']['message']
        self.assertEqual(message, (
            "Payment links made: 2. The link is on its way by SMS. Not sent: no guardian with a"
            " phone number takes SMS 1."
        ))
        self.tell()
        [text] = self.sent
        self.assertIn("Please pay KES 32,500 for Faith Otieno (ADM-012)", text)
        self.assertIn(f"/p/{self.links_of(self.student).slug}", text)

    def test_not_at_night(self):
        with freeze_time(EVENING):
            wizard = self.preview(send_sms=True)
            self.assertIn("7:00 in the morning", wizard.action_make()['params']['message'])
        self.assertEqual(wizard.line_ids.link_id.sms_ids.send_after, MORNING)
        self.tell(EVENING)
        self.assertFalse(self.sent)

    def test_not_when_they_expire_before_the_morning(self):
        with freeze_time(EVENING):
            with self.refusal(UserError, "expire before the morning"):
                self.open(send_sms=True, expires_on='2026-09-14').action_preview()
            wizard = self.preview(send_sms=True, expires_on='2026-09-15')
            wizard.expires_on = '2026-09-14'  # After the look.
            with self.refusal(UserError, "expire before the morning"):
                wizard.action_make()
        self.assertFalse(self.links_of(self.student))

    def test_no_gateway(self):
        self.school.school_sms_gateway = False
        with self.refusal(UserError, "no SMS gateway"):
            self.open(send_sms=True).action_preview()
        self.assertEqual(len(self.make()), 2)

    # === COST === #

    def test_a_thousand_cost_no_more_queries_than_a_few(self):
        few, many = self.create_many(4), self.create_many(24)
        self.make(class_ids=self.create_many(2).ids, send_sms=True)  # What is looked up once.
        for values in ({}, {'asks_for': 'amount', 'amount': 500}):
            wizards = [
                self.open(class_ids=school_class.ids, send_sms=True, again=True, **values)
                for school_class in (few, many)
            ]
            for button in ('action_preview', 'action_make'):
                with self.subTest(values=values, button=button):
                    costs = [self.count_queries(getattr(wizard, button)) for wizard in wizards]
                    self.assertLessEqual(costs[1], costs[0])
            self.assertEqual([len(wizard.line_ids.link_id) for wizard in wizards], [4, 24])
            self.assertEqual(len(wizards[1].line_ids.link_id.sms_ids), 24)

    def create_many(self, count):
        """ Create a class of so many students with a guardian and a bill each. """
        school_class = self.create_class(self.level, stream=f"of {count}")
        first = 200 + self.env['school.student'].search_count([])
        for number in range(first, first + count):
            student = self.create_student(f"Student {number}", f'ADM-{number}')
            self.create_guardian(student, f"Guardian {number}", phone=f'0722 000 {number}')
            self.create_term_bill(student, self.term_3, 1_000)
            self.enrol(student, school_class)
        return school_class

    # === WHO MAY === #

    def test_only_the_office_of_the_school(self):
        wizard = self.preview()
        with self.assertRaises(AccessError):
            self.open(user=self.create_staff('bulk-cashier', 'cashier'))
        second = self.create_staff('bulk-second', 'bursar')
        with self.assertRaises(AccessError):
            wizard.with_user(second).action_make()
        with self.assertRaises(AccessError):
            wizard.line_ids.with_user(second).read(['balance'])
        line = wizard.ready_line_ids[0]
        for values in ([Command.create({'student_id': self.kevin.id})], [Command.delete(line.id)]):
            with self.subTest(values=values), self.assertRaises(AccessError):
                wizard.write({'ready_line_ids': values})
        other = self.create_school("Other School")
        stranger = self.create_staff('bulk-stranger', 'bursar')
        stranger.write({'company_ids': [Command.set(other.ids)], 'company_id': other.id})
        theirs = self.env['mpesa.link.bulk'].with_user(stranger).with_context(
            allowed_company_ids=other.ids,
        )
        with self.assertRaises(UserError):  # The choice is of another school.
            theirs.create({
                'chosen_by': 'students', 'student_ids': self.student.ids, 'company_id': other.id,
            }).action_preview()
        self.assertFalse(self.links_of(self.student))
