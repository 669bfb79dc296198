import json
from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


# Who may do what: r read, w write, c create, d delete. Nobody else anything.
RIGHTS = {
    'mpesa.callback': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.callback.opening': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.callback.settle': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.transaction': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.command': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.exchange': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.day.close': {'bursar': 'rw', 'administrator': 'rw'},
    'mpesa.day.difference': {'bursar': 'rw', 'administrator': 'rw'},
    'mpesa.day.amendment': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.source.address': {'administrator': 'rwcd'},
    'mpesa.alert': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.holiday': {'bursar': 'r', 'administrator': 'rwcd'},
    'mpesa.callback.token': {},
    'mpesa.callback.key': {},
    'mpesa.token': {},
    'mpesa.rate.counter': {},
    'mpesa.ask.wizard': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.prompt.wizard': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.identify.wizard': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.identify.suggestion': {'bursar': 'rwcd', 'administrator': 'rwcd'},
    'mpesa.identify.share': {'bursar': 'rwcd', 'administrator': 'rwcd'},
    'mpesa.message.check': {'cashier': 'rwc', 'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.statement': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.statement.line': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.statement.upload': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.statement.decide': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.statement.distrust': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.reversal.settle': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.denial': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.balance': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.balance.account': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.money.back': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.money.back.wizard': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.payment.link': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.request.share': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.payer.question': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.link.opening': {},
    'mpesa.link.wizard': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.link.bulk': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.link.bulk.line': {'bursar': 'rw', 'administrator': 'rw'},
    'mpesa.link.cancel': {'bursar': 'rwc', 'administrator': 'rwc'},
    'mpesa.prompt.bulk': {'bursar': 'rwcd', 'administrator': 'rwcd'},
    'mpesa.prompt.bulk.line': {'bursar': 'rw', 'administrator': 'rw'},
    'mpesa.prompt.bulk.result': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.claim.wizard': {'cashier': 'rwc', 'bursar': 'rwc', 'administrator': 'rwc'},
    'school.payment.claim': {'bursar': 'r', 'administrator': 'r'},
    'mpesa.register.wizard': {},
    'mpesa.validation.letter': {},
    'mpesa.setup.step': {},
}
OPERATIONS = {'r': 'read', 'w': 'write', 'c': 'create', 'd': 'unlink'}

# What a browser may call by RPC of all that this add-on defines. Each entry was looked at.
CALLABLE = {
    'mpesa.balance': {'action_ask_now', 'action_compare_again'},
    'mpesa.alert': {'action_acknowledge', 'get_open'},
    'mpesa.ask.wizard': {'action_ask'},
    'mpesa.callback': {'action_replay', 'action_open_numbers', 'action_ask_safaricom'},
    'mpesa.callback.settle': {'action_settle'},
    'mpesa.callback.token': {'create', 'unlink'},
    'mpesa.command': {'action_ask_again', 'action_mark_seen', 'action_pull_now'},
    'mpesa.dashboard': {'get_figures'},
    'mpesa.request.share': {'write'},
    'mpesa.source.address': {'create', 'write', 'unlink'},
    'mpesa.day.close': {
        'write', 'action_compute', 'action_prove_today', 'action_sign', 'action_see_amendments',
    },
    'mpesa.day.difference': {'write', 'action_open', 'action_deny'},
    'mpesa.day.amendment': {'action_open'},
    'mpesa.claim.wizard': {'action_claim'},
    'mpesa.link.cancel': {'action_cancel'},
    'mpesa.link.bulk': {'action_preview', 'action_back', 'action_make'},
    'mpesa.link.wizard': {'action_make', 'action_make_and_send'},
    'mpesa.money.back': {
        'action_approve', 'action_refuse', 'action_not_given_back', 'action_ask_safaricom',
    },
    'mpesa.money.back.wizard': {'action_ask'},
    'mpesa.payer.question': {'action_send_by_sms'},
    'mpesa.payment.link': {
        'action_cancel', 'action_open_requests', 'action_share_by_whatsapp',
        'action_send_by_sms', 'action_send_by_email',
    },
    'mpesa.prompt.bulk': {
        'create', 'write', 'action_preview', 'action_confirm', 'action_start', 'action_stop',
        'action_go_on', 'action_open_results', 'action_send_links',
    },
    'mpesa.prompt.bulk.line': {'write'},
    'mpesa.prompt.bulk.result': {'action_open_request'},
    'mpesa.prompt.wizard': {'action_send'},
    'mpesa.transaction': {
        'action_accept_suggestion', 'action_identify', 'action_note_reversal',
        'action_settle_reversal', 'action_ask_safaricom', 'action_near_is_right',
        'action_near_move', 'action_deny', 'action_approve_denial', 'action_refuse_denial',
        'action_undo_denial', 'action_ask_payer', 'action_give_back',
    },
    'mpesa.statement': {
        'action_check', 'action_distrust', 'action_open_lines', 'action_release',
    },
    'mpesa.statement.line': {'action_decide'},
    'mpesa.statement.upload': {'action_import'},
    'mpesa.statement.decide': {'action_decide'},
    'mpesa.statement.distrust': {'action_distrust'},
    'mpesa.reversal.settle': {'action_settle'},
    'mpesa.denial': {'action_confirm'},
    'mpesa.identify.wizard': {'action_book', 'action_ask_payer'},
    'mpesa.identify.suggestion': {'action_take'},
    'mpesa.message.check': {
        'action_check', 'action_check_similar', 'action_open_receipt', 'action_open_queue',
        'action_claim',
    },
    'mpesa.register.wizard': {'action_register', 'action_renew'},
    'mpesa.setup.step': {
        'get_formview_action', 'action_run', 'action_letter', 'action_open_setup',
        'action_open_payment',
    },
    'payment.transaction': {
        'create', 'write', 'get_formview_id', 'action_mpesa_send_again', 'action_mpesa_change',
        'action_mpesa_open', 'action_mpesa_view_receipt', 'action_mpesa_ask_safaricom',
        'action_mpesa_query',
    },
    'payment.provider': {
        'create', 'write', 'action_mpesa_check', 'action_mpesa_open_inbox',
        'action_mpesa_open_register', 'action_mpesa_open_letter',
        'action_mpesa_register_pull', 'action_mpesa_pull_now', 'action_mpesa_forgive_refusal',
        'action_mpesa_ask_balance',
        'action_mpesa_open_setup', 'action_mpesa_open_setups', 'action_mpesa_setup_next',
    },
    'account.move': {'action_mpesa_prompt'},
    'school.receipt': {'action_mpesa_give_back'},
    'account.payment': {'create', 'write'},
    'school.app': {
        'create_request', 'get_payment_options', 'get_receipt', 'get_request', 'list_requests',
    },
    'school.student': {
        'action_mpesa_prompt', 'action_mpesa_prompts', 'action_mpesa_link', 'action_mpesa_links',
    },
    'account.payment.register': {'action_mpesa_prompt', 'action_mpesa_claim'},
    'school.payment.claim': {'action_ask_safaricom', 'action_open_payment', 'action_refuse'},
    'school.dashboard': {'get_figures'},
}
SECRETS = (
    'mpesa_consumer_key', 'mpesa_consumer_secret', 'mpesa_passkey', 'mpesa_consumer_key_sealed',
    'mpesa_consumer_secret_sealed', 'mpesa_passkey_sealed', 'mpesa_initiator_name',
    'mpesa_initiator_password', 'mpesa_initiator_password_sealed', 'mpesa_security_credential',
    'mpesa_security_credential_sealed', 'mpesa_certificate', 'mpesa_nominated_number',
    'mpesa_nominated_number_sealed',
)
# Of a request and a message: nobody below the system, not even sealed.
HIDDEN = {
    'payment.transaction': (
        'mpesa_phone_sealed', 'mpesa_phone_index', 'mpesa_salt', 'mpesa_push_digest',
        'mpesa_attempt_digest', 'mpesa_checkout_sealed', 'mpesa_checkout_index', 'mpesa_intent',
    ),
    'mpesa.prompt.bulk.line': ('phone_index',),
    'mpesa.callback': ('body_sealed', 'key_id', 'push_digest'),
    'mpesa.transaction': ('payer_sealed', 'payer_key_id', 'payer_index'),
    'mpesa.exchange': ('sealed',),
    'mpesa.command': (
        'conversation_id', 'originator_conversation_id', 'page_digest', 'result_digest',
    ),
}


@tagged('post_install', '-at_install')
class TestAccessRights(SchoolMpesaCommon):
    """Who may read, write, call and search what (trust.md A27 to A30)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_school = cls.create_school("Other School")
        cls.users = {
            'portal': cls.create_user('rights-portal', 'base.group_portal'),
            'internal': cls.create_user('rights-internal', 'base.group_user'),
            'accountant': cls.create_user('rights-accountant', 'account.group_account_invoice'),
            'cashier': cls.create_user('rights-cashier', 'school_fees.group_cashier'),
            'bursar': cls.create_user('rights-bursar', 'school_fees.group_bursar'),
            'administrator': cls.create_user(
                'rights-admin', 'school_fees.group_administrator,base.group_allow_export',
            ),
        }
        cls.stranger = cls.create_user(
            'rights-stranger', 'school_fees.group_administrator', cls.other_school,
        )

    @classmethod
    def create_user(cls, login, group, school=None):
        school = school or cls.school
        base = '' if group == 'base.group_portal' else 'base.group_user,'
        return new_test_user(
            cls.env, login=login, groups=f'{base}{group}', company_id=school.id,
            company_ids=[Command.set(school.ids)],
        )

    def seen_by(self, records, user):
        return records.sudo(False).with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids,
        )

    def make_paid_request(self):
        """ Drive the road once, so that every model of ours holds a row.

        :rtype: payment.transaction
        """
        tx = self.ask()
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        self.assertEqual(tx.mpesa_push_state, 'paid')
        return tx

    def our_models(self):
        return [
            name for name in self.env.registry
            if (name.startswith('mpesa.') or name == 'school.payment.claim')
            and not self.env[name]._abstract
        ]

    # === RIGHTS OF EACH MODEL === #

    def test_every_model_of_ours_is_decided_on(self):
        self.assertEqual(set(self.our_models()), set(RIGHTS))

    def test_rights(self):
        for model, rights in RIGHTS.items():
            for role, user in self.users.items():
                allowed = rights.get(role, '')
                for letter, operation in OPERATIONS.items():
                    with self.subTest(f'{role} {operation} {model}'):
                        self.assertEqual(
                            self.env[model].with_user(user).has_access(operation),
                            letter in allowed,
                        )

    def test_another_schools_administrator_finds_and_reads_nothing(self):
        tx = self.make_paid_request()
        records = [
            tx, tx.mpesa_callback_ids, tx.mpesa_movement_ids, tx.mpesa_exchange_ids,
            tx.mpesa_receipt_id, self.student._get_statement_link(),
            self.env['mpesa.command']._queue(
                self.provider, 'status', receipt=tx.mpesa_receipt_number,
            ),
        ]
        for rows in records:
            with self.subTest(rows._name):
                self.assertTrue(rows)
                self.assertTrue(self.seen_by(rows, self.users['bursar']).read(['id']))
                theirs = self.seen_by(rows, self.stranger)
                self.assertFalse(theirs.search([('id', 'in', rows.ids)]))
                with self.assertRaises(AccessError):
                    theirs.read(['id'])
        for button in ('action_mpesa_send_again', 'action_mpesa_change'):
            with self.assertRaises(AccessError):
                getattr(self.seen_by(tx, self.stranger), button)()
        with self.assertRaises(AccessError):
            self.seen_by(tx.mpesa_callback_ids, self.stranger).action_replay()

    def test_a_parent_and_an_employee_read_no_request_and_no_message(self):
        tx = self.make_paid_request()
        for role in ('portal', 'internal'):
            for rows in (tx, tx.mpesa_callback_ids, tx.mpesa_movement_ids):
                with self.subTest(f'{role} {rows._name}'), self.assertRaises(AccessError):
                    self.seen_by(rows, self.users[role]).read(['id'])

    # === WRITING WHAT ONLY THE SYSTEM WRITES (A28) === #

    def test_nobody_edits_a_request(self):
        tx = self.make_paid_request()
        for role in ('accountant', 'bursar', 'administrator'):
            theirs = self.seen_by(tx, self.users[role])
            for values in (
                {'state': 'done'}, {'amount': 1}, {'mpesa_push_state': 'paid'},
                {'mpesa_phone_mask': '0700 *** 000'}, {'invoice_ids': [Command.clear()]},
                {'partner_id': self.guardian.id}, {'payment_id': False},
            ):
                with self.subTest(f'{role} {values}'), self.assertRaises(AccessError):
                    theirs.write(values)
        with self.assertRaises(AccessError):
            self.seen_by(tx, self.users['bursar']).unlink()
        with self.assertRaises(UserError):
            tx.unlink()

    def test_nobody_invents_a_request(self):
        for role in ('accountant', 'bursar', 'administrator'):
            Request = self.seen_by(self.env['payment.transaction'], self.users[role])
            with self.subTest(role), self.assertRaises(AccessError):
                Request.create({
                    'provider_id': self.provider.id, 'amount': 5,
                    'payment_method_id': self.env.ref('payment.payment_method_mpesa').id,
                    'currency_id': self.currency.id, 'partner_id': self.guardian.id,
                    'reference': f'invented-{role}', 'state': 'done',
                })

    def test_an_accountant_cannot_dress_up_a_request_of_another_provider(self):
        other = self.env['payment.provider'].create({
            'name': "Other", 'code': 'none', 'company_id': self.school.id,
        })
        tx = self.env['payment.transaction'].create({
            'provider_id': other.id, 'amount': 5, 'currency_id': self.currency.id,
            'payment_method_id': self.env.ref('payment.payment_method_mpesa').id,
            'partner_id': self.guardian.id, 'reference': 'other-1',
        })
        theirs = self.seen_by(tx, self.users['accountant'])
        theirs.write({'state_message': "fine"})
        with self.assertRaises(AccessError):
            theirs.write({'mpesa_push_state': 'queued', 'mpesa_student_id': self.student.id})

    def test_nobody_edits_inbox_or_movements(self):
        tx = self.make_paid_request()
        for rows, values in (
            (tx.mpesa_callback_ids, {'state': 'done'}),
            (tx.mpesa_movement_ids, {'amount': 1}),
            (tx.mpesa_exchange_ids, {'outcome': 'fine'}),
        ):
            for role in ('accountant', 'bursar', 'administrator'):
                theirs = self.seen_by(rows, self.users[role])
                with self.subTest(f'{role} {rows._name}'):
                    with self.assertRaises(AccessError):
                        theirs.write(values)
                    with self.assertRaises(AccessError):
                        theirs.unlink()
        with self.assertRaises(UserError):
            tx.mpesa_movement_ids.unlink()

    # === WHAT RPC MAY CALL (A27) === #

    def list_callable(self, model):
        """ Return the names that RPC may call and that this add-on defines or overrides.

        :rtype: set[str]
        """
        found = set()
        for cls in type(self.env[model]).mro():
            if not cls.__module__.startswith('odoo.addons.school_mpesa'):
                continue
            for name, member in vars(cls).items():
                if not callable(member) or isinstance(member, type):
                    continue
                try:
                    get_public_method(self.env[model], name)
                except (AccessError, AttributeError):
                    continue
                found.add(name)
        return found

    def test_only_the_listed_methods_are_open_to_rpc(self):
        for model in self.env.registry:
            with self.subTest(model):
                self.assertEqual(self.list_callable(model), CALLABLE.get(model, set()))

    def test_the_money_is_out_of_reach(self):
        for model, name in (
            ('payment.transaction', '_mpesa_ask'), ('payment.transaction', '_mpesa_move_to'),
            ('payment.transaction', '_cron_send_prompts'), ('mpesa.callback', '_accept'),
            ('mpesa.callback', '_cron_drain'), ('mpesa.callback', '_read_bodies'),
            ('mpesa.callback.token', '_get'), ('mpesa.transaction', '_settle'),
            ('mpesa.transaction', '_read_payer'), ('payment.provider', '_mpesa_secret'),
            ('payment.provider', '_mpesa_register'), ('payment.provider', '_mpesa_get_initiator'),
            ('mpesa.command', '_ask_status'), ('mpesa.command', '_queue'),
            ('mpesa.command', '_take_result'), ('mpesa.command', '_queue_balance'),
            ('mpesa.balance', '_keep'), ('mpesa.balance', '_compare'),
            ('mpesa.callback', '_append_found'),
            ('mpesa.money.back', '_ask'), ('mpesa.money.back', '_follow'),
            ('mpesa.money.back', '_note_given_back'), ('mpesa.transaction', '_book_given_back'),
            ('payment.provider', '_mpesa_get_c2b_addresses'),
            ('school.receipt', '_book'), ('school.receipt', '_reverse'),
        ):
            with self.subTest(f'{model}.{name}'), self.assertRaises(AccessError):
                get_public_method(self.env[model], name)

    def test_odoos_own_buttons_move_no_money(self):
        tx = self.ask()
        theirs = self.seen_by(tx, self.users['bursar'])
        for name in ('action_post_process', 'action_capture', 'action_void', 'action_refund'):
            with self.subTest(name):
                with suppress(UserError):  # Refused is as good as without effect.
                    getattr(theirs, name)()
                self.assertEqual((tx.state, tx.mpesa_push_state), ('draft', 'queued'))
                self.assertFalse(tx.payment_id)
        self.assertEqual(self.bill.payment_state, 'not_paid')

    # === SECRETS (A30) === #

    def test_credentials_are_the_systems_and_never_shown(self):
        system = self.create_user('rights-system', 'base.group_system')
        shown = self.seen_by(self.provider, system).read(SECRETS[:3])[0]
        self.assertEqual({shown[name] for name in SECRETS[:3]}, {'••••••••'})
        for role, user in self.users.items():
            theirs = self.seen_by(self.provider, user)
            with self.subTest(role):
                with self.assertRaises(AccessError):
                    theirs.read(list(SECRETS))
                with self.assertRaises(UserError):  # An AccessError is one.
                    theirs.export_data(['name', *SECRETS])
                with self.assertRaises(AccessError):
                    theirs.copy()

    def test_a_copy_carries_no_secret_and_no_shortcode(self):
        copy = self.provider.copy()
        for name in (*SECRETS, 'mpesa_shortcode', 'journal_id'):
            self.assertFalse(copy[name], name)

    def test_the_saved_ciphertext_is_not_the_secret(self):
        self.provider.flush_recordset()
        self.env.cr.execute('SELECT * FROM payment_provider WHERE id = %s', [self.provider.id])
        row = json.dumps(self.env.cr.dictfetchone(), default=str)
        for name in SECRETS[:3]:
            self.assertNotIn(self.provider._mpesa_secret(name), row)

    def test_hidden_columns_are_out_of_reach_of_the_office(self):
        tx = self.make_paid_request()
        rows = {
            'payment.transaction': tx,
            'mpesa.callback': tx.mpesa_callback_ids,
            'mpesa.transaction': tx.mpesa_movement_ids,
            'mpesa.exchange': tx.mpesa_exchange_ids,
            'mpesa.command': self.env['mpesa.command']._queue(
                self.provider, 'status', receipt=tx.mpesa_receipt_number,
            ),
            'mpesa.prompt.bulk.line': self.env['mpesa.prompt.bulk.line'].create({
                'run_id': self.env['mpesa.prompt.bulk'].create({'company_id': self.school.id}).id,
                'student_id': self.student.id, 'phone_index': "digest",
            }),
        }
        for model, names in HIDDEN.items():
            theirs = self.seen_by(rows[model], self.users['administrator'])
            described = theirs.fields_get()
            for name in names:
                with self.subTest(f'{model}.{name}'):
                    self.assertIn(name, theirs._fields)
                    self.assertNotIn(name, described)
                    with self.assertRaises(AccessError):
                        theirs.read([name])
                    with self.assertRaises(AccessError):
                        theirs.export_data([name])
                    with self.assertRaises(AccessError):
                        theirs.search([(name, '=', '5')])
                    with self.assertRaises(AccessError):
                        theirs.web_read({name: {}})

    def test_the_office_reads_messages_and_payers_and_others_do_not(self):
        tx = self.make_paid_request()
        bursar = self.users['bursar']
        self.assertIn('254712 *** 111', self.seen_by(tx.mpesa_callback_ids, bursar).body_text)
        with self.assertRaises(AccessError):  # A number is seen where it is needed, not exported.
            self.seen_by(tx, bursar).read(['mpesa_phone'])
        accountant = self.seen_by(tx, self.users['accountant'])
        self.assertEqual(accountant.read(['mpesa_phone_mask'])[0]['mpesa_phone_mask'],
                         '0712 *** 111')
        for name in ('mpesa_phone', 'mpesa_attempt_url', 'mpesa_attempt_token', 'mpesa_live'):
            with self.subTest(name):
                self.assertNotIn(name, accountant.fields_get())
                with self.assertRaises(AccessError):
                    accountant.read([name])
        with self.assertRaises(AccessError):
            accountant.search([('mpesa_phone_search', '=', '0712000111')])

    def test_messages_are_no_way_around_the_rights(self):
        callback = self.make_paid_request().mpesa_callback_ids
        with self.assertRaises(AccessError):
            self.seen_by(callback, self.users['accountant']).read(['body_text'])
        theirs = self.seen_by(callback, self.stranger)
        with self.assertRaises(AccessError):
            theirs.read(['body_text'])
