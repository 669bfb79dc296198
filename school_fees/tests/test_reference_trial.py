import base64
import io
from decimal import Decimal

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, freeze_time, tagged

from odoo.addons.school_fees.models.school_reference_book import ReferenceBook
from odoo.addons.school_fees.models.school_reference_directory import ReferenceDirectory
from odoo.addons.school_fees.tests.import_common import ImportCommon


FORMULA = '=HYPERLINK("http://example.com","Click")'


class ReferenceTrialCommon(ImportCommon):
    """ A school with a few students, and makers of dry runs. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.family = cls.create_family("Otieno")
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=cls.family.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=cls.family.id)
        cls.kevin = cls.create_student("Kevin Wanjiku", "ADM-1500")
        cls.gone = cls.create_student("Ali Salim", "ADM-700", state='left', left_on='2026-01-31')
        cls.mary = cls.create_guardian(cls.faith | cls.brian, "Mary Achieng", phone='0722000101')

    def start_trial(self, content, user=None, **values):
        """ Start a dry run as the bursar, without a look at its rows.

        :param content: The bytes of the file, or the rows of a CSV file.
        :rtype: school.reference.trial
        """
        if not isinstance(content, bytes):
            content = self.make_csv(*content)
        return self.env['school.reference.trial'].with_user(user or self.bursar).create({
            'file': base64.b64encode(content), 'file_name': "term.csv",
            'company_id': self.school.id, **values,
        })

    def run_trial(self, content, user=None, **values):
        """ Try a file as the bursar.

        :rtype: school.reference.trial
        """
        trial = self.start_trial(content, user, **values)
        trial.action_try()
        trial.invalidate_recordset()  # As the screen reads it, in its order.
        return trial


@tagged('post_install', '-at_install')
@freeze_time('2026-02-10 09:00:00')
class TestReferenceTrial(ReferenceTrialCommon):

    def test_every_outcome_with_its_total(self):
        self.create_class(self.create_level("Grade 4", 'G4'), "Chui")
        payments = [  # Reference, amount, outcome, who and why.
            ("ADM-012", "1,000.50", 'exact', "Faith.*ADM-012.*own"),
            (self.family.code, "300", 'exact', "Otieno.*own"),
            (self.kevin.pay_code, "10", 'exact', "Kevin.*own"),
            ("adm 13 fees", "2000", 'normalised', "Brian.*written in another way"),
            ("012 Mary chui", "40.25", 'normalised', "Faith"),
            ("1500", "1500", 'suggest', "Kevin.*amount that was paid"),
            ("ADM-021", "7", 'suggest', "Faith.*One sign differs"),
            ("Brian Otieno", "100", 'suggest', "Brian.*A name"),
            ("0722 000 101", "200", 'suggest', "phone number of a guardian"),
            ("ADM-700", "90", 'suggest', "Ali.*left the school"),
            ("ADM-012 & ADM-013", "80", 'suggest', "(?s)Faith.*several.*Brian"),
            ("school fees", "5000", 'unmatched', "No student or family"),
            ("", "60", 'unmatched', "Nothing was typed"),
            ("ADM-012 " * 9, "70", 'unmatched', "too long"),
            (FORMULA, "", 'unmatched', "No student|too long"),
        ]
        trial = self.run_trial([
            ["Receipt No.", "Paid In", "Withdrawn", "A/C No."],
            *([f"TGH{number}", amount, "", text]
              for number, (text, amount, _outcome, _found) in enumerate(payments)),
            ["TGH1", "", "-5", ""],
        ])
        rows = trial.row_ids.sorted('number')
        self.assertEqual(len(rows), len(payments))
        for row, (text, amount, outcome, found) in zip(rows, payments, strict=True):
            with self.subTest(reference=text):
                self.assertEqual(row.outcome, outcome, row.found)
                self.assertRegex(row.found, found)
                self.assertEqual(row.reference or '', text.strip())
                self.assertEqual(row.has_amount, bool(amount))
        for outcomes, name in (
            (['exact'], 'exact'), (['normalised'], 'normalised'), (['suggest'], 'suggest'),
            (['unmatched'], 'unmatched'), (['exact', 'normalised'], 'booked'),
            (['exact', 'normalised', 'suggest', 'unmatched'], 'row'),
        ):
            of_them = [payment for payment in payments if payment[2] in outcomes]
            total = sum(Decimal(one[1].replace(',', '') or 0) for one in of_them)
            with self.subTest(name=name):
                self.assertEqual(trial[f'{name}_count'], len(of_them))
                self.assertEqual(Decimal(str(trial[f'{name}_amount'])), total)
        self.assertEqual(trial.booked_amount, 3350.75, "Counted by hand")
        self.assertIn("money went out: 1", trial.notice)
        self.assertIn("column “A/C No.”", trial.notice)

    def test_what_needs_a_look_comes_first(self):
        trial = self.run_trial([["Reference"], ["ADM-012"], ["adm12"], ["ADM-021"], ["fees"]])
        self.assertEqual(trial.row_ids.mapped('outcome'), [
            'suggest', 'unmatched', 'normalised', 'exact',
        ])
        self.assertFalse(trial.has_amounts)
        self.assertIn("names no amounts", trial.notice)

    def test_nothing_is_booked_and_the_file_is_forgotten(self):
        models = ['account.move', 'account.payment', 'school.receipt', 'school.student.alias']
        before = [self.env[model].search_count([]) for model in models]
        trial = self.run_trial([["Reference", "Amount"], ["ADM-012", "500"], ["ADM-021", "50"]])
        self.assertEqual([self.env[model].search_count([]) for model in models], before)
        self.assertFalse(trial.file)
        self.assertFalse(self.env['ir.attachment'].search([('res_model', '=', trial._name)]))
        rows = trial.row_ids
        self.assertEqual(trial.action_again()['target'], 'main')
        self.assertFalse(trial.exists() or rows.exists())

    def test_a_file_of_references_alone(self):
        for content in (b'ADM-012\nadm 13\n', self.make_workbook(["ADM-012"], ["adm 13"])):
            trial = self.run_trial(content)
            self.assertEqual((trial.exact_count, trial.normalised_count), (1, 1))
            self.assertIn("its first row is a reference", trial.notice)

    def test_a_column_that_is_named_by_hand(self):
        rows = [["Payer", "Child's Number", "Ref"], ["Mary", "ADM-012", "FT26"]]
        self.assertEqual(self.run_trial(rows).exact_count, 0)
        self.assertEqual(self.run_trial(rows, heading="child's number").exact_count, 1)

    def test_swahili_headings_and_words(self):
        self.env['res.lang']._activate_lang('sw')
        trial = self.start_trial([["Namba ya Akaunti", "Kiasi"], ["ADM-012", "500"], ["", "20"]])
        trial = trial.with_context(lang='sw')
        trial.action_try()
        self.assertEqual((trial.exact_amount, trial.unmatched_amount), (500, 20))
        self.assertNotIn("The references were read", trial.notice)
        self.assertNotIn("Nothing was typed", ' '.join(trial.row_ids.mapped('found')))

    def test_files_that_are_none_say_so(self):
        for content, message in (
            (b' ', "file is empty"), (b'PK\x03\x04', "broken"),
            (b'%PDF-1.4\n\0\0', "neither a CSV"),
            (b'\xd0\xcf\x11\xe0', "old Excel workbook"), (b'ref\n\x81', "letters of the file"),
            (b'0' * (50 * 1024 * 1024), "at most 10 MB are read. Keep only"),
            (self.make_csv(["Reference"], *[["x"]] * 10_001), "more than 10000 rows.*each month"),
            (self.make_csv(*[["x"]] * 10_001), "more than 10000 rows.*each month"),
            (self.make_csv(["Reference"] * 201), "more than 200 columns.*list of payments"),
            (self.make_csv(["Reference", "Amount"]), "no payment below it"),
            (self.make_csv(["Name", "Phone"], ["Faith", "07"]), "not clear.*Name, Phone"),
        ):
            with self.subTest(message=message), self.refusal(UserError, message):
                self.run_trial(content)
        with self.refusal(UserError, "No column has the heading “Akaunti”"):
            self.run_trial([["Reference"], ["ADM-012"]], heading="Akaunti")
        trial = self.start_trial([["Reference"], ["ADM-012"]])
        with self.refusal(UserError, "no result to download"):
            trial.action_download()
        trial.file = False
        with self.refusal(UserError, "Choose a file first"):
            trial.action_try()

    def test_any_reference_is_taken(self):
        texts = [
            "'; DROP TABLE school_student; --", "<script>alert(1)</script>", "%(x)s %s {0}", "\\",
            "𝟘𝟙𝟚", "٠١٢", "ﷺ", "\ufffe", "ADM-012\r\nADM-013", "\u202eADM-012", "_", "%", "ß",
            "0" * 5000, "1" * 60, "-" * 60, "A1" * 30, "T 1 2026", "1500000000000000000000", "'",
        ]
        trial = self.run_trial(
            [["Reference", "Amount"], *([text, "5"] for text in texts), ["", "5"]],
        )
        self.assertEqual(trial.row_count, len(texts) + 1)
        self.assertTrue(all(trial.row_ids.mapped('found')))
        self.assertTrue(trial.result_file)

    def test_the_memory_answers_as_the_database_does(self):
        self.faith.guardian_link_ids.date_to = '2026-01-01'  # No name of hers, nor a phone, today.
        self.env['school.guardian.phone'].create({
            'partner_id': self.create_guardian(self.kevin, "Rose Njeri").id, 'e164': '0733 222 111',
        })
        self.env['school.student.alias'].create([
            {'name': "P/0077", 'student_id': self.kevin.id},
            {'name': "OLD 77", 'family_id': self.family.id},
        ])
        self.env.flush_all()
        schools = self.school
        book, directory = ReferenceBook(schools), ReferenceDirectory(schools)
        keys = {'ADM12', 'P77', 'OLD77', 'ADM700', self.faith.pay_code, 'ADM99'}
        self.assertEqual(book.find_keys(keys), directory.find_keys(keys))
        for digits in ('12', '77', '700', '5', '99'):
            self.assertEqual(
                {entry.holder for entry in book.find_numbers({digits})},
                {entry.holder for entry in directory.find_numbers({digits})}, digits,
            )
        for words in ({'MARY'}, {'OTIENO', 'BRIAN'}, {'ROSE'}, {'OTI'}, {'NOBODY'}):
            self.assertEqual(book.find_names(words), directory.find_names(words), words)
        for digits in ('722000101', '733222111', '799999999'):
            self.assertEqual(book.find_phone(digits), directory.find_phone(digits), digits)

    def test_a_batch_reads_behind_the_code_of_a_bank(self):
        self.school.school_reference_code = '57797K'
        Student = self.env['school.student']
        references = [("57797K ADM-012", None), ("57797k1500", None), ("57797K", None)]
        matches = Student._decide_references(references, self.school)
        self.assertEqual(
            [match.posts and match.found[0][0] for match in matches],
            [self.faith, self.kevin, False],
        )

    def test_a_name_is_found_however_it_is_written(self):
        self.create_guardian(self.kevin, "rose NG'ANG\u2019A-Mũthoni wa J.Kĩmani")
        schools = self.school
        book, directory = ReferenceBook(schools), ReferenceDirectory(schools)
        for word in ('ROSE', 'ANG', 'MŨTHONI', 'KĨMANI', 'NG', 'A'):
            with self.subTest(word=word):
                found = directory.find_names({word})[word]
                self.assertEqual(found, set(self.kevin))
                self.assertEqual(found, book.find_names({word})[word])
        for word in ('MUTHONI', 'ROS', 'MŨTHONIWA', 'OSE'):
            self.assertFalse(directory.find_names({word})[word], word)
        everybody = directory.find_names({'OTIENO', 'MARY', 'ROSE'})
        self.assertEqual(everybody, book.find_names({'OTIENO', 'MARY', 'ROSE'}))
        self.assertEqual(everybody['MARY'], set(self.faith | self.brian))

    def test_a_phone_is_found_however_it_is_written(self):
        Student = self.env['school.student']
        for phone, digits in (
            ('0733 222 111', '733222111'), ('+254733222112', '733222112'),
            ('254 (0)733-222113', '733222113'), ('0733222114 / 0744555666', '733222114'),
            ('0733222115 / 0744555667', '744555667'), ('0733222116 ext 2', '733222116'),
            ('+1 733 222 1170', '733222117'), ('110222333', '110222333'),
        ):
            with self.subTest(phone=phone):
                guardian = self.create_guardian(self.kevin, "Rose Njeri", phone=phone)
                found = Student._find_ids_by_mobile(digits)
                self.assertEqual(found, self.kevin.ids)
                self.assertEqual(found, Student._find_ids_by_phone(digits))
                guardian.guardian_link_ids.date_to = '2026-01-01'
                self.assertFalse(Student._find_ids_by_mobile(digits))

    def test_a_batch_answers_as_one_by_one(self):
        references = [
            "ADM-012", "adm 12", "ADM-021", "Otieno", "0722000101", "ADM-700", "700", "12 13", "",
            "ADM-012 Salim", "fees", "ADM12ADM13", "013 term 2", "0722000101", "ADM-1500",
        ]
        Student = self.env['school.student']
        matches = Student._match_references(
            [(reference, Decimal(1500)) for reference in references], self.school,
        )
        for reference, match in zip(references, matches, strict=True):
            one = Student._match_reference(reference, Decimal(1500), self.school)
            with self.subTest(reference=reference):
                self.assertEqual(
                    (match.outcome, set(match.found)), (one.outcome, set(one.found)),
                )

    def test_a_student_of_a_branch_that_one_does_not_see_has_no_name(self):
        branch = self.env['res.company'].create({
            'name': "Uhuru Academy East", 'parent_id': self.school.id,
        })
        self.env['school.student'].create({
            'name': "Zuhura Hassan", 'admission_no': "EAST-5", 'company_id': branch.id,
        })
        trial = self.run_trial([["Reference"], ["EAST-5"]])
        self.assertEqual(trial.exact_count, 1, "One paybill serves both")
        self.assertIn("Somebody at Uhuru Academy East", trial.row_ids.found)
        self.assertNotIn("Zuhura", trial.row_ids.found)
        self.bursar.company_ids |= branch
        trial = self.start_trial([["Reference"], ["EAST-5"]])
        trial = trial.with_context(allowed_company_ids=(self.school | branch).ids)
        trial.action_try()
        self.assertIn("Zuhura", trial.row_ids.found)

    def test_two_thousand_references_need_few_queries(self):
        texts = [f"ADM-{number}" for number in range(1000)] + [f"Child {n}x" for n in range(1000)]
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.env['school.student']._match_references(
            [(text, None) for text in texts], self.school,
        )
        self.assertLess(self.env.cr.sql_log_count - before, 60)

    # === ACCESS === #

    def test_the_office_tries_and_nobody_else(self):
        for group in ('school_fees.group_cashier', 'school_fees.group_class_teacher',
                      'account.group_account_invoice', 'base.group_user'):
            user = self.create_user(f'trial_{group}', group)
            with self.subTest(group=group), self.refusal(AccessError, "."):
                self.run_trial([["Reference"], ["ADM-012"]], user=user)

    def test_a_trial_is_its_writers_own(self):
        trial = self.run_trial([["Reference"], ["ADM-012"]])
        other = self.create_user('trial_other', 'school_fees.group_approver')
        for records in (trial, trial.row_ids):
            of_other = records.with_user(other)
            self.assertFalse(of_other.search([('id', 'in', records.ids)]))
            with self.refusal(AccessError, "."):
                of_other.read(['display_name'])
        for action in ('action_try', 'action_again', 'action_download'):
            with self.subTest(action=action), self.refusal(AccessError, "."):
                getattr(trial.with_user(other), action)()

    def test_rows_say_what_the_rules_say(self):
        trial = self.run_trial([["Reference"], ["ADM-012"]])
        with self.refusal(AccessError, "."):
            trial.row_ids.outcome = 'unmatched'
        with self.refusal(AccessError, "."):
            trial.row_ids.create({'trial_id': trial.id})

    def test_a_school_that_is_not_ones_own_is_refused(self):
        other = self.create_school("Baraka School")
        with self.refusal(AccessError, "."):
            self.run_trial([["Reference"], ["ADM-012"]], company_id=other.id)

    def test_the_form(self):
        form = Form(self.env(user=self.bursar)['school.reference.trial'])
        form.file = base64.b64encode(b'Reference\nADM-012\n')
        trial = form.save()
        trial.action_try()
        self.assertEqual((trial.state, trial.booked_count), ('result', 1))


@tagged('post_install', '-at_install')
class TestReferenceTrialDownload(ReferenceTrialCommon, HttpCase):

    def _download(self, trial, login):
        self.authenticate(login, login)
        return self.url_open(trial.action_download()['url'])

    def test_the_workbook(self):
        trial = self.run_trial([
            ["Reference", "Amount"], ["ADM-012", "1000.50"], [FORMULA[:50], "7"], ["012", ""],
            ["http://example.com", "3"],
        ])
        response = self._download(trial, 'imports_bursar')
        self.assertEqual(response.status_code, 200)
        self.assertIn("dry-run-of-references.xlsx", response.headers['Content-Disposition'])
        totals, rows = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets
        cells = [cell for sheet in (totals, rows) for row in sheet.iter_rows() for cell in row]
        self.assertFalse([cell for cell in cells if cell.data_type == 'f' or cell.hyperlink])
        self.assertEqual(
            [[cell.value for cell in row] for row in totals.iter_rows(min_row=4, max_row=9)], [
                ["Booked at once", 2, 1000.5], ["Booked: as stored", 1, 1000.5],
                ["Booked: written in another way", 1, 0], ["Asked about", 0, 0],
                ["Unidentified", 2, 10], ["All payments", 4, 1010.5],
            ],
        )
        found = {row[1].value: [cell.value for cell in row] for row in rows.iter_rows(min_row=2)}
        self.assertEqual(found["ADM-012"][:4], [2, "ADM-012", 1000.5, "Booked: as stored"])
        self.assertIn("Faith Otieno (ADM-012)", found["ADM-012"][4])
        self.assertEqual(found["012"][2], None)
        self.assertIn(FORMULA[:50], found)

    def test_the_workbook_is_for_who_made_it(self):
        self.create_user('trial_approver', 'school_fees.group_approver')
        trial = self.run_trial([["Reference"], ["ADM-012"]])
        self.assertEqual(self._download(trial, 'trial_approver').status_code, 404)
