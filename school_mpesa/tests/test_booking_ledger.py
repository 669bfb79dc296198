from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestBookingLedger(BookingCommon):
    """Where the money goes: which bill, which child, which day, which account."""

    def get_residuals(self, *bills):
        return [bill.amount_residual for bill in bills]

    # === WHICH BILL === #

    def test_the_chosen_bill_before_the_older_debt(self):
        old = self.create_term_bill(self.student, self.term_1, 10_000)
        tx = self.prompt(amount=32_500, invoices=self.bill)
        self.drain_stk(tx)
        self.assertEqual(self.get_residuals(self.bill, old), [0, 10_000])
        self.assert_books(32_500)

    def test_what_the_chosen_bill_leaves_goes_to_the_oldest(self):
        self.provider.mpesa_allow_credit = True
        old = self.create_term_bill(self.student, self.term_1, 10_000)
        middle = self.create_term_bill(self.student, self.term_2, 10_000)
        tx = self.prompt(amount=32_500 + 12_000, invoices=self.bill)
        self.drain_stk(tx)
        self.assertEqual(self.get_residuals(self.bill, old, middle), [0, 0, 8_000])
        self.assert_books(44_500)

    def test_oldest_due_first_without_a_chosen_bill(self):
        old = self.create_term_bill(self.student, self.term_1, 10_000)
        tx = self.prompt(amount=15_000, invoices=None)
        self.drain_stk(tx)
        self.assertEqual(self.get_residuals(old, self.bill), [0, 27_500])
        self.assert_books(15_000)

    def test_paid_meanwhile_by_cash(self):
        """ The chosen bill is settled when the money comes: it goes to other debt, else credit. """
        tx = self.prompt(amount=32_500)
        self.create_receipt({self.student: 32_500})
        old = self.create_term_bill(self.student, self.term_1, 10_000)
        self.drain_stk(tx)
        self.assert_paid(tx)
        self.assertEqual(self.get_residuals(old), [0])
        self.assertEqual(self.student.balance, -22_500)

    def test_cancelled_meanwhile(self):
        tx = self.prompt(amount=32_500)
        self.bill.button_draft()
        self.bill.button_cancel()
        self.drain_stk(tx)
        self.assert_paid(tx)
        self.assertEqual(self.student.balance, -32_500)
        self.assert_books(32_500)

    def test_cents_of_a_balance(self):
        bill = self.create_term_bill(self.student, self.term_1, 1_000.40)
        tx = self.prompt(amount=1_001, invoices=bill)
        self.drain_stk(tx)
        self.assertEqual(bill.amount_residual, 0)
        self.assert_books(1_001)

    # === WHICH CHILD === #

    def test_siblings_by_the_familys_rule(self):
        sibling = self.create_student("Brian Otieno", 'ADM-013', family_id=self.family.id)
        theirs = self.create_term_bill(sibling, self.term_3, 5_000)
        self.drain_c2b(amount='40000.00')
        self.assertEqual(self.get_residuals(self.bill, theirs), [0, 0])
        self.assertEqual((self.student.balance, sibling.balance), (-2_500, 0))
        receipt = self.get_receipts()
        self.assertEqual(len(receipt), 1)
        self.assertEqual(
            {line.student_id: line.amount for line in receipt.line_ids},
            {self.student: 35_000, sibling: 5_000},
        )
        for line in receipt.line_ids:
            self.assertEqual(line.payment_id.partner_id, line.student_id.partner_id)
        self.assert_books(40_000)

    def test_a_child_outside_the_family_gets_nothing(self):
        other = self.create_student("Amina Yusuf", 'ADM-099')
        theirs = self.create_term_bill(other, self.term_3, 5_000)
        self.drain_c2b(amount='40000.00')
        self.assertEqual(self.get_residuals(self.bill, theirs), [0, 5_000])
        self.assertEqual(self.student.balance, -7_500)
        self.assert_books(40_000)

    def test_credit_is_kept_and_settles_nothing_else(self):
        self.drain_c2b(amount='40000.00')
        self.assertEqual(self.student.balance, -7_500)
        self.assertEqual(self.bill.payment_state, 'paid')
        self.assert_books(40_000)

    def test_references_as_people_type_them(self):
        for n, account in enumerate((
            'ADM-012', 'adm-012', ' adm 012 ', 'ADM012', 'adm/12', 'Adm.0012', 'ＡＤＭ012',
        )):
            with self.subTest(account=account):
                callback = self.drain_c2b(f'UIE4K7P7{n:02d}', '100.00', account)
                self.assertEqual(
                    callback.mpesa_transaction_id.receipt_id.line_ids.student_id, self.student
                )
        self.assert_books(700)

    def test_a_leaver_who_still_owes(self):
        self.student.write({'state': 'left'})
        self.drain_c2b(amount='1000.00')
        self.assertEqual(self.get_receipts().line_ids.student_id, self.student)
        self.assert_books(1_000)

    def test_a_leaver_who_owes_nothing(self):
        self.drain_c2b(amount='32500.00')
        self.student.write({'state': 'left'})
        self.drain_c2b('UIE4K7P2QZ', '1000.00')
        self.assert_books(33_500, suspense=1_000)

    def test_admission_numbers_that_look_like_phones(self):
        for n, number in enumerate(('1/2024/00123', 'ADM120240012', '712000111')):
            with self.subTest(number=number):
                student = self.create_student(f"Child {n}", number)
                callback = self.drain_c2b(f'UIE4K7PT{n:02d}', '100.00', f' {number} ')
                movement = callback.mpesa_transaction_id
                self.assertEqual(movement.account_reference, number)
                self.assertEqual(movement.receipt_id.line_ids.student_id, student)
        callback = self.drain_c2b('UIE4K7PT09', '100.00', '0712000333')
        self.assertEqual(callback.mpesa_transaction_id.account_reference, '0712 *** 333')

    def test_settled_anew_by_what_was_typed(self):
        """ A number that was given to a student only after it had been typed, and masked. """
        tx = self.prompt(amount=100)
        tx.mpesa_account_reference = 'ADM120240012'
        self.drain_c2b('UIE4K7HAND', '100.00', 'ADM120240012')
        movement = self.get_movements()
        self.assertEqual(movement.payment_transaction_id, tx)
        self.assertNotIn('120240012', movement.account_reference)
        student = self.create_student("Amina Yusuf", 'ADM120240012')
        self.drain_stk(tx, 1032)
        self.assert_unpaid(tx)
        self.assertEqual(movement.receipt_id.line_ids.student_id, student)

    def test_what_was_typed_is_kept_beside_the_name(self):
        tx = self.prompt()
        self.drain_stk(tx)
        self.drain_c2b(account=' adm 12')
        payer = self.get_movements()._read_payer()
        self.assertEqual((payer['name'], payer['typed'].strip()), ('WANJIKU', 'adm 12'))

    # === NOBODY'S MONEY === #

    def test_unidentified_money_is_posted_at_once(self):
        for n, account in enumerate(('', '   ', 'ADM-999', 'school fees', '---', 'x' * 300)):
            with self.subTest(account=account[:20]):
                callback = self.drain_c2b(f'UIE4K7P8{n:02d}', '250.50', account)
                self.assertEqual(callback.state, 'done')
                payment = callback.mpesa_transaction_id.suspense_payment_id
                self.assertEqual(payment.state, 'paid')
                self.assertFalse(payment.partner_id)
                self.assertFalse(payment.move_id.line_ids.partner_id)
                credit = payment.move_id.line_ids.filtered('credit')
                self.assertEqual(credit.account_id, self.school.mpesa_unidentified_account_id)
                self.assertEqual(credit.account_id.account_type, 'liability_current')
                self.assertTrue(credit.account_id.reconcile)
        self.assert_books(1_503, suspense=1_503)
        self.assertFalse(self.get_receipts())

    def test_the_same_number_in_another_school_is_nobody_here(self):
        other = self.create_school("Amani School")
        self.env.user.company_ids |= other
        self.env['school.student'].with_company(other).create({
            'name': "Amina Yusuf", 'admission_no': 'AM-1', 'company_id': other.id,
        })
        self.drain_c2b(amount='1000.00', account='AM-1')
        self.assert_books(1_000, suspense=1_000)

    # === WHICH DAY === #

    def test_the_day_in_kenya(self):
        """ The stamps are EAT: the last second of a month in Kenya is still that month. """
        for stamp, day, paid_at in (
            ('20260831235959', '2026-08-31', '2026-08-31 20:59:59'),
            ('20260901000000', '2026-09-01', '2026-08-31 21:00:00'),
            ('20260901023000', '2026-09-01', '2026-08-31 23:30:00'),
            ('20251231235959', '2025-12-31', '2025-12-31 20:59:59'),
            ('20260101000000', '2026-01-01', '2025-12-31 21:00:00'),
        ):
            with self.subTest(stamp=stamp):
                code = f'UI{stamp[2:6]}{stamp[8:12]}'
                self.drain_c2b(code, '100.00', TransTime=stamp)
                receipt = self.get_receipts().filtered(lambda r, c=code: r.external_ref == c)
                self.assertEqual(str(receipt.date), day)
                self.assertEqual(str(receipt.paid_at), paid_at)
                self.assertEqual(str(receipt.line_ids.payment_id.date), day)
                self.assertEqual(str(receipt.line_ids.payment_id.move_id.date), day)
                self.assertTrue(receipt.number.startswith(f'RCT/{day[:4]}/'))
        tx = self.prompt()
        self.drain_stk(tx, time=20260901000001)
        self.assertEqual(str(tx.mpesa_receipt_id.date), '2026-09-01')

    def test_a_time_that_cannot_be(self):
        """ The money is as real; the day is that of the message. """
        today = self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now())
        for n, stamp in enumerate((
            '', None, '20260231000000', '99991231235959', '00010101000000', '19700101000000',
            'yesterday', 0, -1, '2026-09-14', True, [], '２０２６０９１４１０１５３３x',
        )):
            with self.subTest(stamp=stamp):
                callback = self.drain_c2b(f'UIE4K7P9{n:02d}', '10.00', TransTime=stamp)
                self.assertEqual(callback.state, 'done')
                self.assertEqual(callback.mpesa_transaction_id.receipt_id.date, today)

    def test_a_payment_into_a_locked_period(self):
        """ F18: posted in an open period, the original day kept on the receipt. """
        self.school.fiscalyear_lock_date = '2026-09-30'
        tx = self.prompt()
        self.drain_stk(tx)
        self.assert_paid(tx)
        receipt = tx.mpesa_receipt_id
        self.assertEqual(str(receipt.date), '2026-09-14')
        self.assertGreater(str(receipt.line_ids.payment_id.move_id.date), '2026-09-30')
        unknown = self.drain_c2b('UIE4K7P2QZ', '10.00', 'nobody')
        self.assertEqual(unknown.state, 'done')
        self.assert_books(15_510, suspense=10)

    def test_a_very_late_payment(self):
        """ F18: 400 days. """
        self.drain_c2b(amount='10.00', TransTime='20250811101533')
        self.assertEqual(self.get_receipts().number, 'RCT/2025/000001')
        self.assert_books(10)

    def test_a_correction_is_of_the_day_that_it_corrects(self):
        """ Half past midnight in Kenya, on the first of a month: in UTC it is still the last. """
        stamp = '20260201003000'
        tx = self.prompt()
        tx.mpesa_sent_at = '2026-01-31 21:29:00'
        with freeze_time('2026-01-31 21:30:30'):
            self.drain_c2b('UIE4K7HAND', TransTime=stamp)
            self.assert_paid(tx, 'UIE4K7HAND')
            self.drain_c2b('UIE4K7PUSH', account='nobody', TransTime=stamp)
            old = tx.payment_id.move_id | self.get_movements().suspense_payment_id.move_id
            self.drain_stk(tx, receipt='UIE4K7PUSH', time=int(stamp))
        self.assert_paid(tx, 'UIE4K7PUSH')
        self.assertEqual(len(old.reversal_move_ids), 2)
        for move in old | old.reversal_move_ids:
            self.assertEqual(str(move.date), '2026-02-01')
        self.assert_books(31_000)

    # === TRACKING === #

    def test_tracking_is_off_only_without_the_audit_trail(self):
        def count_messages(code):
            self.drain_c2b(code, '10.00')
            receipt = self.get_receipts().filtered(lambda r: r.external_ref == code)
            payment = receipt.line_ids.payment_id
            return len(payment.move_id.message_ids | payment.message_ids)

        self.school.restrictive_audit_trail = False
        without = count_messages('UIE4K7PA01')
        self.school.restrictive_audit_trail = True
        self.assertGreater(count_messages('UIE4K7PA02'), without)
