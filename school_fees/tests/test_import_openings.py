from decimal import Decimal

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.school_fees.tests.import_common import ImportCommon


HEADER = ["Adm No", "Name", "Balance"]
TERMS = ["Adm No", "Name", "Term 2 2025", "Term 3 2025", "Term 1 2026", "Balance"]


@tagged('post_install', '-at_install')
@freeze_time('2026-02-10 09:00:00')
class TestImportOpenings(ImportCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.faith = cls.create_student()
        cls.brian = cls.create_student("Brian Otieno", "ADM-013")
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020")
        cls.enrol(cls.faith, cls.north)
        cls.enrol(cls.brian, cls.north)
        cls.enrol(cls.grace, cls.seven)
        last_year = cls.env['school.academic.year'].create({
            'name': "2025", 'date_from': '2025-01-01', 'date_to': '2025-12-31',
        })
        cls.env['school.term'].create([
            {
                'year_id': last_year.id, 'sequence': number, 'name': f"Term {number}",
                'date_from': first, 'date_to': last, 'due_date': due, 'state': 'closed',
            }
            for number, first, last, due in (
                (2, '2025-05-05', '2025-08-01', '2025-05-12'),
                (3, '2025-08-25', '2025-10-24', '2025-09-01'),
            )
        ])

    def preview(self, content, user=None, **values):
        return super().preview(content, user, **{
            'kind': 'openings', 'as_at': '2025-12-31', **values,
        })

    def _moves(self):
        return self.env['account.move'].search([
            ('school_doc_type', '=', 'opening'), ('company_id', '=', self.school.id),
        ], order='id')

    def _dues(self, student):
        return [
            (str(line.date_maturity), line.amount_residual)
            for line in student._open_receivable_lines()
        ]

    # === WHAT IS BOOKED === #

    def test_one_entry_for_each_class(self):
        wizard = self.preview([
            HEADER, ["ADM-012", "Faith Otieno", "KES 12,500/="],
            ["ADM-013", "Brian Otieno", "(500)"], ["ADM-020", "Grace Mwangi", "3,000.50"],
        ])
        self.assert_states(wizard, 'new', 'new', 'new')
        self.assertEqual(
            (wizard.total_debit, wizard.total_credit, wizard.total_net, wizard.total_new),
            (15500.5, 500.0, 15000.5, 15000.5),
        )
        wizard.control_total = "15,000.50"
        wizard.action_import()
        moves = self._moves()
        self.assertEqual(len(moves), 2)
        self.assertEqual(set(moves.mapped('state')), {'posted'})
        self.assertEqual(set(moves.mapped('date')), {fields.Date.to_date('2025-12-31')})
        for move in moves:
            self.assertTrue(self.currency.is_zero(sum(move.line_ids.mapped('balance'))))
        clearing = self.school.school_opening_account_id
        self.assertEqual(clearing.account_type, 'equity')
        lines = moves.line_ids.filtered(lambda line: line.account_id == clearing)
        self.assertEqual(sorted(lines.mapped('balance')), [-12000.0, -3000.5])
        self.assertEqual(
            [student.balance for student in (self.faith, self.brian, self.grace)],
            [12500.0, -500.0, 3000.5],
        )
        # No name in what is written on entries.
        for text in [*moves.mapped('ref'), *moves.line_ids.mapped('name')]:
            self.assertNotRegex(text, "Otieno|Mwangi")

    def test_terms_give_debts_their_true_age(self):
        self.run_import([
            TERMS, ["ADM-012", "Faith Otieno", "4,000", "5,000", "0", "9000"],
            ["ADM-013", "Brian Otieno", "", "2000", "-3000", ""],
        ])
        self.assertEqual(self._dues(self.faith), [('2025-05-12', 4000.0), ('2025-09-01', 5000.0)])
        # What was paid ahead settles what was owed.
        self.assertEqual(self._dues(self.brian), [('2026-01-12', -1000.0)])
        self.assertEqual(self.brian.balance, -1000.0)
        # The oldest is paid first, then the bill of the new term.
        bill = self.create_term_bill(self.faith, self.term_1, 10000)
        self.create_receipt({self.faith: 10000})
        self.assertEqual(self._dues(self.faith), [('2026-01-12', 9000.0)])
        self.assertEqual(bill.amount_residual, 9000.0)

    def test_every_list_shows_the_true_age(self):
        self.run_import([
            TERMS, ["ADM-012", "Faith Otieno", "4,000", "5,000", "700", "9700"],
            ["ADM-013", "Brian Otieno", "", "", "-3000", ""],
        ])
        row = self.env['school.balance.report'].search([('student_id', '=', self.faith.id)])
        self.assertEqual(
            (row.balance, row.overdue_1, row.overdue_2, row.overdue_3, row.overdue_4),
            (9700.0, 700.0, 0.0, 0.0, 9000.0),
        )
        row = self.env['school.balance.report'].search([('student_id', '=', self.brian.id)])
        self.assertEqual((row.balance, row.overdue, row.credit), (-3000.0, 0.0, -3000.0))
        statement = self.env['school.statement']._get_statements(self.faith)[self.faith]
        self.assertEqual(statement['closing'], 9700.0)
        self.assertEqual({line['kind'] for line in statement['rows']}, {'opening'})

    def test_a_balance_falls_due_on_its_day(self):
        self.run_import([
            [*HEADER, "As At"], ["ADM-012", "Faith Otieno", "100", "30/11/2025"],
            ["ADM-013", "Brian Otieno", "200", ""],
        ])
        self.assertEqual(self._dues(self.faith), [('2025-11-30', 100.0)])
        self.assertEqual(self._dues(self.brian), [('2025-12-31', 200.0)])
        self.assertEqual(len(self._moves()), 2, "one entry for each day")

    def test_a_workbook_reads_as_the_csv_file_does(self):
        self.run_import(self.make_workbook(
            HEADER, ["ADM-012", "Faith Otieno", 1250.4999999999998],
            ["ADM-013", "Brian Otieno", -5],
        ))
        self.assertEqual((self.faith.balance, self.brian.balance), (1250.5, -5.0))

    def test_nothing_owed_is_nothing_booked(self):
        wizard = self.preview([
            HEADER, ["ADM-012", "Faith Otieno", "0"], ["adm 13", "Brian Otieno", "-"],
        ])
        self.assert_states(wizard, 'same', 'same')
        self.assertIn("Nothing to book", wizard.row_ids[0].message)
        self.assertFalse(self._moves())

    def test_leavers_and_students_without_class_have_balances_too(self):
        leaver = self.create_student("Joy Otieno", "ADM-030", state='left')
        self.run_import([HEADER, ["ADM-030", "Joy Otieno", "700"]])
        self.assertEqual(leaver.balance, 700.0)
        self.assertIn("without class", self._moves().ref)

    # === TWICE === #

    def test_a_second_import_changes_nothing(self):
        content = [
            TERMS, ["ADM-012", "Faith Otieno", "4,000", "5,000", "", "9000"],
            ["ADM-013", "Brian Otieno", "", "2000", "-3000", ""],
        ]
        self.run_import(content)
        moves = self._moves()
        again = self.preview(content)
        self.assert_states(again, 'same', 'same')
        self.assertEqual((again.total_net, again.total_new), (8000.0, 0.0))
        again.control_total = "8000"
        again.action_import()
        self.assertEqual(self._moves(), moves)

    def test_a_student_has_one_opening_balance(self):
        self.run_import([HEADER, ["ADM-012", "Faith Otieno", "12,500"]])
        for other in ("12,501", "0", "-12,500"):
            self.assert_refused(
                self.preview([HEADER, ["ADM-012", "Faith Otieno", other]]),
                "Faith Otieno has an opening balance of .*12,500.00.* already.*reverse its entry",
            )
        # Paid or not, it is the same one.
        self.create_receipt({self.faith: 12500})
        self.assert_states(self.preview([HEADER, ["ADM-012", "Faith Otieno", "12,500"]]), 'same')
        self.assert_refused(self.preview([HEADER, ["ADM-012", "Faith Otieno", "1"]]), "already")

    def test_a_reversed_balance_may_be_imported_again(self):
        self.run_import([HEADER, ["ADM-012", "Faith Otieno", "12,500"]])
        reversal = self._moves()._reverse_moves(cancel=True)
        self.assertFalse(reversal.school_doc_type)
        self.assertEqual(self.faith.balance, 0.0)
        self.run_import([HEADER, ["ADM-012", "Faith Otieno", "13,000"]])
        self.faith.invalidate_recordset(['balance'])
        self.assertEqual(self.faith.balance, 13000.0)

    # === CONTROL TOTAL === #

    def test_nothing_is_booked_without_the_control_total(self):
        wizard = self.preview([
            HEADER, ["ADM-012", "Faith Otieno", "12,500"], ["ADM-013", "Brian Otieno", "-500"],
        ])
        for control, message in (
            (False, "Type the control total first"), ("", "Type the control total first"),
            ("12,000.01", "adds up to .*12,000.00.*control total is .*12,000.01.*0.01.* apart"),
            ("0", "12,000.00.* apart"), ("twelve", "no amount"), ("=A1", "no amount"),
        ):
            wizard.control_total = control
            with self.subTest(control=control), self.refusal(UserError, message):
                wizard.action_import()
        self.assertFalse(self._moves())
        wizard.control_total = "12000"
        wizard.action_import()
        self.assertEqual(len(self._moves()), 1)

    def test_the_control_total_holds_for_the_whole_file(self):
        wizard = self.preview([
            HEADER, ["ADM-012", "Faith Otieno", "12,500"], ["ADM-999", "Nobody", "500"],
        ])
        wizard.skip_errors = True
        wizard.control_total = "12500"
        with self.refusal(UserError, "adds up to .*13,000.00"):
            wizard.action_import()
        self.assertEqual(wizard.total_new, 12500.0)
        wizard.control_total = "13000"
        wizard.action_import()
        self.assertEqual(self.faith.balance, 12500.0)

    # === WHAT IS REFUSED === #

    def test_bad_rows_say_why(self):
        for row, message in (
            (["ADM-999", "Ali Noor", "5"], "No student has the admission number ADM-999"),
            (["ADM-012", "Faith Otieno", ""], "balance is missing"),
            (["ADM-012", "Faith Otieno", "nil"], "“nil” is no amount"),
            (["ADM-012", "Faith Otieno", "NaN"], "is no amount"),
            (["ADM-012", "Faith Otieno", "1.250,50"], "is no amount"),
            (["ADM-012", "Faith Otieno", "=SUM(B1:B9)"], "is a formula, and is not worked out"),
            (["ADM-012", "Faith Otieno", "@5"], "is a formula"),
            (["ADM-012", "Faith Otieno", "+A1"], "is no amount"),
            (["ADM-012", "Faith Otieno", "1.005"], "parts of a cent"),
            (["ADM-012", "Faith Otieno", "9" * 30], "more than anybody owes"),
            (["ADM-012", "Faith Otieno", "1", "250"], "more cells than columns"),
            (["ADM-012", "", "5"], "name is missing"),
        ):
            with self.subTest(row=row):
                self.assert_refused(self.preview([HEADER, row]), message)

    def test_bad_days_say_why(self):
        for day, message in (
            ("31/02/2026", "no day 31/02/2026"), ("12/31/2025", "month first"),
            ("46022", "Perhaps 12/31/2025 is meant"), ("last term", "is no date"),
            ("11/02/2026", "lies ahead"), ("31/12/25", "four digits"),
        ):
            with self.subTest(day=day):
                wizard = self.preview([
                    [*HEADER, "As At"], ["ADM-012", "Faith Otieno", "5", day],
                ])
                self.assert_refused(wizard, message)
        wizard = self.preview([HEADER, ["ADM-012", "Faith Otieno", "5"]], as_at=False)
        self.assert_refused(wizard, "day of the balance is missing")

    def test_one_number_in_two_spellings(self):
        wizard = self.preview([
            HEADER, ["ADM-12", "Faith Otieno", "5"], ["ADM-012", "Faith Otieno", "5"],
        ])
        self.assert_refused(wizard, "Row 3 has this admission number too", 0)
        self.assert_refused(wizard, "Row 2 has this admission number too", 1)

    def test_another_name_needs_a_tick(self):
        for row, message in (
            (["ADM-012", "Faith Akinyi", "5"], "is called Faith Otieno in Odoo"),
            (["ADM-013", "Grace Mwangi", "5"], "is called Brian Otieno in Odoo"),
            (["adm 20", "Grace Mwangi", "5"], "is written ADM-020 in Odoo"),
        ):
            wizard = self.preview([HEADER, row])
            self.assert_states(wizard, 'new')
            self.assertIn(message, wizard.row_ids.message)
            wizard.control_total = "5"
            with self.subTest(row=row), self.refusal(UserError, "1 rows have warnings"):
                wizard.action_import()
        wizard.accept_warnings = True
        wizard.action_import()
        self.assertEqual(self.grace.balance, 5.0)

    def test_terms_must_be_there_and_add_up(self):
        wizard = self.preview([TERMS, ["ADM-012", "Faith Otieno", "4000", "5000", "", "9001"]])
        self.assert_refused(wizard, "terms make .*9,000.00.* together, the balance says .*9,001.00")
        for column, message in (
            ("Term 1 2025", "term 1 of 2025, which is not in Odoo"),
            ("Term 1", "term 1 of no year.*Write the number and the year"),
        ):
            with self.subTest(column=column), self.refusal(UserError, message):
                self.preview([["adm no", "name", column], ["ADM-012", "Faith Otieno", "5"]])

    # === COMPANIES, SIZE === #

    def test_schools_stay_apart(self):
        other = self.create_school("Amani School")
        self.env.user.company_ids |= other
        there = self.env['school.student'].with_company(other).create({
            'name': "Ali Noor", 'admission_no': "ADM-777", 'company_id': other.id,
        })
        self.assert_refused(
            self.preview([HEADER, ["ADM-777", "Ali Noor", "5"]]), "No student has the admission",
        )
        self.run_import([HEADER, ["ADM-012", "Faith Otieno", "5"]])
        self.assertEqual(self._moves().company_id, self.school)
        self.assertEqual(self._moves().line_ids.company_id, self.school)
        self.assertFalse(other.school_opening_account_id)
        self.bursar.company_ids |= other
        self.bursar.company_id = other
        bursar = self.env(user=self.bursar, context={'allowed_company_ids': other.ids})
        wizard = bursar['school.import'].create({
            'kind': 'openings', 'as_at': '2025-12-31',
            'file': self.start([HEADER, ["ADM-777", "Ali Noor", "900"]]).file,
        })
        wizard.action_preview()
        wizard.control_total = "900"
        wizard.action_import()
        self.assertEqual(there.with_company(other).balance, 900.0)
        self.assertEqual(self.faith.balance, 5.0)

    def test_a_school_without_accounts_is_told(self):
        self.env['account.journal'].search([
            ('company_id', '=', self.school.id), ('type', '=', 'general'),
        ]).active = False
        wizard = self.preview([HEADER, ["ADM-012", "Faith Otieno", "5"]])
        wizard.control_total = "5"
        with self.refusal(UserError, "no journal for general entries"):
            wizard.action_import()

    def test_queries_do_not_grow_with_the_file(self):
        students = self.env['school.student'].create([
            {'name': f"Child {number}", 'admission_no': f"N{number}"} for number in range(90)
        ])
        rows = [[student.admission_no, student.name, "5"] for student in students]
        self.run_import([HEADER, *rows[:20]])
        counts = []
        for size in (5, 40, 90):  # The first fills caches.
            wizard = self.start([HEADER, *rows[:size]], kind='openings', as_at='2025-12-31')
            wizard.flush_recordset()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            wizard._plan()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_every_amount_of_a_file_reaches_its_student(self):
        amounts = [Decimal(number * 37 % 101 - 50) * Decimal('12.35') for number in range(60)]
        students = self.env['school.student'].create([
            {'name': f"Child {number}", 'admission_no': f"N{number}"} for number in range(60)
        ])
        wizard = self.preview([HEADER] + [
            [student.admission_no, student.name, f'{amount:,.2f}']
            for student, amount in zip(students, amounts, strict=True)
        ])
        self.assertEqual(wizard.control_total, False)
        wizard.control_total = str(sum(amounts))
        wizard.action_import()
        for student, amount in zip(students, amounts, strict=True):
            self.assertEqual(self.currency.compare_amounts(student.balance, float(amount)), 0)
