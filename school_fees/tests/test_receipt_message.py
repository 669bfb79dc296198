from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.school_fees.models.school_receipt_untold import TRIES

from .message_common import NOON, PHONE, MessageCommon


@tagged('post_install', '-at_install')
class TestReceiptMessage(MessageCommon):
    """Each posted receipt is told once to each guardian who takes SMS, after the commit."""

    # === WHAT IS TOLD === #

    def test_a_receipt_is_told_once(self):
        receipt = self.create_receipt({self.student: 15_500})
        self.assertFalse(self.sent, "Nothing is sent with the booking.")
        self.assertFalse(self.messages())
        self.tell()
        [text] = self.sent
        self.assertEqual(text, (
            f"Uhuru Academy: Received KES 15,500 for Amina Otieno (2041). Cash, receipt"
            f" {receipt.number}. Balance KES 15,500. Receipt: f.uhuru.ac.ke/rc/{receipt.slug}"
        ))
        message = self.messages()
        self.assertEqual(message.receipt_id, receipt)
        self.assertEqual((message.state, message.tries), ('sent', 1))
        self.assertEqual(message.phone_mask, '0712 *** 111')
        self.tell()
        self.tell()
        self.assertEqual(len(self.sent), 1)
        self.assertEqual(len(self.messages()), 1)

    def test_paid_and_overpaid(self):
        self.create_receipt({self.student: 31_000})
        self.tell()
        self.assertIn("Fees fully paid.", self.sent[-1])
        self.create_receipt({self.student: 9_000})
        self.tell()
        self.assertIn("KES 9,000 is kept for the next bill.", self.sent[-1])

    def test_in_the_guardians_language(self):
        self.env['res.lang']._activate_lang('sw')
        self.guardian.lang = 'sw'
        self.create_receipt({self.student: 15_500})
        self.tell()
        self.assertIn("Tumepokea KES 15,500 za Amina Otieno (2041)", self.sent[-1])

    def test_every_wording_has_swahili(self):
        self.env['res.lang']._activate_lang('sw')
        message = self.env['school.message']
        for name in ('received', 'paid', 'overpaid', 'late'):
            english = getattr(message, f'_get_{name}_wordings')()
            swahili = getattr(message.with_context(lang='sw'), f'_get_{name}_wordings')()
            for one, other in zip(english, swahili, strict=True):
                self.assertNotEqual(one, other)

    def test_two_children_of_one_guardian_are_one_message(self):
        sister = self.create_student("Brenda Otieno", '2042')
        self.create_guardian(sister, "Other Guardian", phone='0712 000 222')
        self.env['school.guardian.link'].create({
            'student_id': sister.id, 'partner_id': self.guardian.id,
        })
        self.create_receipt({self.student: 10_000, sister: 5_000})
        self.tell()
        by_number = {sms['number']: sms['text'] for sms in self.control.sms_messages()}
        self.assertEqual(len(self.sent), 2)
        self.assertIn("Received KES 15,000 for Amina Otieno (2041) +1.", by_number['+254712000111'])
        other = by_number['+254712000222']
        self.assertIn("Received KES 5,000 for Brenda Otieno (2042).", other)
        self.assertNotIn("/rc/", other, "The page shows a child who is not theirs.")
        self.assertNotIn("Amina", other)

    # === WHO IS TOLD === #

    def test_who_is_not_told(self):
        link = self.student.guardian_link_ids
        for field, record, value, undo in (
            ('sms', link, False, True),
            ('sees_amounts', link, False, True),
            ('date_to', link, '2026-09-01', False),
            ('school_sms_optout', self.guardian, True, False),
            ('phone', self.guardian, False, '0712 000 111'),
        ):
            with self.subTest(field=field):
                record[field] = value
                self.create_receipt({self.student: 100})
                self.tell()
                self.assertFalse(self.sent)
                record[field] = undo

    def test_a_blacklisted_number_is_not_written_to(self):
        self.env['phone.blacklist'].create({'number': '+254712000111'})
        self.create_receipt({self.student: 100})
        self.tell()
        self.assertFalse(self.sent)

    def test_who_opts_out_between_booking_and_sending_is_not_told(self):
        receipt = self.create_receipt({self.student: 100})
        self.env['school.receipt'].sudo()._tell_due(10)
        self.guardian.school_sms_optout = True
        self.tell()
        self.assertFalse(self.sent)
        self.assertEqual(receipt.sms_ids.state, 'cancelled')
        self.assertEqual(receipt.sms_ids.failure_type, 'school_silent')

    def test_a_shared_phone_gets_one_message(self):
        self.create_guardian(self.student, "John Otieno", phone='+254712000111')
        self.create_receipt({self.student: 100})
        self.tell()
        self.assertEqual(len(self.sent), 1)

    # === WHEN NOBODY CAN BE TOLD === #

    def test_why_nobody_was_told(self):
        link = self.student.guardian_link_ids
        bursar = self.create_staff('bursar_gap', 'bursar')
        for field, record, value, undo, reason in (
            ('sms', link, False, True, 'no_guardian'),
            ('date_to', link, '2026-09-01', False, 'no_guardian'),
            ('school_sms_optout', self.guardian, True, False, 'opted_out'),
            ('phone', self.guardian, False, '0712 000 111', 'no_number'),
            ('phone', self.guardian, "none", '0712 000 111', 'no_number'),
        ):
            with self.subTest(field=field):
                record[field] = value
                receipt = self.create_receipt({self.student: 100})
                self.tell()
                self.assertEqual(receipt.message_gap, reason)
                self.assertFalse(receipt.message_due, "It is not tried for ever.")
                record[field] = undo
                self.tell()
                self.assertFalse(receipt.sms_ids)
                receipt.with_user(bursar).action_tell_again()
                self.tell()
                self.assertEqual(receipt.sms_ids.state, 'sent')
                self.assertFalse(receipt.message_gap)
                with self.refusal(UserError, "Nothing was sent"):
                    receipt.with_user(bursar).action_tell_again()

    def test_while_no_sms_go_out_the_reason_stays(self):
        link = self.student.guardian_link_ids
        link.sms = False
        receipt = self.create_receipt({self.student: 100})
        self.tell()
        link.sms = True
        self.school.school_sms_receipts = False
        bursar = self.create_staff('bursar_off', 'bursar')
        with self.refusal(UserError, "sends no receipts by SMS. Nothing was sent."):
            receipt.with_user(bursar).action_tell_again()
        self.assertEqual(receipt.message_gap, 'no_guardian')
        self.assertFalse(receipt.message_due)

    def test_a_blocked_number_is_said_so(self):
        self.env['phone.blacklist'].create({'number': PHONE})
        receipt = self.create_receipt({self.student: 100})
        self.tell()
        self.assertEqual(receipt.message_gap, 'blocked')
        with self.assertRaises(AccessError):
            receipt.with_user(self.create_staff('cashier_gap', 'cashier')).action_tell_again()

    def test_a_number_that_the_gateway_refuses_is_not_tried_again(self):
        self.control.set_sms(numbers={PHONE: 403})
        receipt = self.create_receipt({self.student: 100})
        self.tell()
        self.assertEqual(
            (receipt.sms_ids.state, receipt.sms_ids.failure_type), ('failed', 'sms_number_format'),
        )
        calls = self.control.sms()['calls']
        self.tell(NOON + timedelta(days=1))
        self.assertEqual(self.control.sms()['calls'], calls)

    def test_what_cannot_be_told_is_given_up_and_silences_no_other(self):
        odd = self.create_receipt({self.student: 100})
        Receipt = type(odd)
        tell = Receipt._tell

        def crash(receipt):
            if receipt == odd:
                raise ZeroDivisionError
            return tell(receipt)

        with patch.object(Receipt, '_tell', crash), \
                self.assertLogs('odoo.addons.school_fees.models.school_receipt_message'):
            for tried in range(1, TRIES + 1):
                self.assertTrue(odd.message_due)
                self.env['school.receipt']._tell_due(1)
                self.assertEqual(odd.message_tries, tried)
            self.assertFalse(odd.message_due)
            self.assertEqual(odd.message_gap, 'error')
            good = self.create_receipt({self.student: 200})
            self.env['school.receipt']._tell_due(1)
        self.assertTrue(good.sms_ids)

    def test_a_batch_of_odd_receipts_holds_up_nobody(self):
        odd = self.create_receipt({self.student: 100}) | self.create_receipt({self.student: 200})
        good = self.create_receipt({self.student: 300})
        Receipt = type(odd)
        tell = Receipt._tell

        def crash(receipt):
            if receipt in odd:
                raise ZeroDivisionError
            return tell(receipt)

        with patch.object(Receipt, '_tell', crash), \
                self.assertLogs('odoo.addons.school_fees.models.school_receipt_message'):
            self.assertEqual(self.env['school.receipt']._tell_due(2), 2)
            self.assertEqual(odd.mapped('message_tries'), [1, 1])
            self.assertEqual(self.env['school.receipt']._count_untold(), 1)
            self.env['school.receipt']._tell_due(2)
            self.assertTrue(good.sms_ids)
            self.assertEqual(self.env['school.receipt']._count_untold(), 0)
        self.assertEqual(sorted(odd.mapped('message_tries')), [1, 2])
        self.tell()
        self.assertEqual(len(self.sent), 3, "They are told once they can be.")

    # === WHEN NOTHING IS TOLD === #

    def test_off_until_a_gateway_is_set(self):
        self.school.school_sms_gateway = False
        before = self.create_receipt({self.student: 100})
        self.assertFalse(before.message_due)
        self.connect(self.school)
        self.tell()
        self.assertFalse(self.sent, "Receipts from before are not told.")
        self.school.school_sms_receipts = False
        self.create_receipt({self.student: 100})
        self.tell()
        self.assertFalse(self.sent)

    # === ONCE === #

    def test_a_crash_in_the_middle_neither_doubles_nor_loses(self):
        receipt = self.create_receipt({self.student: 100})
        with patch.object(type(self.env['school.message']), 'create', side_effect=RuntimeError), \
                self.assertLogs('odoo.addons.school_fees.models.school_receipt_message'):
            self.env['school.receipt']._tell_due(10)
        self.env.invalidate_all()
        self.assertEqual((receipt.message_due, receipt.message_tries), (True, 1))
        self.env['school.receipt']._tell_due(10)
        self.assertFalse(receipt.message_due)
        # The mark comes back, as if the commit had been lost: the unique row holds.
        receipt.message_due = True
        self.tell()
        self.assertEqual(len(self.sent), 1)

    def test_one_odd_message_stops_no_other(self):
        other = self.create_student("Brian Kamau", '2050')
        self.create_guardian(other, "Jane Kamau", phone='0712 000 222')
        self.create_receipt({self.student: 100})
        self.create_receipt({other: 200})
        Message = type(self.env['school.message'])
        write = Message._write_receipt

        def fail(message):
            if message.student_id == self.student:
                raise ValueError
            return write(message)

        with patch.object(Message, '_write_receipt', fail), \
                self.assertLogs('odoo.addons.school_fees.models.school_message_queue', 'WARNING'):
            self.tell()
        self.assertEqual(len(self.sent), 1)
        self.assertEqual(self.messages(student_id=self.student.id).state, 'failed')

    # === REVERSALS === #

    def test_a_reversal_is_told_to_whom_the_payment_was(self):
        receipt = self.create_receipt({self.student: 15_500})
        self.tell()
        receipt._reverse("Entered by mistake")
        self.tell()
        self.assertEqual(self.sent[1], (
            "Uhuru Academy: The payment of KES 15,500 (Cash) for Amina Otieno (2041) was reversed."
            " Balance is now KES 31,000. Questions: 0201234567"
        ))
        self.tell()
        self.assertEqual(len(self.sent), 2)

    def test_what_was_reversed_before_it_was_told_is_told_of_not_at_all(self):
        receipt = self.create_receipt({self.student: 15_500})
        receipt._reverse("Entered by mistake")
        self.tell()
        self.assertFalse(self.sent)

    def test_what_is_booked_anew_alike_is_not_told_again(self):
        receipt = self.create_receipt({self.student: 15_500}, external_ref='000123')
        self.tell()
        receipt._reverse("Booked on the wrong bill")
        self.create_receipt({self.student: 15_500}, external_ref='000123')
        self.tell()
        self.assertEqual(len(self.sent), 1)

    def test_what_is_booked_anew_for_another_child_is_told_to_both(self):
        other = self.create_student("Brian Kamau", '2050')
        self.create_guardian(other, "Jane Kamau", phone='0712 000 222')
        receipt = self.create_receipt({self.student: 15_500}, external_ref='000123')
        self.tell()
        receipt._reverse("Another child's")
        self.create_receipt({other: 15_500}, external_ref='000123')
        self.tell()
        texts = {sms['number']: sms['text'] for sms in self.control.sms_messages()[1:]}
        self.assertIn("was reversed", texts['+254712000111'])
        self.assertIn("Cheque 000123", texts['+254712000222'])

    # === COST === #

    def test_a_booking_costs_one_wake_up_for_the_batch(self):
        journal = self.env['account.journal'].search([
            ('type', 'in', ('cash', 'bank')), ('company_id', '=', self.school.id),
        ], limit=1)

        def count(payments):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env['school.receipt']._book([{
                'receipt': {
                    'date': date(2026, 1, 20), 'channel': 'cash', 'money_kind': 'cash',
                    'amount': 10, 'currency_id': self.currency.id, 'company_id': self.school.id,
                },
                'shares': [(self.student, Decimal(10))],
                'payment': {'journal_id': journal.id},
            }] * payments)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        counts = {}
        for gateway in (False, 'africastalking'):
            self.school.school_sms_gateway = gateway
            counts[gateway] = min(count(8) for _run in range(3))
        # Less than one for each payment: what there is, is the wake-up of the whole batch.
        self.assertLessEqual(counts['africastalking'] - counts[False], 6)

    def test_no_number_in_clear_is_kept(self):
        receipt = self.create_receipt({self.student: 100})
        self.tell()
        message = self.messages()
        for name in message._fields:
            if message._fields[name].type in {'char', 'text'}:
                self.assertNotIn('712000111', str(message[name]))
        self.env.cr.execute(
            "SELECT count(*) FROM sms_sms WHERE number = %s AND NOT to_delete", ['+254712000111'],
        )
        self.assertEqual(self.env.cr.fetchone(), (0,))
        self.assertNotIn('712000111', ''.join(receipt.message_ids.mapped('body')))
