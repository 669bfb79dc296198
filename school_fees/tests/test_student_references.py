from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.rules.pay_code import is_pay_code, make_pay_code
from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestStudentReferences(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.family = cls.create_family()
        cls.faith = cls.create_student("Faith Otieno", "ADM-012")
        cls.brian = cls.create_student("Brian Otieno", "ADM-013")

    def _alias(self, name, **values):
        return self.env['school.student.alias'].create({'name': name, **values})

    # === PAY CODES === #

    def test_each_student_gets_a_pay_code_of_the_own(self):
        students = self.env['school.student'].create([
            {'name': f"Child {number}", 'admission_no': f"C-{number}"} for number in range(50)
        ])
        codes = students.mapped('pay_code')
        self.assertEqual(len(set(codes)), 50)
        self.assertTrue(all(is_pay_code(code) for code in codes))

    def test_a_form_without_a_pay_code_gets_one(self):
        with Form(self.env['school.student']) as form:
            form.name = "Grace Mwangi"
            form.admission_no = "ADM-020"
        self.assertTrue(is_pay_code(form.record.pay_code))

    def test_a_wrong_check_digit_is_refused_in_words(self):
        code = make_pay_code(700_191)
        self.create_student("Grace Mwangi", "ADM-020", pay_code=code)
        wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
        for text in (wrong, '123', 'ADM0002'):
            with self.subTest(text=text), self.refusal(ValidationError, "is not a pay code"):
                self.faith.pay_code = text

    @mute_logger('odoo.sql_db')
    def test_a_pay_code_names_one_student_of_all_schools(self):
        with self.refusal(IntegrityError, "pay_code_uniq"):
            self.brian.pay_code = self.faith.pay_code
            self.env.flush_all()

    def test_a_drawn_code_is_nobodys_admission_number(self):
        for serial in (100_000, 999_999):
            self.create_student(f"Child {serial}", make_pay_code(serial))
        with patch('secrets.randbelow', side_effect=[0, 899_999, 5]):
            codes = self.env['school.student']._draw_pay_codes(1)
        self.assertEqual(codes, [make_pay_code(100_005)])

    def test_students_of_before_get_a_pay_code(self):
        students = self.faith | self.brian
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE school_student ALTER pay_code DROP NOT NULL")
        self.env.cr.execute("UPDATE school_student SET pay_code = NULL")
        self.env['school.student']._init_column('pay_code')
        students.invalidate_recordset()
        codes = students.mapped('pay_code')
        self.assertEqual(len(set(codes)), 2)
        self.assertTrue(all(is_pay_code(code) for code in codes))

    # === REFERENCES === #

    def test_every_reference_names_one_student_or_family(self):
        self.faith.upi = "a1b 07"
        self._alias("2019/044", student_id=self.faith.id)
        self._alias("OLD-7", family_id=self.family.id)
        for written, error in (
            ("adm 12", ValidationError), (self.faith.pay_code, ValidationError),
            ("A1B7", ValidationError), (self.family.code.replace('-0', ' '), ValidationError),
            ("2019 - 44", IntegrityError), ("old/007", IntegrityError),  # Other aliases.
        ):
            for values in (
                {'name': written, 'student_id': self.brian.id},
                {'name': written, 'family_id': self.create_family("Kamau").id},
            ):
                with self.subTest(written=written, values=values), mute_logger('odoo.sql_db'):
                    with self.refusal(error, "already names|key_uniq"):
                        self.env['school.student.alias'].create(values)

    def test_no_number_takes_a_reference_of_somebody_else(self):
        self._alias("2019/044", student_id=self.faith.id)
        for values in (
            {'admission_no': "2019-44"}, {'admission_no': self.faith.pay_code},
            {'upi': "2019.044"}, {'admission_no': self.family.code},
        ):
            with self.subTest(values=values), self.refusal(ValidationError, "already names"):
                self.brian.write(values)
        with self.refusal(ValidationError, r"already names Faith Otieno \(ADM-012\)"):
            self.family.code = "ADM 12"

    def test_references_of_one_student_may_be_alike(self):
        self.faith.upi = "ADM12"
        self.assertEqual(self.faith.upi_key, 'ADM12')

    def test_a_word_names_nobody(self):
        with self.refusal(ValidationError, "has no digit"):
            self._alias("fees", student_id=self.faith.id)

    @mute_logger('odoo.sql_db')
    def test_a_reference_names_a_student_or_a_family(self):
        for values in ({}, {'student_id': self.faith.id, 'family_id': self.family.id}):
            with self.subTest(values=values), self.refusal(IntegrityError, "one_holder"):
                self._alias("77/1", **values)

    def test_two_schools_may_use_one_reference(self):
        self._alias("2019/044", student_id=self.faith.id)
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        self.env.user.company_ids |= other_school
        other = self.env['school.student'].create({
            'name': "Hope Kamau", 'admission_no': "2019/44", 'company_id': other_school.id,
        })
        self.assertTrue(other)

    def test_holders_of_references_are_found_in_one_query_for_each_kind(self):
        alias = self._alias("2019/044", family_id=self.family.id)
        keys = ['ADM12', 'ADM13', alias.key, self.faith.pay_code, 'NOBODY1']
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(5):
            holders = self.env['school.student.alias']._find_holders(self.school, keys)
        self.assertEqual(holders, {
            'ADM12': [self.faith], 'ADM13': [self.brian], self.faith.pay_code: [self.faith],
            alias.key: [alias],
        })

    # === DATES === #

    def test_nobody_is_born_after_joining(self):
        self.faith.joined_on = '2025-01-06'
        with self.refusal(ValidationError, "date of birth"):
            self.faith.birth_date = '2025-01-06'
        with self.refusal(ValidationError, "date of birth"):
            self.brian.birth_date = '2999-01-01'
        self.faith.birth_date = '2012-05-03'
