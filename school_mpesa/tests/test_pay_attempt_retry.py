import re
import secrets
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.school_mpesa.controllers import pay_request
from odoo.addons.school_mpesa.tests.pay_page_common import PayPageCommon


@tagged('post_install', '-at_install')
class TestPayAttemptRetry(PayPageCommon):
    """Asking again from the waiting page: only where allowed, and never twice."""

    def test_retry_keeps_amount_and_phone_and_prompts_once(self):
        self.decline('1032')
        page = self.get()
        intent = re.search(r'name="intent" value="(\w{32})"', page.text)[1]
        self.assertIn('value="0712 *** 111"', page.text)
        form = {'intent': intent, 'amount': '15500', 'phone': '0712 *** 111'}
        answers = [
            self.url_open(f'{self.url}/again?lang=sw', data=form, allow_redirects=False)
            for _attempt in range(2)
        ]
        self.assertEqual([answer.status_code for answer in answers], [303, 303])
        self.assertEqual(*(answer.headers['Location'] for answer in answers))
        self.assertTrue(answers[0].headers['Location'].endswith('?lang=sw'))
        again = self.env['payment.transaction'].search([('mpesa_retry_of_id', '=', self.tx.id)])
        self.assertEqual(len(again), 1)
        self.assertEqual((again.amount, again.mpesa_phone), (15_500, '254712000111'))

    def test_a_payers_retry_is_not_filed_as_the_clerks(self):
        for bills, asked_by, channel in (
            (self.bill, 'stk_push', 'invoice'), (None, 'stk_push', 'statement'),
            (self.bill, 'invoice', 'invoice'),
        ):
            with self.subTest(bills=bool(bills), asked_by=asked_by):
                tx = self.ask(
                    amount=100, phone='0722000444', invoices=bills, channel=asked_by,
                    initiator=self.env.user if asked_by == 'stk_push' else None,
                    note="As told by phone",
                )
                tx._mpesa_move_to('declined', mpesa_result_code='1032')
                self.env.flush_all()
                self.url_open(f'{tx.mpesa_attempt_url}/again?lang=en', allow_redirects=False, data={
                    'intent': f'{tx.id:032x}', 'amount': '100', 'phone': f'0722{tx.id:06d}',
                })
                again = self.env['payment.transaction'].search([
                    ('mpesa_retry_of_id', '=', tx.id),
                ])
                self.assertEqual(
                    (again.mpesa_channel, again.mpesa_initiator_id.ids, again.invoice_ids.ids),
                    (channel, [], (bills or self.bill.browse()).ids),
                )

    def test_an_address_that_asks_too_often_waits(self):
        """ A15: the holder of one link cannot prompt one stranger's phone after another. """
        flooder = f'196.{secrets.randbelow(250)}.{secrets.randbelow(250)}.7'
        statuses = []
        with patch.object(pay_request, 'PROMPTS_PER_HOUR', 2), \
                patch.dict(config._runtime_options, proxy_mode=True):
            for address in (flooder, flooder, flooder, '10.0.0.7', flooder, '10.0.0.7'):
                phone = f'07220003{len(statuses):02d}'
                tx = self.ask(amount=10, phone=phone)
                tx._mpesa_move_to('declined', mpesa_result_code='1')
                self.env.flush_all()
                answer = self.url_open(
                    f'{tx.mpesa_attempt_url}/again?lang=en', allow_redirects=False,
                    data={'amount': '10', 'phone': phone},
                    headers={'X-Forwarded-For': address, 'X-Forwarded-Host': 'school.example'},
                )
                statuses.append(answer.status_code)
                if statuses[-1] == 422:
                    self.assertIn("Too many requests", self.text_of(answer))
        self.assertEqual(statuses, [303, 303, 422, 303, 422, 303])

    def test_retry_with_another_amount_and_phone(self):
        self.decline('1')
        intent = 'ab' * 16
        self.url_open(f'{self.url}/again?lang=en', allow_redirects=False, data={
            'intent': intent, 'amount': 'KES 1,000', 'phone': '0722 000 333',
        })
        again = self.env['payment.transaction'].search([('mpesa_retry_of_id', '=', self.tx.id)])
        self.assertEqual((again.amount, again.mpesa_phone), (1_000, '254722000333'))

    def test_refused_retry_keeps_what_was_typed(self):
        self.decline('1')
        for form, field in (
            ({'amount': '99999', 'phone': '0712 *** 111'}, 'amount'),
            ({'amount': '1000', 'phone': '0712'}, 'phone'),
        ):
            response = self.url_open(f'{self.url}/again?lang=en', data=form)
            with self.subTest(field=field):
                self.assertEqual(response.status_code, 422)
                self.assertIn("Error: ", self.text_of(response))
                self.assertIn(f'aria-describedby="{field}_error"', response.text)
                self.assertIn(f'value="{form[field]}"', response.text)
        self.assertFalse(
            self.env['payment.transaction'].search([('mpesa_retry_of_id', '=', self.tx.id)])
        )

    def test_no_retry_while_it_may_still_be_paid(self):
        self.send()
        response = self.url_open(f'{self.url}/again?lang=en', data={'amount': '15500'})
        self.assertEqual(response.status_code, 422)
        self.assertIn("We are still checking the last request", self.text_of(response))
        self.decline('1037')
        text = self.text_of(self.get())
        self.assertNotIn("Change the amount or the number", text)
        self.assertIn("as soon as M-PESA has confirmed that nothing was paid", text)
        self.tx.mpesa_query_confirmed = True
        self.assertIn("Change the amount or the number", self.text_of(self.get()))

    def test_waiting_time_before_a_retry_is_counted_down(self):
        self.send()
        self.decline('1001', mpesa_query_confirmed=True)
        page = self.get()
        self.assertRegex(page.text, r'data-wait="[1-6]?[0-9]"')
        self.assertIn("Send again in {time}", page.text)

    def test_another_familys_prompt_on_the_phone_stays_unseen(self):
        other = self.create_student(name="Zawadi Kiptoo", admission_no='ADM-077')
        other_bill = self.create_term_bill(other, self.term_3, 9_990)
        self.decline('1032')
        other_tx = self.ask(
            amount=9_990, phone='0733000444', student=other, invoices=other_bill,
        )
        response = self.url_open(f'{self.url}/again?lang=en', data={
            'intent': 'cd' * 16, 'amount': '15500', 'phone': '0733000444',
        })
        self.assertIn("Another M-PESA request is already on this phone.", self.text_of(response))
        for secret in ('9,990', 'Zawadi', other_tx.mpesa_attempt_url):
            self.assertNotIn(secret, response.text)

    def test_own_open_prompt_is_linked(self):
        self.decline('1032')
        second = self.ask(amount=1_000)
        response = self.url_open(f'{self.url}/again?lang=en', data={
            'intent': 'ef' * 16, 'amount': '15500', 'phone': '0712000111',
        })
        self.assertIn("A request for KES 1,000 is already on 0712 *** 111", self.text_of(response))
        self.assertIn(f'{second.mpesa_attempt_url}?lang=en', response.text)
