import threading
import time
from collections import OrderedDict


class RateLimit:
    """How often something may happen for one key, counted in this process only.

    Enough to keep a cheap request from starting dear work over and over. With several workers each
    counts for itself, so the real limit is that many times higher; nothing is written anywhere.
    """

    def __init__(self, most, seconds=60, size=10_000, clock=time.monotonic):
        """ Prepare an empty count.

        :param int most: How often it may happen for a key within one window.
        :param float seconds: The length of a window, which begins with a key's first event.
        :param int size: How many keys are kept at most; the oldest windows are forgotten first.
        :param callable clock: What tells the seconds; it never goes back.
        """
        self.most = most
        self._seconds = seconds
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._windows = OrderedDict()  # By age of the window: key -> [start, events].

    def allow(self, key):
        """ Count an event and tell whether it is within the limit.

        :param str key: Whose event it is.
        :rtype: bool
        """
        with self._lock:
            now = self._clock()
            window = self._windows.get(key)
            if window is None or now - window[0] >= self._seconds:
                self._windows.pop(key, None)
                while len(self._windows) >= self._size:
                    self._windows.popitem(last=False)
                window = self._windows[key] = [now, 0]
            window[1] += 1
            return window[1] <= self.most

    def clear(self):
        """ Forget all events.

        :return: None
        """
        with self._lock:
            self._windows.clear()
