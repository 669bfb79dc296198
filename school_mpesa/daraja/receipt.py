"""M-PESA receipt numbers: how they are written (daraja.md, section 21)."""
import re


_RECEIPT = re.compile(r'[A-Z0-9]{10}')


def canonical(receipt):
    """The receipt number as Safaricom writes it: no blanks around it, upper case."""
    return receipt.strip().upper()


def is_placeholder(receipt):
    """Whether this is the filler of a failed request (a date and seven zeros), not a payment."""
    text = canonical(receipt)
    return bool(_RECEIPT.fullmatch(text)) and text.endswith('0' * 7)


def is_code(receipt):
    """Whether this is a receipt number as Safaricom writes them, and no filler.

    :param str receipt: In canonical form.
    :rtype: bool
    """
    return bool(_RECEIPT.fullmatch(receipt)) and not is_placeholder(receipt)


def code_or_none(text):
    """The receipt number in a text; None when there is none, or a filler."""
    number = canonical(text)
    return number if is_code(number) else None
