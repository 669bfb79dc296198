from datetime import timedelta
from unittest.mock import patch

from odoo.tests import Form, tagged
from odoo.tools import html2plaintext

from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.tests.question_common import PAYER, QuestionCommon


CODE = 'UIE4K7P2QX'


@tagged('post_install', '-at_install')
class TestMessageQuestion(QuestionCommon):
    """A code that nobody told us of is asked about at the counter, and the answer shows."""

    def check(self, text=CODE):
        form = Form(self.env['mpesa.message.check'].with_user(self.cashier).with_context(
            allowed_company_ids=self.school.ids,
        ))
        form.message = text
        check = form.save()
        check.action_check()
        self.env.invalidate_all()
        return check

    def answer(self):
        """ Let the question go out, and the answer come in. """
        before = len(self.control.deliveries(kind='result'))
        self.send_questions()
        self.hear_result(count=before + 1)
        self.env.invalidate_all()

    def assert_answer(self, check, finding, *words):
        self.assertEqual(check.finding, finding)
        answer = html2plaintext(check.answer)
        for word in words:
            self.assertIn(word, answer)
        name = self.control.wallet(PAYER)['name']
        for secret in (PAYER[3:], name, '*** 111'):
            self.assertNotIn(secret, answer)

    def test_a_forged_message_is_asked_about_and_denied(self):
        check = self.check()
        self.assert_answer(
            check, 'asking', "no such payment so far", "Give no receipt and no goods",
        )
        self.assertTrue(check.is_asking)
        self.assertIn('alert-danger', check.answer)
        self.answer()
        self.assert_answer(check, 'denied', "finds none", "Give no receipt and no goods")
        self.assertFalse(check.is_asking)
        self.assertTrue(check.may_look_again)
        self.assert_nothing_booked()

    def test_a_true_message_whose_confirmation_was_lost_is_booked_and_shown(self):
        check = self.check(self.pay())
        self.assert_answer(check, 'asking')
        self.answer()
        # Without another press of a button.
        self.assert_answer(check, 'unidentified', "not on any student", "KES 15,500")
        self.assert_books(15_500, suspense=15_500)

    def test_an_altered_amount_is_loud_when_the_answer_has_come(self):
        code = self.pay(amount=500)
        day = self.env['mpesa.transaction']._get_eat_day(self.env.cr.now())
        check = self.check(
            f'{code} Confirmed. Ksh50,000.00 sent to UHURU ACADEMY for account ADM-012 on'
            f' {day.day}/{day.month}/{day:%y} at 10:15 AM New M-PESA balance is Ksh1,204.50.'
        )
        self.answer()
        self.assert_answer(
            check, 'unidentified', "This message was changed",
            "It says KES 50,000, and Safaricom told us KES 500.",
        )

    def test_while_the_answer_is_being_booked_it_waits(self):
        check = self.check(self.pay())
        self.send_questions()
        callback = self.hear_result(drain=False)
        with patch.object(type(callback), '_append_found', lambda *_args: 1):
            self.drain()
        self.env.invalidate_all()
        self.assert_answer(check, 'waiting', "not booked yet")
        self.assertTrue(check.is_asking)

    def test_what_is_known_is_not_asked(self):
        self.drain_c2b(CODE)
        self.assert_answer(self.check(), 'booked')
        self.c2b('UIF9AAAAAA')
        self.assert_answer(self.check('UIF9AAAAAA'), 'waiting')
        self.assertFalse(self.env['mpesa.command'].search([]))

    def test_money_of_somebody_else_and_payments_that_failed(self):
        for values, finding, words in (
            ({'parties': [f'{PAYER} - A', '600222 - Other']}, 'elsewhere', "did not go to our"),
            ({'TransactionStatus': 'Declined'}, 'not_paid', "did not go through"),
            ({'TransactionStatus': 'Initiated'}, 'unfinished', "not finished"),
            ({'ReceiptNo': 'UIF9AAAAAA'}, 'doubtful', "the bursar has to look"),
        ):
            with self.subTest(finding):
                check = self.check()
                self.send_questions()
                command = self.env['mpesa.command'].search([], limit=1)
                self.tell_result(command, **values)
                self.env.invalidate_all()
                self.assert_answer(check, finding, words, "Give no receipt")
                command.answered_at -= timedelta(seconds=const.STATUS_FRESH_SECONDS + 1)
        self.assert_nothing_booked()

    def test_looking_again_does_not_ask_again_within_seconds(self):
        check = self.check()
        self.answer()
        check.action_check()
        command = self.env['mpesa.command'].search([])
        self.assertEqual(len(command), 1)
        self.assert_answer(check, 'denied')
        command.answered_at -= timedelta(seconds=const.STATUS_FRESH_SECONDS + 1)
        check.action_check()
        self.assertEqual(self.env['mpesa.command'].search_count([]), 2)
        self.env.invalidate_all()
        self.assert_answer(check, 'asking')

    def test_where_nobody_can_be_asked_it_stays_as_it_was(self):
        self.provider.mpesa_initiator_password = 'wrong'
        check = self.check()
        self.answer()
        self.assert_answer(check, 'unseen', "told us of no such payment")
        self.assert_answer(self.check(), 'unseen')
        self.provider.mpesa_status_enabled = False
        self.assert_answer(self.check(), 'unseen')
        self.assertEqual(self.env['mpesa.command'].search_count([]), 1)

    def test_too_many_questions_are_no_error_at_the_counter(self):
        with patch.object(const, 'STATUS_QUESTION_LIMITS', ((1, 600),)):
            self.assert_answer(self.check(), 'asking')
            self.assert_answer(self.check('UIF9AAAAAA'), 'unseen')

    def test_the_next_message_forgets_the_last_answer(self):
        check = self.check()
        self.answer()
        check.message = 'UIF9AAAAAA'
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(check.answer)
        self.assertFalse(check.sudo().command_ids)
