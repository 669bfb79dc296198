from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestFeeStructure(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level = cls.create_level()
        cls.tuition = cls.create_fee()
        cls.boarding = cls.create_fee("Boarding", 'BES')
        cls.admission = cls.create_fee("Admission", 'ADM', charge_basis='once')
        cls.bursar, cls.head, cls.second_head = (
            new_test_user(
                cls.env, login=login, groups=f'school_fees.{group}', company_id=cls.school.id,
                company_ids=[Command.set(cls.school.ids)],
            )
            for login, group in (
                ('structure_bursar', 'group_bursar'), ('structure_head', 'group_approver'),
                ('structure_second', 'group_approver'),
            )
        )
        cls.next_year = cls.env['school.academic.year'].create({
            'name': "2027", 'date_from': '2027-01-01', 'date_to': '2027-12-31',
        })

    def _draft(self, fees=None, **values):
        return self.create_structure(
            self.level, fees or [(self.tuition, {'amount': 53554})], publish=False, **values,
        )

    def _terms(self, structure):
        return [structure.amount_1, structure.amount_2, structure.amount_3]

    # === SPLIT === #

    def test_the_annual_amount_is_cut_by_the_profile(self):
        structure = self._draft(split='public')
        self.assertEqual(self._terms(structure), [26777.0, 16066.0, 10711.0])
        self.assertEqual(structure.amount, 53554.0)

    def test_equal_thirds_by_default(self):
        self.assertEqual(self._terms(self._draft()), [17851.0, 17851.0, 17852.0])

    def test_what_is_charged_once_falls_into_the_first_term(self):
        structure = self._draft([(self.admission, {'amount': 5000})])
        self.assertEqual(self._terms(structure), [5000.0, 0.0, 0.0])

    def test_typing_in_the_grid(self):
        with Form(self._draft()) as form:
            with form.line_ids.edit(0) as line:
                line.amount = 30000
                self.assertEqual(line.amount_3, 10000)
                line.amount_3 = 12000
                self.assertEqual(line.amount, 32000)
            with form.line_ids.new() as line:
                line.product_id = self.boarding
                line.amount = 100
        self.assertEqual(self._terms(form.record), [10033.0, 10033.0, 12034.0])

    def test_another_profile_cuts_anew(self):
        with Form(self._draft()) as form:
            form.split = 'public'
        self.assertEqual(self._terms(form.record), [26777.0, 16066.0, 10711.0])

    def test_percentages_make_a_hundred(self):
        with self.refusal(IntegrityError, "percent_range"):
            self._draft(split='custom', percent_1=50, percent_2=30, percent_3=30)

    def test_no_fee_stands_twice(self):
        structure = self._draft([(self.tuition, 1000)])
        with self.refusal(IntegrityError, "item_uniq"):
            structure.line_ids = [Command.create({'product_id': self.tuition.id, 'amount_1': 5})]
        structure.line_ids = [Command.create({
            'product_id': self.tuition.id, 'amount_1': 5, 'new_students_only': True,
        })]

    def test_no_fee_is_below_zero(self):
        with self.refusal(IntegrityError, "amounts_positive"):
            self._draft([(self.tuition, {'amount': -5})])

    def test_a_fee_on_demand_is_in_no_structure(self):
        trip = self.create_fee("Trip", 'TRIP', charge_basis='on_demand')
        with self.refusal(ValidationError, "no fee item of a structure"):
            self._draft([(trip, 500)])

    def test_the_total_leaves_options_out(self):
        lunch = self.create_fee("Lunch", 'LUN', is_optional=True)
        structure = self._draft([(self.tuition, 1000), (lunch, 400)])
        self.assertEqual(structure.amount, 3000.0)

    def test_the_ceiling_is_watched(self):
        self.tuition.vote_head_id.ceiling_year = 53554
        structure = self._draft()
        self.assertFalse(structure.warning)
        self.tuition.vote_head_id.ceiling_year = 53553
        structure.invalidate_recordset(['warning'])
        self.assertIn("above the ceiling", structure.warning)

    # === APPROVAL === #

    def test_a_second_person_approves(self):
        structure = self._draft()
        mine = structure.with_user(self.head)
        mine.action_submit()
        with self.refusal(UserError, "second person"):
            mine.action_approve()
        with self.refusal(UserError, "Only an approver"):
            structure.with_user(self.bursar).action_approve()
        structure.with_user(self.second_head).action_approve()
        self.assertEqual(structure.state, 'approved')
        self.assertEqual(structure.approved_by_id, self.second_head)
        structure.with_user(self.bursar).action_publish()
        self.assertEqual(structure.state, 'published')

    def test_no_status_moves_without_its_button(self):
        structure = self._draft().with_user(self.bursar)
        with self.refusal(UserError, "only by its buttons"):
            structure.state = 'approved'
        with self.refusal(UserError, "only by its buttons"):
            structure.copy({'state': 'published'})
        with self.refusal(UserError, "cannot be done now"):
            structure.action_publish()

    def test_what_was_approved_is_locked(self):
        structure = self._draft().with_user(self.bursar)
        structure.action_submit()
        for change in (
            lambda: structure.write({'name': "Other"}),
            lambda: structure.line_ids.write({'amount_1': 1}),
            structure.line_ids.unlink,
            structure.unlink,
            lambda: structure.write({'line_ids': [Command.create({
                'product_id': self.boarding.id, 'amount_1': 1,
            })]}),
        ):
            with self.refusal(UserError, "not edited any more"):
                change()
        structure.action_back_to_draft()
        structure.name = "Other"

    def test_an_empty_structure_is_not_submitted(self):
        structure = self._draft()
        structure.line_ids.unlink()
        with self.refusal(UserError, "no fees yet"):
            structure.action_submit()

    def test_a_new_version_replaces(self):
        old = self.create_structure(self.level, [(self.tuition, 1000)])
        action = old.with_user(self.bursar).action_new_version()
        new = old.browse(action['res_id'])
        self.assertEqual((new.version, new.replaces_id, new.state), (2, old, 'draft'))
        self.assertEqual(old.action_new_version()['res_id'], new.id, "one draft is enough")
        new.line_ids.amount_1 = 1500
        new.with_user(self.bursar).action_submit()
        new.with_user(self.head).action_approve()
        self.assertEqual(old.state, 'published')
        new.action_publish()
        self.assertEqual((old.state, new.state), ('replaced', 'published'))
        self.assertEqual(old.amount_1, 1000.0)

    def test_no_two_published_structures_for_the_same_students(self):
        self.create_structure(self.level, [(self.tuition, 1000)])
        with self.refusal(ValidationError, "are both for Grade 8"):
            self.create_structure(self.level, [(self.tuition, 2000)])
        self.create_structure(self.level, [(self.tuition, 2000)], boarding='boarding')

    def test_a_cashier_reads_and_writes_nothing(self):
        cashier = new_test_user(
            self.env, login='structure_cashier', groups='school_fees.group_cashier',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        structure = self.create_structure(self.level, [(self.tuition, 1000)]).with_user(cashier)
        self.assertEqual(structure.amount, 3000.0)
        with self.assertRaises(AccessError):
            structure.action_new_version()

    # === NEXT YEAR === #

    def _copy(self, structures=None, **values):
        wizard = self.env['school.fee.structure.copy'].with_context(**({
            'active_model': 'school.fee.structure', 'active_ids': structures.ids,
        } if structures else {})).with_user(self.bursar)
        return Form(wizard)

    def test_copying_to_next_year_raises_chosen_fees(self):
        structure = self.create_structure(
            self.level, [(self.tuition, 1000), (self.boarding, 500)],
        )
        form = self._copy()
        form.percent = 5
        self.assertEqual(form.year_id, self.next_year)
        with form.line_ids.edit(1) as line:
            self.assertEqual(line.product_id, self.boarding)
            line.is_raised = False
        copy = self.env['school.fee.structure'].search(form.save().action_copy()['domain'])
        self.assertEqual(
            (copy.name, copy.year_id, copy.state, copy.version),
            ("Grade 8 2027", self.next_year, 'draft', 1),
        )
        self.assertEqual(copy.line_ids.mapped('amount_1'), [1050.0, 500.0])
        self.assertEqual(structure.line_ids.mapped('amount_1'), [1000.0, 500.0])

    def test_copying_chosen_structures(self):
        draft = self._draft()
        form = self._copy(draft)
        copy = self.env['school.fee.structure'].search(form.save().action_copy()['domain'])
        self.assertEqual(copy.amount, 53554.0)

    def test_a_second_copy_adds_only_what_is_missing(self):
        day, boarding = (
            self.create_structure(
                self.level, [(self.tuition, 1000)], name=f"{kind} 2026", boarding=kind,
            )
            for kind in ('day', 'boarding')
        )
        self._copy(day).save().action_copy()
        self._copy().save().action_copy()
        copies = day.search([('year_id', '=', self.next_year.id)])
        self.assertEqual(copies.mapped('boarding'), [boarding.boarding, day.boarding])
        with self.refusal(UserError, "2027 has fee structures for all"):
            self._copy().save().action_copy()

    def _open_next_year(self, user=None):
        return self.env['school.fee.structure'].with_user(user or self.bursar)._open_next_year()

    def _shown(self, user, action=None):
        """ Return what the web client calls a button of the list on, when nothing is ticked. """
        return self.env['school.fee.structure'].with_user(user).with_context(
            active_domain=(action or self._open_next_year(user))['domain'],
        )

    @freeze_time('2026-11-05')
    def test_the_structures_of_next_year_go_together(self):
        self.create_structure(self.level, [(self.tuition, 1000)], name="Day 2026", boarding='day')
        self.create_structure(
            self.level, [(self.boarding, 500)], name="Boarding 2026", boarding='boarding',
        )
        self.assertEqual(self._open_next_year()['res_model'], 'school.fee.structure.copy')
        self._copy().save().action_copy()
        action = self._open_next_year()
        copies = self.env['school.fee.structure'].search(action['domain'])
        self.assertEqual(copies.mapped('name'), ["Boarding 2027", "Day 2027"])
        with self.refusal(UserError, "None of these fee structures is approved"):
            self._shown(self.bursar).action_publish_all()
        copies[0].with_user(self.bursar).action_submit_all()  # One that is ticked.
        self.assertEqual(copies.mapped('state'), ['submitted', 'draft'])
        self._shown(self.bursar).action_submit_all()
        self.assertEqual(set(copies.mapped('state')), {'submitted'})
        with self.refusal(UserError, "Only an approver"):
            self._shown(self.bursar).action_approve_all()
        self._shown(self.head).action_approve_all()
        report = self._shown(self.bursar).action_publish_all()
        self.assertEqual(set(copies.mapped('state')), {'published'})
        self.assertEqual(report['report_name'], 'school_fees.report_school_fee_structure')
        self.assertEqual(report['context']['active_ids'], copies.ids)

    @freeze_time('2026-11-05')
    def test_a_button_without_a_list_does_nothing(self):
        draft = self._draft(year_id=self.next_year.id)
        with self.refusal(UserError, "None of these"):
            self.env['school.fee.structure'].with_user(self.bursar).action_submit_all()
        self.assertEqual(draft.state, 'draft')

    def test_nothing_to_copy(self):
        wizard = self.env['school.fee.structure.copy'].create({
            'year_from_id': self.year.id, 'year_id': self.next_year.id,
        })
        with self.refusal(UserError, "no published fee structure to copy"):
            wizard.action_copy()
