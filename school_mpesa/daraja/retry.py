"""Trying again, only where repeating does no harm: fetching a token, asking for a state."""
import logging
import random
import time

from .errors import CertificateRefused, ConnectionFailed, DarajaError, NoAnswer, ServerFailure


_logger = logging.getLogger(__name__)
_random = random.SystemRandom()


class Retry:
    """How often and how long to try.

    :param int attempts: Calls at most, the first included.
    :param float budget: Seconds from the start after which no new attempt begins: what failed fast
        is tried again, who has waited for a time-out has waited enough.
    :param float pause: Seconds of the first pause at most; each next one is doubled, and of each a
        random part is taken, so that many callers do not come back at the same moment.
    """

    def __init__(self, attempts=3, budget=3, pause=0.4):
        self._attempts = attempts
        self._budget = budget
        self._pause = pause

    def call(self, function):
        """Call a function until it gives a value.

        :param function: Takes nothing; repeating it must be harmless.
        :return: Its value.
        :raise DarajaError: The last failure. A refusal is never tried again.
        """
        started, attempt = time.monotonic(), 1
        while True:
            try:
                return function()
            except DarajaError as error:
                if not self._is_worth_it(error, attempt, started):
                    raise
                _logger.info("Daraja: attempt %d failed (%s), trying again", attempt, error)
            time.sleep(_random.uniform(0.25, 1) * self._pause * 2 ** (attempt - 1))
            attempt += 1

    def _is_worth_it(self, error, attempt, started):
        if attempt >= self._attempts or time.monotonic() - started > self._budget:
            return False
        if isinstance(error, CertificateRefused):
            return False
        # A 5xx with an errorCode is an answer; without one it is a hiccup of the gateway.
        hiccup = isinstance(error, ServerFailure) and not error.code and error.http_status >= 500
        return hiccup or isinstance(error, (ConnectionFailed, NoAnswer))
