from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.exceptions import RedirectWarning, UserError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.school_mpesa.models import payment_transaction_payer_view
from odoo.addons.school_mpesa.models.request_error import MpesaRequestError
from odoo.addons.school_mpesa.tests.desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestRequestLive(DeskCommon):
    """The live state of a request on the bursar's screen, and what may be done next."""

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

    def attempt(self, phone, state='declined', code='1032', retry_of=None):
        """ Ask from an old page or by *Change*, as far as a state. """
        tx = self.ask(amount=1_000, phone=phone, retry_of=retry_of)
        tx._mpesa_move_to(state, mpesa_result_code=code)
        return tx

    def test_no_attempt_is_made_beside_another_that_may_be_paid(self):
        """ Wherever it stands: the first page, and all that came of it, ask for one debt. """
        first = self.attempt('0722000701')
        second = self.attempt('0722000702', retry_of=first)
        third = self.attempt('0722000703', retry_of=second)
        aside = self.attempt('0722000704', retry_of=first)
        attempts = (first, second, third, aside)
        for tx in attempts:
            self.assertTrue(self.live(tx)['retry'], "All of them are over.")
        for other in attempts:
            for state, code in (
                ('queued', False), ('accepted', False), ('unknown', False),
                ('receipt_pending', '0'), ('paid', '0'), ('declined', '1037'),
            ):
                other._mpesa_move_to(state, mpesa_result_code=code)
                for tx in set(attempts) - {other}:
                    with self.subTest(other=attempts.index(other), state=state):
                        self.assertFalse(self.live(tx)['retry'])
                        with self.assertRaises(MpesaRequestError):
                            tx.with_user(self.bursar).action_mpesa_send_again()
            other._mpesa_move_to('declined', mpesa_result_code='1032')
        form = self.open_wizard(retry_of_id=first.id)
        form.phone_choice = 'other'
        form.other_phone = '0722000705'
        third._mpesa_move_to('unknown')
        with self.assertRaises(RedirectWarning):
            form.save().action_send()

    def test_whoever_has_tried_too_often_starts_anew(self):
        first = self.attempt('0722000701')
        for number in range(3):
            self.attempt(f'072200071{number}', retry_of=first)
        with patch.object(payment_transaction_payer_view, 'MOST_ATTEMPTS', 4):
            self.assertTrue(self.live(first)['retry'])
        with patch.object(payment_transaction_payer_view, 'MOST_ATTEMPTS', 3):
            self.assertFalse(self.live(first)['retry'])

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

    def ask_for_two(self):
        brian = self.create_student("Brian Otieno", 'ADM-013')
        self.create_term_bill(brian, self.term_1, 9_000)
        return self.ask(
            shares=[(self.student, 6_500), (brian, 9_000)], amount=15_500, invoices=None,
            channel='statement',
        )

    def test_of_several_children_each_is_paid_by_hand_on_its_own_account(self):
        tx = self.ask_for_two()
        tx._mpesa_decline('1032', 'callback')
        number = self.provider._mpesa_get_payer_number()
        self.assertEqual([tuple(line) for line in self.live(tx)['paybill']], [
            ("Business number", number),
            ("Account number", 'ADM-012'), ("Amount", "KES 6,500"),
            ("Account number", 'ADM-013'), ("Amount", "KES 9,000"),
        ])
        self.provider.write({'mpesa_shortcode_type': 'till', 'mpesa_till_number': '512345'})
        self.assertFalse(self.live(tx)['paybill'])

    def test_parts_are_sent_again_and_not_changed(self):
        tx = self.ask_for_two()
        tx._mpesa_decline('1032', 'callback')
        tx = tx.with_user(self.bursar)
        self.assertTrue(tx.mpesa_can_send_again)
        self.assertFalse(tx.mpesa_can_change)
        with self.assertRaisesRegex(UserError, "several children"):
            tx.action_mpesa_change()
        for view in ('live', 'mpesa'):
            arch = self.env['payment.transaction'].with_user(self.bursar).get_view(
                self.env.ref(f'school_mpesa.payment_transaction_view_form_{view}').id, 'form',
            )['arch']
            for button in etree.fromstring(arch).iterfind('.//button[@name="action_mpesa_change"]'):
                self.assertEqual(button.get('invisible'), 'not mpesa_can_change')
        again = self.env['payment.transaction'].browse(tx.action_mpesa_send_again()['res_id'])
        self.assertEqual(again.mpesa_share_ids.mapped('amount'), [6_500, 9_000])

    def test_each_child_of_a_request_finds_it(self):
        tx = self.ask_for_two()
        Transaction = self.env['payment.transaction'].with_user(self.bursar)
        arch = Transaction.get_view(
            self.env.ref('school_mpesa.payment_transaction_view_search_mpesa').id, 'search',
        )['arch']
        field, = etree.fromstring(arch).iterfind('.//field[@name="mpesa_student_id"]')
        for text in ("Brian", 'ADM-013', "Faith", 'ADM-012'):
            domain = safe_eval(field.get('filter_domain'), {'self': text})
            self.assertEqual(Transaction.search(domain), tx, text)

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
