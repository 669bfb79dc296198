import logging

from odoo.tests import TransactionCase, tagged

from odoo.addons.school_fees import access_log


@tagged('post_install', '-at_install')
class TestAccessLog(TransactionCase):

    def _log(self, name, message, *args):
        # Odoo names level 25 INFO too, so the number it is.
        with self.assertLogs(name, logging.INFO) as caught:
            logging.getLogger(name).info(message, *args)
        return caught.records[0].getMessage()

    def test_public_codes_stay_out_of_the_access_log(self):
        for path, masked in (
            ('/rc/8kQ2mXa9Lp3Z', '/rc/***'),
            ('/rc/8kQ2mXa9Lp3Z?lang=sw', '/rc/***?lang=sw'),
            ('/rc/8kQ2mXa9Lp3Z/pdf', '/rc/***/pdf'),
            ('/rc/check/8kQ2mXa9Lp3Z', '/rc/check/***'),
            ('//rc//8kQ2mXa9Lp3Z', '//rc//***'),
            ('/sw/rc/8kQ2mXa9Lp3Z', '/sw/rc/***'),
            ('http://school.example/rc/8kQ2mXa9Lp3Z', 'http://school.example/rc/***'),
        ):
            for name in access_log.LOGGERS:
                with self.subTest(path=path, logger=name):
                    message = self._log(name, '"%s" %s %s', f'GET {path} HTTP/1.1', '200', '-')
                    self.assertEqual(message, f'"GET {masked} HTTP/1.1" 200 -')

    def test_message_without_arguments_is_masked(self):
        message = self._log('werkzeug', "GET /rc/8kQ2mXa9Lp3Z refused")
        self.assertEqual(message, "GET /rc/*** refused")

    def test_other_paths_are_left_alone(self):
        for path in ('/my/invoices/12', '/web/assets/rc/a.js', '/source/rc', '/rc', '/rc/'):
            with self.subTest(path=path):
                self.assertEqual(
                    self._log('werkzeug', '"%s" %s', f'GET {path} HTTP/1.1', '200'),
                    f'"GET {path} HTTP/1.1" 200',
                )

    def test_tokens_stay_out_of_any_address(self):
        token = '5f2c9f0e-8f5b-4c1d-9a57-3f0f6c1b2a11'
        for path, masked in (
            (f'/my/invoices/12?access_token={token}', '/my/invoices/12?access_token=***'),
            (f'/my/invoices/12?report_type=pdf&access_token={token}&download=1',
             '/my/invoices/12?report_type=pdf&access_token=***&download=1'),
            (f'/payment/pay?payment_token={token}#x', '/payment/pay?payment_token=***#x'),
            (f'/web/login?redirect=%2Fmy%3Faccess_token%3D{token}%26a%3D1',
             '/web/login?redirect=%2Fmy%3Faccess_token%3D***%26a%3D1'),
        ):
            for name in access_log.LOGGERS:
                with self.subTest(path=path, logger=name):
                    message = self._log(name, '"%s" %s', f'GET {path} HTTP/1.1', '200')
                    self.assertEqual(message, f'"GET {masked} HTTP/1.1" 200')

    def test_further_prefixes_mask_every_long_secret_behind_them(self):
        self.addCleanup(setattr, access_log, '_prefixes', access_log._prefixes)
        self.addCleanup(setattr, access_log, '_pattern', access_log._pattern)
        access_log.mask_paths('/vault/')
        token, push = 'ab12' * 8, 'cd34' * 8
        self.assertEqual(
            access_log.mask(f'POST /vault/{token}/stk/{push} HTTP/1.1'),
            'POST /vault/***/stk/*** HTTP/1.1',
        )
        self.assertEqual(
            access_log.mask(f'POST /vault/{token}/c2b/confirmation HTTP/1.1'),
            'POST /vault/***/c2b/confirmation HTTP/1.1',
        )

    def test_filter_is_installed_once(self):
        access_log.install()
        for name in access_log.LOGGERS:
            filters = [
                present for present in logging.getLogger(name).filters
                if isinstance(present, access_log.SecretPathFilter)
            ]
            self.assertEqual(len(filters), 1)
