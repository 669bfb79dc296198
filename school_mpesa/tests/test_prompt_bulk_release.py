from datetime import timedelta
from unittest.mock import patch

from daraja_simulator import defaults
from psycopg2 import errors as pg_errors

from odoo import fields
from odoo.exceptions import ConcurrencyError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import vault
from odoo.addons.school_mpesa.tests.prompt_bulk_common import PromptBulkCommon


PUSH = 'odoo.addons.school_mpesa.models.payment_transaction_push'
RELEASE = 'odoo.addons.school_mpesa.models.mpesa_prompt_bulk_release'


@tagged('post_install', '-at_install')
class TestPromptBulkRelease(PromptBulkCommon):
    """Prompts go out at the school's pace, by day, once each, and stop when they are told to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.students = cls.env['school.student'].union(*(
            cls.create_payer(number) for number in range(301, 306)
        ))

    def count_pushes(self):
        """ Return how many prompts Safaricom took for each phone.

        :rtype: dict[str, int]
        """
        phones = [push['msisdn'] for push in self.control.pushes()]
        return {phone: phones.count(phone) for phone in phones}

    def set_pace(self, pace):
        self.school.mpesa_prompt_bulk_pace = pace

    # === WHAT GOES OUT === #

    def test_each_phone_is_asked_once_in_the_name_of_who_started_it(self):
        run = self.start(self.students, note="Term 3")
        self.release()
        self.send()
        self.assertEqual((run.state, set(self.states(run))), ('done', {'asked'}))
        txs = self.requests(self.students)
        self.assertEqual(len(txs), 5)
        self.assertEqual(run.line_ids.transaction_id, txs)
        self.assertEqual(set(txs.mapped('mpesa_push_state')), {'accepted'})
        self.assertEqual(set(txs.mapped('mpesa_channel')), {'stk_push'})
        self.assertEqual(set(txs.mapped('mpesa_note')), {"Term 3"})
        self.assertEqual(txs.mpesa_initiator_id, self.bursar)
        self.assertEqual(set(self.count_pushes().values()), {1})
        self.assertIn("asked of 0722 *** 301", str(self.students[0].message_ids.mapped('body')))
        self.release()
        run.action_start()
        self.release()
        self.send()
        self.assertEqual(self.requests(self.students), txs)

    def test_a_family_phone_shares_by_the_oldest_debt(self):
        sister = self.create_student("Joy Otieno", 'ADM-013', family_id=self.family.id)
        self.create_term_bill(sister, self.term_1, 2_000)
        self.env['school.guardian.link'].create({
            'student_id': sister.id, 'partner_id': self.guardian.id,
        })
        self.start(self.student | sister, asks_for='amount', amount=2_500)
        self.release()
        tx = self.requests(self.student | sister)
        self.assertEqual(tx.amount, 2_500)
        self.assertEqual(
            {share.student_id: share.amount for share in tx.mpesa_share_ids},
            {sister: 2_000, self.student: 500},
        )

    def test_who_is_unticked_is_not_asked(self):
        run = self.preview(self.students)
        run.ready_line_ids[0].is_included = False
        run.action_start()
        self.release()
        self.assertEqual(self.states(run), ['left', 'asked', 'asked', 'asked', 'asked'])
        self.assertEqual(self.reasons(run), {self.students[0]: 'unticked'})

    # === PACE AND HOURS === #

    def test_not_faster_than_the_pace_over_all_runs(self):
        self.set_pace(2)
        first, second = self.start(self.students[:3]), self.start(self.students[3:])
        self.release()
        self.assertEqual(self.states(first), ['asked', 'asked', 'waiting'])
        self.release()
        self.assertEqual(self.states(first + second).count('asked'), 2)
        self.send()
        self.pass_a_minute()
        self.release()
        self.assertEqual((self.states(first), first.state), (['asked'] * 3, 'done'))
        self.assertEqual(self.states(second), ['asked', 'waiting'])
        self.send()
        self.pass_a_minute()
        self.release()
        self.assertEqual(second.state, 'done')

    def test_no_pile_while_safaricom_takes_none(self):
        self.set_pace(2)
        run = self.start(self.students)
        self.release()
        self.pass_a_minute()
        self.release()
        self.assertEqual(self.states(run).count('asked'), 2, "Those still wait to be sent.")

    def test_a_single_prompt_goes_first(self):
        self.start(self.students)
        self.release()
        single = self.ask()
        batch = self.env['payment.transaction']._mpesa_claim_queued()
        self.assertEqual(batch[:1], single)
        self.assertEqual(len(batch), 4)

    def test_none_at_night_and_all_in_the_morning(self):
        run = self.start(self.students[:1])
        self.set_hours(0, 0)
        self.release()
        self.assertEqual((run.state, self.states(run)), ('running', ['waiting']))
        self.assertIn("goes on by itself", run.progress['note'])
        self.set_hours(0, 24)
        self.release()
        self.assertEqual(self.states(run), ['asked'])

    # === STOP AND GO ON === #

    def test_stop_takes_back_what_has_not_left(self):
        self.set_pace(2)
        run = self.start(self.students)
        self.release()
        self.send()
        self.pass_a_minute()
        self.release()
        run.action_stop()
        self.assertEqual(self.states(run), ['asked', 'asked', 'waiting', 'waiting', 'waiting'])
        self.assertEqual(
            (run.state, run.stopped_by_id, run.waiting_count), ('stopped', self.bursar, 3),
        )
        self.assertIn("Prompts on phones can still be paid: 2. Not sent: 3", run.progress['note'])
        self.send()
        self.release()
        self.assertEqual(len(self.count_pushes()), 2)
        # What was on a phone when it stopped is paid all the same.
        paid = run.sudo().line_ids.transaction_id[0]
        self.drain_stk(paid)
        self.assert_paid(paid)
        self.set_pace(20)
        run.action_go_on()
        self.release()
        self.send()
        self.assertEqual((run.state, set(self.states(run))), ('done', {'asked'}))
        self.assertEqual(set(self.count_pushes().values()), {1})
        self.assertEqual(len(self.count_pushes()), 5)

    def test_the_last_prompts_can_be_stopped_while_they_wait_to_be_sent(self):
        run = self.start(self.students)
        self.release()
        self.assertEqual((run.state, run.can_stop, run.can_go_on), ('done', True, False))
        run.action_stop()
        self.assertEqual((run.state, set(self.states(run))), ('stopped', {'waiting'}))
        self.send()
        self.assertFalse(self.control.pushes())
        run.action_go_on()
        self.release()
        self.send()
        self.assertEqual(set(self.count_pushes().values()), {1})
        self.assertEqual((len(self.count_pushes()), run.can_stop), (5, False))

    def test_a_small_run_that_safaricom_refused_can_go_on(self):
        self.provider.mpesa_passkey = 'ab' * 32
        run = self.start(self.students[:2])
        self.release()
        with mute_logger(PUSH):
            self.send()
        self.assertEqual((run.state, run.can_go_on), ('done', True))
        self.provider.mpesa_passkey = defaults.SCHOOL_PASSKEY
        run.action_go_on()
        self.release()
        self.send()
        self.assertEqual((len(self.count_pushes()), run.state), (2, 'done'))

    def test_what_our_own_server_let_lie_is_made_anew_and_is_no_failure(self):
        self.patch_failures(2)
        run = self.start(self.students)
        self.release()
        txs = self.requests(self.students)
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '6 minutes'"
            " WHERE id = ANY(%s)", [txs.ids],
        )
        self.env.invalidate_all()
        self.send()
        self.assertEqual(set(txs.mapped('mpesa_push_state')), {'expired'})
        run.sudo().line_ids.released_at = fields.Datetime.now() - timedelta(minutes=6)
        self.release()
        self.send()
        self.assertEqual((run.state, run.stop_reason), ('done', False))
        self.assertEqual(set(self.count_pushes().values()), {1})
        self.assertEqual(len(self.count_pushes()), 5)

    def test_what_the_evening_overtakes_waits_for_the_morning(self):
        run = self.start(self.students[:2])
        self.release()
        single = self.ask()
        self.set_hours(0, 0)
        self.send()
        self.assertEqual(single.mpesa_push_state, 'accepted', "One asks whom one talks to.")
        self.assertEqual(len(self.control.pushes()), 1)
        self.release()
        self.assertEqual((run.state, set(self.states(run))), ('running', {'waiting'}))
        self.set_hours(0, 24)
        self.release()
        self.send()
        self.assertEqual(len(self.control.pushes()), 3)

    def test_a_server_without_its_keys_stops_the_run(self):
        run = self.start(self.students)
        with patch.object(vault, 'blind_index', side_effect=vault.VaultError("No key.")):
            self.release()
        self.assertEqual((run.state, set(self.states(run))), ('stopped', {'waiting'}))
        self.assertEqual(run.stop_reason, "No key.")

    def test_pressed_once_more_nothing_changes(self):
        run = self.start(self.students[:1])
        run.action_go_on()
        run.action_stop()
        stopped_at = run.stopped_at
        run.action_stop()
        self.assertEqual((run.state, run.stopped_at), ('stopped', stopped_at))
        run.action_start()
        self.assertEqual(run.state, 'stopped')

    def test_failures_in_a_row_stop_the_run(self):
        self.set_pace(2)
        self.patch_failures(2)
        run = self.start(self.students)
        self.control.script(api='stk_push', fault='http_500', times=2)
        self.release()
        with mute_logger(PUSH):
            self.send()
        self.release()
        self.assertEqual((run.state, self.states(run).count('waiting')), ('stopped', 3))
        self.assertIn("Safaricom failed 2 times in a row", run.stop_reason)
        self.assertFalse(run.stopped_by_id)
        self.pass_a_minute()
        run.action_go_on()
        self.release()
        self.send()
        # The first two may be on the phones: they are never sent again.
        self.assertEqual(self.states(run), ['asked'] * 4 + ['waiting'])
        self.assertEqual(len(self.count_pushes()), 2)

    def test_who_certainly_got_none_is_asked_again_on_go_on(self):
        self.set_pace(2)
        self.patch_failures(2)
        self.provider.mpesa_passkey = 'ab' * 32
        run = self.start(self.students[:3])
        self.release()
        with mute_logger(PUSH):
            self.send()
        self.assertEqual(run.unpaid_count, 2)
        self.release()
        self.assertEqual(run.state, 'stopped')
        self.assertIn("the passkey does not match", run.stop_reason)
        self.provider.mpesa_passkey = defaults.SCHOOL_PASSKEY
        self.set_pace(20)
        run.action_go_on()
        self.assertEqual(set(self.states(run)), {'waiting'})
        self.release()
        self.send()
        self.assertEqual(set(self.count_pushes().values()), {1})
        self.assertEqual(len(self.count_pushes()), 3)

    def test_answers_of_parents_stop_nothing(self):
        self.set_pace(2)
        self.patch_failures(2)
        run = self.start(self.students)
        self.release()
        self.send()
        for tx in run.sudo().line_ids.transaction_id:
            self.drain_stk(tx, 1032)
        self.assertFalse(run.sudo()._find_failure())

    def test_a_shortcode_that_takes_no_prompts_any_more(self):
        run = self.start(self.students)
        self.provider.mpesa_stk_enabled = False
        self.release()
        self.assertEqual((run.state, set(self.states(run))), ('stopped', {'waiting'}))
        self.assertIn("takes no prompts", run.stop_reason)

    # === WHAT CHANGED MEANWHILE === #

    def test_looked_at_again_before_it_goes(self):
        paid, part, moved, asked, fine = self.students
        run = self.start(self.students)
        self.create_receipt({paid: 1_000}, date='2026-09-01')
        self.create_receipt({part: 400}, date='2026-09-01')
        moved.guardian_link_ids.partner_id.phone = '0722 000 999'
        self.ask(student=asked, amount=100, phone='0722000304', invoices=None)
        self.create_term_bill(fine, self.term_2, 5_000)
        self.release()
        self.assertEqual(self.reasons(run), {
            paid: 'nothing', moved: 'changed', asked: 'in_flight',
        })
        self.assertEqual(self.requests(part).amount, 600)
        self.assertEqual(self.requests(fine).amount, 1_000, "Never more than was looked at.")
        self.assertEqual(run.state, 'done')

    def test_two_runs_on_one_family(self):
        first, second = self.start(self.students[:1]), self.start(self.students[:1])
        self.release()
        self.assertEqual(len(self.requests(self.students[:1])), 1)
        self.assertEqual((self.states(first), self.reasons(second)), (
            ['asked'], {self.students[0]: 'in_flight'},
        ))

    def test_a_run_holds_a_phone_once(self):
        line = self.start(self.students[:1]).line_ids.sudo()
        with self.assertRaises(pg_errors.UniqueViolation), mute_logger('odoo.sql_db'), \
                self.env.cr.savepoint():
            line.create({
                'run_id': line.run_id.id, 'student_id': self.students[1].id,
                'phone_index': line.phone_index,
            })

    # === KILLED, OUTRUN, ODD === #

    def test_killed_between_request_and_note_it_prompts_once(self):
        run = self.start(self.students[:1]).sudo()
        Transaction = type(self.env['payment.transaction'])
        with patch.object(Transaction, '_mpesa_tell_asked', side_effect=SystemExit), \
                self.assertRaises(SystemExit), self.env.cr.savepoint():
            run._release_next()
        self.env.invalidate_all()
        self.assertEqual(self.states(run), ['waiting'])
        self.assertFalse(self.requests(self.students[:1]))
        self.release()
        self.send()
        self.release()
        self.send()
        self.assertEqual(self.states(run), ['asked'])
        self.assertEqual(self.count_pushes(), {'254722000301': 1})

    def test_the_same_line_is_the_same_request(self):
        run = self.start(self.students[:1]).sudo()
        run._release_next()
        tx = run.line_ids.transaction_id
        again = self.ask(
            student=self.students[0], amount=1_000, phone='0722000301', invoices=None,
            intent=f'bulk-{run.line_ids.id}-0',
        )
        self.assertEqual(again, tx)

    def test_a_parent_who_was_quicker_is_looked_at_again(self):
        run = self.start(self.students[:1])
        Transaction = type(self.env['payment.transaction'])
        with patch.object(Transaction, '_mpesa_create_request', side_effect=ConcurrencyError("x")):
            self.release()
        self.assertEqual((run.state, self.states(run)), ('running', ['waiting']))
        self.release()
        self.assertEqual(self.states(run), ['asked'])

    def test_one_odd_family_holds_up_no_other(self):
        run = self.start(self.students[:2])
        Receipt = type(self.env['payment.transaction'])
        real = Receipt._mpesa_ask

        def ask(model, **values):
            if values['student'] == self.students[0]:
                message = "odd"
                raise ZeroDivisionError(message)
            return real(model, **values)

        with patch.object(Receipt, '_mpesa_ask', ask), \
                self.assertLogs(RELEASE, 'WARNING') as logs:
            self.release()
        self.assertEqual((self.reasons(run), run.state), ({self.students[0]: 'refused'}, 'done'))
        self.assertNotIn('722', ' '.join(logs.output))

    def patch_failures(self, count):
        patcher = patch(f'{RELEASE}.FAILURES', count)
        patcher.start()
        self.addCleanup(patcher.stop)
