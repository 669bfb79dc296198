from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import config

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


SAFARICOM = '196.201.214.200'  # one of the published addresses (daraja.md 18.3)
STRANGER = '203.0.113.7'  # documentation range, RFC 5737


@tagged('post_install', '-at_install')
class TestInboxSource(SchoolMpesaCommon, HttpCase):
    """Who called: where the address comes from, what a wrong one leads to, and how often."""

    def setUp(self):
        super().setUp()
        self.token = self.env['mpesa.callback.token']._get(self.provider, 'c2b')
        self.path = f'/collect/{self.token}/c2b/confirmation'
        self.codes = iter(f'UIE4K7P{n:03d}' for n in range(1000))

    @contextmanager
    def behind_proxy(self):
        """ Let Odoo believe that it runs behind a reverse proxy. """
        with patch.dict(config._runtime_options, proxy_mode=True):
            yield

    def post(self, path=None, **headers):
        """ Post a confirmation of KES 100 that fits no student. """
        return self.url_open(
            path or self.path, headers={'Content-Type': 'application/json', **headers},
            data=self.confirmation_body(next(self.codes), amount='100.00', account='nobody'),
        )

    def post_as(self, address, path=None, **headers):
        """ Post as the proxy forwards it: it appends the caller's address to what it was given. """
        with self.behind_proxy():
            return self.post(path, **{
                'X-Forwarded-For': address, 'X-Forwarded-Host': 'school.example', **headers,
            })

    def get_newest(self):
        self.env.invalidate_all()
        return self.env['mpesa.callback'].search([], limit=1)

    # === WHERE THE ADDRESS COMES FROM === #

    def test_the_caller_itself_without_a_proxy(self):
        self.post()
        self.assertEqual(self.get_newest().source_address, '127.0.0.1')

    def test_a_forwarded_address_is_not_believed_without_a_proxy(self):
        """ A5: whoever reaches Odoo's port could write any address there. """
        self.provider.mpesa_source_check = 'quarantine'
        self.post(**{'X-Forwarded-For': SAFARICOM, 'X-Forwarded-Host': 'school.example',
                     'X-Real-IP': SAFARICOM, 'Forwarded': f'for={SAFARICOM}'})
        row = self.get_newest()
        self.assertEqual((row.source_address, row.state), ('127.0.0.1', 'quarantined'))
        self.assertFalse(row.source_listed)

    def test_only_the_last_hop_counts_behind_the_proxy(self):
        """ A6: what the caller wrote stands before what the proxy appended. """
        self.provider.mpesa_source_check = 'quarantine'
        self.post_as(f'{SAFARICOM}, {STRANGER}')
        row = self.get_newest()
        self.assertEqual((row.source_address, row.state), (STRANGER, 'quarantined'))
        self.post_as(f'{STRANGER}, {SAFARICOM}')
        row = self.get_newest()
        self.assertEqual((row.source_address, row.state), (SAFARICOM, 'new'))

    def test_without_forwarded_host_the_address_is_unknown(self):
        """ A7: then Odoo leaves the proxy's own address in place. """
        self.provider.mpesa_source_check = 'quarantine'
        with self.behind_proxy():
            self.assertEqual(self.post(**{'X-Forwarded-For': SAFARICOM}).status_code, 200)
        row = self.get_newest()
        self.assertEqual((row.source_address, row.state), (False, 'quarantined'))

    def test_nonsense_as_forwarded_address(self):
        self.provider.mpesa_source_check = 'quarantine'
        for address in ('unknown', '999.1.1.1', f'{SAFARICOM}:99999', '::ffff:1', 'x' * 3000,
                        "'; DROP TABLE x; --", ','):
            with self.subTest(address=address[:30]):
                self.assertEqual(self.post_as(address).status_code, 200)
                self.assertEqual(self.get_newest().state, 'quarantined')

    # === WHAT A WRONG ONE LEADS TO === #

    def test_off_books_from_anywhere(self):
        self.provider.mpesa_source_check = 'off'
        self.post_as(STRANGER)
        self.drain()
        self.assertEqual(self.get_newest().state, 'done')

    def test_note_books_and_marks(self):
        self.provider.mpesa_source_check = 'note'
        self.post_as(STRANGER)
        self.drain()
        row = self.get_newest()
        self.assertEqual((row.state, row.source_listed), ('done', False))
        self.assertTrue(row.mpesa_transaction_id)
        self.post_as(SAFARICOM)
        self.assertTrue(self.get_newest().source_listed)

    def test_quarantine_keeps_books_nothing_and_a_person_may_replay(self):
        self.provider.mpesa_source_check = 'quarantine'
        response = self.post_as(STRANGER)
        self.assertEqual(response.status_code, 200, "The caller learns nothing.")
        self.drain()
        row = self.get_newest()
        self.assertEqual(row.state, 'quarantined')
        self.assertTrue(row.reason)
        self.assertFalse(self.env['mpesa.transaction'].search_count([]))
        row.action_replay()
        self.drain()
        self.assertEqual(row.state, 'done')
        self.assertEqual(row.mpesa_transaction_id.amount, 100)
        self.assert_conserved()

    def test_a_listed_address_passes_the_quarantine(self):
        self.provider.mpesa_source_check = 'quarantine'
        self.post_as(SAFARICOM)
        self.drain()
        self.assertEqual(self.get_newest().state, 'done')

    def test_production_starts_in_quarantine_and_sandbox_off(self):
        # In memory only: a production provider needs a public https address to be saved.
        Provider = self.env['payment.provider']
        for environment, check in (
            ('production', 'quarantine'), ('sandbox', 'off'), ('simulator', 'off'),
        ):
            provider = Provider.new({'code': 'mpesa', 'mpesa_environment': environment})
            self.assertEqual(provider.mpesa_source_check, check)

    def test_the_list_is_data_that_the_school_edits(self):
        Source = self.env['mpesa.source.address']
        self.assertTrue(Source._is_listed(SAFARICOM))
        self.assertFalse(Source._is_listed(STRANGER))
        listed = Source.create({'address': '203.0.113.0/24'})
        self.assertTrue(Source._is_listed(STRANGER))
        listed.active = False
        self.env.flush_all()
        self.assertFalse(Source._is_listed(STRANGER))
        listed.write({'active': True, 'address': '203.0.113.8'})
        self.env.flush_all()
        self.assertFalse(Source._is_listed(STRANGER))
        listed.unlink()
        with self.refusal(ValidationError, "neither an address nor a network"):
            Source.create({'address': 'school.example'})
        self.assertFalse(Source._is_listed(''))

    # === HOW OFTEN === #

    def test_wrong_tokens_are_counted_and_right_ones_never_refused(self):
        """ A1, A10: a flood of guesses is turned away; Safaricom's own callbacks never are. """
        before = self.env['mpesa.callback'].search_count([])
        flooder = '203.0.113.99'
        statuses = [
            self.post_as(flooder, f'/collect/{n:032x}/c2b/confirmation').status_code
            for n in range(150)
        ]
        self.assertEqual(statuses[:20], [404] * 20)
        self.assertEqual(statuses[-1], 429)
        self.assertEqual(set(statuses), {404, 429})
        self.assertEqual(
            self.env['mpesa.callback'].search_count([]), before, "A guess writes no row."
        )
        for _callback in range(5):
            self.assertEqual(self.post_as(flooder).status_code, 200)
        self.assertEqual(self.env['mpesa.callback'].search_count([]), before + 5)
        # Somebody else is not punished for it.
        other = self.post_as('203.0.113.98', f'/collect/{1:032x}/c2b/confirmation')
        self.assertEqual(other.status_code, 404)

    def test_the_counter_does_not_hold_addresses(self):
        self.post_as('203.0.113.97', f'/collect/{2:032x}/c2b/confirmation')
        self.env.cr.execute("SELECT count(*) FROM mpesa_rate_counter WHERE key ~ '^[0-9a-f]{64}$'")
        counted = self.env.cr.fetchone()[0]
        self.env.cr.execute('SELECT count(*) FROM mpesa_rate_counter')
        self.assertEqual(self.env.cr.fetchone()[0], counted)

    def test_the_counter_counts_to_the_letter_and_by_window(self):
        Counter = self.env['mpesa.rate.counter']
        who = self.token  # a value nobody else counts
        first = Counter._hit('test', who, 86_400)
        self.assertEqual(
            [Counter._hit('test', who, 86_400) for _hit in range(3)],
            [first + 1, first + 2, first + 3],
        )
        self.assertEqual(Counter._hit('test', f'{who} other', 86_400), 1)
        self.assertEqual(Counter._hit('other', who, 86_400), 1)
