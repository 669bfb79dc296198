import json

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class TestInboxScreen(SchoolMpesaCommon):
    """*M-PESA > Inbox*, movements and requests on screen: what is shown, found and replayed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar = new_test_user(
            cls.env, login='inbox-bursar', groups='base.group_user,school_fees.group_bursar',
            company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
        )

    def as_bursar(self, records):
        return records.with_user(self.bursar).with_context(allowed_company_ids=self.school.ids)

    def accept_confirmation(self, receipt='UIE4K7P2QX', **values):
        return self.accept_bytes(
            self.confirmation_url(), self.confirmation_body(receipt, **values),
        )

    # === READING === #

    def test_the_bursar_reads_the_message_as_it_came(self):
        callback = self.as_bursar(self.accept_confirmation(amount='1000.10'))
        self.assertIn('"FirstName": "WANJIKU"', callback.body_text)
        self.assertIn('"TransAmount": "1000.10"', callback.body_text)

    def test_numbers_are_not_rounded_for_the_eye(self):
        raw = b'{"Amount": 12345678901234567890.10, "Phone": 254712000111}'
        callback = self.as_bursar(self.accept_bytes(self.confirmation_url(), raw))
        self.assertIn('"Amount": 12345678901234567890.10,', callback.body_text)
        self.assertIn('"Phone": 254712 *** 111', callback.body_text)

    def test_numbers_are_masked_until_one_message_is_opened(self):
        raw = json.dumps({
            'CheckoutRequestID': 'ws_CO_14092026101533254712000111', 'PhoneNumber': 254712000111,
            'BillRefNumber': '0712 000 111', 'Other': '+254112000111', 'Amount': 15500.00,
            'TransTime': '20260914101533', 'Balance': 981200.5,
        }).encode()
        callbacks = self.as_bursar(
            self.accept_bytes(self.confirmation_url(), raw)
            | self.accept_bytes(self.confirmation_url(), raw)
        )
        for row in callbacks.read(['body_text']):
            for hidden in ('712000111', '712 000 111', '112000111'):
                self.assertNotIn(hidden, row['body_text'])
            for shown in ('14092026101533254712 *** 111', '20260914101533', '15500.0', '981200.5'):
                self.assertIn(shown, row['body_text'])
        with self.refusal(UserError, "one message at a time"):
            callbacks.action_open_numbers()
        opened, other = callbacks
        opened.action_open_numbers()
        self.assertIn('"PhoneNumber": 254712000111', opened.body_text)
        self.assertNotIn('712000111', other.body_text)
        self.assertEqual(
            (opened.opening_ids.create_uid, len(other.opening_ids)), (self.bursar, 0),
        )
        colleague = new_test_user(
            self.env, login='inbox-colleague', groups='base.group_user,school_fees.group_bursar',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        self.assertNotIn('712000111', opened.with_user(colleague).body_text)
        self.env.cr.execute(
            "UPDATE mpesa_callback_opening SET create_date = create_date - interval '11 minutes'",
        )
        self.env.invalidate_all()
        self.assertNotIn('712000111', opened.body_text)

    def test_bytes_that_are_no_text_and_control_characters_are_made_visible(self):
        for raw, part in (
            (b'\xff\xfe{', '\\xff'),
            ('{"FirstName": "A\u202eB\u001b"}'.encode(), '\\u202e'),
            (b'[' * 5000, '[[['),
            (b'', ''),
        ):
            with self.subTest(raw[:12]):
                callback = self.as_bursar(self.accept_bytes(self.confirmation_url(), raw))
                text = callback.body_text
                self.assertIn(part, text or '')
                self.assertNotIn('\u202e', text or '')
                self.assertNotIn('\x1b', text or '')

    def test_a_forgotten_payer_is_said_in_words(self):
        callback = self.accept_confirmation()
        self.env['mpesa.callback.key'].browse(callback.key_id).unlink()
        callback.invalidate_recordset()
        self.assertIn("forgotten on request", self.as_bursar(callback).body_text)

    # === REPLAY === #

    def test_replay_of_one_says_what_happens_and_books(self):
        self.provider.mpesa_source_check = 'quarantine'
        self.provider.flush_recordset()
        self.env.registry.clear_cache()
        callback = self.accept_confirmation()
        self.assertEqual(callback.state, 'quarantined')
        shown = self.as_bursar(callback)
        self.assertTrue(shown.is_replayable)
        self.assertIn("not on the list", shown.reason_text)
        self.assertFalse(self.env['mpesa.transaction'].search([('receipt', '=', 'UIE4K7P2QX')]))
        action = shown.action_replay()
        self.assertIn("The message is back", action['params']['message'])
        self.assertEqual(callback.state, 'new')
        self.assertIn(self.bursar.name, callback.reason)
        self.drain()
        self.assertEqual(callback.state, 'done')
        self.assertEqual(callback.mpesa_transaction_id.booked_as, callback.mpesa_transaction_id
                         .receipt_id.number)
        self.assertEqual(self.student.balance, 31_500)
        self.assert_conserved()

    def test_replay_of_many_at_once(self):
        callbacks = self.env['mpesa.callback']
        for number in range(3):
            callbacks |= self.accept_bytes(self.confirmation_url(), b'{"TransID": %d' % number)
        self.drain()
        self.assertEqual(set(callbacks.mapped('state')), {'unreadable'})
        action = self.as_bursar(callbacks).action_replay()
        self.assertIn("3 messages", action['params']['message'])
        self.assertEqual(set(callbacks.mapped('state')), {'new'})

    def test_replay_of_a_booked_message_is_refused_and_changes_nothing(self):
        callback = self.accept_confirmation()
        self.drain()
        self.assertEqual(callback.state, 'done')
        with self.assertRaises(UserError):
            self.as_bursar(callback).action_replay()
        self.assertEqual(callback.state, 'done')

    def test_the_filter_of_the_menu_shows_what_needs_a_person_only(self):
        fine = self.accept_confirmation()
        broken = self.accept_bytes(self.confirmation_url(), b'<html>')
        self.drain()
        search = self.env.ref('school_mpesa.mpesa_callback_view_search').arch
        self.assertIn('needs_attention', search)
        found = self.as_bursar(self.env['mpesa.callback']).search([
            ('state', 'in', ('parked', 'unreadable', 'conflict', 'quarantined')),
            ('id', 'in', (fine | broken).ids),
        ])
        self.assertEqual(found, self.as_bursar(broken))

    def test_nobody_replays_without_the_role(self):
        clerk = new_test_user(self.env, login='inbox-clerk', groups='base.group_user')
        callback = self.accept_bytes(self.confirmation_url(), b'<html>')
        self.drain()
        with self.assertRaises(AccessError):
            callback.with_user(clerk).action_replay()
        self.assertEqual(callback.state, 'unreadable')

    # === SETTLING === #

    def settle(self, callbacks, reason="Asked Safaricom: not real."):
        self.env['mpesa.callback.settle'].with_user(self.bursar).with_context(
            active_ids=callbacks.ids, allowed_company_ids=self.school.ids,
        ).create({'reason': reason}).action_settle()

    def test_a_conflict_ends_with_a_name_and_a_reason(self):
        self.accept_confirmation(amount='1000.00')
        self.drain()
        row = self.accept_confirmation(amount='2000.00')
        self.drain()
        self.assertEqual(row.state, 'conflict')
        problem, digest = row.reason, row.digest
        self.settle(row)
        self.assertEqual((row.state, row.digest), ('done', digest))
        for part in (problem, self.bursar.name, "Asked Safaricom: not real."):
            self.assertIn(part, row.reason)
        self.assertTrue(row.processed_at)
        self.drain()
        self.assertEqual(self.student.balance, 31_500, "Nothing was booked from it.")
        with self.refusal(UserError, "booked or waiting"):
            self.as_bursar(row).action_replay()

    def test_what_cannot_be_settled(self):
        parked, booked = self.accept_confirmation(), self.accept_confirmation('UIE4K7P2QY')
        parked._close('parked')
        booked._close('done')
        for row in (parked, booked):
            with self.refusal(UserError, "Nothing was changed"):
                self.settle(row)
        parked.write({'state': 'conflict'})
        with self.refusal(UserError, "few words why"):
            self.settle(parked, " ")
        clerk = new_test_user(self.env, login='settle-clerk', groups='base.group_user')
        with self.assertRaises(AccessError):
            parked.with_user(clerk)._settle("x")
        with self.assertRaises(AccessError):
            self.env['mpesa.callback.settle'].with_user(clerk).create({'reason': "x"})
        self.assertEqual(parked.state, 'conflict')

    # === MOVEMENTS === #

    def test_a_movement_says_what_it_became(self):
        self.accept_confirmation('UIE4K7P2QX', account='ADM-012')
        self.accept_confirmation('UIE4K7P2QY', account='NOBODY')
        self.drain()
        Movement = self.as_bursar(self.env['mpesa.transaction'])
        on_student = Movement.search([('receipt', '=', 'UIE4K7P2QX')])
        nobody = Movement.search([('receipt', '=', 'UIE4K7P2QY')])
        self.assertEqual(on_student.booking_state, 'matched')
        self.assertEqual(on_student.booked_as, on_student.receipt_id.number)
        self.assertEqual(
            (nobody.booking_state, nobody.booked_as),
            ('unidentified', "Unidentified fee receipts"),
        )
        mine = [('id', 'in', (on_student | nobody).ids)]
        for state, expected in (('matched', on_student), ('unidentified', nobody)):
            self.assertEqual(Movement.search([('booking_state', '=', state), *mine]), expected)
        self.assertFalse(Movement.search([('booking_state', 'in', ('open', 'request')), *mine]))
        self.assertEqual(nobody.payer_name, 'WANJIKU')

    # === REQUESTS === #

    def test_requests_are_found_by_the_whole_number_and_by_the_mask(self):
        tx = self.ask(phone='0712 000 111')
        other = self.ask(phone='0722 000 444')
        Request = self.as_bursar(self.env['payment.transaction'])
        mine = [('id', 'in', (tx | other).ids)]
        for text in ('0712000111', '+254 712 000 111', '254712000111', '0712 *** 111'):
            with self.subTest(text):
                found = Request.search([('mpesa_phone_search', 'ilike', text), *mine])
                self.assertEqual(found.ids, tx.ids)
        self.assertFalse(Request.search([('mpesa_phone_search', 'ilike', '0799999999'), *mine]))

    def test_requests_are_found_by_code_and_receipt(self):
        tx = self.ask()
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        Request = self.as_bursar(self.env['payment.transaction'])
        for field, value in (
            ('mpesa_receipt_number', tx.mpesa_receipt_number),
            ('mpesa_receipt_id.number', tx.mpesa_receipt_id.number),
            ('mpesa_student_id.admission_no', 'ADM-012'),
        ):
            found = Request.search([(field, 'ilike', value), ('id', '=', tx.id)])
            self.assertEqual(found.ids, tx.ids, field)
        self.assertEqual(self.as_bursar(tx).mpesa_outcome, f'Paid: {tx.mpesa_receipt_id.number}')

    def test_the_screens_open_for_the_bursar(self):
        """ Each view of ours reads, as the web client reads it, with the bursar's rights. """
        self.ask()
        self.accept_confirmation()
        self.drain()
        for xmlid in (
            'payment_transaction_action', 'mpesa_transaction_action', 'mpesa_callback_action',
        ):
            action = self.env.ref(f'school_mpesa.{xmlid}')
            Model = self.as_bursar(self.env[action.res_model])
            views = [
                (view.view_id.id, view.view_mode) for view in action.view_ids
            ] or [(False, mode) for mode in action.view_mode.split(',')]
            loaded = Model.get_views(views)
            for mode, view in loaded['views'].items():
                if mode in {'list', 'form', 'kanban'}:
                    names = {
                        name for name in loaded['models'][action.res_model]['fields']
                        if f'name="{name}"' in view['arch']
                    }
                    rows = Model.web_search_read([], {name: {} for name in names}, limit=5)
                    json.dumps(rows, default=str)
                    self.assertTrue(rows['records'], (xmlid, mode))
