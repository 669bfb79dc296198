import base64
import io

import qrcode
from lxml import html
from PIL import Image

from odoo.fields import Command
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


SIGN, EDGE = 6, 4  # Pixels of a module, and modules of the white edge.


@tagged('post_install', '-at_install')
@freeze_time('2026-06-15')
class TestPayBlock(SchoolFeesCommon, HttpCase):
    """How to pay, on bills, statements and in the portal, with the QR code that leads there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.faith = cls.create_student("Faith Otieno", "ADM-012")
        cls.brian = cls.create_student("Brian Otieno", "ADM-013")
        cls.mary = cls.create_guardian(cls.faith | cls.brian, "Mary Otieno", login='pay_mary')
        cls.bill = cls.create_term_bill(cls.faith, cls.term_1, 15_500)

    def print_page(self, report, records, **context):
        content, _type = self.env['ir.actions.report'].with_context(
            **context,
        )._render_qweb_html(report, records.ids)
        return html.fromstring(content)

    def print_bill(self, bill):
        return self.print_page('account.report_invoice_with_payments', bill)

    def get_blocks(self, page):
        return page.xpath('//table[@name="school_pay"]')

    def read_lines(self, block):
        return [' '.join(node.text_content().split()) for node in block.xpath('.//td[1]/div')]

    def assert_code_says(self, block, address):
        """ Compare each module of the picture with those of the code of an address. """
        (source,) = block.xpath('.//img/@src')
        picture = Image.open(io.BytesIO(base64.b64decode(source.partition(',')[2]))).convert('L')
        self.assertEqual(set(picture.tobytes()), {0, 255}, "Black and white only.")
        code = qrcode.QRCode(
            border=EDGE, mask_pattern=3, error_correction=qrcode.constants.ERROR_CORRECT_M,
        )
        code.add_data(address)
        modules = code.get_matrix()
        self.assertEqual(picture.size, (len(modules) * SIGN,) * 2)
        shown = [
            [not picture.getpixel((x * SIGN + SIGN // 2, y * SIGN + SIGN // 2))
             for x in range(len(modules))]
            for y in range(len(modules))
        ]
        self.assertEqual(shown, modules)
        self.assertFalse(any(shown[0] + shown[EDGE - 1]), "Readers need the white edge.")

    # === BILLS === #

    def test_a_bill_says_pay_code_and_amount_and_leads_to_its_page(self):
        page = self.print_bill(self.bill)
        (block,) = self.get_blocks(page)
        self.assertEqual(self.read_lines(block)[:2], [
            f"Pay code: {self.faith.pay_code}", "Amount due: KES 15,500",
        ])
        address = self.bill.get_base_url() + self.bill.get_portal_url()
        self.assertIn(f'/my/invoices/{self.bill.id}?access_token=', address)
        self.assert_code_says(block, address)
        self.assertNotIn("Payment Communication", page.text_content(), "One reference, not two.")

    def test_the_page_of_the_code_opens_without_a_log_in(self):
        block = self.bill._get_school_pay_block()
        self.env.flush_all()
        answer = self.url_open(block['url'].removeprefix(self.bill.get_base_url()))
        self.assertEqual(answer.status_code, 200)
        self.assertIn(self.bill.name, answer.text)
        wrong = self.url_open(f'/my/invoices/{self.bill.id}?access_token={"0" * 36}')
        self.assertNotIn(self.bill.name, wrong.text)

    def test_what_is_left_is_asked_for(self):
        self.create_receipt({self.faith: 10_000}, date='2026-02-01')
        (block,) = self.get_blocks(self.print_bill(self.bill))
        self.assertIn("Amount due: KES 5,500", self.read_lines(block))

    def test_what_nobody_pays_so_says_nothing(self):
        self.create_receipt({self.faith: 15_500}, date='2026-02-01')
        draft = self.create_term_bill(self.brian, self.term_1, 9_000, post=False)
        other = self.create_term_bill(self.brian, self.term_2, 9_000)
        credit = other._reverse_moves([{'invoice_date': other.invoice_date}])
        sponsor = self.env['account.move'].create({
            'move_type': 'out_invoice', 'student_id': self.brian.id,
            'partner_id': self.env['res.partner'].create({'name': "Sponsor"}).id,
            'invoice_line_ids': [Command.create({'name': "Tuition", 'price_unit': 500})],
        })
        sponsor.action_post()
        for move in (self.bill, draft, credit, sponsor):
            with self.subTest(move=move.name):
                self.assertFalse(move._get_school_pay_block())
        self.assertFalse(self.get_blocks(self.print_bill(self.bill)))

    def test_a_guardian_prints_the_same(self):
        block = self.bill.with_user(self.mary.user_ids)._get_school_pay_block()
        self.assertEqual(block['lines'], self.bill._get_school_pay_block()['lines'])
        self.assertEqual(block['url'], self.bill._get_school_pay_block()['url'])

    # === STATEMENTS === #

    def test_a_statement_leads_to_the_account(self):
        self.create_receipt({self.brian: 1_000}, date='2026-02-01')
        page = self.print_page(
            'school_fees.report_school_statement', self.faith | self.brian,
        )
        (block,) = self.get_blocks(page)  # Brian has credit.
        self.assertIn(f"Pay code: {self.faith.pay_code}", self.read_lines(block))
        self.assert_code_says(block, f'{self.faith.get_base_url()}/my/fees/{self.faith.id}')

    def test_the_portal_says_it_without_a_code(self):
        self.authenticate('pay_mary', 'pay_mary')
        page = html.fromstring(self.url_open(f'/my/fees/{self.faith.id}?lang=en').text)
        (block,) = self.get_blocks(page)
        self.assertEqual(self.read_lines(block)[:2], [
            f"Pay code: {self.faith.pay_code}", "Amount due: KES 15,500",
        ])
        self.assertFalse(block.xpath('.//img'), "The reader is there already.")
        brian = html.fromstring(self.url_open(f'/my/fees/{self.brian.id}?lang=en').text)
        self.assertFalse(self.get_blocks(brian))
