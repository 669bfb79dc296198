import json
import os
import secrets
from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from cryptography.fernet import Fernet
from daraja_simulator.server import start_in_thread

from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon
from odoo.addons.school_mpesa import server_settings, vault
from odoo.addons.school_mpesa.models import mpesa_callback_drain
from odoo.addons.school_mpesa.models.mpesa_callback_token import TOKEN_KINDS


# The published-by-us credentials of the simulator are no secrets; these keys live for one run.
KEYS = {
    'SCHOOL_MPESA_KEYS': Fernet.generate_key().decode(),
    'SCHOOL_MPESA_INDEX_KEY': secrets.token_hex(32),
}


@tagged('post_install', '-at_install')
class SchoolMpesaCommon(SchoolFeesCommon):
    """A school with one paybill, connected to the simulator over HTTP; callbacks are held there.

    The simulator runs in a thread of the test's process. It sends nothing by itself: a test takes
    the exact bytes it would post and delivers them, since Odoo's tests refuse foreign requests.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = start_in_thread(port=0, seed=1)
        cls.addClassCleanup(cls.simulator.stop)
        cls.control = cls.simulator.control
        environment = patch.dict(os.environ, {
            **KEYS, 'SCHOOL_MPESA_SIMULATOR_URL': cls.simulator.url,
        })
        environment.start()
        cls.addClassCleanup(environment.stop)
        # Only those: the configuration file of whoever runs the tests may hold keys of its own.
        configuration = patch.object(server_settings, 'config', {})
        configuration.start()
        cls.addClassCleanup(configuration.stop)
        cls.provider = cls.create_provider()
        cls.family = cls.create_family()
        cls.student = cls.create_student(family_id=cls.family.id)
        cls.guardian = cls.create_guardian(cls.student, phone='+254712000111')
        cls.bill = cls.create_term_bill(cls.student, cls.term_3, 32_500)

    def setUp(self):
        super().setUp()
        self.control.reset(seed=1)
        self.control.set(hold_callbacks=True, same_amount_rule='off', subscriber_lock='off')

    # === MAKERS === #

    @classmethod
    def create_provider(cls, school=None, shortcode='600111', **values):
        """ Create a paybill of a school on the simulator, with a journal of its own.

        :param res.company school: The school, by default the class's.
        :param str shortcode: A shortcode that the simulator knows.
        :rtype: payment.provider
        """
        from daraja_simulator import defaults
        school = school or cls.school
        journal = cls.env['account.journal'].create({
            'name': f'M-PESA {shortcode}', 'code': f'M{shortcode[-3:]}', 'type': 'bank',
            'company_id': school.id,
        })
        provider = cls.env['payment.provider'].with_company(school).create({
            'name': "M-PESA", 'code': 'mpesa', 'company_id': school.id,
            'payment_method_ids': [(6, 0, cls.env.ref('payment.payment_method_mpesa').ids)],
            'mpesa_environment': 'simulator',
            'mpesa_shortcode': shortcode,
            'mpesa_shown_name': "Uhuru Academy",
            **values,
        })
        provider.write({
            'mpesa_consumer_key': defaults.CONSUMER_KEY,
            'mpesa_consumer_secret': defaults.CONSUMER_SECRET,
            'mpesa_passkey': defaults.SCHOOL_PASSKEY,
        })
        provider.journal_id = journal
        provider.write({'state': 'test', 'is_published': True})
        return provider

    def ask(self, amount=15_500, phone='0712000111', **values):
        """ Make a payment request as a parent on the bill's page.

        :rtype: payment.transaction
        """
        return self.env['payment.transaction']._mpesa_ask(**{
            'provider': self.provider, 'student': self.student, 'amount': amount, 'phone': phone,
            'channel': 'invoice', 'invoices': self.bill, **values,
        })

    def send(self):
        """ Empty the outbox by its scheduled action. """
        self.run_cron('school_mpesa.cron_send_prompts')

    def chase(self):
        """ Ask about due requests by the scheduled action. """
        self.run_cron('school_mpesa.cron_chase')

    def drain(self, patience=0):
        """ Empty the inbox by its scheduled action.

        :param float patience: For how many seconds it waits for messages that are not due yet.
        """
        with patch.object(mpesa_callback_drain, 'PATIENCE_SECONDS', patience):
            self.run_cron('school_mpesa.cron_drain')

    def run_cron(self, xmlid):
        """ Run a scheduled action, commits and all, inside the test's transaction.

        :param str xmlid: The action.
        """
        cron = self.env.ref(xmlid)
        # An HttpCase is in the registry's test mode from its start.
        is_http_case = isinstance(self, HttpCase)
        with nullcontext() if is_http_case else self.enter_registry_test_mode():
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()
        # Under a runner that silences the log, a crash is seen nowhere else.
        self.assertEqual(cron.failure_count, 0, "The scheduled action must not crash.")

    def wait_deliveries(self, count=1, **criteria):
        """ Wait until the simulator holds so many messages.

        :rtype: list[dict]
        """
        return self.control.wait_delivery(count=count, **criteria)

    def accept(self, delivery):
        """ Put one held message into the inbox, by the same method that the route calls.

        :param dict delivery: What the simulator holds.
        :rtype: mpesa.callback
        """
        return self.accept_bytes(delivery['url'], delivery['body'].encode())

    def accept_bytes(self, url, raw):
        """ Put bytes into the inbox as if posted to an address.

        :param str url: The address, as Daraja knows it.
        :param bytes raw: The body.
        :rtype: mpesa.callback
        """
        token, *rest = url.split('/collect/')[1].split('/')
        endpoint = 'stk' if rest[0] == 'stk' else rest[-1]
        provider = self.env['mpesa.callback.token']._identify(token, TOKEN_KINDS[endpoint])
        self.assertTrue(provider, "The address must hold a live token.")
        self.env['mpesa.callback']._accept(
            endpoint, provider, raw, push=rest[1] if endpoint == 'stk' else '',
            content_type='application/json', source='127.0.0.1',
        )
        return self.env['mpesa.callback'].search([], limit=1)

    def confirmation_url(self, provider=None):
        """ Return the address for paybill confirmations of a provider.

        :rtype: str
        """
        provider = provider or self.provider
        token = self.env['mpesa.callback.token']._get(provider, 'c2b')
        return f'https://school.example/collect/{token}/c2b/confirmation'

    def confirmation_body(self, receipt, amount='1000.00', account='ADM-012', **values):
        """ Return a paybill confirmation as Daraja posts it (daraja.md 5.3), of this moment.

        :rtype: bytes
        """
        # Safaricom writes Kenyan time.
        stamp = (fields.Datetime.now() + timedelta(hours=3)).strftime('%Y%m%d%H%M%S')
        return json.dumps({
            'TransactionType': 'Pay Bill', 'TransID': receipt, 'TransTime': stamp,
            'TransAmount': amount, 'BusinessShortCode': '600111', 'BillRefNumber': account,
            'InvoiceNumber': '', 'OrgAccountBalance': '981200.50', 'ThirdPartyTransID': '',
            'MSISDN': '2547 ***** 111', 'FirstName': 'WANJIKU', 'MiddleName': '', 'LastName': '',
            **values,
        }).encode()

    # === ASSERTIONS === #

    def assert_accounts_sound(self):
        """ Override of `school_fees` to look at what nobody has claimed too. """
        self.assert_no_rows("The account of unidentified money is the queue.", '''
            SELECT school.name, ledger.total, queue.total
              FROM res_company school
        CROSS JOIN LATERAL (
                   SELECT coalesce(-sum(line.balance), 0) AS total
                     FROM account_move_line line
                    WHERE line.account_id = school.mpesa_unidentified_account_id
                      AND line.parent_state = 'posted') ledger
        CROSS JOIN LATERAL (
                   -- A reversal that waits for a person has left the wallet at its cost.
                   SELECT coalesce(sum(CASE WHEN movement.reversal_state = 'person'
                                            THEN -movement.amount ELSE movement.amount END), 0)
                          AS total
                     FROM mpesa_transaction movement
                    WHERE movement.company_id = school.id
                      AND movement.receipt_id IS NULL
                      AND (movement.suspense_payment_id IS NOT NULL
                           OR movement.reversal_state = 'person')) queue
             WHERE ledger.total <> queue.total
        ''')
        return super().assert_accounts_sound()

    def assert_conserved(self):
        """ Assert that every shilling received is on students or in suspense, to the cent. """
        self.env.flush_all()
        movements = self.env['mpesa.transaction'].search([('company_id', '=', self.school.id)])
        received = sum(movements.mapped('amount'))
        wallet = self.provider.journal_id.default_account_id
        lines = self.env['account.move.line'].search([
            ('account_id', '=', wallet.id), ('parent_state', '=', 'posted'),
        ])
        self.assertAlmostEqual(sum(lines.mapped('balance')), received, 2)
        on_students = sum(movements.receipt_id.filtered(
            lambda r: r.state == 'posted'
        ).mapped('amount'))
        suspense = self.school._get_unidentified_account()
        in_suspense = -sum(self.env['account.move.line'].search([
            ('account_id', '=', suspense.id), ('parent_state', '=', 'posted'),
        ]).mapped('balance'))
        self.assertAlmostEqual(on_students + in_suspense, received, 2)

    def seal_for(self, tx, name):
        """ Return what a sealed field of a request holds, for a test's eyes. """
        return vault.unseal(tx._mpesa_seal_context(name), tx[f'mpesa_{name}_sealed'])
