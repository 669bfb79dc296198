from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestSchoolEmail(SchoolFeesCommon):
    """Receipts, bills and statements by e-mail: to one guardian, in that guardian's language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.env['ir.module.module']._get('school_fees')._update_translations('sw')
        cls.school.phone = '020 123 4567'
        cls.student = cls.create_student("Amina Otieno", '2041')
        cls.mother = cls.create_guardian(cls.student, phone='0712 000 111')
        cls.mother.write({'email': 'mary@example.com', 'lang': 'en_US'})
        cls.father = cls.create_guardian(cls.student, "John Otieno", priority=2)
        cls.father.write({'email': 'john@example.com', 'lang': 'sw'})
        cls.bill = cls.create_term_bill(cls.student, cls.term_3, 31_000)
        cls.bursar = cls.create_staff('bursar_mail', 'bursar')
        cls.cashier = cls.create_staff('cashier_mail', 'cashier')

    def let_only_father(self):
        """ The mother has no address, so the father gets what is sent. """
        self.mother.email = False

    def send_receipt(self, receipt=None):
        """ Send a receipt as the cashier does.

        :return: The message on it.
        :rtype: mail.message
        """
        receipt = receipt or self.create_receipt({self.student: 15_500})
        before = receipt.message_ids
        receipt.with_user(self.cashier).action_send_by_email()
        return receipt.message_ids - before

    # === RECEIPTS === #

    def test_a_receipt_in_english(self):
        receipt = self.create_receipt({self.student: 15_500})
        message = self.send_receipt(receipt)
        self.assertEqual(message.partner_ids, self.mother, "One guardian, and no other.")
        self.assertEqual(message.subject, f"Uhuru Academy: receipt {receipt.number}")
        for text in (
            "Dear Mary Otieno,", "has received <strong>KES 15,500</strong> for Amina Otieno (2041)",
            "What is still due: <strong>KES 15,500</strong>.", f"/rc/{receipt.slug}",
            "Call the school: 020 123 4567",
        ):
            self.assertIn(text, message.body)
        self.assertTrue(message.attachment_ids.name.startswith(receipt._get_print_filename(full=True)))
        self.assertTrue(message.subtype_id.internal, "Other guardians do not read it.")
        notice = message.notification_ids
        self.assertEqual((notice.res_partner_id, notice.notification_type), (self.mother, 'email'))

    def test_a_receipt_in_swahili(self):
        self.let_only_father()
        self.create_receipt({self.student: 15_500})
        receipt = self.create_receipt({self.student: 15_500})
        message = self.send_receipt(receipt)
        self.assertEqual(message.partner_ids, self.father)
        self.assertEqual(message.subject, f"Uhuru Academy: risiti {receipt.number}")
        self.assertIn("Mpendwa John Otieno,", message.body)
        self.assertIn("Hakuna deni. Asante.", message.body)
        self.assertNotIn("Dear", message.body)

    def test_a_receipt_for_two_families_goes_to_nobody_of_one(self):
        other = self.create_student("Brian Kamau", '2050')
        receipt = self.create_receipt({self.student: 10_000, other: 5_000})
        with self.refusal(UserError, "Nothing was sent"):
            self.send_receipt(receipt)
        self.env['school.guardian.link'].create({
            'student_id': other.id, 'partner_id': self.father.id,
        })
        message = self.send_receipt(receipt)
        self.assertEqual(message.partner_ids, self.father, "He may see both.")
        self.assertIn("Amina Otieno (2041), Brian Kamau (2050)", message.body)

    def test_who_gets_no_receipt(self):
        link = self.student.guardian_link_ids.filtered(lambda one: one.partner_id == self.mother)
        for values, undo in (
            ({'email': False}, {'email': True}),
            ({'sees_amounts': False}, {'sees_amounts': True}),
            # The print names the payer.
            ({'sees_other_payers': False}, {'sees_other_payers': True}),
            ({'date_to': '2026-01-01'}, {'date_to': False}),
        ):
            with self.subTest(values=values):
                link.write(values)
                self.assertEqual(self.send_receipt().partner_ids, self.father)
                link.write(undo)
        self.father.email = self.mother.email = False
        with self.refusal(UserError, "No guardian of Amina Otieno"):
            self.send_receipt()

    def test_a_reversed_receipt_is_not_sent(self):
        receipt = self.create_receipt({self.student: 15_500})
        receipt._reverse("Entered by mistake")
        with self.refusal(UserError, "in force"):
            self.send_receipt(receipt)

    def test_two_presses_are_one_email(self):
        receipt = self.create_receipt({self.student: 15_500})
        self.send_receipt(receipt)
        with self.refusal(UserError, "Nothing more was sent"):
            self.send_receipt(receipt)
        self.assertEqual(len(receipt.message_ids.filtered('partner_ids')), 1)
        receipt.emailed_at -= timedelta(minutes=6)
        self.assertTrue(self.send_receipt(receipt), "Later it is no accident.")

    # === BILLS, BY ODOO'S OWN SEND === #

    def open_send(self, bill):
        """ Open Odoo's *Send* of a bill. """
        return self.env['account.move.send.wizard'].with_user(self.bursar).with_context(
            active_model='account.move', active_ids=bill.ids,
        ).create({})

    def test_a_bill_in_english(self):
        wizard = self.open_send(self.bill)
        self.assertEqual(wizard.mail_partner_ids, self.mother)
        self.assertEqual(wizard.subject, "Uhuru Academy: fees of Amina Otieno, Term 3")
        self.assertIn("To pay: <strong>KES 31,000</strong>", wizard.body)
        self.assertIn("/my/invoices/", wizard.body)
        self.assertIn(f"Pay code {self.student.pay_code}", wizard.body)
        wizard.action_send_and_print()
        message = self.bill.message_ids.filtered(lambda one: one.partner_ids)
        self.assertEqual(message.partner_ids, self.mother)
        self.assertTrue(message.attachment_ids)

    def test_a_bill_in_swahili(self):
        self.let_only_father()
        self.create_receipt({self.student: 15_000})
        wizard = self.open_send(self.bill)
        self.assertEqual(wizard.mail_partner_ids, self.father)
        self.assertEqual(wizard.subject, "Uhuru Academy: karo ya Amina Otieno, Term 3")
        self.assertIn("Mpendwa John Otieno,", wizard.body)
        self.assertIn("KES 16,000", wizard.body)
        self.assertNotIn("Dear", wizard.body)

    def test_a_paid_bill_asks_for_nothing(self):
        self.create_receipt({self.student: 31_000})
        body = self.open_send(self.bill).body
        self.assertIn("It is paid. Thank you.", body)
        self.assertNotIn("Pay now", body)
        self.assertNotIn("Pay code", body)

    def test_an_invoice_to_a_sponsor_is_sent_as_odoo_does(self):
        sponsor = self.env['res.partner'].create({'name': "Trust", 'email': 'trust@example.com'})
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': sponsor.id, 'invoice_date': '2026-09-01',
            'invoice_line_ids': [(0, 0, {'name': "Trip", 'price_unit': 100, 'tax_ids': False})],
        })
        self.assertEqual(
            invoice._get_mail_template(), self.env.ref('account.email_template_edi_invoice'),
        )
        self.assertNotEqual(
            (invoice | self.bill)._get_mail_template(),
            self.env.ref('school_fees.mail_template_bill'),
        )

    def test_many_bills_need_no_address_of_their_students(self):
        other = self.create_student("Brian Kamau", '2050')
        bills = self.bill | self.create_term_bill(other, self.term_3, 9_000)
        Send = self.env['account.move.send'].with_user(self.bursar)

        def has_alert():
            data = {move: Send._get_default_sending_settings(move) for move in bills}
            return 'account_missing_email' in Send._get_alerts(bills, data)

        self.assertTrue(has_alert(), "Nobody would get the other child's.")
        self.create_guardian(other, "Jane Kamau").email = 'jane@example.com'
        self.assertFalse(has_alert())

    # === STATEMENTS === #

    def test_a_statement_in_both_languages(self):
        for guardian, words in (
            (self.mother, ("statement of Amina Otieno", "What is due now:")),
            (self.father, ("taarifa ya karo ya Amina Otieno", "Deni la sasa:")),
        ):
            with self.subTest(lang=guardian.lang):
                before = self.student.message_ids
                self.student.emailed_at = False  # Some minutes later.
                self.student.with_user(self.bursar).action_send_statement_by_email()
                message = self.student.message_ids - before
                self.assertEqual(message.partner_ids, guardian)
                self.assertIn(words[0], message.subject)
                self.assertIn(words[1], message.body)
                self.assertIn("KES 31,000", message.body)
                self.assertTrue(message.attachment_ids.name.startswith(
                    self.student._get_statement_filename()
                ))
                self.let_only_father()

    # === RIGHTS === #

    def test_who_may_send(self):
        receipt = self.create_receipt({self.student: 100})
        teacher = self.create_staff('teacher_mail', 'class_teacher')
        for record, method, user in (
            (receipt, 'action_send_by_email', teacher),
            (self.student, 'action_send_statement_by_email', self.cashier),
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(record.with_user(user), method)()
        self.assertFalse(receipt.message_ids.partner_ids)
