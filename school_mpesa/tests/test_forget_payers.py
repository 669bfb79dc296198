from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.school_mpesa.models.res_company_records import LEAST_PAYER_MONTHS
from odoo.addons.school_mpesa.tests.booking_common import PHONE, BookingCommon


@tagged('post_install', '-at_install')
class TestForgetPayers(BookingCommon):
    """Who paid is forgotten after the school's months; money, entries and messages stay."""

    # === TOOLS === #

    def forget(self, months=24, days=3):
        """ Let the scheduled action run so much later. """
        with freeze_time(fields.Datetime.now() + timedelta(days=months * 30.5 + days)):
            self.run_cron('school_mpesa.cron_forget_payers')

    def read_inbox(self):
        """ Return all of the inbox but what moves, as the database has it. """
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT id, key_id, md5(body_sealed) AS sealed, digest, source_address, received_at,
                   state, reason
              FROM mpesa_callback WHERE company_id = %s ORDER BY id
        """, [self.school.id])
        return self.env.cr.fetchall()

    def assert_known(self, movement):
        self.assertEqual(movement.payer_mask, '0712 *** 111')
        self.assertEqual(movement._read_payer()['phone'], PHONE)
        self.assertNotIn(None, movement.callback_ids._read_bodies().values())

    def assert_forgotten(self, movement):
        self.assertTrue(movement.payer_forgotten_at)
        self.assertFalse(movement.payer_mask or movement.payer_index or movement.payer_sealed)
        self.assertFalse(movement._read_payer())
        self.assertEqual(set(movement.callback_ids._read_bodies().values()), {None})

    # === WHAT IS FORGOTTEN === #

    def test_the_payer_of_the_paybill(self):
        self.drain_c2b(MSISDN=PHONE, FirstName="Wanjiru")
        movement = self.get_movements()
        receipt = movement.receipt_id
        self.assert_known(movement)
        self.assertEqual(receipt._get_payer_labels(), {receipt: '0712 *** 111'})
        inbox, entries = self.read_inbox(), receipt.line_ids.payment_id.move_id.line_ids
        before = entries.read(['name', 'debit', 'credit', 'partner_id'])
        self.forget()
        self.assert_forgotten(movement)
        self.assertEqual(self.read_inbox(), inbox, "No row of the inbox changes.")
        self.assertEqual(entries.read(['name', 'debit', 'credit', 'partner_id']), before)
        self.assertFalse(receipt._get_payer_labels())
        self.assertIn("can no longer be opened", movement.callback_ids.body_text)
        self.assertEqual(movement.receipt, 'UIE4K7P2QX')
        self.assert_books(15_500)

    def test_the_phone_of_a_request_paid_or_not(self):
        tx = self.prompt()
        self.drain_stk(tx)
        other = self.prompt(phone='254722000333')
        self.drain_stk(other, code=1032)
        exchanges = self.env['mpesa.exchange'].search([
            ('transaction_id', 'in', (tx | other).ids),
        ])
        self.assertTrue(all(exchanges.mapped('sealed')))
        messages = self.env['mpesa.callback'].search([
            ('payment_transaction_id', 'in', (tx | other).ids),
        ])
        self.forget()
        for request in tx | other:
            self.assertFalse(
                request.mpesa_phone or request.mpesa_phone_mask or request.mpesa_phone_index
                or request.mpesa_checkout_sealed
            )
        self.assertFalse(any(exchanges.mapped('sealed')))
        self.assertEqual(set(messages._read_bodies().values()), {None})
        self.assertEqual((tx.mpesa_push_state, other.mpesa_push_state), ('paid', 'declined'))
        self.assert_books(15_500)

    def test_the_payers_words_go_and_the_clerks_stay(self):
        by_payer = self.ask(amount=100, note="From uncle Peter")
        by_clerk = self.ask(
            amount=200, phone='0722000333', channel='stk_push', note="As agreed on the phone",
        )
        (by_payer | by_clerk)._mpesa_move_to('declined', mpesa_result_code='1032')
        self.forget()
        self.assertFalse(by_payer.mpesa_note or by_clerk.mpesa_phone_mask)
        self.assertEqual(by_clerk.mpesa_note, "As agreed on the phone")

    def test_the_same_message_again_stays_a_repeat(self):
        self.drain_c2b(MSISDN=PHONE, FirstName="Wanjiru")
        movement = self.get_movements()
        self.forget()
        again = self.drain_c2b(MSISDN=PHONE, FirstName="Wanjiru")
        self.assertEqual(again.state, 'repeat')
        self.assertEqual(self.drain_c2b(amount='99.00').state, 'conflict')
        self.assertFalse(movement.payer_sealed or movement.payer_mask)
        self.assert_books(15_500)

    def test_the_phones_of_a_run_of_prompts(self):
        self.school.mpesa_prompt_bulk_to = 20.0
        run = self.env['mpesa.prompt.bulk'].create({
            'company_id': self.school.id, 'chosen_by': 'students',
            'student_ids': self.student.ids,
        })
        run.action_preview()
        line = run.line_ids
        self.assertTrue(line.phone_index and line.phone_mask and line.guardian_id)
        run.state = 'stopped'
        self.forget()
        self.assertFalse(line.phone_index or line.phone_mask or line.guardian_id)
        self.assertEqual((run.state, line.student_id), ('done', self.student))

    # === WHAT IS NOT === #

    def test_nothing_before_its_time(self):
        self.drain_c2b(MSISDN=PHONE)
        self.forget(months=23)
        self.assert_known(self.get_movements())
        self.school.mpesa_payer_months = 36
        self.forget()
        self.assert_known(self.get_movements())
        self.forget(months=36)
        self.assert_forgotten(self.get_movements())

    def test_another_schools_time(self):
        self.drain_c2b(MSISDN=PHONE)
        other = self.create_school("Mwangaza School")
        other.mpesa_payer_months = LEAST_PAYER_MONTHS
        self.forget(months=LEAST_PAYER_MONTHS)
        self.assert_known(self.get_movements())

    def test_money_that_waits_for_its_owner(self):
        self.drain_c2b(account='2014B', MSISDN=PHONE)
        movement = self.get_movements()
        self.assertEqual(movement.booking_state, 'unidentified')
        self.forget()
        self.assert_known(movement)
        self.assert_books(15_500, suspense=15_500)

    def test_messages_that_wait_for_a_person(self):
        self.drain_c2b(MSISDN=PHONE)
        conflict = self.drain_c2b(amount='99.00', MSISDN=PHONE)
        unreadable = self.accept_bytes(self.confirmation_url(), b'{"TransID": ')
        self.drain()
        self.forget()
        self.assertNotIn(None, unreadable._read_bodies().values())
        self.assertEqual(conflict.state, 'conflict')

    def test_a_payment_with_a_conflict_that_nobody_decided(self):
        self.drain_c2b(MSISDN=PHONE)
        self.assertEqual(self.drain_c2b(amount='99.00', MSISDN=PHONE).state, 'conflict')
        self.forget()
        self.assert_known(self.get_movements())

    # === SETTINGS === #

    def test_the_least_that_is_kept(self):
        for name, value, words in (
            ('mpesa_payer_months', LEAST_PAYER_MONTHS - 1, "12 months at least"),
            ('mpesa_record_years', 6, "7 years at least"),
        ):
            with self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
                self.school[name] = value
            self.school.invalidate_recordset()

    def test_what_was_said_to_safaricom_is_kept_for_seven_years(self):
        tx = self.prompt()
        self.drain_stk(tx)
        exchanges = self.env['mpesa.exchange'].search([('transaction_id', '=', tx.id)])
        for years, is_kept in ((6.99, True), (7.01, False)):
            with freeze_time(fields.Datetime.now() + timedelta(days=365.25 * years)):
                self.env['mpesa.exchange']._gc_old()
            self.assertEqual(bool(exchanges.exists()), is_kept)
        self.assertTrue(self.get_movements().receipt_id)
        self.assert_books(15_500)
