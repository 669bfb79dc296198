from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-09-14')
class TestLinkWizard(SchoolMpesaCommon):
    """Making, sharing and cancelling links at the desk."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.bursar = cls.create_staff('link-bursar', 'bursar')
        cls.cashier = cls.create_staff('link-cashier', 'cashier')

    def open_wizard(self, **values):
        action = self.student.with_user(self.bursar).action_mpesa_link()
        form = Form(self.env['mpesa.link.wizard'].with_user(self.bursar).with_context(
            **action['context'],
        ))
        for name, value in values.items():
            form[name] = value
        return form.save()

    def make(self, **values):
        action = self.open_wizard(**values).action_make()
        return self.env['mpesa.payment.link'].with_user(self.bursar).browse(action['res_id'])

    def test_the_proposal_asks_for_the_balance(self):
        wizard = self.open_wizard()
        self.assertEqual((wizard.student_id, wizard.balance), (self.student, 32_500))
        link = self.make()
        self.assertEqual((link.amount, link.asked, link.may_change), (0, 32_500, True))
        self.assertEqual((link.kind, link.state, link.max_uses), ('link', 'active', 0))
        self.assertEqual(link.first_asked, 32_500)
        self.assertEqual(link.create_uid, self.bursar)

    def test_everything_that_was_chosen(self):
        link = self.make(
            asks_for='amount', amount=5_000, may_change=False, description="School trip",
            expires_on='2026-09-30', max_uses=2,
        )
        self.assertEqual(
            (link.amount, link.may_change, link.description, str(link.expires_on), link.max_uses),
            (5_000, False, "School trip", '2026-09-30', 2),
        )

    def test_a_student_who_owes_nothing_gets_no_link(self):
        self.create_receipt({self.student: 32_500}, date='2026-09-01')
        with self.assertRaisesRegex(UserError, "Bill it first"):
            self.make(asks_for='amount', amount=1_000, description="School trip")

    def test_what_no_parent_could_pay_is_refused(self):
        self.provider.mpesa_least_amount = 100
        for values in (
            {'asks_for': 'amount', 'amount': 0}, {'asks_for': 'amount', 'amount': 99},
            {'asks_for': 'amount', 'amount': 500.50}, {'asks_for': 'amount', 'amount': -5},
            {'asks_for': 'amount', 'amount': 300_000, 'may_change': False},
            {'expires_on': '2026-09-13'}, {'max_uses': -1},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.env['mpesa.link.wizard'].with_user(self.bursar).create({
                    'student_id': self.student.id, **values,
                }).action_make()
        self.provider.state = 'disabled'
        with self.assertRaises(UserError):
            self.open_wizard().action_make()

    def test_only_for_chosen_bills(self):
        trip = self.create_term_bill(self.student, self.term_2, 9_000)
        Wizard = self.env['mpesa.link.wizard'].with_user(self.bursar)
        link, part = (
            self.env['mpesa.payment.link'].browse(Wizard.create({
                'student_id': self.student.id, 'invoice_ids': trip.ids, **values,
            }).action_make()['res_id'])
            for values in (
                {}, {'asks_for': 'amount', 'amount': 20_000, 'description': "Trip"},
            )
        )
        self.assertEqual(
            (link.invoice_ids, link.asked, link.first_asked, link.description),
            (trip, 9_000, 9_000, trip.name),
        )
        self.assertEqual((part.asked, part.description), (9_000, "Trip"))
        other = self.create_student("Brian Kamau", 'ADM-013')
        theirs = self.create_term_bill(other, self.term_3, 100)
        draft = self.create_term_bill(self.student, self.term_1, 100, post=False)
        for bill in (theirs, draft):
            with self.assertRaisesRegex(UserError, "still owed"):
                Wizard.create({
                    'student_id': self.student.id, 'invoice_ids': bill.ids,
                }).action_make()
        self.create_receipt({self.student: 41_500}, date='2026-09-01')
        link.invalidate_recordset()
        self.create_term_bill(
            self.student, self.term_3, 7_000, school_doc_type='supplement',
            invoice_date='2026-09-10',
        )
        self.assertEqual((trip.payment_state, link.asked), ('paid', 0))

    def test_sharing(self):
        link = self.make(description="School trip", asks_for='amount', amount=5_000)
        self.assertEqual(link.url, f'{link.get_base_url()}/p/{link.slug}')
        self.assertEqual(
            link.message,
            f"School trip for Faith (ADM-012), Uhuru Academy: KES 5,000. Pay by M-PESA here:"
            f" {link.url}",
        )
        self.assertTrue(link.whatsapp_url.startswith('https://wa.me/?text=School%20trip'))
        self.assertNotIn('Otieno', link.message)
        self.assertFalse(link.whatsapp_at)
        self.assertEqual(link.action_share_by_whatsapp()['url'], link.whatsapp_url)
        self.assertTrue(link.whatsapp_at)
        self.assertTrue(link.qr)
        self.guardian.lang = 'sw'
        link.invalidate_recordset()
        self.assertIn("Lipa kwa M-PESA hapa", link.message)

    def test_cancelling(self):
        link = self.make()
        action = link.action_cancel()
        wizard = self.env['mpesa.link.cancel'].with_user(self.bursar).with_context(
            **action['context'],
        ).create({'reason': "Wrong child"})
        wizard.action_cancel()
        self.assertEqual((link.state, link.cancelled_by_id), ('cancelled', self.bursar))

    def test_only_the_office_of_the_school(self):
        link = self.make()
        with self.assertRaises(AccessError):
            link.with_user(self.cashier).read(['slug'])
        with self.assertRaises(AccessError):
            link.with_user(self.cashier)._cancel("x")
        for values in ({'slug': 'a' * 12}, {'amount': 5}, {'cancelled_at': False}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                link.write(values)
        with self.assertRaises(AccessError):
            link.unlink()
        other = self.create_school("Other School")
        stranger = self.create_staff('link-stranger', 'bursar')
        stranger.write({'company_ids': [(6, 0, other.ids)], 'company_id': other.id})
        theirs = self.env['mpesa.link.wizard'].with_user(stranger).with_context(
            allowed_company_ids=other.ids,
        )
        with self.assertRaises(AccessError):
            theirs.create({'student_id': self.student.id}).action_make()
        with self.assertRaises(AccessError):
            link.with_user(stranger).with_context(allowed_company_ids=other.ids)._cancel("x")
