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

    def test_not_with_a_second_shortcode_in_production(self):
        second = self.create_provider(shortcode='600222')
        self.env.cr.execute(
            "UPDATE payment_provider SET mpesa_environment = 'production', state = 'enabled'"
            " WHERE id = %s", [second.id],
        )
        second.invalidate_recordset()
        with self.assertRaisesRegex(ValidationError, "none in production"):
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
        cash = self.create_receipt({self.student: 500})
        self.assertNotIn('watermark">', self.get(cash._get_public_url()).text)
        self.train()
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
        self.school.mpesa_training = False
        receipt = self.tx.mpesa_receipt_id
        self.assertIn(TEST, self.get(receipt._get_public_url()).text)
        self.assertIn(TEST, self.print_html('school_fees.report_school_receipt', receipt))

    def test_a_receipt_of_real_money_is_not(self):
        self.pay()
        self.env.cr.execute("UPDATE mpesa_transaction SET environment = 'production'")
        self.env.invalidate_all()
        self.assertEqual(self.tx.mpesa_receipt_id._get_watermark(), '')

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
