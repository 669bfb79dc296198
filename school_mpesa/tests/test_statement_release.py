from datetime import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.statement_common import FIRST, StatementCommon


REVERSAL = "Pay Bill Reversal"


@tagged('post_install', '-at_install')
class TestStatementRelease(StatementCommon):
    """What only a file tells of parents' money is booked when a second person has seen it."""

    def import_found(self, *rows, **values):
        return self.upload(self.write_older(
            rows or [self.row('UIE4K7P2Q1', 200_000)], **values,
        ))

    def get_message(self):
        return self.env['mpesa.callback'].search([
            ('company_id', '=', self.school.id), ('endpoint', '=', 'statement'),
        ])

    # === PAYMENTS === #

    def test_an_invented_payment_is_not_booked_by_its_importer(self):
        statement = self.import_found()
        self.book_unreleased()
        message = self.get_message()
        self.assertEqual((message.state, message.is_held), ('quarantined', True))
        self.assertIn("a second person releases it", message.reason_text)
        self.assertEqual(message.statement_line_id, statement.line_ids)
        self.assertEqual(statement.state, 'release')
        for act in (
            statement.with_user(self.bursar).action_release,
            statement.with_user(self.cashier).action_release,
        ):
            with self.assertRaises(AccessError):
                act()
        for act in (
            message.with_user(self.bursar).action_replay,
            message.with_user(self.head).action_replay,
            lambda: message.with_user(self.bursar)._settle("Looked into it"),
        ):
            with self.refusal(UserError, "known only from the imported statement"):
                act()
        with self.assertRaises(AccessError):
            statement.with_user(self.bursar).write({'released_at': '2026-09-15'})
        self.book_unreleased()
        self.assertFalse(self.get_movements())
        self.assert_wallet(0)

    def test_a_message_that_is_put_back_by_force_is_not_booked(self):
        self.import_found()
        message = self.get_message()
        message.write({'state': 'new', 'reason': False})
        self.book_unreleased()
        self.assertEqual((message.state, message.reason), ('quarantined', 'statement'))
        self.assertFalse(self.get_movements())

    def test_a_second_person_sees_it_and_releases_it(self):
        statement = self.import_found(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, account='nobody', minute=1),
        ).with_user(self.head)
        self.assertEqual(
            (statement.held_payment_count, statement.held_payment_amount), (2, 570),
        )
        texts = {line.receipt: line.release_text for line in statement.held_line_ids}
        self.assertIn(self.student.name, texts['UIE4K7P2Q1'])
        self.assertIn("unidentified", texts['UIE4K7P2Q2'])
        statement.action_release()
        self.assertEqual(statement.released_by_id, self.head)
        self.book_unreleased()
        self.assert_books(received=570, suspense=70)
        self.assertEqual((statement.state, statement.held_count), ('done', 0))
        with self.refusal(UserError, "nothing that waits"):
            statement.action_release()

    def test_gaps_are_looked_at_before_the_release(self):
        statement = self.import_found(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=1, balance=900),
        )
        self.assertTrue(statement.gap_count)
        with self.refusal(UserError, "gaps"):
            statement.with_user(self.head).action_release()
        with self.assertRaises(AccessError):
            statement.with_user(self.bursar).action_check()
        statement.with_user(self.head).action_check()
        self.book()
        self.assert_books(received=570)

    def test_what_safaricom_tells_is_booked_without_release(self):
        statement = self.import_found(self.row('UIE4K7P2Q1', 500))
        self.env['mpesa.callback']._append_found(self.provider, 'pull', [
            {'receipt': 'UIE4K7P2Q1', 'amount': 500, 'account_reference': 'ADM-012',
             'paid_at': statement.line_ids.completed_at},
        ])
        self.book_unreleased()
        self.assert_books(received=500)
        self.assertEqual((statement.line_ids.state, statement.state), ('matched', 'done'))
        self.assertEqual(self.get_message().state, 'repeat')
        self.assertEqual(self.get_movements().verified_by, 'statement')

    def test_another_amount_than_safaricom_tells_is_different(self):
        statement = self.import_found(self.row('UIE4K7P2QX', 5_000))
        self.drain_c2b(amount='500.00')
        self.book_unreleased()
        line = statement.line_ids
        self.assertEqual((line.state, line.difference), ('different', 'movement'))
        self.assertEqual(self.get_message().state, 'conflict')
        self.assert_books(received=500)

    def test_no_file_settles_an_open_request_by_itself(self):
        tx = self.prompt(amount=500)
        self.import_found(self.row('UIE4K7P2Q1', 500))
        self.book_unreleased()
        self.assertNotEqual(tx.mpesa_push_state, 'paid')

    def test_a_second_person_refuses_a_payment(self):
        statement = self.import_found()
        line = statement.line_ids
        with self.assertRaises(AccessError):
            line.with_user(self.bursar)._decide('nothing', "x")
        with self.refusal(UserError, "Only files tell"):
            line.with_user(self.head)._decide('payment', "x")
        line.with_user(self.head)._decide('nothing', "Not on the portal")
        self.assertEqual((line.state, line.difference), ('different', 'refused'))
        self.assertEqual(self.get_message().state, 'done')
        self.book()
        self.assertEqual(statement.state, 'done')
        self.assertFalse(self.get_movements())

    def test_today_tells_the_others(self):
        self.import_found()

        def get_need(user):
            needs = self.env['school.dashboard'].with_user(user).get_figures()['needs']
            return [need['label'] for need in needs if need['key'] == 'statement_held']

        self.assertFalse(get_need(self.bursar))
        label, = get_need(self.head)
        self.assertIn('200,000', label)

    def test_charges_wait_for_nobody(self):
        self.import_found(self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'))
        self.book_unreleased()
        self.assert_wallet(-5)

    def test_a_charge_larger_than_any_tariff_waits_for_a_second_person(self):
        statement = self.import_found(
            self.row('UIE4K7P2Q1', -500, 'Pay Bill Charge'),
            self.row('UIE4K7P2Q2', -500.01, 'Pay Bill Charge', minute=1), opening=2_000,
        )
        self.book_unreleased()
        self.assert_wallet(-500)
        self.assertEqual((statement.state, statement.held_other_count), ('release', 1))
        self.assertEqual(statement.held_other_amount, 500.01)
        line = statement.held_line_ids
        self.assertIn("larger than any tariff", line.with_user(self.head).release_text)
        self.assertEqual(
            self.env['mpesa.statement'].search([('held_count', '>', 0)]), statement,
        )
        needs = self.env['school.dashboard'].with_user(self.head).get_figures()['needs']
        self.assertIn('statement_held', [need['key'] for need in needs])
        with self.assertRaises(AccessError):
            statement.with_user(self.bursar).action_release()
        statement.with_user(self.head).action_release()
        self.book_unreleased()
        self.assert_wallet(-1_000.01)
        self.assertEqual(statement.state, 'done')

    def test_a_charge_that_is_not_real_is_refused(self):
        statement = self.import_found(self.row('UIE4K7P2Q1', -9_000, 'Pay Bill Charge'))
        line = statement.line_ids
        with self.assertRaises(AccessError):
            line.with_user(self.bursar)._decide('nothing', "x")
        line.with_user(self.head)._decide('nothing', "Not on the portal")
        self.assertEqual((line.state, line.difference), ('different', 'refused'))
        self.book_unreleased()
        self.assert_wallet(0)

    def test_who_imported_a_line_does_not_say_what_it_is(self):
        statement = self.import_found(self.row('UIE4K7P2R6', -7, 'Loan Repayment'))
        line = statement.line_ids
        for decision in ('charge', 'transit', 'payment', 'account'):
            with self.subTest(decision), self.assertRaises(AccessError):
                line.with_user(self.bursar)._decide(decision, "x")
        line.with_user(self.head)._decide('charge', "Cost of the loan")
        self.assert_wallet(-7)

    # === REVERSALS === #

    def test_an_invented_reversal_takes_nothing_back(self):
        self.drain_c2b('UIE4K7P2Q1', amount='500.00')
        statement = self.import_found(
            self.row('UIE4K7P2R1', -500, REVERSAL, linked='UIE4K7P2Q1', minute=30), opening=500,
        )
        self.book_unreleased()
        self.assertEqual(len(self.get_movements()), 1)
        self.assertEqual(self.get_receipts().state, 'posted')
        self.assertEqual((statement.state, statement.held_reversal_count), ('release', 1))
        text = statement.with_user(self.head).held_line_ids.release_text
        self.assertIn(self.get_receipts().number, text)
        self.book()
        self.assertEqual(statement.state, 'done')
        self.assert_wallet(0)

    # === WHAT FILES LACK === #

    def test_a_later_genuine_file_disputes_an_invented_line(self):
        genuine = [self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=9)]
        fake = self.row('UIE4K7P2Q9', 9_000, minute=5)
        # Whoever adds a row leaves a gap, or alters the balances of all that follow.
        forged = self.import_found(genuine[0], fake, {**genuine[1], 'balance': 570})
        forged.with_user(self.head).action_check()
        later = self.import_found(*genuine)
        line = self.get_lines(receipt='UIE4K7P2Q9')
        self.assertEqual(line.disputed_by_id, later)
        self.assertFalse(self.get_lines(receipt='UIE4K7P2Q1').disputed_by_id)
        self.assertEqual((later.new_count, later.known_count), (0, 2))
        self.assertEqual(forged.state, 'check')
        self.book()  # The head releases the rest.
        self.assert_books(received=570)
        needs = self.env['school.dashboard'].with_user(self.head).get_figures()['needs']
        self.assertIn('statement_disputed', [need['key'] for need in needs])
        line.with_user(self.head)._decide('nothing', "Not on the portal")
        self.assertEqual((line.state, forged.state), ('different', 'done'))

    def test_a_line_that_an_earlier_file_should_have_is_disputed(self):
        earlier = self.import_found(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=9),
        )
        self.import_found(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q9', 9_000, minute=5),
            self.row('UIE4K7P2Q2', 70, minute=9),
        )
        self.assertEqual(self.get_lines(receipt='UIE4K7P2Q9').disputed_by_id, earlier)

    def test_a_booked_line_that_is_disputed_stays_booked_and_says_so(self):
        self.upload_rows(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q9', 9_000, minute=5),
            self.row('UIE4K7P2Q2', 70, minute=9),
        )
        self.import_found(self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=9))
        line = self.get_lines(receipt='UIE4K7P2Q9')
        self.assertTrue(line.disputed_by_id)
        line.with_user(self.head)._decide('nothing', "Asked Safaricom")
        self.assertEqual((line.state, line.dispute_note), ('found', "Asked Safaricom"))
        self.assert_books(received=9_570)

    def test_a_file_that_is_not_whole_disputes_nothing(self):
        self.import_found(self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=9))
        told = self.row('UIE4K7P2Q1', 500)
        for rows in (
            [told, self.row('UIE4K7P2Q3', 5, minute=9, balance=999)],
            [{**told, 'status': 'Declined'}],
        ):
            self.import_found(*rows, end=datetime(2026, 9, 14, 23, 59, 59))
            self.assertFalse(self.get_lines(receipt='UIE4K7P2Q2').disputed_by_id)

    def test_the_last_second_counts_when_the_day_ends_with_it(self):
        genuine = [self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=9)]
        late = datetime(2026, 9, 14, 23, 59, 59)
        minute = (late - FIRST).total_seconds() / 60
        self.import_found(*genuine, self.row('UIE4K7P2Q9', 9_000, minute=minute))
        self.import_found(*genuine)  # It ends with its last row, which the next second followed.
        line = self.get_lines(receipt='UIE4K7P2Q9')
        self.assertFalse(line.disputed_by_id)
        whole = self.import_found(*genuine, end=late)
        self.assertEqual(line.disputed_by_id, whole)

    def test_nobody_decides_between_two_files_who_imported_one_of_them(self):
        genuine = [self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=9)]
        fake = self.row('UIE4K7P2Q9', 9_000, minute=5)
        self.upload(self.write_older([genuine[0], fake, genuine[1]]))
        self.upload(self.write_older(genuine), user=self.head)
        line = self.get_lines(receipt='UIE4K7P2Q9')
        for user in (self.bursar, self.head):
            with self.assertRaises(AccessError):
                line.with_user(user)._decide('nothing', "Asked Safaricom")
        self.assertFalse(line.dispute_note)

    # === WHAT A FILE PROVES OF ITSELF === #

    def test_a_row_without_balance_is_a_gap(self):
        statement = self.import_found(
            self.row('UIE4K7P2Q1', 500, balance=''), self.row('UIE4K7P2Q2', 70, minute=1),
        )
        self.assertEqual(statement.gap_count, 1)
        self.assertTrue(statement.file_digest)

    def test_a_code_of_another_day_is_not_found(self):
        statement = self.import_found(
            self.row('UIA4K7P2Q1', 500), self.row('UIA4K7P2R1', -70, REVERSAL, minute=1),
            self.row('UID4K7P2Q2', 30, minute=2),
        )
        self.assertEqual(
            {line.receipt: (line.state, line.difference) for line in statement.line_ids},
            {
                'UIA4K7P2Q1': ('different', 'day'), 'UIA4K7P2R1': ('different', 'day'),
                'UID4K7P2Q2': ('found', False),
            },
        )
        self.book()
        self.assert_books(received=30)
        self.drain_c2b('UIA4K7P2Q1', amount='500.00')
        self.book()
        self.assertEqual(self.get_lines(receipt='UIA4K7P2Q1').state, 'matched')

    def test_a_known_payment_of_an_odd_code_is_known(self):
        self.drain_c2b('UIA4K7P2Q1', amount='500.00')
        statement = self.import_found(self.row('UIA4K7P2Q1', 500))
        self.assertEqual(statement.line_ids.state, 'matched')

    def test_files_of_other_accounts_or_times_are_refused(self):
        rows = [self.row('UIE4K7P2Q1', 500, minute=10)]
        second = self.get_moment(rows[0])
        for file, message in (
            (self.write_older(rows, of="Organization Settlement Account"), "Settlement"),
            (self.write_older(rows, of="Merchant Account"), "Utility account"),
            (self.write_older(rows, start=second.replace(minute=0), end=second.replace(minute=5)),
             "does not cover"),
            (self.write_older(rows, start=second.replace(minute=15),
                              end=second.replace(minute=20)), "does not cover"),
            (self.write_older([self.row('UIE4K7P2Q1', 500, minute=60 * 24 * 400)]), "to come"),
            (self.write_newer(rows, shortcode=''), "names no shortcode"),
        ):
            with self.subTest(message), self.refusal(UserError, message):
                self.upload(file)
        self.assertFalse(self.get_lines())

    def test_the_newer_layout_covers_its_last_day_to_its_last_row(self):
        statement = self.upload(self.write_newer([self.row('UIE4K7P2Q1', 500)]))
        self.assertEqual(statement.period_end, statement.line_ids.completed_at)

    def test_the_first_file_of_a_shortcode_is_known_by_its_name(self):
        rows = [self.row('UIE4K7P2Q1', 500)]
        _name, content = self.write_newer(rows, shortcode='')
        self.assertTrue(self.upload(('600111 september.csv', content)))
        _name, content = self.write_newer([self.row('UIE4K7P2Q2', 500)], shortcode='')
        with self.refusal(UserError, "names no shortcode"):
            self.upload(('600111 october.csv', content))

    # === KEYS === #

    def test_several_charges_of_one_payment_are_all_booked_once(self):
        rows = [
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'),
            self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'),
            self.row('UIE4K7P2Q1', -7, 'Pay Bill Charge', minute=1),
        ]
        for _time in range(2):
            self.upload_rows(*rows)
        self.assertEqual(sorted(self.get_lines(kind='charge').mapped('occurrence')), [1, 2, 3])
        self.assert_wallet(500 - 17)

    def test_a_replaced_provider_books_no_charge_again(self):
        rows = [self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge')]
        self.upload_rows(*rows)
        self.provider.state = 'disabled'
        self.provider.journal_id.code = 'OLD1'
        self.env.flush_all()
        twin = self.create_provider(shortcode='600111')
        statement = self.upload(self.write_older(rows), provider=twin)
        self.book()
        self.assertEqual((statement.new_count, statement.known_count), (0, 1))
        self.assert_wallet(-5)

    def test_a_decided_line_does_not_come_back(self):
        rows = [self.row('UIE4K7P2R9', -9, 'Something')]
        self.upload_rows(*rows)
        line = self.get_lines()
        with self.assertRaises(AccessError):  # Who imported it does not say that nothing moved.
            line.with_user(self.bursar)._decide('nothing', "Behind the wallet")
        line.with_user(self.head)._decide('nothing', "Behind the wallet")
        again = self.upload_rows(*rows)
        self.assertEqual((again.new_count, self.get_lines()), (0, line))

    # === WHAT STAYS AS IT IS === #

    def test_entries_by_which_money_went_back_are_protected(self):
        for account, receipt, minute in (
            ('ADM-012', 'UIE4K7P2Q1', 30), ('nobody', 'UIE4K7P2Q2', 40),
        ):
            self.drain_c2b(receipt, amount='500.00', account=account)
            code = receipt.replace('Q', 'R')
            self.upload_rows(
                self.row(code, -500, REVERSAL, linked=receipt, minute=minute), opening=500,
            )
            reversal = self.get_movements().filtered(lambda m, code=code: m.receipt == code)
            move = reversal.return_move_ids.sudo(False)
            self.assertTrue(move)
            for undo in (move.button_draft, move.button_cancel, move._reverse_moves):
                with self.subTest(undo.__name__), self.refusal(UserError, "statement says"):
                    undo()

    def test_money_of_a_line_goes_on_no_account_of_ours(self):
        self.upload_rows(self.row('UIE4K7P2R6', -7, 'Loan Repayment'))
        line = self.get_lines().with_user(self.head)
        school = self.school
        for account in (
            school._get_unidentified_account(), school._get_mpesa_transit_account(),
            self.provider.journal_id.default_account_id,
            self.env['account.account'].search([
                ('account_type', '=', 'asset_cash'), ('company_ids', 'in', school.ids),
            ], limit=1),
        ):
            with self.subTest(account.name), self.refusal(UserError, "Choose an income"):
                line._decide('account', "x", account)
        with self.assertRaises(AccessError):
            line.with_user(self.bursar)._decide(
                'account', "x", school._get_mpesa_charges_account(),
            )
        self.assertEqual(line.state, 'new')
