"""How a shortcode signs its STK calls (daraja.md, sections 3.1 and 4)."""
import base64
import re
from dataclasses import dataclass, field

from .eat import to_stamp
from .errors import InvalidRequest


SHORTCODE = re.compile(r'[0-9]{5,7}')
IDENTIFIER = re.compile(r'[!-~]{1,128}')


def password(shortcode, passkey, stamp):
    """The password of an STK call.

    :param str shortcode: As in BusinessShortCode.
    :param str passkey: Lipa na M-PESA passkey of that shortcode.
    :param str stamp: `yyyyMMddHHmmss`, the same as in Timestamp.
    :rtype: str
    """
    return base64.b64encode(f'{shortcode}{passkey}{stamp}'.encode()).decode('ascii')


def require(condition, name):
    """Refuse a request whose field of that name breaks a rule.

    :raise InvalidRequest: Unless the condition holds.
    """
    if not condition:
        raise InvalidRequest(field=name)


def matches(pattern, value):
    """Whether the value is text and the pattern covers all of it."""
    return isinstance(value, str) and bool(pattern.fullmatch(value))


@dataclass(frozen=True)
class Signed:
    """A request that a shortcode signs with its passkey."""

    shortcode: str
    passkey: str = field(repr=False)

    def __post_init__(self):
        require(matches(SHORTCODE, self.shortcode), 'BusinessShortCode')
        require(isinstance(self.passkey, str) and self.passkey.strip(), 'Password')
        # Pasted by people, so blanks around it are no part of it.
        object.__setattr__(self, 'passkey', self.passkey.strip())

    def signature(self, moment):
        """The fields that prove the shortcode.

        :param datetime moment: Now, naive UTC.
        :rtype: dict[str, str]
        """
        stamp = to_stamp(moment)
        return {
            'BusinessShortCode': self.shortcode,
            'Password': password(self.shortcode, self.passkey, stamp),
            'Timestamp': stamp,
        }
