from datetime import time, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.school_fees.rules import sms_text
from odoo.addons.school_mpesa.models.payment_transaction_sms import STALE
from odoo.addons.school_mpesa.tests.failure_common import HOURS, FailureCommon
from odoo.addons.school_mpesa.tests.sms_common import EVENING, MORNING


SURE_CODES = ('1', '1032', '2001', '2008', 'TP40087')
DOUBTFUL_CODES = ('26', '1001', '1019', '1031', '1036', '1037', '2026')
# The first of them may have been paid by the try before; after the others the next one fails too.
SILENT_CODES = ('17', '4', '11', '2006', '8006')


@tagged('post_install', '-at_install')
class TestFailureMessage(FailureCommon):
    """A prompt that brought no money is told of by SMS: once, late enough, and where it is true."""

    # === WHAT IS TOLD === #

    def test_a_cancelled_prompt_is_told_after_some_minutes(self):
        tx = self.fail()
        self.tell(fields.Datetime.now())
        self.assertFalse(self.sent, "The parent may just be trying again.")
        self.later()
        [text] = self.sent
        self.assertEqual(text, (
            "Uhuru Academy: KES 15,500 for Faith Otieno (ADM-012) was not paid (cancelled on the"
            " phone). No money was taken. Pay:"
            f" f.uhuru.ac.ke/p/{self.bill._get_bill_link().slug}"
        ))
        self.assertEqual(self.messages.partner_id, self.guardian)
        self.assertEqual(self.messages.payment_transaction_id, tx)
        self.later(20)
        self.assertEqual(len(self.sent), 1)

    def test_who_came_by_a_link_is_led_back_to_it(self):
        link = self.make_link(amount=5_000)
        self.fail(amount=5_000, link=link, channel='payment_link', invoices=None)
        self.later()
        self.assertIn(f"/p/{link.slug}", self.sent[0])

    def test_nobody_is_led_to_a_relatives_link(self):
        link = self.make_relatives_link(amount=5_000)
        self.fail(amount=5_000, link=link, channel='payment_link', invoices=None)
        self.later()
        self.assertNotIn(link.slug, self.sent[0])

    def test_who_was_asked_for_the_balance_is_led_to_the_childs_page(self):
        self.fail(invoices=None)
        self.later()
        self.assertIn(f"/p/{self.student._get_statement_link().slug}", self.sent[0])

    def test_a_family_is_not_led_to_the_page_of_one_child(self):
        sister = self.create_student("Brenda Otieno", 'ADM-013')
        self.env['school.guardian.link'].create({
            'student_id': sister.id, 'partner_id': self.guardian.id,
        })
        self.create_term_bill(sister, self.term_3, 9_000)
        self.fail(
            shares=[(self.student, 6_500), (sister, 9_000)], amount=15_500, invoices=None,
            channel='statement',
        )
        self.later()
        [text] = self.sent
        self.assertTrue(text.endswith("Pay: f.uhuru.ac.ke/my/fees"), text)
        self.assertIn("KES 15,500 for Faith Otieno (ADM-012) +1 was not paid", text)
        self.assertNotIn("Acc", text)

    def test_in_the_guardians_language(self):
        self.env['res.lang']._activate_lang('sw')
        self.guardian.lang = 'sw'
        self.fail(2001)
        self.later()
        self.assertIn("hazikulipwa (PIN si sahihi). Hakuna pesa iliyokatwa.", self.sent[0])

    def test_every_code_fits_one_message_whatever_the_names(self):
        self.env['res.lang']._activate_lang('sw')
        self.school.name = "St. Bartholomew's Nyakach Boys' Boarding Secondary School"
        self.student.name = "Nyambura Wanjiku Kariuki-Ong'ayo wa Mwangi"
        tx = self.prompt()
        message = self.env['school.message'].new({
            'kind': 'failed_attempt', 'student_id': self.student.id,
            'partner_id': self.guardian.id, 'company_id': self.school.id,
            'payment_transaction_id': tx.id,
        })
        slug = self.bill._get_bill_link().slug
        for lang in ('en_US', 'sw'):
            self.guardian.lang = lang
            for code in (*SURE_CODES, *DOUBTFUL_CODES):
                with self.subTest(lang=lang, code=code):
                    tx.mpesa_result_code = code
                    text = message._write_body()
                    self.assertTrue(sms_text.is_gsm(text))
                    self.assertLessEqual(sms_text.septets(text), 160)
                    self.assertIn("KES 15,500", text)
                    self.assertTrue(text.endswith(f"f.uhuru.ac.ke/p/{slug}"), text)
                    says_untaken = "No money was taken" in text or "Hakuna pesa" in text
                    self.assertEqual(says_untaken, code in SURE_CODES, text)

    def test_every_wording_has_swahili(self):
        self.env['res.lang']._activate_lang('sw')
        message = self.env['school.message']
        for name in ('untaken', 'not_received'):
            english, plain = getattr(message, f'_get_{name}_wordings')()
            swahili, other = getattr(message.with_context(lang='sw'), f'_get_{name}_wordings')()
            for one, two in zip([*english, plain], [*swahili, other], strict=True):
                self.assertNotEqual(one, two)

    # === WHEN === #

    def test_off_until_the_school_wants_it(self):
        self.school.school_sms_failed_attempts = False
        tx = self.fail()
        self.assertFalse(tx.mpesa_sms_at)
        self.later()
        self.assertFalse(self.sent)
        other = self.env['res.company'].create({'name': "Other School"})
        self.assertFalse(other.school_sms_failed_attempts)

    def test_switched_off_meanwhile(self):
        self.fail()
        self.school.school_sms_failed_attempts = False
        self.later()
        self.assertFalse(self.sent)

    def test_not_at_night(self):
        tx = self.fail()
        tx.last_state_change = tx.mpesa_sms_at = EVENING
        with patch.multiple(HOURS, DAY_BEGINS=time(7), DAY_ENDS=time(20)):
            self.tell(EVENING + timedelta(minutes=6))
            self.assertFalse(self.sent)
            self.assertEqual(
                (self.messages.state, self.messages.send_after), ('waiting', MORNING),
            )
            self.tell(MORNING)
        self.assertFalse(self.sent, "It is no news by the morning.")
        self.assertEqual(self.messages.state, 'cancelled')

    def test_what_failed_shortly_before_the_morning_is_told_then(self):
        tx = self.fail()
        tx.last_state_change = tx.mpesa_sms_at = MORNING - timedelta(hours=1)
        with patch.multiple(HOURS, DAY_BEGINS=time(7), DAY_ENDS=time(20)):
            self.tell(MORNING - timedelta(minutes=50))
            self.assertFalse(self.sent)
            self.tell(MORNING)
        self.assertEqual(len(self.sent), 1)

    def test_three_tries_in_a_row_are_one_message(self):
        self.fail()
        self.fail(2001)
        last = self.fail(1)
        self.later()
        [text] = self.sent
        self.assertIn("(not enough money in M-PESA)", text)
        self.assertEqual(self.messages.payment_transaction_id, last)

    def test_a_try_soon_after_a_message_is_not_told_again(self):
        self.fail()
        self.later()
        self.fail(2001)
        self.later(12)
        self.assertEqual(len(self.sent), 1)

    def test_a_message_that_never_went_out_has_told_nobody(self):
        self.fail()
        self.control.set_sms(mode='down')
        self.later()
        self.assertEqual(self.messages.state, 'retry')
        self.control.set_sms(mode='up')
        last = self.fail(2001)
        self.later(12)
        [text] = self.sent
        self.assertIn("(wrong PIN)", text)
        self.assertEqual(
            self.messages.filtered(lambda one: one.state == 'sent').payment_transaction_id, last,
        )

    def test_tries_for_two_children_are_one_series(self):
        sister = self.create_student("Brenda Otieno", 'ADM-013')
        self.env['school.guardian.link'].create({
            'student_id': sister.id, 'partner_id': self.guardian.id,
        })
        bill = self.create_term_bill(sister, self.term_3, 9_000)
        self.fail()
        self.fail(amount=1_000, student=sister, invoices=bill)
        self.later()
        self.assertEqual(len(self.sent), 1)
        self.fail(amount=1_000, student=sister, invoices=bill)
        self.later(12)
        self.assertEqual(len(self.sent), 1)

    def test_what_money_may_follow_waits_for_a_query(self):
        for code in (1037, 1019):
            with self.subTest(code=code):
                before = len(self.sent)
                tx = self.fail(code)
                self.later()
                self.assertEqual(len(self.sent), before)
                self.assertTrue(tx.mpesa_sms_at, "It is looked at again.")
                tx.last_state_change -= timedelta(seconds=40)
                self.hear(tx, str(code))
                self.assertTrue(tx.mpesa_query_confirmed)
                self.later(13)
                self.assertEqual(len(self.sent), before + 1)
                self.assertIn("Got an M-PESA SMS? Do not pay again.", self.sent[-1])
                self.assertNotIn("No money was taken", self.sent[-1])
                self.messages.unlink()  # The next one is of another series.

    def test_what_nobody_confirms_is_no_news_in_the_end(self):
        tx = self.fail(1037)
        self.later(STALE / timedelta(minutes=1) + 6)
        self.assertFalse(self.sent)
        self.assertFalse(tx.mpesa_sms_at)

    def test_what_never_reached_the_phone(self):
        tx = self.ask()
        tx._mpesa_move_to(
            'declined', mpesa_result_code='1001', mpesa_result_source='answer',
            mpesa_query_confirmed=True,
        )
        self.drain()
        self.later()
        self.assertFalse(self.messages)

    def test_what_the_office_has_to_mend(self):
        for n, code in enumerate((8, 20, 2028)):
            with self.subTest(code=code):
                self.fail(code, amount=100 + n)
                self.later()
                self.assertFalse(self.messages)

    def test_what_another_try_does_not_mend_or_may_have_been_paid(self):
        tx = self.fail()
        for code in SILENT_CODES:
            with self.subTest(code=code):
                tx.write({
                    'mpesa_result_code': code, 'mpesa_query_confirmed': True,
                    'mpesa_sms_at': fields.Datetime.now(),
                })
                self.later()
                self.assertFalse(self.messages)
        tx.write({'mpesa_result_code': '1032', 'mpesa_sms_at': fields.Datetime.now()})
        self.later()
        self.assertEqual(len(self.sent), 1)

    # === WHO === #

    def test_a_number_of_nobody_gets_nothing(self):
        self.fail(phone='254722000222')
        self.later()
        self.assertFalse(self.sent, "It may have been typed wrongly, and the text names a child.")

    def test_another_phone_of_the_guardian(self):
        self.env['school.guardian.phone'].create({
            'partner_id': self.guardian.id, 'e164': '+254722000222',
        })
        self.fail(phone='254722000222')
        self.later()
        self.assertEqual(
            [sms['number'] for sms in self.control.sms_messages()], ['+254712000111'],
        )

    def test_who_takes_no_messages(self):
        link = self.student.guardian_link_ids
        for field, record in (
            ('sms', link), ('sees_amounts', link), ('school_sms_optout', self.guardian),
        ):
            with self.subTest(field=field):
                record[field] = not record[field]
                self.fail()
                self.later()
                self.assertFalse(self.messages)
                record[field] = not record[field]

    def test_one_odd_request_silences_no_other(self):
        odd = self.fail()
        sister = self.create_student("Brenda Otieno", 'ADM-013')
        self.create_guardian(sister, "Jane Otieno", phone='+254722000222')
        bill = self.create_term_bill(sister, self.term_3, 10_000)
        self.fail(amount=1_000, phone='254722000222', student=sister, invoices=bill)
        Transaction = type(odd)
        tell = Transaction._mpesa_tell_failure

        def crash(tx):
            if tx == odd:
                raise ZeroDivisionError
            return tell(tx)

        with patch.object(Transaction, '_mpesa_tell_failure', crash), \
                self.assertLogs('odoo.addons.school_mpesa.models.payment_transaction_sms') as logs:
            self.later()
        self.assertNotIn('712000111', ''.join(logs.output))
        self.assertEqual(self.messages.student_id, sister)
        self.assertFalse(odd.mpesa_sms_at)
