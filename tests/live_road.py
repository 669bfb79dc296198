"""The road with bills of its own: end-to-end and browser tests make what they need as they go."""
import contextlib
import html
import itertools
import re
import secrets

import invariants
import requests
import stack_database
from road import Road, wait_for


BATCH = 12  # bills posted together
KEPT = range(6, 12)  # positions among the students of the demo school


class LiveRoad(Road):
    """ A road on which every test gets a bill of its own, with an amount that no other has.

    :param Stack stack: The running product.
    """

    def __init__(self, stack):
        super().__init__(stack)
        # The first family is the guardian's; tests that need it say so. The few after KEPT stand
        # as the demo school made them, for tests that look at a student whom nobody has touched.
        self._students = itertools.cycle([
            student for number, student in enumerate(self.school['students'])
            if student['id'] not in self.school['guardian_student_ids'] and number not in KEPT
        ])
        self._amounts = itertools.count(1003, 7)
        self._sessions = {}
        self._ready = []

    # === Making === #

    def session(self, login):
        """ Return the one session of a person.

        :rtype: requests.Session
        """
        if login not in self._sessions:
            self._sessions[login] = self.stack.session(login)
        return self._sessions[login]

    def call(self, login, model, method, *args, **kwargs):
        """ Call a model's method as a person. """
        return self.stack.rpc(self.session(login), model, method, args, kwargs)

    def next_student(self):
        """ Return a student of the demo school, each in turn.

        :rtype: dict
        """
        return next(self._students)

    def next_bill(self, student=None):
        """ Return a posted bill that nobody had yet, and of which nothing is paid.

        :param dict student: One of the demo school's, whatever is paid; each in turn by default.
        :return: `id`, `name`, `amount_residual` (KES), `url`, `student_id`, `student`.
        :rtype: dict
        """
        if student:
            return self._post_bills([student])[0]
        while True:
            if not self._ready:
                self._ready = self._post_bills([self.next_student() for _unused in range(BATCH)])
            bill = self._ready.pop(0)
            # A test may have paid its student by the paybill meanwhile, or before with money left.
            if self.stack.sql(
                "SELECT id FROM account_move WHERE id = %s AND amount_residual = amount_total",
                [bill['id']],
            ):
                return bill

    def _post_bills(self, students):
        """ Post one new bill for each of some students.

        :rtype: list[dict]
        """
        term, = self.stack.sql("SELECT id FROM school_term WHERE state = 'current'")
        ids = self.call('bursar', 'account.move', 'create', [{
            'move_type': 'out_invoice', 'school_doc_type': 'supplement', 'term_id': term['id'],
            'student_id': student['id'],
            'invoice_date': '2026-09-01', 'invoice_date_due': '2026-09-11',
            'invoice_line_ids': [(0, 0, {
                'name': "School trip", 'quantity': 1, 'price_unit': next(self._amounts),
                'tax_ids': [(6, 0, [])],
            })],
        } for student in students])
        self.call('bursar', 'account.move', 'action_post', ids)
        bills = []
        for bill_id, student in zip(ids, students, strict=True):
            url = self.call('bursar', 'account.move', 'preview_invoice', [bill_id])['url']
            row, = self.stack.sql(
                "SELECT name, amount_residual FROM account_move WHERE id = %s", [bill_id],
            )
            bills.append({
                'id': bill_id, 'url': url, 'student_id': student['id'], 'student': student, **row,
            })
        return bills

    def make_payers(self, count):
        """ Make students who owe something, each with a guardian's phone that no other has.

        :param int count: How many.
        :return: As `next_bill` returns a bill, and the `phone` (2547…).
        :rtype: list[dict]
        """
        phones = [self.next_phone() for _unused in range(count)]
        names = [f'Payer {phone[-6:]}' for phone in phones]
        students = self.call('bursar', 'school.student', 'create', [
            {'name': name, 'admission_no': f'ADM-9{phone[-6:]}', 'state': 'active'}
            for name, phone in zip(names, phones, strict=True)
        ])
        guardians = self.call('bursar', 'res.partner', 'create', [
            {'name': f'Guardian {phone[-5:]}', 'phone': f'+{phone}'} for phone in phones
        ])
        self.call('bursar', 'school.guardian.link', 'create', [
            {'student_id': student, 'partner_id': guardian}
            for student, guardian in zip(students, guardians, strict=True)
        ])
        bills = self._post_bills([
            {'id': student, 'name': name} for student, name in zip(students, names, strict=True)
        ])
        return [
            {**bill, 'phone': phone} for bill, phone in zip(bills, phones, strict=True)
        ]

    def ask(self, amount=None, **options):
        """ Ask as a parent for a new bill.

        :param amount: KES to ask for; all of it by default.
        :param options: Of `parent_asks`.
        :rtype: dict
        """
        asked = self.parent_asks(self.next_bill(), amount=amount, **options)
        assert 'error' not in asked, asked['error']
        return asked

    def make_link(self, student, **values):
        """ Make a payment link at the desk.

        :param dict student: One of the demo school's.
        :param values: Of the wizard, such as `asks_for` and `amount`.
        :return: `id`, `slug`, `path` and `message` (what the parent gets).
        :rtype: dict
        """
        wizard = self.call('bursar', 'mpesa.link.wizard', 'create', {
            'student_id': student['id'], **values,
        })
        action = self.call('bursar', 'mpesa.link.wizard', 'action_make', [wizard])
        link, = self.call(
            'bursar', 'mpesa.payment.link', 'read', [action['res_id']], ['slug', 'message'],
        )
        return {**link, 'path': f"/p/{link['slug']}"}

    def ask_by_link(self, link, amount, phone, intent=None):
        """ Send the form of a link's page, as a browser without a session does.

        :param dict link: From `make_link`.
        :param amount: KES.
        :param str phone: As typed.
        :param str intent: The form's random id.
        :return: The answer, not followed.
        :rtype: requests.Response
        """
        return requests.post(
            f"{self.stack.url}{link['path']}?lang=en", timeout=60, allow_redirects=False, data={
                'intent': intent or secrets.token_hex(16), 'choice': str(amount), 'phone': phone,
            },
        )

    # === Moving the clock along === #

    def wake(self, action):
        """ Let a scheduled action run now, as its own wake-up does.

        :param str action: Its xml id.
        """
        module, _dot, name = action.partition('.')
        self.stack.sql(
            """
            INSERT INTO ir_cron_trigger (cron_id, call_at)
            SELECT res_id, clock_timestamp() AT TIME ZONE 'UTC' FROM ir_model_data
             WHERE module = %s AND name = %s AND model = 'ir.cron'
            """, [module, name],
        )
        stack_database.run("SELECT pg_notify('cron_trigger', %s)", params=[self.stack.database])

    def query_now(self, asked):
        """ Let the next question to Daraja about a request be due now instead of in 30 s. """
        wait_for(lambda: self.stack.sql(
            """
            UPDATE payment_transaction
               SET mpesa_next_query_at = clock_timestamp() AT TIME ZONE 'UTC' - interval '1 s'
             WHERE reference = %s AND mpesa_next_query_at IS NOT NULL RETURNING id
            """, [asked['reference']],
        ), f"question planned about {asked['reference']}")
        self.wake('school_mpesa.cron_chase')

    # === Looking === #

    def page(self, asked, lang='en'):
        """ Return what a payer reads on the waiting page, as text, by a client without a session.

        :param dict asked: From one of the asking methods.
        :param str lang: 'en' or 'sw'.
        :rtype: str
        """
        answer = requests.get(f"{self.stack.url}{asked['attempt']}?lang={lang}", timeout=30)
        assert answer.status_code == 200
        return text_of(answer.text)

    def office_reads(self, asked):
        """ Return what the bursar reads about a request.

        :param dict asked: From one of the asking methods.
        :rtype: str
        """
        row = self.request(asked)
        live, = self.call('bursar', 'payment.transaction', 'read', [row['id']], ['mpesa_live'])
        return ' '.join([live['mpesa_live']['heading'], *live['mpesa_live']['body']])

    def inbox(self, after=0):
        """ Return the rows of the inbox that came after one.

        :param int after: Id of the last row before.
        :rtype: list[dict]
        """
        return self.stack.sql(
            """
            SELECT id, endpoint, state, reason, source_address, source_listed, digest,
                   mpesa_transaction_id AS movement_id, payment_transaction_id AS tx_id
              FROM mpesa_callback WHERE id > %s ORDER BY id
            """, [after],
        )

    def last_row(self):
        """ Return the id of the inbox's last row, 0 when it is empty.

        :rtype: int
        """
        row, = self.stack.sql("SELECT coalesce(max(id), 0) AS id FROM mpesa_callback")
        return row['id']

    def booked(self):
        """ Return how much of everything there is that only money may make more of.

        :rtype: dict
        """
        row, = self.stack.sql(
            """
            SELECT (SELECT count(*) FROM account_payment) AS payments,
                   (SELECT count(*) FROM account_move) AS moves,
                   (SELECT count(*) FROM account_partial_reconcile) AS reconciled,
                   (SELECT count(*) FROM school_receipt) AS receipts,
                   (SELECT count(*) FROM mpesa_transaction) AS movements,
                   (SELECT count(*) FROM payment_transaction WHERE state = 'done') AS paid
            """,
        )
        return row

    def settle(self):
        """ Wait until nothing is under way any more. """
        self.control.wait_idle()
        self.wait_drained()


@contextlib.contextmanager
def books_kept(road):
    """ Check afterwards that all money of a test is in the books, once, and that every rule holds.

    :param LiveRoad road: Where the test drives.
    """
    road.control.clear_scripts()
    shortcode, journal_id = road.school['shortcode'], road.school['journal_id']
    stack = road.stack
    road.settle()  # What came before is not this test's.
    received = road.control.balance(shortcode)
    in_ledger = invariants.wallet_lines(stack, journal_id)
    yield
    road.settle()
    assert road.control.conservation()['ok']
    gained = road.control.balance(shortcode) - received
    wait_for(
        lambda: invariants.wallet_lines(stack, journal_id) - in_ledger == gained,
        f"booking of all that came: KES {gained}", timeout=15,
    )
    wait_for(lambda: not invariants.broken(stack), "state in which every rule holds", timeout=15)
    students, suspense = invariants.owed_for_wallet(stack, journal_id)
    assert students + suspense == invariants.wallet_lines(stack, journal_id)


def text_of(page):
    """ Return what a person reads of a page of HTML.

    :param str page: The HTML.
    :rtype: str
    """
    page = re.sub(r'<(script|style|template)\b.*?</\1>', ' ', page, flags=re.DOTALL)
    return re.sub(r'\s+', ' ', html.unescape(re.sub(r'<[^>]+>', ' ', page)))
