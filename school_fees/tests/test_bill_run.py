from odoo.fields import Date
from odoo.tests import freeze_time, tagged

from odoo.addons.school_fees.tests.bill_run_common import BillRunCommon


@tagged('post_install', '-at_install')
class TestBillRun(BillRunCommon):

    def _again(self, term=None):
        run = self.preview(term)
        self.assertEqual(run.changed_count, 0, run.line_ids.mapped(lambda line: (
            line.name, line.status, line.proposed, line.posted,
        )))

    # === POSTING === #

    def test_the_bill_of_a_term(self):
        self.sibling_rule()
        run = self.run_bills(self.term_1)
        self.assertEqual(run.state, 'done')
        bill = self.moves(self.brian)
        self.assertEqual(self.lines(bill), [
            ("Tuition", 13000.0), ("Sibling discount, Tuition", -1300.0),
        ])
        self.assertEqual(
            (bill.state, bill.school_doc_type, bill.partner_id, bill.term_id, bill.enrolment_id,
             bill.bill_run_id, bill.invoice_date, bill.invoice_date_due, bill.amount_tax),
            ('posted', 'term_bill', self.brian.partner_id, self.term_1, self.place_brian,
             run, Date.to_date('2026-01-05'), Date.to_date('2026-01-12'), 0.0),
        )
        charge, concession = bill.invoice_line_ids
        self.assertEqual(concession.account_id, self.school.school_concession_account_id)
        self.assertNotEqual(charge.account_id, concession.account_id)
        self.assertEqual(concession.vote_head_id, self.tuition.vote_head_id)
        self.assertEqual(concession.concession_id.name, "Sibling discount")
        self.assertEqual(bill.line_ids.student_id, self.brian)
        self.assertEqual(self.brian.balance, 11700.0)

    def test_a_taxable_side_service(self):
        tax = self.school.account_sale_tax_id
        for included, total, tax_amount in (
            ('tax_excluded', 17640.0, 640.0), ('tax_included', 17000.0, 551.72),
        ):
            with self.subTest(included), self.env.cr.savepoint() as savepoint:
                tax.price_include_override = included
                self.lunch.taxes_id = tax
                lunch = self.choose(self.brian, self.lunch)
                self.run_bills(self.term_1)
                bill = self.moves(self.brian)
                self.assertEqual((bill.amount_total, bill.amount_tax), (total, tax_amount))
                self.assertEqual(sum(bill.line_ids.mapped('balance')), 0.0)
                self._again()
                lunch.unlink()
                self.run_bills(self.term_1)
                note = self.moves(self.brian)[1]
                self.assertEqual(note.amount_total, total - 13000.0)
                self._again()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_the_ledger_of_a_bill_is_what_odoo_makes_of_it(self):
        self.sibling_rule()
        run = self.preview()
        row = self.row(run, self.brian)
        values = run._prepare_document(
            row, run._read_differences(row)[self.brian], 'term_bill',
        )
        ours = run._create_documents([values])
        for _command, _id, line in values['invoice_line_ids']:
            for field in ('tax_tag_ids', 'balance', 'amount_currency'):
                del line[field]
        ours.button_cancel()
        theirs = self.env['account.move'].create(values)

        def ledger(move):
            return [
                (line.account_id, line.balance, line.amount_currency, line.tax_ids,
                 line.tax_tag_ids, line.tax_line_id, line.date_maturity, line.vote_head_id)
                for line in move.line_ids.sorted(lambda item: (item.account_id.id, item.balance))
            ]

        self.assertEqual(ledger(ours), ledger(theirs))
        self.assertEqual(ours.amount_total, theirs.amount_total)

    def test_running_twice_does_nothing(self):
        self.sibling_rule()
        self.grant(self.faith)
        self.choose(self.faith, self.lunch, qty=3)
        self.place_brian.date_from = '2026-02-16'
        self.run_bills(self.term_1)
        self._again()
        self.assertEqual(len(self.moves(self.faith) | self.moves(self.brian)), 2)

    def test_what_comes_later_is_a_supplement(self):
        self.run_bills(self.term_1)
        self.choose(self.faith, self.lunch)
        with freeze_time('2026-02-10 12:00:00'):
            self.run_bills(self.term_1)
        _bill, supplement = self.moves(self.faith)
        self.assertEqual(
            (supplement.school_doc_type, supplement.state, self.lines(supplement),
             supplement.invoice_date, supplement.invoice_date_due),
            ('supplement', 'posted', [("Lunch", 4000.0)], Date.to_date('2026-02-10'),
             Date.to_date('2026-02-10')),
        )
        self.assertEqual(len(self.moves(self.brian)), 1)
        self._again()

    def test_a_reduction_is_a_draft_credit_note(self):
        lunch = self.choose(self.faith, self.lunch)
        self.run_bills(self.term_1)
        lunch.unlink()
        self.run_bills(self.term_1)
        note = self.moves(self.faith)[1]
        self.assertEqual(
            (note.move_type, note.state, note.term_id, note.partner_id, note.amount_total),
            ('out_refund', 'draft', self.term_1, self.faith.partner_id, 4000.0),
        )
        self._again()
        note.action_post()
        self.assertEqual(self.faith.balance, 13600.0)
        self._again()
        self.assertEqual(self._statement(self.faith), 13600.0)

    def _statement(self, student):
        """ Sum the ledger of a student. """
        return sum(self.env['account.move.line'].search([
            ('partner_id', '=', student.partner_id.id), ('parent_state', '=', 'posted'),
            ('account_id.account_type', '=', 'asset_receivable'),
        ]).mapped('balance'))

    def test_a_deleted_credit_note_is_proposed_again(self):
        lunch = self.choose(self.faith, self.lunch)
        self.run_bills(self.term_1)
        lunch.unlink()
        self.run_bills(self.term_1)
        self.moves(self.faith)[1].unlink()
        self.assertEqual(self.row(self.preview(), self.faith).amount, -4000.0)

    def test_a_waiver_after_posting_is_a_credit_note(self):
        self.run_bills(self.term_1)
        grant = self.grant(self.faith, term_to_id=self.term_1.id)
        self.run_bills(self.term_1)
        note = self.moves(self.faith)[1]
        self.assertEqual(self.lines(note), [("Scholarship, Tuition", 6500.0)])
        self.assertEqual(note.invoice_line_ids.concession_grant_id, grant)
        self.assertEqual(
            note.invoice_line_ids.account_id, self.school.school_concession_account_id,
        )
        self._again()

    def test_from_day_to_boarding(self):
        boarding_fee = self.create_fee("Boarding", 'BES', prorata='weeks')
        day_fee = self.create_fee("Day care", 'DAY', prorata='weeks')
        self.structure.state = 'replaced'
        self.create_structure(
            self.level_8, [(self.tuition, 13000), (day_fee, 1300)], boarding='day',
        )
        self.create_structure(
            self.level_8, [(self.tuition, 13000), (boarding_fee, 26000)], boarding='boarding',
        )
        self.run_bills(self.term_1)
        self.place_faith.date_to = '2026-02-15'
        self.enrol(self.faith, self.class_8, '2026-02-16', boarding='boarding')
        self.run_bills(self.term_1)
        _bill, supplement, note = self.moves(self.faith)
        self.assertEqual(self.lines(supplement), [("Boarding, 7 of 13 weeks", 14000.0)])
        self.assertEqual(self.lines(note), [
            ("Day care, 6 of 13 weeks: KES 600 instead of KES 1,300", 700.0),
        ])
        self._again()

    def test_a_leaver_gets_the_weeks_back(self):
        self.run_bills(self.term_1)
        self.faith.write({'state': 'left', 'left_on': '2026-02-15'})
        self.run_bills(self.term_1)
        self.assertEqual(self.moves(self.faith)[1].amount_total, 7000.0)
        self._again()

    def test_who_is_enrolled_no_more_gets_all_back(self):
        self.run_bills(self.term_1)
        self.moves(self.faith).enrolment_id = False
        self.place_faith.unlink()
        run = self.run_bills(self.term_1)
        self.assertEqual(self.row(run, self.faith).status, 'gone')
        self.assertEqual(self.moves(self.faith)[1].amount_total, 13600.0)

    # === BASES === #

    def test_once_once_a_year_and_per_family(self):
        admission = self.create_fee("Admission", 'ADM', charge_basis='once')
        books = self.create_fee("Books", 'BKS', charge_basis='year')
        caution = self.create_fee("Caution money", 'DEP', charge_basis='deposit')
        self.structure.state = 'replaced'
        self.create_structure(self.level_8 | self.level_5, [
            (self.levy, 600), (admission, {'amount': 3000, 'new_students_only': True}),
            (books, {'amount': 900}), (caution, {'amount': 5000}),
        ])
        self.faith.joined_on = '2026-01-05'
        self.brian.joined_on = '2024-01-05'
        self.run_bills(self.term_1)
        self.assertEqual(self.faith.balance, 9500.0)
        self.assertEqual(self.brian.balance, 5900.0)
        deposit = self.moves(self.faith).invoice_line_ids.filtered(
            lambda line: line.product_id == caution
        )
        self.assertEqual(deposit.account_id.account_type, 'liability_current')
        self._again()
        self.run_bills(self.term_2)
        self.assertEqual((self.faith.balance, self.brian.balance), (10100.0, 5900.0))
        self._again(self.term_2)

    def test_the_levy_stays_with_the_child_who_was_charged(self):
        self.run_bills(self.term_1)
        self.level_5.sequence = 20  # Brian would be the first child now.
        self._again()

    def test_what_is_charged_on_demand_is_never_missed(self):
        trip = self.create_fee("Trip", 'TRIP', charge_basis='on_demand')
        self.run_bills(self.term_1)
        self.env['account.move'].create({
            'move_type': 'out_invoice', 'school_doc_type': 'supplement',
            'student_id': self.faith.id, 'term_id': self.term_1.id,
            'invoice_line_ids': [(0, 0, {'product_id': trip.id, 'price_unit': 500})],
        }).action_post()
        self._again()

    # === CREDITS === #

    def test_open_credits_are_applied_at_once(self):
        self.create_receipt({self.faith: 5000}, date='2025-12-20')
        self.run_bills(self.term_1)
        bill = self.moves(self.faith)
        self.assertEqual((bill.amount_residual, bill.payment_state), (8600.0, 'partial'))
        self.assertEqual(self.moves(self.brian).payment_state, 'not_paid')

    def test_a_credit_pays_the_oldest_debt_first(self):
        self.run_bills(self.term_1)
        old = self.moves(self.faith)
        self.create_receipt({self.faith: 20000})
        self.run_bills(self.term_2)
        new = self.moves(self.faith) - old
        self.assertEqual((old.amount_residual, new.amount_residual), (0.0, 7200.0))

    # === UNDO === #

    def test_undoing_and_billing_again(self):
        run = self.run_bills(self.term_1)
        run.action_undo()
        self.work_off(run)
        self.assertEqual(run.state, 'undone')
        bill = self.moves(self.faith)[0]
        self.assertEqual((bill.state, bill.payment_state), ('posted', 'reversed'))
        self.assertEqual((self.faith.balance, self.brian.balance), (0.0, 0.0))
        self.run_bills(self.term_1)
        self.assertEqual(self.moves(self.faith)[-1].school_doc_type, 'term_bill')
        self.assertEqual(self.faith.balance, 13600.0)
        self._again()

    def test_undoing_keeps_what_was_paid_and_says_so(self):
        run = self.run_bills(self.term_1)
        receipt = self.create_receipt({self.faith: 1000})
        run.action_undo()
        self.work_off(run)
        self.assertEqual(run.state, 'done')
        row = self.row(run, self.faith)
        self.assertEqual(row.state, 'kept')
        self.assertIn(self.moves(self.faith).name, row.reason)
        self.assertEqual(self.row(run, self.brian).state, 'undone')
        self.assertEqual((self.faith.balance, self.brian.balance), (12600.0, 0.0))
        receipt._reverse("Wrong child")
        run.action_undo()
        self.work_off(run)
        self.assertEqual((run.state, self.faith.balance), ('undone', 0.0))

    def test_undoing_cancels_draft_credit_notes(self):
        lunch = self.choose(self.faith, self.lunch)
        self.run_bills(self.term_1)
        lunch.unlink()
        run = self.run_bills(self.term_1)
        run.action_undo()
        self.work_off(run)
        self.assertEqual(self.moves(self.faith)[1].state, 'cancel')
        self.assertEqual(self.row(self.preview(), self.faith).amount, -4000.0)
