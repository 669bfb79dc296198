"""The simulator's own time: it can be set, slowed, frozen and moved; work is scheduled on it."""

import asyncio
import heapq
import inspect
import itertools
import logging
import time
from datetime import datetime, timedelta, timezone


# East Africa Time: every M-PESA time stamp is EAT wall time (daraja.md 1.10).
EAT = timezone(timedelta(hours=3), 'EAT')

_logger = logging.getLogger(__name__)


class Clock:
    """Seconds since the epoch as the simulator sees them.

    It runs beside the machine's wall clock, so a test that freezes or shifts that takes it along.
    """

    def __init__(self):
        self.speed = 1.0
        # Read once: two readings differ, and a second that begins would be the one before.
        self._base = self._since = time.time()

    def now(self):
        """:return: seconds since the epoch (float), on the simulator's clock"""
        return self._at(time.time())

    def _at(self, moment):
        return self._base + (moment - self._since) * self.speed

    def eat(self, epoch=None):
        """:return: an aware datetime in EAT, of now or of a given epoch"""
        return datetime.fromtimestamp(self.now() if epoch is None else epoch, EAT)

    def stamp(self, epoch=None):
        """:return: the 14 digits ``yyyyMMddHHmmss`` of M-PESA, EAT"""
        return self.eat(epoch).strftime('%Y%m%d%H%M%S')

    def set(self, epoch=None, speed=None):
        """Set the time, the speed (0 freezes it), or both."""
        moment = time.time()
        self._base = self._at(moment) if epoch is None else epoch
        self._since = moment
        if speed is not None:
            if speed < 0:
                raise ValueError(f'time does not run at speed {speed}')
            self.speed = float(speed)


def parse_eat(text):
    """:param text: ``2026-09-14 10:15:33`` in EAT; :return: seconds since the epoch"""
    return datetime.fromisoformat(text).replace(tzinfo=EAT).timestamp()


class Scheduler:
    """Runs work when its time has come on the simulator's clock. Lives in one event loop."""

    def __init__(self, clock):
        self.clock = clock
        self._queue = []
        self._count = itertools.count()
        self._wake = asyncio.Event()
        self._tasks = set()
        self._loop_task = asyncio.create_task(self._run())

    def after(self, seconds, work, *arguments, background=False):
        """Have ``work(*arguments)`` run in so many seconds; at once when none.

        :param background: True for what a test that waits for silence need not wait for
        :return: a handle for :meth:`cancel`
        """
        entry = {'work': work, 'arguments': arguments, 'background': background, 'done': False}
        if seconds <= 0:
            self._start(entry)
        else:
            due = self.clock.now() + seconds
            heapq.heappush(self._queue, (due, next(self._count), entry))
            self._wake.set()
        return entry

    def cancel(self, entry):
        entry['done'] = True

    async def sleep(self, seconds):
        """Wait on the simulator's clock."""
        if seconds > 0:
            future = asyncio.get_running_loop().create_future()
            self.after(seconds, lambda: future.done() or future.set_result(None))
            await future

    def busy(self):
        """:return: how much work runs now or is due later, background work left out"""
        waiting = sum(not entry['done'] and not entry['background'] for *_key, entry in self._queue)
        return waiting + len(self._tasks)

    async def advance(self, seconds):
        """Move the clock forward; each piece of work on the way starts at its own time."""
        target = self.clock.now() + seconds
        while self._queue and self._queue[0][0] <= target:
            due, _count, entry = heapq.heappop(self._queue)
            self.clock.set(max(due, self.clock.now()))
            self._start(entry)
            # Let it run up to its first wait: what it schedules may still fall before the target.
            for _turn in range(3):
                await asyncio.sleep(0)
        self.clock.set(max(target, self.clock.now()))
        self._wake.set()

    def wake(self):
        """To be called after the clock was set."""
        self._wake.set()

    def close(self):
        self._queue.clear()
        for task in (self._loop_task, *self._tasks):
            task.cancel()

    def _start(self, entry):
        if entry['done']:
            return
        entry['done'] = True
        task = asyncio.create_task(self._work(entry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, entry):
        try:
            result = entry['work'](*entry['arguments'])
            if inspect.isawaitable(result):
                await result
        except Exception:
            # One failing piece of work must not stop the others; the log tells.
            _logger.exception('scheduled work failed')

    async def _run(self):
        while True:
            self._wake.clear()
            now = self.clock.now()
            while self._queue and self._queue[0][0] <= now:
                self._start(heapq.heappop(self._queue)[2])
            try:
                await asyncio.wait_for(self._wake.wait(), self._pause(now))
            except TimeoutError:
                continue

    def _pause(self, now):
        """:return: real seconds until the next work; None waits to be woken"""
        if not self._queue or not self.clock.speed:
            return None
        return max((self._queue[0][0] - now) / self.clock.speed, 0.001)
