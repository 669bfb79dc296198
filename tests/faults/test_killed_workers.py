"""A thousand callbacks while workers are killed: nothing lost, nothing booked twice (Done when 3)."""
import collections
import hashlib
import itertools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import invariants
from road import wait_for


SHORT = bool(os.environ.get('SCHOOL_SHORT'))
REQUESTS = 40 if SHORT else 200
CALLBACKS = 200 if SHORT else 1000
# Two before posting, two after, one accepting.
KILLS = ('before_posting', 'after_posting', 'accepting', 'before_posting', 'after_posting')
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
    """ Let every payer pay while messages are held; return them, duplicated and shuffled. """
    faults.control.set(hold_callbacks=True, auto_answer='pin')
    asked = faults.ask_many(REQUESTS)
    for one in asked:
        faults.wait_request(one, 'accepted', timeout=120)
    faults.control.wait_delivery(kind='stk', count=REQUESTS, timeout=120)
    faults.control.wait_delivery(kind='c2b_confirmation', count=REQUESTS, timeout=120)
    phones = {one['phone'] for one in asked}
    codes = {
        movement['receipt'] for movement in faults.control.movements()
        if movement['msisdn'] in phones
    }
    originals = [d for d in faults.control.deliveries(state='held') if d['kind'] in {
        'stk', 'c2b_confirmation',
    }]
    assert len(codes) == REQUESTS
    copies = itertools.islice(itertools.cycle(originals), CALLBACKS)
    return asked, codes, faults.trickle(copies, SEED)


def test_nothing_is_lost_or_booked_twice_while_workers_are_killed(faults):
    asked, codes, messages = make_messages(faults)
    first_row = faults.last_row()
    sender = Sender(faults, messages)
    hits = collections.Counter()
    stop = threading.Event()

    def keep_killing():
        for point in KILLS:
            if stop.is_set():
                return
            faults.kill_at(point, timeout=90)
            hits[point] += 1

    killer = threading.Thread(target=keep_killing)
    # The points are armed before the first message, so that the kills come early and late alike.
    killer.start()
    try:
        sender.run()
        # The last points are reached by the drain's backlog or by further copies of the same.
        while killer.is_alive():
            Sender(faults, messages[:8]).run(clients=4)
            killer.join(timeout=1)
    finally:
        stop.set()
        killer.join()
    assert hits == collections.Counter(KILLS), "every kill must have hit a transaction of ours"

    ended = time.monotonic()
    faults.wait_drained(timeout=180)
    caught_up = time.monotonic() - ended
    assert caught_up < 90, f"the drain needed {caught_up:.0f} s to catch up"

    kept = collections.Counter(faults.stack.shell(f"""
import hashlib
rows = env['mpesa.callback'].search([('id', '>', {first_row})])
result = [hashlib.sha256(raw).hexdigest() for raw in rows._read_bodies().values()]
"""))
    for digest, times in sender.accepted.items():
        assert kept[digest] >= times, "a message was accepted and is not in the inbox"
    assert sum(sender.accepted.values()) == CALLBACKS

    for one in asked:
        row = faults.request(one)
        assert (row['push'], row['state']) == ('paid', 'done'), one['reference']
    rows = faults.stack.sql(
        "SELECT receipt, count(*) AS times FROM mpesa_transaction WHERE receipt = ANY(%s)"
        " GROUP BY receipt", [list(codes)],
    )
    assert {row['receipt']: row['times'] for row in rows} == dict.fromkeys(codes, 1)
    for code in codes:
        assert faults.bookings(code)[:2] == (1, 1)
    states = {row['state'] for row in faults.inbox(first_row)}
    assert states <= {'done', 'repeat'}, states
    wait_for(lambda: not invariants.broken(faults.stack), "state in which every rule holds", 10)
