from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.models import school_bill_run_posting
from odoo.addons.school_fees.tests.bill_run_common import BillRunCommon


@tagged('post_install', '-at_install')
class TestBillRunFaults(BillRunCommon):

    def _start(self):
        run = self.preview()
        run.action_post()
        return run

    def test_one_bad_student_is_skipped_and_says_why(self):
        run = self._start()
        self.faith.partner_id.property_account_receivable_id = self.env['account.account'].create({
            'name': "Old receivable", 'code': '110990', 'account_type': 'asset_receivable',
            'reconcile': True, 'active': False,
        })
        self.work_off(run)
        row = self.row(run, self.faith)
        self.assertEqual(row.state, 'skipped')
        self.assertIn("Old receivable", row.reason)
        self.assertEqual(self.row(run, self.brian).state, 'posted')
        self.assertEqual((self.faith.balance, self.brian.balance), (0.0, 13000.0))
        self.assertEqual(run.progress, {
            'state': 'done', 'done': 2, 'total': 2, 'skipped': 1, 'kept': 0,
        })

    def test_what_was_billed_meanwhile_is_skipped(self):
        first, second = self._start(), self._start()
        self.work_off(first)
        self.work_off(second)
        self.assertEqual(set(second.run_student_ids.mapped('state')), {'skipped'})
        self.assertIn("Billed meanwhile", self.row(second, self.faith).reason)
        self.assertEqual(len(self.moves(self.faith)), 1)

    def test_what_changed_since_the_preview_is_skipped(self):
        run = self._start()
        self.choose(self.faith, self.lunch)
        self.work_off(run)
        self.assertIn("changed since the preview", self.row(run, self.faith).reason)
        self.assertFalse(self.moves(self.faith))
        self.assertTrue(self.moves(self.brian))

    def test_a_term_closed_meanwhile_gets_no_bill(self):
        run = self._start()
        self.term_1.state = 'closed'
        self.work_off(run)
        self.assertFalse(self.moves(self.faith) | self.moves(self.brian))
        self.assertIn("closed", self.row(run, self.faith).reason)

    def test_chunks_and_the_scheduled_action(self):
        self.patch(school_bill_run_posting, 'CHUNK', 1)
        run = self._start()
        with self.enter_registry_test_mode():
            self.env.ref('school_fees.cron_bill_run').method_direct_trigger()
        run.invalidate_recordset()
        self.assertEqual(run.state, 'done')
        self.assertEqual(set(run.run_student_ids.mapped('state')), {'posted'})

    def test_the_last_chunk_closes_the_run_though_the_time_is_up(self):
        run = self._start()
        with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=0.0):
            self.env['school.bill.run']._cron_post()
        self.assertEqual(run.state, 'done')

    def test_a_bursar_bills_and_is_the_author(self):
        run = self.env['school.bill.run'].with_user(self.bursar).create({
            'term_id': self.term_1.id,
        })
        run.action_preview()
        self.assertEqual(run.changed_count, 2)
        run.action_post()
        self.work_off(run.sudo())
        self.assertEqual(self.moves(self.faith).create_uid, self.bursar)
        self.assertEqual(run.posted_by_id, self.bursar)
        with self.assertRaises(AccessError):
            run.line_ids[0].write({'amount': 1})

    def test_a_cashier_bills_nobody(self):
        cashier = new_test_user(
            self.env, login='run_cashier', groups='school_fees.group_cashier',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        with self.assertRaises(AccessError):
            self.env['school.bill.run'].with_user(cashier).create({'term_id': self.term_1.id})

    def test_another_school_is_left_alone(self):
        other = self.create_school("Mwangaza School")
        self.env.user.company_ids |= other
        year = self.year.copy({'company_id': other.id})
        term = self.term_1.copy({'year_id': year.id})
        run = self.env['school.bill.run'].with_company(other).create({
            'term_id': term.id, 'company_id': other.id,
        })
        run.action_preview()
        self.assertFalse(run.run_student_ids)

    def test_a_posted_run_is_kept(self):
        run = self.run_bills(self.term_1)
        with self.refusal(UserError, "is kept"):
            run.unlink()
        with self.refusal(UserError, "posted already"):
            run.action_preview()
        self.preview(self.term_2).unlink()

    def test_a_closed_term_gets_no_bill_by_hand(self):
        bill = self.create_term_bill(self.faith, self.term_1, 1000, post=False)
        self.term_1.state = 'closed'
        with self.refusal(UserError, "closed and gets no bill"):
            bill.with_user(self.bursar).action_post()
        bill.school_doc_type = 'supplement'
        bill.with_user(self.bursar).action_post()

    @mute_logger('odoo.sql_db')
    def test_a_hand_made_bill_makes_the_run_a_supplement(self):
        self.create_term_bill(self.faith, self.term_1, 1000)
        self.run_bills(self.term_1)
        self.assertEqual(
            self.moves(self.faith).mapped('school_doc_type'), ['term_bill', 'supplement'],
        )
