import io
import zipfile
from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.statement_common import PAYER, StatementCommon


SWEEP = "Utility Account to Organization Settlement Account"
OLE = b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'  # The binary workbook, and the locked one
INNER = "Organization Settlement Account to Organization MMF Account"


@tagged('post_install', '-at_install')
class TestStatementImport(StatementCommon):
    """The organisation statement: kept once, matched, and what nobody told of is found."""

    # === FINDING AND MATCHING === #

    def test_a_payment_that_nobody_told_of_is_booked(self):
        statement = self.upload(self.write_older([self.row('UIE4K7P2Q1', 500)]))
        line = statement.line_ids
        self.assertEqual((line.state, statement.state), ('found', 'release'))
        self.assertEqual((statement.new_count, statement.found_count), (1, 1))
        self.book()
        movement = self.get_movements()
        self.assertEqual((movement.receipt, movement.source), ('UIE4K7P2Q1', 'statement'))
        self.assertEqual(movement.receipt_id.line_ids.student_id, self.student)
        self.assertEqual(movement.paid_at, datetime(2026, 9, 14, 7, 0))
        self.assertTrue(movement.stated_at)
        self.assertEqual(line.mpesa_transaction_id, movement)
        self.assertEqual((line.state, statement.state), ('found', 'done'))
        self.assert_books(received=500)
        self.assert_wallet(500)

    def test_a_known_payment_is_matched_and_booked_once(self):
        self.drain_c2b(amount='500.00')
        movement = self.get_movements()
        statement = self.upload_rows(self.row('UIE4K7P2QX', 500))
        line = statement.line_ids
        self.assertEqual((line.state, line.mpesa_transaction_id), ('matched', movement))
        self.assertEqual(movement.verified_by, 'statement')
        self.assertTrue(movement.stated_at)
        self.assertEqual(statement.state, 'done')
        self.assert_books(received=500)

    def test_a_confirmation_that_comes_after_the_statement_books_nothing_again(self):
        self.upload_rows(self.row('UIE4K7P2QX', 500))
        self.drain_c2b(amount='500.00')
        self.assertIn('confirmation', self.get_movements().verified_by)
        self.assert_books(received=500)

    def test_a_confirmation_that_was_booked_meanwhile_is_linked(self):
        statement = self.upload(self.write_older([self.row('UIE4K7P2QX', 500)]))
        self.c2b(amount='500.00')
        self.book()
        self.assertEqual(statement.line_ids.mpesa_transaction_id, self.get_movements())
        self.assertEqual(statement.state, 'done')
        self.assert_books(received=500)

    def test_another_amount_than_ours_is_flagged_and_books_nothing(self):
        self.drain_c2b(amount='500.00')
        statement = self.upload_rows(self.row('UIE4K7P2QX', 5_000))
        line = statement.line_ids
        self.assertEqual((line.state, line.difference), ('different', 'movement'))
        self.assertEqual(line.mpesa_transaction_id, self.get_movements())
        self.assertEqual(statement.state, 'check')
        self.assert_books(received=500)
        with self.assertRaisesRegex(UserError, "contradicts"):
            line.with_user(self.head)._decide('charge', "no")
        with self.assertRaises(AccessError):  # Who imported it does not say what it means.
            line.with_user(self.bursar)._decide('nothing', "The portal printed a wrong figure")
        line.with_user(self.head)._decide('nothing', "The portal printed a wrong figure")
        self.assertEqual((line.decided_by_id, statement.state), (self.head, 'done'))
        self.assert_books(received=500)

    def test_money_that_names_nobody_waits(self):
        self.upload_rows(self.row('UIE4K7P2Q1', 500, account='fees'))
        self.assert_books(received=500, suspense=500)

    def test_the_newer_layout(self):
        statement = self.upload(self.write_newer([
            self.row('UIE4K7P2Q1', '1500.50'), self.row('UIE4K7P2Q2', 20, account='', minute=1),
            self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge', minute=1),
        ]))
        self.book()
        self.assertEqual(statement.template, 'B')
        self.assertEqual(
            (statement.payment_amount, statement.charge_amount, statement.wallet_amount),
            (1520.5, -5, 1515.5),
        )
        self.assertEqual(self.get_lines(receipt='UIE4K7P2Q1', kind='payment').account_reference,
                         'ADM-012')
        self.assert_wallet(1515.5)

    # === EVERY PATTERN (daraja.md 22.3) === #

    def test_every_pattern_of_details(self):
        incoming = [
            f'Pay Bill from {PAYER} Acc. ADM-012',
            f'Pay Bill Online from {PAYER} Acc. ADM-012',
            f'Small Business Pay Bill from {PAYER} Acc. ADM-012',
            'Merchant Pay Utility Received from 5551234 - MAMA DUKA Acc. ADM-012',
            'Business Pay Bill via API by 247247 - EQUITY Acc. ADM-012',
            'FSI to Pay Bill by 247247 - EQUITY Acc. ADM-012 via WEB by EQUITY - B2B1',
            f'Merchant Payment from {PAYER}',
            f'Merchant Payment Online from {PAYER}',
        ]
        rows = [
            self.row(f'UIE4K7P2Q{number}', 100, details, minute=number,
                     account='' if details.startswith('Merchant Payment') else 'ADM-012')
            for number, details in enumerate(incoming)
        ]
        rows += [
            self.row('UIE4K7P2Q0', -1, 'Pay Bill Charge', minute=10),
            self.row('UIE4K7P2Q6', -2, 'Pay merchant Charge', minute=11),
            self.row('UIE4K7P2R1', -300, SWEEP, minute=12),
            self.row('UIE4K7P2R1', 300, SWEEP, minute=12, on_wallet=False),
            self.row('UIE4K7P2R2', -300, INNER, minute=13, on_wallet=False),
            self.row('UIE4K7P2R2', 300, INNER, minute=13, on_wallet=False),
            self.row('UIE4K7P2R3', -40, 'Merchant Account to Organization Settlement Account',
                     minute=14),
            self.row('UIE4K7P2R4', -300, 'Agency Withdrawal of funds to Bank', minute=15,
                     on_wallet=False),
            self.row('UIE4K7P2R5', -100, 'Pay Bill Reversal', linked='UIE4K7P2Q1', minute=16),
            self.row('UIE4K7P2R6', -7, 'Loan Repayment to Bank', minute=17),
            self.row('UIE4K7P2R7', 9, status='Declined', minute=18),
        ]
        statement = self.upload_rows(*rows)
        self.assertEqual(
            [statement[f'{kind}_count'] for kind in (
                'payment', 'charge', 'sweep', 'withdrawal', 'reversal', 'other', 'skipped', 'gap',
                'unreadable',
            )],
            [8, 2, 5, 1, 1, 1, 1, 0, 0],
        )
        self.assertEqual(len(self.get_movements().filtered(lambda m: m.kind == 'payment')), 8)
        self.assert_wallet(800 - 3 - 340 - 100)
        other = self.get_lines(kind='other')
        self.assertEqual((other.state, other.wording), ('new', 'Loan Repayment'))
        self.assertEqual(self.sum_account(self.school.mpesa_charges_account_id), 3)
        self.assertEqual(self.sum_account(self.school.mpesa_transit_account_id), 340)
        with self.assertRaises(AccessError):  # The bursar imported it.
            other.with_user(self.bursar)._decide('transit', "A loan of the bank")
        other.with_user(self.head)._decide('transit', "A loan of the bank")
        self.assert_wallet(statement.wallet_amount)
        self.assertEqual(statement.closing_balance, statement.wallet_amount)

    # === ONCE === #

    def test_the_same_file_twice_adds_nothing(self):
        file = self.write_older([
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'),
            self.row('UIE4K7P2R1', -300, SWEEP, minute=3),
            self.row('UIE4K7P2R1', 300, SWEEP, minute=3, on_wallet=False),
            self.row('UIE4K7P2R6', -7, 'Loan Repayment to Bank', minute=4),
        ])
        self.upload(file)
        self.book()
        wallet, lines = self.sum_wallet(), self.get_lines()
        again = self.upload(file)
        self.book()
        self.assertEqual((again.new_count, again.known_count), (0, 5))
        self.assertEqual((self.get_lines(), self.sum_wallet()), (lines, wallet))
        self.assertEqual(self.env['mpesa.callback'].search_count([
            ('company_id', '=', self.school.id), ('endpoint', '=', 'statement'),
        ]), 1)

    def test_overlapping_files_of_both_layouts_add_what_is_new(self):
        rows = [
            # The first one is of the day before, which the second file does not cover.
            self.row(f'UIE4K7P2Q{number}', 100, minute=number or -1440) for number in range(4)
        ]
        self.upload(self.write_older(rows[:3]))
        second = self.upload(self.write_newer(rows[1:], opening=100))
        self.book()
        self.assertEqual((second.new_count, second.known_count), (1, 2))
        self.assertEqual(len(self.get_lines()), 4)
        self.assert_books(received=400)

    def test_the_same_line_with_another_amount_is_kept_once_and_flagged(self):
        self.upload_rows(self.row('UIE4K7P2Q1', 500))
        altered = self.write_older([self.row('UIE4K7P2Q1', 5_000)])
        for _time in range(2):
            self.upload(altered)
            self.book()
        different = self.get_lines(state='different')
        self.assertEqual((different.amount, different.difference), (5_000, 'amount'))
        self.assert_books(received=500)

    def test_the_same_line_twice_in_a_file_is_kept_and_flagged(self):
        statement = self.upload_rows(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q1', 500, minute=1),
        )
        self.assertEqual(sorted(statement.line_ids.mapped('state')), ['different', 'found'])
        self.assertEqual(statement.line_ids.filtered('difference').difference, 'twice')
        self.assert_books(received=500)

    def test_lines_and_statements_stay(self):
        statement = self.upload_rows(self.row('UIE4K7P2Q1', 500))
        for records in (statement.line_ids, statement):
            with self.refusal(UserError, "never deleted"):
                records.unlink()

    # === WHAT IS NO STATEMENT OF OURS === #

    def test_what_is_no_statement_of_ours_is_refused_and_nothing_stored(self):
        rows = [self.row('UIE4K7P2Q1', 500)]
        _name, older = self.write_older(rows)
        workbook = io.BytesIO()
        with zipfile.ZipFile(workbook, 'w') as archive:
            archive.writestr('xl/workbook.xml', 'x')
        for file, message in (
            (self.write_older(rows, shortcode='600222'), "statement of 600222"),
            (self.write_newer(rows, shortcode='600222'), "statement of 600222"),
            (('a.csv', b'Date,Narrative,Debit,Credit\n01/09/2026,x,,5\n'), "no organisation"),
            (('a.csv', b''), "first|empty"),
            (('a.csv', b'   '), "empty"),
            (('a.pdf', b'%PDF-1.7 x'), "PDF"),
            (('a.xlsx', OLE + 'EncryptedPackage'.encode('utf-16-le')), "password"),
            (('a.xls', OLE + b'x'), "old Excel"),
            (('a.xlsx', workbook.getvalue()), "damaged"),
            (('a.csv', b'x' * 11 * 1024 * 1024), "larger"),
            (('a.csv', older.replace(b'\r\n', b'\n').rsplit(b'\n', 2)[0] + b'\n'), "no rows"),
        ):
            with self.subTest(message):
                self.assert_refused(file, message)

    def assert_refused(self, file, message):
        with self.refusal(UserError, message):
            self.upload(file)
        self.assertFalse(self.get_lines())
        self.assertFalse(self.env['mpesa.statement'].search_count([
            ('company_id', '=', self.school.id),
        ]))

    def test_payments_of_another_shortcode_are_not_taken_for_ours(self):
        other = self.create_provider(shortcode='600222')
        self.drain_c2b('UIE4K7P2Q1', amount='500.00', provider=other)
        with self.refusal(UserError, "another shortcode"):
            self.upload(self.write_newer([self.row('UIE4K7P2Q1', 500)], shortcode=''))
        self.assertFalse(self.get_lines())

    def test_rows_that_cannot_be_read_are_named(self):
        name, content = self.write_older([
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=1),
        ])
        statement = self.upload((name, content.replace(b',70,', b',7O,')))
        self.assertEqual((statement.unreadable_count, statement.new_count), (1, 1))
        self.assertIn("the amount", statement.unreadable)
        self.book()
        self.assertEqual(statement.state, 'check')
        with self.assertRaises(AccessError):  # The bursar imported it.
            statement.with_user(self.bursar).action_check()
        self.assertFalse(statement.checked_by_id)
        statement.with_user(self.head).action_check()
        self.assertEqual((statement.checked_by_id, statement.state), (self.head, 'release'))
        self.book()
        self.assertEqual(statement.state, 'done')

    def test_a_row_that_is_missing_shows_as_a_gap(self):
        rows = [self.row(f'UIE4K7P2Q{number}', 100, minute=number) for number in range(4)]
        name, content = self.write_older(rows)
        lines = content.splitlines(keepends=True)
        del lines[-2]
        statement = self.upload((name, b''.join(lines)))
        self.assertEqual(statement.gap_count, 1)
        self.assertEqual(statement.state, 'check')

    def test_days_that_are_not_over_prove_nothing(self):
        rows = [self.row('UIE4K7P2Q1', 500)]
        later = datetime.now() + timedelta(days=40)
        statement = self.upload(self.write_older(rows, end=later))
        self.assertEqual(statement.period_end, datetime(2026, 9, 14, 7, 0))

    # === PRIVACY AND RIGHTS === #

    def test_no_name_and_no_number_is_kept(self):
        rows = [
            self.row('UIE4K7P2Q1', 500, account='0712000111'),
            self.row('UIE4K7P2R6', -7, 'Funds returned to 254712000111 - WANJIKU OTIENO',
                     minute=1),
        ]
        statement = self.upload_rows(*rows)
        self.env.flush_all()
        self.env.cr.execute(
            'SELECT row_to_json(line)::text FROM mpesa_statement_line line'
            ' WHERE statement_id = %s', [statement.id],
        )
        kept = ' '.join(text for text, in self.env.cr.fetchall())
        for secret in ('WANJIKU', 'OTIENO', '712000111'):
            self.assertNotIn(secret, kept)
        self.assertIn('25471****111', kept)

    def test_only_the_bursars_office_imports_and_reads(self):
        with self.assertRaises(AccessError):
            self.upload(self.write_older([self.row('UIE4K7P2Q1', 500)]), user=self.cashier)
        statement = self.upload_rows(self.row('UIE4K7P2Q1', 500))
        for records in (statement, statement.line_ids):
            with self.assertRaises(AccessError):
                records.with_user(self.cashier).read(['company_id'])
            with self.assertRaises(AccessError):
                records.with_user(self.bursar).write({'shortcode': '1'})

    def test_another_schools_shortcode_is_not_offered(self):
        other = self.create_school("Mwangaza School")
        provider = self.create_provider(other, shortcode='600222')
        Wizard = self.env['mpesa.statement.upload'].with_user(self.bursar)
        self.assertNotIn(str(provider.id), dict(Wizard._get_shortcodes()))
        with self.assertRaisesRegex(UserError, "Choose the shortcode"):
            self.upload(self.write_older([self.row('UIE4K7P2Q1', 500)]), provider=provider)

    def test_an_admission_number_that_looks_like_a_phone_is_named_as_the_movement_does(self):
        self.create_student("Amina Yusuf", '712000333')
        statement = self.upload(self.write_older([
            self.row('UIE4K7P2Q1', 500, account='712000333'),
            self.row('UIE4K7P2Q2', 500, account='712000444', minute=1),
        ]))
        self.assertNotIn('712000333', statement.line_ids.mapped('account_reference'))
        self.book()
        references = statement.line_ids.mapped('account_reference')
        self.assertIn('712000333', references)
        self.assertNotIn('712000444', references)
