from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.school_mpesa.tests.question_common import QuestionCommon


class SetupCommon(QuestionCommon):
    """An administrator of the system, who is also of the bursar's office, before the set-up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.school.write({'phone': '020 123 4567', 'email': 'office@uhuru.example'})
        cls.administrator = new_test_user(
            cls.env, login='setup-system', company_id=cls.school.id, email='it@uhuru.example',
            groups='base.group_user,base.group_system,school_fees.group_bursar',
            company_ids=[Command.set(cls.school.ids)],
        )
        cls.administrator.partner_id.phone = '0712 000 199'

    def count_status_questions(self):
        """ Return how many were sent; a stale token lets one be posted twice. """
        return self.env['mpesa.command'].search_count([
            ('kind', '=', 'status'), ('sent_at', '!=', False),
        ])

    def step(self, key):
        """ Return a step as the administrator sees it.

        :rtype: mpesa.setup.step
        """
        self.env.flush_all()
        self.env.invalidate_all()
        step = self.provider.mpesa_setup_step_ids.filtered(lambda s: s.key == key)
        return step.with_user(self.administrator)

    def run_step(self, key):
        """ Press the button of a step. """
        self.step(key).action_run()
        return self.step(key)

    def assert_step(self, key, state, words=''):
        """ Press the button of a step, and see how it stands.

        :rtype: mpesa.setup.step
        """
        step = self.run_step(key)
        self.assertEqual(step.shown_state, state, step.shown_words)
        self.assertIn(words, step.shown_words)
        self.assertTrue(step.checked_at)
        if state == 'proven':
            self.assertEqual(step.proven_at, step.checked_at)
            self.assertEqual(step.by_id, self.administrator)
        return step
