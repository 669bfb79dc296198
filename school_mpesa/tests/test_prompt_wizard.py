from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.school_mpesa.models.request_error import MpesaRequestError
from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


MOTHER = '+254712000111'


@tagged('post_install', '-at_install')
class TestPromptWizard(SchoolMpesaCommon):
    """A bursar asks a parent's phone: what is offered, refused beside the field, sent, shown."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.father = cls.create_guardian(
            cls.student, name="Odhiambo Otieno", phone='+254733000222', relation='father',
            priority=20,
        )
        cls.bursar = cls.create_bursar('desk-bursar', cls.school)
        cls.env['school.guardian.phone'].create({
            'partner_id': cls.guardian.id, 'e164': '+254720000333',
        })

    # === HELPERS === #

    @classmethod
    def create_bursar(cls, login, school, group='school_fees.group_bursar'):
        return new_test_user(
            cls.env, login=login, groups=f'base.group_user,{group}', company_id=school.id,
            company_ids=[Command.set(school.ids)],
        )

    def open_wizard(self, user=None, **defaults):
        """ Open the wizard as a clerk would, from a student's form.

        :rtype: Form
        """
        wizard = self.env['mpesa.prompt.wizard'].with_user(user or self.bursar)
        defaults = {'student_id': self.student.id, **defaults}
        return Form(wizard.with_context(
            allowed_company_ids=self.school.ids,
            **{f'default_{name}': value for name, value in defaults.items()},
        ))

    def send_wizard(self, form):
        """ Press Send.

        :return: The request that the action shows, in sudo mode.
        """
        action = form.save().action_send()
        self.assertEqual(action['res_model'], 'payment.transaction')
        return self.env['payment.transaction'].browse(action['res_id'])

    def choose_phone(self, form, ending):
        choice = next(o for o in form.phone_options if o['phone'].endswith(ending))
        form.phone_choice = choice['key']

    def chatter(self, record):
        return ' '.join(record.message_ids.mapped('body'))

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

    # === LIVE STATE === #

    def live(self, tx):
        tx.invalidate_recordset()
        return tx.with_user(self.bursar).mpesa_live

    def test_from_sending_to_paid(self):
        tx = self.send_wizard(self.open_wizard())
        live = self.live(tx)
        self.assertEqual((live['state'], live['heading']), ('sending', "Sending"))
        self.send()
        live = self.live(tx)
        self.assertEqual((live['state'], live['heading']), ('waiting', "On the phone"))
        self.assertIn("Uhuru Academy", live['body'][0])
        self.assertEqual(
            [step['key'] for step in live['steps'] if step['done']], ['asked', 'sent', 'phone'],
        )
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        live = self.live(tx)
        self.assertEqual(live['heading'], f'Paid: {tx.mpesa_receipt_id.number}')
        self.assertIn(tx.mpesa_receipt_number, live['body'][0])
        self.assertIn("KES 0", live['body'][0])
        self.assertTrue(all(step['done'] for step in live['steps']))
        self.assertFalse(live['retry'])
        self.assertFalse(live['paybill'])
        notes = self.chatter(self.student)
        self.assertIn("asked of 0712 *** 111 by desk-bursar", notes)
        self.assertIn(tx.mpesa_receipt_number, notes)
        self.assertNotIn('712000111', notes.replace(' ', ''))

    def test_cancelled_can_be_sent_again_once(self):
        tx = self.send_wizard(self.open_wizard(invoice_ids=self.bill.ids, note="First"))
        with self.assertRaises(MpesaRequestError):
            tx.with_user(self.bursar).action_mpesa_send_again()
        self.send()
        self.control.cancel('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        live = self.live(tx)
        self.assertEqual(live['heading'], "Not paid: cancelled on the phone")
        self.assertIn("No money was taken.", live['body'])
        self.assertTrue(live['retry'])
        self.assertIn(['Business number', '600111'], [list(line) for line in live['paybill']])
        as_bursar = tx.with_user(self.bursar)
        first = as_bursar.action_mpesa_send_again()
        self.assertEqual(as_bursar.action_mpesa_send_again()['res_id'], first['res_id'])
        again = self.env['payment.transaction'].browse(first['res_id'])
        self.assertEqual(again.mpesa_retry_of_id, tx)
        self.assertEqual((again.amount, again.invoice_ids), (32_500, self.bill))
        self.assertIn("cancelled on the phone", self.chatter(self.bill))

    def test_a_parents_own_request_sent_again_by_the_office_is_the_offices(self):
        tx = self.ask()
        self.send()
        self.control.cancel('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        action = tx.with_user(self.bursar).sudo(False).action_mpesa_send_again()
        again = self.env['payment.transaction'].browse(action['res_id'])
        self.assertEqual(
            (again.mpesa_channel, again.mpesa_initiator_id), ('stk_push', self.bursar),
        )

    def test_unknown_outcome_says_do_not_pay_again(self):
        tx = self.send_wizard(self.open_wizard())
        self.send()
        tx.mpesa_sent_at = fields.Datetime.now() - timedelta(seconds=70)
        live = self.live(tx)
        self.assertEqual(live['state'], 'checking')
        self.assertIn("not to pay again yet", ' '.join(live['body']))
        self.assertFalse(live['retry'])
        self.assertTrue(live['paybill'])

    def test_every_result_code_has_words_for_the_office(self):
        tx = self.ask()
        for code in ('1', '17', '26', '1001', '1019', '1025', '1032', '1037', '2001', '8006'):
            tx._mpesa_decline(code, 'callback')
            heading = self.live(tx)['heading']
            self.assertTrue(heading.startswith("Not paid: "), code)
            self.assertNotIn("not sent", heading)
            self.assertNotIn(code, heading)

    def test_change_and_send_keeps_student_bills_and_note(self):
        tx = self.send_wizard(self.open_wizard(invoice_ids=self.bill.ids, note="First"))
        context = tx.with_user(self.bursar).action_mpesa_change()['context']
        self.assertEqual(context['default_student_id'], self.student.id)
        self.assertEqual(context['default_invoice_ids'], self.bill.ids)
        form = self.open_wizard(retry_of_id=tx.id)
        form.phone_choice = 'other'
        form.other_phone = '0722000444'
        with self.assertRaises(RedirectWarning):
            form.save().action_send()  # The first request may still be paid.

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

    # === NOBODY TYPES AN M-PESA PAYMENT === #

    def test_register_payment_on_the_mpesa_journal_offers_a_prompt(self):
        register = self.env['account.payment.register'].with_user(self.bursar).with_context(
            active_model='account.move', active_ids=self.bill.ids,
            allowed_company_ids=self.school.ids,
        ).create({'journal_id': self.provider.journal_id.id})
        self.assertTrue(register.is_mpesa_journal)
        with self.assertRaisesRegex(UserError, "Nobody types a payment"):
            register.action_create_payments()
        self.assertEqual(
            register.action_mpesa_prompt()['context']['default_invoice_ids'], self.bill.ids,
        )
        self.assertEqual(self.bill.payment_state, 'not_paid')

    def test_register_payment_in_cash_still_works(self):
        cash = self.env['account.journal'].search([
            ('type', '=', 'cash'), ('company_id', '=', self.school.id),
        ], limit=1) or self.env['account.journal'].create({
            'name': "Till", 'code': 'TILL', 'type': 'cash', 'company_id': self.school.id,
        })
        self.env['account.payment.register'].with_user(self.bursar).with_context(
            active_model='account.move', active_ids=self.bill.ids,
            allowed_company_ids=self.school.ids,
        ).create({'journal_id': cash.id})._create_payments()
        self.assertIn(self.bill.payment_state, ('paid', 'in_payment'))

    def test_a_payment_cannot_be_typed_or_moved_onto_the_mpesa_journal(self):
        Payment = self.env['account.payment'].with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        )
        values = {
            'payment_type': 'inbound', 'partner_type': 'customer', 'amount': 100,
            'partner_id': self.student.partner_id.id,
        }
        with self.assertRaisesRegex(UserError, "Nobody types a payment"):
            Payment.create({**values, 'journal_id': self.provider.journal_id.id})
        cash = self.env['account.journal'].create({
            'name': "Till", 'code': 'TIL2', 'type': 'cash', 'company_id': self.school.id,
        })
        payment = Payment.create({**values, 'journal_id': cash.id})
        with self.assertRaisesRegex(UserError, "Nobody types a payment"):
            payment.journal_id = self.provider.journal_id
