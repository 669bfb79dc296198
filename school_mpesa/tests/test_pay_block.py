from lxml import html

from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class TestPayBlock(SchoolMpesaCommon):
    """The paybill's steps on bills and statements."""

    def print_texts(self, report, records):
        content, _type = self.env['ir.actions.report']._render_qweb_html(report, records.ids)
        (block,) = html.fromstring(content).xpath('//table[@name="school_pay"]')
        return [' '.join(node.text_content().split()) for node in block.xpath('.//td[1]/*')]

    def test_bill_and_statement_say_the_steps(self):
        for report, records in (
            ('account.report_invoice_with_payments', self.bill),
            ('school_fees.report_school_statement', self.student),
        ):
            with self.subTest(report=report):
                own = f"the pay code of {self.student._get_first_name()} alone"
                self.assertEqual(self.print_texts(report, records), [
                    "Pay by Paybill", "On your phone: M-PESA, Lipa na M-PESA, Pay Bill.",
                    "Business number: 600111", f"Account number: {self.student.pay_code}",
                    "Amount: KES 32,500",
                    f"The account number is {own}: check each digit.",
                    "TEST: no real money moves",
                ])

    def test_in_swahili(self):
        self.env['res.lang']._activate_lang('sw')
        block = self.bill.with_context(lang='sw')._get_school_pay_block()
        self.assertEqual(block['title'], "Lipa kwa Paybill")
        self.assertEqual([label for label, _value in block['lines']], [
            "Nambari ya biashara", "Nambari ya akaunti", "Kiasi",
        ])
        self.assertIn(self.student._get_first_name(), block['notes'][0])
        self.assertNotIn("account", ' '.join((*block['notes'], block['caption'])))

    def test_a_till_takes_no_account(self):
        self.provider.write({'mpesa_shortcode_type': 'till', 'mpesa_till_number': '912345'})
        block = self.bill._get_school_pay_block()
        self.assertEqual(block['title'], "Pay by Buy Goods")
        self.assertEqual([value for _label, value in block['lines']], ['912345', "KES 32,500"])
        self.assertFalse(any("pay code" in note for note in block['notes']))

    def test_what_is_above_the_limit_goes_in_parts(self):
        bill = self.create_term_bill(self.student, self.term_2, 260_000.40)
        block = bill._get_school_pay_block()
        self.assertIn(("Amount", "KES 260,001"), block['lines'])
        self.assertIn("M-PESA takes at most KES 250,000 at once", ' '.join(block['notes']))
        self.assertNotIn("at once", ' '.join(self.bill._get_school_pay_block()['notes']))

    def test_without_a_shortcode_the_pay_code_stays(self):
        self.provider.state = 'disabled'
        block = self.bill._get_school_pay_block()
        self.assertEqual(block['title'], "How to pay")
        self.assertEqual(block['lines'][0], ("Pay code", self.student.pay_code))
