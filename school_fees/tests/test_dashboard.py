from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.school_fees.tests.desk_common import DeskCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-05-12 09:00:00')  # A Tuesday, the third week of Term 2, noon in Nairobi.
class TestDashboard(DeskCommon):
    """Today: each figure is what the books say, and each reader sees what the reader may open."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level = cls.create_level()
        cls.north, cls.south = cls.create_class(cls.level, "North"), cls.create_class(
            cls.level, "South",
        )
        cls.enrol(cls.faith, cls.north)
        cls.enrol(cls.brian, cls.south)
        cls.create_term_bill(cls.faith, cls.term_2, 20_000)
        cls.create_term_bill(cls.brian, cls.term_2, 8_000.5)
        cls.create_term_bill(cls.grace, cls.term_2, 6_000)  # In no class.
        # Faith owes 10,000 of Term 1: 4,000 of it come in the second week of that term.
        cls.create_receipt({cls.faith: 4_000}, date='2026-01-20')
        cls.create_receipt({cls.brian: 3_000}, date='2026-05-11')
        cls.create_receipt({cls.brian: 1_000, cls.grace: 500}, date='2026-05-12')
        cls.create_receipt({cls.grace: 1_500}, date='2026-05-12', external_ref="CHQ 1")
        cls.teacher = cls.create_staff('desk_teacher', 'class_teacher')
        cls.north.teacher_id = cls.teacher

    def figures(self, user=None, company=None):
        """ Return what the screen gets. """
        Dashboard = self.as_user(user or self.bursar, self.env['school.dashboard'])
        return Dashboard.with_context(
            allowed_company_ids=(company or self.school).ids,
        ).get_figures()

    def card(self, key, **values):
        """ Return a card of the top row. """
        return {card['key']: card for card in self.figures(**values)['cards']}[key]

    def needs(self, user):
        """ Return how many of each kind wait for somebody. """
        return {need['key']: need['count'] for need in self.figures(user)['needs']}

    def sql(self, query, *parameters):
        """ Return the first row of a query that the product does not use. """
        self.env.flush_all()
        self.env.cr.execute(query, parameters)
        return self.env.cr.fetchone()

    def assert_list_sums_to(self, card, field, user=None):
        """ Assert that the list behind a card makes up its figure. """
        action = card['action']
        records = self.as_user(user or self.bursar, self.env[action['res_model']]).search(
            action['domain']
        )
        self.assertAlmostEqual(sum(records.mapped(field)), card['amount'], 2)

    # === FIGURES === #

    def test_received_today(self):
        card = self.card('received')
        amount, = self.sql(
            """SELECT sum(l.amount) FROM school_receipt_line l
                 JOIN school_receipt r ON r.id = l.receipt_id
                WHERE r.company_id = %s AND r.state = 'posted' AND r.date = '2026-05-12'""",
            self.school.id,
        )
        self.assertEqual((card['amount'], float(amount)), (3_000.0, 3_000.0))
        self.assertEqual(card['value'], "KES 3,000")
        self.assertEqual(card['details'], [
            "2 receipts", "Cash 1,500 · Cheque 1,500", "Yesterday: KES 3,000",
            "Same day of Term 1 (Tue 20 Jan): KES 4,000",
        ])
        self.assert_list_sums_to(card, 'amount')

    def test_a_reversed_receipt_was_not_received(self):
        receipt = self.post_receipt(self.brian, 700)
        self.assertEqual(self.card('received')['amount'], 3_700)
        self.reverse(receipt)
        self.assertEqual(self.card('received')['amount'], 3_000)
        last = self.figures()['receipts'][0]
        self.assertEqual((last['number'], last['state']), (receipt.number, 'reversed'))

    def test_outstanding_this_term(self):
        card = self.card('outstanding')
        billed, still_open = self.sql(
            """SELECT sum(amount_total), sum(amount_residual) FROM account_move
                WHERE term_id = %s AND state = 'posted' AND move_type = 'out_invoice'""",
            self.term_2.id,
        )
        self.assertEqual((float(billed), card['amount']), (34_000.5, float(still_open)))
        self.assertEqual(card['value'], "KES 28,000.50")  # Cents, since there are some.
        self.assertEqual(card['details'], ["17% of KES 34,000.50 collected", "Term 2"])
        self.assert_list_sums_to(card, 'amount_residual')

    def test_a_credit_note_lowers_what_was_billed(self):
        bill = self.env['account.move'].search([
            ('student_id', '=', self.grace.id), ('term_id', '=', self.term_2.id),
        ])
        bill._reverse_moves([{'invoice_date': '2026-05-12'}]).write({
            'invoice_line_ids': [Command.update(
                bill.reversal_move_ids.invoice_line_ids.id, {'price_unit': 2_000},
            )],
        })
        bill.reversal_move_ids.action_post()
        card = self.card('outstanding')
        self.assertIn("KES 32,000.50", card['details'][0])

    def test_arrears_of_earlier_terms(self):
        card = self.card('arrears')
        self.assertEqual((card['amount'], card['details']), (6_000, ["1 student"]))
        self.assert_list_sums_to(card, 'amount_residual')
        statements = self.env['school.statement']._get_open_items(
            self.faith | self.brian | self.grace
        )
        self.assertEqual(sum(row['arrears'] for row in statements.values()), 6_000)

    def test_by_class(self):
        rows = self.figures()['classes']
        self.assertEqual(
            [(row['name'], row['billed'], row['open'], row['percent']) for row in rows],
            [
                ("Grade 8 North 2026", 20_000, 20_000, 0),
                ("Grade 8 South 2026", 8_000.5, 4_000.5, 49),
                ("In no class today", 6_000, 4_000, 33),
            ],
        )
        self.assertEqual(
            [(row['paid_text'], row['open_text']) for row in rows][1], ("4,000", "4,000.50"),
        )
        self.assertEqual(sum(row['open'] for row in rows), self.card('outstanding')['amount'])
        for row, student in zip(rows, (self.faith, self.brian, self.grace), strict=True):
            action = row['action']
            self.assertEqual(
                self.as_user(self.bursar, self.env[action['res_model']])
                .search(action['domain']).student_id, student,
            )

    def test_all_is_collected_only_when_nothing_is_open(self):
        self.create_receipt({self.grace: 3_999}, date='2026-05-12')
        row = self.figures()['classes'][-1]
        self.assertEqual((row['open'], row['percent']), (1, 99))
        self.create_receipt({self.grace: 1}, date='2026-05-12')
        self.assertEqual(self.figures()['classes'][-1]['percent'], 100)

    def test_nothing_yet_is_explained(self):
        school = self.create_school("New School")
        self.bursar.company_ids |= school
        figures = self.figures(company=school)
        self.assertEqual(figures['school'], "New School")
        self.assertEqual({card['key']: card['amount'] for card in figures['cards']}, {
            'received': 0, 'outstanding': 0, 'arrears': 0,
        })
        self.assertIn("No payments yet", figures['cards'][0]['details'][0])
        self.assertIn("No term has begun", figures['cards'][1]['details'][0])
        self.assertFalse(figures['receipts'] or figures['classes'] or figures['needs'])

    @freeze_time('2026-05-13 09:00:00')
    def test_a_day_without_money_names_the_last(self):
        self.assertEqual(
            self.card('received')['details'][0], "No payments today. Last: Tue 12 May, KES 1,500",
        )

    def test_two_schools_do_not_mix(self):
        other = self.create_school("Other School")
        self.bursar.company_ids |= other
        before = self.figures()
        env = self.env(context={**self.env.context, 'allowed_company_ids': other.ids})
        year = env['school.academic.year'].create({
            'name': "2026", 'date_from': '2026-01-01', 'date_to': '2026-12-31',
        })
        term = env['school.term'].create({
            'year_id': year.id, 'sequence': 1, 'name': "Term B", 'date_from': '2026-04-01',
            'date_to': '2026-08-01', 'bill_date': '2026-04-01', 'due_date': '2026-04-20',
        })
        stranger = env['school.student'].create({'name': "Ali Hassan", 'admission_no': "ADM-900"})
        self.assertEqual(stranger.company_id, other)
        self.create_term_bill(stranger, term, 1_234)
        self.create_receipt({stranger: 34}, date='2026-05-12')
        both = self.school | other
        for companies in (self.school, both):
            figures = self.figures(company=companies)
            self.assertEqual(figures['cards'], before['cards'])
            self.assertEqual(figures['classes'], before['classes'])
        figures = self.figures(company=other)
        self.assertEqual({card['key']: card['amount'] for card in figures['cards']}, {
            'received': 34, 'outstanding': 1_200, 'arrears': 0,
        })
        self.assertEqual([r['students'] for r in figures['receipts']], ["Ali Hassan"])
        with self.refusal(AccessError, "company|companies"):
            self.figures(self.cashier, company=other)

    # === ROLES === #

    def test_a_cashier_sees_receipts_and_no_balances(self):
        figures = self.figures(self.cashier)
        self.assertEqual([card['key'] for card in figures['cards']], ['received'])
        self.assertEqual(len(figures['receipts']), 4)
        self.assertIsNone(figures['classes'])
        self.assertEqual(
            [action['key'] for action in figures['actions']],
            ['receipt', 'family_receipt', 'cash_up'],
        )
        self.assert_list_sums_to(figures['cards'][0], 'amount', self.cashier)

    def test_a_teacher_sees_the_own_classes_and_no_amount(self):
        figures = self.figures(self.teacher)
        self.assertEqual((figures['cards'], figures['needs'], figures['actions']), ([], [], []))
        self.assertIsNone(figures['receipts'])
        row, = figures['classes']
        action = row.pop('action')
        self.assertEqual(row, {
            'id': self.north.id, 'name': "Grade 8 North 2026", 'students': 1,
        })
        self.assertEqual(
            self.as_user(self.teacher, self.env['school.student']).search(action['domain']),
            self.faith.with_user(self.teacher),
        )

    def test_who_has_no_role_gets_nothing(self):
        for login, group in (
            ('desk_none', 'base.group_user'), ('desk_portal', 'base.group_portal'),
        ):
            user = new_test_user(
                self.env, login=login, groups=group, company_id=self.school.id,
                company_ids=[Command.set(self.school.ids)],
            )
            with self.subTest(group), self.refusal(AccessError, "school's office"):
                self.figures(user)

    def test_every_quick_action_opens_for_its_reader(self):
        for user in (self.cashier, self.bursar, self.head):
            for entry in self.figures(user)['actions']:
                with self.subTest(entry['key'], user=user.login):
                    action = self.as_user(user, self.env['ir.actions.actions'])._for_xml_id(
                        entry['action']
                    )
                    groups = self.env['ir.actions.actions'].sudo().browse(action['id'])
                    self.assertTrue(groups.exists())

    # === WHAT WAITS === #

    def test_what_waits_for_an_approver(self):
        self.assertEqual(self.needs(self.head), {})
        wizard = self.as_user(self.bursar, self.env['school.transfer.wizard']).create({
            'from_student_id': self.brian.id, 'to_student_id': self.faith.id, 'amount': 100,
            'reason': "Paid for the sister",
            'receipt_line_id': self.env['school.receipt.line'].search([
                ('student_id', '=', self.brian.id),
            ], limit=1).id,
        })
        wizard.action_ask()
        self.ask_reversal(self.post_receipt(self.grace, 50))
        rule = self.env['school.concession'].create({'name': "Scholarship"})
        self.as_user(self.bursar, self.env['school.concession.grant']).create({
            'student_id': self.grace.id, 'concession_id': rule.id, 'value': 10,
            'term_from_id': self.term_2.id, 'reason': "Best of the county",
        })
        self.assertEqual(self.needs(self.head), {
            'transfers': 1, 'receipt_reversals': 1, 'grants': 1,
        })
        self.assertEqual(self.needs(self.bursar), {})  # Who asked waits for another person.
        rows = [row for need in self.figures(self.head)['needs'] for row in need['rows']]
        transfer = self.env['school.transfer'].search([('company_id', '=', self.school.id)])
        self.assertEqual([row['id'] for row in rows], transfer.ids)
        for word in (
            transfer.from_student_id.admission_no, transfer.to_student_id.admission_no,
            transfer.reason, self.bursar.name,
        ):
            self.assertIn(word, rows[0]['text'])
        for need in self.figures(self.head)['needs']:
            action = need['action']
            self.assertEqual(need['count'], self.as_user(
                self.head, self.env[action['res_model']],
            ).search_count(action['domain']))

    def test_money_that_nobody_counted(self):
        with freeze_time('2026-05-11 09:00:00'):
            self.post_receipt(self.grace, 60)
            self.as_user(self.cashier, self.env['school.cash.up']).action_open_mine()
        self.env.cr.execute(
            "UPDATE school_receipt SET create_date = '2026-05-11 09:00' WHERE issued_by_id = %s",
            [self.cashier.id],
        )  # The database's clock is not frozen.
        self.env.invalidate_all()
        self.assertEqual(self.needs(self.cashier), {'cash_ups': 1, 'uncounted': 1})
        self.assertEqual(self.needs(self.bursar)['cash_ups'], 1)
        other = self.create_staff('desk_cashier_2', 'cashier')
        self.assertEqual(self.needs(other), {})

    def test_a_bill_run_that_skipped_a_student_is_told_until_one_bills(self):
        run = self.env['school.bill.run'].create({'term_id': self.term_2.id})
        row = {
            'run_id': run.id, 'student_id': self.grace.id, 'status': 'new', 'state': 'skipped',
            'company_id': self.school.id, 'currency_id': self.currency.id,
        }
        self.env['school.bill.run.student'].sudo().create(row)
        run.sudo().state = 'done'
        self.assertEqual(self.needs(self.bursar), {'bill_runs': 1})
        self.assertEqual(self.needs(self.cashier), {})
        later = self.env['school.bill.run'].create({'term_id': self.term_2.id})
        self.env['school.bill.run.student'].sudo().create({
            **row, 'run_id': later.id, 'state': 'posted',
        })
        later.sudo().state = 'done'
        self.assertEqual(self.needs(self.bursar), {})

    # === SIZE === #

    def test_the_number_of_queries_does_not_grow(self):
        def count(user):
            self.env.flush_all()
            self.env.invalidate_all()
            self.figures(user)  # Actions and rights are in the caches of the server.
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.figures(user)
            return self.env.cr.sql_log_count - before
        users = (self.bursar, self.head, self.cashier, self.teacher)
        before = [count(user) for user in users]
        for number in range(12):
            student = self.create_student(f"Child {number}", f"ADM-5{number:02}")
            self.enrol(student, self.north if number % 2 else self.south)
            self.create_term_bill(student, self.term_2, 1_000)
            self.create_receipt({student: 100}, date='2026-05-12')
        self.assertEqual([count(user) for user in users], before)
        self.assertLess(max(before), 40)
