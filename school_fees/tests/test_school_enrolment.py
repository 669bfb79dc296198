from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-02-10')
class TestSchoolEnrolment(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.grade_9 = cls.create_level("Grade 9", 'G9', sequence=9)
        cls.grade_8 = cls.create_level("Grade 8", 'G8', sequence=8, next_level_id=cls.grade_9.id)
        cls.north = cls.create_class(cls.grade_8, stream="North")
        cls.south = cls.create_class(cls.grade_8, stream="South")
        cls.nine = cls.create_class(cls.grade_9)
        cls.faith = cls.create_student("Faith Otieno", "ADM-012")
        cls.brian = cls.create_student("Brian Otieno", "ADM-013")
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020")

    # === LEVELS AND CLASSES === #

    def test_a_class_is_named_by_level_stream_and_year(self):
        self.assertEqual(self.north.name, "Grade 8 North 2026")
        self.assertEqual(self.nine.name, "Grade 9 2026")
        self.assertEqual(self.north.company_id, self.school)

    @mute_logger('odoo.sql_db')
    def test_one_class_of_a_level_and_stream_in_a_year(self):
        for stream in ("North", False):
            self.create_class(self.grade_9, stream="North") if stream else None
            with self.subTest(stream=stream), self.refusal(IntegrityError, "level_stream_uniq"):
                self.create_class(self.grade_9, stream=stream)
                self.env.flush_all()

    def test_levels_lead_to_an_end(self):
        with self.refusal(ValidationError, "would follow itself"):
            self.grade_9.next_level_id = self.grade_8

    # === ENROLMENTS === #

    def test_enrolments_of_a_student_never_overlap(self):
        first = self.enrol(self.faith, self.north)
        with self.refusal(ValidationError, "is in Grade 8 North 2026 until further notice"):
            self.enrol(self.faith, self.south, date_from='2026-03-02')
        first.date_to = '2026-03-01'
        second = self.enrol(self.faith, self.south, date_from='2026-03-02')
        with self.refusal(ValidationError, "cannot be in Grade 8 South 2026 from"):
            first.date_to = '2026-03-02'
        with self.refusal(ValidationError, "cannot be in Grade 8 South 2026 from"):
            second.date_from = '2026-03-01'
        self.enrol(self.brian, self.south, date_from='2026-03-02')

    @mute_logger('odoo.sql_db')
    def test_two_clerks_at_once_cannot_enrol_a_student_twice(self):
        enrolment = self.enrol(self.faith, self.north)
        self.env.flush_all()
        # What the other clerk's transaction writes is not seen by the check in words.
        with self.refusal(IntegrityError, "no_overlap"):
            self.env.cr.execute(
                """ INSERT INTO school_enrolment
                        (student_id, class_id, year_id, level_id, company_id, boarding,
                         date_from)
                    SELECT student_id, class_id, year_id, level_id, company_id, boarding,
                           '2026-05-01'
                      FROM school_enrolment WHERE id = %s """, [enrolment.id],
            )
            self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_an_enrolment_belongs_to_the_year_of_its_class(self):
        other_year = self.env['school.academic.year'].create({
            'name': "2027", 'date_from': '2027-01-01', 'date_to': '2027-12-31',
        })
        enrolment = self.enrol(self.faith, self.north)
        self.assertEqual(enrolment.year_id, self.year)
        with self.refusal(ValidationError, "is no class of the year 2027"):
            enrolment.year_id = other_year
        with self.refusal(ValidationError, "lasts from"):
            enrolment.date_from = '2025-12-31'

    @mute_logger('odoo.sql_db')
    def test_an_enrolment_ends_after_it_begins(self):
        with self.refusal(IntegrityError, "dates_ordered"):
            self.enrol(self.faith, self.north, date_to='2026-01-01')
            self.env.flush_all()

    # === THE CLASS OF TODAY === #

    def test_a_student_is_in_the_class_of_today(self):
        self.enrol(self.faith, self.north, date_to='2026-03-01')
        self.enrol(self.faith, self.nine, date_from='2026-03-02')
        self.assertEqual((self.faith.class_id, self.faith.level_id), (self.north, self.grade_8))
        self.assertFalse(self.brian.class_id)
        with freeze_time('2026-03-02'):
            self.env.invalidate_all()
            self.assertEqual((self.faith.class_id, self.faith.level_id), (self.nine, self.grade_9))

    def test_students_are_found_and_grouped_by_class(self):
        self.enrol(self.faith, self.north, date_to='2026-03-01')
        self.enrol(self.faith, self.south, date_from='2026-03-02')
        self.enrol(self.brian, self.nine)
        students = self.env['school.student']
        for domain, found in (
            ([('class_id', '=', self.north.id)], self.faith),
            ([('class_id', '=', self.south.id)], students),
            ([('class_id', '=', False)], self.grace),
            ([('class_id', '!=', False)], self.faith | self.brian),
            ([('class_id', '!=', self.nine.id)], self.faith | self.grace),
            ([('class_id', 'in', [self.nine.id, False])], self.brian | self.grace),
            ([('class_id', 'ilike', "north")], self.faith),
            ([('level_id', '=', self.grade_9.id)], self.brian),
            ([('level_id.code', '=', 'G8')], self.faith),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(students.search(domain), found)
        self.assertEqual(
            students._read_group([], ['level_id'], ['__count'], order='level_id'),
            [(self.grade_8, 1), (self.grade_9, 1), (self.grade_8.browse(), 1)],
        )
        self.assertCountEqual(
            students._read_group([], ['class_id', 'level_id'], ['__count']),
            [
                (self.north, self.grade_8, 1), (self.nine, self.grade_9, 1),
                (self.north.browse(), self.grade_8.browse(), 1),
            ],
        )
        self.assertEqual(
            students.search([], order='level_id desc, name').mapped('name'),
            ["Grace Mwangi", "Brian Otieno", "Faith Otieno"],
        )
        self.assertTrue(students.fields_get(['class_id'])['class_id']['groupable'])

    def test_the_class_of_many_students_is_one_query(self):
        students = self.faith | self.brian | self.grace
        self.env['school.enrolment'].create([
            {'student_id': student.id, 'class_id': self.north.id, 'date_from': '2026-01-05'}
            for student in students
        ])
        self.env.flush_all()
        self.env.invalidate_all()
        fields.Date.context_today(students)  # Reads the time zone of the user.
        with self.assertQueryCount(1):
            self.assertEqual([student.class_id.id for student in students], self.north.ids * 3)

    # === CLASS TEACHERS === #

    def _user(self, login, groups):
        return new_test_user(
            self.env, login=login, groups=groups, company_id=self.school.id,
            company_ids=[Command.set(self.school.ids)],
        )

    def test_a_class_teacher_sees_the_students_of_today_without_amounts(self):
        teacher = self._user('fees_teacher', 'school_fees.group_class_teacher')
        self.north.teacher_id = teacher
        self.enrol(self.faith, self.north)
        self.enrol(self.brian, self.south)
        self.enrol(self.grace, self.north, date_to='2026-02-09')
        env = self.env(user=teacher, context={})
        self.assertEqual(env['school.student'].search([]), self.faith)
        faith = self.faith.with_env(env)
        self.assertEqual(
            faith.read(['name', 'class_id'])[0]['class_id'], (self.north.id, self.north.name),
        )
        self.assertFalse(self.brian.with_env(env).has_access('read'))
        for operation in ('write', 'create', 'unlink'):
            with self.subTest(operation=operation):
                self.assertFalse(faith.has_access(operation))
        with self.assertRaises(AccessError):
            faith.read(['balance'])
        for model in (
            'account.move', 'account.move.line', 'account.payment', 'school.receipt',
            'school.receipt.line', 'school.guardian.link', 'school.guardian.phone',
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                env[model].search([])
        message = self.faith.message_post(body="Owes 4,500", subtype_xmlid='mail.mt_comment')
        self.assertFalse(message.with_env(env).has_access('read'))
        self.assertFalse(self.faith.partner_id.with_env(env).has_access('read'))
        for view_type in ('list', 'form', 'search'):
            with self.subTest(view_type=view_type):
                arch = env['school.student'].get_view(view_type=view_type)['arch']
                self.assertNotIn('balance', arch)
                self.assertNotIn('<chatter', arch)

    def test_a_bursar_who_teaches_sees_all_students(self):
        bursar = self._user(
            'fees_bursar', 'school_fees.group_bursar,school_fees.group_class_teacher',
        )
        self.north.teacher_id = bursar
        self.enrol(self.faith, self.north)
        env = self.env(user=bursar, context={})
        self.assertEqual(
            env['school.student'].search([]), self.faith | self.brian | self.grace,
        )

    def test_a_cashier_sees_students_and_changes_none(self):
        cashier = self._user('fees_cashier', 'school_fees.group_cashier')
        env = self.env(user=cashier, context={})
        faith = self.faith.with_env(env)
        self.assertEqual(faith.read(['balance'])[0]['balance'], 0.0)
        self.assertTrue(faith.partner_id.has_access('read'))
        self.assertFalse(faith.has_access('write'))
        self.assertFalse(env['account.move'].has_access('read'))
        self.assertFalse(cashier.has_group('account.group_account_invoice'))

    def test_one_school_sees_no_classes_of_another(self):
        enrolment = self.enrol(self.faith, self.north)
        category = self.env['school.student.category'].create({'name': "Staff", 'code': 'STF'})
        zone = self.env['school.zone'].create({'name': "Town"})
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        stranger = new_test_user(
            self.env, login='fees_stranger', groups='school_fees.group_administrator',
            company_id=other_school.id, company_ids=[Command.set(other_school.ids)],
        )
        for record in (self.grade_8, self.north, enrolment, category, zone):
            with self.subTest(model=record._name):
                self.assertEqual(record.company_id, self.school)
                self.assertFalse(
                    record.with_env(self.env(user=stranger, context={})).has_access('read')
                )

    def test_enrolments_stay_inside_their_school(self):
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        self.env.user.company_ids |= other_school
        other = self.env['school.student'].with_company(other_school).create({
            'name': "Hope Kamau", 'admission_no': "M-1", 'company_id': other_school.id,
        })
        with self.assertRaises(Exception) as caught:
            self.enrol(other, self.north)
        self.assertIn("compan", str(caught.exception))
        self.assertEqual(fields.Date.context_today(other).isoformat(), '2026-02-10')
