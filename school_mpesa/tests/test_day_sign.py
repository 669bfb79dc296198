import re
from datetime import timedelta
from decimal import Decimal

from psycopg2.errors import RestrictViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.models.mpesa_day_close import LOCKED
from odoo.addons.school_mpesa.tests.day_common import (
    DAY,
    END,
    LATER,
    NOON,
    DayCloseCommon,
)


@tagged('post_install', '-at_install')
class TestDaySign(DayCloseCommon):
    """Signing, the lock, amendments, and who may what."""

    # === SIGNING === #

    def test_a_bursar_signs_a_proven_day(self):
        self.clean_day()
        close = self.prove()
        self.sign(close)
        self.assertEqual((close.state, close.signed_by_id), ('signed', self.bursar))
        self.assertTrue(close.signed_at)
        with self.assertRaises(UserError):
            self.sign(close)

    def test_an_open_difference_needs_a_note(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        with self.assertRaises(UserError) as refusal:
            self.sign(close)
        self.assertIn('UIE0000003', str(refusal.exception))
        self.assertFalse(close.signed_at)
        self.explain_all(close)
        self.sign(close)
        self.assertEqual(close.difference_ids.state, 'explained')
        self.assertEqual(close.state, 'signed')

    def test_an_unproven_day_needs_a_note(self):
        self.pay('UIE0000001')
        close = self.prove()
        with self.assertRaises(UserError):
            self.sign(close)
        with Form(close.with_user(self.bursar)) as form:
            form.note = "Safaricom's portal is down this week"
        self.sign(close)
        self.assertTrue(close.signed_at)

    def test_a_day_that_is_not_over_is_not_signed(self):
        today = self.Close._get_today()
        close = self.prove(today)
        self.assertFalse(close.is_over)
        with self.assertRaises(UserError) as refusal:
            self.sign(close)
        self.assertIn("not over", str(refusal.exception))

    def test_what_changed_since_is_not_signed_unseen(self):
        self.clean_day()
        close = self.prove()
        self.pay('UIE0000003')
        with self.assertRaises(UserError) as refusal:
            self.sign(close)
        self.assertIn("Compute again", str(refusal.exception))
        close.with_user(self.bursar).action_compute()
        self.assertEqual(close.open_count, 1)

    def test_who_imported_what_nobody_else_told_of_does_not_sign(self):
        clerk = self.create_staff('proof-clerk', 'school_fees.group_bursar')
        statement = self.clean_day()
        self.env.cr.execute(
            'UPDATE mpesa_statement SET create_uid = %s WHERE id = %s', [clerk.id, statement.id],
        )
        statement.invalidate_recordset()
        close = self.prove()
        with self.subTest("what was known brings nothing"), self.env.cr.savepoint() as point:
            self.sign(close, clerk)
            point.rollback()
        self.env.invalidate_all()
        line = self.add_line(
            statement, 'UIR0000001', 500, 'reversal', linked_receipt='UIE0000001', at=LATER,
        )
        line._book()
        close._prove()
        with self.assertRaises(UserError) as refusal:
            self.sign(close, clerk)
        self.assertIn(self.bursar.name, str(refusal.exception))
        self.assertFalse(close.signed_at)
        (self.env['res.users'].search([
            ('all_group_ids', 'in', self.env.ref('school_fees.group_bursar').id),
            ('company_ids', 'in', self.school.id),
        ]) - clerk - self.env.user).active = False
        with self.assertRaises(UserError) as refusal:
            self.sign(close, clerk)
        self.assertIn("note", str(refusal.exception))
        close.note = "The head looked at it with me"
        self.sign(close, clerk)
        self.assertEqual(close.signed_by_id, clerk)

    def test_charges_and_decided_lines_need_another_person_too(self):
        clerk = self.create_staff('proof-clerk', 'school_fees.group_bursar')
        statement = self.clean_day()
        charge = self.add_line(statement, 'UIE0000001', 5, 'charge', at=LATER)
        charge._book()
        self.env.cr.execute(
            'UPDATE mpesa_statement SET create_uid = %s WHERE id = %s', [clerk.id, statement.id],
        )
        statement.invalidate_recordset()
        close = self.prove()
        self.explain_all(close)
        with self.refusal(UserError, "charges or sweeps"):
            self.sign(close, clerk)
        charge.decided_by_id = self.bursar
        with self.refusal(UserError, "decided about one of its lines"):
            self.sign(close)
        with self.subTest("in an office of two"), self.env.cr.savepoint() as point:
            (self.env['res.users'].search([
                ('all_group_ids', 'in', self.env.ref('school_fees.group_bursar').id),
                ('company_ids', 'in', self.school.id),
            ]) - clerk - self.bursar - self.env.user).active = False
            close.note = "I looked at it"
            with self.refusal(UserError, re.escape(self.bursar.name)):
                self.sign(close, clerk)
            self.sign(close)  # Who only decided about a line, with a note.
            point.rollback()
        self.env.invalidate_all()
        charge.decided_by_id = False
        self.sign(close)
        self.assertEqual(close.signed_by_id, self.bursar)

    # === LOCKED === #

    def test_nobody_writes_figures(self):
        self.clean_day()
        close = self.prove()
        for values in ({'movement_total': 1}, {'state': 'signed'}, {'signed_by_id': 1}):
            with self.subTest(values), self.assertRaises(AccessError):
                close.with_user(self.bursar).write(values)
        with self.assertRaises(AccessError):
            close.with_user(self.bursar).unlink()
        with self.assertRaises(UserError):
            close.unlink()
        with self.assertRaises(AccessError):
            self.Close.with_user(self.bursar).create({
                **self.common_values(), 'day': DAY - timedelta(days=1),
            })

    def test_a_signed_day_is_locked_by_rpc_and_by_the_database(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        self.pay('UIF0000001', at=NOON + timedelta(days=1))
        self.create_statement(END, END + timedelta(days=1, seconds=-1))
        other = self.prove(DAY + timedelta(days=1))
        self.assertTrue(other.difference_ids)
        self.explain_all(close)
        self.sign(close)
        with self.assertRaises(AccessError):
            close.with_user(self.bursar).write({'note': "Later"})
        with self.assertRaises(AccessError):
            close.difference_ids.with_user(self.bursar).write({'note': "Later"})
        for query in (
            'UPDATE mpesa_day_close SET movement_total = 1 WHERE id = %s',
            'UPDATE mpesa_day_close SET note = $$Later$$ WHERE id = %s',
            'UPDATE mpesa_day_close SET signed_at = NULL WHERE id = %s',
            'DELETE FROM mpesa_day_close WHERE id = %s',
            'UPDATE mpesa_day_difference SET note = $$Later$$ WHERE close_id = %s',
            'DELETE FROM mpesa_day_difference WHERE close_id = %s',
            'UPDATE mpesa_day_difference SET close_id = %s WHERE receipt = $$UIF0000001$$',
            'TRUNCATE mpesa_day_difference -- %s',
            'TRUNCATE mpesa_day_close CASCADE -- %s',
            'TRUNCATE mpesa_day_amendment -- %s',
        ):
            with (
                self.subTest(query), mute_logger('odoo.sql_db'),
                self.assertRaises(RestrictViolation), self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, [close.id])

    def test_every_column_is_thought_about(self):
        """ A column added later is locked by the signature, or listed here. """
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'mpesa_day_close'"
        )
        columns = {row[0] for row in self.env.cr.fetchall()}
        self.assertEqual(columns - set(LOCKED), {
            'id', 'create_uid', 'create_date', 'write_uid', 'write_date', 'open_count',
            'unseen_count', 'mailed_news', 'is_stale', 'failed_count', 'waiting_key',
        })

    # === AMENDMENTS === #

    def test_what_comes_late_is_an_amendment(self):
        statement = self.clean_day()
        close = self.prove()
        self.sign(close)
        figures = close.read()[0]
        self.pay('UIE0000003', '250.00')
        close._prove()
        self.assertEqual(
            {key: value for key, value in close.read()[0].items() if key in figures and (
                key.endswith(('_total', '_count', 'state', 'difference'))
                and key != 'unseen_count'
            )},
            {key: value for key, value in figures.items() if (
                key.endswith(('_total', '_count', 'state', 'difference'))
                and key != 'unseen_count'
            )},
        )
        self.assertEqual(
            [(row.what, row.figure or row.kind, row.amount_before, row.amount_after)
             for row in close.amendment_ids.sorted('id')],
            [('figure', 'movement_total', 800.50, 1050.50),
             ('figure', 'ledger_total', 800.50, 1050.50),
             ('figure', 'wallet_balance', 800.50, 1050.50),
             ('figure', 'balance_difference', 0, -250),
             ('found', 'missing_there', 0, 0)],
        )
        self.assertEqual(close.unseen_count, 5)
        close._prove()
        self.assertEqual(len(close.amendment_ids), 5)  # Each thing once.
        self.add_line(
            statement, 'UIE0000003', 250, at=LATER, has_balance=True, balance=1050.50,
        )
        close._prove()
        self.assertEqual(
            [(row.what, row.figure or row.kind) for row in close.amendment_ids.sorted('id')[5:]],
            [('figure', 'statement_total'), ('figure', 'stated_balance'),
             ('figure', 'balance_difference'), ('settled', 'missing_there')],
        )
        close._prove()
        self.assertEqual(len(close.amendment_ids), 9)
        for amendment in close.amendment_ids:
            self.assertTrue(amendment.explanation)
        close.with_user(self.bursar).action_see_amendments()
        self.assertFalse(close.unseen_count)
        self.assertEqual(close.amendment_ids.seen_by_id, self.bursar)
        with self.assertRaises(UserError):
            close.amendment_ids.unlink()
        for query in (
            'UPDATE mpesa_day_amendment SET amount_after = 0 WHERE close_id = %s',
            'DELETE FROM mpesa_day_amendment WHERE close_id = %s',
        ):
            with (
                self.subTest(query), mute_logger('odoo.sql_db'),
                self.assertRaises(RestrictViolation), self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, [close.id])

    def test_a_signed_difference_that_settles_is_an_amendment(self):
        statement = self.clean_day()
        line = self.add_line(statement, 'UIC0000001', 9, 'charge', at=LATER)
        close = self.prove()
        self.explain_all(close)
        self.sign(close)
        line._book()
        close._prove()
        self.assertEqual(
            sorted((row.what, row.figure or row.kind) for row in close.amendment_ids),
            [('figure', 'ledger_total'), ('figure', 'wallet_balance'), ('settled', 'charge')],
        )
        self.assertEqual(close.difference_ids.state, 'explained')

    def test_identifying_money_is_no_amendment(self):
        self.clean_day()
        close = self.prove()
        self.sign(close)
        movement = self.get_movements().filtered(lambda m: m.receipt == 'UIE0000002')
        movement.with_user(self.bursar)._identify_as([(self.student, Decimal('300.50'))])
        close._prove()
        self.assertFalse(close.amendment_ids)

    # === WHO === #

    def test_cashier_and_teacher_see_nothing(self):
        self.clean_day()
        close = self.prove()
        for group in ('school_fees.group_cashier', 'school_fees.group_class_teacher'):
            user = self.create_staff(f'proof-{group[-7:]}', group)
            for records in (close, close.difference_ids, close.amendment_ids):
                self.assertFalse(records.with_user(user).has_access('read'))
            for button in ('action_compute', 'action_sign', 'action_see_amendments'):
                with self.subTest(f'{group} {button}'), self.assertRaises(AccessError):
                    getattr(close.with_user(user), button)()
            with self.assertRaises(AccessError):
                self.Close.with_user(user).action_prove_today()

    def test_another_schools_bursar_sees_nothing(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        other = self.create_school("Proof Other School")
        stranger = new_test_user(
            self.env, login='proof-stranger', groups='base.group_user,school_fees.group_bursar',
            company_id=other.id, company_ids=[Command.set(other.ids)],
        )
        for records in (close, close.difference_ids):
            theirs = records.with_user(stranger).with_context(allowed_company_ids=other.ids)
            self.assertFalse(theirs.search([]))
            with self.assertRaises(AccessError):
                theirs.read(['id'])
        with self.assertRaises(AccessError):
            close.with_user(stranger).with_context(allowed_company_ids=other.ids).action_sign()
