import base64
import io
import re

from PIL import Image
from pypdf import PdfReader

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


A5 = (419.5, 595.3)  # Points: 148 x 210 mm.


@tagged('post_install', '-at_install')
class TestReceiptPrint(SchoolFeesCommon, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar = new_test_user(
            cls.env, login='fees_bursar', name="Ann Wanjiru", groups='school_fees.group_bursar',
            company_id=cls.school.id, company_ids=[(6, 0, cls.school.ids)],
        )
        cls.student = cls.create_student("Faith Achieng Otieno", "ADM-012")
        cls.guardian = cls.create_guardian(cls.student, "Mary Otieno", "0712000001")
        cls.create_term_bill(cls.student, cls.term_1, 20000)
        cls.receipt = cls.create_receipt(
            {cls.student: 15500}, external_ref="CHQ-77", paid_at='2026-01-20 11:05:00',
            payer_partner_id=cls.guardian.id, issued_by_id=cls.bursar.id,
        )

    def _print(self, receipts, **context):
        report = self.env['ir.actions.report'].with_context(
            force_report_rendering=True, **context,
        )
        pdf, kind = report._render_qweb_pdf('school_fees.report_school_receipt', receipts.ids)
        self.assertEqual(kind, 'pdf')
        return pdf

    def _read(self, pdf):
        pages = PdfReader(io.BytesIO(pdf)).pages
        return pages, ' '.join(' '.join(page.extract_text() for page in pages).split())

    def test_the_schools_own_print_holds_everything(self):
        pdf = self._print(self.receipt)
        pages, text = self._read(pdf)
        for shown in (
            "Uhuru Academy", "OFFICIAL RECEIPT / RISITI RASMI", self.receipt.number,
            "20 Jan 2026, 14:05 EAT", "Mary Otieno", "Faith Achieng Otieno, ADM-012",
            "KES 15,500", "Fifteen Thousand", "Cheque", "CHQ-77", "KES 4,500",
            "Issued by Ann Wanjiru",
        ):
            with self.subTest(shown=shown):
                self.assertIn(shown, text)
        self.assertNotIn("REVERSED", text)
        self.assertEqual(len(pages), 1)
        self.assertAlmostEqual(float(pages[0].mediabox.width), A5[0], delta=2)
        self.assertAlmostEqual(float(pages[0].mediabox.height), A5[1], delta=2)
        self.assertLess(len(pdf), 60 * 1024)

    def test_the_print_fetches_no_style_sheet(self):
        report = self.env.ref('school_fees.school_receipt_report_action')
        html, _kind = report._render_qweb_html(report, self.receipt.ids)
        bodies = report._prepare_html(html, report_model=report.model)[0]
        self.assertEqual(bodies, [html.decode()])
        for reference in ('<link', '@import', 'url(', '/web/'):
            self.assertNotIn(reference, bodies[0])

    def test_the_print_is_black_and_white(self):
        picture = self.receipt._get_check_qr()
        self.assertTrue(picture.startswith('data:image/png;base64,'))
        html, _kind = self.env['ir.actions.report']._render_qweb_html(
            'school_fees.report_school_receipt', self.receipt.ids,
        )
        colours = set(re.findall(rb'#[0-9a-fA-F]{3,6}\b', html))
        self.assertLessEqual(colours, {b'#000', b'#fff'})

    def test_the_qr_code_is_a_picture_of_the_check(self):
        data = base64.b64decode(self.receipt._get_check_qr().partition(',')[2])
        picture = Image.open(io.BytesIO(data))
        self.assertEqual(picture.mode, '1')
        self.assertGreaterEqual(picture.width, 96)
        self.assertTrue(self.receipt._get_print_values()['check_url'].endswith(
            f'/rc/check/{self.receipt.slug}'
        ))

    def test_the_public_print_holds_no_more_than_the_page(self):
        _pages, text = self._read(self._print(self.receipt, school_receipt_public=True))
        for shown in ("Faith, ADM-012", "KES 15,500", "CHQ-77"):
            with self.subTest(shown=shown):
                self.assertIn(shown, text)
        for hidden in ("Achieng", "Otieno", "Mary", "KES 4,500", "Balance"):  # It is an old one.
            with self.subTest(hidden=hidden):
                self.assertNotIn(hidden, text)

    def test_the_public_print_names_the_first_child_only(self):
        brian = self.create_student("Brian Otieno", "ADM-013")
        receipt = self.create_receipt(
            {self.student: 500, brian: 1000}, paid_at=fields.Datetime.now(),
        )
        _pages, text = self._read(self._print(receipt, school_receipt_public=True))
        for shown in (
            "Faith, ADM-012", "KES 500", "Balance now", "KES 4,000",
            "and KES 1,000 for other children of the family",
        ):
            with self.subTest(shown=shown):
                self.assertIn(shown, text)
        for hidden in ("Brian", "ADM-013"):
            with self.subTest(hidden=hidden):
                self.assertNotIn(hidden, text)

    def test_the_public_address_prints_the_public_receipt(self):
        # Under test Odoo answers a print with the HTML that it would have printed.
        answer = self.url_open(f'{self.receipt._get_public_url()}/pdf')
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers['Content-Type'], 'application/pdf')
        self.assertEqual(answer.headers['Cache-Control'], 'no-store')
        self.assertIn(
            f'Receipt-{self.receipt.number.replace("/", "-")}-Faith.pdf',
            answer.headers['Content-Disposition'],
        )
        self.assertIn("Faith", answer.text)
        for hidden in ("Achieng", "Otieno", "Mary"):
            with self.subTest(hidden=hidden):
                self.assertNotIn(hidden, answer.text)

    def test_cancelled_receipt_prints_so(self):
        self.receipt._reverse("Bounced")
        _pages, text = self._read(self._print(self.receipt))
        self.assertIn("REVERSED", text)

    def test_several_receipts_print_one_a_page(self):
        other = self.create_receipt({self.student: 100})
        pages, text = self._read(self._print(self.receipt | other))
        self.assertEqual(len(pages), 2)
        self.assertIn(self.receipt.number, text)
        self.assertIn(other.number, text)

    def test_a_bursar_prints(self):
        action = self.env.ref('school_fees.school_receipt_report_action')
        html, _kind = self.env['ir.actions.report'].with_user(self.bursar)._render_qweb_html(
            action, self.receipt.ids,
        )
        self.assertIn(self.receipt.number.encode(), html)

    def test_receipts_made_by_the_system_name_no_person(self):
        receipt = self.create_receipt({self.student: 100}, issued_by_id=self.env.ref(
            'base.user_root',
        ).id)
        self.assertEqual(receipt._get_print_values()['issued_by'], "the system")
