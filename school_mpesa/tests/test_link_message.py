from datetime import timedelta

from daraja_simulator import sms_gateway
from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.school_mpesa.tests.sms_common import EVENING, MORNING, NOON, SmsCommon


@tagged('post_install', '-at_install')
class TestLinkMessage(SmsCommon):
    """Payment links, receipts of M-PESA money and reminders by SMS."""

    def test_the_gateways_key_is_sealed(self):
        saved = self.school.school_sms_key_saved
        self.assertNotIn(sms_gateway.API_KEY, saved)
        self.assertEqual(self.school._unseal_sms_key(saved), sms_gateway.API_KEY)
        other = self.env['res.company'].create({'name': "Other School"})
        self.assertEqual(other._unseal_sms_key(saved), '', "It does not open elsewhere.")

    def test_a_link_is_sent(self):
        link = self.make_link(amount=5_000, description="Lunch")
        with freeze_time(NOON):
            link.with_user(self.bursar).action_send_by_sms()
            with self.refusal(UserError, "on its way by SMS already"):
                link.with_user(self.bursar).action_send_by_sms()
        self.tell()
        [text] = self.sent
        self.assertEqual(text, (
            f"Uhuru Academy: Please pay KES 5,000 for Faith Otieno (ADM-012), Lunch:"
            f" f.uhuru.ac.ke/p/{link.slug} or Paybill 600111 Acc {self.student.pay_code}"
        ))

    def test_a_link_is_not_sent_at_night_nor_when_it_is_closed_by_then(self):
        link = self.make_link(amount=5_000)
        with freeze_time(EVENING):
            link.with_user(self.bursar).action_send_by_sms()
            self.assertEqual(link.sms_ids.send_after, MORNING)
            link.with_user(self.bursar)._cancel("Wrong amount")
        self.tell(MORNING)
        self.assertFalse(self.sent)
        self.assertEqual(link.sms_ids.state, 'cancelled')

    def test_who_got_a_link_hears_that_it_is_closed(self):
        link = self.make_link(amount=5_000)
        with freeze_time(NOON):
            link.with_user(self.bursar).action_send_by_sms()
        self.tell()
        with freeze_time(NOON):
            link.with_user(self.bursar)._cancel("Wrong amount")
        self.tell()
        self.assertEqual(len(self.sent), 2)
        self.assertIn("is closed. Do not pay by it. Questions: 0201234567", self.sent[1])
        other = self.make_link(amount=5_000)
        with freeze_time(NOON):
            other.with_user(self.bursar)._cancel("Never sent")
        self.tell()
        self.assertEqual(len(self.sent), 2)

    def test_only_who_has_a_link_hears_that_it_is_closed(self):
        link = self.make_link(amount=5_000)
        with freeze_time(NOON):
            link.with_user(self.bursar).action_send_by_sms()
        self.tell()
        self.create_guardian(self.student, "John Otieno", phone='+254733000222')
        with freeze_time(NOON):
            link.with_user(self.bursar)._cancel("Wrong amount")
        closing = link.sudo().sms_ids.filtered(lambda message: message.kind == 'link_cancelled')
        self.assertEqual(closing.partner_id, self.guardian)

    def test_a_relatives_link_is_not_the_offices_to_send(self):
        self.guardian.email = 'mary@example.com'
        link = self.make_relatives_link(amount=5_000).with_user(self.bursar)
        self.assertEqual(link.state, 'active')
        with freeze_time(NOON), self.refusal(UserError, "made this link for a relative"):
            link.action_send_by_sms()
        with self.refusal(UserError, "made this link for a relative"):
            link.action_send_by_email()
        own = self.make_link(amount=5_000).with_user(self.bursar)
        with freeze_time(NOON):
            said = (link | own).action_send_by_sms()['params']['message']
        self.assertIn("Not sent: made by a guardian for a relative 1.", said)
        self.assertFalse(link.sudo().sms_ids)

    def test_who_may_send_links(self):
        link = self.make_link(amount=5_000)
        with self.assertRaises(AccessError):
            link.with_user(self.create_staff('cashier_sms', 'cashier')).action_send_by_sms()
        self.school.school_sms_gateway = False
        with self.refusal(UserError, "no SMS gateway"):
            link.with_user(self.bursar).action_send_by_sms()

    # === AGAIN, AND MANY === #

    def test_a_link_is_sent_again_but_not_by_accident(self):
        link = self.make_link(amount=5_000).with_user(self.bursar)
        with freeze_time(NOON):
            link.action_send_by_sms()
        self.tell()
        self.assertEqual((link.sms_state, link.sms_at), ('sent', NOON))
        with freeze_time(NOON + timedelta(minutes=59)), self.refusal(UserError, "an hour ago"):
            link.action_send_by_sms()
        later = NOON + timedelta(minutes=61)
        with freeze_time(later):
            link.action_send_by_sms()
        self.tell(later)
        self.assertEqual(len(self.sent), 2)
        self.assertEqual((link.sms_at, len(link.sms_ids)), (later, 2))

    def test_what_nobody_got_is_sent_again_at_once(self):
        link = self.make_link(amount=5_000).with_user(self.bursar)
        with freeze_time(NOON):
            link.action_send_by_sms()
            link.sudo().sms_ids.state = 'failed'
            self.assertEqual(link.sms_state, 'failed')
            link.action_send_by_sms()
            self.assertEqual(link.sms_state, 'waiting')

    def test_what_was_got_before_hinders_no_second_try(self):
        """ Delivered on Monday, sent again today, and the gateway's account is empty. """
        link = self.make_link().with_user(self.bursar)
        with freeze_time(NOON):
            link.action_send_by_sms()
            link.sudo().sms_ids.state = 'delivered'
        with freeze_time(NOON + timedelta(days=1)):
            link.action_send_by_sms()
            link._get_last_sms().state = 'failed'
            self.assertEqual(link.sms_state, 'failed')
            link.action_send_by_sms()
        self.assertEqual(
            link.sudo().sms_ids.sorted('id').mapped('state'), ['delivered', 'failed', 'waiting'],
        )

    def send_to_two(self):
        """ Send a link to mother and father, and let it reach only the father. """
        father = self.create_guardian(self.student, "Peter Otieno", phone='0722 000 111')
        link = self.make_link().with_user(self.bursar)
        with freeze_time(NOON):
            link.action_send_by_sms()
        states = {self.guardian: 'failed', father: 'delivered'}
        for message in link.sudo().sms_ids:
            message.state = states[message.partner_id]
        self.assertEqual(link.sms_state, 'delivered')
        return link, father

    def count_sms(self, link):
        return {
            guardian.name: len(messages)
            for guardian, messages in link.sudo().sms_ids.grouped('partner_id').items()
        }

    def test_it_is_sent_again_only_to_whom_it_missed(self):
        link, father = self.send_to_two()
        with freeze_time(NOON + timedelta(minutes=5)):
            link.action_send_by_sms()
            self.assertEqual(self.count_sms(link), {'Mary Otieno': 2, 'Peter Otieno': 1})
            with self.refusal(UserError, "on its way"):
                link.action_send_by_sms()
            link._get_last_sms().filtered(
                lambda message: message.partner_id == self.guardian
            ).state = 'failed'
        with freeze_time(NOON + timedelta(hours=5)):
            link.action_send_by_sms()
            self.assertEqual(self.count_sms(link), {'Mary Otieno': 3, 'Peter Otieno': 1})
            link._get_last_sms().state = 'doubt'
            with self.refusal(UserError, "an hour ago"):
                link.action_send_by_sms()
        with freeze_time(NOON + timedelta(days=2)):
            link.action_send_by_sms()
        self.assertEqual(self.count_sms(link), {'Mary Otieno': 4, 'Peter Otieno': 2})
        self.assertEqual(link._get_last_sms().partner_id, self.guardian | father)

    def test_a_retry_and_sending_again_are_one_sms(self):
        link = self.send_to_two()[0]
        failed = link.sudo().sms_ids.filtered(lambda message: message.state == 'failed')
        with freeze_time(NOON):
            link.action_send_by_sms()
            failed.with_user(self.bursar).action_retry()
        self.tell()
        self.assertEqual(len(self.sent), 1)
        self.assertEqual(failed.state, 'cancelled')
        other = self.make_link(amount=5_000).with_user(self.bursar)
        with freeze_time(NOON):
            other.action_send_by_sms()
            other.sudo().sms_ids.state = 'failed'
            other.sudo().sms_ids.with_user(self.bursar).action_retry()
            with self.refusal(UserError, "on its way"):
                other.action_send_by_sms()

    def test_filters_look_at_the_last_sending(self):
        self.guardian.email = 'mary@example.com'
        names = ('never', 'waiting', 'failed', 'mended', 'worse', 'dropped', 'shared', 'mailed')
        links = {name: self.make_link() for name in names}
        with freeze_time(NOON):
            for name in names[1:6]:
                links[name].with_user(self.bursar).action_send_by_sms()
            for name, first, last in (
                ('failed', 'failed', ''), ('mended', 'failed', 'delivered'),
                ('dropped', 'cancelled', ''),
            ):
                links[name].sms_ids.state = first
                if last:
                    links[name].with_user(self.bursar).action_send_by_sms()
                    links[name]._get_last_sms().state = last
            links['worse'].sms_ids.state = 'delivered'
        with freeze_time(NOON + timedelta(days=1)):
            links['worse'].with_user(self.bursar).action_send_by_sms()
            links['worse']._get_last_sms().state = 'failed'
        links['mended'].sms_at = False  # As of links sent before it was noted.
        links['shared'].action_share_by_whatsapp()
        links['mailed'].with_user(self.bursar).action_send_by_email()
        self.assertTrue(links['mailed'].emailed_at)
        view = etree.fromstring(self.env.ref('school_mpesa.mpesa_payment_link_view_search').arch)
        Link = self.env['mpesa.payment.link'].with_user(self.bursar)
        for name, expected in (
            ('unsent', {'never', 'dropped'}), ('sms_failed', {'failed', 'worse'}),
        ):
            domain = safe_eval(view.xpath(f"//filter[@name='{name}']")[0].get('domain'))
            found = Link.search(Domain(domain) & Domain('kind', '=', 'link'))
            with self.subTest(name=name):
                self.assertEqual(
                    {name for name, link in links.items() if link in found}, expected,
                )
        for state in ('delivered', 'waiting', 'failed', 'cancelled', False):
            for operator, expected in (('=', True), ('!=', False)):
                found = Link.search([('sms_state', operator, state)])
                with self.subTest(state=state, operator=operator):
                    self.assertEqual(
                        {name for name, link in links.items() if link in found},
                        {name for name, link in links.items()
                         if (link.sms_state == state) == expected},
                    )

    def test_the_state_is_told_in_swahili(self):
        self.env['res.lang']._activate_lang('sw')
        self.env['ir.module.module']._get('school_fees')._update_translations('sw')
        words, known = (
            dict(self.env[model].with_context(lang='sw').fields_get([name])[name]['selection'])
            for model, name in (('mpesa.payment.link', 'sms_state'), ('school.message', 'state'))
        )
        self.assertEqual(words, known)
        self.assertNotEqual(words['delivered'], "Delivered")

    def test_what_expires_before_the_morning_is_not_sent_at_night(self):
        link = self.make_link(expires_on='2026-09-14').with_user(self.bursar)
        longer = self.make_link(expires_on='2026-09-15').with_user(self.bursar)
        with freeze_time(EVENING):
            with self.refusal(UserError, "expires before the morning"):
                link.action_send_by_sms()
            message = (link | longer).action_send_by_sms()['params']['message']
            self.assertIn("Not sent: expires before the morning 1.", message)
            wizard = self.env['mpesa.link.wizard'].with_user(self.bursar).create({
                'student_id': self.student.id, 'expires_on': '2026-09-14',
            })
            with self.refusal(UserError, "No link was made either"):
                wizard.action_make_and_send()
        self.assertFalse(link.sudo().sms_ids)
        with freeze_time(NOON):
            link.action_send_by_sms()
        self.assertTrue(link.sudo().sms_ids)

    def test_who_has_opted_out_meanwhile_gets_none(self):
        link = self.make_link(amount=5_000).with_user(self.bursar)
        self.guardian.school_sms_optout = True
        with freeze_time(NOON), self.refusal(UserError, "takes SMS"):
            link.action_send_by_sms()
        self.assertFalse(link.sms_at)

    def test_a_link_that_asks_for_nothing_is_not_sent(self):
        link = self.make_link(amount=5_000).with_user(self.bursar)
        self.create_receipt({self.student: 32_500}, date='2026-09-01')
        with freeze_time(NOON), self.refusal(UserError, "Nothing is due"):
            link.action_send_by_sms()

    def test_many_are_sent_and_the_rest_is_counted(self):
        silent = self.create_student("Brian Kamau", 'ADM-013')
        self.create_term_bill(silent, self.term_3, 9_000)
        with freeze_time(NOON):
            first, second, closed, just = (self.make_link() for _number in range(4))
            closed._cancel("Wrong child")
            just.action_send_by_sms()
            nobody = self.make_link(silent)
            links = (first | second | closed | just | nobody).with_user(self.bursar)
            message = links.action_send_by_sms()['params']['message']
            self.assertIn("2 links are on their way by SMS.", message)
            self.assertIn(
                "Not sent: closed 1, on their way already 1, no guardian with a phone number takes"
                " SMS 1.", message,
            )
            self.assertEqual(
                [len(link.sudo().sms_ids) for link in links], [1, 1, 0, 1, 0],
            )
            with self.refusal(UserError, "Not sent: closed 1, on their way already 3"):
                links.action_send_by_sms()
        self.tell()
        self.assertEqual(len(self.sent), 3)

    def test_sending_many_costs_no_query_each(self):
        few = self.make_many(2)
        many = self.make_many(12)

        def send(links):
            links.invalidate_recordset()
            links.action_send_by_sms()

        with freeze_time(NOON):
            self.make_many(1).action_send_by_sms()  # What is looked up once.
            costs = [self.count_queries(lambda links=links: send(links)) for links in (few, many)]
        self.assertEqual(len(many.sudo().sms_ids), 12)
        self.assertLessEqual(costs[1], costs[0])

    def make_many(self, count):
        """ Make links of as many students with a guardian and a bill each. """
        links = self.env['mpesa.payment.link']
        for _number in range(count):
            number = self.env['school.student'].search_count([]) + 100
            student = self.create_student(f"Student {number}", f'ADM-{number}')
            self.create_guardian(student, f"Guardian {number}", phone=f'0722 000 {number}')
            self.create_term_bill(student, self.term_3, 1_000)
            links |= self.make_link(student)
        return links.with_user(self.bursar)

    # === FROM THE WIZARD === #

    def test_made_and_sent_at_once(self):
        wizard = self.env['mpesa.link.wizard'].with_user(self.bursar).create({
            'student_id': self.student.id, 'description': "Lunch",
        })
        with freeze_time(NOON):
            action = wizard.action_make_and_send()
        self.assertEqual(action['params']['message'], "The link is on its way by SMS.")
        self.tell()
        self.assertIn("Please pay KES 32,500 for Faith Otieno (ADM-012), Lunch", self.sent[0])

    def test_what_cannot_be_sent_is_not_made(self):
        self.guardian.phone = False
        wizard = self.env['mpesa.link.wizard'].with_user(self.bursar).create({
            'student_id': self.student.id,
        })
        with freeze_time(NOON), self.refusal(UserError, "No link was made either"):
            wizard.action_make_and_send()
        self.assertFalse(self.env['mpesa.payment.link'].search([
            ('student_id', '=', self.student.id), ('kind', '=', 'link'),
        ]))

    # === OTHER MESSAGES === #

    def test_a_reminder_names_page_and_paybill(self):
        with freeze_time(NOON):
            self.student._send_school_message('balance')
        self.tell()
        [text] = self.sent
        link = self.student._get_statement_link()
        self.assertIn(f"Pay: f.uhuru.ac.ke/p/{link.slug} or Paybill 600111 Acc", text)
        self.assertLessEqual(len(text), 160)

    def test_a_bill_names_its_own_page(self):
        with freeze_time(NOON):
            self.student._send_school_message('bill', invoice_id=self.bill.id)
        self.tell()
        [text] = self.sent
        link = self.bill._get_bill_link()
        self.assertEqual(link.kind, 'bill')
        self.assertIn("KES 32,500", text)
        self.assertIn(f"f.uhuru.ac.ke/p/{link.slug}", text)
        self.assertLessEqual(len(text), 160)

    def test_a_paybill_receipt_is_told_after_the_money(self):
        self.accept_bytes(self.confirmation_url(), self.confirmation_body(
            'UKL7XY12AB', '1000.00', 'ADM-012',
        ))
        self.drain()
        receipt = self.env['school.receipt'].search([('external_ref', '=', 'UKL7XY12AB')])
        self.assertEqual(receipt.state, 'posted')
        self.assertFalse(self.sent)
        self.tell()
        self.assertIn("Received KES 1,000 for Faith Otieno (ADM-012)", self.sent[0])
        self.assertIn("M-PESA UKL7XY12AB", self.sent[0])

    def test_a_gateway_that_is_down_delays_no_payment(self):
        for mode in ('down', 'reset', 'hang', 'refuse'):
            self.control.set_sms(mode=mode, seconds=30)
            with self.subTest(mode=mode):
                self.accept_bytes(self.confirmation_url(), self.confirmation_body(
                    f'UKL7XY1{mode[:3].upper()}', '10.00', 'ADM-012',
                ))
                calls = self.control.sms()['calls']
                self.drain()
                self.assertEqual(self.control.sms()['calls'], calls)
                self.assertTrue(self.env['school.receipt'].search([
                    ('external_ref', '=', f'UKL7XY1{mode[:3].upper()}'),
                ]))

    def test_a_late_success_says_so(self):
        tx = self.ask()
        self.send()
        self.control.cancel('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[-1])
        self.drain()
        tx.mpesa_was_declined = True
        self.accept_bytes(self.confirmation_url(), self.confirmation_body(
            'UKL7XY12AB', '15500.00', 'ADM-012',
        ))
        self.drain()
        receipt = self.env['school.receipt'].search([('external_ref', '=', 'UKL7XY12AB')])
        receipt.mpesa_transaction_ids.payment_transaction_id = tx
        self.tell()
        self.assertIn("Good news, the payment of KES 15,500", self.sent[0])
        self.assertIn("Do not pay again.", self.sent[0])

    # === BY E-MAIL === #

    def test_a_link_by_email(self):
        self.env['res.lang']._activate_lang('sw')
        self.env['ir.module.module']._get('school_mpesa')._update_translations('sw')
        self.guardian.email = 'mary@example.com'
        link = self.make_link(amount=5_000, description="Lunch", expires_on='2030-01-12')
        for lang, subject, words in (
            ('en_US', "Uhuru Academy: payment for Faith Otieno", (
                "asks for <strong>KES 5,000</strong> for Faith Otieno (ADM-012)", "Lunch",
                "Pay now", "12 Jan 2030",
            )),
            ('sw', "Uhuru Academy: malipo ya Faith Otieno", ("inaomba", "Lunch", "Lipa sasa")),
        ):
            with self.subTest(lang=lang):
                self.guardian.lang = lang
                link.emailed_at = False  # Some minutes later.
                link.with_user(self.bursar).action_send_by_email()
                mail = self.env['mail.mail'].search([
                    ('model', '=', 'mpesa.payment.link'), ('res_id', '=', link.id),
                ], order='id desc', limit=1)
                self.assertEqual(mail.recipient_ids, self.guardian)
                self.assertEqual(mail.subject, subject)
                for text in (*words, f"https://f.uhuru.ac.ke/p/{link.slug}", "Paybill 600111"):
                    self.assertIn(text, mail.body_html)
        note = self.student.message_ids[0].body
        self.assertIn("is on its way to Mary Otieno by e-mail", note)
        self.assertNotIn('example.com', note)

    def test_a_link_is_mailed_once_and_only_while_it_asks_for_something(self):
        self.guardian.email = 'mary@example.com'
        link = self.make_link(amount=5_000).with_user(self.bursar)
        paid = self.make_link().with_user(self.bursar)

        def count():
            return self.env['mail.mail'].search_count([('model', '=', 'mpesa.payment.link')])

        before = count()
        link.action_send_by_email()
        self.assertEqual(count(), before + 1)
        with self.refusal(UserError, "on its way already"):
            link.action_send_by_email()
        self.create_receipt({self.student: 32_500})
        self.env.invalidate_all()
        self.assertEqual((paid.state, paid.asked), ('active', 0))
        with self.refusal(UserError, "Nothing is due by this link"):
            paid.action_send_by_email()
        self.assertEqual(count(), before + 1)

    def test_a_closed_link_is_not_mailed_and_only_the_bursars_office_mails(self):
        self.guardian.email = 'mary@example.com'
        link = self.make_link(amount=5_000)
        with self.assertRaises(AccessError):
            link.with_user(self.create_staff('cashier_mail', 'cashier')).action_send_by_email()
        link.with_user(self.bursar)._cancel("Wrong amount")
        with self.refusal(UserError, "link is closed"):
            link.with_user(self.bursar).action_send_by_email()

    def test_emails_of_a_bill_and_of_a_statement_lead_to_the_pay_pages(self):
        self.guardian.email = 'mary@example.com'
        wizard = self.env['account.move.send.wizard'].with_user(self.bursar).with_context(
            active_model='account.move', active_ids=self.bill.ids,
        ).create({})
        self.assertIn(f"/p/{self.bill._get_bill_link().slug}", wizard.body)
        self.student.with_user(self.bursar).action_send_statement_by_email()
        self.assertIn(
            f"/p/{self.student._get_statement_link().slug}", self.student.message_ids[0].body,
        )
