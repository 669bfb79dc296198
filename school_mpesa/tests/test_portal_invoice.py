import json

from odoo import fields
from odoo.tests import JsonRpcException, new_test_user, tagged

from odoo.addons.school_mpesa.tests.portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalInvoice(PortalCommon):
    """Pay now on the portal page of a bill: the form, and what the server makes of it."""

    # === THE FORM === #

    def test_form_offers_full_half_and_other(self):
        page = self.page()
        self.assertIn('name="o_mpesa_form"', page)
        self.assertRegex(page, r'value="32500"\s+checked')
        self.assertIn('value="16250"', page)
        self.assertIn("Other amount", page)
        self.assertIn("From KES 1 to KES 32,500.", page)
        self.assertIn('Never type your PIN on this page.', page)
        for detail in ('600111', self.student.admission_no, '32500'):
            self.assertIn(f'data-copy="{detail}"', page)
        self.assertIn("TEST: no real money moves", page)

    def test_half_rounds_up_and_cents_become_credit(self):
        bill = self.create_term_bill(self.student, self.term_2, 1_000.50)
        bill._portal_ensure_token()
        page = self.page(bill)
        self.assertIn('data-most="1001"', page)
        self.assertIn('value="501"', page)

    def test_form_in_swahili(self):
        self.env.flush_all()
        page = self.url_open(f'/sw{self.bill.get_portal_url()}').text
        self.assertIn("Unataka kulipa kiasi gani?", page)
        self.assertIn("Kiasi kingine", page)

    def test_above_the_limit_the_form_says_how_to_split(self):
        bill = self.create_term_bill(self.student, self.term_2, 300_000)
        bill._portal_ensure_token()
        page = self.page(bill)
        self.assertIn('data-most="250000"', page)
        self.assertIn(
            "M-PESA allows up to KES 250,000 at once. Pay that first, then the remaining"
            " KES 50,000.", page,
        )

    def test_a_link_alone_shows_the_phone_masked(self):
        page = self.page()
        self.assertIn('value="0712 *** 111"', page)
        self.assertNotIn('712000111', page)

    def test_a_guardian_sees_the_own_number(self):
        user = self.log_in_guardian()
        user.partner_id.phone = '+254722000333'
        self.assertIn('value="0722000333"', self.page())

    def test_pay_now_only_while_something_is_due(self):
        self.pay(mpesa_amount='32500')
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        page = self.page()
        self.assertNotIn('name="o_mpesa_form"', page)
        self.assertNotIn('id="o_payment_form"', page)

    def test_not_offered_on_other_invoices_nor_on_the_generic_page(self):
        partner = self.env['res.partner'].create({'name': "Uniform Buyer"})
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': partner.id, 'company_id': self.school.id,
            'invoice_date': '2026-09-01',
            'invoice_line_ids': [(0, 0, {'name': "Uniform", 'price_unit': 900, 'tax_ids': False})],
        })
        invoice.action_post()
        self.other_provider()
        page = self.page(invoice)
        self.assertIn('id="o_payment_form"', page)
        self.assertNotIn('data-provider-code="mpesa"', page)
        compatible = self.env['payment.provider']._get_compatible_providers(
            self.school.id, partner.id, 900, currency_id=self.school.currency_id.id,
        )
        self.assertNotIn(self.provider, compatible)

    def test_other_ways_to_pay_stay_selectable(self):
        self.other_provider()
        page = self.page()
        self.assertIn('data-provider-code="mpesa"', page)
        self.assertIn('data-provider-code="none"', page)

    def test_the_page_tells_what_became_of_the_last_request(self):
        self.pay()
        tx = self.requests()
        tx._mpesa_move_to('declined', mpesa_result_code='1032')
        page = self.page()
        self.assertIn("You cancelled the payment", page)
        self.assertIn("M-PESA request for KES 15,500 on 0712 *** 111", page)
        self.assertIn(tx.mpesa_attempt_url, page)
        self.assertIn('name="o_mpesa_form"', page, "Pay now is there again.")

    def test_a_link_alone_tells_little_of_anothers_request(self):
        self.pay()
        tx = self.requests()
        tx._mpesa_move_to('accepted', mpesa_sent_at=fields.Datetime.now())
        self.opener.cookies.clear()
        page = self.page()
        self.assertIn("A request of KES 15,500 is open. Do not pay again yet.", page)
        self.assertNotIn(tx.mpesa_attempt_url, page)
        self.assertNotIn("M-PESA request for KES", page)
        error = self.pay(mpesa_intent='b2' * 16)['mpesa_error']
        self.assertFalse(error['attempt_url'])
        self.assertIn("Another M-PESA request is already on this phone.", error['message'])
        tx._mpesa_move_to('declined', mpesa_result_code='1032')
        page = self.page()
        for hidden in (
            "is open. Do not pay", "You cancelled the payment", tx.mpesa_attempt_url,
            'o_mpesa_last_request', 'o_account_payment_tx_status',
        ):
            self.assertNotIn(hidden, page)

    def test_the_guardian_sees_the_request_on_the_own_phone_only(self):
        self.pay()
        tx = self.requests()
        tx._mpesa_move_to('accepted', mpesa_sent_at=fields.Datetime.now())
        self.opener.cookies.clear()
        user = self.log_in_guardian()
        user.partner_id.phone = '+254722000333'
        self.assertNotIn(tx.mpesa_attempt_url, self.page())
        user.partner_id.phone = '0712 000 111'
        self.assertIn(tx.mpesa_attempt_url, self.page())
        user.partner_id.phone = False
        self.assertNotIn(tx.mpesa_attempt_url, self.page())
        self.env['school.guardian.phone'].create({
            'partner_id': user.partner_id.id, 'e164': '+254712000111', 'proposed': True,
        })
        self.assertNotIn(tx.mpesa_attempt_url, self.page(), "Typed, and not confirmed.")
        self.env['school.guardian.phone'].search([
            ('partner_id', '=', user.partner_id.id),
        ]).proposed = False
        self.env.invalidate_all()
        self.assertIn(tx.mpesa_attempt_url, self.page())

    def test_the_office_sees_every_request(self):
        self.pay()
        tx = self.requests()
        tx._mpesa_move_to('accepted', mpesa_sent_at=fields.Datetime.now())
        self.opener.cookies.clear()
        new_test_user(
            self.env, 'office_pages', groups='school_fees.group_bursar',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        self.authenticate('office_pages', 'office_pages')
        self.assertIn(tx.mpesa_attempt_url, self.page())

    def test_odoo_does_not_say_that_the_payment_was_processed(self):
        self.pay()
        self.requests()._mpesa_move_to('accepted', mpesa_sent_at='2026-09-01 08:00:00')
        page = self.page()
        self.assertNotIn("has been processed", page)
        self.assertNotIn('o_account_payment_tx_status', page)

    # === PAYING BY M-PESA === #

    def test_pay_leads_to_the_waiting_page(self):
        values = self.pay()
        tx = self.requests()
        self.assertEqual(values['mpesa_attempt_url'], f'{tx.mpesa_attempt_url}?lang=en')
        self.assertEqual(values['reference'], tx.reference)
        self.assertEqual((tx.amount, tx.mpesa_phone), (15_500, '254712000111'))
        self.assertEqual((tx.mpesa_channel, tx.invoice_ids), ('invoice', self.bill))
        self.assertEqual(tx.partner_id, self.student.partner_id)
        self.assertEqual(self.url_open(values['mpesa_attempt_url']).status_code, 200)

    def test_status_page_of_odoo_leads_to_the_waiting_page(self):
        values = self.pay()
        response = self.url_open('/payment/status', allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertIn(
            values['mpesa_attempt_url'].split('?')[0], response.headers['Location'],
        )

    def test_language_of_the_page_goes_along(self):
        self.assertTrue(self.pay(mpesa_lang='sw')['mpesa_attempt_url'].endswith('?lang=sw'))
        self.assertEqual(self.requests().partner_lang, 'sw')
        error = self.pay(mpesa_lang='sw', mpesa_phone='1')['mpesa_error']
        self.assertEqual(
            error['message'], "Weka nambari ya simu ya Kenya, kama 0712 345 678.",
        )

    def test_double_submit_is_one_request(self):
        first, second = self.pay(), self.pay()
        self.assertEqual(first['mpesa_attempt_url'], second['mpesa_attempt_url'])
        self.assertEqual(len(self.requests()), 1)

    def test_two_tabs_are_one_prompt(self):
        first = self.pay()
        error = self.pay(mpesa_intent='b2' * 16)['mpesa_error']
        self.assertEqual(error['field'], 'phone')
        self.assertIn(error['attempt_url'], first['mpesa_attempt_url'])
        self.assertEqual(len(self.requests()), 1)

    def test_any_spelling_of_a_kenyan_number(self):
        for number, phone in enumerate((
            '0712000111', '0712 000 111', '+254 712 000111', '254712000111', '712000111',
            '0712 *** 111',
        )):
            self.requests().filtered('mpesa_in_flight').write({
                'mpesa_in_flight': False, 'mpesa_push_state': 'declined',
                'mpesa_phone_index': False,
            })
            with self.subTest(phone=phone):
                values = self.pay(mpesa_phone=phone, mpesa_intent=f'{number:032x}')
                self.assertIn('mpesa_attempt_url', values)
                self.assertEqual(self.requests()[:1].mpesa_phone, '254712000111')

    def test_wrong_fields_are_named(self):
        for field, values in (
            ('phone', {'mpesa_phone': ''}),
            ('phone', {'mpesa_phone': '12345'}),
            ('phone', {'mpesa_phone': '+255712000111'}),
            ('amount', {'mpesa_amount': ''}),
            ('amount', {'mpesa_amount': '0'}),
            ('amount', {'mpesa_amount': '-5'}),
            ('amount', {'mpesa_amount': '10.50'}),
            ('amount', {'mpesa_amount': '32501'}),
            ('amount', {'mpesa_amount': '999999'}),
            ('amount', {'mpesa_amount': 'NaN'}),
            ('amount', {'mpesa_amount': {'a': 1}}),
        ):
            with self.subTest(values=values):
                error = self.pay(**values)['mpesa_error']
                self.assertEqual(error['field'], field)
                self.assertTrue(error['message'])
        self.assertFalse(self.requests())

    def test_more_than_the_balance_where_credit_is_allowed(self):
        self.provider.mpesa_allow_credit = True
        self.assertIn('mpesa_attempt_url', self.pay(mpesa_amount='40000'))

    def test_paid_or_draft_bill_asks_nobody(self):
        self.bill.button_draft()
        self.assertEqual(self.pay()['mpesa_error']['field'], 'bill')
        self.assertFalse(self.requests())

    def test_wrong_token_and_other_families_are_refused(self):
        other = self.create_student(name="Zawadi Kiptoo", admission_no='ADM-077')
        other_bill = self.create_term_bill(other, self.term_3, 9_000)
        other_bill._portal_ensure_token()
        for values in (
            {'access_token': 'wrong'}, {'access_token': None},
            {'access_token': other_bill.access_token},
        ):
            with self.subTest(values=values), self.assertRaises(JsonRpcException):
                self.pay(**values)
        new_test_user(
            self.env, 'other_parent', groups='base.group_portal', company_id=self.school.id,
        )
        self.authenticate('other_parent', 'other_parent')
        with self.assertRaises(JsonRpcException):
            self.pay(access_token=None)
        self.assertFalse(self.requests())

    def test_a_key_from_another_bill_opens_nothing(self):
        mine = self.pay()
        other = self.create_student(name="Zawadi Kiptoo", admission_no='ADM-077')
        other_bill = self.create_term_bill(other, self.term_3, 15_500)
        other_bill._portal_ensure_token()
        theirs = self.pay(
            bill=other_bill, access_token=other_bill.access_token, mpesa_phone='0722000333',
        )
        self.assertNotEqual(theirs['mpesa_attempt_url'], mine['mpesa_attempt_url'])

    def test_token_may_be_missing_for_the_guardian(self):
        self.log_in_guardian()
        params = self.params()
        del params['access_token']
        self.env.flush_all()
        values = self.make_jsonrpc_request(f'/invoice/transaction/{self.bill.id}', params)
        self.assertIn('mpesa_attempt_url', values)

    def test_unpublished_provider_is_not_for_parents(self):
        self.provider.is_published = False
        self.assertEqual(self.pay()['mpesa_error']['field'], 'provider')

    # === THE SCRIPT === #

    def test_texts_of_the_script_are_translated(self):
        self.env.flush_all()
        response = self.url_open('/website/translations?lang=sw')
        modules = json.loads(response.content)['modules']
        messages = {
            message['id'] for message in modules.get('school_mpesa', {}).get('messages', [])
        }
        self.assertIn("Pay KES %(amount)s with M-PESA", messages)
