from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.school_fees.tests.import_common import ImportCommon


HEADER = [
    "Adm No", "Name", "Class", "Stream", "Boarding", "Guardian", "Relation", "Phone", "Guardian 2",
    "Relation 2", "Phone 2", "Email",
]
FAITH = [
    "ADM-012", "Faith Otieno", "Grade 8", "North", "Boarder", "Mary Otieno", "Mother",
    "0712 000 001", "Peter Otieno", "Father", "+254733000002", "mary@example.com",
]
BRIAN = ["ADM-013", "Brian Otieno", "G7", "", "Day", "Mary Otieno", "Mother", "254712000001"]


@tagged('post_install', '-at_install')
@freeze_time('2026-02-10 09:00:00')
class TestImportStudents(ImportCommon):

    def _student(self, number):
        return self.env['school.student'].search([
            ('admission_no', '=', number), ('company_id', '=', self.school.id),
        ])

    # === WHAT IS IMPORTED === #

    def test_students_come_with_class_and_guardians(self):
        wizard = self.preview([HEADER, FAITH, BRIAN])
        self.assert_states(wizard, 'new', 'new')
        self.assertFalse(self._student("ADM-012"), "a preview writes nothing")
        wizard.action_import()
        self.assertEqual((wizard.state, wizard.file), ('done', False))
        faith, brian = self._student("ADM-012"), self._student("ADM-013")
        self.assertEqual(faith.name, "Faith Otieno")
        self.assertTrue(faith.pay_code)
        self.assertEqual((faith.class_id, brian.class_id), (self.north, self.seven))
        self.assertEqual(faith.enrolment_ids.boarding, 'boarding')
        self.assertEqual(faith.enrolment_ids.date_from, self.year.date_from)
        mary, peter = faith.guardian_link_ids.partner_id
        self.assertEqual((mary.name, mary.email), ("Mary Otieno", "mary@example.com"))
        self.assertEqual(mary._get_school_phones(), ['+254712000001'])
        self.assertEqual(brian.guardian_link_ids.partner_id, mary, "siblings share a guardian")
        self.assertEqual(peter._get_school_phones(), ['+254733000002'])
        self.assertEqual(faith.guardian_link_ids.mapped('relation'), ['mother', 'father'])
        self.assertEqual(faith._primary_guardian(), mary)
        self.assertFalse(mary.company_id)
        self.assertFalse(faith.family_id)

    def test_a_second_import_changes_nothing(self):
        family = [*HEADER, "Family Code"]
        content = [family, [*FAITH, "F-7"], [*BRIAN, "", "", "", "", "F-7"]]
        self.run_import(content)
        counts = self._count()
        again = self.preview(content, join_by_guardian=True)
        self.assert_states(again, 'same', 'same')
        again.action_import()
        self.assertEqual(self._count(), counts)

    def _count(self):
        return [self.env[model].search_count([]) for model in (
            'school.student', 'school.guardian.link', 'school.enrolment', 'school.family',
            'res.partner', 'mail.message',
        )]

    def test_a_workbook_reads_as_the_csv_file_does(self):
        numbers = [HEADER, [12, *FAITH[1:7], 712000001], ["0013", "Brian Otieno", "Grade 7"]]
        self.run_import(self.make_workbook(*numbers))
        self.assertEqual(self._student("12")._guardian_phones()[0]['phone_e164'], '+254712000001')
        self.assertEqual(self._student("0013").class_id, self.seven)
        self.assert_states(self.preview(numbers), 'same', 'same')

    def test_the_template_is_understood(self):
        for kind in ('students', 'openings'):
            with self.subTest(kind=kind):
                wizard = self.env(user=self.bursar)['school.import'].create({'kind': kind})
                self.assertIn('template_file', wizard.action_download_template()['url'])
                wizard.file = wizard.template_file
                with self.refusal(UserError, "no row below"):
                    wizard.action_preview()

    def test_empty_cells_leave_things_as_they_are(self):
        self.run_import([HEADER, FAITH])
        self.assert_states(self.preview([HEADER, ["ADM-012", "Faith Otieno"]]), 'same')

    # === CHANGES === #

    def test_changes_are_shown_and_made(self):
        self.run_import([HEADER, FAITH])
        changed = ["ADM-012", "Faith Akinyi Otieno", "Grade 8 South", "", "Day", "Mary Otieno",
                   "Guardian", "0712000001", "Ann Otieno", "Aunt"]
        wizard = self.preview([HEADER, changed])
        self.assert_states(wizard, 'change')
        for words in (
            "Name: Faith Otieno → Faith Akinyi Otieno", "Boarding → Grade 8 South 2026, Day",
            "Ann Otieno is added", "relation of Mary Otieno changes",
        ):
            self.assertIn(words, wizard.row_ids.message)
        wizard.action_import()
        faith = self._student("ADM-012")
        self.assertEqual(faith.name, "Faith Akinyi Otieno")
        self.assertEqual(faith.partner_id.name, "Faith Akinyi Otieno")
        self.assertEqual(faith.enrolment_ids.sorted('date_from').mapped('class_id'),
                         self.north | self.south)
        self.assertEqual(faith.class_id, self.south)
        self.assertEqual(
            faith.enrolment_ids.sorted('date_from')[0].date_to, fields.Date.to_date('2026-02-09'),
        )
        self.assertEqual(
            faith.guardian_link_ids.sorted('priority').mapped('relation'),
            ['guardian', 'father', 'other'],
        )
        self.assert_states(self.preview([HEADER, changed]), 'same')

    def test_what_a_guardian_has_is_kept(self):
        self.run_import([HEADER, FAITH])
        mary = self._student("ADM-012").guardian_link_ids[0].partner_id
        row = [*FAITH[:7], "0799000009", *[""] * 3, "other@example.com"]
        wizard = self.preview([HEADER, row])
        self.assert_states(wizard, 'same')
        self.assertRegex(wizard.row_ids.message, "keeps the phone.*keeps the e-mail")
        self.assertEqual(mary.email, "mary@example.com")

    def test_a_guardian_who_has_ended_is_not_brought_back(self):
        self.run_import([HEADER, FAITH])
        link = self._student("ADM-012").guardian_link_ids[0]
        link.date_to = '2026-02-01'
        wizard = self.preview([HEADER, FAITH])
        self.assert_states(wizard, 'same')
        self.assertIn("no guardian any more", wizard.row_ids.message)

    def test_a_guardian_is_known_by_further_phones(self):
        student = self.create_student("Hope Otieno", "ADM-030")
        mary = self.create_guardian(student)
        self.env['school.guardian.phone'].create({'partner_id': mary.id, 'e164': "0712000001"})
        self.run_import([HEADER, BRIAN])
        self.assertEqual(self._student("ADM-013").guardian_link_ids.partner_id, mary)

    def test_another_name_for_a_phone_needs_a_tick(self):
        self.run_import([HEADER, FAITH])
        row = [*BRIAN[:5], "Jane Mwangi", "Mother", "0712000001"]
        wizard = self.preview([HEADER, row])
        self.assertEqual(wizard.warning_count, 1)
        self.assertIn("that of Mary Otieno", wizard.row_ids.message)
        with self.refusal(UserError, "1 rows have warnings, so nothing was imported"):
            wizard.action_import()
        wizard.accept_warnings = True
        wizard.action_import()
        self.assertTrue(self._student("ADM-013"))

    # === FAMILIES === #

    def test_families_by_code_and_by_name(self):
        otieno = self.create_family("Otieno")
        self.create_student("Hope Otieno", "ADM-030", family_id=otieno.id)
        self.run_import([
            ["adm", "name", "family code", "family"],
            ["1", "Faith Otieno", otieno.code, ""],
            ["2", "Brian Otieno", "", "OTIENO"],
            ["3", "Grace Mwangi", "MW 01", "Mwangi"],
            ["4", "John Mwangi", "MW-1", ""],
            ["5", "Ali Noor", "", "Noor"],
            ["6", "Amina Noor", "", "noor"],
        ])
        family = {number: self._student(number).family_id for number in "123456"}
        self.assertEqual((family["1"], family["2"]), (otieno, otieno))
        self.assertEqual(family["3"], family["4"])
        self.assertEqual((family["3"].name, family["3"].code), ("Mwangi", "MW 01"))
        self.assertEqual(family["5"], family["6"])
        self.assertEqual(len(set(family.values())), 3)

    def test_siblings_become_a_family_when_asked(self):
        lone = [*FAITH]
        lone[:2] = ["ADM-099", "Only Child"]
        lone[5:11] = ["Jane", "Mother", "0712000077", "", "", ""]
        self.run_import([HEADER, FAITH, BRIAN, lone], join_by_guardian=True)
        faith, brian = self._student("ADM-012"), self._student("ADM-013")
        self.assertEqual(faith.family_id, brian.family_id)
        self.assertEqual(faith.family_id.name, "Otieno")
        self.assertFalse(self._student("ADM-099").family_id)
        # Who comes later joins them.
        self.run_import([HEADER, ["ADM-14", "Hope Otieno", *BRIAN[2:]]], join_by_guardian=True)
        self.assertEqual(self._student("ADM-14").family_id, faith.family_id)

    def test_nobody_is_moved_between_families(self):
        one, two = self.create_family("One"), self.create_family("Two")
        children = [
            self.create_student("Faith Otieno", "ADM-012", family_id=one.id),
            self.create_student("Hope Otieno", "ADM-030", family_id=two.id),
        ]
        mary = self.create_guardian(children[0], phone="0712000001")
        self.env['school.guardian.link'].create({
            'student_id': children[1].id, 'partner_id': mary.id,
        })
        wizard = self.preview([HEADER, BRIAN], join_by_guardian=True)
        self.assertIn("several families", wizard.row_ids.message)
        wizard.action_import()
        self.assertFalse(self._student("ADM-013").family_id)

    def test_family_codes_name_nobody_else(self):
        self.create_student()
        header = ["adm", "name", "family code"]
        self.assert_refused(self.preview([header, ["7", "Ali", "adm 12"]]), "reference of Faith")
        self.assert_refused(self.preview([header, ["7", "Ali Noor", "007"]]), "reference of Ali")
        self.assert_refused(self.preview([header, ["7", "Ali Noor", "??"]]), "of nobody")

    def test_two_families_of_one_name_need_the_code(self):
        self.create_family()
        self.create_family()
        wizard = self.preview([["adm", "name", "family"], ["7", "Ali", "Otieno"]])
        self.assert_refused(wizard, "2 families Otieno. Write the family code")

    # === WHAT IS REFUSED === #

    def test_bad_rows_say_why(self):
        self.create_student("Joy Otieno", "ADM-020", state='left')
        later = self.create_student("Max Otieno", "ADM-021")
        self.enrol(later, self.north, '2026-03-01')
        for row, message in (
            ([], "admission number is missing"),
            (["--", "Ali"], "admission number is missing"),
            (["ADMISSION-0123", "Ali"], "more than 12 characters"),
            (["=1+1", "Ali"], "begins like a formula"),
            (["7", '=HYPERLINK("http://x","y")'], "begins like a formula. It was taken as text"),
            (["7", "@SUM(1)"], "begins like a formula"),
            (["7", ""], "name is missing"),
            (["7", "123"], "name has no letter"),
            (["7", "A" * 201], "too long"),
            (["7", "Ali", "Grade 9"], "no class Grade 9 in the year 2026"),
            (["7", "Ali", "Grade 8"], "any of these: Grade 8 North 2026, Grade 8 South 2026"),
            (["7", "Ali", "Grade 8", "West"], "no class Grade 8 West"),
            (["7", "Ali", "", "North"], "class is missing beside its stream"),
            (["7", "Ali", "", "", "Day"], "class is missing"),
            (["7", "Ali", "Grade 7", "", "often"], "neither day, boarding nor weekly"),
            (["7", "Ali", "", "", "", "Mary", "", "0712"],
             "phone of guardian 1 is no phone number"),
            (["7", "Ali", "", "", "", "Mary", "", "7.12E+08"], "no phone number"),
            (["7", "Ali", "", "", "", "", "", "0712000001"], "name of guardian 1 is missing"),
            (["7", "Ali", "", "", "", "+Mary"], "guardian 1 begins like a formula"),
            (["7", "Ali", "", "", "", "77"], "guardian 1 has no letter"),
            (["7", "Ali", "", "", "", "Mary", "", "0712000001", "John", "", "254712000001"],
             "Two guardians are one person"),
            (["7", "Ali", *[""] * 3, "Mary", "", "", "", "", "", "mary at home"], "no address"),
            (["7", *[""] * 10, "", "1,250"], "more cells than columns"),
            (["ADM-020", "Joy Otieno", "Grade 7"], "has left the school"),
            (["ADM-021", "Max Otieno", "Grade 7"], "already enrolled in Grade 8 North 2026"),
            (["ADM-020", "Grace Mwangi"], "belongs to Joy Otieno.*never given again"),
        ):
            with self.subTest(row=row):
                row = row or ["", "Ali"]
                wizard = self.preview([HEADER, row])
                self.assert_refused(wizard, message)
                self.assertEqual(wizard.error_count, 1)
                with self.refusal(UserError, "1 rows have errors, so nothing was imported"):
                    wizard.action_import()
        self.assertFalse(self._student("7"))

    def test_dates_of_joining(self):
        header = ["adm", "name", "class", "joined on"]
        wizard = self.preview([
            header, ["1", "A", "G7", "31/02/2026"], ["2", "B", "G7", "01/20/2026"],
            ["3", "C", "G7", "46042"], ["4", "D", "G7", "soon"], ["5", "E", "G7", "02/01/2026"],
            ["6", "F", "G7", "20/01/2026"], ["7", "G", "G7", "20/01/26"],
            ["8", "H", "G7", "2019-05-06"],
        ])
        for row, message in enumerate((
            "no day 31/02/2026", "month first. Write the day first", "Perhaps 01/20/2026 is meant",
            "“soon” is no date", "may have the month first, as other dates", None,
            "four digits", None,
        )):
            if message:
                self.assert_refused(wizard, message, row)
        wizard.skip_errors = True
        wizard.action_import()
        joined = fields.Date.to_date('2026-01-20')
        self.assertEqual(self._student("6").joined_on, joined)
        self.assertEqual(self._student("6").enrolment_ids.date_from, joined)
        self.assertEqual(self._student("8").enrolment_ids.date_from, self.year.date_from)
        self.assertFalse(self._student("5"))

    def test_one_number_in_two_spellings(self):
        wizard = self.preview([
            HEADER, ["ADM-1", "Ali Noor"], ["ADM-001", "Ann Wanjiku"], ["ADM-2", "Ben Kip"],
            ["ADM-2", "Ben Kip"],
        ])
        self.assert_states(wizard, *['error'] * 4)
        self.assert_refused(wizard, "Row 3 has this admission number too, written ADM-001")
        self.assert_refused(wizard, "Row 2 has this admission number too, written ADM-1", 1)

    def test_a_number_beside_another_spelling_in_the_books(self):
        self.create_student("Ali Noor", "ADM-001")
        self.assert_refused(self.preview([HEADER, ["ADM-1", "Ann Wanjiku"]]), "belongs to Ali Noor")
        wizard = self.preview([HEADER, ["ADM-1", "Ali Noor", "G7"]])
        self.assert_states(wizard, 'change')
        self.assertIn("is written ADM-001 in Odoo", wizard.row_ids.message)
        with self.refusal(UserError, "have warnings"):
            wizard.action_import()

    def test_references_of_others_are_no_admission_numbers(self):
        student = self.create_student()
        self.env['school.student.alias'].create({'name': "OLD-5", 'student_id': student.id})
        for number in ("old 05", student.pay_code):
            self.assert_refused(
                self.preview([HEADER, [number, "Faith Otieno"]]), "another reference of",
            )

    # === ALL OR NOTHING === #

    def test_errors_are_left_out_only_when_ticked(self):
        wizard = self.preview([HEADER, FAITH, ["", "Ali"]])
        with self.refusal(UserError, "nothing was imported"):
            wizard.action_import()
        self.assertFalse(self._student("ADM-012"))
        wizard.skip_errors = True
        wizard.action_import()
        self.assertTrue(self._student("ADM-012"))

    def test_only_what_was_shown_is_imported(self):
        wizard = self.preview([HEADER, FAITH])
        self.create_student("Grace Mwangi", "ADM-12")
        with self.refusal(UserError, "not what the preview showed. Nothing was imported"):
            wizard.action_import()
        other = self.preview([HEADER, BRIAN])
        other.file = self.start([HEADER, ["ADM-99", "Somebody"]]).file
        with self.refusal(UserError, "not what the preview showed"):
            other.action_import()
        unseen = self.start([HEADER, BRIAN])
        with self.refusal(UserError, "not what the preview showed"):
            unseen.action_import()

    def test_a_file_is_imported_once(self):
        wizard = self.run_import([HEADER, FAITH])
        for action in ('action_import', 'action_preview'):
            with self.refusal(UserError, "was imported. Start another"):
                getattr(wizard, action)()

    def test_classes_need_a_year(self):
        with freeze_time('2027-02-10'), self.refusal(UserError, "no academic year holds today"):
            self.preview([HEADER, FAITH])

    # === RIGHTS, COMPANIES, SIZE === #

    def test_only_the_bursar_and_those_above_import(self):
        for group in ('group_cashier', 'group_class_teacher'):
            user = self.create_user(f'imports_{group}', f'school_fees.{group}')
            with self.subTest(group=group), self.refusal(AccessError, "import|Import"):
                self.start([HEADER, FAITH], user)
        for group in ('group_approver', 'group_administrator'):
            user = self.create_user(f'imports_{group}', f'school_fees.{group}')
            self.assert_states(self.preview([HEADER, FAITH], user), 'new')

    def test_an_import_is_seen_by_its_maker_only(self):
        wizard = self.preview([HEADER, FAITH])
        other = self.create_user('imports_other', 'school_fees.group_bursar')
        for records in (wizard, wizard.row_ids):
            self.assertTrue(records.has_access('read'))
            self.assertFalse(records.with_user(other).has_access('read'))
            self.assertFalse(records.with_user(other).has_access('write'))

    def test_schools_stay_apart(self):
        other = self.create_school("Amani School")
        self.env.user.company_ids |= other
        there = self.env['school.student'].with_company(other).create({
            'name': "Grace Mwangi", 'admission_no': "ADM-012", 'company_id': other.id,
        })
        self.run_import([HEADER, FAITH])
        self.assertEqual(there.name, "Grace Mwangi")
        self.assertEqual(self._student("ADM-012").name, "Faith Otieno")
        self.assertEqual(self._student("ADM-012").partner_id.company_id, self.school)
        with self.refusal(AccessError, "import|Import"):
            self.start([HEADER, FAITH], company_id=other.id)

    def test_queries_do_not_grow_with_the_file(self):
        def content(first, count):
            return [HEADER] + [
                [f"N{number}", f"Child Number{number}", "Grade 7", "", "", f"Parent {number}", "",
                 f"0712{number // 2:06}"]
                for number in range(first, first + count)
            ]
        self.run_import(content(0, 4), join_by_guardian=True)
        counts = []
        for rows in (content(0, 4), content(0, 40), content(0, 90)):  # The first fills caches.
            wizard = self.start(rows, join_by_guardian=True)
            wizard.flush_recordset()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            wizard._plan()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLess(counts[0], 60)
