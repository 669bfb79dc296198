import re
from unittest.mock import patch
from urllib.parse import unquote

from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.school_fees.tests.portal_form_common import PortalForms
from odoo.addons.school_mpesa.models import mpesa_payment_link_guardian
from odoo.addons.school_mpesa.models.mpesa_payment_link_guardian import MOST_LINKS
from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class TestPortalLinks(PortalForms, SchoolMpesaCommon, HttpCase):
    """Faith's mother (KES 32,500 due) asks an aunt to pay, who sees nothing of the family."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.mary = cls.create_guardian(
            cls.student, "Mary Otieno", '0712 000 111', login='links_mary',
        )
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020")
        cls.create_term_bill(cls.grace, cls.term_3, 8_000)
        cls.jane = cls.create_guardian(
            cls.grace, "Jane Mwangi", '0733 000 002', login='links_jane',
        )
        cls.url = f'/my/fees/{cls.student.id}/links'

    def setUp(self):
        super().setUp()
        # What is counted outlives the test; one test sets a limit of its own.
        self.patch(mpesa_payment_link_guardian, 'LINKS_PER_DAY', 10_000)
        self.authenticate('links_mary', 'links_mary')

    def make(self, status=303, **form):
        return self.post(self.url, status, **{'amount': '5000', 'days': '7', **form})

    def links(self):
        return self.env['mpesa.payment.link'].search([
            ('kind', '=', 'link'), ('student_id', 'in', (self.student | self.grace).ids),
        ])

    def open_as_aunt(self, link):
        """ Open the public page from another browser. """
        session = self.opener.cookies.copy()
        self.opener.cookies.clear()
        self.env.flush_all()
        answer = self.url_open(f'/p/{link.slug}?lang=en', allow_redirects=False)
        self.opener.cookies.clear()
        self.opener.cookies.update(session)
        return answer

    def pay_as_aunt(self, link, amount):
        """ Pay by the public page, from a browser without a log-in. """
        self.opener.cookies.clear()
        self.env.flush_all()
        answer = self.url_open(f'/p/{link.slug}', allow_redirects=False, data={
            'intent': 'a1' * 16, 'choice': '', 'amount': str(amount), 'phone': '0712000111',
        })
        self.assertEqual(answer.status_code, 303)
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[-1])
        self.drain()
        self.env.invalidate_all()

    # === MAKING === #

    def test_from_the_childs_page_to_the_message(self):
        self.assertIn(self.url, self.get(f'/my/fees/{self.student.id}').text)
        page = self.get(self.url)
        self.assertIn('value="32500"', page.text)
        self.assertNotIn('<script', page.text)
        with freeze_time('2026-09-14 21:30'):  # The 15th in Kenya.
            self.assertIn('done=made', self.make(amount='KES 5,000').headers['Location'])
            page = self.get(self.url)
        link = self.links()
        self.assertEqual(
            (link.amount, link.max_uses, link.may_change, str(link.expires_on)),
            (5_000, 0, True, '2026-09-22'),
        )
        self.assertEqual((link.create_uid, link.description), (self.mary.user_ids, False))
        text = self.text_of(page)
        for part in ("KES 5,000", "Open until 22 Sep 2026", link.url):
            self.assertIn(part, text)
        sent_by = re.findall(r'href="(https://wa\.me/\?text|sms:\?&amp;body)=([^"]+)"', page.text)
        self.assertEqual([way for way, _sent in sent_by], [
            'https://wa.me/?text', 'sms:?&amp;body',
        ])
        for _way, sent in sent_by:
            self.assertIn(link.url, unquote(sent))
            self.assertIn("Faith (ADM-012)", unquote(sent))
            self.assertNotIn("Otieno", unquote(sent))
        self.assertIn('src="data:image/png;base64,', page.text)

    def test_in_swahili(self):
        self.env['ir.module.module']._get('school_fees')._update_translations('sw')
        self.env['ir.module.module']._get('school_mpesa')._update_translations('sw')
        self.make()
        text = self.text_of(self.get(f'{self.url}?lang=sw'))
        for english in ("Ask somebody", "Open until", "Send by", "Make the link", "Cancel"):
            self.assertNotIn(english, text)

    def test_the_relative_sees_what_a_slug_shows_and_no_more(self):
        self.make()
        link = self.links()
        answer = self.open_as_aunt(link)
        self.assertEqual(answer.status_code, 200)
        for part in ("Faith", "ADM-012", "KES 5,000", "Uhuru Academy"):
            self.assertIn(part, answer.text)
        for hidden in ('Otieno', 'Mary', '32,500', '32500', '712000111', '0712 ***', '*** 111'):
            self.assertNotIn(hidden, answer.text)

    def test_paid_in_parts_up_to_the_amount(self):
        self.make()
        link = self.links()
        self.pay_as_aunt(link, 2_000)
        self.assertEqual((link.paid_amount, link.asked), (2_000, 3_000))
        # Neither the page of the payment nor its receipt tells what is due, 30,500 now.
        receipt = link.transaction_ids.mpesa_receipt_id
        for path in (
            link.transaction_ids.mpesa_attempt_url, receipt._get_public_url(),
            f'/rc/{receipt.slug}/pdf',
        ):
            with self.subTest(path.rpartition('/')[0]):
                answer = self.url_open(f'{path}?lang=en')
                self.assertIn("2,000", answer.text)
                for hidden in ('30,500', '30500', 'Balance', 'Otieno'):
                    self.assertNotIn(hidden, answer.text)
        self.authenticate('links_mary', 'links_mary')
        self.assertIn("Paid by this link: KES 2,000", self.text_of(self.get(self.url)))

    def test_no_guardians_phone_is_prompted_by_its_mask(self):
        self.make()
        self.opener.cookies.clear()
        self.env.flush_all()
        answer = self.url_open(f'/p/{self.links().slug}', allow_redirects=False, data={
            'intent': 'a1' * 16, 'choice': '5000', 'amount': '', 'phone': '0712 *** 111',
        })
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(self.links().transaction_ids)

    def test_a_link_is_over_after_its_days(self):
        with freeze_time('2026-09-14 12:00'):
            self.make(days='3')
        with freeze_time('2026-09-17 20:59'):
            self.assertEqual(self.open_as_aunt(self.links()).status_code, 200)
        with freeze_time('2026-09-17 21:01'):
            self.assertEqual(self.open_as_aunt(self.links()).status_code, 404)

    def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(self):
        for amount, words in (
            ('', "Enter how much"), ('x', "Enter how much"), ('-5', "KES 1 or more"),
            ('0', "KES 1 or more"), ('10.5', "without cents"),
            ('32501', "more than the balance of KES 32,500"), ('1e9', ""), ('NaN', ""),
        ):
            with self.subTest(amount):
                answer = self.make(422, amount=amount, days='14')
                self.assertIn(words, self.text_of(answer))
                self.assertIn(f'value="{amount}"', answer.text)
                self.assertRegex(answer.text, r'value="14"[^>]*selected')
        for days in ('', '0', '15', '-7', '9999999999', 'x'):
            self.assertIn("Choose for how long", self.text_of(self.make(422, days=days)))
        self.assertFalse(self.links())

    def test_a_balance_with_cents_may_be_asked_for_whole(self):
        self.create_term_bill(self.student, self.term_2, 0.40)
        self.assertIn('value="32501"', self.get(self.url).text)
        self.make(amount='32501')
        self.assertEqual(self.links().asked, 32_501)

    def test_nothing_due_makes_no_link(self):
        self.create_receipt({self.student: 32_500})
        self.assertIn("nothing to pay", self.text_of(self.get(self.url)))
        self.post(self.url, 422, page='/my/fees/contact', amount='10', days='7')
        self.assertNotIn(self.url, self.get(f'/my/fees/{self.student.id}').text)
        self.assertFalse(self.links())

    def test_only_some_links_are_open_at_once_and_some_made_a_day(self):
        for number in range(MOST_LINKS):
            self.make(amount=str(100 + number))
        self.assertIn(f"{MOST_LINKS} open links", self.text_of(self.make(422)))
        self.assertEqual(len(self.links()), MOST_LINKS)
        self.links()[0]._close("Not needed")
        self.make()
        active = self.links().filtered(lambda link: link.state == 'active')
        self.assertEqual(len(active), MOST_LINKS)
        active[0]._close("Not needed")
        with patch.object(mpesa_payment_link_guardian, 'LINKS_PER_DAY', 0):
            self.assertIn("many links today", self.text_of(self.make(422)))

    def test_a_link_that_asks_for_nothing_is_not_sent_and_takes_no_place(self):
        self.make(amount='2000')
        link = self.links()
        self.pay_as_aunt(link, 2_000)
        self.assertEqual((link.state, link.asked), ('active', 0))
        self.authenticate('links_mary', 'links_mary')
        page = self.get(self.url)
        text = self.text_of(page)
        self.assertIn("Nothing to pay any more by this link", text)
        self.assertIn("Paid by this link: KES 2,000", text)
        for hidden in ('wa.me', 'sms:', link.slug):
            self.assertNotIn(hidden, page.text)
        with patch.object(mpesa_payment_link_guardian, 'MOST_LINKS', 1):
            self.make()
            self.assertIn("open links", self.text_of(self.make(422)))

    def test_a_double_tap_makes_one_link(self):
        for _tap in range(2):
            self.make(intent='a1' * 16)
        self.assertEqual(len(self.links()), 1)
        self.make(intent='b2' * 16)
        self.assertEqual(len(self.links()), 2)
        self.links()._close("Not needed")
        self.assertIn("sent already", self.text_of(self.make(422, intent='a1' * 16)))
        self.assertRegex(self.get(self.url).text, r'name="intent" value="[0-9a-f]{32}"')

    # === THE RIGHT OF THE MAKER === #

    def test_a_link_ends_with_the_right_of_the_guardian_who_made_it(self):
        self.make()
        link, right = self.links(), self.mary.guardian_link_ids
        Link = self.env['mpesa.payment.link']
        for ends in ({'portal': False}, {'sees_amounts': False}, {'date_to': '2020-12-31'}):
            with self.subTest(ends):
                former = {name: right[name] for name in ends}
                right.write(ends)
                self.assertEqual(self.open_as_aunt(link).status_code, 404)
                self.env.invalidate_all()
                self.assertEqual(link.state, 'cancelled')
                self.assertFalse(Link.search([('id', '=', link.id), ('state', '=', 'active')]))
                self.assertTrue(Link.search([('id', '=', link.id), ('state', '=', 'cancelled')]))
                right.write(former)
                self.assertEqual(self.open_as_aunt(link).status_code, 200)
        self.assertTrue(Link.search([('id', '=', link.id), ('state', '=', 'active')]))
        right.unlink()
        self.assertEqual(self.open_as_aunt(link).status_code, 404)

    def test_it_stays_a_relatives_link_when_its_maker_is_hired(self):
        self.make()
        link = self.links()
        self.mary.user_ids.write({'group_ids': [(6, 0, [self.env.ref('base.group_user').id])]})
        self.env.invalidate_all()
        self.assertFalse(self.mary.user_ids.share)
        self.assertTrue(link._is_for_relatives())
        self.assertNotIn('0712 ***', self.open_as_aunt(link).text)

    def test_a_relative_is_not_told_which_payments_are_on_the_account(self):
        tx = self.ask()
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[-1])
        self.drain()
        self.make()
        code = tx.mpesa_receipt_id.external_ref
        self.assertTrue(code)
        link = self.links()
        self.opener.cookies.clear()
        answers = []
        for claimed in (code, 'UIE4K7P2QX'):
            self.env.flush_all()
            answer = self.url_open(f'/c/{link.slug}?lang=en', data={'message': claimed})
            self.assertEqual(answer.status_code, 200)
            self.assertIn("The office has the code", answer.text)
            answers.append(answer.text.replace(claimed, ''))
        self.assertEqual(*answers)
        self.env.invalidate_all()
        self.assertEqual(
            self.env['school.payment.claim'].search([]).mapped('code'), ['UIE4K7P2QX'],
        )

    # === CANCELLING === #

    def test_the_own_link_is_cancelled_and_opens_nothing(self):
        self.make()
        link = self.links()
        answer = self.post(f'{self.url}/{link.id}/cancel', page=self.url)
        self.assertIn('done=cancelled', answer.headers['Location'])
        self.assertEqual((link.state, link.cancelled_by_id), ('cancelled', self.mary.user_ids))
        self.assertIn("guardian who made it", link.cancel_reason)
        self.assertEqual(self.open_as_aunt(link).status_code, 404)
        self.post(f'{self.url}/{link.id}/cancel', 404, page=self.url)

    def test_the_office_sees_and_cancels_it(self):
        self.make()
        link = self.links()
        bursar = self.create_staff('links_bursar', 'bursar')
        seen = link.with_env(self.env(user=bursar, context={
            'allowed_company_ids': self.school.ids,
        }))
        self.assertEqual(seen.create_uid, self.mary.user_ids)
        seen._cancel("The mother called")
        self.assertNotIn(link.url, self.get(self.url).text)

    # === STRANGERS === #

    def test_nobody_elses_child_or_link(self):
        office = self.env['mpesa.payment.link'].create({'student_id': self.student.id})
        statement = self.student._get_statement_link()
        self.authenticate('links_jane', 'links_jane')
        own = f'/my/fees/{self.grace.id}/links'
        self.post(own, amount='100', days='7')
        hers = self.links().filtered(lambda link: link.student_id == self.grace)
        self.get(self.url, 404)
        self.post(self.url, 404, page=own, amount='100', days='7')
        self.authenticate('links_mary', 'links_mary')
        page = self.get(self.url).text
        for link in (office, statement, hers):
            with self.subTest(kind=link.kind):
                self.assertNotIn(link.slug, page)
                for path in (self.url, own):
                    self.post(f'{path}/{link.id}/cancel', 404, page=self.url)
                self.assertFalse(link.cancelled_at)
        self.get('/my/fees/999999999/links', 404)

    def test_who_sees_no_amounts_makes_no_link(self):
        self.mary.guardian_link_ids.sees_amounts = False
        self.get(self.url, 404)
        self.post(self.url, 404, page='/my/fees/contact', amount='100', days='7')
        self.mary.guardian_link_ids.write({'sees_amounts': True, 'date_to': '2020-12-31'})
        self.get(self.url, 404)
        self.assertFalse(self.links())

    def test_a_form_of_another_site_is_refused(self):
        self.env.flush_all()
        for path in (self.url, f'{self.url}/1/cancel'):
            answer = self.url_open(path, data={'amount': '100', 'days': '7'}, allow_redirects=False)
            self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.links())

    # === A NUMBER THAT ONLY WAITS === #

    def test_a_typed_number_shows_no_request_and_no_payer(self):
        """ Jane types the number by which Mary pays; she becomes no payer by that. """
        tx = self.ask()
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[-1])
        self.drain()
        receipt = tx.mpesa_receipt_id
        self.assertTrue(receipt._filter_paid_by(self.mary))
        # Nor does Mary lose what she has paid when she takes another number.
        self.env['school.guardian.phone'].create({
            'partner_id': self.mary.id, 'e164': '0722 000 003', 'is_first': True,
        })._make_first()
        self.env.invalidate_all()
        self.assertEqual(self.mary._get_school_phones(), ['+254722000003', '+254712000111'])
        self.assertTrue(receipt._filter_paid_by(self.mary))
        self.jane.with_user(self.jane.user_ids).sudo()._propose_phone('0712 000 111')
        self.assertFalse(receipt._filter_paid_by(self.jane))
        self.env['school.guardian.phone'].search([
            ('partner_id', '=', self.jane.id),
        ]).write({'proposed': False})
        self.env.invalidate_all()
        self.assertTrue(receipt._filter_paid_by(self.jane), "Once the office has confirmed it.")
