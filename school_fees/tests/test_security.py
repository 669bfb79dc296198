from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestSecurity(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        family_a, family_b = cls.create_family("Otieno"), cls.create_family("Mwangi")
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=family_a.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=family_a.id)
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020", family_id=family_b.id)
        cls.mary = cls.create_guardian(
            cls.faith | cls.brian, "Mary Otieno", login='fees_mary', phone="0712000001",
        ).user_ids
        cls.jane = cls.create_guardian(cls.grace, "Jane Mwangi", login='fees_jane').user_ids
        cls.bill_faith = cls.create_term_bill(cls.faith, cls.term_1, 15500)
        cls.bill_brian = cls.create_term_bill(cls.brian, cls.term_1, 12000)
        cls.bill_grace = cls.create_term_bill(cls.grace, cls.term_1, 9000)
        cls.draft_faith = cls.create_term_bill(cls.faith, cls.term_2, 15500, post=False)
        cls.receipt_a = cls.create_receipt({cls.faith: 5000, cls.brian: 2000})
        cls.receipt_b = cls.create_receipt({cls.grace: 4000}, external_ref="CHQ-1")

    def _user(self, login, groups):
        return new_test_user(
            self.env, login=login, groups=groups, company_id=self.school.id,
            company_ids=[Command.set(self.school.ids)],
        )

    def _seen(self, user, model, domain=Domain.TRUE):
        # As the portal does: without the companies that the test's own environment allows.
        env = self.env(user=user, context={})
        return env[model].search(domain)

    def _assert_no_access(self, records, operation='read'):
        for record in records:
            with self.subTest(record=record, operation=operation):
                self.assertFalse(record.has_access(operation))

    # === GUARDIANS === #

    def test_guardian_sees_exactly_the_own_childrens_records(self):
        for model, own_a, own_b in (
            ('school.student', self.faith | self.brian, self.grace),
            ('account.move', self.bill_faith | self.bill_brian, self.bill_grace),
            (
                'account.move.line',
                (self.bill_faith | self.bill_brian).line_ids, self.bill_grace.line_ids,
            ),
            ('school.receipt', self.receipt_a, self.receipt_b),
            ('school.receipt.line', self.receipt_a.line_ids, self.receipt_b.line_ids),
        ):
            with self.subTest(model=model):
                self.assertEqual(self._seen(self.mary, model), own_a)
                self.assertEqual(self._seen(self.jane, model), own_b)

    def test_guardian_reads_what_a_child_shows(self):
        faith = self.faith.with_user(self.mary).with_context(allowed_company_ids=None)
        values = faith.read(['name', 'admission_no', 'state'])[0]
        self.assertEqual(
            (values['name'], values['admission_no'], values['state']),
            ("Faith Otieno", "ADM-012", 'active'),
        )
        for field in (
            'family_id', 'guardian_link_ids', 'joined_on', 'admission_key', 'balance', 'upi',
            'birth_date', 'gender', 'enrolment_ids', 'alias_ids', 'category_id',
        ):
            with self.subTest(field=field), self.assertRaises(AccessError):
                faith.read([field])

    def test_guardian_reads_no_message_about_a_child(self):
        message = self.faith.message_post(
            body="Fees of both guardians", subtype_xmlid='mail.mt_comment',
        )
        self.assertTrue(message)
        bursar = self._user('fees_bursar', 'school_fees.group_bursar')
        self.assertTrue(message.with_user(bursar).has_access('read'))
        self.assertFalse(message.with_env(self.env(user=self.mary, context={})).has_access('read'))
        self.assertFalse(self._seen(self.mary, 'mail.message') & message)

    def test_guardian_gets_to_no_list_of_the_school(self):
        for model in (
            'school.family', 'school.guardian.link', 'school.guardian.phone', 'school.term',
            'school.academic.year', 'account.payment',
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self._seen(self.mary, model)

    def test_guardian_gets_to_no_partner_but_the_own(self):
        self.assertEqual(self._seen(self.mary, 'res.partner'), self.mary.partner_id)

    def test_guardian_writes_nothing(self):
        env = self.env(user=self.mary, context={})
        for record in (
            self.faith, self.bill_faith, self.bill_faith.line_ids[:1], self.receipt_a,
            self.receipt_a.line_ids[:1],
        ):
            for operation in ('write', 'unlink', 'create'):
                with self.subTest(record=record, operation=operation):
                    self.assertFalse(record.with_env(env).has_access(operation))
        with self.assertRaises(AccessError):
            self.faith.with_env(env).name = "Another Name"

    def test_link_without_portal_shows_nothing(self):
        self.mary.partner_id.guardian_link_ids.portal = False
        self._assert_mary_sees_nothing()

    def test_link_without_amounts_shows_the_child_only(self):
        links = self.mary.partner_id.guardian_link_ids
        links.sees_amounts = False
        self.assertEqual(self._seen(self.mary, 'school.student'), self.faith | self.brian)
        for model in ('account.move', 'account.move.line', 'school.receipt', 'school.receipt.line'):
            with self.subTest(model=model):
                self.assertFalse(self._seen(self.mary, model))
        self._assert_no_access(
            (self.bill_faith | self.bill_brian).with_env(self.env(user=self.mary, context={}))
        )

    def test_separated_parents_see_what_their_links_say(self):
        peter = self.create_guardian(
            self.faith, "Peter Otieno", login='fees_peter', relation='father',
            sees_other_payers=False,
        ).user_ids
        # The father of one of the two children, and no guardian of the other.
        self.assertEqual(self._seen(peter, 'account.move'), self.bill_faith)
        self.assertEqual(
            self._seen(peter, 'school.receipt.line').student_id.sudo(), self.faith,
        )
        self.receipt_a.payer_partner_id = self.mary.partner_id
        of_peter, of_mary = (
            self.receipt_a.with_env(self.env(user=user, context={}))._get_print_values(full=True)
            for user in (peter, self.mary)
        )
        self.assertEqual([line['student'] for line in of_peter['lines']], ["Faith Otieno"])
        self.assertIn("other children", of_peter['others'])
        self.assertEqual((of_peter['payer'], of_mary['payer']), ('', "Mary Otieno"))
        self.assertEqual(len(of_mary['lines']), 2)
        with self.assertRaises(AccessError):
            self.receipt_a.with_env(self.env(user=peter, context={})).read(['payer_partner_id'])
        self.receipt_a.payer_partner_id = peter.partner_id
        own = self.receipt_a.with_env(self.env(user=peter, context={}))
        self.assertEqual(own._get_print_values(full=True)['payer'], "Peter Otieno")

    def test_link_that_ended_yesterday_shows_nothing(self):
        today = fields.Date.context_today(self.faith)
        links = self.mary.partner_id.guardian_link_ids
        links.date_to = today
        self.assertTrue(self._seen(self.mary, 'account.move'))
        links.date_to = today - timedelta(days=1)
        self._assert_mary_sees_nothing()

    def test_access_ends_at_midnight_without_a_write(self):
        today = fields.Date.context_today(self.faith)
        self.mary.partner_id.guardian_link_ids.date_to = today
        self.assertTrue(self._seen(self.mary, 'school.student'))
        with freeze_time(today + timedelta(days=2)):
            self._assert_mary_sees_nothing()

    def test_link_that_begins_tomorrow_shows_nothing(self):
        today = fields.Date.context_today(self.faith)
        self.mary.partner_id.guardian_link_ids.date_from = today + timedelta(days=1)
        self._assert_mary_sees_nothing()

    def _assert_mary_sees_nothing(self):
        for model in (
            'school.student', 'account.move', 'account.move.line', 'school.receipt',
            'school.receipt.line',
        ):
            with self.subTest(model=model):
                self.assertFalse(self._seen(self.mary, model))

    def test_sponsor_invoice_of_a_child_is_not_the_guardians(self):
        sponsor = self.env['res.partner'].create({'name': "Sponsor", 'is_company': True})
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': sponsor.id, 'student_id': self.faith.id,
            'invoice_line_ids': [Command.create({'name': "Tuition", 'price_unit': 100})],
        })
        invoice.action_post()
        self.assertNotIn(invoice, self._seen(self.mary, 'account.move'))

    def test_guardian_of_two_schools_sees_the_children_of_both(self):
        other_school = self.create_school("Mwangaza School")
        self.env.user.company_ids |= other_school
        env = self.env(context={**self.env.context, 'allowed_company_ids': other_school.ids})
        child = env['school.student'].create({
            'name': "Hope Otieno", 'admission_no': "M-1", 'company_id': other_school.id,
        })
        env['school.guardian.link'].create({
            'student_id': child.id, 'partner_id': self.mary.partner_id.id,
        })
        self.assertEqual(
            self._seen(self.mary, 'school.student'), self.faith | self.brian | child,
        )

    # === STAFF === #

    def test_students_are_hidden_from_staff_without_a_school_or_accounting_role(self):
        partners = (self.faith | self.brian | self.grace).partner_id
        teacher = self._user('fees_teacher', 'base.group_user,base.group_partner_manager')
        self.assertFalse(self._seen(teacher, 'res.partner') & partners)
        self.assertIn(self.mary.partner_id, self._seen(teacher, 'res.partner'))
        self._assert_no_access(partners.with_user(teacher))
        with self.assertRaises(AccessError):
            self._seen(teacher, 'school.student')
        for group in (
            'school_fees.group_bursar', 'account.group_account_invoice',
            'account.group_account_readonly',
        ):
            with self.subTest(group=group):
                user = self._user(f'fees_{group}', group)
                self.assertLessEqual(partners, self._seen(user, 'res.partner'))
                self.assertEqual(
                    self._seen(user, 'school.student'), self.faith | self.brian | self.grace,
                )

    def test_student_with_a_log_in_reads_the_own_contact(self):
        user = new_test_user(
            self.env, login='fees_faith', groups='base.group_portal',
            partner_id=self.faith.partner_id.id, company_id=self.school.id,
            company_ids=[Command.set(self.school.ids)],
        )
        self.assertEqual(self._seen(user, 'res.partner'), self.faith.partner_id)

    @mute_logger('odoo.models.unlink')
    def test_roles_may_do_what_they_are_for(self):
        bursar = self._user('fees_bursar', 'school_fees.group_bursar')
        approver = self._user('fees_approver', 'school_fees.group_approver')
        administrator = self._user('fees_admin', 'school_fees.group_administrator')
        accountant = self._user('fees_accountant', 'account.group_account_invoice')
        rights = {
            # model: what the bursar, the administrator and the accountant may do
            'school.academic.year': ('r', 'rwcu', 'r'),
            'school.term': ('r', 'rwcu', 'r'),
            'school.family': ('rwc', 'rwcu', 'r'),
            'school.student': ('rwc', 'rwcu', 'r'),
            'school.guardian.link': ('rwcu', 'rwcu', ''),
            'school.guardian.phone': ('rwcu', 'rwcu', ''),
            'school.receipt': ('r', 'r', 'r'),
            'school.receipt.line': ('r', 'r', 'r'),
        }
        operations = {'r': 'read', 'w': 'write', 'c': 'create', 'u': 'unlink'}
        for model, (of_bursar, of_administrator, of_accountant) in rights.items():
            for user, allowed in (
                (bursar, of_bursar), (approver, of_bursar), (administrator, of_administrator),
                (accountant, of_accountant),
            ):
                for letter, operation in operations.items():
                    with self.subTest(model=model, user=user.login, operation=operation):
                        self.assertEqual(
                            self.env[model].with_user(user).has_access(operation),
                            letter in allowed,
                        )
        self.assertTrue(bursar.has_group('account.group_account_invoice'))
        self.assertFalse(bursar.has_group('account.group_account_manager'))

    def test_nobody_edits_or_deletes_a_receipt_over_rpc(self):
        administrator = self._user('fees_admin', 'school_fees.group_administrator')
        receipt = self.receipt_a.with_user(administrator)
        with self.assertRaises(AccessError):
            receipt.amount = 1
        with self.assertRaises(AccessError):
            receipt.unlink()

    # === SCHOOLS === #

    def test_one_school_sees_nothing_of_another(self):
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        stranger = new_test_user(
            self.env, login='fees_stranger', groups='school_fees.group_administrator',
            company_id=other_school.id, company_ids=[Command.set(other_school.ids)],
        )
        phone = self.env['school.guardian.phone'].create({
            'partner_id': self.mary.partner_id.id, 'e164': "0712000002",
        })
        for records in (
            self.year, self.term_1, self.faith.family_id, self.faith, self.receipt_a,
            self.receipt_a.line_ids, self.faith.guardian_link_ids, phone, self.bill_faith,
            self.faith.partner_id,
        ):
            with self.subTest(model=records._name):
                self.assertFalse(self._seen(stranger, records._name) & records)
                self._assert_no_access(records.with_env(self.env(user=stranger, context={})))
