"""What the fault tests share: students in numbers, held callbacks, failpoints, kills."""
import json
import random
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import invariants
import requests
import stack_database
from road import Road, RoadError, wait_for


PLAIN = {
    'hold_callbacks': False, 'auto_answer': None, 'same_amount_rule': 'off',
    'subscriber_lock': 'off', 'c2b_order': 'after', 'c2b_delay': 0.0, 'callback_delay': 0.0,
    'pending_dialect': '4999', 'callback_before_answer': False,
}
SHOWN = """
    SELECT query FROM pg_stat_activity
     WHERE datname = current_database() AND starts_with(query, %s) AND xact_start IS NOT NULL
"""


class Faults(Road):
    """ A road with obstacles. """

    def __init__(self, stack):
        super().__init__(stack)
        self.before = self.control.balance(self.school['shortcode'])
        self._students = []
        self._more_bills = []

    def begin(self):
        """ Bring the simulator back to its plain manner. """
        self.control.clear_scripts()
        self.control.set(**PLAIN)
        for left in self.stack.failpoints.iterdir():
            left.unlink()

    def end(self):
        """ Wait until all is processed, and check what must always hold. """
        self.control.set(hold_callbacks=False)
        self.control.send_held()
        self.control.wait_idle()
        self.wait_drained(timeout=90)
        invariants.check(self.stack)
        assert invariants.conservation(self.stack, self.before) == 'ok'

    # === Students and requests in numbers === #

    def next_bill(self):
        """ Override of `Road`: there are more tests than open bills in the demo school. """
        try:
            return super().next_bill()
        except RoadError:
            if not self._more_bills:
                self._more_bills = self.stack.shell(f"""
from bench.bench_school import find_bill
bills = [find_bill(student) for student in env['school.student'].browse({self.students(20)!r})]
result = [{{
    'id': bill.id, 'name': bill.name, 'student_id': bill.student_id.id,
    'amount_residual': bill.amount_residual, 'url': bill.get_portal_url(),
}} for bill in bills]
""")
            return self._more_bills.pop(0)

    def students(self, count):
        """ Return students with one open bill each that no test has used.

        :rtype: list[int]
        """
        if len(self._students) < count:
            self._students += self.stack.shell(
                "from bench.bench_school import add_students\n"
                f"result = add_students(env, {max(count, 60)})",
            )
        taken, self._students = self._students[:count], self._students[count:]
        return taken

    def ask_many(self, count, amount=1000):
        """ Ask for money on so many bills, in the product; the outbox sends the prompts.

        :return: For each request its reference, phone and bill.
        :rtype: list[dict]
        """
        students = self.students(count)
        phones = [self.next_phone() for _student in students]
        return self.stack.shell(f"""
from bench.bench_school import find_bill
provider = env['payment.provider'].browse({self.school['provider_id']})
result = []
for student_id, phone in zip({students!r}, {phones!r}):
    student = env['school.student'].browse(student_id)
    bill = find_bill(student)
    tx = env['payment.transaction']._mpesa_ask(
        provider=provider, student=student, amount={amount}, phone=phone, channel='invoice',
        invoices=bill,
    )
    result.append({{
        'reference': tx.reference, 'phone': phone, 'account': student.admission_no,
        'amount': {amount}, 'bill': {{'id': bill.id, 'name': bill.name}},
    }})
""")

    def ask_one(self, amount=1000):
        """ Ask for money on one bill, as a parent does.

        :rtype: dict
        """
        return self.parent_asks(self.next_bill(), amount=amount)

    def hold_success(self, asked):
        """ Let a parent type the PIN while Safaricom's messages are held back.

        :return: The prompt's result and the paybill confirmation.
        :rtype: tuple[dict, dict]
        """
        self.control.set(hold_callbacks=True)
        prompt = self.pay(asked)
        stk, = self.control.wait_delivery(kind='stk', checkout_request_id=prompt['id'])
        receipt = self.control.push(prompt['id'])['receipt']
        confirmation, = self.control.wait_delivery(kind='c2b_confirmation', receipt=receipt)
        # They stand in for Safaricom from here: the simulator sends them no more.
        return {**stk, 'receipt': receipt}, {**confirmation, 'receipt': receipt}

    # === Messages === #

    @staticmethod
    def post(message, body=None, timeout=60):
        """ Post one message as Safaricom does.

        :param dict message: A delivery of the simulator.
        :return: The HTTP status, or None when the connection broke.
        :rtype: int | None
        """
        try:
            return requests.post(
                message['url'], data=(body or message['body']).encode(), timeout=timeout,
                headers={'Content-Type': 'application/json'},
            ).status_code
        except requests.RequestException:
            return None

    def post_and_hang_up(self, message, seconds=0.5):
        """ Post a message and reset the connection before the answer is read. """
        body = message['body'].encode()
        path = '/collect/' + message['url'].split('/collect/')[1]
        place = ('127.0.0.1', self.stack.ports['public'])
        line = socket.create_connection(place, timeout=10)
        line.sendall(
            f'POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
            f'Content-Length: {len(body)}\r\n\r\n'.encode() + body
        )
        # Long enough for nginx to have passed it on; then a reset instead of a goodbye.
        time.sleep(seconds)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        line.close()

    def post_all(self, messages, clients=8):
        """ Post messages from several clients at once.

        :return: The statuses, in the order of the messages.
        :rtype: list
        """
        with ThreadPoolExecutor(clients) as pool:
            return list(pool.map(self.post, messages))

    def confirmation(self, receipt, account, amount, **values):
        """ Return a paybill confirmation as Safaricom would post it, made by the test.

        No money moves at the simulator; `expect_extra` tells conservation about it.
        """
        body = {
            'TransactionType': 'Pay Bill', 'TransID': receipt, 'TransTime': '20260914101533',
            'TransAmount': f'{amount}.00', 'BusinessShortCode': self.school['shortcode'],
            'BillRefNumber': account, 'InvoiceNumber': '', 'OrgAccountBalance': '',
            'ThirdPartyTransID': '', 'MSISDN': '2547 ***** 111', 'FirstName': 'INVENTED',
            **values,
        }
        return {'url': self.confirmation_url(), 'body': json.dumps(body), 'receipt': receipt}

    def expect_extra(self, amount):
        """ Money that the test itself told of, beside what moved at the simulator. """
        self.before -= amount

    def bookings(self, receipt):
        """ Return how often an M-PESA code is booked now: movements, live receipts, payments.

        :rtype: tuple[int, int, int]
        """
        row, = self.stack.sql(
            """
            SELECT (SELECT count(*) FROM mpesa_transaction WHERE receipt = %(code)s) AS movements,
                   (SELECT count(*) FROM school_receipt
                     WHERE external_ref = %(code)s AND state = 'posted') AS receipts,
                   (SELECT count(*) FROM account_payment p
                      JOIN school_receipt_line l ON l.payment_id = p.id
                      JOIN school_receipt r ON r.id = l.receipt_id
                     WHERE r.external_ref = %(code)s AND r.state = 'posted'
                       AND p.state IN ('in_process', 'paid')) AS payments
            """, {'code': receipt},
        )
        return row['movements'], row['receipts'], row['payments']

    def inbox(self, after=0):
        """ Return the inbox rows behind an id.

        :rtype: list[dict]
        """
        return self.stack.sql(
            "SELECT id, endpoint, state, tries, reason, received_at, processed_at"
            "  FROM mpesa_callback WHERE id > %s ORDER BY id", [after],
        )

    def last_row(self):
        """ Return the id of the newest inbox row.

        :rtype: int
        """
        row, = self.stack.sql("SELECT coalesce(max(id), 0) AS id FROM mpesa_callback")
        return row['id']

    # === Failpoints === #

    def arm(self, name, text='wait 30'):
        """ Let the next worker that comes to a point stop there.

        :param str name: The point.
        :param str text: 'wait <seconds>', or what the point knows, such as 'die'.
        """
        armed = self.stack.failpoints / f'{name}.new'
        armed.write_text(text)
        armed.rename(self.stack.failpoints / name)

    def disarm(self, name):
        """ Take a point back that nobody came to. """
        (self.stack.failpoints / name).unlink(missing_ok=True)

    def wait_stopped(self, name, timeout=60):
        """ Wait until pg_stat_activity shows a worker inside a transaction at a point.

        :return: The worker's process id.
        :rtype: int
        """
        marker = f'SELECT 1 /* failpoint {name} in '

        def look():
            rows = self.stack.sql(SHOWN, [marker])
            return rows and rows[0]['query']
        query = wait_for(look, f"worker at {name}", timeout, pause=0.02)
        return int(query.removeprefix(marker).split()[0])

    def kill_at(self, name, timeout=60):
        """ Kill a worker with SIGKILL while it is inside a transaction of ours at a point.

        :return: The worker's process id.
        :rtype: int
        """
        self.arm(name)
        pid = self.wait_stopped(name, timeout)
        self.stack.kill(pid)
        self.forget(name)
        return pid

    def forget(self, name):
        """ Forget that a point was taken, so that its traces are not mistaken later. """
        for left in self.stack.failpoints.glob(f'{name}.taken.*'):
            left.unlink()

    def wake(self):
        """ Wake the drain, as the next accepted message would. """
        self.stack.sql("""
            INSERT INTO ir_cron_trigger (cron_id, call_at)
            SELECT res_id, clock_timestamp() AT TIME ZONE 'UTC' FROM ir_model_data
             WHERE module = 'school_mpesa' AND name = 'cron_drain'
        """)
        stack_database.run("SELECT pg_notify('cron_trigger', %s)", params=[self.stack.database])

    def trickle(self, messages, seed):
        """ Return messages in an order of a seed, as a network would bring them.

        :rtype: list
        """
        shuffled = list(messages)
        random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, not a secret
        return shuffled
