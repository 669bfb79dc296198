"""A thousand callbacks while workers are killed: nothing is lost, nothing is booked twice."""
import collections
import hashlib
import itertools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from road import wait_for


SHORT = bool(os.environ.get('SCHOOL_SHORT'))
REQUESTS = 40 if SHORT else 200
CALLBACKS = 200 if SHORT else 1000
# Two before posting, two after, one accepting: three in the first wave, two in the second.
KILLS = (('accepting', 'before_posting', 'after_posting'), ('before_posting', 'after_posting'))
SEED = 20260914


class Sender:
    """ Safaricom: sends messages from several connections, and again what was not accepted. """

    def __init__(self, faults, messages):
        self.faults = faults
        self.accepted = collections.Counter()  # digest of the body -> answers 2xx
        self.refused = collections.Counter()  # digest of the body -> no answer, or another one
        self._messages = iter(messages)
        self._lock = threading.Lock()

    def run(self, clients=8):
        """ Send everything. """
        with ThreadPoolExecutor(clients) as pool:
            for done in [pool.submit(self._work) for _client in range(clients)]:
                done.result()

    def _next(self):
        with self._lock:
            return next(self._messages, None)

    def _work(self):
        while message := self._next():
            digest = hashlib.sha256(message['body'].encode()).hexdigest()
            for _attempt in range(10):
                status = self.faults.post(message)
                with self._lock:
                    counter = self.accepted if status == 200 else self.refused
                    counter[digest] += 1
                if status == 200:
                    break
                time.sleep(0.2)


def make_messages(faults):
    """ Let every payer pay while messages are held.

    :return: The requests, their M-PESA codes, and the messages in two waves: duplicated, shuffled,
             and with the last requests' messages in the second wave only.
    :rtype: tuple
    """
    faults.control.set(hold_callbacks=True, auto_answer='pin')
    asked = faults.ask_many(REQUESTS)
    for one in asked:
        faults.wait_request(one, 'accepted', timeout=120)
    for kind in ('stk', 'c2b_confirmation'):
        wait_for(
            lambda kind=kind: len(faults.control.deliveries(kind=kind, state='held')) == REQUESTS,
            f"{REQUESTS} held messages of kind {kind}", timeout=120, pause=0.5,
        )
    originals = faults.control.deliveries(state='held')
    codes = sorted({message['receipt'] for message in originals})
    assert len(codes) == REQUESTS
    late = set(codes[REQUESTS * 6 // 10:])
    copies = faults.trickle(itertools.islice(itertools.cycle(originals), CALLBACKS), SEED)
    waves = [], []
    for number, message in enumerate(copies):
        waves[message['receipt'] in late or number % 4 == 0].append(message)
    return asked, codes, waves


def send_and_kill(faults, messages, points):
    """ Send messages while workers are killed at points.

    :return: Who sent, and how many kills hit each point.
    :rtype: tuple[Sender, collections.Counter]
    """
    sender, hits, failures = Sender(faults, messages), collections.Counter(), []

    def keep_killing():
        try:
            for point in points:
                pid = faults.wait_stopped(point, timeout=150)
                if point == 'before_posting':
                    faults.arm('after_posting')  # Before the drain can pass it.
                faults.stack.kill(pid)
                faults.forget(point)
                hits[point] += 1
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            failures.append(error)

    for point in points[:2] if points[0] == 'accepting' else points[:1]:
        faults.arm(point)
    killer = threading.Thread(target=keep_killing)
    killer.start()
    sender.run()
    while killer.is_alive():
        # A killed drain is woken by the next message, as on a busy day.
        faults.post(messages[0])
        killer.join(timeout=1)
    assert not failures, failures
    return sender, hits


def test_nothing_is_lost_or_booked_twice_while_workers_are_killed(faults):
    asked, codes, waves = make_messages(faults)
    first_row = faults.last_row()
    hits, accepted = collections.Counter(), collections.Counter()
    for messages, points in zip(waves, KILLS, strict=True):
        sender, hit = send_and_kill(faults, messages, points)
        hits += hit
        accepted += sender.accepted
    assert hits == {'before_posting': 2, 'after_posting': 2, 'accepting': 1}
    assert sum(accepted.values()) == CALLBACKS

    ended = time.monotonic()
    faults.wait_drained(timeout=180)
    caught_up = time.monotonic() - ended
    assert caught_up < 90, f"the drain needed {caught_up:.0f} s to catch up"

    kept = collections.Counter(faults.stack.shell(f"""
import hashlib
rows = env['mpesa.callback'].search([('id', '>', {first_row})])
result = [hashlib.sha256(raw).hexdigest() for raw in rows._read_bodies().values()]
"""))
    for digest, times in accepted.items():
        assert kept[digest] >= times, "a message was accepted and is not in the inbox"
    for one in asked:
        row = faults.request(one)
        assert (row['push'], row['state']) == ('paid', 'done'), one['reference']
    rows = faults.stack.sql(
        "SELECT receipt, count(*) AS times FROM mpesa_transaction WHERE receipt = ANY(%s)"
        " GROUP BY receipt", [codes],
    )
    assert {row['receipt']: row['times'] for row in rows} == dict.fromkeys(codes, 1)
    for code in codes:
        assert faults.bookings(code)[:2] == (1, 1)
    states = {row['state'] for row in faults.inbox(first_row)}
    assert states <= {'done', 'repeat'}, states
