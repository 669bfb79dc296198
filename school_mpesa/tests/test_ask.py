from decimal import Decimal

from psycopg2 import errors as pg_errors

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.models.request_error import MpesaRequestError
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestAsk(BookingCommon):
    """What may be asked of whom: each refusal in words, beside the right field, and no prompt."""

    def refuse(self, field, **values):
        """ Assert that a request is refused beside a field, in a sentence, and leaves nothing.

        :return: The error.
        :rtype: MpesaRequestError
        """
        before = self.count_requests()
        with self.assertRaises(MpesaRequestError) as caught, self.env.cr.savepoint():
            self.ask(**values)
        error = caught.exception
        self.assertEqual(error.field, field, str(error))
        self.assertGreater(len(str(error).split()), 3)
        self.assertNotIn('0712000111', str(error))
        self.assertNotIn('254712000111', str(error))
        self.assertEqual(self.count_requests(), before)
        return error

    def count_requests(self):
        return self.env['payment.transaction'].search_count([('provider_id.code', '=', 'mpesa')])

    def age(self, txs, seconds):
        """ Move requests into the past. """
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - %s * interval '1 second',"
            " mpesa_sent_at = mpesa_sent_at - %s * interval '1 second' WHERE id = ANY(%s)",
            [seconds, seconds, txs.ids],
        )
        self.env.invalidate_all()

    # === LIMITS PER PHONE (trust S8) === #

    def test_one_in_flight_per_phone(self):
        tx = self.ask(amount=100)
        for phone in ('0712000111', '+254 712 000 111', '254712000111', '712000111'):
            error = self.refuse('phone', amount=200, phone=phone)
            self.assertEqual(error.tx, tx)
        self.assertTrue(self.ask(amount=200, phone='0712000112'))
        self.send()
        self.refuse('phone', amount=200)
        self.drain_stk(tx, 1032)
        self.assertTrue(self.ask(amount=200))

    def test_one_in_flight_in_the_database_itself(self):
        tx = self.ask(amount=100)
        other = self.ask(amount=100, phone='0712000112')
        with self.assertRaises(pg_errors.UniqueViolation), self.env.cr.savepoint(), \
                mute_logger('odoo.sql_db'):
            self.env.cr.execute(
                'UPDATE payment_transaction SET mpesa_phone_index = %s WHERE id = %s',
                [tx.mpesa_phone_index, other.id],
            )

    def test_in_flight_ends_with_the_prompts_time(self):
        tx = self.prompt(amount=100)
        self.age(tx, 100)
        self.refuse('phone', amount=200)
        self.age(tx, 25)
        self.assertTrue(self.ask(amount=200))
        self.assertEqual(tx.mpesa_push_state, 'accepted', "The first stays open for its money.")

    def test_three_in_ten_minutes(self):
        for _prompt in range(3):
            self.ask(amount=100)._mpesa_move_to('declined', mpesa_result_code='1032')
        self.assertIn("10 minutes", str(self.refuse('phone', amount=100)))
        txs = self.env['payment.transaction'].search([('provider_id', '=', self.provider.id)])
        self.age(txs, 601)
        self.assertTrue(self.ask(amount=100))

    def test_ten_a_day(self):
        for _prompt in range(10):
            tx = self.ask(amount=100)
            tx._mpesa_move_to('declined', mpesa_result_code='1032')
            self.age(tx, 700)
        self.refuse('phone', amount=100)
        txs = self.env['payment.transaction'].search([('provider_id', '=', self.provider.id)])
        self.age(txs, 86_400)
        self.assertTrue(self.ask(amount=100))

    def test_the_limits_hold_over_students_schools_and_clerks(self):
        other = self.create_student("Amina Yusuf", 'ADM-099')
        bill = self.create_term_bill(other, self.term_3, 1_000)
        self.ask(amount=100)
        self.refuse('phone', amount=100, student=other, invoices=bill, initiator=self.env.user,
                    channel='stk_push')

    # === THE SAME INTENT === #

    def test_the_same_intent_is_the_same_request(self):
        tx = self.ask(amount=100, intent='a' * 32)
        for values in ({}, {'amount': 200}, {'phone': '0712000999'}, {'amount': 'nonsense'}):
            self.assertEqual(self.ask(**{'amount': 100, 'intent': 'a' * 32, **values}), tx)
        self.send()
        self.assertEqual(self.ask(amount=100, intent='a' * 32), tx)
        self.assertEqual(len(self.control.prompts()), 1)
        self.assertNotEqual(self.ask(amount=100, intent='b' * 32, phone='0712000999'), tx)

    def test_an_intent_is_unique_in_the_database_itself(self):
        self.ask(amount=100, intent='a' * 32)
        other = self.ask(amount=100, phone='0712000112')
        with self.assertRaises(pg_errors.UniqueViolation), self.env.cr.savepoint(), \
                mute_logger('odoo.sql_db'):
            other.mpesa_intent = 'a' * 32
            self.env.flush_all()

    # === AMOUNTS === #

    def test_amounts_that_cannot_be(self):
        for amount in (
            0, '0', -1, '-100', '', ' ', None, 'abc', 'NaN', float('nan'), 'Infinity',
            float('-inf'), '1e400', 0.5, '10.50', '1.5.2', '0x10', [], {}, True, False, '١٢x',
            '12;--', Decimal('0.1'), '1/2', '10 000 x',
        ):
            with self.subTest(amount=amount):
                self.refuse('amount', amount=amount)

    def test_amounts_as_people_type_them(self):
        for n, amount in enumerate((1, '1', 1.0, '1.00', ' 15500 ', '15,500', Decimal(15500))):
            with self.subTest(amount=amount):
                tx = self.ask(amount=amount, phone=f'07300000{n:02d}')
                self.assertIn(tx.amount, (1, 15_500))
                self.assertEqual(tx.currency_id.name, 'KES')

    def test_a_decimal_comma_is_not_read_as_thousands(self):
        """ "15,50" typed for KES 15.50 may not become KES 1,550. """
        for amount in ('15,50', '1,5', '1,00,000', ',5', '5,'):
            with self.subTest(amount=amount):
                self.refuse('amount', amount=amount)

    def test_the_limit_of_m_pesa(self):
        self.create_term_bill(self.student, self.term_1, 400_000)
        error = self.refuse('amount', amount=250_001, invoices=None)
        self.assertIn("250,000", str(error))
        self.assertIn("KES 1.", str(error), "It says how to split.")
        self.assertTrue(self.ask(amount=250_000, invoices=None))
        self.refuse('amount', amount=10 ** 30, invoices=None, phone='0712000112')

    def test_not_more_than_is_due(self):
        self.assertIn("32,500", str(self.refuse('amount', amount=32_501)))
        self.assertTrue(self.ask(amount=32_500))

    def test_more_than_is_due_where_credit_is_allowed(self):
        self.provider.mpesa_allow_credit = True
        tx = self.prompt(amount=40_000)
        self.drain_stk(tx)
        self.assertEqual(self.student.balance, -7_500)
        self.assert_books(40_000)

    def test_due_is_that_of_the_chosen_bill(self):
        self.create_term_bill(self.student, self.term_1, 50_000)
        self.refuse('amount', amount=32_501)
        self.assertTrue(self.ask(amount=32_501, invoices=None))

    def test_the_least_amount(self):
        self.provider.mpesa_least_amount = 500
        self.refuse('amount', amount=499)
        self.assertTrue(self.ask(amount=500))

    # === BILLS AND STUDENTS === #

    def test_bills_that_cannot_be_paid(self):
        draft = self.create_term_bill(self.student, self.term_1, 100, post=False)
        cancelled = self.create_term_bill(self.student, self.term_2, 100)
        cancelled.button_draft()
        cancelled.button_cancel()
        sibling = self.create_student("Brian Otieno", 'ADM-013', family_id=self.family.id)
        siblings = self.create_term_bill(sibling, self.term_3, 100)
        refund = self.bill._reverse_moves()
        refund.action_post()
        payment = self.create_receipt({sibling: 40}).line_ids.payment_id.move_id
        for name, bill in {
            'draft': draft, 'cancelled': cancelled, "a sibling's": siblings, 'refund': refund,
            'payment': payment, 'one good, one bad': self.bill | draft,
        }.items():
            with self.subTest(bill=name):
                self.refuse('bill', amount=10, invoices=bill)

    def test_a_paid_bill(self):
        self.create_receipt({self.student: 32_500})
        self.assertIn("paid", str(self.refuse('bill', amount=10)))

    def test_a_bill_of_another_school(self):
        other = self.create_school("Amani School")
        self.env.user.company_ids |= other
        env = self.env(context={**self.env.context, 'allowed_company_ids': [other.id]})
        student = env['school.student'].create({'name': "Amina Yusuf", 'admission_no': 'AM-1'})
        self.assertEqual(student.company_id, other)
        self.refuse('provider', student=student, invoices=None, amount=10)
        self.refuse('bill', student=self.student, amount=10, invoices=env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': self.guardian.id, 'company_id': other.id,
        }))

    def test_a_leaver(self):
        self.student.state = 'left'
        self.assertTrue(self.ask(amount=100))
        self.create_receipt({self.student: 32_500})
        self.refuse('student', invoices=None, amount=100, phone='0712000112')

    # === PHONES === #

    def test_phones_as_people_type_them(self):
        for n, form in enumerate((
            '0712 000 1{}', '0712-000-1{}', '+2547120001{}', '254 712 0001{}', '07120001{}',
            ' 07120001{} ', '(0712) 0001{}', '7120001{}', '0712.000.1{}',
        )):
            with self.subTest(form=form):
                phone = form.format(f'{n + 40:02d}')
                tx = self.ask(amount=1, phone=phone)
                self.assertEqual(tx.mpesa_phone, f'2547120001{n + 40:02d}')
                self.assertRegex(tx.mpesa_phone_mask, r'^0712 \*\*\* \d{3}$')
        self.assertEqual(self.ask(amount=1, phone='0112000111').mpesa_phone, '254112000111')

    def test_phones_that_cannot_be(self):
        for phone in ('', '  ', None, '0712', '07120001112', '0202345678', '+447700900123',
                      'phone', '0712000111; 0712000222', '0812000111', '254', "0712' OR 1", '\x00',
                      '0' * 500):
            with self.subTest(phone=phone):
                self.refuse('phone', phone=phone, amount=1)

    # === THE PROVIDER'S STATE === #

    def test_providers_that_cannot_prompt(self):
        self.provider.mpesa_stk_enabled = False
        self.refuse('provider', amount=1)
        self.provider.mpesa_stk_enabled = True
        self.provider.mpesa_passkey = False
        self.refuse('provider', amount=1)
        self.provider.write({'state': 'disabled', 'is_published': False})
        self.refuse('provider', amount=1)
        other = self.env['payment.provider'].search([('code', '!=', 'mpesa')], limit=1)
        self.refuse('provider', amount=1, provider=other)

    def test_a_ciphertext_from_elsewhere_is_no_credential(self):
        """ A31: a secret moved from another shortcode does not open; others are sent. """
        other = self.create_provider(shortcode='600222')
        self.env.cr.execute(
            'UPDATE payment_provider SET mpesa_passkey_sealed = %s WHERE id = %s',
            [self.provider.mpesa_passkey_sealed, other.id],
        )
        self.env.invalidate_all()
        bad, good = self.ask(provider=other, amount=1), self.ask(amount=1, phone='0712000112')
        with mute_logger('odoo.addons.school_mpesa.models.payment_transaction_push'):
            self.send()
        self.assertEqual((bad.mpesa_push_state, good.mpesa_push_state), ('declined', 'accepted'))

    # === WHAT IS KEPT === #

    def test_the_request_keeps_who_asked_and_no_phone(self):
        tx = self.ask(amount=100, channel='stk_push', initiator=self.env.user, note="for trips")
        self.assertEqual(
            (tx.mpesa_channel, tx.mpesa_initiator_id, tx.mpesa_note, tx.mpesa_student_id,
             tx.invoice_ids, tx.partner_id, tx.company_id, tx.state),
            ('stk_push', self.env.user, "for trips", self.student, self.bill,
             self.student.partner_id, self.school, 'draft'),
        )
        self.assertFalse(tx.partner_phone)
        self.assertTrue(tx.reference)
        self.env.cr.execute('SELECT t::text FROM payment_transaction t WHERE id = %s', [tx.id])
        stored = self.env.cr.fetchone()[0]
        for form in ('712000111', '712 000 111', tx.mpesa_attempt_token):
            self.assertNotIn(form, stored)
