import gzip
import html
import re

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.school_mpesa import daraja
from odoo.addons.school_mpesa.tests.share_common import ShareCommon


PAGE_BUDGET = 14 * 1024
SCRIPT_BUDGET = 4 * 1024
URL = '/my/fees/pay'


@tagged('post_install', '-at_install')
class TestPayFamilyPage(ShareCommon, HttpCase):
    """Paying for Faith (KES 32,500) and Brian (9,000, older) at once, as their mother does it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.school.phone = '020 123 4567'
        cls.enrol(cls.student, cls.create_class(cls.create_level()))
        cls.mary = cls.create_guardian(
            cls.student | cls.brian, "Mary Otieno", phone='0712 000 111', login='pay_mary',
        )
        cls.faith_field, cls.brian_field = f'share_{cls.student.id}', f'share_{cls.brian.id}'

    def setUp(self):
        super().setUp()
        self.log_in('pay_mary')

    # === TOOLS === #

    def log_in(self, login):
        self.env.flush_all()
        self.authenticate(login, login)

    def get(self, url=URL, lang='en', **kwargs):
        self.env.flush_all()
        return self.url_open(f'{url}?lang={lang}', allow_redirects=False, **kwargs)

    def post(self, url=URL, lang='en', **form):
        """ Send the form as a browser does, without following the answer. """
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(url).text)
        return self.url_open(f'{url}?lang={lang}', allow_redirects=False, data={
            'csrf_token': token[1] if token else '', 'intent': 'a1' * 16, 'amount': '15500',
            'phone': '0712 *** 111', 'note': '', self.faith_field: '6500',
            self.brian_field: '9000', **form,
        })

    def text_of(self, response):
        body = response.text.split('<main', 1)[1].split('</main>', 1)[0]
        body = re.sub(r'(?s)<template.*?</template>', '', body)
        return ' '.join(html.unescape(re.sub(r'<[^>]*>', ' ', body)).split())

    def value_of(self, response, name):
        tag, = re.findall(rf'<input[^>]*\sname="{name}"[^>]*>', response.text)
        return html.unescape(re.search(r'value="([^"]*)"', tag)[1]) if 'value=' in tag else ''

    def requests(self):
        return self.env['payment.transaction'].search([('provider_id.code', '=', 'mpesa')])

    def pay_out(self, phone='254712000111'):
        self.send()
        self.control.pay(phone)
        self.accept(self.wait_deliveries(kind='stk')[-1])
        self.drain()

    # === WHAT THE PAGE SHOWS === #

    def test_children_balances_total_and_the_proposed_split(self):
        page = self.get()
        text = self.text_of(page)
        self.assertIn("Faith Otieno ADM-012, Grade 8 2026. Balance KES 32,500", text)
        self.assertIn("Brian Otieno ADM-013. Balance KES 9,000", text)
        self.assertIn("KES 41,500", text)
        self.assertIn("Pay KES 41,500 with M-PESA", text)
        self.assertEqual(self.value_of(page, 'amount'), '41500')
        self.assertEqual(self.value_of(page, self.faith_field), '32500')
        self.assertEqual(self.value_of(page, self.brian_field), '9000')
        self.assertEqual(self.value_of(page, 'phone'), '0712 *** 111')
        self.assertIn(self.family.code, text)
        self.assertFalse(self.requests())

    def test_in_swahili_nothing_is_left_in_english(self):
        text = self.text_of(self.get(lang='sw'))
        for english in ("School fees", "Balance", "How the amount", "Show the split", "Pay KES"):
            self.assertNotIn(english, text)

    def test_show_the_split_the_oldest_debt_first(self):
        for amount, brian, faith in (
            ('10,000', '9000', '1000'), ('8000', '8000', ''), ('41500', '9000', '32500'),
            (' kes 9001 ', '9000', '1'),
        ):
            with self.subTest(amount):
                page = self.post(amount=amount, show='1', phone='0799 123', note="Asante")
                self.assertEqual(page.status_code, 200)
                self.assertEqual(self.value_of(page, self.brian_field), brian)
                self.assertEqual(self.value_of(page, self.faith_field), faith)
                self.assertEqual(self.value_of(page, 'amount'), amount)
                self.assertEqual(self.value_of(page, 'phone'), '0799 123')
                self.assertEqual(self.value_of(page, 'note'), "Asante")
        self.assertFalse(self.requests())

    def test_the_script_asks_for_the_same_split(self):
        url = f'{URL}/{self.school.id}/split'
        self.env.flush_all()
        self.assertEqual(self.url_open(f'{url}?amount=10000').json(), {
            str(self.student.id): '1000', str(self.brian.id): '9000',
        })
        for amount in ('', 'x', '0', '-1', '1.5', '41501', '1e9', '999999999999'):
            self.assertEqual(self.url_open(f'{url}?amount={amount}').json(), {}, amount)

    def test_cents_become_shillings_that_make_up_the_amount(self):
        for child, cents in ((self.student, 0.60), (self.brian, 0.30)):
            self.create_term_bill(child, self.term_2, cents)
        Receipt = self.env['school.receipt']
        children = self.student | self.brian
        for policy in ('oldest_due', 'named_child_first', 'equal', 'by_balance'):
            self.family.allocation_policy = policy
            for amount in (1, 2, 3, 999, 9_000, 9_001, 9_002, 20_001, 41_501, 41_502):
                shares = Receipt._propose_whole_shares(children, amount)
                self.assertEqual(sum(shares.values()), amount, (policy, amount))
                self.assertLessEqual(shares.get(self.student, 0), 32_501)
                self.assertLessEqual(shares.get(self.brian, 0), 9_001)
                self.assertTrue(all(part > 0 for part in shares.values()))

    # === PAYING === #

    def test_an_edited_split_is_asked_for_and_paid(self):
        response = self.post(**{self.faith_field: '14,000', self.brian_field: '1500'})
        self.assertEqual(response.status_code, 303)
        tx = self.requests()
        self.assertEqual((tx.amount, tx.mpesa_channel), (15_500, 'statement'))
        self.assertEqual(
            {share.student_id: share.amount for share in tx.mpesa_share_ids},
            {self.student: 14_000, self.brian: 1_500},
        )
        self.assertIn(tx.mpesa_attempt_url, response.headers['Location'])
        self.assertEqual(self.seal_for(tx, 'phone'), '254712000111')
        self.pay_out()
        self.assertEqual(self.get_parts(tx.mpesa_receipt_id), {
            self.student: 14_000, self.brian: 1_500,
        })
        self.assertEqual((self.student.balance, self.brian.balance), (18_500, 7_500))
        text = self.text_of(self.get(tx.mpesa_attempt_url))
        self.assertIn("KES 15,500 received", text)
        self.assertIn("Faith (ADM-012) KES 14,000 (balance now KES 18,500)", text)
        self.assertIn("Brian (ADM-013) KES 1,500 (balance now KES 7,500)", text)
        self.assert_books(15_500)

    def test_who_only_has_the_waiting_page_sees_the_named_child(self):
        self.post()
        tx = self.requests()
        self.pay_out()
        self.logout(keep_db=True)
        for lang, others in (('en', "Other children"), ('sw', "Watoto wengine")):
            text = self.text_of(self.get(tx.mpesa_attempt_url, lang=lang))
            named = tx.mpesa_student_id
            other = (self.student | self.brian) - named
            self.assertIn(named.admission_no, text)
            self.assertNotIn(other.admission_no, text)
            self.assertNotIn(other.name.split()[0], text)
            self.assertIn(others, text)

    def test_a_child_without_a_part_is_left_out(self):
        self.post(amount='9000', **{self.faith_field: ''})
        tx = self.requests()
        self.assertEqual(tx.mpesa_student_id, self.brian)
        self.assertEqual(tx.mpesa_share_ids.student_id, self.brian)

    def test_two_taps_are_one_request(self):
        first, second = self.post(), self.post()
        self.assertEqual(first.headers['Location'], second.headers['Location'])
        self.assertEqual(len(self.requests()), 1)
        # Another split is another request, and the phone is busy with the first.
        third = self.post(**{self.faith_field: '6501', self.brian_field: '8999'})
        self.assertEqual(third.status_code, 422)
        self.assertIn(self.requests().mpesa_attempt_url, third.text)

    def test_wrong_things_are_said_beside_the_field_and_nothing_is_lost(self):
        for field, form in (
            ('phone', {'phone': ''}), ('phone', {'phone': '12345'}),
            ('amount', {'amount': ''}), ('amount', {'amount': '0'}),
            ('amount', {'amount': '10.50'}), ('amount', {'amount': '41501'}),
            ('amount', {'amount': '<b>x</b>'}),
            ('shares', {'amount': '15501'}), ('shares', {self.brian_field: '8999'}),
            ('shares', {self.faith_field: '', self.brian_field: ''}),
            (self.brian_field, {self.brian_field: '9001', self.faith_field: '6499'}),
            (self.brian_field, {self.brian_field: '-1'}),
            (self.faith_field, {self.faith_field: '1.5'}),
            (self.faith_field, {self.faith_field: '<i>y</i>'}),
        ):
            with self.subTest(form=form):
                response = self.post(note="For both", **form)
                self.assertEqual(response.status_code, 422)
                shown = re.search(
                    rf'(?s)<p( [^>]*id="{field}_error"[^>]*)>(.*?)</p>', response.text,
                )
                self.assertNotIn('hidden', shown[1])
                self.assertIn("Error:", shown[2])
                for name, value in {
                    'amount': '15500', 'phone': '0712 *** 111', self.faith_field: '6500',
                    self.brian_field: '9000', 'note': "For both", **form,
                }.items():
                    self.assertEqual(self.value_of(response, name), value)
                self.assertNotIn('<b>x</b>', response.text)
                self.assertNotIn('<i>y</i>', response.text)
        self.assertFalse(self.requests())

    def test_a_number_too_large_is_no_amount(self):
        for text in ('1E5000', '9' * 5_000, '1E999999'):
            for form in ({'amount': text}, {self.brian_field: text}):
                for show in ({}, {'show': '1'}) if 'amount' in form else ({},):
                    response = self.post(**form, **show)
                    self.assertEqual(response.status_code, 422)
                    self.assertIn("Enter how much", self.text_of(response))
        self.assertFalse(self.requests())

    def test_a_child_paid_between_page_and_tap_is_named(self):
        for lang, words in (('en', "Nothing is due for Brian"), ('sw', "Brian hadaiwi")):
            if lang == 'en':
                self.create_receipt({self.brian: 9_000})
            response = self.post(lang=lang)
            self.assertEqual(response.status_code, 422)
            self.assertIn(words, self.text_of(response))
        self.assertFalse(self.requests())

    def test_all_paid_between_page_and_tap_where_credit_is_allowed(self):
        self.provider.mpesa_allow_credit = True
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get().text)[1]
        self.create_receipt({self.student: 32_500, self.brian: 9_000})
        self.env.flush_all()
        response = self.url_open(f'{URL}?lang=en', allow_redirects=False, data={
            'csrf_token': token, 'intent': 'a1' * 16, 'amount': '15500', 'phone': '0712000111',
            self.faith_field: '6500', self.brian_field: '9000',
        })
        self.assertEqual(response.status_code, 422)
        self.assertIn("nothing to pay any more", self.text_of(response))
        self.assertFalse(self.requests())

    def test_enter_pays(self):
        """ Without a script, *Enter* in a field presses the first button of the form. """
        first, *others = re.findall(r'<button type="submit"[^>]*>', self.get().text)
        self.assertNotIn('name=', first)
        self.assertIn('name="show"', others[0])

    def test_more_than_mpesa_takes_at_once(self):
        self.create_term_bill(self.student, self.term_1, 258_500)
        page = self.get()
        self.assertEqual(self.value_of(page, 'amount'), '250000')
        self.assertIn("then the remaining KES 50,000", self.text_of(page))
        self.assertIn("Pay KES 250,000 with M-PESA", self.text_of(page))
        page = self.post(amount='300000', **{self.faith_field: '291000'})
        self.assertEqual(page.status_code, 422)
        self.assertIn("Pay KES 250,000 now, then the remaining KES 50,000", self.text_of(page))
        self.post(amount='250000', **{self.faith_field: '241000'})
        tx = self.requests()
        self.assertEqual(tx.amount, daraja.MOST_AMOUNT)
        self.send()
        self.drain_stk(tx)
        text = self.text_of(self.get(tx.mpesa_attempt_url))
        self.assertIn("Pay the rest: KES 50,000", text)

    def test_where_no_prompt_is_offered(self):
        self.provider.mpesa_stk_enabled = False
        page = self.get()
        self.assertNotIn('<form', page.text)
        self.assertIn("Pay by hand", self.text_of(page))
        self.assertIn(self.family.code, self.text_of(page))
        self.assertEqual(self.post().status_code, 400, "Without its form there is no token.")

    def test_nothing_due(self):
        self.create_receipt({self.student: 32_500, self.brian: 9_000})
        page = self.get()
        self.assertNotIn('<form', page.text)
        self.assertIn("Nothing to pay", self.text_of(page))

    def test_a_retry_keeps_the_split(self):
        self.post()
        tx = self.requests()
        self.send()
        self.drain_stk(tx, 1032)
        page = self.get(tx.mpesa_attempt_url)
        self.assertNotIn('name="amount"', page.text)
        self.env.flush_all()
        response = self.url_open(
            f'{tx.mpesa_attempt_url}/again?lang=en', allow_redirects=False,
            data={'phone': tx.mpesa_phone_mask, 'intent': 'b2' * 16},
        )
        self.assertEqual(response.status_code, 303)
        again = self.requests() - tx
        self.assertEqual(
            again.mpesa_share_ids.mapped('amount'), tx.mpesa_share_ids.mapped('amount'),
        )

    # === WHEN THE PROMPT WAS NOT PAID === #

    def ask_and_decline(self, code):
        self.post()
        tx = self.requests()
        self.send()
        self.drain_stk(tx, code)
        return tx

    def test_by_hand_no_child_is_asked_for_the_whole_sum(self):
        """ Typed on one child's account, all of it would be that child's. """
        self.post()
        tx = self.requests()
        named = tx.mpesa_student_id
        part = int(tx._mpesa_get_part(named))
        pages = [self.get(tx.mpesa_attempt_url)]
        self.send()
        pages.append(self.get(tx.mpesa_attempt_url))
        self.drain_stk(tx, 1032)
        pages.append(self.get(tx.mpesa_attempt_url))
        for page in pages:
            self.assertNotIn('data-copy="15500"', page.text)
            self.assertIn(f'data-copy="{part}"', page.text)
            self.assertIn(
                f"KES {part:,} is the part of {named.name.split()[0]} alone.", self.text_of(page),
            )
        text = self.text_of(self.get(tx.mpesa_attempt_url, lang='sw'))
        self.assertNotIn("alone", text)
        self.provider.write({'mpesa_shortcode_type': 'till', 'mpesa_till_number': '512345'})
        self.assertNotIn('data-copy="', self.get(tx.mpesa_attempt_url).text)

    def test_another_amount_is_asked_for_from_the_page_of_the_children(self):
        tx = self.ask_and_decline(1)
        for lang, change, other in (
            ('en', "Change the number", "Pay another amount"),
            ('sw', "Badilisha nambari", "Lipa kiasi kingine"),
        ):
            page = self.get(tx.mpesa_attempt_url, lang=lang)
            self.assertIn(f'href="{URL}/{self.school.id}?lang={lang}"', page.text)
            self.assertIn(f'<summary>{change}</summary>', page.text)
            self.assertIn(other, self.text_of(page))
        self.assertIn("Faith", self.get(f'{URL}/{self.school.id}').text)

    def test_an_old_send_again_asks_for_nothing_that_is_paid(self):
        self.provider.mpesa_allow_credit = True
        tx = self.ask_and_decline(1032)
        self.create_receipt({self.student: 32_500, self.brian: 9_000})
        self.env.flush_all()
        response = self.url_open(f'{tx.mpesa_attempt_url}/again?lang=en', data={
            'phone': tx.mpesa_phone_mask, 'intent': 'b2' * 16,
        })
        self.assertEqual(response.status_code, 422)
        self.assertIn("nothing to pay any more", self.text_of(response))
        self.assertEqual(self.requests(), tx)

    # === WHO MAY === #

    def test_a_log_in_is_needed(self):
        self.logout(keep_db=True)
        for url in (URL, f'{URL}/{self.school.id}', f'{URL}/{self.school.id}/split'):
            response = self.get(url)
            self.assertEqual(response.status_code, 303)
            self.assertIn('/web/login', response.headers['Location'])

    def test_a_form_of_another_site_sends_nothing(self):
        self.env.flush_all()
        response = self.url_open(URL, allow_redirects=False, data={
            'amount': '15500', 'phone': '0712000111', self.faith_field: '6500',
            self.brian_field: '9000',
        })
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.requests())

    def test_another_childs_name_in_the_form_is_not_read(self):
        stranger = self.create_student("Zed Kamau", 'ADM-099')
        self.create_term_bill(stranger, self.term_1, 4_000)
        response = self.post(amount='15500', **{f'share_{stranger.id}': '4000'})
        self.assertEqual(response.status_code, 303)
        self.assertNotIn(stranger, self.requests().mpesa_share_ids.student_id)
        response = self.post(
            amount='4000', intent='b2' * 16,
            **{f'share_{stranger.id}': '4000', self.faith_field: '', self.brian_field: ''},
        )
        self.assertEqual(response.status_code, 422)
        self.assertNotIn("Zed", response.text)
        self.assertEqual(len(self.requests()), 1)

    def test_who_may_not_see_amounts_pays_nothing_here(self):
        self.create_guardian(self.brian, "John Otieno", login='pay_john', sees_amounts=False)
        self.create_guardian(
            self.student, "Joan Otieno", login='pay_joan',
        )
        self.log_in('pay_john')
        self.assertEqual(self.get().status_code, 404)
        self.assertEqual(self.url_open(f'{URL}/{self.school.id}/split?amount=10').json(), {})
        self.log_in('pay_joan')
        page = self.get()
        self.assertNotIn("Brian", page.text)
        self.assertNotIn(self.family.code, page.text, "It would pay for children not hers.")

    def test_the_familys_code_is_not_shown_while_another_child_takes_part(self):
        """ Who left and still owes gets money of the family's code too. """
        self.assertIn(self.family.code, self.get().text)
        gone = self.create_student("Zed Otieno", 'ADM-016', family_id=self.family.id)
        self.create_term_bill(gone, self.term_1, 4_000)
        gone.state = 'left'
        self.assertNotIn(self.family.code, self.get().text)
        self.create_receipt({gone: 4_000})
        self.assertIn(self.family.code, self.get().text)

    def test_of_anothers_request_only_the_own_childrens_part_is_told(self):
        self.create_guardian(self.student, "Joan Otieno", login='pay_joan')
        self.post()
        self.log_in('pay_joan')
        text = self.text_of(self.get())
        self.assertIn("A request of KES 6,500 is open", text)
        self.assertNotIn("15,500", text)

    def test_a_guardian_whose_link_has_ended(self):
        self.mary.guardian_link_ids.write({'date_to': '2020-01-01', 'date_from': '2019-01-01'})
        self.assertEqual(self.get().status_code, 404)

    def test_children_of_two_schools_are_paid_apart(self):
        other = self.create_school("Mwangaza School")
        self.env.user.company_ids |= other
        env = self.env(context={**self.env.context, 'allowed_company_ids': other.ids})
        env['school.student'].create({
            'name': "Hope Otieno", 'admission_no': "M-1", 'company_id': other.id,
            'guardian_link_ids': [Command.create({
                'partner_id': self.mary.id, 'relation': 'mother',
            })],
        })
        self.assertIn("Faith", self.get().text)
        self.assertNotIn("Hope", self.get().text)
        theirs = self.get(f'{URL}/{other.id}')
        self.assertIn("Hope", theirs.text)
        self.assertNotIn("Faith", theirs.text)
        self.assertEqual(self.get(f'{URL}/999999').status_code, 404)
        response = self.post(f'{URL}/{self.school.id}')
        self.assertEqual(response.status_code, 303)

    # === THE PORTAL'S FIRST PAGE === #

    @freeze_time('2026-09-14')
    def test_the_first_page_offers_it_when_two_owe(self):
        self.log_in('pay_mary')
        self.assertIn(f'href="{URL}?lang=en"', self.get('/my/fees').text)
        self.assertIn("Lipia watoto wangu wote", self.get('/my/fees', lang='sw').text)
        self.create_receipt({self.brian: 9_000})
        self.assertNotIn(URL, self.get('/my/fees').text)

    # === THE PAGE ITSELF === #

    def test_one_request_within_the_budget(self):
        for lang in ('en', 'sw'):
            for page in (self.get(lang=lang), self.post(lang=lang, phone='1')):
                headers = sum(len(name) + len(value) + 4 for name, value in page.headers.items())
                self.assertLess(len(gzip.compress(page.content, 6)) + headers, PAGE_BUDGET)
                self.assertFalse(
                    re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="(?!data:)', page.text)
                )
                script = page.text.split('<script>')[1].split('</script>')[0]
                self.assertLess(len(gzip.compress(script.encode(), 6)), SCRIPT_BUDGET)
                self.assertNotRegex(script, r'=>|\b(?:const|let)\b|`', "Old phones read ES5 only.")
                self.assertEqual(page.headers['Cache-Control'], 'no-store')

    def test_one_heading_labels_landmarks_and_no_pin(self):
        page = self.get().text
        self.assertEqual(page.count('<h1'), 1)
        self.assertEqual(page.count('<main'), 1)
        self.assertEqual(page.count('<fieldset'), page.count('<legend'))
        for tag in re.findall(r'<input[^>]*>', page):
            if 'type="hidden"' not in tag:
                self.assertIn(f'for="{re.search(r" id=.([a-z0-9_]+).", tag)[1]}"', page)
        for ids in re.findall(r'aria-describedby="([^"]+)"', page):
            for name in ids.split():
                self.assertIn(f'id="{name}"', page)
        self.assertEqual(len(set(re.findall(r' id="([^"]+)"', page))), len(
            re.findall(r' id="([^"]+)"', page)
        ))
        self.assertNotIn('type="password"', page)
