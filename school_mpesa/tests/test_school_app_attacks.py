import json
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.models import school_app_ask
from odoo.addons.school_mpesa.tests.app_common import AppCommon


NO_ID = (None, 0, -1, 1.5, True, '1', '', [], {}, 2**31, 10**40, 'NaN', "1 OR 1=1")
UNKNOWN_ID = 2**31 - 1


@tagged('post_install', '-at_install')
class TestSchoolAppAttacks(AppCommon):
    """Calls of those who may not, and of those who send what they should not (trust.md A12, A13,
    A27): clean errors, nothing made, nothing told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tx = cls.env['payment.transaction']._mpesa_ask(
            provider=cls.provider, student=cls.student, amount=500, phone='0712000111',
            channel='invoice', invoices=cls.bill,
        )
        cls.receipt = cls.create_receipt({cls.student: 700})
        cls.calls = {
            'get_payment_options': {'student_id': cls.student.id},
            'create_request': {
                'student_id': cls.student.id, 'amount': '400', 'phone': '0799000999',
                'key': 'attack-0001',
            },
            'get_request': {'request_id': cls.tx.id},
            'list_requests': {'student_id': cls.student.id},
            'get_receipt': {'receipt_id': cls.receipt.id},
        }

    def assert_tells_nothing(self, text):
        for secret in (self.student.name, 'Otieno', '712000111', '32500', '31800'):
            self.assertNotIn(secret, text)

    # === WHO MAY NOT === #

    @mute_logger('odoo.http', 'odoo.addons.base.models.ir_http')
    def test_without_a_key_and_with_a_wrong_one(self):
        for key in (None, 'x' * 40, self.office_key[:-1], ''):
            for method, arguments in self.calls.items():
                with self.subTest(key=bool(key), method=method):
                    answer = self.post(key, method, arguments)
                    self.assertEqual(answer.status_code, 401)
                    self.assert_tells_nothing(answer.text)
        self.assertEqual(self.count_requests(), 1)

    def test_another_familys_guardian_finds_nothing(self):
        for method, arguments in self.calls.items():
            with self.subTest(method):
                there = self.refuse(self.peter_key, method, 'not_found', status=404, **arguments)
                nowhere = self.refuse(self.peter_key, method, 'not_found', status=404, **{
                    name: UNKNOWN_ID if name.endswith('_id') else value
                    for name, value in arguments.items()
                })
                self.assertEqual(there, nowhere, "Whether there is one must not be told.")
        for student_id in (self.brian.id, None):
            self.refuse(
                self.peter_key, 'create_request', 'not_found', status=404, key='attack-0002',
                amount='400', phone='0799000999', student_id=student_id, bill_ids=self.bill.ids,
            )

    def test_another_schools_bursar_finds_nothing(self):
        stranger = self.create_key(
            self.create_bursar('app-stranger', self.create_school("Other School")),
        )
        for method, arguments in self.calls.items():
            with self.subTest(method):
                self.refuse(stranger, method, 'not_found', status=404, **arguments)
                # Nor by naming a school that is not one's own.
                self.refuse(
                    stranger, method, 'not_found', status=404, **arguments,
                    context={'allowed_company_ids': self.school.ids},
                )

    def test_a_guardian_who_sees_no_amounts_is_told_none(self):
        self.env['school.guardian.link'].search([
            ('partner_id', '=', self.grace.partner_id.id),
        ]).sees_amounts = False
        for method, arguments in self.calls.items():
            with self.subTest(method):
                code, status = ('not_allowed', 403) if 'student_id' in arguments else (
                    'not_found', 404,
                )
                message = self.refuse(self.grace_key, method, code, status=status, **arguments)
                self.assert_tells_nothing(message)

    def test_a_guardian_no_longer(self):
        self.env['school.guardian.link'].search([
            ('partner_id', '=', self.grace.partner_id.id),
        ]).write({'date_to': '2026-01-31'})
        for method, arguments in self.calls.items():
            with self.subTest(method):
                self.refuse(self.grace_key, method, 'not_found', status=404, **arguments)

    def test_a_class_teacher_and_a_cashier(self):
        for user in (self.create_teacher(), self.create_staff('app-cashier', 'cashier')):
            key = self.create_key(user)
            for method in ('get_payment_options', 'create_request', 'list_requests'):
                with self.subTest(user=user.login, method=method):
                    message = self.refuse(
                        key, method, 'not_allowed', status=403, **self.calls[method],
                    )
                    self.assert_tells_nothing(message)
            self.refuse(key, 'get_request', 'not_found', status=404, request_id=self.tx.id)

    def test_a_class_teacher_who_is_a_guardian_is_a_guardian(self):
        teacher = self.create_teacher()
        teacher.partner_id.phone = '+254722000666'
        self.env['school.guardian.link'].create({
            'student_id': self.student.id, 'partner_id': teacher.partner_id.id,
            'relation': 'mother', 'portal': True, 'sees_amounts': True, 'priority': 40,
        })
        self.provider.is_published = False
        key = self.create_key(teacher)
        options = self.call(key, 'get_payment_options', student_id=self.student.id)
        self.assertEqual([phone['phone'] for phone in options['phones']], ['0722 *** 666'])
        self.assertFalse(options['can_prompt'])
        office = self.call(self.office_key, 'get_payment_options', student_id=self.student.id)
        self.refuse(key, 'create_request', 'argument', **{
            **self.calls['create_request'], 'phone': None,
            'phone_key': office['phones'][0]['phone_key'],
        })

    def test_an_accountant_reads_and_does_not_ask(self):
        for group in ('invoice', 'readonly'):
            key = self.create_key(self.create_bursar(
                f'app-{group}', self.school, group=f'account.group_account_{group}',
            ))
            for method, arguments in self.calls.items():
                with self.subTest(group=group, method=method):
                    if method == 'create_request':
                        self.refuse(key, method, 'not_allowed', status=403, **arguments)
                    else:
                        self.call(key, method, **arguments)
            page = self.call(key, 'list_requests', student_id=self.student.id)
            self.assertEqual([row['request_id'] for row in page['requests']], self.tx.ids)

    def test_an_accountant_who_only_reads_finds_nothing_of_another_school(self):
        key = self.create_key(self.create_bursar(
            'app-far', self.create_school("Other School"), group='account.group_account_readonly',
        ))
        for method, arguments in self.calls.items():
            self.refuse(key, method, 'not_found', status=404, **arguments)

    @mute_logger('odoo.http')
    def test_only_the_five_methods_are_open(self):
        for name, arguments in {
            'search': {'domain': []}, 'search_read': {'domain': []}, 'create': {'vals_list': [{}]},
            'read': {'ids': [1]}, 'unlink': {'ids': [1]}, '_ask': {}, '_describe_requests': {},
            '_get_phones': {}, '_search_requests': {'domain': []}, 'sudo': {},
        }.items():
            with self.subTest(name):
                answer = self.post(self.peter_key, name, arguments)
                self.assertIn(answer.status_code, {403, 404, 422}, answer.text)
                self.assert_tells_nothing(answer.text)
        for method in ('_mpesa_ask', 'read', 'action_mpesa_send_again'):
            answer = self.post(
                self.peter_key, method, {'ids': self.tx.ids}, model='payment.transaction',
            )
            self.assertIn(answer.status_code, {403, 422})

    # === WHAT IS SENT === #

    def test_numbers_that_are_none(self):
        for method, arguments in self.calls.items():
            for name in (name for name in arguments if name.endswith('_id')):
                for value in NO_ID:
                    with self.subTest(method=method, name=name, value=str(value)[:20]):
                        self.refuse(
                            self.office_key, method, 'argument', **{**arguments, name: value},
                        )
        for value in NO_ID[1:]:
            for name in ('limit', 'before_id'):
                with self.subTest(name=name, value=str(value)[:20]):
                    self.refuse(self.office_key, 'list_requests', 'argument', **{
                        'student_id': self.student.id, name: value,
                    })
        for value in ('', 5, [], {}, [[1]], ['1'], [True], [0], [-1], list(range(1, 60)), [2**40]):
            with self.subTest(bill_ids=str(value)[:20]):
                self.refuse(
                    self.office_key, 'get_payment_options', 'argument',
                    student_id=self.student.id, bill_ids=value,
                )

    def test_amounts_that_are_none(self):
        for value, code in (
            (None, 'argument'), (True, 'argument'), ([], 'argument'), ({}, 'argument'),
            (['400'], 'argument'), ('', 'amount'), ('NaN', 'amount'), ('Infinity', 'amount'),
            ('1e9', 'amount'), ('1E999999', 'amount'), (0, 'amount'), ('0', 'amount'),
            (-400, 'amount'), ('-400', 'amount'), (400.5, 'amount'), ('four', 'amount'),
            (10**15, 'amount'), (10**300, 'amount'), ('9' * 5_000, 'amount'),
            (32_501, 'amount'), (250_001, 'amount'), ("400'; --", 'amount'),
        ):
            with self.subTest(str(value)[:20]):
                self.refuse(self.office_key, 'create_request', code, **{
                    **self.calls['create_request'], 'amount': value,
                })

    @mute_logger('odoo.http')
    def test_numbers_that_json_does_not_know(self):
        for number in ('NaN', 'Infinity', '-Infinity', '1e400', '9' * 5_000):
            body = json.dumps(self.calls['create_request']).replace('"400"', number)
            self.assertIn(number, body)
            with self.subTest(number[:20]):
                self.env.flush_all()
                answer = self.url_open(
                    '/json/2/school.app/create_request', data=body, headers={
                        'Authorization': f'bearer {self.office_key}',
                        'Content-Type': 'application/json',
                    },
                )
                self.assertIn(answer.status_code, {400, 422})
        self.assertEqual(self.count_requests(), 1)

    def test_keys_phones_and_notes_that_are_none(self):
        for name, values in {
            'key': (None, 5, [], '', 'short', 'a' * 65, 'with blank 1', "key'; --11", '../../etc'),
            'phone': (None, 712000111, [], {}, True),
            'phone_key': (5, [], {}, 'f' * 64),
            'note': (5, [], {}, 'x' * 141),
        }.items():
            for value in values:
                with self.subTest(name=name, value=str(value)[:20]):
                    self.refuse(self.office_key, 'create_request', 'argument', **{
                        **self.calls['create_request'],
                        **({'phone': None} if name == 'phone_key' else {}), name: value,
                    })
        for phone in ('', '12', '+1 202 555 0100', '0712 000 11', 'x' * 5_000, '0712\x00000111'):
            with self.subTest(phone[:20]):
                self.refuse(self.office_key, 'create_request', 'phone', **{
                    **self.calls['create_request'], 'phone': phone,
                })
        # A phone and the key of another one.
        self.refuse(
            self.office_key, 'create_request', 'argument', **self.calls['create_request'],
            phone_key='f' * 64,
        )

    def test_a_guardian_takes_no_other_guardians_phone_by_its_key(self):
        options = self.call(
            self.office_key, 'get_payment_options', student_id=self.student.id,
        )
        self.refuse(self.grace_key, 'create_request', 'argument', **{
            **self.calls['create_request'], 'phone': None,
            'phone_key': options['phones'][0]['phone_key'],
        })

    @mute_logger('odoo.http')
    def test_what_is_added_is_refused(self):
        for added in (
            {'ids': [1]}, {'provider_id': 1}, {'channel': 'stk_push'}, {'state': 'done'},
            {'company_id': 1}, {'initiator': 1},
        ):
            with self.subTest(added):
                answer = self.post(self.office_key, 'create_request', {
                    **self.calls['create_request'], **added,
                })
                self.assertEqual(answer.status_code, 422)
        for body in ([1], 'text', 5):
            answer = self.post(self.office_key, 'create_request', body)
            self.assertIn(answer.status_code, {400, 422})
        self.assertEqual(self.count_requests(), 1)

    def test_no_default_of_the_context_is_believed(self):
        lies = {
            'default_state': 'done', 'default_mpesa_push_state': 'paid', 'su': True,
            'default_mpesa_result_code': '0', 'default_mpesa_receipt_number': 'UKS0000000',
            'default_is_post_processed': True, 'mpesa_bill_id': self.bill_brian.id,
            'allowed_company_ids': [1], 'uid': 1, 'lang': 'xx_XX', 'tz': 'Mars/Phobos',
        }
        answer = self.call(
            self.office_key, 'create_request', **self.calls['create_request'], context=lies,
        )
        tx = self.find_request(answer)
        self.assertEqual((tx.state, tx.mpesa_push_state), ('draft', 'queued'))
        self.assertFalse(tx.mpesa_result_code or tx.mpesa_receipt_number or tx.is_post_processed)
        for lang in (5, [], {}, None):
            self.call(
                self.office_key, 'get_request', request_id=tx.id, context={'lang': lang},
            )

    def test_nor_is_one_on_the_desk(self):
        form = self.open_wizard(mpesa_result_code='0', mpesa_receipt_number='UKS0000000')
        self.choose_phone(form, '222')
        tx = self.send_wizard(form)
        self.assertFalse(tx.mpesa_result_code or tx.mpesa_receipt_number)

    # === HOW OFTEN === #

    def test_another_familys_prompt_on_the_phone_is_not_told_of(self):
        self.tx.mpesa_phone_mask = '0712 *** 111'
        message = self.refuse(
            self.peter_key, 'create_request', 'phone_busy', key='attack-0003', amount='400',
            phone='0712000111', student_id=self.brian.id,
        )
        self.assert_tells_nothing(message)
        self.assertNotIn('500', message)

    def test_a_phone_is_left_alone_after_three_prompts(self):
        phone = '0799000999'
        for number in range(3):
            tx = self.find_request(self.call(
                self.office_key, 'create_request', student_id=self.brian.id, amount='10',
                key=f'attack-{number:04}', phone=phone,
            ))
            tx._mpesa_move_to('declined', mpesa_result_code='1032')
        self.refuse(
            self.peter_key, 'create_request', 'phone_limit', student_id=self.brian.id,
            amount='10', key='attack-0009', phone=phone,
        )

    def test_a_guardians_key_asks_no_thirty_first_time(self):
        with patch.object(school_app_ask, 'REQUESTS_PER_HOUR', 2):
            for number in range(2):
                self.call(
                    self.peter_key, 'create_request', student_id=self.brian.id, amount='10',
                    key=f'attack-{number:04}', phone=f'079900000{number}',
                )
            self.refuse(
                self.peter_key, 'create_request', 'too_many', status=429, amount='10',
                student_id=self.brian.id, key='attack-0009', phone='0799000009',
            )
            # What was asked already is told as often as the app likes.
            self.call(
                self.peter_key, 'create_request', student_id=self.brian.id, amount='10',
                key='attack-0000', phone='0799000000',
            )

    def test_what_is_logged_names_nobody(self):
        with self.assertLogs('odoo.http', 'WARNING') as logs:
            for key in (self.peter_key, self.office_key):
                self.post(key, 'create_request', {
                    **self.calls['create_request'], 'amount': '99999999',
                })
                self.post(key, 'create_request', {
                    **self.calls['create_request'], 'phone': '0712000111',
                })
        self.assertEqual(len(logs.output), 4)
        self.assert_tells_nothing(' '.join(logs.output))
