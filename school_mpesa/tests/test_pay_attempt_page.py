import gzip
import html
import json
import re

from odoo.tests import tagged

from odoo.addons.school_mpesa.controllers import pay_attempt_values, pay_page
from odoo.addons.school_mpesa.daraja.result_codes import RESULT_CODES
from odoo.addons.school_mpesa.models import pay_page_labels, pay_page_text
from odoo.addons.school_mpesa.tests.pay_page_common import PayPageCommon


# ux.md section 5: the first window of TCP, headers included.
PAGE_BUDGET = 14 * 1024
SCRIPT_BUDGET = 4 * 1024
POLL_BUDGET = 300


@tagged('post_install', '-at_install')
class TestPayAttemptPage(PayPageCommon):
    """The waiting page over HTTP: what a payer sees, in each state and both languages."""

    # === STATES AND CODES === #

    def test_each_code_shows_its_own_text_in_both_languages(self):
        codes = set(RESULT_CODES) - {'0', '4999'}
        self.assertEqual(set(pay_page_text.BY_CODE), codes, "Every code of Daraja has its words.")
        self.tx._mpesa_move_to('accepted', mpesa_sent_at='2026-09-01 08:00:00')
        for code in sorted(codes):
            words = pay_page_text.BY_CODE[code]
            self.decline(code)
            shown = {}
            for lang in ('en', 'sw'):
                with self.subTest(code=code, lang=lang):
                    text = shown[lang] = self.text_of(self.get(lang=lang))
                    for part in filter(None, (words.heading, words.body, words.strong)):
                        self.assertIn(self.say(part, lang), text)
            with self.subTest(code=code):
                self.assertNotEqual(shown['en'], shown['sw'])

    def test_every_word_has_its_swahili(self):
        tables = [pay_page_text.BY_CODE, vars(pay_page_text)]
        texts = [
            part for table in tables for words in table.values()
            if isinstance(words, pay_page_text.Words)
            for part in (words.heading, words.body, words.strong) if part
        ]
        texts += [
            *pay_page_labels.ATTEMPT_PAGE.values(), *pay_page_labels.PAY_FORM.values(),
            *pay_page_labels.LINK_PAGE.values(), *pay_page_labels.LINK_MESSAGE.values(),
            *pay_page_labels.NEUTRAL_PAGE.values(), pay_attempt_values.CALL_OFFICE,
            pay_attempt_values.CALL_OFFICE_UNKNOWN,
        ]
        english, swahili = self.env(context={}), self.env(context={'lang': 'sw'})
        names_of_menus = {
            "On your phone: M-PESA, Lipa na M-PESA, Pay Bill.",
        }
        for text in texts:
            source, translated = english._(text), swahili._(text)
            with self.subTest(source=source):
                self.assertTrue(source in names_of_menus or source != translated)
                self.assertEqual(
                    set(re.findall(r'%\(\w+\)s|\{time\}', translated)),
                    set(re.findall(r'%\(\w+\)s|\{time\}', source)),
                )

    def test_no_money_was_taken_is_said_only_where_it_is_certain(self):
        said = {
            code for code, words in pay_page_text.BY_CODE.items()
            if "No money was taken" in str(self.env(context={})._(words.body))
        }
        self.assertEqual(said, {'1', '1032', '2001', '2008', 'TP40087'})

    def test_every_failure_says_whether_money_moved(self):
        said = ("No money was taken", "We have not received a payment")
        for code, words in pay_page_text.BY_CODE.items():
            if words.tone == pay_page_text.BAD:
                body = self.env(context={})._(words.body)
                with self.subTest(code=code):
                    self.assertTrue(any(sentence in body for sentence in said))

    def test_an_unlisted_code_is_checking_and_never_failed(self):
        self.tx._mpesa_move_to('unknown', mpesa_result_code='7777')
        text = self.text_of(self.get())
        self.assertIn("Checking with M-PESA", text)
        self.assertIn("Do not pay again yet.", text)
        self.assertNotIn("Send again", text)

    def test_sending_and_waiting(self):
        self.assertIn("Sending the request…", self.text_of(self.get()))
        self.send()
        page = self.get()
        text = self.text_of(page)
        self.assertIn("Enter your M-PESA PIN on 0712 *** 111 to pay KES 15,500.", text)
        self.assertIn("Wrong number?", text)
        self.assertIn("600111", text)
        self.assertIn(self.student.admission_no, text)
        # What the page will say later is in it, for the time without news.
        self.assertIn("Still waiting", html.unescape(page.text))
        self.assertIn('data-from="20"', page.text)
        self.assertIn("Angalia simu yako", self.text_of(self.get(lang='sw')))

    def test_waiting_for_minutes_becomes_checking(self):
        self.send()
        self.tx.mpesa_sent_at = '2026-09-01 08:00:00'
        text = self.text_of(self.get())
        self.assertIn("M-PESA has not answered yet", text)
        self.assertNotIn("Check your phone", text)

    def test_paid_shows_the_receipt(self):
        self.pay()
        receipt = self.tx.mpesa_receipt_id
        page = self.get()
        text = self.text_of(page)
        for part in (
            "KES 15,500 received", receipt.number, self.tx.mpesa_receipt_number,
            f"Faith ({self.student.admission_no})", "KES 17,000",
        ):
            self.assertIn(part, text)
        self.assertIn(f'/rc/{receipt.slug}/pdf', page.text)
        self.assertNotIn("Send again", text)
        self.assertNotIn("Otieno", page.text, "A link alone shows the first name only.")
        self.assertIn("Tumepokea KES 15,500", self.text_of(self.get(lang='sw')))

    def test_late_success_is_good_news(self):
        self.send()
        self.control.pay('254712000111')
        self.decline('1037', mpesa_was_declined=True)
        self.assertIn("We could not reach 0712 *** 111", self.text_of(self.get()))
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        text = self.text_of(self.get())
        self.assertIn("Good news: it went through", text)
        self.assertIn("Do not pay again.", text)

    def test_paid_without_receipt_yet(self):
        self.tx._mpesa_move_to('receipt_pending', mpesa_result_code='0')
        text = self.text_of(self.get())
        self.assertIn("The receipt will appear here in a moment.", text)
        self.assertIn("Do not pay again.", text)

    def test_paid_twice(self):
        second = self.tx.copy({
            'reference': 'second', 'mpesa_retry_of_id': self.tx.id, 'mpesa_phone_mask': 'x',
        })
        self.pay()
        second.write({'mpesa_push_state': 'paid', 'mpesa_retry_of_id': self.tx.id})
        self.assertNotIn("You paid twice", self.text_of(self.get()), "KES 17,000 is still due.")
        self.create_receipt({self.student: 20_000})
        text = self.text_of(self.get())
        self.assertIn("You paid twice", text)
        self.assertIn("The extra KES 3,000 is kept for Faith.", text)
        self.assertIn("call 020 123 4567", text)
        self.create_receipt({self.student: 20_000})
        self.assertIn("The extra KES 15,500 is kept for Faith.", self.text_of(self.get()))

    # === WHO MAY SEE IT === #

    def test_same_page_without_session_and_in_another_browser(self):
        self.send()
        first = self.text_of(self.get())
        self.opener.cookies.clear()
        self.assertEqual(self.text_of(self.get()), first)

    def test_unknown_links_get_the_same_bytes(self):
        answers = {
            (response.status_code, response.content)
            for response in (
                self.url_open(f'/p/a/{token}')
                for token in ('0' * 32, 'f' * 32, 'x', '%C3%A9' * 32, self.url[5:-1])
            )
        }
        self.assertEqual(len(answers), 1)
        (status, body), = answers
        self.assertEqual(status, 404)
        self.assertIn(b"We cannot open this link", body)
        self.assertNotIn(b"Uhuru", body)
        self.assertEqual(self.url_open(f'/p/a/{"0" * 32}/state').status_code, 404)
        self.assertEqual(self.url_open(f'/p/a/{"0" * 32}/again', data={'x': 1}).content, body)

    def test_many_wrong_tokens_are_slowed_down_and_right_ones_never(self):
        self.patch(pay_page, 'WRONG_TOKENS_PER_MINUTE', 0)
        self.assertEqual(self.url_open(f'/p/a/{"0" * 32}').status_code, 429)
        self.assertEqual(self.get().status_code, 200)

    def test_phone_and_name_are_never_shown_in_full(self):
        self.send()
        self.decline('1032')
        for response in (self.get(), self.url_open(f'{self.url}/state?v=x')):
            for secret in ('0712000111', '712000111', 'Otieno', self.tx.reference):
                self.assertNotIn(secret, response.text)

    def test_no_page_asks_for_the_pin(self):
        self.decline('2001')
        inputs = re.findall(r'<input[^>]*>', self.get().text)
        self.assertEqual(
            sorted(re.findall(r'name="(\w+)"', ' '.join(inputs))), ['amount', 'intent', 'phone'],
        )
        self.assertNotIn('type="password"', ' '.join(inputs))

    # === THE PAGE ITSELF === #

    def test_headers_and_language(self):
        for lang in ('en', 'sw'):
            response = self.get(lang=lang)
            self.assertEqual(response.headers['Cache-Control'], 'no-store')
            self.assertEqual(response.headers['X-Robots-Tag'], 'noindex')
            self.assertEqual(response.headers['Referrer-Policy'], 'no-referrer')
            self.assertEqual(response.headers['X-Content-Type-Options'], 'nosniff')
            policy = response.headers['Content-Security-Policy']
            for part in (
                "default-src 'none'", "connect-src 'self'", "form-action 'self'",
                "frame-ancestors 'none'",
            ):
                self.assertIn(part, policy)
            self.assertIn(f'<html lang="{lang}">', response.text)
            other = {'en': 'sw', 'sw': 'en'}[lang]
            self.assertIn(f'{self.url}?lang={other}', response.text)
        self.assertEqual(self.get().text.count('<h1'), 2 + 1, "Later words wait in templates.")
        self.assertEqual(len(re.findall(r'(?s)<h1', re.sub(
            r'(?s)<template.*?</template>', '', self.get().text,
        ))), 1)

    def test_language_follows_the_guardian_then_the_wish(self):
        self.tx.partner_lang = 'sw'
        self.env.flush_all()
        self.assertIn('<html lang="sw">', self.url_open(self.url).text)
        self.assertIn('<html lang="en">', self.get(lang='en').text)
        self.assertIn('<html lang="sw">', self.get(lang='klingon').text)

    def test_swahili_is_offered_only_where_active(self):
        self.env['res.lang'].search([('code', '=', 'sw')]).active = False
        response = self.get(lang='sw')
        self.assertIn('<html lang="en">', response.text)
        self.assertNotIn("Kiswahili", response.text)

    def test_title_says_the_state(self):
        self.send()
        self.assertIn(
            "<title>Check your phone - KES 15,500 - Uhuru Academy</title>", self.get().text,
        )
        self.decline('1032')
        self.assertIn("<title>You cancelled the payment - ", self.get().text)

    def test_test_bar_everywhere_but_in_production(self):
        self.assertIn("TEST: no real money moves", self.get().text)
        self.env.cr.execute(
            "UPDATE payment_provider SET mpesa_environment = 'production' WHERE id = %s",
            [self.provider.id],
        )
        self.provider.invalidate_recordset()
        self.assertNotIn("TEST: no real money moves", self.get().text)

    def test_one_request_within_the_budget(self):
        self.send()
        page = self.get()
        headers = sum(len(name) + len(value) + 4 for name, value in page.headers.items())
        self.assertLess(len(gzip.compress(page.content, 6)) + headers, PAGE_BUDGET)
        self.assertFalse(re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="(?!data:)', page.text))
        script = page.text.split('<script>')[1].split('</script>')[0]
        self.assertLess(len(gzip.compress(script.encode(), 6)), SCRIPT_BUDGET)
        self.assertNotRegex(script, r'=>|\b(?:const|let)\b|`', "Old phones read ES5 only.")

    def test_works_without_script(self):
        self.send()
        self.assertIn(f'href="{self.url}?lang=en"', self.get().text, "Check now is a link.")
        self.decline('1032')
        self.assertIn(f'action="{self.url}/again?lang=en"', self.get().text)

    # === POLLING === #

    def test_state_tells_only_what_changed(self):
        self.send()
        version = re.search(r'data-version="([^"]*)"', self.get().text)[1]
        same = self.url_open(f'{self.url}/state?v={version}')
        self.assertEqual((same.status_code, same.content), (204, b''))
        self.decline('1032')
        self.env.flush_all()
        changed = self.url_open(f'{self.url}/state?v={version}')
        answer = json.loads(changed.content)
        self.assertEqual(set(answer), {'v', 's', 'd', 'u'})
        self.assertEqual((answer['s'], answer['d'], answer['u']), ('declined', 0, self.url))
        self.assertEqual(changed.headers['Cache-Control'], 'no-store')
        headers = sum(len(name) + len(value) + 4 for name, value in same.headers.items())
        self.assertLess(headers, POLL_BUDGET)

    def test_state_leaves_no_cookie_and_writes_nothing(self):
        self.send()
        self.opener.cookies.clear()
        before = self.tx.write_date
        self.url_open(f'{self.url}/state?v=x')
        self.assertFalse(self.opener.cookies)
        self.tx.invalidate_recordset()
        self.assertEqual(self.tx.write_date, before)
