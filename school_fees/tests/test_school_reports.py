from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-06-15')
class TestSchoolReports(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level = cls.create_level()
        cls.north = cls.create_class(cls.level, "North")
        cls.family = cls.create_family("Otieno")
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=cls.family.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=cls.family.id)
        cls.enrol(cls.faith, cls.north, boarding='boarding')
        cls.enrol(cls.brian, cls.north)
        # Bills, part payments, a credit note, a reversal and a family receipt.
        cls.bill_1 = cls.create_term_bill(cls.faith, cls.term_1, 15500)
        cls.bill_2 = cls.create_term_bill(cls.faith, cls.term_2, 12000)
        cls.bill_3 = cls.create_term_bill(cls.faith, cls.term_3, 8000)
        cls.create_term_bill(cls.brian, cls.term_1, 9000)
        cls.family_receipt = cls.create_receipt(
            {cls.faith: 10000, cls.brian: 2000}, date='2026-02-01', family_id=cls.family.id,
        )
        cls.wrong = cls.create_receipt({cls.faith: 700}, date='2026-03-01', external_ref="CHQ-9")
        cls.wrong._reverse("Cheque bounced")
        cls.note = cls.bill_1._reverse_moves([{
            'invoice_date': fields.Date.to_date('2026-03-10'),
            'date': fields.Date.to_date('2026-03-10'),
        }])
        cls.note.invoice_line_ids.price_unit = 1500
        cls.note.action_post()
        (cls.note + cls.bill_1).line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
        ).reconcile()
        cls.create_receipt({cls.brian: 8000}, date='2026-05-20', external_ref="CHQ-10")

    def _row(self, student, **context):
        return self.env['school.balance.report'].with_context(**context).search([
            ('student_id', '=', student.id),
        ])

    # === ONE FIGURE === #

    def test_one_figure_everywhere(self):
        guardian = self.create_guardian(self.faith | self.brian, login='fees_mary').user_ids
        portal = self.env(user=guardian, context={})['school.statement']
        home = portal._get_portal_home(portal._get_portal_children())
        cards = {card['id']: card for card in home['schools'][0]['cards']}
        for student, expected in ((self.faith, 24000.0), (self.brian, -1000.0)):
            statement = self.env['school.statement']._get_statements(student)[student]
            card = cards[student.id]
            with self.subTest(student=student):
                self.assertEqual(student.balance, expected)
                self.assertEqual(statement['closing'], expected)
                self.assertEqual(self._row(student).balance, expected)
                self.assertEqual(card['balance'], f"KES {abs(expected):,.0f}")
                self.assertEqual(card['is_credit'], expected < 0)
        self.assertEqual(home['schools'][0]['total']['balance'], "KES 23,000")
        receivable = self.env['account.move.line']._read_group([
            ('company_id', '=', self.school.id), ('parent_state', '=', 'posted'),
            ('account_id.account_type', '=', 'asset_receivable'),
        ], [], ['balance:sum'])[0][0]
        self.assertEqual(receivable, 23000.0)

    def test_one_figure_on_a_past_day(self):
        for day, faith, brian in (
            ('2026-01-31', 15500.0, 9000.0), ('2026-02-28', 5500.0, 7000.0),
            ('2026-03-05', 4800.0, 7000.0), ('2026-05-31', 15300.0, -1000.0),
        ):
            as_at = fields.Date.to_date(day)
            for student, expected in ((self.faith, faith), (self.brian, brian)):
                statement = self.env['school.statement']._get_statements(student, date_to=as_at)
                with self.subTest(day=day, student=student):
                    self.assertEqual(statement[student]['closing'], expected)
                    self.assertEqual(self._row(student, school_as_at=day).balance, expected)

    def test_the_lists_of_a_past_day_are_opened_by_choosing_the_day(self):
        bursar = self.create_staff('reports_bursar', 'bursar')
        Wizard = self.env(user=bursar)['school.past.day.wizard']
        self.faith.write({'state': 'left', 'left_on': '2026-06-10'})  # Was there on those days.
        students = self.faith | self.brian
        for shows in ('class', 'aged'):
            for day in ('2026-01-31', '2026-02-28', '2026-03-05', '2026-04-30', '2026-06-15'):
                action = Wizard.create({'shows': shows, 'date': day}).action_open()
                self.assertNotIn('search_default_active', action['context'])
                report = self.env(user=bursar)[action['res_model']].with_context(
                    **action['context'],
                )
                rows = report.search([('student_id', 'in', students.ids)])
                closings = self.env['school.statement']._get_statements(
                    students, date_to=fields.Date.to_date(day),
                )
                ledger = dict(self.env['account.move.line']._read_group([
                    ('partner_id', 'in', students.partner_id.ids), ('date', '<=', day),
                    ('account_type', '=', 'asset_receivable'), ('parent_state', '=', 'posted'),
                ], ['partner_id'], ['balance:sum']))
                for row in rows:
                    with self.subTest(shows=shows, day=day, student=row.student_id):
                        student = row.student_id.with_env(self.env)
                        self.assertEqual(row.balance, closings[student]['closing'])
                        self.assertEqual(row.balance, ledger.get(student.partner_id, 0.0))
                self.assertEqual(len(rows), 2)
        action = Wizard.create({'shows': 'aged', 'date': '2026-02-28'}).action_open()
        self.assertIn('as at', action['display_name'])  # What stands above the list.
        row = self.env(user=bursar)['school.balance.report'].with_context(
            **action['context'],
        ).search([('student_id', '=', self.faith.id)])
        shown = row.action_view_statement()
        statement = self.env(user=bursar)[shown['res_model']].browse(shown['res_id'])
        self.assertEqual(statement.date_to, fields.Date.to_date('2026-02-28'))
        self.assertIn("5,500", statement.body)

    # === BALANCES === #

    def test_balances_by_age(self):
        columns = ('not_due', 'overdue_1', 'overdue_2', 'overdue_3', 'overdue_4', 'credit')
        row = self._row(self.faith)
        # Term 1 was due on 12 January, term 2 on 4 May; term 3 is due on 31 August.
        self.assertEqual([row[name] for name in columns], [8000, 0, 12000, 0, 4000, 0])
        self.assertEqual(row.overdue, 16000.0)
        self.assertEqual([self._row(self.brian)[name] for name in columns], [0, 0, 0, 0, 0, -1000])
        for day, expected in (
            ('2026-01-12', [15500, 0, 0, 0, 0, 0]), ('2026-01-13', [0, 15500, 0, 0, 0, 0]),
            ('2026-02-11', [0, 5500, 0, 0, 0, 0]), ('2026-02-12', [0, 0, 5500, 0, 0, 0]),
            # What a receipt had settled is forgotten with its reversal; its money is still there.
            ('2026-03-13', [0, 0, 4000, 0, 0, -700]), ('2026-03-14', [0, 0, 0, 4000, 0, -700]),
            ('2026-04-12', [0, 0, 0, 4000, 0, -700]), ('2026-04-13', [0, 0, 0, 0, 4000, -700]),
        ):
            row = self._row(self.faith, school_as_at=day)
            with self.subTest(day=day):
                self.assertEqual([row[name] for name in columns], expected)

    def test_class_list_groups_by_class(self):
        graduate = self.create_student("Old Boy", "ADM-001", state='graduated')
        Report = self.env['school.balance.report']
        groups = {
            school_class: (count, total)
            for school_class, count, total in Report._read_group(
                [('company_id', '=', self.school.id)], ['class_id'], ['__count', 'balance:sum'],
            )
        }
        self.assertEqual(groups[self.north], (2, 23000.0))
        self.assertEqual(groups[self.env['school.class']], (1, 0.0))
        self.assertEqual(self._row(graduate).state, 'graduated')
        row = self._row(self.faith)
        self.assertEqual((row.boarding, row.level_id), ('boarding', self.level))

    def test_query_count_of_the_class_list_does_not_grow(self):
        def count(students):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env['school.balance.report'].search([
                ('student_id', 'in', students.ids),
            ]).web_read({
                'admission_no': {}, 'student_name': {}, 'balance': {},
                'class_id': {'fields': {'display_name': {}}},
            })
            return self.cr.sql_log_count - before

        few = self.faith | self.brian
        many = few
        for number in range(20):
            student = self.create_student(f"Child {number}", f"Q-{number}")
            self.enrol(student, self.north)
            self.create_term_bill(student, self.term_1, 1000)
            many |= student
        count(few)  # What is asked once for each registry is not counted.
        self.assertEqual(count(many), count(few))

    # === DAY BOOK === #

    def test_day_book_keeps_a_counted_day(self):
        rows = self.env['school.day.book'].search([('company_id', '=', self.school.id)])
        self.assertEqual(
            [(str(row.date), row.kind, row.number, row.amount) for row in rows],
            [
                ('2026-06-15', 'reversal', self.wrong.number, -700.0),
                ('2026-05-20', 'receipt', 'RCT/2026/000003', 8000.0),
                ('2026-03-01', 'receipt', self.wrong.number, 700.0),
                ('2026-02-01', 'receipt', self.family_receipt.number, 12000.0),
            ],
        )
        self.assertEqual(rows[0].reason, "Cheque bounced")
        self.assertEqual(rows[0].user_id, self.env.user)
        self.assertEqual(rows[3].family_id, self.family)
        by_channel = dict(self.env['school.day.book']._read_group(
            [('company_id', '=', self.school.id)], ['channel'], ['amount:sum'],
        ))
        self.assertEqual(by_channel, {'cash': 12000.0, 'cheque': 8000.0})

    # === VOTE HEADS === #

    def _bill_of_heads(self, student, term, amounts):
        """ Bill a student under several heads.

        :param dict amounts: The amount by fee; a concession is below zero.
        """
        return self.create_term_bill(student, term, 0, invoice_line_ids=[
            Command.create({
                'product_id': fee.id, 'price_unit': amount, 'name': fee.name,
                'tax_ids': [Command.set(self.get_exempt_tax(self.school).ids)],
                **values,
            })
            for fee, amount, values in amounts
        ])

    def _heads(self, bill, **context):
        self.env.invalidate_all()  # A request reads each row once; a test watches it change.
        rows = self.env['school.vote.head.report'].with_context(**context).search(
            [('bill_id', '=', bill.id)], order='id',
        )
        return [(row.vote_head_id.code, row.charged, row.collected) for row in rows]

    def test_payment_fills_the_heads_in_their_order(self):
        tuition = self.create_fee("Tuition", 'TUI')
        lunch = self.create_fee("Lunch", 'LUN')
        trip = self.create_fee("Trip", 'TRI')
        lunch.vote_head_id.sequence, tuition.vote_head_id.sequence = 1, 2
        trip.vote_head_id.sequence = 3
        concession = self.env['school.concession'].create({'name': "Staff", 'value': 10})
        student = self.create_student("Hope Otieno", "ADM-014")
        self.enrol(student, self.north)
        bill = self._bill_of_heads(student, self.term_2, [
            (tuition, 10000, {}), (lunch, 3000, {}), (trip, 500, {}),
            (tuition, -1000, {'concession_id': concession.id}),
        ])
        self.assertEqual(
            self._heads(bill), [('LUN', 3000, 0), ('TUI', 9000, 0), ('TRI', 500, 0)],
        )
        self.create_receipt({student: 4000}, date='2026-05-05')
        self.assertEqual(
            self._heads(bill), [('LUN', 3000, 3000), ('TUI', 9000, 1000), ('TRI', 500, 0)],
        )
        # The trip was called off, and half the lunch: that is no money, and takes from their heads.
        note = bill._reverse_moves([{
            'invoice_date': fields.Date.to_date('2026-05-20'),
            'date': fields.Date.to_date('2026-05-20'),
        }])
        for line in note.invoice_line_ids:
            line.price_unit = {lunch: 1500, trip: 500}.get(line.product_id, 0)
        note.action_post()
        (note + bill).line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
        ).reconcile()
        self.assertEqual(
            self._heads(bill), [('LUN', 1500, 1500), ('TUI', 9000, 2500), ('TRI', 0, 0)],
        )
        self.create_receipt({student: 9000}, date='2026-06-01')
        self.assertEqual(
            self._heads(bill), [('LUN', 1500, 1500), ('TUI', 9000, 9000), ('TRI', 0, 0)],
        )
        self.assertEqual(
            self._heads(bill, school_as_at='2026-05-10'),
            [('LUN', 3000, 3000), ('TUI', 9000, 1000), ('TRI', 500, 0)],
        )
        row = self.env['school.vote.head.report'].search([('bill_id', '=', bill.id)], limit=1)
        self.assertEqual((row.student_id, row.class_id, row.term_id),
                         (student, self.north, self.term_2))

    def test_collected_is_the_money_that_settled_the_bills(self):
        collected, outstanding = self.env['school.vote.head.report']._read_group(
            [('company_id', '=', self.school.id)], [], ['collected:sum', 'outstanding:sum'],
        )[0]
        # 12,000 and of 8,000 what Brian owed; 1,000 of it is prepaid.
        self.assertEqual((collected, outstanding), (19000.0, 24000.0))

    def test_a_loss_written_off_is_not_collected(self):
        expense = self.env['account.account'].search([
            ('account_type', '=', 'expense'), ('company_ids', 'in', self.school.ids),
        ], limit=1)
        journal = self.env['account.journal'].search([
            ('type', '=', 'general'), ('company_id', '=', self.school.id),
        ], limit=1)
        debt = self.bill_2.line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
        )
        entry = self.env['account.move'].create({
            'move_type': 'entry', 'journal_id': journal.id, 'date': '2026-06-01',
            'line_ids': [
                Command.create({
                    'account_id': debt.account_id.id, 'partner_id': debt.partner_id.id,
                    'credit': 12000,
                }),
                Command.create({'account_id': expense.id, 'debit': 12000}),
            ],
        })
        entry.action_post()
        (entry.line_ids.filtered('credit') + debt).reconcile()
        rows = self.env['school.vote.head.report'].search([('bill_id', '=', self.bill_2.id)])
        self.assertEqual((sum(rows.mapped('collected')), sum(rows.mapped('outstanding'))),
                         (0.0, 12000.0))

    # === CONCESSIONS === #

    def test_concessions_by_type(self):
        tuition = self.create_fee("Tuition", 'TUI')
        sibling, staff = self.env['school.concession'].create([
            {'name': "Sibling discount", 'value': 10}, {'name': "Staff child", 'value': 50},
        ])
        student = self.create_student("Hope Otieno", "ADM-014")
        self.enrol(student, self.north)
        self._bill_of_heads(student, self.term_2, [
            (tuition, 10000, {}), (tuition, -1000, {'concession_id': sibling.id}),
            (tuition, -5000, {'concession_id': staff.id}),
        ])
        draft = self.create_term_bill(student, self.term_3, 100, post=False)
        draft.invoice_line_ids.concession_id = staff
        given = dict(self.env['school.concession.report']._read_group(
            [('company_id', '=', self.school.id)], ['concession_id'], ['amount:sum'],
        ))
        self.assertEqual(given, {sibling: 1000.0, staff: 5000.0})
        row = self.env['school.concession.report'].search([('concession_id', '=', staff.id)])
        self.assertEqual((row.student_id, row.class_id, row.term_id, row.vote_head_id.code),
                         (student, self.north, self.term_2, 'TUI'))

    # === ACCESS === #

    def test_reports_are_for_the_bursar(self):
        models = (
            'school.balance.report', 'school.day.book', 'school.vote.head.report',
            'school.concession.report',
        )
        for login, groups, allowed in (
            ('fees_bursar', 'school_fees.group_bursar', True),
            ('fees_cashier', 'school_fees.group_cashier', False),
            ('fees_teacher', 'school_fees.group_class_teacher', False),
            ('fees_parent', 'base.group_portal', False),
        ):
            user = new_test_user(
                self.env, login=login, groups=groups, company_id=self.school.id,
                company_ids=[Command.set(self.school.ids)],
            )
            for model in models:
                with self.subTest(login=login, model=model):
                    if allowed:
                        self.assertTrue(self.env[model].with_user(user).has_access('read'))
                        self.assertFalse(self.env[model].with_user(user).has_access('write'))
                    else:
                        with self.assertRaises(AccessError):
                            self.env[model].with_user(user).search([])
            if allowed:
                self.assertTrue(user.has_group('base.group_allow_export'))

    def test_one_school_reads_nothing_of_another(self):
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        stranger = new_test_user(
            self.env, login='fees_stranger', groups='school_fees.group_administrator',
            company_id=other_school.id, company_ids=[Command.set(other_school.ids)],
        )
        env = self.env(user=stranger, context={})
        for model in ('school.balance.report', 'school.day.book', 'school.vote.head.report'):
            self.assertTrue(self.env[model].search([('company_id', '=', self.school.id)]))
            with self.subTest(model=model):
                self.assertFalse(env[model].search([]))
