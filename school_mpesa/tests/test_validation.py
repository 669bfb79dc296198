import json
import time
from contextlib import contextmanager
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.school_mpesa.models import payment_provider_validation
from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


LOGGER = 'odoo.addons.school_mpesa.models.payment_provider_validation'
INVALID_ACCOUNT = 'C2B00012'
INVALID_AMOUNT = 'C2B00013'


@tagged('post_install', '-at_install')
class TestValidation(SchoolMpesaCommon, HttpCase):
    """What Safaricom is told when it asks before a payment, over HTTP."""

    def setUp(self):
        super().setUp()
        self.provider.mpesa_validation_policy = 'refuse_unknown'
        self.path = self.confirmation_url().replace('https://school.example', '').replace(
            'confirmation', 'validation',
        )

    def ask_whether(self, account, amount='1000.00', **values):
        """ Ask as Safaricom does before a payment.

        :return: The ResultCode of the verdict.
        :rtype: str
        """
        body = self.confirmation_body(
            'UIE4K7P2QX', amount, account, OrgAccountBalance='', **values,
        )
        return self.post(body)

    def post(self, body):
        before = self.env['mpesa.callback'].search_count([])
        response = self.url_open(
            self.path, data=body, headers={'Content-Type': 'application/json'}, method='POST',
        )
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        row = self.env['mpesa.callback'].search([], limit=1)
        self.assertEqual(self.env['mpesa.callback'].search_count([]), before + 1)
        self.assertEqual((row.endpoint, row._read_bodies()[row]), ('validation', body))
        verdict = response.json()
        self.assertEqual(
            verdict['ResultDesc'], "Accepted" if verdict['ResultCode'] == '0' else "Rejected",
        )
        return verdict['ResultCode']

    # === ACCOUNTS === #

    def test_a_childs_own_reference_is_accepted(self):
        for account in ('ADM-012', ' adm 12', self.student.pay_code, self.family.code):
            with self.subTest(account):
                self.assertEqual(self.ask_whether(account), '0')

    def test_a_suggestion_is_accepted(self):
        for account in ('ADM-0I2', 'ADM-0112', self.student.name, '0712000111'):
            with self.subTest(account):
                self.assertEqual(self.ask_whether(account), '0')

    def test_what_names_nobody_is_refused(self):
        for account in ('', '   ', 'ZZ-98765', 'fees', 'x' * 20, "'; DROP TABLE x;--"):
            with self.subTest(account):
                self.assertEqual(self.ask_whether(account), INVALID_ACCOUNT)

    def test_a_name_of_many_is_accepted(self):
        """ Whoever of them is meant: the money waits for the bursar. """
        for number in range(1, 8):
            self.create_student(name="Zuhura Njeri", admission_no=f'ZUH-{number}')
        self.env.flush_all()
        self.assertEqual(self.ask_whether('ZUHURA NJERI'), '0')

    def test_a_leaver_with_nothing_due_is_refused(self):
        leaver = self.create_student(name="Zawadi Kamau", admission_no='ZAW-077')
        self.env.flush_all()
        self.assertEqual(self.ask_whether('ZAW-077'), '0')
        leaver.write({'state': 'left', 'left_on': fields.Date.today()})
        self.env.flush_all()
        self.assertEqual(self.ask_whether('ZAW-077'), INVALID_ACCOUNT)
        self.create_term_bill(leaver, self.term_3, 5_000)
        self.env.flush_all()
        self.assertEqual(self.ask_whether('ZAW-077'), '0', "Who left may pay what is due.")

    def test_whoever_was_asked_may_pay(self):
        self.ask()
        tx = self.env['payment.transaction'].search(
            [('provider_id', '=', self.provider.id)], limit=1,
        )
        tx.write({'mpesa_account_reference': 'ODD-1'})
        self.env.flush_all()
        self.assertEqual(self.ask_whether('ODD-1'), '0')
        self.assertEqual(self.ask_whether('ODD-2'), INVALID_ACCOUNT)

    def test_another_schools_child_is_unknown_and_a_branchs_is_known(self):
        other = self.create_school("Other School")
        self.create_student(admission_no='OTH-555', company_id=other.id)
        self.assertEqual(self.ask_whether('OTH-555'), INVALID_ACCOUNT)

    # === THE SCHOOL'S CHOICE === #

    def test_by_default_every_payment_is_accepted(self):
        provider = self.create_provider(shortcode='600222')
        self.assertEqual(provider.mpesa_validation_policy, 'accept')
        self.assertFalse(provider.mpesa_refuse_small)
        self.provider.mpesa_validation_policy = 'accept'
        self.env.flush_all()
        for account, amount in (('ZZ-98765', '1000.00'), ('', '1.00')):
            self.assertEqual(self.ask_whether(account, amount), '0')

    def test_small_payments_are_refused_only_where_the_school_says_so(self):
        self.provider.mpesa_least_amount = 100
        self.env.flush_all()
        self.assertEqual(self.ask_whether('ADM-012', '99.00'), '0')
        self.provider.mpesa_refuse_small = True
        self.env.flush_all()
        self.assertEqual(self.ask_whether('ADM-012', '99.00'), INVALID_AMOUNT)
        self.assertEqual(self.ask_whether('ADM-012', 99), INVALID_AMOUNT)
        self.assertEqual(self.ask_whether('ADM-012', '100'), '0')
        self.provider.mpesa_validation_policy = 'accept'
        self.env.flush_all()
        self.assertEqual(self.ask_whether('ZZ-98765', '99.00'), INVALID_AMOUNT)

    def test_a_till_knows_no_accounts(self):
        self.provider.write({'mpesa_shortcode_type': 'till', 'mpesa_till_number': '5550111'})
        self.env.flush_all()
        self.assertEqual(self.ask_whether(''), '0')

    # === IN DOUBT, YES === #

    def test_what_cannot_be_read_is_accepted_and_kept(self):
        for body in (b'', b'[', b'\xff' * 9, b'{"TransAmount": "x"}', b'null'):
            with self.subTest(body):
                self.assertEqual(self.post(body), '0')

    def test_when_time_is_over_the_payment_is_accepted(self):
        with patch.object(payment_provider_validation, 'BUDGET_SECONDS', 0), \
                self.assertLogs(LOGGER, 'WARNING') as log:
            self.assertEqual(self.ask_whether('ZZ-98765'), '0')
        self.assertIn('OutOfTime', log.output[0])
        self.assertNotIn('ZZ-98765', ''.join(log.output))

    def test_a_slow_query_is_cut_short(self):
        started = time.monotonic()
        with self.without_students(
            'CREATE VIEW school_student AS SELECT kept.* FROM school_student_kept kept,'
            ' LATERAL (SELECT pg_sleep(5)) AS slow WHERE slow IS NOT NULL'
        ), patch.object(payment_provider_validation, 'BUDGET_SECONDS', 0.5), \
                self.assertLogs(LOGGER, 'WARNING') as log:
            self.assertEqual(self.ask_whether('ZZ-98765'), '0')
        self.assertLess(time.monotonic() - started, 2.5)
        self.assertIn('QueryCanceled', log.output[0])

    @contextmanager
    def without_students(self, instead='SELECT'):
        """ Take the table of students away, in the database itself.

        :param str instead: SQL that puts something else in its place.
        """
        self.env.flush_all()
        self.env.cr.execute('ALTER TABLE school_student RENAME TO school_student_kept')
        self.env.cr.execute(instead)
        yield
        self.env.cr.execute('DROP VIEW IF EXISTS school_student')
        self.env.cr.execute('ALTER TABLE school_student_kept RENAME TO school_student')

    def test_a_failure_is_an_acceptance_and_is_not_quoted(self):
        with self.without_students(), self.assertLogs(LOGGER, 'WARNING') as log:
            self.assertEqual(self.ask_whether('ZZ-98765'), '0')
        self.assertIn('UndefinedTable', log.output[0])
        self.assertNotIn('ZZ-98765', ''.join(log.output))

    def test_looking_writes_nothing(self):
        """ The database itself refuses: the cursor only reads. """
        Provider = type(self.env['payment.provider'])

        def write_something(provider, raw):
            provider.env.cr.execute("UPDATE res_partner SET comment = 'x'")
            return INVALID_ACCOUNT

        with patch.object(Provider, '_mpesa_find_refusal', write_something), \
                self.assertLogs(LOGGER, 'WARNING') as log:
            self.assertEqual(self.ask_whether('ZZ-98765'), '0')
        self.assertIn('ReadOnlySqlTransaction', log.output[0])

    # === THE ROAD === #

    def test_a_refused_payment_leaves_no_money_and_an_inbox_row(self):
        self.ask_whether('ZZ-98765')
        self.drain()
        row = self.env['mpesa.callback'].search([], limit=1)
        self.assertEqual((row.endpoint, row.state), ('validation', 'done'))
        self.assertFalse(self.env['mpesa.transaction'].search_count([]))
        self.assertEqual(json.loads(row._read_bodies()[row])['BillRefNumber'], 'ZZ-98765')

    def test_the_first_message_at_a_new_address_retires_the_old_one(self):
        self.env['mpesa.callback.token']._renew_c2b(self.provider)
        old, self.path = self.path, self.confirmation_url().replace(
            'https://school.example', '',
        ).replace('confirmation', 'validation')
        response = self.url_open(self.path, data=b'{}')
        self.assertEqual(response.status_code, 200, "Somebody tries it; it is not registered yet.")
        self.provider.mpesa_registered_token_id = self.env['mpesa.callback.token'].search([
            ('provider_id', '=', self.provider.id), ('kind', '=', 'c2b'),
        ], limit=1)
        for path, status in ((old, 200), (self.path, 200), (old, 404), (self.path, 200)):
            response = self.url_open(path, data=b'{}')
            self.assertEqual(response.status_code, status)
