from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-06-15')
class TestSchoolStatement(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term_2.state = 'current'
        cls.family = cls.create_family("Otieno")
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=cls.family.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=cls.family.id)
        cls.bill_1 = cls.create_term_bill(cls.faith, cls.term_1, 15500)
        cls.bill_2 = cls.create_term_bill(cls.faith, cls.term_2, 12000)
        cls.create_term_bill(cls.brian, cls.term_1, 9000)
        cls.mary = cls.create_guardian(cls.faith | cls.brian, "Mary Otieno", login='fees_mary')
        cls.receipt = cls.create_receipt(
            {cls.faith: 10000, cls.brian: 2000}, date='2026-02-01', payer_partner_id=cls.mary.id,
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

    def _statement(self, student=None, **period):
        student = student or self.faith
        return self.env['school.statement']._get_statements(student, **period)[student]

    # === ROWS === #

    def test_rows_by_date_with_running_balance(self):
        statement = self._statement()
        reversal_day = fields.Date.to_date('2026-06-15')
        self.assertEqual(
            [(str(row['date']), row['kind'], row['amount'], row['balance'])
             for row in statement['rows']],
            [
                ('2026-01-05', 'bill', 15500.0, 15500.0),
                ('2026-02-01', 'receipt', -10000.0, 5500.0),
                ('2026-03-01', 'receipt', -700.0, 4800.0),
                ('2026-03-10', 'credit_note', -1500.0, 3300.0),
                ('2026-04-27', 'bill', 12000.0, 15300.0),
                (str(reversal_day), 'reversal', 700.0, 16000.0),
            ],
        )
        self.assertEqual(statement['opening'], 0.0)
        self.assertEqual(statement['closing'], 16000.0)
        self.assertEqual(statement['charged'], 28200.0)
        self.assertEqual(statement['credited'], 12200.0)

    def test_rows_say_what_they_are(self):
        rows = self._statement()['rows']
        self.assertEqual((rows[0]['number'], rows[0]['term']), (self.bill_1.name, "Term 1 2026"))
        self.assertEqual(
            (rows[1]['number'], rows[1]['channel'], rows[1]['payer']),
            (self.receipt.number, 'cash', "Mary Otieno"),
        )
        self.assertEqual((rows[2]['external_ref'], rows[2]['payer']), ("CHQ-9", ''))
        self.assertEqual(rows[5]['number'], self.wrong.number)  # The reversal names its receipt.

    def test_opening_row_is_the_balance_before_the_period(self):
        statement = self._statement(date_from=fields.Date.to_date('2026-03-01'))
        self.assertEqual(statement['opening'], 5500.0)
        self.assertEqual(statement['rows'][0]['balance'], 4800.0)
        self.assertEqual(statement['closing'], 16000.0)

    def test_a_period_without_rows_closes_as_it_opens(self):
        statement = self._statement(
            date_from=fields.Date.to_date('2026-05-01'), date_to=fields.Date.to_date('2026-05-31'),
        )
        self.assertFalse(statement['rows'])
        self.assertEqual((statement['opening'], statement['closing']), (15300.0, 15300.0))

    def test_other_kinds_of_rows(self):
        # Each is made as an accountant would make it; the kind must follow from the books alone.
        self.create_term_bill(self.brian, self.term_2, 100, school_doc_type='supplement')
        bank = self.env['account.journal'].search([
            ('type', 'in', ('cash', 'bank')), ('company_id', '=', self.school.id),
        ], limit=1)
        for payment_type in ('inbound', 'outbound'):
            self.env['account.payment'].create({
                'payment_type': payment_type, 'partner_type': 'customer', 'amount': 10,
                'partner_id': self.brian.partner_id.id, 'journal_id': bank.id,
                'date': '2026-05-05',
            }).action_post()
        expense, income = (
            self.env['account.account'].search([
                ('account_type', '=', account_type), ('company_ids', 'in', self.school.ids),
            ], limit=1)
            for account_type in ('expense', 'income')
        )
        for account, doc_type, amount in (
            (expense, False, -30), (income, False, -40), (income, 'opening', 50),
        ):
            self._entry(self.brian, account, amount, school_doc_type=doc_type)
        self.assertEqual(
            {row['kind']: row['amount'] for row in self._statement(self.brian)['rows'][2:]},
            {
                'supplement': 100.0, 'payment': -10.0, 'refund': 10.0, 'bad_debt': -30.0,
                'entry': -40.0, 'opening': 50.0,
            },
        )

    def test_a_concession_given_later_is_called_so(self):
        concession = self.env['school.concession'].create({'name': "Staff child", 'value': 10})
        note = self.note.copy({'invoice_date': fields.Date.to_date('2026-05-07')})
        note.invoice_line_ids.concession_id = concession
        note.action_post()
        rows = self._statement()['rows']
        self.assertEqual(
            [row['kind'] for row in rows if row['move_id'] in (self.note + note).ids],
            ['credit_note', 'concession'],
        )

    def _entry(self, student, account, amount, **values):
        receivable = student.partner_id.property_account_receivable_id
        journal = self.env['account.journal'].search([
            ('type', '=', 'general'), ('company_id', '=', self.school.id),
        ], limit=1)
        move = self.env['account.move'].create({
            'move_type': 'entry', 'journal_id': journal.id, 'date': '2026-05-06',
            'student_id': student.id, 'partner_id': student.partner_id.id,
            'line_ids': [
                Command.create({
                    'account_id': receivable.id, 'partner_id': student.partner_id.id,
                    'debit': max(amount, 0), 'credit': max(-amount, 0),
                }),
                Command.create({
                    'account_id': account.id, 'debit': max(-amount, 0), 'credit': max(amount, 0),
                }),
            ],
            **values,
        })
        move.action_post()
        return move

    # === OPEN ITEMS === #

    def test_open_items_by_standing(self):
        self.create_term_bill(self.faith, self.term_3, 8000)
        self.create_receipt({self.brian: 9000}, date='2026-05-01')
        account = self._statement()['open']
        self.assertEqual(
            [account[key] for key in ('arrears', 'this_term', 'not_due', 'credit')],
            [4000.0, 12000.0, 8000.0, 0.0],
        )
        self.assertEqual(account['next_due'], self.term_3.due_date)
        self.assertEqual(
            [(item['standing'], item['residual'], item['term']) for item in account['items']],
            [
                ('arrears', 4000.0, "Term 1 2026"), ('this_term', 12000.0, "Term 2 2026"),
                ('not_due', 8000.0, "Term 3 2026"),
            ],
        )
        account = self._statement(self.brian)['open']
        self.assertEqual((account['credit'], account['next_due']), (-2000.0, None))

    def test_open_items_on_a_past_day_make_the_balance_of_that_day(self):
        days = [fields.Date.to_date('2026-01-01') + timedelta(days=n) for n in range(0, 200, 7)]
        for day in days:
            statement = self._statement(date_to=day)
            with self.subTest(day=day):
                self.assertEqual(
                    sum(item['residual'] for item in statement['open']['items']),
                    statement['closing'],
                )
        self.assertEqual(self._statement(date_to=days[5])['closing'], 5500.0)

    # === ONE FIGURE === #

    def test_closing_is_the_balance(self):
        students = self.faith | self.brian
        for student, statement in self.env['school.statement']._get_statements(students).items():
            with self.subTest(student=student):
                self.assertEqual(statement['closing'], student.balance)
                self.assertEqual(
                    sum(statement['open'][key] for key in (
                        'arrears', 'this_term', 'not_due', 'credit',
                    )),
                    student.balance,
                )

    def test_query_count_does_not_grow_with_students(self):
        def count(students):
            self.env.invalidate_all()
            self.env.registry.clear_all_caches()
            before = self.cr.sql_log_count
            self.env['school.statement']._get_statements(
                students, date_from=fields.Date.to_date('2026-02-01'),
            )
            return self.cr.sql_log_count - before

        few = self.faith | self.brian
        many = few
        for number in range(20):
            student = self.create_student(f"Child {number}", f"Q-{number}")
            self.create_term_bill(student, self.term_1, 1000)
            self.create_receipt({student: 400}, payer_partner_id=self.mary.id)
            many |= student
        count(few)  # What is asked once for each registry is not counted.
        self.assertEqual(count(many), count(few))

    # === ACCESS === #

    def test_guardian_reads_the_own_child_only(self):
        grace = self.create_student("Grace Mwangi", "ADM-020")
        env = self.env(user=self.mary.user_ids, context={})
        statement = env['school.statement']
        faith = self.faith.with_env(env)
        self.assertEqual(statement._get_statements(faith)[faith]['closing'], 16000.0)
        with self.assertRaises(AccessError):
            statement._get_statements(grace.with_env(env))

    def test_guardian_who_sees_no_amounts(self):
        self.mary.guardian_link_ids.sees_amounts = False
        env = self.env(user=self.mary.user_ids, context={})
        with self.assertRaisesRegex(AccessError, "not shown to you"):
            env['school.statement']._get_statements(self.faith.with_env(env))

    def test_guardian_who_sees_no_other_payers(self):
        john = self.create_guardian(
            self.faith, "John Otieno", login='fees_john', sees_other_payers=False,
        )
        self.create_receipt({self.faith: 50}, date='2026-05-02', payer_partner_id=john.id)
        env = self.env(user=john.user_ids, context={})
        faith = self.faith.with_env(env)
        rows = env['school.statement']._get_statements(faith)[faith]['rows']
        self.assertEqual(
            [row['payer'] for row in rows if row['kind'] == 'receipt'], ['', '', "John Otieno"],
        )

    def test_class_teacher_reads_no_statement(self):
        teacher = new_test_user(
            self.env, login='fees_teacher', groups='school_fees.group_class_teacher',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        self.enrol(self.faith, self.create_class(self.create_level(), teacher_id=teacher.id))
        env = self.env(user=teacher, context={})
        faith = self.faith.with_env(env)
        self.assertTrue(faith.has_access('read'))
        with self.assertRaisesRegex(AccessError, "not shown to you"):
            env['school.statement']._get_statements(faith)
