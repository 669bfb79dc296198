from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.school_fees.tests.bill_run_common import BillRunCommon


@tagged('post_install', '-at_install')
class TestBillRunPreview(BillRunCommon):

    def _warnings(self, run, student):
        return [w.kind for w in run.warning_ids if w.student_id == student]

    def test_the_difference_by_student_and_item(self):
        self.choose(self.brian, self.lunch, qty=2)
        run = self.preview()
        self.assertEqual(run.state, 'preview')
        self.assertEqual(self.items(run, self.faith), [
            ("Tuition", 13000.0), ("Parents' levy", 600.0),
        ])
        self.assertEqual(self.items(run, self.brian), [("Tuition", 13000.0), ("Lunch × 2", 8000.0)])
        self.assertEqual(set(run.line_ids.mapped('status')), {'new'})
        self.assertEqual((run.amount, run.changed_count), (34600.0, 2))
        for text in ("Grade 8 2026", "Lunch", "13,600"):
            self.assertIn(text, run.totals)
        self.assertFalse(self.moves(self.faith), "a preview posts nothing")

    def test_previewing_again_replaces(self):
        run = self.preview()
        run.action_preview()
        self.assertEqual(len(run.run_student_ids), 2)
        self.assertEqual(len(run.line_ids), 3)

    def test_more_less_gone_and_same(self):
        lunch = self.choose(self.faith, self.lunch)
        self.choose(self.brian, self.lunch)
        self.run_bills(self.term_1)
        lunch.unlink()
        dearer = self.structure.browse(self.structure.action_new_version()['res_id'])
        lines = {line.product_id: line for line in dearer.line_ids}
        lines[self.tuition].amount_1, lines[self.levy].amount_1 = 14000, 500
        dearer.sudo().state = 'approved'
        dearer.action_publish()
        run = self.preview()
        self.assertEqual(
            [(line.product_id, line.status, line.amount)
             for line in self.row(run, self.faith).line_ids],
            [(self.tuition, 'more', 1000.0), (self.levy, 'less', -100.0),
             (self.lunch, 'gone', -4000.0)],
        )
        self.assertEqual(self.row(run, self.faith).status, 'less')
        self.assertEqual(
            [(line.product_id, line.status) for line in self.row(run, self.brian).line_ids],
            [(self.tuition, 'more'), (self.lunch, 'same')],
        )
        self.assertEqual(
            self.row(run, self.brian).line_ids.mapped('name'),
            ["Tuition: KES 14,000 instead of KES 13,000", "Lunch"],
            "what stays as it is stands without two equal amounts",
        )
        self.assertEqual(self.row(run, self.brian).status, 'more')
        self.assertEqual(self.row(run, self.brian).posted, 17000.0)

    def test_last_term_stands_beside(self):
        self.run_bills(self.term_1)
        self.assertEqual(self.row(self.preview(self.term_2), self.faith).last_term, 13600.0)

    def test_the_scope(self):
        run = self.preview(class_ids=self.class_5.ids)
        self.assertEqual(run.run_student_ids.student_id, self.brian)
        self.assertEqual(self.items(run, self.brian), [("Tuition", 13000.0)], "Faith has the levy")
        run = self.preview(level_ids=self.level_8.ids)
        self.assertEqual(run.run_student_ids.student_id, self.faith)
        run = self.preview(student_ids=self.faith.ids)
        self.assertEqual(run.run_student_ids.student_id, self.faith)

    def test_weeks_stand_in_the_text(self):
        self.place_faith.date_from = '2026-02-16'
        self.assertEqual(
            self.items(self.preview(), self.faith)[0], ("Tuition, 7 of 13 weeks", 7000.0),
        )

    def test_half_of_the_term_stands_in_the_text(self):
        self.tuition.prorata = 'half'
        self.term_1.half_term_on = '2026-02-16'
        self.place_faith.date_from = '2026-02-16'
        self.assertEqual(
            self.items(self.preview(), self.faith)[0], ("Tuition, half of the term", 6500.0),
        )

    def test_applicants_and_leavers_are_not_billed(self):
        self.brian.state = 'applicant'
        self.faith.write({'state': 'left', 'left_on': '2026-01-02'})
        self.assertFalse(self.preview().run_student_ids.line_ids)

    # === CONCESSIONS === #

    def test_siblings_are_ranked_anew_at_each_run(self):
        self.sibling_rule()
        run = self.preview()
        self.assertEqual(self.items(run, self.brian), [
            ("Tuition", 13000.0), ("Sibling discount, Tuition", -1300.0),
        ])
        self.assertEqual(self.items(run, self.faith)[0][1], 13000.0)
        self.faith.write({'state': 'left', 'left_on': '2026-01-02'})
        self.assertEqual(self.items(self.preview(), self.brian), [
            ("Tuition", 13000.0), ("Parents' levy", 600.0),
        ])

    def test_what_a_category_gets(self):
        staff = self.env['school.student.category'].create({'name': "Staff child", 'code': 'S'})
        self.env['school.concession'].create({
            'name': "Staff", 'kind': 'category', 'category_id': staff.id, 'value': 50,
        })
        self.brian.category_id = staff
        run = self.preview()
        self.assertEqual(self.items(run, self.brian)[1], ("Staff, Tuition", -6500.0))
        self.assertNotIn(("Staff, Tuition", -6500.0), self.items(run, self.faith))

    def test_a_grant_holds_in_its_terms(self):
        self.grant(self.faith, term_to_id=self.term_1.id)
        self.assertIn(
            ("Scholarship, Tuition", -6500.0), self.items(self.preview(), self.faith),
        )
        self.assertNotIn(
            ("Scholarship, Tuition", -6500.0), self.items(self.preview(self.term_2), self.faith),
        )

    # === WARNINGS === #

    def test_a_grant_without_approval_is_flagged_and_not_given(self):
        self.grant(self.faith, approve=False)
        run = self.preview()
        self.assertEqual(self._warnings(run, self.faith), ['unapproved'])
        self.assertEqual(self.row(run, self.faith).amount, 13600.0)
        self.assertIn("Concession not approved", run.warning_summary)

    def test_no_structure_is_flagged(self):
        grace = self.create_student("Grace Mwangi", "ADM-020")
        self.enrol(grace, self.create_class(self.create_level("Grade 1", 'G1')))
        run = self.preview()
        self.assertEqual(self._warnings(run, grace), ['no_structure', 'no_phone'])
        self.assertEqual(self.row(run, grace).status, 'none')
        self.assertIn("No published fee structure fits Grade 1", self.row(run, grace).warning)
        self.assertEqual(run.changed_count, 2)

    def test_one_student_and_several_are_counted_in_words(self):
        self.structure.sudo().state = 'replaced'
        self.assertIn("No fee structure: 2 students", self.preview().warning_summary)
        self.brian.state = 'applicant'
        self.assertIn("No fee structure: 1 student", self.preview().warning_summary)
        self.assertNotIn("1 students", self.preview().warning_summary)

    def test_two_structures_are_flagged_and_take_nothing_back(self):
        self.run_bills(self.term_1)
        category = self.env['school.student.category'].create({'name': "Staff", 'code': 'S'})
        self.faith.category_id = category
        self.create_structure(self.level_8, [(self.tuition, 1)], category_id=category.id)
        self.create_structure(self.level_8, [(self.tuition, 2)], boarding='day')
        run = self.preview()
        self.assertEqual(self._warnings(run, self.faith), ['two_structures'])
        self.assertEqual((self.row(run, self.faith).status, run.changed_count), ('none', 0))

    def test_ceiling_and_price_are_flagged(self):
        self.tuition.vote_head_id.ceiling_term = 12999
        zone = self.env['school.zone'].create({'name': "Far"})
        bus = self.create_fee("Bus", 'BUS', is_optional=True)
        self.choose(self.faith, bus, zone_id=zone.id)
        self.assertEqual(
            sorted(self._warnings(self.preview(), self.faith)), ['no_price', 'over_ceiling'],
        )

    def test_the_yearly_ceiling_counts_the_other_terms(self):
        self.tuition.vote_head_id.ceiling_year = 26000
        self.assertFalse(self._warnings(self.run_bills(self.term_1), self.faith))
        self.assertFalse(self._warnings(self.run_bills(self.term_2), self.faith))
        self.assertEqual(self._warnings(self.preview(self.term_3), self.faith), ['over_ceiling'])

    def test_a_draft_is_flagged_and_counts(self):
        self.create_term_bill(self.faith, self.term_1, 100, post=False)
        self.assertEqual(self._warnings(self.preview(), self.faith), ['draft'])

    # === BAD INPUT === #

    def test_a_closed_term_is_refused(self):
        self.term_1.state = 'closed'
        with self.refusal(UserError, "closed"):
            self.preview()
        self.term_1.state = 'draft'
        run = self.preview()
        self.term_1.state = 'closed'
        with self.refusal(UserError, "closed"):
            run.action_post()

    def test_posting_needs_a_preview_and_something_to_post(self):
        run = self.env['school.bill.run'].create({'term_id': self.term_1.id})
        with self.refusal(UserError, "Preview the run first"):
            run.action_post()
        self.run_bills(self.term_1)
        run.action_preview()
        with self.refusal(UserError, "nothing to post"):
            run.action_post()

    def test_another_term_needs_another_preview(self):
        run = self.preview()
        run.term_id = self.term_2
        self.assertEqual(run.state, 'draft')
        with self.refusal(UserError, "Preview the run first"):
            run.action_post()
        with self.refusal(UserError, "only by its buttons"):
            run.with_user(self.bursar).state = 'done'

    def test_the_current_term_is_chosen(self):
        self.term_2.state = 'current'
        self.assertEqual(self.env['school.bill.run'].create({}).term_id, self.term_2)

    def test_the_number_of_queries_does_not_grow(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            run = self.env['school.bill.run'].create({'term_id': self.term_1.id})
            run._read_proposals()
            return self.env.cr.sql_log_count - before

        few = count()
        for number in range(20):
            child = self.create_student(f"Child {number}", f"ADM-1{number:02}")
            self.enrol(child, self.class_8)
            self.choose(child, self.lunch)
            self.grant(child)
        self.assertLessEqual(count(), few + 3)  # The first grant is read with its rule.
