"""Phone numbers: what people type in, what Daraja wants out (daraja.md, section 20)."""
import unicodedata
from dataclasses import dataclass, field

import phonenumbers


REASONS = ('empty', 'not_a_number', 'foreign', 'not_mobile', 'length')
_KENYA = '254'
_MOBILE_TYPES = {
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
}
_LONGEST = 64  # characters that can still be one phone number with its blanks and brackets

# First three digits of the national number, without the contested ones (762, 768, 769).
_OPERATORS = {
    'Safaricom': (
        *range(700, 730), *range(740, 744), 745, 746, 748, *range(757, 760), *range(790, 800),
        *range(110, 118),
    ),
    'Airtel': (*range(730, 740), *range(750, 757), *range(780, 790), *range(100, 109)),
    'Telkom': (*range(770, 780),),
    'Equitel': (*range(763, 767),),
    'Faiba': (747,),
}
_HINTS = {str(prefix): name for name, prefixes in _OPERATORS.items() for prefix in prefixes}


class MsisdnError(ValueError):
    """What was typed is not a Kenyan mobile number. The text never quotes it.

    :ivar str reason: "empty", "not_a_number", "foreign", "not_mobile" or "length".
    """

    def __init__(self, reason):
        self.reason = reason
        super().__init__(f'not a Kenyan mobile number: {reason}')


@dataclass(frozen=True)
class Msisdn:
    """A Kenyan mobile number. Shown masked, unless asked for.

    :ivar str e164: "+254712345678"
    :ivar str wire: "254712345678", as Daraja wants it.
    :ivar str masked: "0712 *** 678"
    :ivar str | None operator_hint: Operator the prefix was given to, None where unsure. Numbers
        are ported, so this may warn and never refuse: only Daraja knows who has M-PESA.
    """

    e164: str = field(repr=False)
    wire: str = field(repr=False)
    masked: str
    operator_hint: str | None = None

    def __str__(self):
        return self.masked

    @property
    def perhaps_without_mpesa(self):
        """Whether the prefix was given to another operator than Safaricom."""
        return self.operator_hint not in {None, 'Safaricom'}


def parse(text):
    """Read a phone number as people write it.

    Takes 07…, 01…, 7…, 1…, +254…, 254…, 2540… and 00254…, with blanks, dashes, dots and brackets,
    in the digits of any script. Masked and hashed numbers are none.

    :param str text: What was typed.
    :rtype: Msisdn
    :raise MsisdnError: If it is not a Kenyan mobile number.
    """
    plus, digits = _digits(text)
    national = _national(plus, digits)
    if len(national) != 9:
        reason = 'length'
        raise MsisdnError(reason)
    number = phonenumbers.PhoneNumber(country_code=int(_KENYA), national_number=int(national))
    if phonenumbers.number_type(number) not in _MOBILE_TYPES:
        reason = 'not_mobile'
        raise MsisdnError(reason)
    return Msisdn(
        e164=f'+{_KENYA}{national}',
        wire=f'{_KENYA}{national}',
        masked=f'0{national[:3]} *** {national[-3:]}',
        operator_hint=_HINTS.get(national[:3]),
    )


def _digits(text):
    """Whether a plus leads, and the digits in ASCII."""
    if text is None or (isinstance(text, str) and not text.strip()):
        reason = 'empty'
        raise MsisdnError(reason)
    if not isinstance(text, str) or len(text) > _LONGEST:
        reason = 'not_a_number'
        raise MsisdnError(reason)
    plus, digits = False, []
    for char in text:
        category = unicodedata.category(char)
        if category == 'Nd':
            digits.append(str(unicodedata.decimal(char)))
        elif char in {'+', '\uff0b'} and not plus and not digits:
            plus = True
        # Zs blanks, Pd dashes, Cf the invisible direction marks that phones copy along
        elif category not in {'Zs', 'Pd', 'Cf'} and char not in '.()[]\t\r\n\u2212':
            reason = 'not_a_number'
            raise MsisdnError(reason)
    if not digits:
        reason = 'not_a_number'
        raise MsisdnError(reason)
    return plus, ''.join(digits)


def _national(plus, digits):
    """The digits after Kenya's code or the leading zero.

    :raise MsisdnError: If the number belongs to another country.
    """
    if not plus and digits.startswith('00'):
        plus, digits = True, digits[2:]
    if plus:
        if digits.startswith('0'):
            reason = 'not_a_number'
            raise MsisdnError(reason)
        if not digits.startswith(_KENYA):
            reason = 'foreign'
            raise MsisdnError(reason)
        return digits[3:].removeprefix('0')
    if digits.startswith('0'):
        return digits[1:]
    if digits.startswith(_KENYA):
        return digits[3:].removeprefix('0')
    if len(digits) > 9 and _is_foreign(digits):
        reason = 'foreign'
        raise MsisdnError(reason)
    return digits


def _is_foreign(digits):
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f'+{digits}'))
    except phonenumbers.NumberParseException:
        return False
