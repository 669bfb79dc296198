from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.school_mpesa.tests.statement_common import FIRST, StatementCommon


CHARGE = 'Pay Bill Charge'


@tagged('post_install', '-at_install')
class TestStatementTrust(StatementCommon):
    """Of two files that contradict each other, a person who imported neither believes one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.third = new_test_user(
            cls.env, login='statement_third', groups='school_fees.group_bursar',
            company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
        )

    def setUp(self):
        super().setUp()
        self.rows = [self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q2', 70, minute=9)]
        self.extra = self.row('UIE4K7P2Q9', 9_000, minute=15)

    def import_rows(self, *rows, user=None, **values):
        return self.upload(self.write_older(rows, **values), user=user)

    def import_lacking(self):
        """ Import the file that lacks the line, as the head. """
        return self.import_rows(*self.rows, user=self.head, end=FIRST + timedelta(minutes=20))

    def import_both(self):
        """ Import the file that has a line, as the bursar, and the one that lacks it, as the head.

        :return: Both.
        :rtype: tuple[mpesa.statement, mpesa.statement]
        """
        return self.import_rows(*self.rows, self.extra), self.import_lacking()

    def get_line(self, receipt='UIE4K7P2Q9', **values):
        return self.get_lines(receipt=receipt, **values)

    def answer(self, line, user, **values):
        """ Answer the question about a line on the form. """
        action = line.with_user(user).action_decide()
        form = Form(self.env[action['res_model']].with_user(user).with_context(
            **action['context']
        ))
        for name, value in values.items():
            form[name] = value
        form.save().action_decide()

    def distrust(self, statement, user, note="Not what the portal shows"):
        """ Say on the form of a statement that it is not believed. """
        action = statement.with_user(user).action_distrust()
        form = Form(self.env[action['res_model']].with_user(user).with_context(
            **action['context']
        ))
        form.note = note
        form.save().action_distrust()

    # === THE LINE IS RIGHT === #

    def test_a_dispute_is_taken_back_by_a_third_person(self):
        fuller, lacking = self.import_both()
        line = self.get_line()
        self.assertEqual(line.disputed_by_id, lacking)
        for user in (self.bursar, self.head):
            with self.assertRaises(AccessError):
                self.answer(line, user, finding='right', note="The portal has it")
        with self.refusal(UserError, "Say what you found"):
            self.answer(line, self.third, note="The portal has it")
        with self.refusal(UserError, "note is missing"):
            self.answer(line, self.third, finding='right')
        self.answer(line, self.third, finding='right', note="The portal has it")
        self.assertFalse(line.disputed_by_id)
        self.assertEqual((line.is_held, line.decided_by_id), (True, self.third))
        self.assertRecordValues(lacking, [{
            'distrusted_by_id': self.third.id, 'distrust_note': "The portal has it",
            'state': 'distrusted',
        }])
        self.assertTrue(lacking.distrusted_at)
        self.assertIn("The portal has it", lacking.message_ids[:1].body)
        self.assertEqual(lacking.message_ids[:1].author_id, self.third.partner_id)
        fuller.with_user(self.head).action_release()
        self.book_unreleased()
        self.assert_books(received=9_570)
        self.assertEqual(fuller.state, 'done')

    def test_a_file_that_is_not_believed_disputes_and_covers_nothing_more(self):
        fuller, lacking = self.import_both()
        with self.assertRaises(AccessError):  # Who imported the one does not judge the other.
            self.distrust(lacking, self.bursar)
        with self.assertRaises(AccessError):
            self.distrust(fuller, self.head)
        self.distrust(lacking, self.third)
        late = self.row('UIE4K7P2Q5', 40, minute=17)
        self.import_rows(*self.rows, self.extra, late)
        self.assertFalse(self.get_line('UIE4K7P2Q5').disputed_by_id)
        self.assertFalse(lacking._is_whole())
        close = self.env['mpesa.day.close'].sudo()._get_close(
            self.provider, self.get_line().day,
        )
        lacking.sudo().write({
            'period_start': '2026-09-13 21:00:00', 'period_end': '2026-09-14 20:59:59',
        })
        close._prove()
        self.assertFalse(close.is_stated)
        self.assertFalse(close.has_stated_balance)

    def test_a_line_that_two_files_lack_stays_disputed_by_the_other(self):
        fuller, lacking = self.import_both()
        again = self.import_lacking()
        self.answer(self.get_line(), self.third, finding='right', note="The portal has it")
        line = self.get_line()
        self.assertEqual((line.disputed_by_id, line.dispute_note), (again, False))
        self.assertFalse(line.is_held)
        self.answer(line, self.third, finding='right', note="This one, too")
        self.assertFalse(line.disputed_by_id)
        self.assertTrue(line.is_held and lacking.distrusted_at and not fuller.distrusted_at)

    def test_what_was_released_without_the_line_is_released_once_more(self):
        fuller, _lacking = self.import_both()
        fuller.with_user(self.head).action_release()
        self.book_unreleased()
        self.assert_books(received=570)
        self.answer(self.get_line(), self.third, finding='right', note="The portal has it")
        self.assertFalse(fuller.released_at)
        self.assertIn("once more", fuller.message_ids[:1].body)
        self.book_unreleased()
        self.assert_books(received=570)
        fuller.with_user(self.head).action_release()
        self.book_unreleased()
        self.assert_books(received=9_570)

    def test_a_payment_that_safaricom_tells_of_meanwhile_is_linked(self):
        self.import_both()
        line = self.get_line()
        self.answer(line, self.third, finding='wrong', note="Not found")
        self.assertEqual((line.state, line.difference), ('different', 'refused'))
        self.drain_c2b('UIE4K7P2Q9', amount='9000.00')
        self.book_unreleased()
        self.assertEqual((line.state, line.difference), ('matched', False))
        self.assertEqual(line.mpesa_transaction_id.receipt, 'UIE4K7P2Q9')

    # === THE FILE IS NOT BELIEVED === #

    def test_who_imported_a_file_does_not_say_that_it_is_not_believed(self):
        statement = self.import_rows(*self.rows)
        for user in (self.bursar, self.cashier):
            with self.assertRaises(AccessError):
                statement.with_user(user)._distrust("x")
        with self.refusal(UserError, "note is missing"):
            self.distrust(statement, self.head, note=" ")
        self.distrust(statement, self.head)
        with self.refusal(UserError, "not believed by now"):
            statement.with_user(self.third)._distrust("x")

    def test_what_only_that_file_tells_is_not_released(self):
        statement = self.import_rows(*self.rows)
        self.distrust(statement, self.head)
        self.assertEqual(statement.line_ids.disputed_by_id, statement)
        self.assertEqual((statement.held_count, statement.person_count), (0, 2))
        with self.refusal(UserError, "holds nothing"):
            statement.with_user(self.head).action_release()
        messages = statement.line_ids.callback_ids
        with self.assertRaises(UserError):
            messages.with_user(self.head).action_replay()
        self.book_unreleased()
        self.assert_wallet(0)
        for line in statement.line_ids:
            self.answer(line, self.head, note="Not on the portal")
        self.assertEqual(set(statement.line_ids.mapped('state')), {'different'})
        self.assertEqual(statement.state, 'distrusted')

    def test_what_is_not_booked_yet_is_not_booked_and_what_is_needs_a_person(self):
        early = self.import_rows(self.row('UIE4K7P2Q1', -5, CHARGE))
        self.distrust(early, self.head)
        self.book_unreleased()
        self.assertEqual(early.line_ids.state, 'new')
        later = self.upload_rows(self.row('UIE4K7P2Q3', 30), self.row('UIE4K7P2Q3', -7, CHARGE))
        self.assert_wallet(23)
        self.assertEqual(later.state, 'done')
        self.distrust(later, self.head)
        self.assertEqual((later.state, later.person_count), ('check', 2))
        needs = self.env['school.dashboard'].with_user(self.head).get_figures()['needs']
        self.assertIn('statement_disputed', [need['key'] for need in needs])

    def test_what_messages_told_of_is_not_in_doubt(self):
        self.drain_c2b('UIE4K7P2Q1', amount='500.00')
        statement = self.import_rows(*self.rows)
        movement = self.get_movements()
        self.assertEqual(movement.verified_by, 'statement')
        self.distrust(statement, self.head)
        self.assertFalse(self.get_line('UIE4K7P2Q1').disputed_by_id)
        self.assertTrue(self.get_line('UIE4K7P2Q2').disputed_by_id)
        self.assertFalse(movement.verified_by or movement.stated_at)

    def test_what_another_file_has_goes_over_to_it(self):
        first = self.import_rows(*self.rows)
        second = self.import_rows(
            *self.rows, self.row('UIE4K7P2Q3', 30, minute=10), user=self.third,
        )
        self.distrust(first, self.head)
        self.assertEqual(self.get_lines().statement_id, second)
        self.assertFalse(self.get_lines().disputed_by_id)
        with self.assertRaises(AccessError):
            second.with_user(self.third).action_release()
        second.with_user(self.head).action_release()
        self.book_unreleased()
        self.assert_books(received=600)

    def test_a_later_file_that_has_a_line_is_released_by_a_second_person(self):
        forged = self.upload_rows(*self.rows, self.row('UIE4K7P2Q1', -5, CHARGE, minute=10))
        self.distrust(forged, self.head)
        self.assertEqual(forged.person_count, 3)
        later = self.import_rows(*self.rows, self.row('UIE4K7P2Q1', -5, CHARGE, minute=10))
        self.assertEqual(self.get_lines().statement_id, later)
        self.assertEqual((later.held_count, later.person_count, forged.state),
                         (3, 0, 'distrusted'))
        with self.assertRaises(AccessError):
            later.with_user(self.bursar).action_release()
        later.with_user(self.head).action_release()
        self.assertFalse(self.get_lines().disputed_by_id)
        self.assertEqual(later.state, 'done')
        self.assertTrue(all(self.get_movements().mapped('stated_at')))
        self.book_unreleased()
        self.assert_wallet(565)

    def test_a_line_that_was_called_not_real_comes_back_with_a_genuine_file(self):
        forged = self.import_rows(*self.rows, self.row('UIE4K7P2Q2', -600, CHARGE, minute=10))
        self.distrust(forged, self.head)
        charge = self.get_line('UIE4K7P2Q2', kind='charge')
        self.answer(charge, self.head, note="Not on the portal")
        self.assertEqual((charge.state, charge.difference), ('different', 'refused'))
        own = self.import_rows(*self.rows, self.row('UIE4K7P2Q2', -600, CHARGE, minute=10))
        self.assertEqual(charge.difference, 'refused', "Who brought it does not bring it back.")
        self.distrust(own, self.head)
        genuine = self.import_rows(
            *self.rows, self.row('UIE4K7P2Q2', -600, CHARGE, minute=10), user=self.head,
        )
        self.assertEqual((charge.state, charge.statement_id), ('new', genuine))
        self.assertIn(charge, genuine.held_line_ids)
        for user in (self.head, self.bursar):  # Who imported this file, and who brought the line.
            with self.assertRaises(AccessError):
                genuine.with_user(user).action_release()
        genuine.with_user(self.third).action_release()
        self.book_unreleased()
        self.assertEqual(charge.state, 'booked')
        self.assert_wallet(-30)

    def test_what_is_in_doubt_can_be_released_with_a_file_that_was_released(self):
        first = self.import_rows(*self.rows)
        self.distrust(first, self.head)
        second = self.import_rows(*self.rows, user=self.third)
        self.assertEqual(self.get_lines().statement_id, second)
        last = self.import_rows(
            *self.rows, self.row('UIE4K7P2Q3', 30, minute=10), user=self.head,
        )
        last.with_user(self.third).action_release()
        self.distrust(second, self.head)
        self.assertEqual((self.get_lines().statement_id, last.released_at), (last, False))
        last.with_user(self.third).action_release()
        self.assertFalse(self.get_lines().disputed_by_id)
        self.book_unreleased()
        self.assert_books(received=600)

    def test_the_balances_of_a_file_that_is_not_believed_tell_nothing(self):
        # Whoever adds a row alters the balances of all that follow, or leaves a gap.
        charge = self.row('UIE4K7P2Q2', -5, CHARGE, minute=10)
        forged = self.import_rows(
            self.rows[0], self.row('UIE4K7P2Q8', 9_000, minute=5), self.rows[1], charge,
        )
        forged.with_user(self.head).action_release()
        self.book_unreleased()
        self.assert_wallet(9_565)
        self.distrust(forged, self.head)
        genuine = self.import_rows(*self.rows, charge, user=self.third)
        self.assertEqual((genuine.new_count, genuine.known_count), (0, 3))
        line = self.get_line('UIE4K7P2Q2', kind='charge')
        self.assertEqual((line.statement_id, line.balance), (genuine, 565))
        genuine.with_user(self.head).action_release()
        self.book_unreleased()
        self.assert_wallet(9_565)
        self.assertEqual(self.get_lines(disputed_by_id=forged.id).receipt, 'UIE4K7P2Q8')

    def test_what_is_not_believed_contradicts_no_genuine_line(self):
        forged = self.import_rows(self.row('UIE4K7P2Q1', 5_000))
        self.distrust(forged, self.head)
        genuine = self.import_rows(self.row('UIE4K7P2Q1', 500))
        self.assertEqual(genuine.line_ids.state, 'found')
        self.book()
        self.assert_books(received=500)
