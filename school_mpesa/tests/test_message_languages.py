import re

from odoo.tests import tagged

from odoo.addons.school_fees.rules import sms_text
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon
from odoo.addons.school_mpesa.tests.sms_common import SmsCommon


@tagged('post_install', '-at_install')
class TestMessageLanguages(SmsCommon, BookingCommon):
    """Every kind of SMS is written in both languages, and none mixes them."""

    def test_every_kind_in_both_languages(self):
        self.env['res.lang']._activate_lang('sw')
        for module in ('school_fees', 'school_mpesa'):
            self.env['ir.module.module']._get(module)._update_translations('sw')
        receipt = self.create_receipt({self.student: 500})
        link = self.make_link(amount=5_000)
        tx = self.prompt()
        tx.mpesa_result_code = '1032'
        subjects = {
            'receipt': {'receipt_id': receipt.id},
            'reversal': {'receipt_id': receipt.id},
            'balance': {},
            'bill': {'invoice_id': self.bill.id},
            'link': {'mpesa_link_id': link.id},
            'link_cancelled': {'mpesa_link_id': link.id},
            'failed_attempt': {'payment_transaction_id': tx.id},
        }
        Message = self.env['school.message']
        self.assertEqual(set(subjects), set(Message._fields['kind'].get_values(self.env)))
        for kind, values in subjects.items():
            texts = {}
            for lang in ('en_US', 'sw'):
                self.guardian.lang = lang
                texts[lang] = Message.new({
                    'kind': kind, 'student_id': self.student.id, 'partner_id': self.guardian.id,
                    'company_id': self.school.id, **values,
                })._write_body()
                self.assertLessEqual(sms_text.septets(texts[lang]), 160)
            english, swahili = (self._read_words(texts[lang]) for lang in ('en_US', 'sw'))
            with self.subTest(kind=kind):
                self.assertTrue(english and swahili, texts)
                self.assertFalse(english & swahili, texts)

    def _read_words(self, text):
        """ Return the words of a message, without addresses, names and words with capitals. """
        return {
            word for part in text.split() if '/' not in part
            for word in re.findall(r'\b[a-z]{3,}\b', part)
        }
