from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.app_common import AppCommon


@tagged('post_install', '-at_install')
class TestSchoolApp(AppCommon):
    """What the school's own app is told and may ask for, over HTTP with an API key."""

    # === WHAT CAN BE PAID === #

    def options(self, key=None, **arguments):
        return self.call(key or self.office_key, 'get_payment_options', **{
            'student_id': self.student.id, **arguments,
        })

    def amounts(self, answer):
        return {option['name']: option['amount'] for option in answer['options']}

    def test_what_is_due_and_how_it_may_be_paid(self):
        answer = self.options()
        self.assertEqual(
            (answer['due'], answer['currency'], answer['can_prompt']), ('32500.00', 'KES', True),
        )
        self.assertEqual(self.amounts(answer), {'full': '32500.00', 'half': '16250.00'})
        self.assertEqual((answer['least'], answer['most']), ('1.00', '32500.00'))
        self.assertEqual(answer['bills'], [{
            'bill_id': self.bill.id, 'number': self.bill.name,
            'due_date': str(self.bill.invoice_date_due), 'due': '32500.00',
        }])

    def test_more_than_is_due_only_where_the_school_takes_credit(self):
        self.provider.mpesa_allow_credit = True
        self.assertEqual(self.options()['most'], '250000.00')
        self.create_receipt({self.student: 32_500})
        answer = self.options()
        self.assertEqual((answer['due'], answer['options']), ('0.00', []))
        self.assertEqual((answer['least'], answer['most']), ('1.00', '250000.00'))

    def test_the_least_amount_of_the_school(self):
        self.provider.mpesa_least_amount = 500
        self.assertEqual(self.options()['least'], '500.00')
        self.provider.mpesa_least_amount = 40_000
        self.assertEqual(self.options()['least'], '32500.00')

    def test_arrears_are_what_earlier_terms_left(self):
        self.create_term_bill(self.student, self.term_1, 4_000.50)
        answer = self.options()
        self.assertEqual(answer['due'], '36500.50')
        self.assertEqual(self.amounts(answer)['full'], '36501.00')
        self.assertEqual(self.amounts(answer)['arrears'], '4001.00')
        chosen = self.options(bill_ids=self.bill.ids)
        self.assertEqual((chosen['due'], len(chosen['bills'])), ('32500.00', 1))
        self.assertNotIn('arrears', self.amounts(chosen))

    def test_the_deposit_that_a_bill_asks_for_until_it_is_paid(self):
        self.create_receipt({self.student: 32_500})
        caution = self.create_fee("Caution money", 'DEP', charge_basis='deposit')
        tax = self.get_exempt_tax(self.school)
        bill = self.create_term_bill(
            self.student, self.term_3, 0, school_doc_type='supplement', invoice_line_ids=[
                Command.create({
                    'product_id': product.id, 'name': "Fee", 'price_unit': price,
                    'tax_ids': [Command.set(tax.ids)],
                })
                for product, price in ((caution, 5_000), (self.create_fee(), 20_000))
            ],
        )
        self.assertEqual(self.amounts(self.options())['deposit'], '5000.00')
        self.create_receipt({self.student: 2_000})
        self.assertEqual(bill.amount_residual, 23_000)
        self.assertEqual(self.amounts(self.options())['deposit'], '3000.00')
        self.create_receipt({self.student: 3_000})
        self.assertNotIn('deposit', self.amounts(self.options()))

    def test_phones_are_masked_and_a_guardian_is_offered_the_own_one(self):
        office = self.post(self.office_key, 'get_payment_options', {'student_id': self.student.id})
        self.assertEqual(
            [phone['phone'] for phone in office.json()['phones']],
            ['0712 *** 111', '0720 *** 333', '0733 *** 222', '0722 *** 444'],
        )
        for number in ('712000111', '720000333', '733000222', '722000444'):
            self.assertNotIn(number, office.text)
        own = self.options(self.grace_key)
        self.assertEqual([phone['phone'] for phone in own['phones']], ['0722 *** 444'])

    def test_a_school_without_mpesa_says_so(self):
        self.provider.state = 'disabled'
        self.assertFalse(self.options()['can_prompt'])
        self.refuse(
            self.office_key, 'create_request', 'provider', key='app-key-0001', amount='10',
            student_id=self.student.id, phone='0712000111',
        )

    # === ASKING === #

    def test_the_office_asks(self):
        answer = self.create_request(note="From the app")
        tx = self.find_request(answer)
        self.assertEqual((tx.amount, tx.mpesa_channel), (15_500, 'api'))
        self.assertEqual((tx.mpesa_initiator_id, tx.mpesa_note), (self.bursar, "From the app"))
        self.assertEqual(tx.mpesa_phone, '254712000111')
        self.assertEqual(answer, {
            'request_id': tx.id, 'is_test': True, 'reference': tx.reference, 'channel': 'api',
            'state': 'sending',
            'message': tx.mpesa_outcome, 'result_code': '', 'has_callback': False,
            'can_retry': False, 'retry_in': 0, 'phone': '0712 *** 111',
            'students': [{'student_id': self.student.id, 'amount': '15500.00'}],
            'bill_ids': [], 'currency': 'KES', 'amount': '15500.00', 'amount_paid': '0.00',
            'amount_due': '32500.00', 'requested_at': f'{tx.create_date:%Y-%m-%dT%H:%M:%SZ}',
            'sent_at': None, 'receipt': None,
        })
        self.assertIn("asked of 0712 *** 111", self.chatter(self.student))

    def test_a_guardian_asks_for_the_own_child_and_is_no_clerk(self):
        answer = self.create_request(self.grace_key, phone='+254 722 000 444')
        tx = self.find_request(answer)
        self.assertEqual((tx.mpesa_channel, tx.mpesa_phone), ('api', '254722000444'))
        self.assertFalse(tx.mpesa_initiator_id)
        self.assertNotIn("asked of", self.chatter(self.student))

    def test_bills_name_their_student(self):
        answer = self.create_request(student_id=None, bill_ids=self.bill.ids)
        self.assertEqual(self.find_request(answer).invoice_ids, self.bill)
        self.assertEqual(answer['bill_ids'], self.bill.ids)

    def test_a_phone_by_its_key(self):
        key = self.options()['phones'][2]['phone_key']
        answer = self.create_request(phone=None, phone_key=key)
        self.assertEqual(self.find_request(answer).mpesa_phone, '254733000222')

    def test_the_same_key_never_prompts_twice(self):
        first = self.create_request(amount=15_500)
        again = self.create_request(amount='15,500')
        self.assertEqual(again['request_id'], first['request_id'])
        self.send()
        self.assertEqual(len(self.control.pushes()), 1)
        self.assertEqual(self.chatter(self.student).count("asked of"), 1)
        self.settle_open()
        self.assertEqual(self.create_request()['state'], 'paid')
        self.assertEqual(len(self.control.pushes()), 1)

    def settle_open(self):
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[-1])
        self.drain()

    def test_a_key_is_for_one_request(self):
        self.create_request()
        for other in (
            {'amount': '15501'}, {'phone': '0712000112'}, {'bill_ids': self.bill.ids},
            {'student_id': self.brian.id},
        ):
            with self.subTest(other):
                self.refuse(self.office_key, 'create_request', 'key_used', status=409, **{
                    'key': 'app-key-0001', 'student_id': self.student.id, 'amount': '15500',
                    'phone': '0712000111', **other,
                })

    def test_the_keys_of_two_callers_do_not_meet(self):
        office = self.create_request()
        grace = self.create_request(self.grace_key, phone='0722000444')
        self.assertNotEqual(office['request_id'], grace['request_id'])

    def test_the_same_debt_is_not_asked_for_twice(self):
        self.create_request(amount='32500')
        message = self.refuse(
            self.grace_key, 'create_request', 'open_request', key='app-key-0002', amount='32500',
            student_id=self.student.id, phone='0722000444',
        )
        self.assertNotIn('32', message)

    # === WHAT BECAME OF IT === #

    def test_paid(self):
        asked = self.create_request()
        self.settle()
        answer = self.call(self.office_key, 'get_request', request_id=asked['request_id'])
        receipt = self.find_request(asked).mpesa_receipt_id
        self.assertEqual(
            (answer['state'], answer['has_callback'], answer['amount_paid'], answer['amount_due']),
            ('paid', True, '15500.00', '17000.00'),
        )
        self.assertRegex(answer['sent_at'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
        self.assertEqual(answer['receipt'], {
            'receipt_id': receipt.id, 'number': receipt.number, 'is_test': True,
            'is_cancelled': False,
            'date': str(receipt.date), 'paid_at': f'{receipt.paid_at:%Y-%m-%dT%H:%M:%SZ}',
            'channel': 'api', 'code': receipt.external_ref, 'currency': 'KES',
            'amount': '15500.00',
            'students': [{'student_id': self.student.id, 'amount': '15500.00'}],
        })
        self.assertEqual(
            self.call(self.grace_key, 'get_receipt', receipt_id=receipt.id), answer['receipt'],
        )

    def test_what_is_a_test_and_what_is_real(self):
        asked = self.create_request()
        self.settle()
        receipt = self.find_request(asked).mpesa_receipt_id

        def tests():
            answers = (
                self.options(),
                self.call(self.office_key, 'get_request', request_id=asked['request_id']),
                self.call(self.office_key, 'get_receipt', receipt_id=receipt.id),
            )
            return [answer['is_test'] for answer in answers]

        self.assertEqual(tests(), [True] * 3)
        self.env.cr.execute("UPDATE payment_provider SET mpesa_environment = 'production'"
                            " WHERE id = %s", [self.provider.id])
        self.env.cr.execute("UPDATE mpesa_transaction SET environment = 'production'")
        self.env.invalidate_all()
        self.assertEqual(tests(), [False] * 3)

    def test_not_paid_and_why_in_the_language_of_the_call(self):
        asked = self.create_request()
        self.settle(pays=False)
        english = self.call(self.office_key, 'get_request', request_id=asked['request_id'])
        self.assertEqual((english['state'], english['result_code']), ('declined', '1032'))
        self.assertEqual((english['can_retry'], english['amount_paid']), (True, '0.00'))
        swahili = self.call(
            self.office_key, 'get_request', request_id=asked['request_id'], context={'lang': 'sw'},
        )
        self.assertEqual(english['message'], "Not paid: cancelled on the phone")
        self.assertEqual(swahili['message'], "Halijalipwa: limeghairiwa kwenye simu")

    def test_all_attempts_page_by_page(self):
        requests = self.env['payment.transaction']
        for phone in ('0712000111', '0720000333', '0733000222'):
            requests = self.ask(500, phone=phone) | requests
        page = self.call(
            self.office_key, 'list_requests', student_id=self.student.id, limit=2,
        )
        self.assertEqual([row['request_id'] for row in page['requests']], requests[:2].ids)
        self.assertEqual(page['next_before_id'], requests[1].id)
        last = self.call(
            self.office_key, 'list_requests', student_id=self.student.id,
            before_id=page['next_before_id'],
        )
        self.assertEqual([row['request_id'] for row in last['requests']], requests[2:].ids)
        self.assertIsNone(last['next_before_id'])

    def test_who_may_not_see_other_payers_sees_the_own_requests_only(self):
        link = self.env['school.guardian.link'].search([
            ('partner_id', '=', self.grace.partner_id.id),
        ])
        other = self.ask(500)
        to_own_phone = self.ask(500, phone='0722000444')
        by_own_key = self.create_request(self.grace_key, amount='600', phone='0799000999')

        def seen():
            page = self.call(self.grace_key, 'list_requests', student_id=self.student.id)
            return [row['request_id'] for row in page['requests']]

        self.assertEqual(seen(), [by_own_key['request_id'], to_own_phone.id, other.id])
        link.sees_other_payers = False
        self.assertEqual(seen(), [by_own_key['request_id'], to_own_phone.id])
        self.refuse(
            self.grace_key, 'get_request', 'not_found', status=404, request_id=other.id,
        )

    def test_of_a_request_for_several_a_guardian_sees_the_own_childs_part(self):
        tx = self.ask(
            10_000, invoices=None, channel='statement',
            shares=[(self.student, 7_000), (self.brian, 3_000)],
        )
        office = self.call(self.office_key, 'get_request', request_id=tx.id)
        self.assertEqual((office['amount'], len(office['students'])), ('10000.00', 2))
        self.assertIn(self.student.admission_no, office['reference'])
        self.assertEqual(
            self.call(self.grace_key, 'get_request', request_id=tx.id)['reference'], tx.reference,
        )
        self.settle()
        peter = self.call(self.peter_key, 'get_request', request_id=tx.id)
        self.assertEqual(peter['students'], [
            {'student_id': self.brian.id, 'amount': '3000.00'},
        ])
        self.assertEqual((peter['amount'], peter['amount_paid']), ('3000.00', '3000.00'))
        self.assertEqual(peter['receipt']['students'], peter['students'])
        self.assertIsNone(peter['reference'], "It names the other family's child.")
        self.assertNotIn(self.student.admission_no, str(peter))
        page = self.call(self.peter_key, 'list_requests', student_id=self.brian.id)
        self.assertEqual(page['requests'], [peter])
