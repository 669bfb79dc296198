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
