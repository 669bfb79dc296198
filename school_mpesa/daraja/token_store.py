"""Where the access token is kept, so that all workers share one (daraja.md, section 2).

Safaricom says that a new token ends the older one, so two workers that each fetch their own may
take turns in breaking each other's calls.
"""
import threading
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Protocol


# A clock that was put back makes a stored token look like one from the future.
_CLOCK_SLACK = 60


@dataclass(frozen=True)
class Token:
    """An access token. Never shown by `repr`. Times are seconds since the epoch.

    :ivar str value: What goes after "Bearer ".
    :ivar float fetched_at: When it was fetched.
    :ivar float renew_at: From when on a new one should be fetched.
    :ivar float expires_at: From when on Safaricom refuses it.
    """

    value: str = field(repr=False)
    fetched_at: float
    renew_at: float
    expires_at: float

    def is_fresh(self, now):
        """Whether it can be used without thinking of a new one."""
        return self.fetched_at - _CLOCK_SLACK <= now < self.renew_at

    def is_alive(self, now):
        """Whether Safaricom should still take it."""
        return self.fetched_at - _CLOCK_SLACK <= now < self.expires_at

    def as_dict(self):
        """For a store that writes it down (encrypted)."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values):
        return cls(**values)


class TokenStore(Protocol):
    """Keeps the one token of a Daraja app. Tokens of different apps need different stores."""

    def get(self) -> Token | None:
        """The token last put, whatever its age; None when there is none."""

    def put(self, token: Token) -> None:
        """Keep this token instead of any other."""

    def discard(self, token: Token) -> None:
        """Forget this token; another one, put meanwhile by somebody else, stays."""

    def refreshing(self) -> AbstractContextManager[None]:
        """Held while one worker fetches a token. The others wait, then find it in `get`."""


class MemoryTokenStore:
    """A token store for one process, safe between threads."""

    def __init__(self):
        self._token = None
        self._access = threading.Lock()
        self._flight = threading.Lock()

    def get(self):
        with self._access:
            return self._token

    def put(self, token):
        with self._access:
            self._token = token

    def discard(self, token):
        with self._access:
            if self._token is not None and self._token.value == token.value:
                self._token = None

    @contextmanager
    def refreshing(self):
        with self._flight:
            yield
