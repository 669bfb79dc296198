import gzip
import http.client
import json
import socket

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


MAXIMUM_BYTES = 65_536
DEEP = 30_000  # levels of a JSON document that no recursive parser survives

# Bad input by class (trust.md section 5), each kept to the byte whatever it is.
BODIES = {
    'nothing': b'',
    'blank': b' \r\n\t',
    'byte order mark': b'\xef\xbb\xbf{"TransID": "UIE4K7P2QX"}',
    'UTF-16': '{"TransID": "UIE4K7P2QX"}'.encode('utf-16'),
    'UTF-7 and Latin-1': b'{"FirstName": "Mu\xf1oz +AGEAYQ-"}',
    'NUL': b'{"TransID": "A\x00B"}\x00\x00',
    'every byte': bytes(range(256)) * 4,
    'truncated': b'{"Body": {"stkCallback": {"MerchantRequestID": "29',
    'two documents': b'{"TransID": "A"}{"TransID": "B"}',
    'gzip': gzip.compress(b'{"TransID": "UIE4K7P2QX"}', mtime=0),
    'form': b'TransID=UIE4K7P2QX&TransAmount=100&FirstName=A%20B+C',
    'XML': b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    'HTML': b'<html><script>alert(1)</script></html>',
    'SQL': b"'; DROP TABLE mpesa_callback; --",
    'percent signs': b'%s %(raw)s %% %d {0} $1',
    'text': b'"text"',
    'number': b'1e400',
    'NaN': b'NaN',
    'null': b'null',
    'list': b'[[], [{}], [null]]',
    'null levels': b'{"Body": {"stkCallback": null}}',
    'list for object': b'{"Body": [{"stkCallback": []}]}',
    'duplicate keys': b'{"TransID": "A", "TransID": "B"}',
    'other case': b'{"body": {"STKCALLBACK": {}}}',
    'deep': b'[' * DEEP + b']' * DEEP,
    'wide': json.dumps({f'k{n}': n for n in range(4000)}).encode(),
    'long integer': b'{"TransAmount": ' + b'9' * 6000 + b'}',
    'surrogate': b'{"FirstName": "\\ud800", "LastName": "\\u0000"}',
    'bidi and ANSI': '{"FirstName": "\u202egpj\x1b[31m\r\nINFO fake"}'.encode(),
    'largest allowed': b'x' * MAXIMUM_BYTES,
}
CONTENT_TYPES = (
    None, '', 'application/json', 'application/json;charset=UTF-8', 'text/plain', 'text/xml',
    'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'multipart/form-data',
    'application/octet-stream', 'nonsense', 'application/json; charset=no-such', 'a/b' * 200,
)


@tagged('post_install', '-at_install')
class TestInbox(SchoolMpesaCommon, HttpCase):
    """What Safaricom posts, over HTTP: kept to the byte, answered with 200, or refused early."""

    def setUp(self):
        super().setUp()
        Token = self.env['mpesa.callback.token']
        stk, c2b, result = (Token._get(self.provider, k) for k in ('stk', 'c2b', 'result'))
        self.addresses = {
            'stk': f'/collect/{stk}/stk/{"ab" * 16}',
            'confirmation': f'/collect/{c2b}/c2b/confirmation',
            'validation': f'/collect/{c2b}/c2b/validation',
            'result': f'/collect/{result}/result',
            'timeout': f'/collect/{result}/timeout',
        }
        self.tokens = {'stk': stk, 'c2b': c2b, 'result': result}

    # === TOOLS === #

    def post(self, path, body=b'{}', content_type='application/json', method='POST', **headers):
        if content_type is not None:
            headers['Content-Type'] = content_type
        return self.url_open(
            path, data=body, headers=headers, method=method, allow_redirects=False,
        )

    def count_rows(self):
        return self.env['mpesa.callback'].search_count([])

    def get_newest(self):
        self.env.invalidate_all()
        return self.env['mpesa.callback'].search([], limit=1)

    def assert_kept(self, response, endpoint, body, before):
        """ Assert the 200, its Daraja-shaped answer, and one new row of exactly these bytes. """
        self.assertEqual(response.status_code, 200)
        self.assertEqual(str(response.json()['ResultCode']), '0')
        self.assertIn('ResultDesc', response.json())
        self.assertNotIn('Set-Cookie', response.headers)
        self.assertEqual(self.count_rows(), before + 1)
        row = self.get_newest()
        self.assertEqual(row._read_bodies()[row], body)
        self.assertEqual(
            (row.endpoint, row.state, row.provider_id, row.company_id, row.environment),
            (endpoint, 'new', self.provider, self.school, 'simulator'),
        )

    # === WHAT IS KEPT === #

    def test_any_bytes_at_any_address_are_kept(self):
        for endpoint, path in self.addresses.items():
            for name, body in BODIES.items():
                with self.subTest(endpoint=endpoint, body=name):
                    before = self.count_rows()
                    self.assert_kept(self.post(path, body), endpoint, body, before)

    def test_any_content_type_leaves_the_bytes_alone(self):
        form = b'TransID=UIE4K7P2QX&TransAmount=100.00&x=%41+b'
        multipart = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'
        for content_type in CONTENT_TYPES:
            for body in (form, multipart):
                with self.subTest(content_type=content_type, body=body[:9]):
                    before = self.count_rows()
                    response = self.post(self.addresses['confirmation'], body, content_type)
                    self.assert_kept(response, 'confirmation', body, before)

    def test_framing_headers_leave_the_bytes_alone(self):
        squeezed = gzip.compress(b'{}', mtime=0)
        for headers in (
            {'Content-Encoding': 'gzip'}, {'Content-Encoding': 'br'}, {'Expect': 'now'},
            {'Accept-Language': '\xff'}, {'Authorization': 'Basic Og=='}, {'Origin': 'null'},
            {'BusinessShortCode': '600999'}, {'X-HTTP-Method-Override': 'DELETE'},
        ):
            with self.subTest(headers=headers):
                before = self.count_rows()
                path = self.addresses['confirmation']
                response = self.post(path, squeezed, **headers)
                self.assert_kept(response, 'confirmation', squeezed, before)

    def test_cookies_of_a_browser_do_not_disturb(self):
        before = self.count_rows()
        response = self.url_open(
            self.addresses['confirmation'], data=b'{}', allow_redirects=False,
            cookies={'session_id': 'x' * 84, 'frontend_lang': 'sw', 'debug': 'assets'},
        )
        self.assert_kept(response, 'confirmation', b'{}', before)

    def test_a_query_string_does_not_disturb(self):
        before = self.count_rows()
        response = self.post(f'{self.addresses["result"]}?debug=1&db=other&lang=sw', b'{}')
        self.assert_kept(response, 'result', b'{}', before)

    def test_chunked(self):
        before = self.count_rows()
        response = self.post(self.addresses['stk'], iter([b'{"Body"', b': {}', b'}']))
        self.assertEqual(response.status_code, 200)
        self.assertEqual(self.count_rows(), before + 1)
        row = self.get_newest()
        self.assertEqual(row._read_bodies()[row], b'{"Body": {}}')

    def test_the_prompts_own_address_is_kept_as_digest_only(self):
        for push in ('ab' * 16, 'AB' * 16, '%00', '%FF%FE', 'é', 'x' * 10_000, "'%20OR%201=1"):
            with self.subTest(push=push[:20]):
                before = self.count_rows()
                response = self.post(f'/collect/{self.tokens["stk"]}/stk/{push}')
                self.assert_kept(response, 'stk', b'{}', before)
                self.assertRegex(self.get_newest().push_digest, r'^[0-9a-f]{64}$')

    def test_identical_bodies_stay_separate_rows(self):
        before = self.count_rows()
        for _copy in range(5):
            self.assertEqual(self.post(self.addresses['confirmation']).status_code, 200)
        self.assertEqual(self.count_rows(), before + 5)

    # === WHAT IS REFUSED === #

    def assert_refused(self, response, statuses):
        self.assertIn(response.status_code, statuses)
        self.assertNotIn('Set-Cookie', response.headers)

    def test_wrong_tokens(self):
        before = self.count_rows()
        right = self.tokens['stk']
        for token in (
            'f' * 32, right[:-1], right + '0', right.upper(), f'%20{right}', f'{right}%00', '%00',
            'é' * 16, '%FF%FE%FD', '%ED%A0%80', 'x' * 10_000, "'%20OR%20''='", '%E2%80%AE',
        ):
            with self.subTest(token=token[:40]):
                self.assert_refused(self.post(f'/collect/{token}/stk/{"ab" * 16}'), {404})
        self.assertEqual(self.count_rows(), before)

    def test_a_token_opens_only_its_own_kind(self):
        before = self.count_rows()
        for path in (
            f'/collect/{self.tokens["c2b"]}/stk/{"ab" * 16}',
            f'/collect/{self.tokens["result"]}/stk/{"ab" * 16}',
            f'/collect/{self.tokens["stk"]}/c2b/confirmation',
            f'/collect/{self.tokens["result"]}/c2b/confirmation',
            f'/collect/{self.tokens["stk"]}/c2b/validation',
            f'/collect/{self.tokens["stk"]}/result',
            f'/collect/{self.tokens["c2b"]}/timeout',
        ):
            with self.subTest(path=path[-25:]):
                self.assert_refused(self.post(path), {404})
        self.assertEqual(self.count_rows(), before)

    def test_other_methods_change_nothing(self):
        before = self.count_rows()
        for endpoint, path in self.addresses.items():
            for method in ('GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'BREW'):
                with self.subTest(endpoint=endpoint, method=method):
                    body = None if method in {'GET', 'HEAD'} else b'{}'
                    self.assert_refused(self.post(path, body, method=method), {404, 405})
        self.assertEqual(self.count_rows(), before)

    def test_a_body_above_the_cap(self):
        before = self.count_rows()
        for endpoint, path in self.addresses.items():
            for content_type in ('application/json', 'application/x-www-form-urlencoded'):
                with self.subTest(endpoint=endpoint, content_type=content_type):
                    response = self.post(path, b'x' * (MAXIMUM_BYTES + 1), content_type)
                    self.assert_refused(response, {413})
        self.assertEqual(self.count_rows(), before)

    def test_a_chunked_body_above_the_cap(self):
        before = self.count_rows()
        response = self.post(self.addresses['stk'], iter([b'x' * 40_000] * 2))
        self.assert_refused(response, {413})
        self.assertEqual(self.count_rows(), before)

    def test_a_declared_size_is_refused_before_it_is_read(self):
        before = self.count_rows()
        for length in ('65537', '20971520', '2147483648', '99999999999999999999'):
            with self.subTest(length=length):
                self.assertEqual(self.send_head(length).status, 413)
        self.assertEqual(self.count_rows(), before)

    def test_nonsense_as_declared_size_is_no_server_error(self):
        for length in ('-1', 'many', '0x10'):
            with self.subTest(length=length):
                self.assertLess(self.send_head(length).status, 500)

    def send_head(self, length):
        """ Send the head of a request with a declared size, and no body; return the answer. """
        self.env.cr.flush()
        self.env.cr.clear()
        with self.allow_requests():
            connection = http.client.HTTPConnection('127.0.0.1', self.http_port(), timeout=5)
            self.addCleanup(connection.close)
            connection.putrequest('POST', self.addresses['confirmation'])
            connection.putheader('Content-Length', length)
            connection.putheader('Content-Type', 'application/json')
            connection.putheader('Cookie', '; '.join(
                f'{name}={value}' for name, value in self.opener.cookies.items()
            ))
            connection.endheaders()
            return connection.getresponse()

    @mute_logger('odoo.http')
    def test_a_caller_that_hangs_up_half_way_harms_nobody(self):
        before = self.count_rows()
        self.env.cr.flush()
        self.env.cr.clear()
        with self.allow_requests():
            cookie = '; '.join(f'{n}={v}' for n, v in self.opener.cookies.items())
            for ending in (b'', b'{"TransID": '):
                with socket.create_connection(('127.0.0.1', self.http_port()), timeout=5) as line:
                    line.sendall(
                        f'POST {self.addresses["confirmation"]} HTTP/1.1\r\nHost: localhost\r\n'
                        f'Cookie: {cookie}\r\nContent-Length: 500\r\n\r\n'.encode() + ending
                    )
                    line.shutdown(socket.SHUT_WR)
                    line.recv(4096)
        self.assertEqual(self.count_rows(), before, "Half a message is none: it was not accepted.")
        self.assertEqual(self.post(self.addresses['confirmation']).status_code, 200)
