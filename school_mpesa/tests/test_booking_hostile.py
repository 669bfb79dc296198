import json

from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


HOSTILE = (
    "'; DROP TABLE school_receipt; --", '<script>alert(1)</script>', '{{7*7}} ${7*7} %(amount)s %s',
    '=HYPERLINK("http://evil.example")', '\u202e\u2066gnp.exe', '\x1b[31mred\r\nINFO: booked',
    'A\x00B', '\ud800', '\ufffe\U0001f4a9', 'x' * 5_000, '__import__("os")', '\\', '%', '_',
    "ADM-012' OR '1'='1", 'ADM-012\nADM-013', '../../etc/passwd', '١٢', '∞', 'ADM-012\x00',
)


@tagged('post_install', '-at_install')
class TestBookingHostile(BookingCommon):
    """Messages with a right token and anything whatever inside (trust.md section 5)."""

    def drain_confirmation(self, **values):
        """ Put a confirmation with some fields replaced into the inbox, and book it. """
        fields = {**json.loads(self.confirmation_body('UIE4K7P2QX', '10.00')), **values}
        callback = self.accept_bytes(self.confirmation_url(), json.dumps(fields).encode())
        self.drain()
        return callback

    # === CONFIRMATIONS === #

    def test_hostile_texts_are_only_texts(self):
        """ The money is real whatever is typed beside it: it is booked, on a child or not. """
        for n, text in enumerate(HOSTILE):
            with self.subTest(text=text[:20]):
                callback = self.drain_confirmation(
                    TransID=f'UIE4K7QA{n:02d}', BillRefNumber=text, FirstName=text, LastName=text,
                    MSISDN=text, TransactionType=text, ThirdPartyTransID=text, InvoiceNumber=text,
                )
                self.assertEqual((callback.state, callback.reason), ('done', False))
                self.assertEqual(callback.mpesa_transaction_id.amount, 10)
        total = 10 * len(HOSTILE)
        self.assertEqual(sum(self.get_movements().mapped('amount')), total)
        self.assert_conserved()

    def test_texts_of_other_kinds(self):
        for n, value in enumerate((None, 12, 1.5, True, [], {}, [1], {'a': 'b'})):
            with self.subTest(value=value):
                callback = self.drain_confirmation(
                    TransID=f'UIE4K7QB{n:02d}', BillRefNumber=value, FirstName=value, MSISDN=value,
                    OrgAccountBalance=value, TransactionType=value,
                )
                self.assertEqual(callback.state, 'done')
        self.assert_conserved()

    def test_amounts_that_cannot_be(self):
        for amount in (
            '0', '0.00', 0, '-5', -5, 'abc', '', None, True, [], {}, 'NaN', 'Infinity', '1e400',
            '9' * 400, '10.001', '1,000.00', '１００', '0x10', '10 KES',
        ):
            with self.subTest(amount=str(amount)[:20]):
                callback = self.drain_confirmation(TransAmount=amount)
                self.assertEqual(callback.state, 'unreadable')
                self.assertTrue(callback.reason)
        self.assertFalse(self.get_movements())

    def test_numbers_that_json_allows_and_nobody_should(self):
        template = self.confirmation_body('UIE4K7P2QX', '@').decode()
        for number in ('NaN', 'Infinity', '-Infinity', '1e400', '9' * 6_000, '0.1e-400'):
            with self.subTest(number=number[:10]):
                callback = self.accept_bytes(
                    self.confirmation_url(), template.replace('"@"', number).encode(),
                )
                self.drain()
                self.assertEqual(callback.state, 'unreadable')
        self.assertFalse(self.get_movements())

    def test_codes_that_cannot_be(self):
        for code in ('', None, ' ', 0, True, [], {}, 'A\x00B', 'x' * 300, "'; --", '\ud800'):
            with self.subTest(code=str(code)[:10]):
                callback = self.drain_confirmation(TransID=code)
                self.assertEqual(callback.state, 'unreadable')
        self.assertFalse(self.get_movements())

    def test_a_key_twice(self):
        body = self.confirmation_body('UIE4K7P2QX', '10.00').decode()
        callback = self.accept_bytes(
            self.confirmation_url(), (body[:-1] + ', "TransAmount": "9999.00"}').encode(),
        )
        self.drain()
        self.assertEqual(callback.state, 'unreadable', "Which of the two would be booked?")
        self.assertFalse(self.get_movements())

    def test_what_is_no_confirmation_at_all(self):
        for body in (
            b'', b'null', b'[]', b'"x"', b'{}', b'\xff\xfe', b'{"TransID": "A"', b'[' * 30_000,
            b'{"a":' * 20_000, b'<xml/>', b'TransID=UIE4K7P2QX&TransAmount=10', b'{}{}',
        ):
            with self.subTest(body=body[:12]):
                callback = self.accept_bytes(self.confirmation_url(), body)
                self.drain()
                self.assertEqual(callback.state, 'unreadable')
                self.assertEqual(callback._read_bodies()[callback], body)
                self.assertNotIn('UIE4K7P2QX', callback.reason)
        self.assertFalse(self.get_movements())

    # === RESULTS OF PROMPTS === #

    def test_a_result_in_every_broken_shape(self):
        tx = self.prompt()
        good = json.loads(self.stk_body(tx))
        callback = good['Body']['stkCallback']
        broken = [
            {}, {'Body': None}, {'Body': []}, {'Body': {'stkCallback': None}},
            {'body': good['Body']}, [good],
            {'Body': {'stkCallback': {**callback, 'ResultCode': None}}},
            {'Body': {'stkCallback': {**callback, 'ResultCode': {}}}},
            {'Body': {'stkCallback': {**callback, 'ResultCode': True}}},
            {'Body': {'stkCallback': {**callback, 'CheckoutRequestID': None}}},
        ]
        for shape in broken:
            with self.subTest(shape=str(shape)[:60]):
                row = self.accept_bytes(self.push_url(tx), json.dumps(shape).encode())
                self.drain()
                self.assertEqual(row.state, 'unreadable')
                self.assert_unpaid(tx, 'accepted')
        self.drain_stk(tx)
        self.assert_paid(tx)

    def test_a_success_without_what_a_success_has(self):
        tx = self.prompt()
        good = json.loads(self.stk_body(tx))
        for metadata in (None, [], {}, {'Item': None}, {'Item': {}}, {'Item': [None, 1, {}]}, 'x'):
            with self.subTest(metadata=metadata):
                good['Body']['stkCallback']['CallbackMetadata'] = metadata
                row = self.accept_bytes(self.push_url(tx), json.dumps(good).encode())
                self.drain()
                self.assertIn(row.state, {'unreadable', 'conflict'})
                self.assert_unpaid(tx, 'accepted')
        self.assertFalse(self.get_movements())

    def test_result_codes_as_text_or_number(self):
        for n, code in enumerate((0, '0', 0.0, ' 0 ')):
            with self.subTest(code=code):
                tx = self.prompt(amount=20, phone=f'07600000{n:02d}')
                body = json.loads(self.stk_body(tx, receipt=f'UIE4K7QC{n:02d}'))
                body['Body']['stkCallback']['ResultCode'] = code
                row = self.accept_bytes(self.push_url(tx), json.dumps(body).encode())
                self.drain()
                if code == 0.0 and isinstance(code, float):
                    self.assertNotEqual(tx.mpesa_push_state, 'declined')
                else:
                    self.assert_paid(tx, f'UIE4K7QC{n:02d}')
                self.assertNotIn(row.state, {'new', 'parked'})

    # === CORRECTIONS IN A LOCKED PERIOD === #

    def lock(self):
        """ Lock the period in which the payments were posted. """
        self.school.fiscalyear_lock_date = '2026-09-30'

    def test_a_contradiction_after_the_period_was_locked(self):
        tx = self.prompt()
        self.drain_c2b('UIE4K7HAND')
        self.lock()
        late = self.drain_stk(tx, receipt='UIE4K7PUSH')
        self.assertEqual((late.state, late.reason), ('done', False))
        self.assert_paid(tx, 'UIE4K7PUSH')
        self.assert_books(31_000)

    def test_unidentified_money_whose_request_is_learnt_after_the_lock(self):
        tx = self.prompt()
        self.drain_c2b(account='nobody')
        self.assert_books(15_500, suspense=15_500)
        self.lock()
        late = self.drain_stk(tx)
        self.assertEqual(late.state, 'conflict', "The payer typed another account: flagged.")
        self.assert_paid(tx)
        self.assert_books(15_500)

    # === PAID TWICE === #

    def test_a_late_success_beside_its_retry(self):
        """ Both payments are real: both are kept, the second is credit, and the payer is told. """
        first = self.prompt(amount=32_500)
        self.drain_stk(first, 1032)
        second = first._mpesa_retry()
        self.send()
        self.drain_stk(second, receipt='UIE4K7P2Q2')
        self.drain_stk(first, receipt='UIE4K7P2Q1')
        self.assert_paid(second, 'UIE4K7P2Q2')
        self.assert_paid(first, 'UIE4K7P2Q1', late=True)
        self.assertTrue(first._mpesa_payer_view()['paid_twice'])
        self.assertTrue(second._mpesa_payer_view()['paid_twice'])
        self.assertEqual(self.student.balance, -32_500)
        self.assert_books(65_000)
