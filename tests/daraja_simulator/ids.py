"""Identifiers in the form Daraja gives them today (daraja.md 1.5, 1.9, 2)."""

import random
import string


class Ids:
    """Seeded identifiers; each kind has a series of its own."""

    def __init__(self, clock, seed):
        self.clock = clock
        self._requests = random.Random(f'{seed}:requests')  # noqa: S311 - must be replayable
        self._messages = random.Random(f'{seed}:messages')  # noqa: S311 - the same
        self._tokens = random.Random(f'{seed}:tokens')  # noqa: S311 - the same
        self._checkouts = set()

    def request_id(self):
        """:return: e.g. ``7c2e-41aa-b0d5-91f3e6a7c2d8104455``; so is MerchantRequestID"""
        source = self._requests
        groups = '-'.join(f'{source.randrange(16**4):04x}' for _group in range(3))
        return f'{groups}-{source.randrange(16**12):012x}{source.randrange(10**6):06d}'

    def checkout_request_id(self, msisdn):
        """:return: ``ws_CO_`` + EAT time + milliseconds + the nine digits of the payer's number"""
        now = self.clock.eat()
        stamp = now.strftime('%d%m%Y%H%M%S')
        thousandth = now.microsecond // 1000
        while (made := f'ws_CO_{stamp}{thousandth}{msisdn[-9:]}') in self._checkouts:
            thousandth = (thousandth + 1) % 1000
        self._checkouts.add(made)
        return made

    def conversation_id(self):
        """:return: ``AG_`` + the EAT day + 20 small letters and digits"""
        alphabet = string.ascii_lowercase + string.digits
        tail = ''.join(self._requests.choice(alphabet) for _place in range(20))
        return f'AG_{self.clock.stamp()[:8]}_{tail}'

    def sms_id(self):
        """:return: 32 hexadecimal digits"""
        return f'{self._messages.randrange(16**32):032x}'

    def access_token(self):
        """:return: 28 letters and digits"""
        alphabet = string.ascii_letters + string.digits
        return ''.join(self._tokens.choice(alphabet) for _place in range(28))
