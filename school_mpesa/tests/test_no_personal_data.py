import json
import logging
import re
from contextlib import contextmanager

from odoo.tests import HttpCase, tagged

from odoo.addons.school_mpesa.models.request_error import MpesaRequestError
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


GUARDIAN = '254711987654'  # in the school's phone book
STRANGER = '254722876543'  # pays, and the school has never heard of them
OTHERS = '254733765432'  # typed on the pay page by a guardian: somebody else's phone
STRANGERS_NAME = 'ZAWADIPLANTED'

# Where a guardian's number may stand in clear (design section 8): the phone book.
PHONE_BOOK = {
    ('res_partner', 'phone'), ('res_partner', 'phone_sanitized'), ('school_guardian_phone', 'e164'),
}


def make_forms(number):
    """ Return every way in which a Kenyan number could stand in a text.

    :param str number: 2547…, twelve digits.
    :rtype: re.Pattern
    """
    a, b, c = number[3:6], number[6:9], number[9:]
    separator = r'[\s\-./()]*'
    return re.compile(separator.join((*a, *b, *c)))


@tagged('post_install', '-at_install')
class TestNoPersonalData(BookingCommon, HttpCase):
    """The whole road with planted people: their numbers stand nowhere but where they may."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.guardian = cls.create_guardian(
            cls.student, name="Planted Guardian", phone=f'+{GUARDIAN}',
        )

    def walk_the_road(self):
        """ Everything that can happen to money, with the planted numbers at each place. """
        names = {'FirstName': STRANGERS_NAME, 'MiddleName': '', 'LastName': 'X'}
        # Asked of the guardian, answered by a PIN, both messages.
        tx = self.prompt(
            phone=f'+{GUARDIAN}', channel='stk_push', initiator=self.env.user, note="first",
        )
        self.control.pay(GUARDIAN)
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        self.c2b(tx.mpesa_receipt_number, MSISDN=GUARDIAN, **names)
        # A guardian types somebody else's phone; declined, asked about, asked again.
        other = self.prompt(amount=100, phone=f'0{OTHERS[3:]}')
        self.drain_stk(other, 1037, phone=int(OTHERS))
        self.hear(other, '1037')
        self.stk(other, receipt='UIE4K7PV01', phone=int(OTHERS))
        # A stranger pays by hand: known account, no account, their own number as account.
        for n, account in enumerate((
            'ADM-012', 'nobody', f'0{STRANGER[3:]}', f'+{STRANGER}', STRANGER,
            f'0{STRANGER[3:6]} {STRANGER[6:9]} {STRANGER[9:]}', f'{STRANGER[3:]}',
            f'fees 0{STRANGER[3:]}', f'0{STRANGER[3:]} ADM-012', f'call0{STRANGER[3:]}now',
            f'0{STRANGER[3:6]}-{STRANGER[6:9]}-{STRANGER[9:]}#',
        )):
            self.c2b(f'UIE4K7PW{n:02d}', '10.00', account, MSISDN=STRANGER, **names)
        # Contradictions, garbage and repeats that quote the numbers.
        self.c2b('UIE4K7PW00', '99.00', MSISDN=STRANGER, **names)
        self.c2b('UIE4K7PW01', '10.00', f'0{STRANGER[3:]}', MSISDN=STRANGER, **names)
        self.stk(tx, receipt='UIE4K7PV02', phone=int(STRANGER))
        for body in (
            b'{"MSISDN": "%s"' % STRANGER.encode(), f'"{STRANGER}"'.encode(),
            json.dumps({'TransID': STRANGER, 'TransAmount': STRANGER}).encode(),
            json.dumps({'TransID': 'UIE4K7PX01', 'TransAmount': f'KES {STRANGER}'}).encode(),
        ):
            self.accept_bytes(self.confirmation_url(), body)
            self.accept_bytes(self.push_url(tx), body)
        self.drain()
        self.chase()  # What contradicts its request is asked about, and posted then.
        self.drain()
        # Posting that fails with the numbers at hand, then refused and failed prompts.
        self.provider.journal_id.active = False
        self.c2b('UIE4K7PY01', '10.00', f'0{STRANGER[3:]}', MSISDN=STRANGER, **names)
        self.drain()
        self.provider.journal_id.active = True
        self.control.script(api='stk_push', fault='http_500')
        self.ask(amount=101, phone=OTHERS[:-2] + '99')
        self.send()
        with self.assertRaises(MpesaRequestError), self.env.cr.savepoint():
            self.ask(amount=1, phone=OTHERS[:-2] + '99')
        self.post_over_http(names)
        self.drain()
        self.env.flush_all()
        return tx

    def post_over_http(self, names):
        """ The same over HTTP, right and wrong, so that what the server logs is seen too. """
        path = self.confirmation_url().replace('https://school.example', '')
        for address in (path, path.replace('/collect/', '/collect/0')):
            self.url_open(
                address, headers={'Content-Type': 'application/json'},
                data=self.confirmation_body(
                    'UIE4K7PZ01', '10.00', f'0{STRANGER[3:]}', MSISDN=STRANGER, **names,
                ),
            )

    @contextmanager
    def captured_log(self):
        """ Collect every line that Odoo and its web server log at any level, tracebacks included.

        The database driver at DEBUG is left out: it prints each statement, on nobody's server.
        """
        lines = []
        with self.assertLogs('odoo', 'DEBUG') as odoo, self.assertLogs('werkzeug', 'DEBUG') as web:
            yield lines
        formatter = logging.Formatter()
        lines.extend(
            formatter.format(record) for record in (*odoo.records, *web.records)
            if record.name != 'odoo.sql_db'
        )

    def find_everywhere(self, pattern):
        """ Search every text, JSON and binary column of every table, as a dump would hold it.

        :param str pattern: A regular expression of PostgreSQL.
        :return: (table, column) pairs.
        :rtype: set
        """
        self.env.cr.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND data_type IN ('text',"
            " 'character varying', 'jsonb', 'json', 'bytea', 'character', 'ARRAY', 'numeric',"
            " 'bigint', 'double precision')"
        )
        columns = {}
        for table, column, kind in self.env.cr.fetchall():
            columns.setdefault(table, {})[column] = (
                f'''encode("{column}", 'escape')''' if kind == 'bytea' else f'"{column}"::text'
            )
        found = set()
        for table, texts in columns.items():
            tests = ', '.join(f"bool_or({text} ~ %(pattern)s)" for text in texts.values())
            self.env.cr.execute(
                f'SELECT {tests} FROM "{table}"', {'pattern': pattern},  # noqa: S608 - catalogue names
            )
            hits = zip(texts, self.env.cr.fetchone(), strict=True)
            found.update((table, column) for column, hit in hits if hit)
        return found

    def test_numbers_stand_only_where_they_may(self):
        with self.captured_log() as lines:
            tx = self.walk_the_road()
        self.assert_paid(tx, tx.mpesa_receipt_number)

        found = self.find_everywhere(make_forms(GUARDIAN).pattern)
        self.assertIn(('res_partner', 'phone'), found, "The search itself must find.")
        self.assertLessEqual(found, PHONE_BOOK)
        for number in (STRANGER, OTHERS):
            self.assertEqual(self.find_everywhere(make_forms(number).pattern), set(), number[-6:])
        self.assertEqual(self.find_everywhere(STRANGERS_NAME), set())

        log = '\n'.join(lines)
        self.assertIn('/collect/', log, "The access log was captured.")
        for number in (GUARDIAN, STRANGER, OTHERS):
            self.assertIsNone(make_forms(number).search(log), number[-6:])
        self.assertNotIn(STRANGERS_NAME, log)

    def test_secrets_and_tokens_stand_nowhere(self):
        Token = self.env['mpesa.callback.token']
        with self.captured_log() as lines:
            tx = self.walk_the_road()
        secrets = {
            name: self.provider._mpesa_secret(name)
            for name in ('mpesa_consumer_key', 'mpesa_consumer_secret', 'mpesa_passkey')
        }
        secrets.update({kind: Token._get(self.provider, kind) for kind in ('stk', 'c2b')})
        secrets['attempt'] = tx.mpesa_attempt_token
        secrets['push'] = self.push_url(tx)[-32:]
        secrets['checkout'] = tx._mpesa_get_checkout_request_id()
        log = '\n'.join(lines)
        self.assertIn('/collect/', log, "The access log was captured.")
        for name, secret in secrets.items():
            with self.subTest(secret=name):
                self.assertTrue(secret)
                self.assertEqual(self.find_everywhere(re.escape(secret)), set())
                self.assertNotIn(secret, log)
