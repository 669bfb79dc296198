import time
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import errors as pg_errors

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


DRAIN = 'odoo.addons.school_mpesa.models.mpesa_callback_drain'


@tagged('post_install', '-at_install')
class TestBookingFaults(BookingCommon):
    """What cannot be booked: tried again, parked with its reason, and in nobody's way."""

    def retry(self, *callbacks):
        """ Let the next try of some messages be due, and drain. """
        for callback in callbacks:
            callback.next_try_at = False
        self.env.flush_all()
        with mute_logger(DRAIN, 'odoo.sql_db'):
            self.drain()

    def block_posting(self, provider=None):
        """ Take away what posting needs: the journal is archived. """
        (provider or self.provider).journal_id.active = False

    # === PARKING === #

    def test_eight_tries_then_parked_and_replay_books_once(self):
        self.block_posting()
        callback = self.c2b()
        tries = []
        for _try in range(12):
            self.retry(callback)
            tries.append((callback.tries, callback.state))
            if callback.state == 'new':
                self.assertGreater(callback.next_try_at, fields.Datetime.now())
        self.assertEqual(tries[:8], [*((n, 'new') for n in range(1, 8)), (8, 'parked')])
        self.assertEqual(set(tries[8:]), {(8, 'parked')})
        self.assertTrue(callback.reason)
        self.assert_books(0)
        self.provider.journal_id.active = True
        callback.action_replay()
        self.drain()
        self.assertEqual(callback.state, 'done')
        self.assert_books(15_500)
        with self.assertRaises(UserError):
            callback.action_replay()
        self.assert_books(15_500)

    def test_parked_by_failures_books_by_itself_once_the_way_is_free(self):
        """ F47: nobody has to know that money waits because a journal was archived for an hour. """
        self.block_posting()
        callback, decided = self.c2b(), self.accept_bytes(
            self.confirmation_url().replace('c2b/confirmation', 'c2b/validation'), b'[',
        )
        for _try in range(8):
            self.retry(callback)
        decided._close('parked')
        self.assertEqual(callback.state, 'parked')
        wait = (callback.next_try_at - fields.Datetime.now()).total_seconds()
        self.assertAlmostEqual(wait, 3600, delta=60)
        self.assertIn("every hour", callback.reason_text)
        self.make_due(callback)
        with mute_logger(DRAIN):
            self.drain()
        self.assertEqual((callback.state, callback.tries), ('parked', 9))
        self.assertGreater(callback.next_try_at, fields.Datetime.now())
        self.provider.journal_id.active = True
        self.drain()
        self.assertEqual(callback.state, 'parked', "Not before its time.")
        self.make_due(callback)
        fresh = self.c2b('UIE4K7P2QY', '10.00')
        self.drain()
        self.assertEqual((callback.state, fresh.state), ('done', 'done'))
        self.assertFalse(callback.next_try_at)
        self.assertEqual(decided.state, 'parked', "What was parked by decision waits for a person.")
        self.assert_books(15_510)

    def test_parked_messages_come_after_the_new_ones(self):
        """ R9: what fails for ever slows nobody, at its hourly try neither. """
        callback = self.c2b()
        with mute_logger(DRAIN):
            callback._note_failure(ValueError())
        callback.write({'state': 'parked', 'next_try_at': fields.Datetime.now()})
        fresh = self.c2b('UIE4K7P2QY', '10.00')
        self.env.flush_all()
        self.assertEqual(self.env['mpesa.callback']._claim(1), fresh)

    def make_due(self, callback):
        callback.next_try_at = fields.Datetime.subtract(fields.Datetime.now(), seconds=1)

    def test_a_removed_payment_method_is_named_in_words(self):
        journal = self.provider.journal_id
        line = self.provider._mpesa_get_method_line()
        values = {
            'journal_id': journal.id, 'payment_method_id': line.payment_method_id.id,
            'payment_provider_id': self.provider.id,
            'payment_account_id': journal.default_account_id.id,
        }
        self.provider.write({'state': 'disabled', 'is_published': False})
        line.unlink()
        callback = self.c2b()
        with mute_logger(DRAIN):
            self.drain()
        self.assertEqual((callback.state, callback.tries), ('new', 1))
        self.assertIn("600111", callback.reason)
        self.assertIn("Incoming Payments", callback.reason)
        self.env['account.payment.method.line'].create(values)
        self.retry(callback)
        self.assertEqual(callback.state, 'done')
        self.assert_books(15_500)

    def test_the_way_is_free_again_before_the_last_try(self):
        self.block_posting()
        tx = self.prompt()
        callback = self.stk(tx)
        self.retry(callback)
        self.assertEqual((callback.state, callback.tries), ('new', 1))
        self.assert_unpaid(tx, 'accepted')
        self.provider.journal_id.active = True
        self.retry(callback)
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_a_waiting_message_is_not_tried_before_its_time(self):
        self.block_posting()
        callback = self.c2b()
        self.retry(callback)
        with mute_logger(DRAIN):
            self.drain()
        self.assertEqual(callback.tries, 1)

    def wait(self, callback, seconds):
        """ Let a message be due in so many seconds. """
        callback.next_try_at = fields.Datetime.now() + timedelta(seconds=seconds)
        self.env.flush_all()

    def test_a_message_due_within_seconds_is_waited_for(self):
        callback = self.c2b()
        self.wait(callback, 2)
        self.drain(patience=10)
        self.assertEqual(callback.state, 'done')
        self.assert_books(15_500)

    def test_a_message_due_later_is_not_waited_for(self):
        callback = self.c2b()
        self.wait(callback, 60)
        began = time.monotonic()
        self.drain(patience=5)
        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual(callback.state, 'new')

    def test_the_waiting_goes_on_after_other_actions(self):
        """ It holds a worker for seconds only, and then asks to be woken again. """
        cron = self.env.ref('school_mpesa.cron_drain')
        self.block_posting()
        callback = self.c2b()
        self.env['ir.cron.trigger'].search([('cron_id', '=', cron.id)]).unlink()
        with mute_logger(DRAIN):
            self.drain(patience=5)
        self.assertEqual((callback.state, callback.tries), ('new', 2), "Tried after 2 s, not 4.")
        self.assertTrue(self.env['ir.cron.trigger'].search([('cron_id', '=', cron.id)]))

    def test_replay_of_many(self):
        callbacks = [self.c2b(f'UIE4K7PB{n:02d}', '10.00') for n in range(3)]
        unreadable = self.accept_bytes(self.confirmation_url(), b'[')
        self.block_posting()
        for _try in range(8):
            self.retry(*callbacks, unreadable) if not _try else self.retry(*callbacks)
        self.assertEqual(unreadable.state, 'unreadable')
        self.provider.journal_id.active = True
        rows = unreadable.union(*callbacks)
        rows.action_replay()
        self.drain()
        self.assertEqual([c.state for c in callbacks], ['done'] * 3)
        self.assertEqual(unreadable.state, 'unreadable')
        self.assert_books(30)

    # === POISON === #

    def test_poison_stops_nobody(self):
        """ Of a batch, what can be booked is booked at once, in the same run. """
        other = self.create_provider(shortcode='600222')
        self.block_posting(other)
        good = [self.c2b(f'UIE4K7PC{n:02d}', '10.00') for n in range(4)]
        poison = [
            self.c2b(f'UIE4K7PD{n:02d}', '10.00', provider=other) for n in range(2)
        ]
        good += [self.c2b(f'UIE4K7PE{n:02d}', '10.00') for n in range(4)]
        with mute_logger(DRAIN):
            self.drain()
        self.assertEqual({c.state for c in good}, {'done'})
        self.assertEqual({c.state for c in poison}, {'new'})
        self.assertTrue(all(c.tries and c.next_try_at and c.reason for c in poison))
        self.assert_books(80)
        numbers = sorted(self.get_receipts().mapped('number'))
        self.assertEqual(numbers, [f'RCT/2026/{n:06d}' for n in range(1, 9)])

    def test_every_kind_of_poison_at_once_stops_nobody(self):
        """ A lost key, an impossible posting, a typed receipt and garbage beside good money. """
        other = self.create_provider(shortcode='600222')
        self.block_posting(other)
        self.create_receipt({self.student: 10}, external_ref='UIE4K7PG01', money_kind='mpesa')
        lost = self.c2b('UIE4K7PF01', '10.00')
        self.env.cr.execute(
            "UPDATE mpesa_callback_key SET wrapped = 'lost' WHERE id = %s", [lost.sudo().key_id],
        )
        bad = [
            lost,
            self.c2b('UIE4K7PF02', '10.00', provider=other),
            self.c2b('UIE4K7PG01', '10.00'),
        ]
        good = [self.c2b(f'UIE4K7PH{n:02d}', '10.00') for n in range(3)]
        garbage = self.accept_bytes(self.confirmation_url(), b'\xff' * 9)
        with mute_logger(DRAIN, 'odoo.sql_db'):
            self.drain()
        self.assertEqual({c.state for c in good}, {'done'})
        self.assertEqual(garbage.state, 'unreadable')
        self.assertEqual({c.state for c in bad}, {'new'})
        self.assertTrue(all(c.tries and c.next_try_at and c.reason for c in bad))

    def test_an_exception_in_somebody_elses_posting(self):
        """ F49: isolated to the item, whatever it is. """
        Payment = self.env.registry['account.payment']
        post = Payment.action_post

        def fail_for_some(payments):
            if any(payment.amount == 13 for payment in payments):
                message = "0712000111 must not be logged"
                raise ZeroDivisionError(message)
            return post(payments)

        with patch.object(Payment, 'action_post', fail_for_some), \
                self.assertLogs('odoo', 'INFO') as logs:
            good, bad = self.c2b('UIE4K7PJ01', '12.00'), self.c2b('UIE4K7PJ02', '13.00')
            self.drain()
        self.assertEqual((good.state, bad.state), ('done', 'new'))
        self.assertNotIn('0712000111', '\n'.join(logs.output) + bad.reason)
        self.assert_books(12)

    def test_a_clash_with_another_worker_is_made_again(self):
        """ F10: everything is rolled back and each item booked on a snapshot of its own. """
        Transaction = self.env.registry['mpesa.transaction']
        book, left = Transaction._book, [pg_errors.SerializationFailure, pg_errors.DeadlockDetected,
                                         pg_errors.UniqueViolation]

        def clash(model, *args):
            book(model, *args)
            if left:
                raise left.pop()

        tx = self.prompt()
        callbacks = [self.stk(tx), self.c2b(), self.c2b('UIE4K7PK01', '10.00')]
        with patch.object(Transaction, '_book', clash), mute_logger('odoo.sql_db', DRAIN):
            self.drain()
        self.assertFalse(left)
        self.assertEqual({c.state for c in callbacks}, {'done'})
        self.assertEqual({c.tries for c in callbacks}, {0})
        self.assert_paid(tx)
        self.assert_books(15_510)
        self.assertEqual(
            sorted(self.get_receipts().mapped('number')), ['RCT/2026/000001', 'RCT/2026/000002'],
        )

    def test_a_row_that_somebody_holds_defers_only_its_own_message(self):
        """ F12: it counts as a try, with its reason in words; the others are booked meanwhile. """
        Transaction = self.env.registry['mpesa.transaction']
        book = Transaction._book
        alone = []  # A slow machine may come to its second try within the one drain.

        def wait_in_vain(model, provider, arrivals):
            book(model, provider, arrivals)
            if any(arrival.receipt == 'UIE4K7PK01' for arrival in arrivals):
                alone.extend(arrivals if len(arrivals) == 1 else ())
                raise pg_errors.LockNotAvailable

        held, free = self.c2b('UIE4K7PK01', '10.00'), self.c2b('UIE4K7PK02', '20.00')
        with patch.object(Transaction, '_book', wait_in_vain), \
                patch(f'{DRAIN}.PATIENCE_SECONDS', 0), mute_logger('odoo.sql_db', DRAIN):
            self.drain()
        self.assertEqual((free.state, free.tries), ('done', 0))
        self.assertTrue(alone)
        self.assertEqual((held.state, held.tries), ('new', len(alone)))
        self.assertIn("changing the same bill", held.reason)
        self.assertTrue(held.next_try_at)

    # === WHAT A PERSON TYPED BEFORE === #

    def test_a_bursar_typed_the_same_code_before(self):
        """ It may not loop for ever nor lose the money: parked, in words, and bookable later. """
        typed = self.create_receipt(
            {self.student: 15_500}, external_ref='UIE4K7P2QX', money_kind='mpesa',
        )
        callback = self.c2b()
        other = self.c2b('UIE4K7P2QY', '10.00')
        self.retry(callback)
        self.assertEqual(other.state, 'done')
        for _try in range(7):
            self.retry(callback)
        self.assertEqual(callback.state, 'parked')
        self.assertIn(' ', callback.reason, "A reason is a sentence, not the name of an error.")
        typed._reverse("Typed by mistake")
        callback.action_replay()
        self.drain()
        self.assertEqual(callback.state, 'done')
        self.assertEqual(callback.mpesa_transaction_id.receipt_id.line_ids.student_id, self.student)

    def test_a_bursar_typed_the_same_code_as_money_of_another_kind(self):
        """ A bank reference may equal an M-PESA code: another payment (design section 4). """
        self.create_receipt({self.student: 40}, external_ref='UIE4K7P2QX', money_kind='bank')
        callback = self.drain_c2b(amount='10.00')
        self.assertEqual(callback.state, 'done')
        self.assertEqual(self.student.balance, 32_450)

    # === NUMBERS === #

    def test_each_school_numbers_its_own_receipts(self):
        other = self.create_school("Amani School")
        self.env.user.company_ids |= other
        theirs = self.create_provider(school=other, shortcode='600222')
        self.env['school.student'].with_company(other).create({
            'name': "Amina Yusuf", 'admission_no': 'AM-1', 'company_id': other.id,
        })
        for n in range(3):
            self.c2b(f'UIE4K7PR{n:02d}', '10.00')
            self.c2b(f'UIE4K7PS{n:02d}', '10.00', 'AM-1', provider=theirs)
        self.drain()
        for school in (self.school, other):
            receipts = self.env['school.receipt'].search([('company_id', '=', school.id)])
            self.assertEqual(
                sorted(receipts.mapped('number')), [f'RCT/2026/{n:06d}' for n in range(1, 4)],
            )
            self.assertEqual(receipts.line_ids.student_id.company_id, school)
            self.assertEqual(receipts.line_ids.payment_id.company_id, school)

    def test_numbers_have_no_gaps_after_rollbacks(self):
        self.drain_c2b('UIE4K7PL01', '10.00')
        self.provider.journal_id.active = False
        bad = self.c2b('UIE4K7PL02', '10.00')
        self.retry(bad)
        self.retry(bad)
        self.provider.journal_id.active = True
        self.drain_c2b('UIE4K7PL03', '10.00', TransTime='20251101101533')
        self.retry(bad)
        self.drain_c2b('UIE4K7PL04', '10.00')
        self.assertEqual(
            sorted(self.get_receipts().mapped('number')),
            ['RCT/2025/000001', *(f'RCT/2026/{n:06d}' for n in range(1, 4))],
        )
        self.assert_books(40)

    # === WHICH SHORTCODE === #

    def test_a_disabled_providers_token_still_accepts_and_books(self):
        tx = self.prompt()
        url = self.push_url(tx)
        body, confirmation = self.stk_body(tx), self.confirmation_url()
        self.provider.write({'state': 'disabled', 'is_published': False})
        self.env.flush_all()
        self.accept_bytes(url, body)
        self.accept_bytes(confirmation, self.confirmation_body('UIE4K7PM01', '10.00'))
        self.drain()
        self.assert_paid(tx)
        self.assert_books(15_510)

    def test_the_tokens_provider_decides_not_the_body(self):
        self.drain_c2b('UIE4K7PN01', '10.00', BusinessShortCode='999999')
        self.assertEqual(self.get_movements().shortcode, '600111')

    def test_another_schools_request_and_students(self):
        other = self.create_school("Amani School")
        self.env.user.company_ids |= other
        theirs = self.create_provider(school=other, shortcode='600222')
        self.drain_c2b('UIE4K7PP01', '10.00')
        callback = self.drain_c2b('UIE4K7PP02', '20.00', provider=theirs)
        self.assertEqual((callback.company_id, callback.state), (other, 'done'))
        self.assertTrue(callback.mpesa_transaction_id.suspense_payment_id)
        self.assertEqual(callback.mpesa_transaction_id.company_id, other)
        tx = self.prompt()
        wrong = self.accept_bytes(
            self.push_url(tx).replace(
                self.push_url(tx).split('/collect/')[1].split('/')[0],
                self.env['mpesa.callback.token']._get(theirs, 'stk'),
            ), self.stk_body(tx),
        )
        self.drain()
        self.assertEqual(wrong.state, 'parked')
        self.assert_unpaid(tx, 'accepted')
        self.assert_books(10)

    def test_the_same_code_on_two_shortcodes_is_two_movements(self):
        theirs = self.create_provider(shortcode='600222')
        first, second = self.c2b(amount='10.00'), self.c2b(amount='20.00', provider=theirs)
        with mute_logger(DRAIN, 'odoo.sql_db'):
            self.drain()
        self.assertEqual(first.state, 'done')
        self.assertNotEqual(second.state, 'repeat')
        self.assertNotEqual(second.state, 'conflict')

    def test_the_database_itself_keeps_a_movement_unique(self):
        self.drain_c2b()
        movement = self.get_movements()
        with self.assertRaises(pg_errors.UniqueViolation), self.env.cr.savepoint(), \
                mute_logger('odoo.sql_db'):
            movement.copy({'company_id': self.env.ref('base.main_company').id})
        with self.refusal(UserError, "never deleted"):
            movement.unlink()
        with self.refusal(UserError, "never deleted"):
            movement.receipt_id.unlink()
