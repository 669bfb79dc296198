from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.prompt_bulk_common import PromptBulkCommon


OUTCOMES = {
    311: (0, 'paid'), 312: (1032, 'cancelled'), 313: (2001, 'wrong_pin'), 314: (1, 'low_balance'),
    315: (1037, 'no_answer'), 316: (17, 'other'), 317: (None, 'open'),
}


@tagged('post_install', '-at_install')
class TestPromptBulkResult(PromptBulkCommon):
    """What became of each phone, as Safaricom said it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.students = cls.env['school.student'].union(*(
            cls.create_payer(number) for number in OUTCOMES
        ))
        cls.paid_before = cls.create_payer(320, 0)

    def run_all(self):
        """ Prompt all of them, and let each answer in its own way. """
        run = self.start(self.students | self.paid_before)
        self.release()
        self.send()
        for line, (code, _result) in zip(
            run.sudo().line_ids.filtered('transaction_id'), OUTCOMES.values(), strict=True,
        ):
            if code is not None:
                self.drain_stk(line.transaction_id, code)
        return run

    def test_a_result_for_each_family(self):
        run = self.run_all()
        rows = self.env['mpesa.prompt.bulk.result'].with_user(self.bursar).search([
            ('run_id', '=', run.id),
        ])
        self.assertEqual(
            {row.student_id: row.result for row in rows},
            dict(zip(self.students, (result for _code, result in OUTCOMES.values()), strict=True))
            | {self.paid_before: 'left'},
        )
        paid = rows.filtered(lambda row: row.result == 'paid')
        self.assertEqual((paid.paid, sum(rows.mapped('paid'))), (1_000, 1_000))
        self.assertEqual(paid.action_open_request()['res_id'], paid.transaction_id.id)
        self.assertEqual(
            (run.paid_count, run.paid_amount, run.unpaid_count, run.waiting_count),
            (1, 1_000, 5, 0),
        )
        self.assertEqual(
            {part['key']: part['count'] for part in run.progress['parts']},
            {'paid': 1, 'open': 1, 'unpaid': 5, 'check': 0, 'waiting': 0},
        )
        self.assertTrue(run.progress['is_live'])
        self.assert_conserved()

    def test_a_success_that_comes_late_wins(self):
        run = self.run_all()
        tx = self.requests(self.students[4])
        self.drain_stk(tx, receipt='UIE4K7P2QY')
        self.assert_paid(tx, 'UIE4K7P2QY', late=True)
        row = run.result_ids.filtered(lambda one: one.transaction_id == tx)
        row.invalidate_recordset()
        self.assertEqual((row.result, row.paid), ('paid', 1_000))

    def test_in_a_pivot_and_in_an_export(self):
        run = self.run_all()
        Result = self.env['mpesa.prompt.bulk.result'].with_user(self.bursar)
        groups = Result.formatted_read_group(
            [('run_id', '=', run.id)], ['result'], ['__count', 'paid:sum'],
        )
        self.assertEqual(
            {group['result']: group['__count'] for group in groups},
            {result: 1 for _code, result in OUTCOMES.values()} | {'left': 1},
        )
        Result.formatted_read_group([], ['class_id'], ['paid:sum'])
        rows = Result.search([('run_id', '=', run.id)])
        exported = rows.sudo().export_data(['student_id', 'result', 'paid'])['datas']
        self.assertEqual(len(exported), 8)

    def test_a_link_for_who_did_not_pay(self):
        run = self.run_all()
        context = run.action_send_links()['context']
        self.assertEqual(
            set(context['default_student_ids']), set(self.students[1:6].ids),
            "Neither who paid, nor who may still pay, nor who was never asked.",
        )
        Wizard = self.env['mpesa.link.bulk'].with_user(self.bursar).with_context(**context)
        wizard = Wizard.create({})
        wizard.action_preview()
        self.assertEqual(wizard.ready_line_ids.student_id, self.students[1:6])
        nobody = self.start(self.create_payer(330))
        with self.refusal(UserError, "No link was made"):
            nobody.action_send_links()
