import itertools

from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestBooking(BookingCommon):
    """One payment, told by a prompt's result and a confirmation, in any order: booked once."""

    # === THE TWO MESSAGES === #

    def test_stk_then_confirmation(self):
        tx = self.prompt()
        first, second = self.drain_stk(tx), self.drain_c2b()
        self.assert_paid(tx)
        self.assertEqual((first.state, second.state), ('done', 'done'))
        self.assertEqual(first.mpesa_transaction_id, second.mpesa_transaction_id)
        self.assertEqual(second.payment_transaction_id, tx)
        self.assert_books(15_500)

    def test_confirmation_then_stk(self):
        tx = self.prompt()
        first = self.drain_c2b()
        self.assert_paid(tx)
        second = self.drain_stk(tx)
        self.assert_paid(tx)
        self.assertEqual((first.state, second.state), ('done', 'done'))
        self.assertEqual(first.mpesa_transaction_id, second.mpesa_transaction_id)
        self.assert_books(15_500)

    def test_both_in_one_batch_in_either_order(self):
        for order in ('stk', 'c2b'):
            with self.subTest(first=order):
                code = f'UIE4K7P2{order[:2].upper()}'
                tx = self.prompt(
                    amount=4_000, phone={'stk': '0712000301', 'c2b': '0712000302'}[order],
                )
                if order == 'stk':
                    callbacks = self.stk(tx, receipt=code), self.c2b(code, '4000.00')
                else:
                    callbacks = self.c2b(code, '4000.00'), self.stk(tx, receipt=code)
                self.drain()
                self.assert_paid(tx, code)
                self.assertEqual({c.state for c in callbacks}, {'done'})
        self.assert_books(8_000)

    def test_a_batch_of_many_payments_and_their_twins(self):
        students = [
            self.create_student(f"Child {n}", f'M-{n:03d}', family_id=False) for n in range(12)
        ]
        bills = [self.create_term_bill(student, self.term_3, 1_000) for student in students]
        txs = [
            self.ask(student=student, invoices=bill, amount=1_000, phone=f'07130000{n:02d}')
            for n, (student, bill) in enumerate(zip(students, bills, strict=True))
        ]
        self.send()
        for n, tx in enumerate(txs):
            self.stk(tx, receipt=f'UIE4K7P1{n:02d}')
        for n, student in enumerate(students):
            self.c2b(f'UIE4K7P1{n:02d}', '1000.00', student.admission_no)
        self.drain()
        for n, tx in enumerate(txs):
            self.assert_paid(tx, f'UIE4K7P1{n:02d}')
        self.assertEqual({bill.payment_state for bill in bills}, {'paid'})
        numbers = sorted(self.get_receipts().mapped('number'))
        self.assertEqual(numbers, [f'RCT/2026/{n:06d}' for n in range(1, 13)])
        self.assert_books(12_000)

    def test_before_the_pushs_own_answer(self):
        tx = self.ask()
        tx._mpesa_move_to('sent', mpesa_sent_at='2026-09-14 07:15:00')
        self.drain_stk(tx, checkout='ws_CO_7', merchant='m-7')
        self.assert_paid(tx)
        tx._mpesa_write_push_answer(self.accepted_answer('ws_CO_7', 'm-7'))
        self.assert_paid(tx)
        self.drain_c2b()
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_a_failure_before_the_pushs_own_answer_stands(self):
        tx = self.ask()
        tx._mpesa_move_to('sent', mpesa_sent_at='2026-09-14 07:15:00')
        self.drain_stk(tx, 1032, checkout='ws_CO_7', merchant='m-7')
        tx._mpesa_write_push_answer(self.accepted_answer('ws_CO_7', 'm-7'))
        self.assert_unpaid(tx)
        self.assertEqual(tx._mpesa_get_checkout_request_id(), 'ws_CO_7')

    # === REPEATS === #

    def test_repeats_do_nothing(self):
        tx = self.prompt()
        copies = [self.stk(tx) for _copy in range(4)] + [self.c2b() for _copy in range(4)]
        self.drain()
        self.assert_paid(tx)
        self.assertEqual(sorted(c.state for c in copies), ['done'] * 2 + ['repeat'] * 6)
        later = self.drain_stk(tx), self.drain_c2b()
        self.assertEqual([c.state for c in later], ['repeat'] * 2)
        self.assert_books(15_500)
        self.assertEqual(len(self.get_movements()), 1)

    def test_a_code_in_other_letters_is_the_same_code(self):
        self.drain_c2b('UIE4K7P2QX')
        again = self.drain_c2b(' uie4k7p2qx ')
        self.assertEqual(again.state, 'repeat')
        self.assert_books(15_500)

    def test_repeated_failures(self):
        tx = self.prompt()
        states = [self.drain_stk(tx, 1032).state for _copy in range(3)]
        self.assertEqual(states, ['done', 'repeat', 'repeat'])
        self.assert_unpaid(tx)

    # === SUCCESS AND FAILURE, IN ANY ORDER === #

    def test_success_wins_in_every_order(self):
        """ No answer, unknown and success, in each order; what failed before shows as late. """
        for n, order in enumerate(itertools.permutations((1037, 9999, 0))):
            with self.subTest(order=order):
                code = f'UIE4K7P4{n:02d}'
                tx = self.prompt(amount=500, phone=f'07140000{n:02d}')
                for result in order:
                    self.drain_stk(tx, result, receipt=code)
                self.assert_paid(tx, code, late=order.index(1037) < order.index(0))
        self.assert_books(3_000)

    def test_a_failure_after_the_money_is_kept_as_conflict(self):
        for n, code in enumerate((1, 1032, 1037, 2001, 'SFC_IC0003')):
            with self.subTest(code=code):
                tx = self.prompt(amount=700, phone=f'07160000{n:02d}')
                self.drain_stk(tx, receipt=f'UIE4K7P5{n:02d}')
                failure = self.drain_stk(tx, code)
                self.assertEqual(failure.state, 'conflict')
                self.assertTrue(failure.reason)
                self.assert_paid(tx, f'UIE4K7P5{n:02d}')
        self.assert_books(3_500)

    def test_late_after_each_closed_state(self):
        for n, state in enumerate(('declined', 'expired', 'unknown', 'receipt_pending')):
            with self.subTest(state=state):
                code = f'UIE4K7P3{n:02d}'
                tx = self.prompt(amount=1_000 + n, phone=f'07150000{n:02d}')
                tx._mpesa_move_to(state, mpesa_result_code='1032')
                self.drain_stk(tx, receipt=code)
                self.assert_paid(tx, code, late=state in {'declined', 'expired'})

    def test_late_by_confirmation_under_ten_minutes_after_closing(self):
        tx = self.prompt()
        self.drain_stk(tx, 1032)
        self.assert_unpaid(tx)
        self.drain_c2b()
        self.assert_paid(tx, late=True)
        self.assert_books(15_500)

    def test_a_confirmation_after_ten_minutes_is_not_the_requests(self):
        tx = self.prompt()
        self.drain_stk(tx, 1032)
        tx.last_state_change = '2026-09-14 07:00:00'
        self.drain_c2b()
        self.assert_unpaid(tx)
        self.assertEqual(self.get_receipts().channel, 'paybill_manual')
        self.assert_books(15_500)
        late = self.drain_stk(tx)  # The prompt's own result: it was the request's after all.
        self.assertEqual(late.state, "done")
        self.assert_paid(tx, late=True)
        self.assert_books(15_500)

    # === SUCCESS WITHOUT A CODE === #

    def test_success_without_receipt_then_confirmation(self):
        tx = self.prompt()
        callback = self.drain_stk(tx, receipt=None)
        self.assertEqual((tx.mpesa_push_state, tx.state), ('receipt_pending', 'pending'))
        self.assertEqual(callback.state, 'done')
        self.assertEqual(tx._mpesa_payer_view()['state'], 'receipt_pending')
        self.assertFalse(tx._mpesa_payer_view()['retry'])
        self.assertEqual(self.bill.payment_state, 'not_paid')
        self.drain_c2b()
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_late_success_without_receipt_stays_late(self):
        tx = self.prompt()
        self.drain_stk(tx, 1032)
        tx.mpesa_needs_person = True
        self.drain_stk(tx, receipt=None)
        self.assertEqual(tx.mpesa_push_state, 'receipt_pending')
        self.assertFalse(tx.mpesa_needs_person)
        self.assertFalse(tx.mpesa_next_query_at)
        self.drain_c2b()
        self.assert_paid(tx, late=True)

    def test_query_success_then_confirmation_hours_later(self):
        tx = self.prompt()
        self.control.script(api='stk_query', outcome='0')
        tx.mpesa_next_query_at = '2026-09-14 07:00:00'
        self.chase()
        self.assertEqual(tx.mpesa_push_state, 'receipt_pending')
        self.assertFalse(self.get_movements())
        tx.last_state_change = '2026-09-14 07:00:00'
        self.drain_c2b()
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_a_failure_after_paid_without_receipt_changes_nothing(self):
        tx = self.prompt()
        self.drain_stk(tx, receipt=None)
        failure = self.drain_stk(tx, 1032)
        self.assertEqual((tx.mpesa_push_state, failure.state), ('receipt_pending', 'conflict'))
