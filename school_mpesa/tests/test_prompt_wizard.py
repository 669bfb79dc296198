import os
from unittest.mock import patch

from odoo.exceptions import AccessError, RedirectWarning
from odoo.tests import Form, tagged

from odoo.addons.school_mpesa.models.request_error import MpesaRequestError
from odoo.addons.school_mpesa.tests.desk_common import DeskCommon


MOTHER = '+254712000111'


@tagged('post_install', '-at_install')
class TestPromptWizard(DeskCommon):
    """A bursar asks a parent's phone: what is offered, refused beside the field, and sent."""

    # === WHAT IS OFFERED === #

    def test_two_clicks_ask_the_primary_guardian_for_all_that_is_due(self):
        form = self.open_wizard()
        self.assertEqual(form.amount, 32_500)
        self.assertEqual(form.balance, 32_500)
        tx = self.send_wizard(form)
        self.assertEqual(tx.amount, 32_500)
        self.assertEqual(tx.mpesa_phone, MOTHER[1:])
        self.assertEqual(tx.mpesa_channel, 'stk_push')
        self.assertEqual(tx.mpesa_initiator_id, self.bursar)
        self.assertEqual(tx.mpesa_push_state, 'queued')
        self.assertFalse(tx.invoice_ids)

    def test_from_the_menu_the_student_is_picked_by_number(self):
        form = Form(self.env['mpesa.prompt.wizard'].with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        ))
        for name in ('student', 'open_request', 'provider', 'bill', 'amount', 'phone'):
            self.assertFalse(form[f'{name}_warning'], name)
        found = self.env['school.student'].with_user(self.bursar).name_search('ADM-012')
        self.assertEqual([row[0] for row in found], self.student.ids)
        form.student_id = self.student
        self.assertEqual((form.amount, len(form.phone_options)), (32_500, 3))
        self.assertEqual(self.send_wizard(form).mpesa_phone, MOTHER[1:])

    def test_phones_name_their_holders_and_mother_comes_first(self):
        options = self.open_wizard().phone_options
        self.assertEqual(
            [(o['phone'], o['name'], o['relation'], o['primary']) for o in options],
            [
                ('0712 000 111', "Mary Otieno", "Mother", True),
                ('0720 000 333', "Mary Otieno", "Mother", False),
                ('0733 000 222', "Odhiambo Otieno", "Father", False),
            ],
        )

    def test_the_fathers_phone_is_asked_when_chosen(self):
        form = self.open_wizard()
        self.choose_phone(form, '222')
        self.assertEqual(self.send_wizard(form).mpesa_phone, '254733000222')

    def test_a_ported_prefix_warns_and_is_sent(self):
        form = self.open_wizard()
        self.choose_phone(form, '222')
        self.assertIn("Airtel", form.phone_hint)
        self.assertFalse(form.phone_warning)
        self.assertTrue(self.send_wizard(form))

    def test_another_number_in_any_form(self):
        form = self.open_wizard()
        form.phone_choice = 'other'
        form.other_phone = '+254 (0) 722-000 444'
        self.assertFalse(form.phone_warning)
        self.assertEqual(self.send_wizard(form).mpesa_phone, '254722000444')

    def test_no_number_stands_in_the_wizards_table(self):
        form = self.open_wizard()
        form.phone_choice = 'other'
        form.other_phone = '0722 000 444'
        wizard = form.save()
        self.env.flush_all()
        self.env.cr.execute('SELECT * FROM mpesa_prompt_wizard WHERE id = %s', [wizard.id])
        row = ' '.join(str(value) for value in self.env.cr.fetchone())
        self.assertNotIn('000 444', row)
        self.assertNotIn('000444', row)
        wizard.invalidate_recordset()
        self.assertEqual(wizard.other_phone, '0722 000 444')

    def test_part_of_one_chosen_bill_with_a_note(self):
        form = self.open_wizard(invoice_ids=self.bill.ids)
        form.amount = 10_000
        form.note = "By phone with the mother"
        tx = self.send_wizard(form)
        self.assertEqual(tx.invoice_ids, self.bill)
        self.assertEqual((tx.amount, tx.mpesa_note), (10_000, "By phone with the mother"))

    def test_the_bill_offers_itself(self):
        action = self.bill.with_user(self.bursar).action_mpesa_prompt()
        form = Form(self.env['mpesa.prompt.wizard'].with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids, **action['context'],
        ))
        self.assertEqual((form.student_id, form.amount), (self.student, 32_500))
        self.assertEqual(self.send_wizard(form).invoice_ids, self.bill)

    def test_open_bills_are_listed(self):
        other = self.create_term_bill(self.student, self.term_2, 1_000)
        self.assertEqual(self.open_wizard().open_bill_ids[:], other | self.bill)

    # === WHAT IS REFUSED, BESIDE THE FIELD AND ON SEND === #

    def assert_refused(self, form, field, part):
        """ Assert that the field says why, and that Send says the same and creates nothing. """
        self.assertIn(part, form[f'{field}_warning'])
        with self.assertRaises(MpesaRequestError) as refusal:
            form.save().action_send()
        self.assertIn(part, str(refusal.exception))
        self.assertEqual(refusal.exception.field, field)
        self.assertFalse(self.env['payment.transaction'].search_count([
            ('mpesa_student_id', '=', self.student.id),
        ]))

    def test_wrong_phone(self):
        for text in ('12345', '0712', '+44 7911 123456', 'abc'):
            with self.subTest(text):
                form = self.open_wizard()
                form.phone_choice = 'other'
                form.other_phone = text
                self.assert_refused(form, 'phone', "Kenyan mobile number")

    def test_amounts_out_of_range(self):
        for amount, part in (
            (0, "KES 1 or more"), (-5, "KES 1 or more"), (100.5, "whole shillings"),
            (32_501, "more than the balance"),
        ):
            with self.subTest(amount):
                form = self.open_wizard()
                form.amount = amount
                self.assert_refused(form, 'amount', part)

    def test_above_the_limit_explains_how_to_split(self):
        self.create_term_bill(self.student, self.term_2, 267_500)
        form = self.open_wizard()
        self.assertEqual(form.amount, 250_000)
        self.assertIn("remaining KES 50,000", form.amount_hint)
        form.amount = 300_000
        self.assert_refused(form, 'amount', "remaining KES 50,000")

    def test_a_paid_bill(self):
        self.create_receipt({self.student: 32_500.0}, date='2026-09-01')
        form = self.open_wizard(invoice_ids=self.bill.ids)
        form.amount = 5
        self.assert_refused(form, 'bill', "already paid")

    def test_a_draft_bill_of_the_student(self):
        draft = self.create_term_bill(self.student, self.term_2, 900, post=False)
        self.assert_refused(self.open_wizard(invoice_ids=draft.ids), 'bill', "still a draft")

    def test_a_leaver_warns_and_can_be_asked_for_debt(self):
        self.student.state = 'left'
        form = self.open_wizard()
        self.assertIn("Left", form.student_warning)
        self.assertTrue(self.send_wizard(form))

    def test_no_shortcode(self):
        self.provider.state = 'disabled'
        form = self.open_wizard()
        self.assertIn("no M-PESA shortcode", form.provider_warning)
        with self.assertRaises(MpesaRequestError):
            form.save().action_send()

    def test_no_credentials(self):
        self.provider.mpesa_passkey = False
        form = self.open_wizard()
        self.assertIn("keys from Safaricom are missing", form.provider_warning)
        with self.assertRaises(MpesaRequestError):
            form.save().action_send()

    def test_no_keys_on_the_server(self):
        with patch.dict(os.environ, {'SCHOOL_MPESA_KEYS': ''}):
            form = self.open_wizard()
            self.assertIn("no encryption keys", form.provider_warning)
            self.assertFalse(form.phone_options)

    def test_a_number_that_left_the_family_is_not_prompted(self):
        form = self.open_wizard()
        self.choose_phone(form, '222')
        wizard = form.save()
        self.father.phone = '+254733000999'
        wizard.invalidate_recordset()
        with self.assertRaisesRegex(MpesaRequestError, "no longer one of the guardians'"):
            wizard.action_send()

    # === ONE PROMPT === #

    def test_a_double_click_is_one_prompt(self):
        wizard = self.open_wizard().save()
        first = wizard.action_send()
        self.assertEqual(wizard.action_send()['res_id'], first['res_id'])
        self.send()
        self.assertEqual(wizard.action_send()['res_id'], first['res_id'])
        self.assertEqual(len(self.control.prompts('254712000111')), 1)
        self.assertEqual(self.chatter(self.student).count("asked of 0712 *** 111"), 1)

    def test_a_second_wizard_on_a_phone_with_an_open_prompt_leads_there(self):
        tx = self.send_wizard(self.open_wizard())
        with self.assertRaises(RedirectWarning) as warning:
            self.open_wizard().save().action_send()
        message, action, _button, _context = warning.exception.args
        self.assertIn("already on 0712 *** 111", message)
        self.assertEqual(action['res_id'], tx.id)

    def test_an_open_request_is_mentioned(self):
        self.assertFalse(self.open_wizard().open_request_warning)
        self.send_wizard(self.open_wizard())
        self.assertIn("asked of 0712 *** 111", self.open_wizard().open_request_warning)

    # === RIGHTS === #

    def test_an_accountant_without_the_school_role_cannot_send(self):
        accountant = self.create_bursar(
            'desk-accountant', self.school, 'account.group_account_invoice',
        )
        with self.assertRaises(AccessError):
            self.open_wizard(user=accountant)
        wizard = self.open_wizard().save()
        with self.assertRaises(AccessError):
            wizard.with_user(accountant).action_send()

    def test_a_bursar_of_another_school_learns_and_sends_nothing(self):
        stranger = self.create_bursar('desk-stranger', self.create_school("Other School"))
        Wizard = self.env['mpesa.prompt.wizard'].with_user(stranger).with_context(
            allowed_company_ids=stranger.company_ids.ids,
        )
        with self.assertRaises(AccessError):
            Wizard.onchange({'student_id': self.student.id}, ['student_id'], {
                'student_id': {}, 'balance': {}, 'phone_options': {}, 'amount': {},
            })
        with self.assertRaises(AccessError):
            Wizard.create({'student_id': self.student.id})

    def test_another_clerks_wizard_is_closed(self):
        colleague = self.create_bursar('desk-colleague', self.school)
        wizard = self.open_wizard().save()
        with self.assertRaises(AccessError):
            wizard.with_user(colleague).read(['other_phone'])
