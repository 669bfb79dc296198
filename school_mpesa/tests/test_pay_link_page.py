import gzip
import re
from unittest.mock import patch

from odoo.tests import freeze_time, tagged
from odoo.tools import config

from odoo.addons.school_mpesa.controllers import pay_page, pay_request
from odoo.addons.school_mpesa.tests.link_common import LinkCommon


# ux.md section 5: the first window of TCP, headers included.
PAGE_BUDGET = 14 * 1024
SCRIPT_BUDGET = 4 * 1024
CHROME = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36'


@tagged('post_install', '-at_install')
class TestPayLinkPage(LinkCommon):
    """The public page of a link over HTTP, in both languages and without a script."""

    # === WHAT IT SHOWS === #

    def test_a_statement_shows_child_class_and_amounts(self):
        response = self.get(self.student._get_statement_link())
        text = self.text_of(response)
        for part in (
            "School fees of Faith (ADM-012)", "Grade 8", "All that is due today", "KES 32,500",
            "Full KES 32,500", "Half KES 16,250", "Other amount", "From KES 1 to KES 32,500.",
            "Uhuru Academy", "Never type your PIN on this page.", "600111", "020 123 4567",
        ):
            self.assertIn(part, text + response.text)
        self.assertIn('value="0712 *** 111"', response.text)
        self.assertIn("TEST: no real money moves", response.text)
        self.assertIn("<title>Pay KES 32,500 - Uhuru Academy</title>", response.text)
        preview = re.search(r'og:title" content="([^"]*)"', response.text)[1]
        self.assertEqual(preview, "Fees for Faith, Uhuru Academy", "No amount in a chat's preview.")

    def test_it_shows_nothing_else_about_the_child(self):
        self.student._get_statement_link()
        for link in (self.make_link(amount=5_000), self.student._get_statement_link()):
            for response in (self.get(link), self.post(link, phone='1')):
                for secret in ('712000111', 'Otieno', 'Mary', self.student.pay_code):
                    self.assertNotIn(secret, response.text)
        page = self.get(self.make_link(amount=5_000)).text
        self.assertNotIn('32,500', page, "A link does not tell what else is due.")
        self.assertNotIn('32500', page)

    def test_a_bill_says_which(self):
        text = self.text_of(self.get(self.bill._get_bill_link()))
        self.assertIn(f"Bill {self.bill.name}", text)
        self.assertIn(self.term_3.display_name, text)

    def test_in_swahili(self):
        link = self.student._get_statement_link()
        response = self.get(link, lang='sw')
        text = self.text_of(response)
        for part in (
            "Karo ya Faith (ADM-012)", "Unataka kulipa kiasi gani?", "Kiasi kingine",
            "Lipa kwa M-PESA",
        ):
            self.assertIn(part, text)
        self.assertIn('<html lang="sw">', response.text)
        english = self.text_of(self.get(link))
        words = set(re.findall(r'[A-Za-z]{4,}', text))
        self.assertFalse(words & {
            'School', 'fees', 'Full', 'Half', 'Other', 'amount', 'Enter', 'phone', 'child',
        })
        self.assertNotEqual(english, text)
        wrong = self.text_of(self.post(link, lang='sw', phone='1'))
        self.assertIn("Weka nambari ya simu ya Kenya", wrong)

    def test_language_follows_the_guardian_then_the_wish(self):
        link = self.student._get_statement_link()
        self.guardian.lang = 'sw'
        self.env.flush_all()
        self.assertIn('<html lang="sw">', self.url_open(f'/p/{link.slug}').text)
        self.assertIn('<html lang="en">', self.get(link).text)

    def test_half_rounds_up_and_is_left_out_where_it_makes_no_sense(self):
        link = self.make_link(amount=1_001)
        self.assertIn('value="501"', self.get(link).text)
        self.provider.mpesa_least_amount = 600
        page = self.get(link).text
        self.assertNotIn('pay_half', page)
        self.assertIn("From KES 600 to KES 1,001.", page)

    def test_a_fixed_amount_has_one_button(self):
        link = self.make_link(amount=5_000, may_change=False)
        page = self.get(link)
        self.assertNotIn('type="radio"', page.text)
        self.assertNotIn('name="amount"', page.text)
        self.assertIn("Pay KES 5,000 with M-PESA", self.text_of(page))
        self.assertEqual(self.post(link, choice='5000').status_code, 303)

    def test_above_the_limit_it_says_how_to_split(self):
        self.create_term_bill(self.student, self.term_2, 267_500)
        page = self.get(self.student._get_statement_link())
        self.assertIn("M-PESA allows up to KES 250,000 at once.", self.text_of(page))
        self.assertIn('value="250000"', page.text)

    def test_nothing_to_pay(self):
        bill, statement = self.bill._get_bill_link(), self.student._get_statement_link()
        self.create_receipt({self.student: 32_500}, date='2026-09-01')
        for link, words in (
            (statement, "Faith's fees are paid. Thank you."),
            (bill, "What this page asks for is paid for Faith. Thank you."),
        ):
            response = self.get(link)
            self.assertEqual(response.status_code, 200)
            text = self.text_of(response)
            self.assertIn("Nothing to pay", text)
            self.assertIn(words, text)
            self.assertNotIn('<form', response.text)
            self.assertNotIn('600111', response.text)
            self.assertEqual(self.post(link).status_code, 422)
        self.assertFalse(self.requests_by(bill | statement))

    def test_without_prompts_the_paybill_is_open(self):
        link = self.student._get_statement_link()
        for field in ('mpesa_stk_enabled', 'is_published'):
            self.provider.write({'mpesa_stk_enabled': True, 'is_published': True, field: False})
            page = self.get(link)
            self.assertNotIn('<form', page.text)
            self.assertIn('<details class="card" open="open"', page.text)
            self.assertIn("600111", page.text)
            self.assertEqual(self.post(link).status_code, 422)
        self.assertFalse(self.requests_by(link))

    def test_a_disabled_shortcode_asks_nobody(self):
        link = self.student._get_statement_link()
        self.provider.state = 'disabled'
        page = self.get(link)
        self.assertEqual(page.status_code, 200)
        self.assertNotIn('<form', page.text)
        self.assertEqual(self.post(link).status_code, 422)

    # === LINKS THAT OPEN NOTHING === #

    def test_whatever_opens_nothing_gets_the_same_bytes(self):
        used = self.make_link(max_uses=1)
        expired = self.make_link(expires_on='2020-01-01')
        cancelled = self.make_link()
        cancelled._cancel("Wrong child")
        self.ask(amount=100, channel='payment_link', link=used)._mpesa_move_to('paid')
        live = self.student._get_statement_link().slug
        self.env.flush_all()
        slugs = [
            used.slug, expired.slug, cancelled.slug, '0' * 12, 'x', live[:-1] + '_', 'é' * 12,
            live[1:] + live[0],
        ]
        answers = {
            (answer.status_code, answer.content, tuple(sorted(
                (name, value) for name, value in answer.headers.items()
                if name not in {'Date', 'Set-Cookie'}
            )))
            for slug in slugs
            for answer in (
                self.url_open(f'/p/{slug}'), self.url_open(f'/p/{slug}', data={'choice': '100'}),
            )
        }
        self.assertEqual(len(answers), 1)
        (status, body, _headers), = answers
        self.assertEqual(status, 404)
        self.assertIn(b"We cannot open this link", body)
        self.assertNotIn(b"Uhuru", body)
        self.assertEqual(body, self.url_open(f'/p/a/{"0" * 32}').content)

    def test_guesses_are_slowed_down_and_right_slugs_never(self):
        link = self.student._get_statement_link()
        self.patch(pay_page, 'WRONG_TOKENS_PER_MINUTE', 0)
        self.assertEqual(self.url_open(f'/p/{"0" * 12}').status_code, 429)
        self.assertEqual(self.get(link).status_code, 200)

    # === PAYING === #

    def test_pay_leads_to_the_waiting_page(self):
        link = self.make_link(description="School trip")
        response = self.post(link, lang='sw', choice='', amount='1,500', note=' From \n uncle ')
        tx = self.requests_by(link)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers['Location'].endswith(f'{tx.mpesa_attempt_url}?lang=sw'))
        self.assertEqual((tx.amount, tx.mpesa_phone, tx.mpesa_note), (
            1_500, '254712000111', "From uncle",
        ))
        self.assertEqual((tx.mpesa_channel, tx.partner_lang), ('payment_link', 'sw'))
        self.assertEqual(self.url_open(tx.mpesa_attempt_url).status_code, 200)

    def test_each_kind_has_its_channel_and_pays_its_bill(self):
        for number, (link, channel, bills) in enumerate((
            (self.bill._get_bill_link(), 'invoice', self.bill),
            (self.student._get_statement_link(), 'statement', self.bill.browse()),
        )):
            answer = self.post(link, choice='100', phone=f'072200000{number}')
            self.assertEqual(answer.status_code, 303)
            tx = self.requests_by(link)
            self.assertEqual((tx.mpesa_channel, tx.invoice_ids), (channel, bills))

    def test_the_mask_stands_for_the_first_guardian(self):
        link = self.student._get_statement_link()
        self.post(link, phone='0712 *** 111')
        self.assertEqual(self.requests_by(link).mpesa_phone, '254712000111')

    def test_from_link_to_receipt_in_part(self):
        link = self.make_link(max_uses=1, amount=20_000)
        answer = self.post(link, choice='10000')
        self.pay_out()
        page = self.url_open(answer.headers['Location'])
        self.assertIn("KES 10,000 received", page.text)
        self.assertEqual(self.requests_by(link).mpesa_receipt_id.channel, 'payment_link')
        self.assertEqual(self.get(link).status_code, 404, "It is used.")
        self.assert_conserved()

    def test_who_paid_otherwise_meanwhile_can_say_so(self):
        link = self.make_link()
        self.post(link)
        tx = self.requests_by(link)
        claim = f'href="/c/{link.slug}?lang=en"'
        self.assertNotIn(claim, self.url_open(f'{tx.mpesa_attempt_url}?lang=en').text)
        tx._mpesa_move_to('declined', mpesa_result_code='1032')
        self.env.flush_all()
        page = self.url_open(f'{tx.mpesa_attempt_url}?lang=en')
        self.assertIn(claim, page.text)
        self.assertIn("I already paid", self.text_of(page))
        link._close("Closed")
        self.env.flush_all()
        self.assertNotIn(claim, self.url_open(f'{tx.mpesa_attempt_url}?lang=en').text)

    def test_the_same_form_prompts_once(self):
        link = self.make_link(max_uses=1)
        answers = [self.post(link) for _tap in range(3)]
        self.assertEqual({answer.status_code for answer in answers}, {303})
        self.assertEqual(len({answer.headers['Location'] for answer in answers}), 1)
        self.assertEqual(len(self.requests_by(link)), 1)

    def test_an_intent_is_bound_to_link_amount_and_phone(self):
        link, other = self.make_link(), self.make_link()
        self.post(link, choice='100')
        first = self.requests_by(link)
        first._mpesa_move_to('declined', mpesa_result_code='1032')
        self.post(link, choice='200')
        self.assertEqual(len(self.requests_by(link)), 2)
        self.post(link, choice='100', phone='0722000333')
        self.assertEqual(len(self.requests_by(link)), 3)
        self.post(other, choice='100', phone='0733000444')
        self.assertEqual(len(self.requests_by(other)), 1)
        self.assertEqual(
            len(set(self.requests_by(link | other).sudo().mapped('mpesa_intent'))), 4,
        )

    def test_two_tabs_are_one_prompt_and_lead_to_it(self):
        link = self.student._get_statement_link()
        first = self.post(link)
        second = self.post(link, intent='b2' * 16)
        self.assertEqual(second.status_code, 422)
        self.assertIn("is already on 0712 *** 111", self.text_of(second))
        tx = self.requests_by(link)
        self.assertEqual(len(tx), 1)
        self.assertIn(tx.mpesa_attempt_url, first.headers['Location'])
        self.assertIn(tx.mpesa_attempt_url, second.text)
        self.assertIn(tx.mpesa_attempt_url, self.get(link).text)

    def test_anothers_open_request_is_not_shown(self):
        link = self.make_link(max_uses=1)
        self.post(link)
        tx = self.requests_by(link)
        self.opener.cookies.clear()
        page = self.get(link)
        self.assertIn("is open. Do not pay again yet.", self.text_of(page))
        refused = self.post(link, intent='b2' * 16, phone='0722000333')
        self.assertIn("takes no further one", self.text_of(refused))
        for response in (page, refused, self.post(link, intent='c3' * 16)):
            self.assertNotIn(tx.mpesa_attempt_url, response.text)

    def test_who_works_elsewhere_sees_no_request(self):
        """ The office of the school sees it; a teacher, and the office of another school, not. """
        link = self.make_link()
        self.post(link)
        tx = self.requests_by(link)
        elsewhere = self.env['res.company'].create({'name': "Another School"})
        for login, group, company in (
            ('link_office', 'school_fees.group_cashier', self.school),
            ('link_teacher', 'school_fees.group_class_teacher', self.school),
            ('link_other', 'school_fees.group_bursar', elsewhere),
        ):
            self.env['res.users'].create({
                'name': login, 'login': login, 'password': login, 'company_id': company.id,
                'company_ids': [(6, 0, company.ids)],
                'group_ids': [(6, 0, [self.env.ref(group).id, self.env.ref('base.group_user').id])],
            })
            self.authenticate(login, login)
            sees = tx.mpesa_attempt_url in self.get(link).text
            with self.subTest(login=login):
                self.assertEqual(sees, login == 'link_office')

    def test_a_number_too_large_is_no_amount(self):
        """ Written out, the last of them keeps a worker busy for minutes. """
        link = self.student._get_statement_link()
        for text in ('1E5000', '9' * 5_000, '1E999999'):
            for form in ({'choice': '', 'amount': text}, {'choice': text}):
                response = self.post(link, **form)
                self.assertEqual(response.status_code, 422)
                self.assertIn("Enter how much you want to pay.", self.text_of(response))
        self.assertFalse(self.requests_by(link))

    def test_wrong_fields_are_named_and_nothing_typed_is_lost(self):
        link = self.student._get_statement_link()
        for field, form in (
            ('phone', {'phone': ''}),
            ('phone', {'phone': '12345'}),
            ('phone', {'phone': '+255712000111'}),
            ('amount', {'choice': '', 'amount': ''}),
            ('amount', {'choice': '', 'amount': '0'}),
            ('amount', {'choice': '', 'amount': '10.50'}),
            ('amount', {'choice': '', 'amount': '32501'}),
            ('amount', {'choice': '', 'amount': '<b>x</b>'}),
            ('amount', {'choice': '999999'}),
        ):
            with self.subTest(form=form):
                response = self.post(link, note="For the trip", **form)
                self.assertEqual(response.status_code, 422)
                shown = re.search(rf'(?s)<p id="{field}_error"([^>]*)>(.*?)</p>', response.text)
                self.assertNotIn('hidden', shown[1])
                self.assertIn("Error:", shown[2])
                self.assertIn('value="For the trip"', response.text)
                self.assertIn('<details open="open"', response.text)
                typed = form.get('phone') or '0712000111'
                if field == 'amount' or form['phone']:
                    self.assertIn(f'value="{typed}"', response.text)
                if 'amount' in form and '<' not in form['amount']:
                    self.assertIn(f'value="{form["amount"]}"', response.text)
                    self.assertRegex(response.text, r'id="pay_other" value=""\s+checked')
                self.assertNotIn('<b>x</b>', response.text)
        self.assertFalse(self.requests_by(link))

    def test_a_long_note_is_cut_and_never_shown_to_others(self):
        link = self.student._get_statement_link()
        self.post(link, note="x" * 500)
        self.assertEqual(self.requests_by(link).mpesa_note, "x" * 140)

    def test_an_address_that_asks_too_often_waits(self):
        link = self.student._get_statement_link()
        self.patch(pay_request, 'PROMPTS_PER_HOUR', 0)
        self.env.flush_all()
        with patch.dict(config.options, {'proxy_mode': True}):
            response = self.url_open(f'/p/{link.slug}?lang=en', allow_redirects=False, headers={
                'X-Forwarded-For': '196.201.1.7', 'X-Forwarded-Host': 'school.example',
            }, data={'choice': '100', 'phone': '0712000111'})
        self.assertEqual(response.status_code, 422)
        self.assertIn("Too many requests", response.text)

    def test_it_works_without_a_csrf_token_and_gives_no_right_by_a_cookie(self):
        link = self.student._get_statement_link()
        self.opener.cookies.clear()
        self.assertEqual(self.post(link).status_code, 303)

    # === OPENINGS === #

    def test_openings_are_counted_apart_from_the_link(self):
        link = self.student._get_statement_link()
        self.env.flush_all()
        before = link.write_date
        for agent in (CHROME, CHROME, 'WhatsApp/2.23', 'facebookexternalhit/1.1'):
            self.get(link, headers={'User-Agent': agent})
        self.assertEqual(self.read_opening(link), 2, "A chat's preview is nobody's opening.")
        link.invalidate_recordset()
        self.assertEqual(link.write_date, before)

    # === THE PAGE ITSELF === #

    def test_one_request_within_the_budget(self):
        link = self.make_link(description="Term 3 fees and the school trip to Kisumu")
        for lang in ('en', 'sw'):
            for page in (self.get(link, lang=lang), self.post(link, lang=lang, phone='1')):
                headers = sum(len(name) + len(value) + 4 for name, value in page.headers.items())
                size = len(gzip.compress(page.content, 6)) + headers
                self.assertLess(size, PAGE_BUDGET)
                self.assertFalse(
                    re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="(?!data:)', page.text)
                )
                script = page.text.split('<script>')[1].split('</script>')[0]
                self.assertLess(len(gzip.compress(script.encode(), 6)), SCRIPT_BUDGET)
                self.assertNotRegex(script, r'=>|\b(?:const|let)\b|`', "Old phones read ES5 only.")

    def test_headers(self):
        response = self.get(self.student._get_statement_link())
        self.assertEqual(response.headers['Cache-Control'], 'no-store')
        self.assertEqual(response.headers['X-Robots-Tag'], 'noindex')
        self.assertEqual(response.headers['Referrer-Policy'], 'no-referrer')
        self.assertIn("default-src 'none'", response.headers['Content-Security-Policy'])

    def test_one_heading_labels_and_no_pin(self):
        page = self.get(self.student._get_statement_link()).text
        self.assertEqual(page.count('<h1'), 1)
        inputs = re.findall(r'<input[^>]*>', page)
        self.assertEqual(
            set(re.findall(r' name="(\w+)"', ' '.join(inputs))),
            {'amount', 'choice', 'intent', 'note', 'phone'},
        )
        for field in re.findall(r' id="(\w+)"', ' '.join(inputs)):
            self.assertIn(f'for="{field}"', page)
        self.assertNotIn('type="password"', page)

    # === THE PORTAL === #

    @freeze_time('2026-09-14')
    def test_the_child_in_the_portal_leads_there(self):
        self.create_guardian(self.student, "Ann Otieno", login='link_ann')
        self.env.flush_all()
        self.authenticate('link_ann', 'link_ann')
        page = self.url_open(f'/my/fees/{self.student.id}?lang=en').text
        link = self.student._get_statement_link()
        self.assertIn(f'/p/{link.slug}?lang=en', page)
        self.create_receipt({self.student: 32_500}, date='2026-09-01')
        self.env.flush_all()
        page = self.url_open(f'/my/fees/{self.student.id}?lang=en').text
        self.assertNotIn('/p/', page)
