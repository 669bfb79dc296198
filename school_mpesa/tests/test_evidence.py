import re

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.school_mpesa.models import mpesa_callback_screen
from odoo.addons.school_mpesa.tests.transaction_common import TransactionCommon


NUMBER = re.compile(r'(?:254|0)7\d{2}[ -]?\d{3}[ -]?\d{3}(?!\d)')


@tagged('post_install', '-at_install')
class TestEvidence(TransactionCommon):
    """Everything that is known of one payment or request: on the screen and in one PDF."""

    def render(self, record, lang='en_US'):
        """ Return what the PDF prints, as HTML.

        :rtype: str
        """
        name = 'movement' if record._name == 'mpesa.transaction' else 'request'
        report = self.env['ir.actions.report'].with_user(self.bursar).with_context(
            lang=lang, allowed_company_ids=self.school.ids,
        )
        return report._render_qweb_html(
            f'school_mpesa.report_{name}_evidence', record.ids,
        )[0].decode()

    def test_a_paid_request_is_told_from_asking_to_the_ledger(self):
        self.make_payments()
        self.c2b('UIE4K7P2QX', MSISDN=int('254712000111'))
        self.drain()
        receipt = self.paid.mpesa_receipt_id
        entry = receipt.line_ids.payment_id.move_id
        for record in (self.asked, self.paid):
            html = self.render(record)
            with self.subTest(record._name):
                for text in (
                    self.school.name, "KES 15,500", 'UIE4K7P2QX', self.paid.reference,
                    '0712 *** 111', 'ADM-012', receipt.number, entry.name, 'screens-bursar',
                    "STK Push", "Prompt result", "Paybill confirmation", "named it",
                    self.student.name, 'CheckoutRequestID', "15,500",
                ):
                    self.assertIn(text, html)
                self.assertFalse(NUMBER.search(html), "Numbers stay masked.")

    def test_numbers_stay_masked_for_who_has_opened_the_message(self):
        self.make_payments()
        callback = self.as_bursar(self.typed.callback_ids)
        callback.action_open_numbers()
        self.assertIn(self.typed.receipt, callback.body_text)
        self.assertTrue(NUMBER.search(callback.body_text))
        html = self.render(self.typed)
        self.assertFalse(NUMBER.search(html))
        self.assertIn("Opened the numbers of a message", html)

    def test_of_a_payers_name_paper_has_initials(self):
        """ The receipt names no M-PESA payer at all; the bursar's screen does. """
        self.drain_c2b(
            'UIE4K7PM01', '50.00', FirstName='WANJIKU', MiddleName='ATIENO',
            LastName='K"AMAU-NJOROGE',
        )
        movement = self.get_movements()
        self.assertIn('ATIENO', self.as_bursar(movement).payer_name)
        html = self.render(movement)
        self.assertIn('WANJIKU A. K.', html)
        for name in ('ATIENO', 'AMAU', 'NJOROGE'):
            self.assertNotIn(name, html)

    def test_names_in_messages_are_shortened(self):
        for told, printed in (
            ('{"FirstName": "WANJIKU ATIENO", "LastName": ""}',
             '{"FirstName": "WANJIKU A.", "LastName": ""}'),
            ('"Value": "2547 *** 111 - JOHN OUMA OTIENO"', '"Value": "2547 *** 111 - JOHN O. O."'),
            ('"Value": "2547 *** 111 - "', '"Value": "2547 *** 111 - "'),
            ('"ResultDesc": "The service request is processed - all of it"', None),
        ):
            self.assertEqual(mpesa_callback_screen._mask_names(told), printed or told)

    def test_a_request_without_money_has_its_evidence(self):
        self.make_payments()
        html = self.render(self.failed)
        for text in (
            self.failed.reference, "cancelled on the phone", "No money came for it",
            '0722 *** 444', "Prompt result",
        ):
            self.assertIn(text, html)
        self.assertNotIn('UIE4K7P2QX', html)

    def test_why_money_is_where_it_is(self):
        self.make_payments()
        for movement, words in (
            (self.asked, ["the prompt's own result named it", self.paid.reference]),
            (self.typed, ["ADM-013", "Brian Njoroge", "is the student's or family's own"]),
            (self.nobody, ["names nobody for certain"]),
        ):
            for word in words:
                with self.subTest(movement.receipt, word=word):
                    self.assertIn(word, self.as_bursar(movement).mpesa_reasons)
        self.as_bursar(self.nobody)._identify_as([(self.as_bursar(self.brian), 900)])
        self.nobody.invalidate_recordset()  # The next look at the screen is a new one.
        self.assertIn("said whose money UIE4K7PN01 is", self.as_bursar(self.nobody).mpesa_reasons)

    def test_a_guess_is_called_one(self):
        tx = self.prompt(amount=800)
        self.drain_c2b('UIE4K7PG01', '800.00', tx.mpesa_account_reference)
        movement = self.as_bursar(self.get_movements())
        self.assertEqual(movement.payment_transaction_id, tx)
        self.assertIn("is taken for the answer", movement.mpesa_reasons)

    def test_the_entries_and_people_of_money_that_was_identified_and_reversed(self):
        self.make_payments()
        suspense = self.nobody.suspense_payment_id.move_id
        receipt = self.as_bursar(self.nobody)._identify_as([(self.as_bursar(self.brian), 900)])
        approver = new_test_user(
            self.env, login='evidence-approver', groups='school_fees.group_approver',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        receipt._ask_reversal('mistake', "Wrong child")
        receipt.with_user(approver).action_approve_reversal()
        movement = self.as_bursar(self.nobody)
        booked = receipt.sudo().line_ids.move_line_id.move_id
        self.assertEqual(
            movement.mpesa_entry_ids.sudo(), suspense | booked | booked.reversal_move_ids,
        )
        for text in (
            "screens-bursar", "evidence-approver", receipt.number, "Wrong child", suspense.name,
        ):
            self.assertIn(text, movement.mpesa_history)

    def test_messages_to_guardians_are_told_with_their_state(self):
        self.make_payments()
        message = self.env['school.message'].create({
            'kind': 'receipt', 'student_id': self.student.id, 'partner_id': self.guardian.id,
            'receipt_id': self.paid.mpesa_receipt_id.id, 'company_id': self.school.id,
            'phone_mask': '0712 *** 111', 'day': '2026-09-14', 'state': 'failed',
            'failure_type': 'sms_rejected',
        })
        self.assertTrue(message)
        sent = self.as_bursar(self.asked).mpesa_sent
        for text in ("SMS: Receipt", self.guardian.name, '0712 *** 111', "Rejected"):
            self.assertIn(text, sent)

    def test_what_payers_typed_is_text(self):
        self.drain_c2b('UIE4K7PX01', '50.00', '<img src=x>', FirstName='<b>EVE</b>')
        html = self.render(self.get_movements())
        self.assertNotIn('<img src=x>', html)
        self.assertNotIn('<b>EVE</b>', html)

    def test_it_is_in_the_readers_language(self):
        self.make_payments()
        self.env['res.lang']._activate_lang('sw')
        for module in ('school_fees', 'school_mpesa'):
            self.env['ir.module.module']._get(module)._update_translations('sw')
        html = self.render(self.asked, lang='sw')
        self.assertIn('lang="sw"', html)
        self.assertIn("Ushahidi", html)
        self.assertNotIn("Why it is booked so", html)

    def test_it_prints(self):
        self.make_payments()
        report = self.env['ir.actions.report'].with_user(self.bursar).with_context(
            force_report_rendering=True, allowed_company_ids=self.school.ids,
        )
        for name, record in (('movement', self.asked), ('request', self.failed)):
            pdf, kind = report._render_qweb_pdf(f'school_mpesa.report_{name}_evidence', record.ids)
            self.assertEqual((kind, pdf[:4]), ('pdf', b'%PDF'))

    def test_only_the_office_of_the_school_sees_it(self):
        self.make_payments()
        accountant, stranger = (
            new_test_user(
                self.env, login=login, groups=f'base.group_user,{group}', company_id=school.id,
                company_ids=[Command.set(school.ids)],
            )
            for login, group, school in (
                ('evidence-accountant', 'account.group_account_invoice', self.school),
                ('evidence-stranger', 'school_fees.group_bursar', self.create_school("Other")),
            )
        )
        for user in (accountant, stranger):
            for record in (self.paid, self.asked):
                theirs = record.sudo(False).with_user(user)
                with self.subTest(user=user.login, model=record._name):
                    with self.assertRaises(AccessError):
                        theirs._get_evidence()
                    with self.assertRaises(AccessError):
                        theirs.read(['mpesa_history'])

    def test_a_branch_prints_its_request_without_what_is_the_schools_alone(self):
        """ Branches share a paybill: what the user may not read is left out, and nothing fails. """
        self.make_payments()
        branch = self.env['res.company'].create({
            'name': "Uhuru Annex", 'parent_id': self.school.id,
            'currency_id': self.school.currency_id.id,
        })
        clerk = new_test_user(
            self.env, login='evidence-branch', groups='base.group_user,school_fees.group_bursar',
            company_id=branch.id, company_ids=[Command.set(branch.ids)],
        )
        self.env.cr.execute(
            'UPDATE payment_transaction SET company_id = %s WHERE id = %s',
            [branch.id, self.paid.id],
        )
        self.env.invalidate_all()
        theirs = self.paid.sudo(False).with_user(clerk).with_context(
            allowed_company_ids=branch.ids,
        )
        evidence = theirs._get_evidence()
        rows = {section['title']: section['rows'] for section in evidence['sections']}
        self.assertEqual([row[0] for row in rows["Payment requests"]], [self.paid.reference])
        self.assertFalse(rows["Movements of money at Safaricom"])
        self.assertFalse(rows["Messages from Safaricom, numbers and names masked"])

    def test_another_providers_payment_has_none(self):
        other = self.env['payment.transaction'].new({'currency_id': self.school.currency_id.id})
        with self.assertRaises(UserError):
            other._get_evidence()
