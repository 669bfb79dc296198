from datetime import timedelta

from odoo import fields
from odoo.exceptions import RedirectWarning
from odoo.tests import tagged

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
