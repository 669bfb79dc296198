from datetime import datetime

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.school_mpesa.tests.prompt_bulk_common import PromptBulkCommon
from odoo.addons.school_mpesa.tests.sms_common import NOON


@tagged('post_install', '-at_install')
@freeze_time(NOON)
class TestPromptBulk(PromptBulkCommon):
    """The look before: whose phone is prompted for how much, and who is left out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level = cls.create_level()
        cls.school_class = cls.create_class(cls.level)
        cls.brian = cls.create_payer(201, 4_000.50)
        for student in cls.student | cls.brian:
            cls.enrol(student, cls.school_class)

    # === WHO === #

    def test_who_is_prompted_on_which_phone_for_how_much(self):
        run = self.preview(self.student | self.brian)
        self.assertEqual(
            [
                (line.student_ids, line.guardian_id.name, line.phone_mask, line.asked)
                for line in run.ready_line_ids.sorted('asked')
            ], [
                (self.brian, "Guardian 201", '0722 *** 201', 4_001),
                (self.student, "Mary Otieno", '0712 *** 111', 32_500),
            ],
        )
        self.assertEqual(
            (run.phone_count, run.child_count, run.asked, run.left_count), (2, 2, 36_501, 0),
        )
        self.assertFalse(self.requests(self.student | self.brian), "It is only a look.")

    def test_who_is_left_out_and_why(self):
        paid = self.create_payer(210, 0)
        spared = self.create_payer(211)
        spared.mpesa_is_spared = True
        alone = self.create_student("Alone", 'ADM-212')
        self.create_term_bill(alone, self.term_3, 500)
        landline = self.create_student("Landline", 'ADM-213')
        self.create_term_bill(landline, self.term_3, 500)
        self.create_guardian(landline, "Guardian 213", phone='020 222 3344')
        silent = self.create_payer(214)
        silent.guardian_link_ids.partner_id.school_sms_optout = True
        in_flight = self.create_payer(216)
        self.ask(student=in_flight, amount=100, phone='0722000216', invoices=None)
        rich = self.create_payer(217, 250_001)
        everyone = paid | spared | alone | landline | silent | in_flight | rich
        run = self.preview(everyone)
        self.assertFalse(run.ready_line_ids)
        self.assertEqual(self.reasons(run), {
            paid: 'nothing', spared: 'spared', alone: 'no_payer', landline: 'no_phone',
            silent: 'opted_out', in_flight: 'in_flight', rich: 'limit',
        })
        with self.refusal(UserError, "No phone is ticked"):
            run.action_start()

    def test_guardians_who_share_the_fees_are_asked_by_hand(self):
        self.brian.write({'guardian_link_ids': [
            Command.update(self.brian.guardian_link_ids.id, {'share_percent': 40}),
            Command.create({
                'partner_id': self.guardian.id, 'priority': 2, 'share_percent': 60,
            }),
        ]})
        self.assertEqual(self.reasons(self.preview(self.brian)), {self.brian: 'shared'})

    def test_the_first_guardian_who_pays_and_can_be_prompted(self):
        first = self.brian.guardian_link_ids
        second = self.create_guardian(self.brian, "Second", phone='0722 000 302', priority=2)
        for values, expected in (
            ({}, first.partner_id), ({'is_payer': False}, second),
            ({'is_payer': True, 'sms': False}, second),
            ({'sms': True, 'sees_amounts': False}, second),
            ({'sees_amounts': True, 'date_to': '2026-01-31'}, second),
        ):
            with self.subTest(values=values):
                first.write(values)
                line = self.preview(self.brian).ready_line_ids
                self.assertEqual(line.guardian_id, expected)

    def test_prompted_lately(self):
        tx = self.ask(student=self.brian, amount=100, phone='0722000201', invoices=None)
        tx._mpesa_move_to('declined', mpesa_result_code='1032')
        self.assertEqual(self.reasons(self.preview(self.brian)), {self.brian: 'lately'})
        tx.mpesa_result_code = 'not_sent'  # What never went out has disturbed nobody.
        self.assertFalse(self.reasons(self.preview(self.brian)))

    def test_another_request_for_the_same_fees(self):
        self.ask(student=self.brian, amount=100, phone='0722000999', invoices=None)
        self.assertEqual(self.reasons(self.preview(self.brian)), {self.brian: 'open'})

    def test_whom_it_finds(self):
        amina = self.create_payer(202)
        self.enrol(amina, self.create_class(self.level, stream="North"))
        for values, expected in (
            ({'chosen_by': 'owing'}, self.student | self.brian | amina),
            ({'chosen_by': 'class', 'class_ids': self.school_class.ids},
             self.student | self.brian),
            ({'chosen_by': 'level', 'level_ids': self.level.ids},
             self.student | self.brian | amina),
        ):
            with self.subTest(values=values):
                found = self.preview(**values).line_ids.student_ids
                self.assertEqual(set(found.ids), set(expected.ids))

    # === HOW MUCH === #

    def test_a_family_phone_gets_one_prompt_over_all_children(self):
        sister = self.create_student("Joy Otieno", 'ADM-011', family_id=self.family.id)
        self.create_term_bill(sister, self.term_1, 2_000.20)
        self.guardian.write({'guardian_link_ids': [Command.create({'student_id': sister.id})]})
        line = self.preview(self.student | sister).ready_line_ids
        self.assertEqual((line.student_ids, line.asked), (sister | self.student, 34_501))
        self.assertEqual(line.student_id, sister, "The one with the lower admission number.")

    def test_what_is_overdue(self):
        amina, soon = self.create_payer(202, 0), self.create_payer(203, 0)
        self.create_term_bill(amina, self.term_1, 700.20)
        for student in amina | soon:
            self.create_term_bill(student, self.term_3, 900, invoice_date_due='2026-10-01')
        run = self.preview(amina | soon, asks_for='arrears')
        self.assertEqual(self.reasons(run), {soon: 'not_overdue'})
        self.assertEqual((run.ready_line_ids.balance, run.asked), (1_601, 701))

    def test_credit_pays_the_oldest_debt(self):
        self.create_receipt({self.brian: 4_000}, date='2026-09-01')
        self.assertEqual(self.preview(self.brian, asks_for='arrears').asked, 1)

    def test_a_fixed_amount_is_never_more_than_is_due(self):
        run = self.preview(self.student | self.brian, asks_for='amount', amount=5_000)
        self.assertEqual(sorted(run.ready_line_ids.mapped('asked')), [4_001, 5_000])
        for amount in (0, 0.5, 99.5, 250_001):
            with self.subTest(amount=amount), self.refusal(UserError, "whole shillings"):
                self.preview(self.brian, asks_for='amount', amount=amount)

    def test_above_the_limit_of_mpesa(self):
        rich = self.create_payer(217, 250_001)
        self.assertEqual(self.reasons(self.preview(rich)), {rich: 'limit'})
        self.assertEqual(self.preview(rich, cap_at_limit=True).ready_line_ids.asked, 250_000)

    def test_below_the_least_amount(self):
        self.provider.mpesa_least_amount = 500
        low = self.create_payer(218, 80)
        self.assertEqual(self.preview(low).ready_line_ids.asked, 80, "All of it may be paid off.")
        run = self.preview(self.brian, asks_for='amount', amount=100)
        self.assertEqual(self.reasons(run), {self.brian: 'little'})

    # === NOTHING IS EDITED BY HAND === #

    def test_people_choose_and_tick_and_nothing_else(self):
        run = self.preview(self.student | self.brian)
        line = run.ready_line_ids[0]
        for record, values in (
            (run, {'state': 'running'}), (run, {'started_by_id': self.bursar.id}),
            (run, {'line_ids': [Command.clear()]}), (line, {'asked': 1}),
            (line, {'state': 'asked'}), (line, {'phone_mask': '0700 *** 000'}),
            (line, {'is_included': False, 'student_id': self.brian.id}),
            (run, {'ready_line_ids': [Command.delete(line.id)]}),
            (run, {'ready_line_ids': [Command.create({'student_id': self.brian.id})]}),
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                record.write(values)
        with self.assertRaises(AccessError):
            self.open(self.brian, state='running')
        run.write({'ready_line_ids': [Command.update(line.id, {'is_included': False})]})
        self.assertEqual((run.phone_count, bool(run.previewed_at)), (1, True))

    def test_another_choice_needs_another_look(self):
        run = self.preview(self.brian)
        run.asks_for = 'arrears'
        with self.refusal(UserError, "preview first"):
            run.action_start()
        with self.refusal(UserError, "preview first"):
            self.open(self.brian).action_start()

    def test_what_has_started_stays_as_it_is(self):
        run = self.start(self.student | self.brian)
        for values in ({'asks_for': 'arrears'}, {'note': "x"}):
            with self.subTest(values=values), self.refusal(UserError, "have started"):
                run.write(values)
        with self.refusal(UserError, "have started"):
            run.action_preview()
        with self.assertRaises(AccessError):
            run.line_ids[0].is_included = False
        with self.refusal(UserError, "never deleted"):
            run.unlink()
        self.open(self.brian).unlink()

    def test_a_school_that_cannot_prompt(self):
        self.provider.state = 'disabled'
        with self.refusal(UserError, "does not collect by M-PESA"):
            self.open(self.brian).action_preview()

    def test_only_the_office_of_the_school(self):
        run = self.start(self.brian)
        with self.assertRaises(AccessError):
            self.open(self.brian, user=self.create_staff('many-cashier', 'cashier'))
        other = self.create_school("Other School")
        stranger = self.create_staff('many-stranger', 'bursar')
        stranger.write({'company_ids': [Command.set(other.ids)], 'company_id': other.id})
        for record in (run, run.line_ids, run.result_ids):
            theirs = record.with_user(stranger).with_context(allowed_company_ids=other.ids)
            with self.subTest(record._name), self.assertRaises(AccessError):
                theirs.read(['display_name'])
        with self.assertRaises(AccessError):
            run.with_user(stranger).action_stop()

    # === SETTINGS === #

    def test_never_at_night(self):
        company = self.create_school("Night School")
        for values in (
            {'mpesa_prompt_bulk_from': 6.5}, {'mpesa_prompt_bulk_to': 20.5},
            {'mpesa_prompt_bulk_from': 12, 'mpesa_prompt_bulk_to': 12},
            {'mpesa_prompt_bulk_pace': 0}, {'mpesa_prompt_bulk_pace': 61},
            {'mpesa_prompt_bulk_pause': 0},
        ):
            with self.subTest(values=values), self.refusal(ValidationError, "[Cc]hoose"):
                company.write(values)
        for at, opens_at in (
            ('2026-09-14 03:59', '2026-09-14 04:00'), ('2026-09-14 04:00', None),
            ('2026-09-14 16:59', None), ('2026-09-14 17:00', '2026-09-15 04:00'),
            ('2026-09-14 22:30', '2026-09-15 04:00'),
        ):
            with self.subTest(at=at):
                self.assertEqual(
                    company._get_mpesa_prompt_opening(datetime.fromisoformat(at)),
                    opens_at and datetime.fromisoformat(opens_at),
                )

    # === COST AND PRIVACY === #

    def test_a_thousand_cost_no_more_queries_than_a_few(self):
        few = [self.create_payer(number) for number in range(400, 404)]
        many = [self.create_payer(number) for number in range(420, 444)]
        costs = []
        for students in (few[:2], few, many):  # The first looks up what is looked up once.
            run = self.open(self.env['school.student'].union(*students))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            run.action_preview()
            self.env.flush_all()
            costs.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(run.ready_line_ids), len(students))
        self.assertLessEqual(costs[2], costs[1])

    def test_no_number_stands_in_a_run(self):
        run = self.start(self.brian)
        self.release()
        self.env.flush_all()
        self.env.cr.execute(
            'SELECT to_jsonb(line)::text FROM mpesa_prompt_bulk_line line WHERE run_id = %s',
            [run.id],
        )
        for row, in self.env.cr.fetchall():
            self.assertNotIn('722000201', row)
