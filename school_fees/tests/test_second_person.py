from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import get_public_method
from odoo.tests import tagged
from odoo.tools import mute_logger

from .desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestSecondPerson(DeskCommon):
    """Whatever may be called from outside, nobody gets through what they asked for alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.create_staff('desk_admin', 'administrator')
        cls.receipt = cls.create_receipt({cls.faith: 13_000})

    def _ask_everything(self, user):
        self.as_user(user, self.receipt)._ask_reversal('mistake', "Entered twice")
        transfer = self.as_user(user, self.env['school.transfer'])._ask(
            from_student=self.faith, to_student=self.grace, amount=100, reason="x",
        )
        refund = self.as_user(user, self.env['school.refund'])._ask(
            student=self.faith, payee=self.mary, amount=100, money_kind='cash', external_ref='',
            reason="x",
        )
        return transfer.sudo(False), refund.sudo(False)

    def _get_own_methods(self, record):
        """ Return the public methods that our own add-ons give a model. """
        names = {
            name
            for part in type(record).__mro__
            if part.__module__.startswith('odoo.addons.school_')
            for name in vars(part)
            if not name.startswith('_')
        }
        result = []
        for name in sorted(names):
            try:
                get_public_method(record, name)
            except (AccessError, AttributeError, TypeError):
                continue
            if callable(getattr(record, name)):
                result.append(name)
        return result

    @mute_logger('odoo.models.unlink')
    def test_no_public_method_lets_the_asker_through(self):
        for user in (self.head, self.administrator):
            with self.env.cr.savepoint() as savepoint:
                transfer, refund = self._ask_everything(user)
                for record in (self.receipt, transfer, refund):
                    methods = self._get_own_methods(record)
                    self.assertTrue({
                        'action_approve', 'action_approve_reversal',
                    } & set(methods), record._name)
                    for name in methods:
                        if 'refuse' in name:
                            continue
                        for _again in range(2):
                            self._call(self.as_user(user, record), name)
                    self.assertIn(record.state, ('posted', 'asked'), record._name)
                self.assertEqual(self.faith.balance, -3_000)
                self.assertEqual(self.grace.balance, 0)
                savepoint.rollback()
            self.env.invalidate_all()

    def _call(self, record, name):
        # A refusal is what is wanted; some methods want arguments.
        with suppress(AccessError, UserError, TypeError), self.env.cr.savepoint():
            getattr(record, name)()

    def test_the_same_calls_by_another_person_do_it(self):
        """ Else the test above could not fail. """
        transfer, refund = self._ask_everything(self.head)
        for user in (self.deputy, self.administrator):
            self._call(self.as_user(user, transfer), 'action_approve')
            self._call(self.as_user(user, refund), 'action_approve')
        self.assertEqual((transfer.state, refund.state), ('done', 'done'))
        self._call(self.as_user(self.deputy, self.receipt), 'action_approve_reversal')
        self.assertEqual(self.receipt.state, 'reversed')

    # === PAST THE BUTTONS === #

    def test_nobody_writes_a_decision_by_hand(self):
        self._ask_everything(self.bursar)
        transfer = self.env['school.transfer'].search([('state', '=', 'asked')])
        refund = self.env['school.refund'].search([('state', '=', 'asked')])
        people = {'asked_by_id': self.deputy.id}
        for user in (self.bursar, self.head, self.administrator):
            for record, changes in (
                (transfer, [{'state': 'done'}, {'state': 'approved'}, people, {'amount': 9_000},
                            {'first_approved_by_id': self.deputy.id}]),
                (refund, [{'state': 'done'}, people, {'amount': 9_000},
                          {'payee_partner_id': user.partner_id.id}]),
                (self.receipt, [{'state': 'reversed'}, {'amount': 1},
                                {'reversal_asked_by_id': self.deputy.id}]),
            ):
                for vals in changes:
                    with self.subTest(user=user.login, record=record, vals=vals), \
                            self.assertRaises(AccessError):
                        self.as_user(user, record).write(vals)
                values = record.copy_data()[0]
                with self.subTest(user=user.login, record=record), \
                        self.assertRaises(AccessError):
                    self.as_user(user, record).create({**values, 'state': 'done'})
                with self.subTest(user=user.login, record=record), \
                        self.assertRaises(AccessError):
                    self.as_user(user, record).unlink()

    def test_the_context_names_no_other_asker(self):
        """ A caller's context holds any defaults: of a status, or of who asked. """
        named = self.as_user(self.head, self.env['school.transfer']).with_context(
            default_asked_by_id=self.deputy.id, default_state='approved',
            default_first_approved_by_id=self.deputy.id,
        )
        transfer = named._ask(
            from_student=self.faith, to_student=self.grace, amount=100, reason="x",
        )
        self.assertEqual(
            (transfer.asked_by_id, transfer.state, transfer.first_approved_by_id.ids),
            (self.head, 'asked', []),
        )
        structure = self._draft_structure(
            self.head, default_state='approved', default_submitted_by_id=self.deputy.id,
            default_approved_by_id=self.deputy.id,
        )
        self.assertEqual(
            (structure.state, structure.submitted_by_id.ids, structure.approved_by_id.ids),
            ('draft', [], []),
        )
        grant = self._request_grant(
            self.head, default_state='approved', default_requested_by_id=self.deputy.id,
            default_approved_by_id=self.deputy.id,
        )
        self.assertEqual(
            (grant.state, grant.requested_by_id, grant.approved_by_id.ids),
            ('draft', self.head, []),
        )
        run = self.as_user(self.head, self.env['school.bill.run']).with_context(
            default_state='posting', default_posted_by_id=self.deputy.id,
        ).create({'term_id': self.term_1.id})
        self.assertEqual((run.state, run.posted_by_id.ids), ('draft', []))

    def _draft_structure(self, user, **context):
        level = self.create_level()
        fee = self.create_fee()
        return self.as_user(user, self.env['school.fee.structure']).with_context(**context).create({
            'name': "Grade 8", 'year_id': self.year.id, 'level_ids': level.ids,
            'line_ids': [Command.create({'product_id': fee.id, 'amount_1': 100})],
        })

    def _request_grant(self, user, **context):
        concession = self.env['school.concession'].create({
            'name': "Waiver", 'kind': 'fixed', 'value_type': 'percent', 'value': 10,
        })
        return self.as_user(user, self.env['school.concession.grant']).with_context(
            **context,
        ).create({
            'student_id': self.faith.id, 'concession_id': concession.id, 'reason': "x",
            'term_from_id': self.term_1.id,
        })

    def test_a_grant_is_approved_by_nobody_who_made_it(self):
        grant = self._request_grant(self.head)
        for vals in ({'state': 'approved'}, {'requested_by_id': self.deputy.id},
                     {'approved_by_id': self.deputy.id}):
            with self.subTest(vals=vals), self.refusal(UserError, "only by its buttons"):
                self.as_user(self.head, grant).write(vals)
        with self.refusal(UserError, "second person"):
            self.as_user(self.head, grant).action_approve()
        self.as_user(self.deputy, grant).value = 100
        with self.refusal(UserError, "second person"):
            self.as_user(self.deputy, grant).action_approve()
        self.as_user(self.head, grant).action_approve()
        self.assertEqual((grant.state, grant.value), ('approved', 100))

    def test_a_structure_is_approved_by_nobody_who_submitted_it(self):
        structure = self._draft_structure(self.head)
        line = structure.copy({'name': "Another"}).line_ids
        line.product_id = self.create_fee("Lunch", 'LUN')
        self.as_user(self.head, structure).action_submit()
        for vals in ({'state': 'approved'}, {'submitted_by_id': self.deputy.id}):
            with self.subTest(vals=vals), self.refusal(UserError, "only by its buttons"):
                self.as_user(self.head, structure).write(vals)
        with self.refusal(UserError, "second person"):
            self.as_user(self.head, structure).action_approve()
        self.as_user(self.deputy, structure).action_approve()
        with self.refusal(UserError, "not edited any more"):
            self.as_user(self.head, line).structure_id = structure
        with self.refusal(UserError, "not edited any more"):
            self.as_user(self.head, structure.line_ids).amount_1 = 1
