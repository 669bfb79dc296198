import os
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged

from odoo.addons.school_fees.rules import sms_text
from odoo.addons.school_mpesa.tests.pay_page_common import PayPageCommon
from odoo.addons.school_mpesa.tests.sms_common import SmsCommon


TRAINING = "TRAINING \N{EN DASH} no real money"
MAFUNZO = "MAFUNZO \N{EN DASH} si pesa halisi"
TEST = "TEST: no real money moves"


@tagged('post_install', '-at_install')
class TestTraining(PayPageCommon):
    """A school that trains marks what it shows and prints, and touches no real money."""

    def train(self):
        self.school.mpesa_training = True

    def print_html(self, report, records, lang='en_US'):
        report_sudo = self.env['ir.actions.report'].sudo().with_context(lang=lang)
        return report_sudo._render_qweb_html(report, records.ids)[0].decode()

    # === WHERE A SCHOOL MAY TRAIN === #

    def test_not_in_production_and_not_in_the_sandbox(self):
        for environment in ('production', 'sandbox'):
            # As if it had always been there; the form would refuse this change.
            self.env.cr.execute(
                "UPDATE payment_provider SET mpesa_environment = %s WHERE id = %s",
                [environment, self.provider.id],
            )
            self.provider.invalidate_recordset()
            with self.subTest(environment), self.assertRaisesRegex(ValidationError, "stays off"):
                self.train()

    def test_not_where_real_money_ever_came(self):
        second = self.create_provider(shortcode='600222')
        self.env.cr.execute(
            "UPDATE payment_provider SET mpesa_environment = 'production', state = 'disabled'"
            " WHERE id = %s", [second.id],
        )
        second.invalidate_recordset()
        with self.assertRaisesRegex(ValidationError, "real money must not be marked"):
            self.train()
        self.env.cr.execute(
            "UPDATE payment_provider SET mpesa_environment = 'simulator' WHERE id = %s",
            [second.id],
        )
        self.pay()
        self.env.cr.execute("UPDATE mpesa_transaction SET environment = 'production'")
        self.env.invalidate_all()
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.school.id})
        for school in (self.school, branch):
            with self.subTest(school.name), self.assertRaisesRegex(
                ValidationError, "real money must not be marked",
            ):
                school.mpesa_training = True

    def test_not_with_a_second_shortcode_in_production(self):
        second = self.create_provider(shortcode='600222')
        self.env.cr.execute(
            "UPDATE payment_provider SET mpesa_environment = 'production', state = 'enabled'"
            " WHERE id = %s", [second.id],
        )
        second.invalidate_recordset()
        with self.assertRaisesRegex(ValidationError, "shortcode in production"):
            self.train()

    def test_not_without_a_simulator_on_this_server(self):
        for address in ('', 'https://simulator.example'):
            with self.subTest(address), patch.dict(os.environ, {
                'SCHOOL_MPESA_SIMULATOR_URL': address,
            }), self.assertRaisesRegex(ValidationError, "not set up on this server"):
                self.train()

    def test_not_without_a_shortcode(self):
        with self.assertRaisesRegex(ValidationError, "needs a shortcode"):
            self.create_school("Other School").mpesa_training = True

    def test_no_real_shortcode_while_the_school_trains(self):
        self.train()
        second = self.create_provider(
            shortcode='600222', mpesa_callback_base='https://fees.school.example',
        )
        self.assertEqual(second.state, 'test', "One more on the simulator is fine.")
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.school.id})
        self.assertTrue(branch._is_mpesa_training())
        for state, environment in (('enabled', 'production'), ('test', 'sandbox')):
            with self.subTest(environment), self.assertRaisesRegex(
                ValidationError, "is in training mode",
            ), self.env.cr.savepoint():
                second.write({'state': state, 'mpesa_environment': environment})

    def test_another_school_is_not_marked(self):
        self.train()
        other = self.create_school("Other School")
        self.assertEqual((other._get_watermark(), other._get_message_mark()), ('', ''))
        self.assertEqual(other.browse()._get_message_mark(), '', "Of no student any more.")

    # === WHAT IS MARKED === #

    def test_pay_pages_in_both_languages(self):
        self.assertIn(TEST, self.get().text)
        self.train()
        link = self.student._get_statement_link()
        for url in (self.url, link._get_public_path(), link._get_claim_path()):
            page, swahili = self.get(url).text, self.get(url, lang='sw').text
            self.assertIn(TRAINING, page)
            self.assertNotIn(TEST, page)
            self.assertIn(MAFUNZO, swahili)

    def test_how_to_pay_on_paper(self):
        self.train()
        self.assertIn(TRAINING, self.student._get_pay_block(500)['notes'])

    def test_receipts_of_any_money(self):
        self.train()
        cash = self.create_receipt({self.student: 500})
        self.pay()
        for receipt in (cash, self.tx.mpesa_receipt_id):
            for url in (receipt._get_public_url(), f'/rc/check/{receipt.slug}'):
                self.assertIn(TRAINING, self.get(url).text)
                self.assertIn(MAFUNZO, self.get(url, lang='sw').text)
            self.assertNotIn("Genuine", self.get(url).text)
            printed = self.print_html('school_fees.report_school_receipt', receipt)
            self.assertIn(TRAINING, printed)

    def test_a_receipt_of_the_training_is_marked_for_ever(self):
        self.train()
        self.pay()
        cash = self.create_receipt({self.student: 500})
        self.school.mpesa_training = False
        for receipt in (cash, self.tx.mpesa_receipt_id):
            with self.subTest(receipt.money_kind):
                self.assertIn(TRAINING, self.get(receipt._get_public_url()).text)
                check = self.get(f'/rc/check/{receipt.slug}').text
                self.assertIn(TRAINING, check)
                self.assertNotIn("Genuine", check)
                self.assertIn(
                    TRAINING, self.print_html('school_fees.report_school_receipt', receipt),
                )

    def test_a_receipt_of_a_test_without_training(self):
        self.pay()
        self.assertIn(TEST, self.get(self.tx.mpesa_receipt_id._get_public_url()).text)

    def test_a_receipt_of_real_money_is_not(self):
        cash = self.create_receipt({self.student: 500})
        self.pay()
        self.env.cr.execute("UPDATE mpesa_transaction SET environment = 'production'")
        # As if it trained all the same; it is refused.
        self.env.cr.execute(
            "UPDATE res_company SET mpesa_training = true WHERE id = %s", [self.school.id],
        )
        self.env.invalidate_all()
        self.assertTrue(self.school._get_watermark())
        for receipt in (cash, self.tx.mpesa_receipt_id):
            self.assertEqual(receipt._get_watermark(), '')
            self.assertIn("Genuine", self.get(f'/rc/check/{receipt.slug}').text)

    def test_no_real_shortcode_over_receipts_of_a_training(self):
        self.train()
        receipt = self.create_receipt({self.student: 500})
        Settings = self.env['res.config.settings']

        def end():
            values = {'company_id': self.school.id, 'mpesa_training': False}
            return Settings.new(values)._onchange_mpesa_training()

        self.assertIn("not reversed: 1.", end()['warning']['message'])
        self.school.mpesa_training = False
        second = self.create_provider(
            shortcode='600222', mpesa_callback_base='https://fees.school.example',
        )
        real = {'state': 'enabled', 'mpesa_environment': 'production'}
        with self.assertRaisesRegex(ValidationError, "look like fees paid: 1"):
            with self.env.cr.savepoint():
                second.write(real)
        receipt._reverse("Was training")
        second.write(real)
        self.assertEqual(second.state, 'enabled')

    def test_ending_a_training_without_receipts_is_silent(self):
        self.train()
        self.create_receipt({self.student: 500})._reverse("Was training")
        values = {'company_id': self.school.id, 'mpesa_training': False}
        self.assertIsNone(self.env['res.config.settings'].new(values)._onchange_mpesa_training())

    # === E-MAILS === #

    def test_emails_of_any_document_in_both_languages(self):
        self.guardian.email = 'mary@example.com'
        bursar = self.create_staff('train-mailer', 'bursar')
        link = self.student._get_statement_link()

        def send():
            """ Return subject and text of each e-mail. """
            receipt = self.create_receipt({self.student: 500})
            receipt.with_user(bursar).action_send_by_email()
            self.student.emailed_at = link.emailed_at = False  # Some minutes later.
            self.student.with_user(bursar).action_send_statement_by_email()
            wizard = self.env['account.move.send.wizard'].with_user(bursar).with_context(
                active_model='account.move', active_ids=self.bill.ids,
            ).create({})
            statement = self.student.message_ids.filtered('partner_ids')[:1]
            link.with_user(bursar).action_send_by_email()
            mail = self.env['mail.mail'].search([
                ('model', '=', 'mpesa.payment.link'), ('res_id', '=', link.id),
            ], order='id desc', limit=1)
            message = receipt.message_ids.filtered('partner_ids')
            return receipt, {
                'receipt': (message.subject, message.body),
                'statement': (statement.subject, statement.body),
                'bill': (wizard.subject, wizard.body),
                'link': (mail.subject, mail.body_html),
            }

        for subject, body in send()[1].values():
            self.assertNotIn("real money", f'{subject}{body}')
        self.train()
        for lang, mark in (('en_US', TRAINING), ('sw', MAFUNZO)):
            self.guardian.lang = lang
            receipt, emails = send()
            for kind, (subject, body) in emails.items():
                with self.subTest(lang=lang, kind=kind):
                    self.assertTrue(subject.startswith(f"[{mark}] Uhuru Academy"), subject)
                    self.assertEqual(body.count(f"<strong>{mark}</strong>"), 1)
                    self.assertNotIn('&lt;', body)
        self.school.mpesa_training = False
        receipt.emailed_at = False
        receipt.with_user(bursar).action_send_by_email()
        self.assertIn(MAFUNZO, receipt.message_ids.filtered('partner_ids')[0].subject)

    def test_statements(self):
        report = 'school_fees.report_school_statement'
        self.assertNotIn(TRAINING, self.print_html(report, self.student))
        self.train()
        self.assertIn(TRAINING, self.print_html(report, self.student))
        self.assertIn(MAFUNZO, self.print_html(report, self.student, lang='sw'))

    def test_the_portal(self):
        self.create_guardian(self.student, "Grace Otieno", login='train-grace')
        self.train()
        self.authenticate('train-grace', 'train-grace')
        for url in ('/my/fees', f'/my/fees/{self.student.id}'):
            self.assertIn(TRAINING, self.get(url).text)
            self.assertIn(MAFUNZO, self.get(url, lang='sw').text)

    def test_the_offices_screens_know(self):
        bursar = self.create_staff('train-bursar', 'bursar')
        self.authenticate(bursar.login, bursar.login)

        def schools():
            self.env.flush_all()
            answer = self.make_jsonrpc_request('/web/session/get_session_info', {})
            return answer['mpesa_training_company_ids']

        self.assertEqual(schools(), [])
        self.train()
        self.assertEqual(schools(), self.school.ids)


@tagged('post_install', '-at_install')
class TestTrainingMessages(SmsCommon, HttpCase):
    """Messages of a school that trains begin with a word that says so, and stay one message."""

    def test_each_message_is_marked_in_its_language(self):
        self.school.mpesa_training = True
        self.env['res.lang']._activate_lang('sw')
        self.create_receipt({self.student: 500})
        self.tell()
        self.guardian.lang = 'sw'
        self.create_receipt({self.student: 600})
        self.tell()
        self.assertEqual(len(self.sent), 2)
        for text, mark in zip(self.sent, ("TRAINING: Uhuru Academy", "MAFUNZO: Uhuru Academy"),
                              strict=True):
            self.assertTrue(text.startswith(mark), text)
            self.assertLessEqual(sms_text.septets(text), sms_text.MOST_SEPTETS)

    def test_the_test_message(self):
        Message = self.env['school.message']
        self.assertFalse(Message._write_test(self.school).startswith("TRAINING"))
        self.school.mpesa_training = True
        self.assertTrue(Message._write_test(self.school).startswith("TRAINING: Uhuru Academy"))
