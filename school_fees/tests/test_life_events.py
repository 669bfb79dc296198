from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-11-05')
class TestLifeEvents(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.grade_9 = cls.create_level("Grade 9", 'G9', sequence=9)
        cls.grade_8 = cls.create_level("Grade 8", 'G8', sequence=8, next_level_id=cls.grade_9.id)
        cls.eight = cls.create_class(cls.grade_8, stream="North")
        cls.nine = cls.create_class(cls.grade_9, stream="North")
        cls.family = cls.create_family()
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=cls.family.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=cls.family.id)
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020")
        cls.enrol(cls.faith, cls.eight, boarding='boarding')
        cls.enrol(cls.brian, cls.eight)
        cls.enrol(cls.grace, cls.nine)
        cls.bursar = new_test_user(
            cls.env, login='fees_bursar', groups='school_fees.group_bursar',
            company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
        )
        cls.bursar_env = cls.env(user=cls.bursar)

    def _create_next_year(self):
        return self.env['school.academic.year'].create({
            'name': "2027", 'date_from': '2027-01-01', 'date_to': '2027-12-31',
        })

    def _wizard(self, model, **values):
        return self.bursar_env[model].create(values)

    def _count_moves(self):
        return self.env['account.move'].search_count([('company_id', '=', self.school.id)])

    # === NEXT YEAR === #

    def test_the_next_year_follows_the_last_one(self):
        wizard = Form(self.bursar_env['school.next.year.wizard']).save()
        action = wizard.action_create()
        year = self.env['school.academic.year'].browse(action['res_id'])
        self.assertEqual(
            (year.name, year.date_from, year.date_to, year.company_id),
            ("2027", date(2027, 1, 1), date(2027, 12, 31), self.school),
        )
        terms = year.term_ids.sorted('sequence')
        self.assertEqual(terms.mapped('name'), ["Term 1", "Term 2", "Term 3"])
        for term, before in zip(terms, self.term_1 | self.term_2 | self.term_3, strict=True):
            self.assertEqual((term.date_from - before.date_from).days, 364)  # A Monday again.
            self.assertEqual(term.due_date - term.date_from, before.due_date - before.date_from)
            self.assertEqual(term.state, 'draft')
        # The year after that is the next one.
        self.assertEqual(self._wizard('school.next.year.wizard').name, "2028")

    def test_a_term_of_new_years_day_stays_in_its_year(self):
        self.term_1.write({'date_from': '2026-01-01', 'bill_date': '2026-01-01'})
        wizard = self._wizard('school.next.year.wizard')
        self.assertEqual(wizard.line_ids[0].date_from, date(2027, 1, 7))

    def test_a_wrong_next_year_leaves_nothing(self):
        with Form(self.bursar_env['school.next.year.wizard']) as form:
            with form.line_ids.edit(1) as line:
                line.date_from = '2027-02-01'
        with self.refusal(ValidationError, "begins before"):
            form.record.action_create()
        self.assertFalse(self.env['school.academic.year'].search([
            ('company_id', '=', self.school.id), ('name', '=', "2027"),
        ]))

    # === PROMOTION === #

    def test_classes_go_on_and_the_last_level_graduates(self):
        next_year = self._create_next_year()
        moves = self._count_moves()
        wizard = Form(self.bursar_env['school.promotion.wizard']).save()
        self.assertEqual((wizard.year_id, wizard.next_year_id), (self.year, next_year))
        self.assertEqual(
            [(line.class_id, line.student_count, line.next_level_id) for line in wizard.line_ids],
            [(self.eight, 2, self.grade_9), (self.nine, 1, self.grade_9.browse())],
        )
        wizard.line_ids[0].repeater_ids = self.brian
        wizard.action_promote()
        enrolments = self.env['school.enrolment'].search([('year_id', '=', next_year.id)])
        self.assertEqual(
            {enrolment.student_id: (enrolment.class_id.name, enrolment.boarding)
             for enrolment in enrolments},
            {
                self.faith: ("Grade 9 North 2027", 'boarding'),
                self.brian: ("Grade 8 North 2027", 'day'),
            },
        )
        self.assertEqual(set(enrolments.mapped('date_from')), {date(2027, 1, 1)})
        self.assertEqual(self.faith.class_id, self.eight)  # Until the year is over.
        with freeze_time('2027-01-05'):
            self.env.invalidate_all()
            self.assertEqual(self.faith.level_id, self.grade_9)
        self.assertEqual(
            (self.grace.state, self.grace.left_on), ('graduated', date(2026, 12, 31)),
        )
        self.assertEqual(self.grace.enrolment_ids.date_to, date(2026, 12, 31))
        self.assertEqual(self._count_moves(), moves)

    def test_a_class_goes_to_the_only_stream_of_the_next_level(self):
        self._create_next_year()
        self.nine.stream = "Blue"
        line = self._wizard('school.promotion.wizard').line_ids[0]
        self.assertEqual((line.next_stream, line.outcome), ("Blue", "Grade 9 Blue"))
        self.create_class(self.grade_9, stream="Green")
        lines = self._wizard('school.promotion.wizard').line_ids
        self.assertEqual(lines.mapped('outcome'), ["Grade 9 North", "Graduates"])

    def test_a_second_promotion_does_nothing(self):
        self._create_next_year()
        self._wizard('school.promotion.wizard').action_promote()
        enrolments = self.env['school.enrolment'].search([('company_id', '=', self.school.id)])
        again = self._wizard('school.promotion.wizard')
        self.assertFalse(again.line_ids)
        again.action_promote()
        self.assertEqual(
            self.env['school.enrolment'].search([('company_id', '=', self.school.id)]),
            enrolments,
        )

    def test_a_wizard_that_was_open_twice_enrols_once(self):
        self._create_next_year()
        first, second = (self._wizard('school.promotion.wizard') for _turn in range(2))
        first.action_promote()
        second.action_promote()
        self.assertEqual(len(self.faith.enrolment_ids), 2)

    def test_a_class_may_wait(self):
        self._create_next_year()
        wizard = self._wizard('school.promotion.wizard')
        wizard.line_ids[1].promote = False
        self.assertEqual(wizard.student_count, 2)
        wizard.action_promote()
        self.assertEqual(self.grace.state, 'active')
        self.assertEqual(self._wizard('school.promotion.wizard').line_ids.class_id, self.nine)

    def test_who_left_is_not_promoted(self):
        self._create_next_year()
        self.brian.state = 'left'
        self._wizard('school.promotion.wizard').action_promote()
        self.assertEqual(len(self.brian.enrolment_ids), 1)

    def test_promotion_needs_the_next_year(self):
        with self.refusal(UserError, "no academic year after 2026"):
            self._wizard('school.promotion.wizard').action_promote()

    def test_promotion_asks_no_more_for_more_students(self):
        self._create_next_year()

        def count_queries():
            before = self.cr.sql_log_count
            wizard = self._wizard('school.promotion.wizard')
            wizard.action_promote()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        few = count_queries()
        students = self.env['school.student'].create([
            {'name': f"Child {number}", 'admission_no': f"C-{number}"} for number in range(30)
        ])
        self.env['school.enrolment'].create([
            {'student_id': student.id, 'class_id': self.eight.id, 'date_from': '2026-01-05'}
            for student in students
        ])
        self.env.flush_all()
        self.assertLessEqual(count_queries(), few)

    # === LEAVING AND COMING BACK === #

    def test_a_leaver_keeps_the_account(self):
        bill = self.create_term_bill(self.faith, self.term_1, 15500)
        self._wizard(
            'school.leave.wizard', student_ids=[Command.set(self.faith.ids)], date='2026-10-23',
            reason="The family moves to Nakuru",
        ).action_leave()
        self.assertEqual((self.faith.state, self.faith.left_on), ('left', date(2026, 10, 23)))
        self.assertEqual(self.faith.enrolment_ids.date_to, date(2026, 10, 23))
        self.assertFalse(self.faith.class_id)
        self.assertIn("moves to Nakuru", self.faith.message_ids[0].body)
        self.assertEqual(self.faith.balance, bill.amount_residual)

    def test_the_leave_wizard_takes_the_students_that_are_ticked(self):
        wizard = self.bursar_env['school.leave.wizard'].with_context(
            active_model='school.student', active_ids=(self.faith | self.brian).ids,
        ).create({'reason': "x"})
        self.assertEqual(wizard.student_ids, self.faith | self.brian)

    def test_an_enrolment_that_never_began_goes(self):
        next_year = self._create_next_year()
        self._wizard('school.promotion.wizard').action_promote()
        self.faith.write({'state': 'left', 'left_on': '2026-12-01'})
        self.assertEqual(self.faith.enrolment_ids.year_id, self.year)
        self.assertTrue(self.brian.enrolment_ids.filtered(lambda e: e.year_id == next_year))

    def test_who_was_billed_ahead_leaves_and_is_credited(self):
        next_year = self._create_next_year()
        term = self.env['school.term'].create({
            'year_id': next_year.id, 'sequence': 1, 'name': "Term 1", 'date_from': '2027-01-04',
            'date_to': '2027-04-02', 'bill_date': '2027-01-04', 'due_date': '2027-01-11',
        })
        self.create_structure(
            self.grade_9, [(self.create_fee(), 10000)], year_id=next_year.id,
        )
        self._wizard('school.promotion.wizard').action_promote()
        self.run_bills(term)
        bill = self.faith.partner_id.invoice_ids
        self.assertEqual((bill.state, bill.amount_total), ('posted', 10000))
        self._wizard(
            'school.leave.wizard', student_ids=[Command.set(self.faith.ids)], date='2026-11-05',
            reason="Moves to Nakuru",
        ).action_leave()
        self.assertEqual(self.faith.enrolment_ids.year_id, self.year)
        self.assertEqual((bill.state, self.faith.balance), ('posted', 10000))
        again = self.run_bills(term)
        credit = again.move_ids
        self.assertEqual(
            (credit.student_id, credit.move_type, credit.amount_total),
            (self.faith, 'out_refund', 10000),
        )

    def test_nobody_leaves_before_joining(self):
        self.faith.joined_on = '2026-01-05'
        with self.refusal(ValidationError, "before joining"):
            self._wizard(
                'school.leave.wizard', student_ids=[Command.set(self.faith.ids)],
                date='2026-01-04', reason="x",
            ).action_leave()
        self.assertEqual(self.faith.state, 'active')

    def test_who_comes_back_is_the_same_student(self):
        partner, number, code = self.faith.partner_id, self.faith.admission_no, self.faith.pay_code
        self.faith.write({'state': 'left', 'left_on': '2026-10-23'})
        wizard = self._wizard(
            'school.enrol.wizard', student_id=self.faith.id, class_id=self.eight.id,
        )
        self.assertEqual(wizard.boarding, 'boarding')
        wizard.action_enrol()
        self.assertEqual(
            (self.faith.state, self.faith.left_on, self.faith.class_id),
            ('active', False, self.eight),
        )
        self.assertEqual(
            (self.faith.partner_id, self.faith.admission_no, self.faith.pay_code),
            (partner, number, code),
        )
        self.assertEqual(len(self.faith.enrolment_ids), 2)

    def test_a_move_ends_one_enrolment_and_begins_another(self):
        self._wizard(
            'school.enrol.wizard', student_id=self.faith.id, class_id=self.eight.id,
            boarding='day',
        ).action_enrol()
        self.assertEqual(
            self.faith.enrolment_ids.sorted('date_from').mapped(
                lambda e: (e.boarding, e.date_from, e.date_to)
            ),
            [
                ('boarding', date(2026, 1, 5), date(2026, 11, 4)),
                ('day', date(2026, 11, 5), False),
            ],
        )
        # Corrected on the same day.
        self._wizard(
            'school.enrol.wizard', student_id=self.faith.id, class_id=self.nine.id,
            boarding='weekly',
        ).action_enrol()
        self.assertEqual(len(self.faith.enrolment_ids), 2)
        self.assertEqual((self.faith.class_id, self.faith.level_id), (self.nine, self.grade_9))
        with self.refusal(UserError, "is enrolled in Grade 9 North 2026 from"):
            self._wizard(
                'school.enrol.wizard', student_id=self.faith.id, class_id=self.eight.id,
                date_from='2026-11-01',
            ).action_enrol()

    # === ADMISSION === #

    def _admit(self, **values):
        wizard = self._wizard('school.admission.wizard', **{
            'name': "Hope Kamau", 'class_id': self.eight.id, 'guardian_name': "Ann Kamau",
            'guardian_phone': "0712 000 009", 'relation': 'mother', **values,
        })
        self.assertEqual(wizard.action_admit(), wizard.action_admit())  # A double click.
        return self.env['school.student'].browse(wizard.action_admit()['res_id'])

    def test_one_form_admits_a_student(self):
        student = self._admit(boarding='weekly', gender='female', birth_date='2014-05-01')
        self.assertEqual(
            (student.admission_no, student.state, student.joined_on),
            ("ADM-021", 'active', date(2026, 11, 5)),
        )
        self.assertEqual((student.class_id, student.enrolment_ids.boarding), (self.eight, 'weekly'))
        self.assertEqual(student.family_id.name, "Kamau")
        self.assertEqual(student._guardian_phones()[0]['phone_e164'], '+254712000009')
        self.assertEqual(student._guardian_phones()[0]['relation'], 'mother')
        self.assertFalse(student._primary_guardian().company_id)
        self.assertFalse(self.env['school.admission.wizard']._fields['guardian_phone'].store)

    def test_the_form_of_an_admission_is_saved_once(self):
        with Form(self.bursar_env['school.admission.wizard']) as form:
            form.name = "Hope Kamau"
            form.class_id = self.eight
            form.guardian_name = "Ann Kamau"
            form.guardian_phone = "0712 000 009"
        student = form.record.student_id
        self.assertEqual(student._guardian_phones()[0]['phone_e164'], '+254712000009')
        self.assertEqual(form.record.action_admit()['res_id'], student.id)

    def test_a_child_of_a_family_gets_its_guardians(self):
        mary = self.create_guardian(self.faith, "Mary Otieno", share_percent=100)
        self.create_guardian(
            self.faith, "Peter Otieno", priority=2, sees_amounts=False, relation='father',
        )
        self.create_guardian(self.faith, "Aunt Rose", date_to='2026-11-04')
        student = self._admit(
            family_id=self.family.id, guardian_name=False, guardian_phone=False,
        )
        self.assertEqual(student.family_id, self.family)
        self.assertEqual(student.guardian_link_ids.mapped('partner_id.name'),
                         ["Mary Otieno", "Peter Otieno"])
        self.assertEqual(student.guardian_link_ids.mapped('sees_amounts'), [True, False])
        self.assertEqual(student.guardian_link_ids.mapped('share_percent'), [0.0, 0.0])
        self.assertEqual(student._primary_guardian(), mary)

    def test_an_admission_for_next_year_begins_there(self):
        next_year = self._create_next_year()
        coming = self.create_class(self.grade_8, year_id=next_year.id)
        student = self._admit(class_id=coming.id)
        self.assertEqual(student.enrolment_ids.date_from, date(2027, 1, 1))

    def test_a_wrong_admission_is_refused_in_words_and_leaves_nothing(self):
        for values, error, words in (
            ({'guardian_phone': "12"}, UserError, "not a phone number"),
            ({'guardian_name': False}, UserError, "name and phone of a guardian"),
            ({'guardian_name': False, 'family_id': self.family.id}, UserError, "a guardian"),
            ({'admission_no': self.faith.pay_code}, ValidationError, "already names"),
            ({'date_from': '2025-12-31'}, ValidationError, "lasts from"),
        ):
            with self.subTest(values=values), self.refusal(error, words):
                self._admit(**values)
        self.assertFalse(self.env['res.partner'].search([
            ('name', 'in', ("Ann Kamau", "Hope Kamau")),
        ]))

    def test_no_number_is_proposed_that_is_taken(self):
        self.create_student("Old Child", "ADM-021")
        self.create_student("Late Child", "ADM-020B")
        self.assertFalse(self._wizard_defaults().get('admission_no'))
        self.create_student("Late Child", "ADM-19")
        self.assertFalse(self._wizard_defaults().get('admission_no'))  # ADM-20 is taken.
        self.create_student("Late Child", "ADM-0098")
        self.assertEqual(self._wizard_defaults()['admission_no'], "ADM-0099")

    def _wizard_defaults(self):
        return self.bursar_env['school.admission.wizard'].default_get(['admission_no'])

    def test_wizards_are_the_bursars(self):
        cashier = new_test_user(
            self.env, login='fees_cashier', groups='school_fees.group_cashier',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        for model in (
            'school.admission.wizard', 'school.enrol.wizard', 'school.leave.wizard',
            'school.next.year.wizard', 'school.promotion.wizard',
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(cashier).create({})
