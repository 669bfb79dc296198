import hashlib
import hmac
import re

from psycopg2 import errors as pg_errors

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import vault
from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class TestInboxGuard(SchoolMpesaCommon):
    """What the database keeps of a message, and what it refuses to do to it."""

    def setUp(self):
        super().setUp()
        self.url = self.confirmation_url()
        self.body = self.confirmation_body('UIE4K7P2QX', MSISDN='254711222333')
        self.row = self.accept_bytes(self.url, self.body)
        self.env.cr.execute('DELETE FROM ir_cron_trigger WHERE cron_id = %s', [self.cron.id])

    @property
    def cron(self):
        return self.env.ref('school_mpesa.cron_drain')

    def execute(self, query, *parameters):
        self.env.cr.execute(query, parameters, log_exceptions=False)

    def assert_database_refuses(self, query, *parameters):
        """ Assert that the database refuses a statement, whoever sends it, and nothing changed. """
        self.env.cr.execute('SELECT * FROM mpesa_callback ORDER BY id')
        before = self.env.cr.fetchall()
        with self.assertRaises(pg_errors.RestrictViolation), self.env.cr.savepoint():
            self.execute(query, *parameters)
        self.env.cr.execute('SELECT * FROM mpesa_callback ORDER BY id')
        self.assertEqual(self.env.cr.fetchall(), before)

    # === THE GUARD === #

    def test_rows_are_never_deleted(self):
        self.assert_database_refuses('DELETE FROM mpesa_callback WHERE id = %s', self.row.id)
        self.assert_database_refuses('DELETE FROM mpesa_callback')
        self.assert_database_refuses('TRUNCATE mpesa_callback CASCADE')
        with self.assertRaises(pg_errors.RestrictViolation), self.env.cr.savepoint(), \
                mute_logger('odoo.sql_db'):
            self.row.sudo().unlink()

    def test_a_shortcode_with_messages_is_not_deleted(self):
        other = self.create_provider(shortcode='600222', state='disabled', is_published=False)
        with self.assertRaisesRegex(UserError, "Choose Disabled instead"):
            self.row.provider_id.unlink()
        other.unlink()
        self.assertFalse(other.exists())

    def test_what_came_never_changes(self):
        other = self.create_provider(shortcode='600222', state='disabled', is_published=False)
        for column, value in {
            'body_sealed': b'x', 'digest': 'x', 'source_address': '10.0.0.1',
            'received_at': '2020-01-01', 'endpoint': 'stk', 'provider_id': other.id,
            'company_id': self.env.ref('base.main_company').id, 'environment': 'production',
            'push_digest': 'x', 'key_id': self.row.key_id + 1, 'content_type': 'x',
            'source_listed': True, 'id': self.row.id + 1_000_000,
        }.items():
            with self.subTest(column=column):
                self.assert_database_refuses(
                    f'UPDATE mpesa_callback SET {column} = %s WHERE id = %s',  # noqa: S608 - own names
                    value, self.row.id,
                )

    def test_every_column_is_either_guarded_or_of_the_processing(self):
        """ A column added later must be thought about: it is guarded, or listed here. """
        processing = {
            'state', 'tries', 'next_try_at', 'reason', 'processed_at', 'mpesa_transaction_id',
            'payment_transaction_id', 'mpesa_command_id',
        }
        self.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'mpesa_callback'"
        )
        columns = {row[0] for row in self.env.cr.fetchall()}
        self.execute("SELECT prosrc FROM pg_proc WHERE proname = 'mpesa_callback_guard'")
        guarded = set(re.findall(r'(?:OLD|NEW)\.\w+', self.env.cr.fetchone()[0]))
        self.assertEqual(
            {c for c in columns if not {f'OLD.{c}', f'NEW.{c}'} <= guarded}, processing,
        )

    def test_processing_columns_move(self):
        self.row.write({
            'state': 'parked', 'tries': 3, 'next_try_at': '2026-09-01 00:00:00', 'reason': "x",
            'processed_at': '2026-09-01 00:00:00',
        })
        self.env.flush_all()
        self.execute('SELECT state, tries, reason FROM mpesa_callback WHERE id = %s', self.row.id)
        self.assertEqual(self.env.cr.fetchone(), ('parked', 3, 'x'))

    # === WHAT STANDS IN THE ROW === #

    def test_the_bytes_are_ciphertext_and_the_digest_is_keyed(self):
        self.execute(
            'SELECT c.body_sealed, c.digest, k.wrapped FROM mpesa_callback c'
            '  JOIN mpesa_callback_key k ON k.id = c.key_id WHERE c.id = %s', self.row.id,
        )
        sealed, digest, wrapped = self.env.cr.fetchone()
        self.assertNotIn(b'254711222333', bytes(sealed))
        self.assertNotIn(b'UIE4K7P2QX', bytes(sealed))
        key = vault.open_data_key(wrapped)
        self.assertEqual(digest, hmac.new(key, self.body, hashlib.sha256).hexdigest())
        self.assertNotEqual(digest, hashlib.sha256(self.body).hexdigest())
        self.assertEqual(vault.unseal_bytes(key, sealed), self.body)

    def test_the_same_bytes_twice_share_nothing(self):
        twin = self.accept_bytes(self.url, self.body)
        self.assertNotEqual(twin.digest, self.row.digest)
        self.assertNotEqual(twin.sudo().key_id, self.row.sudo().key_id)
        self.assertEqual(twin._read_bodies()[twin], self.row._read_bodies()[self.row])

    def test_changed_bytes_are_seen(self):
        key, _wrapped = vault.new_data_key()
        sealed = bytearray(vault.seal_bytes(key, self.body))
        sealed[20] ^= 1
        with self.assertRaises(vault.VaultError):
            vault.unseal_bytes(key, bytes(sealed))

    def test_the_time_is_the_databases(self):
        self.execute(
            "SELECT abs(extract(epoch FROM received_at - (clock_timestamp() AT TIME ZONE 'UTC')))"
            '  FROM mpesa_callback WHERE id = %s', self.row.id,
        )
        self.assertLess(self.env.cr.fetchone()[0], 30)

    # === FORGETTING === #

    def test_a_forgotten_payer_cannot_be_read_and_no_row_changed(self):
        self.execute('SELECT body_sealed, digest FROM mpesa_callback WHERE id = %s', self.row.id)
        before = self.env.cr.fetchone()
        self.env['mpesa.callback.key'].sudo().browse(self.row.sudo().key_id).unlink()
        self.env.flush_all()
        self.assertEqual(self.row._read_bodies(), {self.row: None})
        self.drain()
        self.assertEqual(self.row.state, 'parked')
        self.assertTrue(self.row.reason)
        self.execute('SELECT body_sealed, digest FROM mpesa_callback WHERE id = %s', self.row.id)
        after = self.env.cr.fetchone()
        self.assertEqual((bytes(after[0]), after[1]), (bytes(before[0]), before[1]))

    def test_a_forgotten_payer_after_booking_leaves_the_money(self):
        self.drain()
        movement = self.row.mpesa_transaction_id
        self.assertEqual(movement._read_payer()['phone'], '254711222333')
        self.env['mpesa.callback.key'].sudo().browse(self.row.sudo().key_id).unlink()
        self.env.invalidate_all()
        self.assertEqual(movement._read_payer(), {})
        self.assert_conserved()

    # === WAKING THE DRAIN === #

    def count_wakeups(self):
        self.execute('SELECT count(*) FROM ir_cron_trigger WHERE cron_id = %s', self.cron.id)
        return self.env.cr.fetchone()[0]

    def test_one_wakeup_for_many_messages(self):
        for _message in range(5):
            self.accept_bytes(self.url, self.body)
        self.assertEqual(self.count_wakeups(), 1)

    def test_a_wakeup_in_the_future_is_no_excuse(self):
        self.cron._trigger(fields.Datetime.add(fields.Datetime.now(), hours=1))
        self.env.flush_all()
        self.accept_bytes(self.url, self.body)
        self.execute(
            "SELECT count(*) FROM ir_cron_trigger WHERE cron_id = %s"
            " AND call_at <= clock_timestamp() AT TIME ZONE 'UTC'", self.cron.id,
        )
        self.assertEqual(self.env.cr.fetchone()[0], 1)

    def test_a_quarantined_message_wakes_nobody(self):
        self.provider.mpesa_source_check = 'quarantine'
        self.env.flush_all()
        row = self.accept_bytes(self.url, self.body)
        self.assertEqual(row.state, 'quarantined')
        self.assertEqual(self.count_wakeups(), 0)

    def test_the_drain_deletes_its_wakeups_and_leaves_the_later_ones(self):
        self.accept_bytes(self.url, self.body)
        later = fields.Datetime.add(fields.Datetime.now(), hours=1)
        self.cron._trigger(later)
        self.env.flush_all()
        self.drain()
        self.execute('SELECT call_at FROM ir_cron_trigger WHERE cron_id = %s', self.cron.id)
        self.assertEqual([row[0] for row in self.env.cr.fetchall()], [later])

    def test_an_accept_costs_one_write(self):
        """ At most three statements on the cursor, one of them a write (trust.md section 7). """
        token = self.url.split('/collect/')[1].split('/')[0]
        Token = self.env['mpesa.callback.token']
        Token._identify(token, 'c2b')
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        provider = Token._identify(token, 'c2b')
        self.env['mpesa.callback']._accept('confirmation', provider, b'{}', source='127.0.0.1')
        self.assertLessEqual(self.env.cr.sql_log_count - before, 3)
