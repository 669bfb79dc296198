"""A whole day at the paybill, booked as it came; then proven by the simulator's statement of it."""
import base64
import contextlib
import random
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import invariants
import stack_database
from checklist_kit import release, waits
from live_road import LiveRoad
from road import wait_for
from stack_config import StackError


EAT = timezone(timedelta(hours=3))
DAYS_AGO = 7  # Before the demo's own money, whose account nobody told the simulator of.
OPEN_SECONDS = 60_000  # Parents pay from six in the morning to about eleven at night.
# What is typed: a number as it stands, otherwise written, a phone, of nobody, and nothing at all.
SPELLINGS = (
    *['{}'] * 8, '{lower}', '{lower}', 'fees {}', ' {} ',
    '07{serial}', 'QQ-{serial}', 'GRADE 8', '',
)
FORMS = ('csv', 'xlsx')  # of template A, which alone says what time it covers
PAYMENTS_EACH = 10  # of a student on that day
PATIENCE = 3600  # seconds; on a machine that five others used, ten thousand took 2700


class PlantedDay:
    """ A day of the past on a school of its own.

    :param Stack stack: The running product.
    :param str seed: Of all that is random.
    :param int payments: How many.
    :ivar dict took: Seconds by what was done.
    """

    def __init__(self, stack, seed, payments):
        self.stack = stack
        self.road = LiveRoad(stack)
        self.seed = seed
        self.payments = payments
        self.source = random.Random(seed)  # noqa: S311 - it must come again with its seed
        self.day = datetime.now(EAT).date() - timedelta(days=DAYS_AGO)
        self.period = (f'{self.day} 00:00:00', f'{self.day} 23:59:59')
        self.shortcode = stack.school['shortcode']
        self.took = {}
        self._kept = f'{stack.database}_paid'

    # === The day === #

    def happen(self):
        """ Let people and organisations pay, and Safaricom charge and sweep; book all payments. """
        with self.timed('students'):
            numbers = self.stack.shell(
                "from bench import bench_school\n"
                "students = env['school.student'].browse("
                f"bench_school.add_students(env, {max(20, self.payments // PAYMENTS_EACH)}))\n"
                "result = students.mapped('admission_no')",
            )
        before = self._sum_wallet()
        with self.timed('pay and book'):
            paid = self._pay_all(numbers)
            wait_for(lambda: not self.road.waiting(), "booking of the day", PATIENCE, pause=0.5)
        gained = self._sum_wallet() - before
        assert gained == paid, f'KES {gained} of {paid} are in the books'
        assert self.road.control.conservation()['ok']
        self.facts, self.rows = self.road.control.statement_rows(self.shortcode, *self.period)

    def _pay_all(self, numbers):
        """ Let all that happens on the day happen.

        :param list numbers: Of students.
        :return: KES that came.
        :rtype: Decimal
        """
        control, paid = self.road.control, Decimal(0)
        control.set_clock(eat=f'{self.day} 06:00:00', speed=0)
        for number in range(1, self.payments + 1):
            movement = self._pay(self.source.choice(numbers))
            paid += Decimal(movement['amount'])
            if self.source.random() < 0.05:
                control.charge(movement['receipt'], self.source.randint(5, 34))
            if not number % (self.payments // 10):
                amount = int(control.balance(self.shortcode)) // 2
                control.sweep(self.shortcode, amount, onward=self.source.random() < 0.5)
            # Now and then two within a second.
            control.advance(self.source.randint(0, 2 * OPEN_SECONDS // self.payments))
            if not number % 50:
                control.wait_idle(120)  # Safaricom does not wait for ever, either.
        control.set_clock(eat=f'{datetime.now(EAT):%Y-%m-%d %H:%M:%S}', speed=1)
        control.wait_idle(120)
        return paid

    def _pay(self, number):
        """ Pay once.

        :param str number: A student's.
        :return: The movement at Safaricom.
        :rtype: dict
        """
        account = self.source.choice(SPELLINGS).format(
            number, lower=number.lower(), serial=self.source.randrange(10**7, 10**8),
        )
        amount = self.source.randint(20, 1200)
        if self.source.random() < 0.02:
            return self.road.control.transfer(
                self.shortcode, account[:20], amount,
                payer=self.source.choice(('bank', 'till', 'organisation')),
            )
        return self.road.control.pay_bill(
            self.road.next_phone(), self.shortcode, account, amount,
        )

    def _sum_wallet(self):
        return invariants.wallet_lines(self.stack, self.stack.school['journal_id'])

    # === The evening: nobody has seen a statement yet === #

    def keep(self):
        """ Keep a copy of the database, to come back to. """
        self.stack.stop_odoo()
        stack_database.clone(self.stack.database, self._kept)

    def come_back(self, crons=2):
        """ Go back to the evening of the day.

        :param int crons: Cron workers; without any, nothing follows a statement by itself.
        """
        self.stack.stop_odoo()
        stack_database.clone(self._kept, self.stack.database)
        self.go_on(crons)

    def go_on(self, crons=2):
        """ Start Odoo, which does not run. """
        self.stack.stop_odoo()
        self.stack.max_cron_threads = crons
        self.stack.start_odoo()
        self.road = LiveRoad(self.stack)

    def forget(self):
        """ Drop the copy. """
        stack_database.drop(self._kept)

    # === The statement and the proof === #

    def upload(self, file):
        """ Import a statement as the bursar.

        :param tuple file: Its name and bytes.
        :return: Its id.
        :rtype: int
        """
        name, content = file
        wizard = self.road.call('bursar', 'mpesa.statement.upload', 'create', [{
            'file': base64.b64encode(content).decode(), 'file_name': name,
            'shortcode': str(self.stack.school['provider_id']),
        }])
        with self.timed('import'):
            action = self.road.call('bursar', 'mpesa.statement.upload', 'action_import', wizard)
        return action['res_id']

    def book(self, statement_id):
        """ Let the head release what only the statement tells, and wait until it is booked. """
        with self.timed('book the statement'):
            release(self.road, statement_id)
            wait_for(
                lambda: not waits(self.road) and not self.road.waiting(),
                "booking of the statement", PATIENCE, pause=1,
            )

    def prove(self):
        """ Press *Compute again* on the day's proof, and again while the scheduled action is at it.

        :return: The row.
        :rtype: dict
        """
        if not self.read_close():
            self.road.call('head', 'mpesa.day.close', 'action_prove_today', [])
        close = self.read_close()
        wait_for(lambda: self._compute(close['id']), "proof of the day", 300, pause=2)
        return self.read_close()

    def _compute(self, close_id):
        """ Press the button.

        :param int close_id: The day.
        :return: Whether nobody else was at it.
        :rtype: bool
        """
        try:
            with self.timed('proof'):
                self.road.call('head', 'mpesa.day.close', 'action_compute', [close_id])
        except StackError as error:
            if 'Somebody else is deciding' not in str(error):
                raise
            return False
        return True

    def wait_proven(self):
        """ Wait until the day is proven, by nobody's doing. """
        with self.timed('proof by itself'):
            wait_for(
                lambda: (self.read_close() or {}).get('state') == 'proven', "proof of the day",
                600, pause=1,
            )

    def read_close(self):
        """ Return the row of the day's proof, or None. """
        rows = self.stack.sql(
            "SELECT * FROM mpesa_day_close WHERE day = %s AND provider_id = %s",
            [self.day, self.stack.school['provider_id']],
        )
        return rows[0] if rows else None

    def read_differences(self, *, only_open=False):
        """ Return the class and the code of each difference of the day.

        :rtype: Counter
        """
        return Counter((row['kind'], row['receipt']) for row in self.stack.sql(
            """
            SELECT difference.kind, difference.receipt FROM mpesa_day_difference difference
              JOIN mpesa_day_close close ON close.id = difference.close_id
             WHERE close.day = %s AND close.provider_id = %s
               AND difference.is_gone IS NOT TRUE AND (difference.state = 'open' OR NOT %s)
            """, [self.day, self.stack.school['provider_id'], only_open],
        ))

    @contextlib.contextmanager
    def timed(self, what):
        """ Keep the seconds of what is done in this context. """
        started = time.monotonic()
        yield
        self.took[what] = time.monotonic() - started

    def describe(self):
        """ Return what the day was, and how long each thing took.

        :rtype: str
        """
        took = ', '.join(f'{what} {seconds:.1f} s' for what, seconds in self.took.items())
        kinds = Counter(row['kind'] for row in self.rows)
        return (
            f"seed {self.seed}, {len(self.rows)} lines "
            f"({', '.join(f'{count} {kind}' for kind, count in kinds.items())}); {took}"
        )
