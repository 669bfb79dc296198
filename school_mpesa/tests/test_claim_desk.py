from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.school_mpesa.tests.question_common import QuestionCommon


CODE = 'UIE4K7P2QX'
MESSAGE = (
    f'{CODE} Confirmed. Ksh3,000.00 sent to UHURU ACADEMY for account ADM-12 on 14/9/26 at 10:15'
    ' AM New M-PESA balance is Ksh1,204.50.'
)


@tagged('post_install', '-at_install')
class TestClaimDesk(QuestionCommon):
    """Claims at the counter and in the bursar's list."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hope = cls.create_student("Hope Wanja", "ADM-20117")

    def open_wizard(self, user=None, **defaults):
        return Form(self.env['mpesa.claim.wizard'].with_user(user or self.cashier).with_context(
            allowed_company_ids=self.school.ids,
            **{f'default_{name}': value for name, value in defaults.items()},
        ))

    def note(self, text=MESSAGE, student=None, user=None):
        """ Note a claim at the counter.

        :return: The wizard, and the action that it answered with.
        :rtype: tuple
        """
        form = self.open_wizard(user)
        form.student_id = student or self.hope
        form.message = text
        wizard = form.save()
        return wizard, wizard.action_claim()

    def get_claims(self):
        return self.env['school.payment.claim'].with_user(self.bursar).search([])

    # === NOTING === #

    def test_a_message_is_noted_and_not_kept(self):
        wizard, action = self.note()
        self.assertIn(CODE, action['params']['message'])
        claim = self.get_claims()
        self.assertRecordValues(claim, [{
            'student_id': self.hope.id, 'code': CODE, 'amount': 3_000, 'source': 'office',
            'state': 'waiting', 'create_uid': self.cashier.id, 'place': 'unknown',
            'days_waiting': 0,
        }])
        self.env.flush_all()
        self.env.cr.execute('SELECT * FROM mpesa_claim_wizard WHERE id = %s', [wizard.id])
        self.assertNotIn('1,204.50', str(self.env.cr.fetchall()))
        self.assert_nothing_booked()

    def test_the_code_alone(self):
        self.note('uie4k 7p2qx')
        self.assertEqual(self.get_claims().mapped('code'), [CODE])
        self.assertEqual(self.get_claims().amount, 0)

    def test_what_is_no_code_is_not_noted(self):
        for text in ('UIE4K7P2Q', f'{MESSAGE} UIE4K7P2QY Confirmed.', 'UIE0000000', 'Asante'):
            with self.subTest(text), self.assertRaisesRegex(UserError, "No claim was noted"):
                self.note(text)
        Wizard = self.env['mpesa.claim.wizard'].with_user(self.cashier)
        for values in (
            {'student_id': self.hope.id}, {'code': CODE},
            {'student_id': self.hope.id, 'code': "'; DROP TABLE"},
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, "needs the student"):
                Wizard.create(values).action_claim()
        self.assertFalse(self.get_claims())

    def test_what_is_booked_needs_no_claim(self):
        self.drain_c2b(CODE, account='ADM-20117')
        with self.assertRaisesRegex(UserError, "on the account of .*Hope.* already"):
            self.note()
        self.assertFalse(self.get_claims())

    def test_another_schools_student_cannot_be_named(self):
        other = self.create_school("Mwangaza School")
        stranger = self.env['school.student'].with_company(other).create({
            'name': "Stranger", 'admission_no': "ADM-1", 'company_id': other.id,
        })
        wizard = self.env['mpesa.claim.wizard'].with_user(self.cashier).create({
            'student_id': stranger.id, 'code': CODE,
        })
        with self.assertRaises(AccessError):
            wizard.action_claim()
        self.assertFalse(self.env['school.payment.claim'].search([('code', '=', CODE)]))

    def test_from_the_check_of_a_message(self):
        form = Form(self.env['mpesa.message.check'].with_user(self.cashier).with_context(
            allowed_company_ids=self.school.ids,
        ))
        form.message = MESSAGE
        check = form.save()
        check.action_check()
        action = check.action_claim()
        wizard = self.env[action['res_model']].with_user(self.cashier).browse(action['res_id'])
        self.assertEqual((wizard.code, wizard.amount), (CODE, 3_000))
        wizard.student_id = self.hope
        wizard.action_claim()
        self.assertEqual(self.get_claims().student_id, self.hope)

    def test_from_register_payment(self):
        register = self.env['account.payment.register'].with_user(self.bursar).with_context(
            active_model='account.move', active_ids=self.bill.ids,
            allowed_company_ids=self.school.ids,
        ).create({'journal_id': self.provider.journal_id.id})
        action = register.action_mpesa_claim()
        self.assertEqual(action['res_model'], 'mpesa.claim.wizard')
        self.assertEqual(action['context']['default_student_id'], self.student.id)
        self.assertEqual(self.bill.payment_state, 'not_paid')

    # === THE LIST === #

    def test_the_office_asks_safaricom_and_the_money_is_identified(self):
        code = self.pay(amount=3_000)
        self.note(code)
        claim = self.get_claims()
        with self.assertRaisesRegex(UserError, "has told of no payment"):
            claim.action_open_payment()
        action = claim.action_ask_safaricom()
        self.assertEqual(action['res_model'], 'mpesa.command')
        self.assertEqual(self.env['mpesa.command'].browse(action['res_id']).receipt, code)
        self.send_questions()
        self.hear_result()
        self.env.invalidate_all()
        self.assertEqual(claim.place, 'suspense')
        action = claim.action_open_payment()
        self.assertEqual(action['res_model'], 'mpesa.identify.wizard')
        wizard = Form(self.env['mpesa.identify.wizard'].with_user(self.bursar).with_context(
            **action['context'], allowed_company_ids=self.school.ids,
        )).save()
        self.assertFalse(wizard.line_ids)
        wizard.suggestion_ids.action_take()
        self.assertEqual(wizard.line_ids.student_id, self.hope)
        wizard.action_book()
        self.env.invalidate_all()
        self.assertEqual((claim.state, claim.place), ('met', 'here'))
        self.assertEqual(self.hope.balance, -3_000)
        self.assertEqual(claim.action_open_payment()['res_model'], 'mpesa.transaction')
        self.assert_books(3_000)

    def test_a_claim_is_refused_once(self):
        self.note()
        claim = self.get_claims()
        claim.action_refuse()
        self.assertRecordValues(claim, [{'state': 'refused', 'refused_by_id': self.bursar.id}])
        with self.assertRaisesRegex(UserError, "waits no more"):
            claim.action_refuse()

    def test_denied_money_is_gone(self):
        self.drain_c2b(CODE, '3000.00', 'nobody')
        movement = self.get_movements()
        movement.with_user(self.bursar)._ask_denial("Safaricom, case 12: no such code")
        movement.with_user(self.create_staff('claim-head', 'approver')).action_approve_denial()
        self.note()
        self.assertEqual(self.get_claims().place, 'gone')

    def test_today_counts_what_waits(self):
        def get_need():
            Dashboard = self.env['school.dashboard'].with_user(self.bursar)
            needs = Dashboard._get_needs(Dashboard._get_facts())
            return next((need for need in needs if need['key'] == 'claims'), None)
        self.assertIsNone(get_need())
        self.note()
        self.assertEqual(get_need()['count'], 1)
        self.assertEqual(get_need()['action']['res_model'], 'school.payment.claim')
        self.get_claims().action_refuse()
        self.assertIsNone(get_need())
