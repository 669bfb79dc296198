from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.setup_common import SetupCommon


@tagged('post_install', '-at_install')
class TestSetupNight(SetupCommon):
    """The nightly run: what it proves again, what it leaves alone, whom it tells."""

    def night(self):
        self.run_cron('school_mpesa.cron_setup')

    def prove_initiator(self):
        self.run_step('initiator')
        self.send_questions()
        self.hear_result()

    def asked(self, api):
        return len(self.control.daraja_requests(api))

    def test_only_what_was_proven_and_is_harmless_is_proven_again(self):
        self.night()
        self.assertFalse(self.control.daraja_requests(), "Nothing was ever proven.")
        for key in ('token', 'passkey', 'school', 'keys'):
            self.assert_step(key, 'proven')
        before = self.asked('oauth'), self.asked('stk_query')
        self.night()
        self.assertEqual((self.asked('oauth'), self.asked('stk_query')),
                         (before[0] + 1, before[1] + 1))
        for api in ('stk_push', 'c2b_register', 'transaction_status'):
            self.assertFalse(self.asked(api), api)
        self.assertEqual(self.step('token').state, 'proven')
        self.assertEqual(self.step('token').by_id, self.administrator)

    def test_a_shortcode_out_of_use_is_left_alone(self):
        self.assert_step('token', 'proven')
        before = self.asked('oauth')
        self.provider.state = 'disabled'
        self.night()
        self.assertEqual(self.asked('oauth'), before)

    def test_a_step_that_turns_red_is_told_once_and_forgotten_when_it_is_green(self):
        self.assert_step('token', 'proven')
        self.control.script('oauth', fault='http_500', times=50)
        self.night()
        step = self.step('token')
        self.assertEqual(step.state, 'failed')
        self.assertTrue(step.proven_at, "It says since when it is red.")
        activity = step.activity_ids
        self.assertEqual(activity.user_id, self.administrator)
        self.assertIn("Keys at Safaricom", activity.summary)
        self.night()
        self.assertEqual(self.step('token').activity_ids, activity)
        activity.unlink()  # The administrator has seen it.
        self.night()
        self.assertFalse(self.step('token').activity_ids)
        self.control.reset(seed=1)
        self.night()
        self.assertEqual(self.step('token').state, 'proven')
        self.assertFalse(self.step('token').activity_ids)

    def test_the_initiator_is_asked_once_a_night(self):
        self.prove_initiator()
        self.night()
        self.send_questions()
        self.assertEqual(self.count_status_questions(), 2)
        self.assertEqual(self.step('initiator').state, 'waiting')
        self.night()
        self.send_questions()
        self.assertEqual(self.count_status_questions(), 2, "No answer came yet.")
        self.hear_result(count=2)
        self.assertEqual(self.step('initiator').shown_state, 'proven')

    def test_a_refused_initiator_is_never_asked_at_night(self):
        self.prove_initiator()
        self.provider._mpesa_note_initiator('2001')
        self.night()
        self.send_questions()
        self.assertEqual(self.count_status_questions(), 1)

    def test_a_nightly_question_that_was_never_answered_is_told(self):
        self.prove_initiator()
        self.night()
        self.assertEqual(self.step('initiator').shown_state, 'waiting')
        self.env['mpesa.command'].search([], limit=1)._fail('silent', state='unknown')
        self.night()
        step = self.step('initiator')
        self.assertEqual(step.state, 'failed')
        self.assertEqual(step.activity_ids.user_id, self.administrator)
        self.assertIn("Initiator", step.activity_ids.summary)
        self.night()
        self.assertEqual(len(self.step('initiator').activity_ids), 1)

    def test_an_initiator_that_was_never_answered_is_left_to_a_person(self):
        self.run_step('initiator')
        self.env['mpesa.command'].search([])._fail('silent', state='unknown')
        self.assertEqual(self.step('initiator').shown_state, 'failed')
        self.night()
        self.send_questions()
        self.assertFalse(self.count_status_questions())
