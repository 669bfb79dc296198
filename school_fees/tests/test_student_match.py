from odoo.tests import new_test_user, tagged

from odoo.addons.school_fees.rules import reference_match
from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestStudentMatch(SchoolFeesCommon):
    """The rules have their catalogue in tests/references; here is what only Odoo knows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.family = cls.create_family("Otieno")
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=cls.family.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=cls.family.id)
        cls.kevin = cls.create_student("Kevin Wanjiku", "ADM-021")
        cls.mary = cls.create_guardian(cls.faith | cls.brian, "Mary Achieng", phone='0722000101')

    def _match(self, reference, **options):
        match = self.env['school.student']._match_reference(
            reference, companies=self.school, **options,
        )
        return match.outcome, [holder for holder, _reason in match.found]

    def test_each_kind_of_reference_finds_its_holder(self):
        self.env['school.student.alias'].create({'name': "P/0077", 'student_id': self.kevin.id})
        self.kevin.upi = "ABX4K7"
        for reference, holder in (
            ("ADM-012", self.faith), (self.faith.pay_code, self.faith), ("P/0077", self.kevin),
            ("ABX4K7", self.kevin), (self.family.code, self.family),
        ):
            with self.subTest(reference=reference):
                self.assertEqual(self._match(reference), ('exact', [holder]))
                self.assertEqual(
                    self._match(f"fees {reference.lower()} "), ('normalised', [holder]),
                )

    def test_nothing_posts_for_a_leaver_who_owes_nothing(self):
        self.faith.write({'state': 'left', 'left_on': '2026-03-01'})
        self.assertEqual(self._match("ADM-012"), ('suggest', [self.faith]))
        self.create_term_bill(self.faith, self.term_1, 500)
        self.env.invalidate_all()
        self.assertEqual(self._match("ADM-012"), ('exact', [self.faith]))

    def test_a_family_that_left_is_asked_about(self):
        (self.faith | self.brian).write({'state': 'left', 'left_on': '2026-03-01'})
        self.assertEqual(self._match(self.family.code), ('suggest', [self.family]))

    def test_a_guardian_whose_right_ended_is_no_name_of_the_child(self):
        self.assertEqual(self._match("ADM-012 Mary"), ('normalised', [self.faith]))
        self.faith.guardian_link_ids.date_to = '2026-01-01'
        self.env.invalidate_all()
        self.assertEqual(self._match("ADM-012 Mary")[0], 'suggest')

    def test_streams_and_vote_heads_say_nothing(self):
        self.assertEqual(self._match("ADM-012 Chui Swimming")[0], 'suggest')
        self.create_class(self.create_level(), "Chui")
        self.create_fee("Swimming", 'SWI')
        self.assertEqual(self._match("ADM-012 Chui Swimming"), ('normalised', [self.faith]))

    def test_a_new_style_of_number_is_seen(self):
        self.assertEqual(self._match("012"), ('normalised', [self.faith]))
        other = self.create_student("Joy Njeri", "KG-012")  # The prefix tells two apart now.
        self.assertEqual(self._match("012")[0], 'suggest')
        other.admission_no = "ADM-900"
        self.assertEqual(self._match("012"), ('normalised', [self.faith]))

    def test_the_amount_typed_as_account_is_asked_about(self):
        student = self.create_student("Ali Salim", "ADM-1500")
        self.assertEqual(self._match("1500", amount=1500), ('suggest', [student]))
        self.assertEqual(self._match("1500", amount=1600), ('normalised', [student]))

    def test_names_and_phones_only_suggest(self):
        self.assertEqual(
            self._match("0722 000 101"), ('suggest', [self.faith, self.brian]),
        )
        self.assertEqual(self._match("Otieno Brian"), ('suggest', [self.brian]))
        self.assertEqual(self._match("Mary Achieng")[0], 'suggest')

    def test_another_school_is_not_searched(self):
        other = self.create_school("Baraka School")
        self.env['school.student'].create({
            'name': "Faith Otieno", 'admission_no': "ADM-012", 'company_id': other.id,
        })
        self.assertEqual(self._match("ADM-012"), ('exact', [self.faith]))
        both = self.env['school.student']._match_reference(
            "ADM-012", companies=self.school | other,
        )
        self.assertEqual(both.outcome, 'suggest', "A paybill that two branches share")

    def test_who_books_the_money_need_not_see_the_students(self):
        nobody = new_test_user(self.env, login='match_nobody', groups='base.group_user')
        match = self.env['school.student'].with_user(nobody)._match_reference(
            "0722000101", companies=self.school,
        )
        self.assertEqual(match.outcome, 'suggest')

    def test_every_reason_has_words(self):
        words = self.env['school.student']._get_match_reasons()
        codes = {
            getattr(reference_match, name) for name in (
                'EXACT', 'NORMALISED', 'LEFT', 'OTHER_WORDS', 'SEVERAL', 'IS_AMOUNT', 'SHORT',
                'ORDER', 'SERIAL', 'SLIP', 'NAME', 'PHONE', 'TERM',
            )
        }
        self.assertEqual(set(words), codes)

    def test_a_batch_is_looked_up_together(self):
        references = [(f"ADM-{number:03}", None) for number in range(12, 37)]
        Student = self.env['school.student']
        Student._decide_references(references[:2], self.school)
        self.env.invalidate_all()
        with self.assertQueryCount(__system__=12):
            matches = Student._decide_references(references[:2] + references[9:10], self.school)
        self.assertEqual([match.outcome for match in matches], ['exact'] * 3)
