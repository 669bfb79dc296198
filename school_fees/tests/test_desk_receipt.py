from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestDeskReceipt(DeskCommon):

    # === ONE STUDENT === #

    def test_a_cashier_takes_cash(self):
        receipt = self.post_receipt(self.faith, 4_000, payer_partner_id=self.mary)
        self.assertRecordValues(receipt, [{
            'state': 'posted', 'channel': 'cash', 'money_kind': 'cash', 'amount': 4_000,
            'external_ref': False, 'issued_by_id': self.cashier.id, 'family_id': False,
            'payer_partner_id': self.mary.id, 'date': fields.Date.context_today(receipt),
        }])
        self.assertRegex(receipt.number, r'^RCT/\d{4}/\d{6}$')
        self.assertEqual(receipt.line_ids.payment_id.state, 'paid')
        self.assertEqual(self.faith.balance, 6_000)
        self.assertEqual(self.bill.amount_residual, 6_000)

    def test_cash_lies_in_the_box(self):
        """ No waiting on an outstanding account: the journal's own account holds it. """
        payment = self.post_receipt(self.faith, 4_000).line_ids.payment_id
        journal = self.school._get_desk_journal('cash')
        self.assertEqual(payment.journal_id, journal)
        self.assertEqual(payment.outstanding_account_id, journal.default_account_id)
        self.assertEqual(journal.type, 'cash')
        second = self.post_receipt(self.faith, 10).line_ids.payment_id
        self.assertEqual(second.payment_method_line_id, payment.payment_method_line_id)

    def test_the_journal_is_the_schools_choice(self):
        box = self.env['account.journal'].create({
            'name': "Second Box", 'type': 'cash', 'code': 'CSH9', 'company_id': self.school.id,
        })
        self.school.school_cash_journal_id = box
        self.assertEqual(self.post_receipt(self.faith, 10).line_ids.payment_id.journal_id, box)

    def test_a_school_without_a_cash_box_gets_one(self):
        self.env['account.journal'].search([
            ('type', '=', 'cash'), ('company_id', '=', self.school.id),
        ]).active = False
        journal = self.post_receipt(self.faith, 10).line_ids.payment_id.journal_id
        self.assertEqual((journal.type, journal), ('cash', self.school.school_cash_journal_id))
        self.assertEqual(self.post_receipt(self.faith, 10).line_ids.payment_id.journal_id, journal)

    def test_a_school_without_a_bank_says_so(self):
        self.env['account.journal'].search([
            ('type', '=', 'bank'), ('company_id', '=', self.school.id),
        ]).active = False
        form = self.open_receipt()
        form.student_id = self.faith
        form.amount = 10
        form.money_kind = 'bank'
        form.external_ref = "FT2"
        self.assertIn("no journal", form.student_warning)
        with self.refusal(UserError, "no journal .* Nothing was posted"):
            form.save().action_post()

    def test_post_tells_prints_and_shows(self):
        form = self.open_receipt()
        form.student_id = self.faith
        form.amount = 4_000
        action = form.save().action_post()
        self.assertEqual(action['tag'], 'school_fees_receipt_posted')
        params = action['params']
        receipt = self.env['school.receipt'].browse(params['next']['res_id'])
        self.assertIn(receipt.number, params['message'])
        self.assertIn("KES 4,000", params['message'])
        self.assertIn("KES 6,000", params['message'])
        self.assertEqual(params['print']['report_name'], 'school_fees.report_school_receipt')
        self.assertEqual(params['print']['context']['active_ids'], receipt.ids)
        self.assertTrue(self.as_user(self.cashier, receipt)._get_print_values(full=True))

    def test_the_balance_is_shown_by_term(self):
        self.create_term_bill(self.faith, self.term_2, 7_000)
        self.create_receipt({self.faith: 2_500})
        form = self.open_receipt()
        form.student_id = self.faith
        self.assertEqual(form.balance, 14_500)
        table = str(form.balance_table)
        for text in ("Term 1 2026", "KES 7,500", "Term 2 2026", "KES 7,000"):
            self.assertIn(text, table)
        self.assertLess(table.index("Term 1 2026"), table.index("Term 2 2026"))

    def test_more_than_is_due_becomes_credit_in_words(self):
        form = self.open_receipt()
        form.student_id = self.faith
        form.amount = 12_000
        self.assertIn("KES 2,000 more than is due", form.amount_hint)
        self.press_post(form.save())
        self.assertEqual(self.faith.balance, -2_000)
        self.assertEqual(self.get_open(self.faith), [-2_000])

    # === ONE PRESS, ONE RECEIPT === #

    def test_pressed_twice_it_is_one_receipt(self):
        form = self.open_receipt()
        form.student_id = self.faith
        form.amount = 4_000
        wizard = form.save()
        first, second = self.press_post(wizard), self.press_post(wizard)
        self.assertEqual(first, second)
        self.assertEqual(self.faith.balance, 6_000)

    def test_a_form_submitted_again_is_one_receipt(self):
        """ A repeated request may create the form anew, with the same intent. """
        form = self.open_receipt()
        form.student_id = self.faith
        form.amount = 4_000
        wizard = form.save()
        receipt = self.press_post(wizard)
        again = self.as_user(self.cashier, wizard).copy({'intent': wizard.intent})
        self.assertEqual(self.press_post(again), receipt)

    def test_two_people_have_two_intents(self):
        form = self.open_receipt()
        form.student_id = self.faith
        form.amount = 4_000
        wizard = form.save()
        receipt = self.press_post(wizard)
        other = self.open_receipt(self.bursar, intent=wizard.intent)
        other.student_id = self.brian
        other.amount = 10
        self.assertNotEqual(self.press_post(other.save()), receipt)

    # === REFERENCE === #

    def test_a_cheque_needs_its_number(self):
        wizard = self.as_user(self.cashier, self.env['school.receipt.wizard']).create({
            'student_id': self.faith.id, 'amount': 10, 'money_kind': 'cheque',
        })
        with self.refusal(UserError, "need their number.*Nothing was posted"):
            wizard.action_post()

    def test_a_reference_is_received_once(self):
        first = self.post_receipt(self.faith, 10, money_kind='cheque', external_ref=" chq  77 ")
        self.assertEqual(first.external_ref, "CHQ 77")
        form = self.open_receipt()
        form.student_id = self.brian
        form.amount = 10
        form.money_kind = 'cheque'
        form.external_ref = "Chq 77"
        self.assertIn(first.number, form.reference_warning)
        wizard = form.save()
        with self.refusal(UserError, "already.*Nothing was posted"):
            wizard.action_post()
        form.money_kind = 'bank'
        self.assertFalse(form.reference_warning)
        self.assertEqual(self.press_post(form.save()).money_kind, 'bank')

    def test_a_reversed_receipt_frees_its_reference(self):
        first = self.post_receipt(self.faith, 10, money_kind='bank', external_ref="FT1")
        self.reverse(first)
        second = self.post_receipt(self.brian, 10, money_kind='bank', external_ref="FT1")
        self.assertEqual(second.external_ref, "FT1")

    # === BAD INPUT === #

    def test_what_does_not_make_a_receipt_is_refused_in_words(self):
        Wizard = self.as_user(self.cashier, self.env['school.receipt.wizard'])
        tomorrow = fields.Date.add(fields.Date.context_today(Wizard), days=1)
        for values, message in (
            ({'amount': 10}, "Nobody is chosen"),
            ({'student_id': self.faith.id}, "amount is missing"),
            ({'student_id': self.faith.id, 'amount': -5}, "above zero"),
            ({'student_id': self.faith.id, 'amount': 0.001}, "amount is missing|above zero"),
            ({
                'student_id': self.faith.id, 'amount': 5, 'money_kind': 'bank',
                'external_ref': "X", 'date': tomorrow,
            }, "still to come"),
            ({
                'student_id': self.faith.id, 'amount': 5,
                'payer_partner_id': self.grace.partner_id.id,
            }, "not a guardian"),
        ):
            with self.subTest(message=message), self.refusal(UserError, message):
                Wizard.create(values).action_post()
        self.assertEqual(self.faith.balance, 10_000)

    def test_cash_is_received_today(self):
        receipt = self.post_receipt(self.faith, 10)
        wizard = self.as_user(self.cashier, self.env['school.receipt.wizard']).create({
            'student_id': self.faith.id, 'amount': 5, 'date': '2026-01-06',
        })
        self.assertEqual(self.press_post(wizard).date, receipt.date)
        wizard = self.as_user(self.cashier, self.env['school.receipt.wizard']).create({
            'student_id': self.faith.id, 'amount': 5, 'date': '2026-01-06', 'money_kind': 'bank',
            'external_ref': "SLIP 1",
        })
        self.assertEqual(self.press_post(wizard).date, fields.Date.to_date('2026-01-06'))

    def test_defaults_of_the_caller_reach_nothing(self):
        """ A hostile caller can send any default along in the context. """
        wizard = self.as_user(self.cashier, self.env['school.receipt.wizard']).create({
            'student_id': self.faith.id, 'amount': 5,
        }).with_context(
            default_issued_by_id=self.bursar.id, default_state='draft',
            default_partner_id=self.grace.partner_id.id, default_journal_id=1,
        )
        receipt = self.press_post(wizard)
        self.assertEqual(receipt.issued_by_id, self.cashier)
        self.assertEqual(receipt.line_ids.payment_id.partner_id, self.faith.partner_id)

    # === FINDING THE STUDENT === #

    def test_found_by_number_name_and_guardians_phone(self):
        self.env['school.guardian.phone'].create({
            'partner_id': self.mary.id, 'e164': "0733 000 009",
        })
        Student = self.as_user(self.cashier, self.env['school.student'])
        both = self.faith | self.brian
        for text, found in (
            ("ADM-012", self.faith), ("faith", self.faith), ("0712 000 001", both),
            ("+254712000001", both), ("0733000009", both), ("712000", both),
            ("0799 999 999", self.env['school.student']),
        ):
            with self.subTest(text=text):
                ids = [row[0] for row in Student.name_search(text)]
                self.assertEqual(set(ids), set(found.ids))

    def test_a_guardian_cannot_probe_phones(self):
        jane = self.create_guardian(self.faith, "Jane Doe", "0722000002", login='desk_jane')
        Student = self.env(user=jane.user_ids, context={})['school.student']
        self.assertTrue(Student.name_search("Faith"))
        self.assertFalse(Student.name_search("0712000001"))

    # === RIGHTS === #

    def test_a_cashier_does_only_this(self):
        receipt = self.post_receipt(self.faith, 4_000)
        mine = self.as_user(self.cashier, receipt)
        for operation in ('write', 'create', 'unlink'):
            self.assertFalse(mine.has_access(operation))
        with self.assertRaises(AccessError):
            mine.action_ask_reversal()
        with self.assertRaises(AccessError):
            mine._ask_reversal('mistake', "x")
        with self.assertRaises(AccessError):
            mine.action_approve_reversal()
        for model in (
            'account.payment', 'account.move', 'school.transfer', 'school.refund',
            'school.transfer.wizard', 'school.refund.wizard', 'school.reversal.wizard',
        ):
            with self.subTest(model=model):
                self.assertFalse(self.as_user(self.cashier, self.env[model]).has_access('read'))

    def test_who_is_no_cashier_takes_nothing(self):
        wizard = self.as_user(self.cashier, self.env['school.receipt.wizard']).create({
            'student_id': self.faith.id, 'amount': 5,
        })
        teacher = self.create_staff('desk_teacher', 'class_teacher')
        with self.assertRaises(AccessError):
            self.as_user(teacher, wizard).action_post()
        with self.assertRaises(AccessError):
            self.as_user(self.bursar, wizard).action_post()  # Another person's form.

    def test_the_student_of_another_school_is_not_seen(self):
        other = self.create_school("Mwangaza School")
        self.env.user.company_ids |= other
        child = self.env['school.student'].with_context(
            allowed_company_ids=other.ids
        ).create({'name': "Hope", 'admission_no': "M-1", 'company_id': other.id})
        Wizard = self.as_user(self.cashier, self.env['school.receipt.wizard'])
        with self.assertRaises(AccessError):
            Wizard.create({'student_id': child.id, 'amount': 5}).action_post()
        with self.assertRaises(AccessError):
            Wizard.new({'student_id': child.id}).balance  # noqa: B018 - to read it is the test

    # === FROM OTHER SCREENS === #

    def test_the_buttons_of_student_and_family(self):
        action = self.as_user(self.cashier, self.faith).action_new_receipt()
        form = Form(self.as_user(self.cashier, self.env[action['res_model']])
                    .with_context(**action['context']))
        self.assertEqual((form.student_id, form.mode), (self.faith, 'student'))
        action = self.as_user(self.cashier, self.family).action_new_receipt()
        form = Form(self.as_user(self.cashier, self.env[action['res_model']])
                    .with_context(**action['context']))
        self.assertEqual((form.family_id, form.mode), (self.family, 'family'))
