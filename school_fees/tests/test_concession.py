from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestConcession(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tuition = cls.create_fee()
        cls.lunch = cls.create_fee("Lunch", 'LUN')
        cls.deposit = cls.create_fee("Caution money", 'DEP', charge_basis='deposit')
        cls.faith = cls.create_student()
        cls.rule = cls.env['school.concession'].create({'name': "Staff child", 'value': 50})
        cls.bursar, cls.head, cls.second_head = (
            new_test_user(
                cls.env, login=login, groups=f'school_fees.{group}', company_id=cls.school.id,
                company_ids=[Command.set(cls.school.ids)],
            )
            for login, group in (
                ('grant_bursar', 'group_bursar'), ('grant_head', 'group_approver'),
                ('grant_second', 'group_approver'),
            )
        )

    def _grant(self, user=None, **values):
        return self.env['school.concession.grant'].with_user(user or self.bursar).create({
            'student_id': self.faith.id, 'concession_id': self.rule.id,
            'term_from_id': self.term_1.id, 'reason': "Child of a teacher", **values,
        })

    def test_tuition_by_default_and_never_a_deposit(self):
        self.assertTrue(self.rule._covers(self.tuition))
        self.assertFalse(self.rule._covers(self.lunch))
        self.rule.vote_head_ids = self.lunch.vote_head_id | self.deposit.vote_head_id
        self.assertTrue(self.rule._covers(self.lunch))
        self.assertFalse(self.rule._covers(self.tuition))
        self.assertFalse(self.rule._covers(self.deposit))
        self.rule.product_ids = self.tuition
        self.assertTrue(self.rule._covers(self.tuition))

    def test_the_table_of_siblings(self):
        rule = self.env['school.concession'].create({
            'name': "Siblings", 'kind': 'sibling', 'rank_ids': [
                Command.create({'rank_from': 2, 'percent': 10}),
                Command.create({'rank_from': 3, 'percent': 20}),
            ],
        })
        self.assertEqual([rule._get_value(rank) for rank in (1, 2, 3, 5)], [0, 10, 20, 20])
        with self.refusal(IntegrityError, "rank_uniq"):
            rule.rank_ids = [Command.create({'rank_from': 2, 'percent': 15})]

    def test_a_rule_says_to_whom_it_gives(self):
        with self.refusal(ValidationError, "table of percentages"):
            self.rule.kind = 'sibling'
        with self.refusal(ValidationError, "Choose the category"):
            self.rule.kind = 'category'
        with self.refusal(IntegrityError, "value_range"):
            self.rule.value = 101

    def test_a_second_person_approves(self):
        grant = self._grant()
        self.assertEqual((grant.state, grant.value), ('draft', 50.0))
        with self.refusal(UserError, "Only an approver"):
            grant.action_approve()
        grant.with_user(self.head).action_approve()
        self.assertEqual(
            (grant.state, grant.approved_by_id, grant.requested_by_id),
            ('approved', self.head, self.bursar),
        )

    def test_nobody_approves_the_own_request(self):
        grant = self._grant(self.head)
        with self.refusal(UserError, "second person"):
            grant.action_approve()
        grant.with_user(self.second_head).action_refuse()
        self.assertEqual(grant.state, 'refused')
        with self.refusal(UserError, "decided already"):
            grant.with_user(self.second_head).action_approve()

    def test_no_status_moves_without_its_button(self):
        with self.refusal(UserError, "only by its buttons"):
            self._grant(state='approved')
        with self.refusal(UserError, "only by its buttons"):
            self._grant(requested_by_id=self.second_head.id)
        grant = self._grant()
        with self.refusal(UserError, "only by its buttons"):
            grant.write({'state': 'approved'})

    def test_what_was_decided_is_locked(self):
        grant = self._grant()
        grant.value = 40
        grant.with_user(self.head).action_approve()
        with self.refusal(UserError, "not edited any more"):
            grant.value = 100
        with self.refusal(UserError, "not edited any more"):
            grant.term_to_id = self.term_2
        with self.refusal(UserError, "is kept"):
            grant.unlink()
        grant.with_user(self.head).term_to_id = self.term_2
        self.assertEqual(grant.term_to_id, self.term_2)

    def test_a_grant_fits_its_rule(self):
        with self.refusal(ValidationError, "above 0 and up to 100"):
            self._grant(value=0)
        with self.refusal(ValidationError, "end before it begins"):
            self._grant(term_from_id=self.term_2.id, term_to_id=self.term_1.id)
        rule = self.env['school.concession'].create({
            'name': "Siblings", 'kind': 'sibling',
            'rank_ids': [Command.create({'rank_from': 2, 'percent': 10})],
        })
        with self.refusal(ValidationError, "given by itself"):
            self._grant(concession_id=rule.id, value=10)

    # === CHOSEN FEES === #

    def _choose(self, term_from, term_to=None, **values):
        return self.env['school.student.fee'].with_user(self.bursar).create({
            'student_id': self.faith.id, 'product_id': self.lunch.id,
            'term_from_id': term_from.id, 'term_to_id': term_to and term_to.id, **values,
        })

    def test_a_fee_is_chosen_once_for_each_term(self):
        choice = self._choose(self.term_1, self.term_1)
        self._choose(self.term_2)
        with self.refusal(ValidationError, "has chosen Lunch already"):
            self._choose(self.term_3)
        with self.refusal(ValidationError, "has chosen Lunch already"):
            choice.term_to_id = self.term_2
        with self.refusal(ValidationError, "end before it begins"):
            self._choose(self.term_2, self.term_1, product_id=self.tuition.id)
        with self.refusal(IntegrityError, "qty_positive"):
            self._choose(self.term_2, product_id=self.tuition.id, qty=0)

    def test_a_choice_is_named_by_fee_and_student(self):
        choice = self._choose(self.term_1)
        self.assertEqual(choice.display_name, f"Lunch, {self.faith.display_name}")

    def test_what_holds_in_a_term(self):
        Choice = self.env['school.student.fee']
        first, rest = self._choose(self.term_1, self.term_1), self._choose(self.term_2)
        for term, expected in ((self.term_1, first), (self.term_2, rest), (self.term_3, rest)):
            self.assertEqual(Choice.search(Choice._in_term_domain(term)), expected)
