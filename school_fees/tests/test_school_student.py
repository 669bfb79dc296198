from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.rules.pay_code import FIRST_SERIAL, make_pay_code
from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestSchoolStudent(SchoolFeesCommon):

    # === PARTNER === #

    def test_each_student_gets_a_partner_alone(self):
        student = self.create_student("Faith Otieno", " ADM-012 ")
        partner = student.partner_id
        self.assertEqual(
            (partner.name, partner.ref, partner.company_id),
            ("Faith Otieno", "ADM-012", self.school),
        )
        self.assertTrue(partner.is_school_student)
        self.assertFalse(partner.parent_id)
        self.assertEqual(partner.commercial_partner_id, partner)
        self.assertEqual(student.display_name, "Faith Otieno (ADM-012)")

    def test_partner_follows_the_students_name_and_number(self):
        student = self.create_student()
        student.write({'name': "Faith Achieng Otieno", 'admission_no': "ADM-013"})
        self.assertEqual(student.partner_id.name, "Faith Achieng Otieno")
        self.assertEqual(student.partner_id.ref, "ADM-013")
        self.assertEqual(student.name, "Faith Achieng Otieno")
        self.assertEqual(student.admission_key, 'ADM13')

    def test_bursar_enters_a_child_with_a_guardian(self):
        bursar = new_test_user(
            self.env, login='fees_bursar', groups='school_fees.group_bursar',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        guardian = self.env['res.partner'].with_user(bursar).create({
            'name': "Peter Mwangi", 'phone': "0712 000 001",
        })
        with Form(self.env['school.student'].with_user(bursar)) as form:
            form.name = "Brian Mwangi"
            form.admission_no = "ADM-020"
            with form.guardian_link_ids.new() as link:
                link.partner_id = guardian
                link.relation = 'father'
        student = form.record
        self.assertEqual(student._primary_guardian(), guardian)
        student.with_user(bursar).name = "Brian K. Mwangi"
        self.assertEqual(student.partner_id.name, "Brian K. Mwangi")
        self.assertFalse(guardian.with_user(bursar).has_access('unlink'))

    def test_a_student_keeps_the_ledger_account(self):
        student = self.create_student()
        other = self.create_student("Another Child", "ADM-020")
        with self.assertRaisesRegex(UserError, "same ledger account"):
            student.partner_id = other.partner_id

    def test_the_mark_of_a_student_stays(self):
        student = self.create_student()
        with self.assertRaisesRegex(ValidationError, "marked as a student"):
            student.partner_id.is_school_student = False

    def test_partner_has_neither_parent_nor_company(self):
        student = self.create_student()
        parent = self.env['res.partner'].create({'name': "Otieno"})
        with self.refusal(ValidationError, "another contact"):
            student.partner_id.parent_id = parent
        with self.refusal(ValidationError, "cannot be a company"):
            student.partner_id.is_company = True

    def test_partner_must_be_marked_as_a_student(self):
        partner = self.env['res.partner'].create({'name': "Somebody"})
        with self.refusal(ValidationError, "marked as a student"):
            self.create_student(partner_id=partner.id)

    def test_a_student_needs_a_name(self):
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError):
            self.create_student(name="  ")

    def test_a_student_stays_in_the_school(self):
        student = self.create_student()
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        with self.refusal(UserError, "another school"):
            student.company_id = other_school

    # === ADMISSION NUMBER === #

    def _assert_refused(self, **values):
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                self.create_student(**values)
                self.env.flush_all()

    def test_numbers_that_differ_by_signs_or_zeros_are_one_number(self):
        self.create_student(admission_no="ADM-001")
        for number in ("ADM-001", "ADM-1", "adm 0001", "ADM1"):
            with self.subTest(number=number):
                self._assert_refused(name="Another Child", admission_no=number)
        self.assertTrue(self.create_student("Another Child", "ADM-002"))

    def test_numbers_of_leavers_stay_reserved(self):
        self.create_student(admission_no="ADM-001").state = 'left'
        self._assert_refused(name="Another Child", admission_no="ADM-001")

    def test_two_schools_may_use_one_number(self):
        self.create_student(admission_no="ADM-001")
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        self.assertTrue(self.create_student(
            "Another Child", "ADM-001", company_id=other_school.id,
        ))

    def test_a_number_has_one_to_twelve_characters(self):
        self.assertTrue(self.create_student("Twelve Signs", "ADM-2026-012"))
        self._assert_refused(name="Thirteen Signs", admission_no="ADM-2026-0123")
        self._assert_refused(name="No Number", admission_no="  ")
        self._assert_refused(name="Signs Only", admission_no="--/--")

    def test_students_are_found_by_name_and_number(self):
        student = self.create_student("Faith Otieno", "ADM-012")
        # A pay code that is drawn may hold a 012 of its own, and would be found by it.
        self.create_student("Brian Mwangi", "ADM-020", pay_code=make_pay_code(FIRST_SERIAL))
        for text in ("faith", "ADM-012", "012"):
            with self.subTest(text=text):
                self.assertEqual(
                    self.env['school.student'].name_search(text),
                    [(student.id, "Faith Otieno (ADM-012)")],
                )

    # === DELETION === #

    def test_a_student_with_bills_is_never_deleted(self):
        student = self.create_student()
        self.create_term_bill(student, self.term_1, 15500)
        with self.refusal(UserError, "cannot be deleted"):
            student.unlink()
        self.assertTrue(student.exists())

    def test_a_student_entered_by_mistake_goes_with_its_partner(self):
        student = self.create_student()
        partner = student.partner_id
        student.unlink()
        self.assertFalse(partner.exists())

    # === BALANCE === #

    def test_balance_is_what_is_open_now(self):
        faith = self.create_student("Faith Otieno", "ADM-012")
        brian = self.create_student("Brian Otieno", "ADM-013")
        grace = self.create_student("Grace Otieno", "ADM-014")
        self.create_term_bill(faith, self.term_1, 15500)
        self.create_term_bill(faith, self.term_2, 10000)
        self.create_term_bill(faith, self.term_3, 9999, post=False)
        self.create_receipt({faith: 5500, grace: 700})
        students = faith | brian | grace
        self.assertEqual(students.mapped('balance'), [20000.0, 0.0, -700.0])
        self.assertEqual(
            grace._get_balance_texts(), {'balance': "KES 700", 'is_credit': True},
        )

    def test_balances_of_many_students_cost_one_query(self):
        students = self.env['school.student'].concat(*(
            self.create_student(f"Child {number}", f"ADM-{number}") for number in range(1, 6)
        ))
        for student in students:
            self.create_term_bill(student, self.term_1, 1000)
        self.env.flush_all()
        students.invalidate_recordset()
        students.mapped('partner_id.id')
        students.mapped('company_id.id')
        with self.assertQueryCount(1):
            students.mapped('balance')

    def test_open_lines_come_oldest_due_first(self):
        student = self.create_student()
        later = self.create_term_bill(student, self.term_2, 1000)
        earlier = self.create_term_bill(student, self.term_1, 1000)
        paid = self.create_term_bill(student, self.term_3, 1000)
        self.env['account.move.line'].concat(
            paid.line_ids.filtered(lambda line: line.account_type == 'asset_receivable'),
        ).remove_move_reconcile()
        self.assertEqual(student._open_receivable_lines().move_id, earlier | later | paid)
        self.assertEqual(
            student._open_receivable_lines().mapped('move_id'), earlier + later + paid,
        )
        self.create_receipt({student: 1000})
        self.assertEqual(student._open_receivable_lines().move_id, later | paid)

    # === FAMILY === #

    def test_families_get_codes(self):
        one, two = self.create_family("Otieno"), self.create_family("Mwangi")
        self.assertRegex(one.code, r'^FAM-\d{4,}$')
        self.assertNotEqual(one.code, two.code)
        self.assertEqual(one.allocation_policy, 'oldest_due')
        self.assertEqual(one.display_name, f"Otieno ({one.code})")

    def test_a_family_code_is_unique(self):
        self.create_family(code="FAM-X")
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError):
            self.create_family(code="FAM-X")

    def test_a_family_of_another_school_is_refused(self):
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        family = self.create_family(company_id=other_school.id)
        with self.assertRaises(UserError):
            self.create_student(family_id=family.id)
