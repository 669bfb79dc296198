from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestSchoolGuardian(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.student = cls.create_student()
        cls.today = fields.Date.context_today(cls.student)

    # === PRIMARY GUARDIAN === #

    def test_the_first_priority_is_primary(self):
        self.create_guardian(self.student, "Peter Otieno", priority=2, relation='father')
        mary = self.create_guardian(self.student, "Mary Otieno", priority=1)
        self.create_guardian(self.student, "Aunt Rose", priority=1, relation='other')
        self.assertEqual(self.student._primary_guardian(), mary)

    def test_a_link_counts_from_its_first_to_its_last_day(self):
        day = timedelta(days=1)
        for date_from, date_to, live in (
            (False, False, True),
            (self.today, self.today, True),
            (self.today + day, False, False),
            (False, self.today - day, False),
            (self.today - day, self.today + day, True),
        ):
            with self.subTest(date_from=date_from, date_to=date_to):
                guardian = self.create_guardian(
                    self.student, date_from=date_from, date_to=date_to,
                )
                expected = guardian if live else self.env['res.partner']
                self.assertEqual(self.student._primary_guardian(), expected)
                self.student.guardian_link_ids.unlink()

    def test_nobody_is_primary_without_links(self):
        self.assertFalse(self.student._primary_guardian())

    @mute_logger('odoo.sql_db')
    def test_a_link_cannot_end_before_it_begins(self):
        with self.assertRaises(IntegrityError):
            self.create_guardian(self.student, date_from='2026-05-02', date_to='2026-05-01')

    def test_a_student_is_no_guardian(self):
        other = self.create_student("Brian Otieno", "ADM-013")
        with self.refusal(ValidationError, "cannot be a guardian"):
            self.env['school.guardian.link'].create({
                'student_id': self.student.id, 'partner_id': other.partner_id.id,
            })

    # === PHONES === #

    def test_phones_come_by_priority_and_once(self):
        peter = self.create_guardian(
            self.student, "Peter Otieno", "+254 733 000 002", priority=2, relation='father',
        )
        mary = self.create_guardian(self.student, "Mary Otieno", "0712 000 001", priority=1)
        self.create_guardian(
            self.student, "Old Guardian", "0712 000 009", date_to=self.today - timedelta(days=1),
        )
        self.env['school.guardian.phone'].create([
            {'partner_id': mary.id, 'e164': "0110 000 003"},
            {'partner_id': mary.id, 'e164': "254712000001"},  # That of the contact.
            {'partner_id': peter.id, 'e164': "0712000001"},  # Mary's.
        ])
        phones = self.student._guardian_phones()
        self.assertEqual(
            [(phone['phone_e164'], phone['partner'], phone['relation']) for phone in phones],
            [
                ('+254712000001', mary, 'mother'),
                ('+254110000003', mary, 'mother'),
                ('+254733000002', peter, 'father'),
            ],
        )
        self.assertEqual(phones[0]['label'], "Mother: Mary Otieno")

    def test_a_contact_without_a_real_number_has_no_phone(self):
        self.create_guardian(self.student, phone="ask at the gate")
        self.assertEqual(self.student._guardian_phones(), [])

    def test_numbers_are_kept_in_one_form(self):
        guardian = self.create_guardian(self.student)
        phone = self.env['school.guardian.phone'].create({
            'partner_id': guardian.id, 'e164': "0712 345 678",
        })
        self.assertEqual(phone.e164, '+254712345678')
        phone.e164 = "+1 202-456-1111"
        self.assertEqual(phone.e164, '+12024561111')
        for wrong in ("0799", "none", "", "+254 000 000 000"):
            with self.subTest(wrong=wrong), self.assertRaises(ValidationError) as caught:
                phone.e164 = wrong
        self.assertNotIn(wrong, str(caught.exception))

    @mute_logger('odoo.sql_db')
    def test_a_guardian_has_a_number_once(self):
        guardian = self.create_guardian(self.student)
        phones = self.env['school.guardian.phone']
        phones.create({'partner_id': guardian.id, 'e164': "0712345678"})
        with self.assertRaises(IntegrityError):
            phones.create({'partner_id': guardian.id, 'e164': "+254712345678"})

    # === COMPANIES OF GUARDIANS' USERS === #

    def test_log_in_reaches_the_schools_of_the_children(self):
        guardian = self.create_guardian(self.student, login='fees_mary')
        self.assertFalse(guardian.company_id)
        self.assertIn(self.school, guardian.user_ids.company_ids)

    def test_log_in_made_later_reaches_the_schools_too(self):
        guardian = self.create_guardian(self.student)
        main = self.env.ref('base.main_company')
        user = new_test_user(
            self.env, login='fees_late', groups='base.group_portal', partner_id=guardian.id,
            company_id=main.id, company_ids=[Command.set(main.ids)],
        )
        self.assertIn(self.school, user.company_ids)

    def test_link_without_portal_opens_no_school(self):
        guardian = self.create_guardian(self.student, login='fees_mary', portal=False)
        self.assertNotIn(self.school, guardian.user_ids.company_ids)
        self.student.guardian_link_ids.portal = True
        self.assertIn(self.school, guardian.user_ids.company_ids)

    def test_staff_keep_their_companies(self):
        main = self.env.ref('base.main_company')
        teacher = new_test_user(
            self.env, login='fees_teacher', groups='base.group_user',
            company_id=main.id, company_ids=[Command.set(main.ids)],
        )
        self.env['school.guardian.link'].create({
            'student_id': self.student.id, 'partner_id': teacher.partner_id.id,
        })
        self.assertEqual(teacher.company_ids, main)

    # === PARTS OF THE FEES === #

    def _links(self, *shares):
        self.create_guardian(self.student, "Mary Otieno", share_percent=0)
        self.create_guardian(self.student, "Peter Otieno", relation='father', share_percent=0)
        links = self.student.guardian_link_ids
        self._write_shares(links, *shares)
        return links

    def _write_shares(self, links, *shares):
        self.student.guardian_link_ids = [
            Command.update(link.id, {'share_percent': share})
            for link, share in zip(links, shares, strict=True)
        ]

    def test_parts_of_the_payers_make_one_hundred_or_nothing(self):
        links = self._links(60, 40)
        self._write_shares(links, 33.33, 66.67)
        for shares in ((60, 30), (60, 60), (0, 40)):
            with self.subTest(shares=shares):
                with self.refusal(ValidationError, "must make 100 % together"):
                    self._write_shares(links, *shares)
        with self.refusal(ValidationError, "must make 100 % together"):
            links[0].share_percent = 50
        self._write_shares(links, 0, 0)

    def test_parts_are_checked_when_a_guardian_leaves(self):
        links = self._links(60, 40)
        yesterday = self.today - timedelta(days=1)
        with self.refusal(ValidationError, "make 40.00 %"):
            links[0].date_to = yesterday
        with self.refusal(ValidationError, "make 40.00 %"):
            links[0].unlink()
        with self.refusal(ValidationError, "make 60.00 %"):
            self.student.guardian_link_ids = [Command.delete(links[1].id)]
        self.student.guardian_link_ids = [
            Command.update(links[0].id, {'date_to': yesterday}),
            Command.update(links[1].id, {'share_percent': 100}),
        ]

    def test_parts_come_with_a_new_student(self):
        guardians = self.env['res.partner'].create([{'name': "Mary"}, {'name': "Peter"}])
        values = [
            Command.create({'partner_id': guardian.id, 'share_percent': share})
            for guardian, share in zip(guardians, (70, 30), strict=True)
        ]
        self.assertTrue(self.create_student("Hope", "ADM-030", guardian_link_ids=values))
        with self.refusal(ValidationError, "make 70.00 %"):
            self.create_student("Joy", "ADM-031", guardian_link_ids=values[:1])

    @mute_logger('odoo.sql_db')
    def test_only_payers_have_a_part(self):
        links = self._links(100, 0)
        for values, name in (
            ({'is_payer': False}, 'share_of_payer'), ({'share_percent': -1}, 'share_in_range'),
            ({'share_percent': 101}, 'share_in_range'),
        ):
            with self.subTest(values=values), self.refusal(IntegrityError, name):
                links[0].with_context(school_shares_checked_later=True).write(values)
                self.env.flush_all()
