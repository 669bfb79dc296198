from odoo.tests import TransactionCase, tagged


@tagged('post_install', '-at_install')
class TestResCurrency(TransactionCase):

    def test_amounts_read_as_schools_write_them(self):
        kes = self.env.ref('base.KES')
        for amount, text in (
            (15500.0, "KES 15,500"),
            (15500.5, "KES 15,500.50"),
            (0.0, "KES 0"),
            (-0.001, "KES 0"),
            (-1200.0, "KES -1,200"),
            (999.999, "KES 1,000"),
            (250000, "KES 250,000"),
        ):
            with self.subTest(amount=amount):
                self.assertEqual(kes._format_plain(amount), text)

    def test_amounts_in_words_follow_the_language(self):
        self.env['res.lang']._activate_lang('sw')
        kes = self.env.ref('base.KES')
        for lang, amount, words in (
            ('en_US', 15500.0, "Fifteen Thousand, Five Hundred"),
            ('en_US', 15500.0, "Five Hundred Shillings"),
            ('en_US', 2.5, "Two Shillings and Fifty Cents"),
            ('sw', 15500.0, "Shilingi elfu kumi na tano, mia tano"),
            ('sw', 200.5, "Shilingi mia mbili, senti hamsini"),
            ('sw', 0.999, "Shilingi moja"),
        ):
            with self.subTest(lang=lang, amount=amount):
                self.assertIn(words, kes.with_context(lang=lang)._format_words(amount))

    def test_one_shilling_is_not_shillings(self):
        kes = self.env.ref('base.KES').with_context(lang='en_US')
        self.assertEqual(kes._format_words(1.0), "One Shilling")

    def test_a_unit_of_the_school_stays_as_it_is(self):
        kes = self.env.ref('base.KES').with_context(lang='en_US')
        kes.currency_unit_label = "Shillings"
        self.assertEqual(kes._format_words(2.0), "Two Shillings")

    def test_other_money_is_spelt_by_odoo(self):
        self.env['res.lang']._activate_lang('sw')
        dollar = self.env.ref('base.USD').with_context(lang='sw')
        self.assertEqual(dollar._format_words(12.0), dollar.amount_to_text(12.0))
