import gzip
import re
from decimal import Decimal
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.controllers import pay_claim
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon
from odoo.addons.school_mpesa.tests.link_common import LinkCommon


CODE = 'UIE4K7P2QX'
PAGE_BUDGET = 14 * 1024  # ux.md section 5: the first window of TCP, headers included.


@tagged('post_install', '-at_install')
class TestPayClaimPage(LinkCommon, BookingCommon):
    """"I already paid" over HTTP: one thing is told, and of other people's payments nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.create_student("Hope Wanja", "ADM-20117")
        cls.asker = cls.create_staff('claim_page_asker', 'bursar')
        cls.approver = cls.create_staff('claim_page_approver', 'approver')

    def setUp(self):
        super().setUp()
        self.link = self.student._get_statement_link()
        # What is counted outlives the test; one test sets limits of its own.
        self.patch(const, 'CLAIM_LIMITS', ((10_000, 600),))

    # === TOOLS === #

    def open(self, link=None, lang='en'):
        self.env.flush_all()
        return self.url_open(f'/c/{(link or self.link).slug}?lang={lang}')

    def send(self, message=CODE, amount='', link=None, lang='en', **kwargs):
        """ Send the form as a browser does. """
        self.env.flush_all()
        return self.url_open(
            f'/c/{(link or self.link).slug}?lang={lang}', allow_redirects=False,
            data={'message': message, 'amount': amount}, **kwargs,
        )

    def get_claims(self):
        self.env.invalidate_all()
        return self.env['school.payment.claim'].search([])

    def everything(self, response):
        """ Return all that an answer tells, but for the clock and the session. """
        return (response.status_code, response.content, tuple(sorted(
            (name, value) for name, value in response.headers.items()
            if name not in {'Date', 'Set-Cookie'}
        )))

    # === THE FORM === #

    def test_the_pay_page_leads_there(self):
        page = self.get(self.link).text
        self.assertIn(f'href="/c/{self.link.slug}?lang=en"', page)
        self.assertIn("I already paid", page)

    def test_what_it_shows(self):
        response = self.open()
        text = self.text_of(response)
        for part in (
            "I already paid", "School fees of Faith (ADM-012)", "M-PESA code or message",
            "Amount in KES, if you know it", "Look for the payment", "020 123 4567",
            "We never ask for it", "Nothing is paid here.",
        ):
            self.assertIn(part, text)
        self.assertIn("<title>I already paid - Uhuru Academy</title>", response.text)
        self.assertIn("TEST: no real money moves", response.text)
        for secret in ('32,500', '32500', 'Otieno', 'Mary', '0712', self.student.pay_code):
            self.assertNotIn(secret, response.text)
        self.assertFalse(self.get_claims())

    def test_in_swahili(self):
        for response in (
            self.open(lang='sw'), self.send(lang='sw'), self.send('x', lang='sw'),
        ):
            self.assertIn('<html lang="sw">', response.text)
            words = set(re.findall(r'[A-Za-z]{4,}', self.text_of(response)))
            self.assertFalse(words & {
                'School', 'fees', 'already', 'paid', 'code', 'Look', 'payment', 'account', 'office',
                'Amount', 'sent', 'another', 'found',
            })
        self.assertIn("Nimeshalipa", self.text_of(self.open(lang='sw')))

    def test_one_request_within_the_budget_and_without_a_script(self):
        self.drain_c2b(account='ADM-012', receipt='UIE4K7P2Q1')
        for lang in ('en', 'sw'):
            for page in (
                self.open(lang=lang), self.send(lang=lang), self.send('x', lang=lang),
                self.send('UIE4K7P2Q1', lang=lang),
            ):
                headers = sum(len(name) + len(value) + 4 for name, value in page.headers.items())
                self.assertLess(len(gzip.compress(page.content, 6)) + headers, PAGE_BUDGET)
                self.assertNotIn('<script', page.text)
                self.assertFalse(
                    re.findall(r'<(?:img|link)[^>]*(?:src|href)="(?!data:)', page.text)
                )
                self.assertEqual(page.text.count('<h1'), 1)
                self.assertEqual(page.headers['Cache-Control'], 'no-store')
                self.assertEqual(page.headers['Referrer-Policy'], 'no-referrer')
                self.assertIn("default-src 'none'", page.headers['Content-Security-Policy'])

    def test_every_field_has_its_label(self):
        page = self.open().text
        fields = re.findall(r'<(?:input|textarea)[^>]*>', page)
        self.assertEqual(
            re.findall(r' name="(\w+)"', ' '.join(fields)), ['message', 'amount'],
        )
        for field in re.findall(r' id="(\w+)"', ' '.join(fields)):
            self.assertIn(f'for="{field}"', page)

    # === LINKS THAT OPEN NOTHING === #

    def test_whatever_opens_nothing_gets_the_same_bytes_as_the_pay_page(self):
        expired = self.make_link(expires_on='2020-01-01')
        cancelled = self.make_link()
        cancelled._cancel("Wrong child")
        used = self.make_link(max_uses=1)
        self.ask(amount=100, channel='payment_link', link=used)._mpesa_move_to('paid')
        self.env.flush_all()
        answers = {
            self.everything(answer)
            for slug in (expired.slug, cancelled.slug, used.slug, '0' * 12, 'x', 'é' * 12)
            for answer in (
                self.url_open(f'/c/{slug}'), self.url_open(f'/c/{slug}', data={'message': CODE}),
                self.url_open(f'/p/{slug}'),
            )
        }
        self.assertEqual(len(answers), 1)
        self.assertEqual(answers.pop()[0], 404)
        self.assertFalse(self.get_claims())

    # === THE TWO ANSWERS === #

    def test_what_is_on_this_account_is_said_and_no_more(self):
        self.drain_c2b(account='ADM-012')
        response = self.send()
        text = self.text_of(response)
        self.assertEqual(response.status_code, 200)
        self.assertIn("The payment is on this account", text)
        self.assertIn(f"M-PESA code {CODE} is on the account of Faith. Do not pay it again.", text)
        receipt = self.get_movements().receipt_id
        for secret in (receipt.number, receipt.slug, '15,500', '15500', 'WANJIKU', '*** 111'):
            self.assertNotIn(secret, response.text)
        self.assertFalse(self.get_claims())

    def test_one_and_the_same_answer_for_all_else(self):
        """ Unknown, claimed before, waiting, another child's, reversed: the bytes are the same. """
        answers = [self.everything(self.send())]
        self.assertEqual(self.get_claims().state, 'waiting')
        answers.append(self.everything(self.send()))
        self.drain_c2b(account='nobody')
        movement = self.get_movements()
        self.assertEqual(movement.booking_state, 'unidentified')
        answers.append(self.everything(self.send()))
        movement._identify_as([(self.other, Decimal(15_500))])
        answers.append(self.everything(self.send()))
        movement.receipt_id.with_user(self.asker)._ask_reversal('mistake', "The wrong child")
        movement.receipt_id.with_user(self.approver).action_approve_reversal()
        answers.append(self.everything(self.send()))
        self.assertEqual(len(set(answers)), 1)
        status, body, _headers = answers[0]
        self.assertEqual(status, 200)
        self.assertIn("We have not found it on this account yet", body.decode())
        self.assertEqual(len(self.get_claims()), 1)
        movement._identify_as([(self.student, Decimal(15_500))])
        self.assertIn("The payment is on this account", self.send().text)
        self.assertEqual(self.get_claims().state, 'met')
        self.assert_books(15_500)

    def test_different_codes_differ_in_nothing_but_the_code(self):
        self.drain_c2b('UIE4K7P2Q1', '500.00', 'nobody')
        self.drain_c2b('UIE4K7P2Q2', '500.00', 'ADM-20117')
        elsewhere = self.create_school("Mwangaza School")
        stranger = self.env['school.student'].with_company(elsewhere).create({
            'name': "Stranger", 'admission_no': "ADM-012", 'company_id': elsewhere.id,
        })
        self.env['school.payment.claim']._file(stranger, 'UIE4K7P2Q3', source='office')
        answers = set()
        for code in ('UIE4K7P2Q0', 'UIE4K7P2Q1', 'UIE4K7P2Q2', 'UIE4K7P2Q3', 'SAB1234567'):
            status, body, headers = self.everything(self.send(code))
            self.assertEqual(body.count(code.encode()), 2)
            answers.add((status, body.replace(code.encode(), b'-' * 10), headers))
        self.assertEqual(len(answers), 1)

    def test_the_school_asks_safaricom_of_no_claim_by_itself(self):
        before = self.env['mpesa.command'].search_count([])
        for number in range(5):
            self.send(f'UIE4K7P2Q{number}')
        self.assertEqual(len(self.get_claims()), 5)
        self.assertEqual(self.env['mpesa.command'].search_count([]), before)

    def test_no_claim_moves_money(self):
        self.drain_c2b('UIE4K7P2Q1', '500.00', 'nobody')
        due = self.student.balance
        self.send('UIE4K7P2Q1', '500')
        self.send(CODE, '32500')
        self.drain()
        self.assertEqual(self.student.balance, due)
        self.assert_books(500, suspense=500)

    # === WHAT IS TYPED === #

    def test_a_whole_message_is_read_and_not_kept(self):
        message = (
            f'{CODE} Confirmed. Ksh3,000.00 sent to UHURU ACADEMY for account ADM-12 on 14/9/26 at'
            ' 10:15 AM New M-PESA balance is Ksh1,204.50. Transaction cost, Ksh23.00.'
        )
        response = self.send(message)
        self.assertNotIn('1,204.50', response.text)
        self.assertRecordValues(self.get_claims(), [{
            'code': CODE, 'amount': 3_000, 'student_id': self.student.id, 'source': 'page',
            'link_id': self.link.id,
        }])

    def test_the_amount_that_was_typed_comes_first(self):
        for typed, amount in (
            ('KES 2,500', 2_500), ('1500.50', 1_500.50), ('', 1_500.50), ('100', 100),
        ):
            self.send(f'{CODE.lower()} ', typed)
            self.assertEqual(self.get_claims().amount, amount)

    def test_what_cannot_be_read_is_said_beside_its_field(self):
        for message, amount, field, words in (
            ('', '', 'message', "has 10 letters and digits"),
            ('UIE4K7P2Q', '', 'message', "has 10 letters and digits"),
            ('1234567890', '', 'message', "has 10 letters and digits"),
            ('x' * 9_000, '', 'message', "has 10 letters and digits"),
            (f'{CODE} Confirmed. UIE4K7P2Q1 Confirmed.', '', 'message', "several messages"),
            (CODE, 'lots', 'amount', "as the message says it"),
            (CODE, '-5', 'amount', "as the message says it"),
            (CODE, '0', 'amount', "as the message says it"),
            (CODE, '1E999999', 'amount', "as the message says it"),
            (CODE, '<b>x</b>', 'amount', "as the message says it"),
        ):
            with self.subTest(message=message[:20], amount=amount):
                response = self.send(message, amount)
                self.assertEqual(response.status_code, 422)
                shown = re.search(
                    rf'(?s)<p [^>]*id="{field}_error"[^>]*>(.*?)</p>', response.text,
                )[1]
                self.assertIn("Error:", shown)
                self.assertIn(words, shown)
                self.assertIn("Nothing was sent.", shown)
                self.assertIn('aria-invalid="true"', response.text)
                self.assertNotIn('<b>x</b>', response.text)
                if amount == 'lots':
                    self.assertIn('value="lots"', response.text)
                    self.assertIn(f'>{CODE}</textarea>', response.text)
        self.assertEqual(self.url_open(f'/c/{self.link.slug}', data={'a': '1'}).status_code, 422)
        self.assertFalse(self.get_claims())

    # === TOO OFTEN === #

    def test_too_many_codes_for_one_student_look_nothing_up(self):
        self.drain_c2b(account='ADM-012')
        self.patch(const, 'CLAIM_LIMITS', ((0, 600),))
        answers = {
            self.everything(self.send(code))[1].replace(code.encode(), b'-' * 10)
            for code in (CODE, 'UIE4K7P2Q1')
        }
        self.assertEqual(len(answers), 1, "Not even what is on the account.")
        self.assertIn(b"Too much was sent from this page", answers.pop())
        self.assertEqual(self.send().status_code, 422)
        self.assertFalse(self.get_claims())

    def test_an_address_that_sends_too_many_waits(self):
        self.patch(pay_claim, 'CLAIMS_PER_HOUR', 0)
        with patch.dict(config.options, {'proxy_mode': True}):
            response = self.send(headers={
                'X-Forwarded-For': '196.201.1.9', 'X-Forwarded-Host': 'school.example',
            })
        self.assertEqual(response.status_code, 422)
        self.assertFalse(self.get_claims())

    def test_a_cookie_gives_no_right_and_leaves_no_name(self):
        """ There is no CSRF token: so nobody is made to claim something in the own name. """
        bursar = self.create_staff('claim_page_bursar', 'bursar')
        self.env.flush_all()
        self.authenticate(bursar.login, bursar.login)
        self.send()
        self.logout()
        self.opener.cookies.clear()
        self.send('UIE4K7P2Q1')
        self.assertEqual(self.get_claims().mapped('source'), ['page', 'page'])
        self.assertNotIn(bursar, self.get_claims().create_uid)
