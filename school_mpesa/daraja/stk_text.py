"""Texts of an STK prompt: what Daraja takes, and what the payer will read (daraja.md, 3.1)."""
import re
import unicodedata


REFERENCE_LENGTH = 12
DESCRIPTION_LENGTH = 13
_FORBIDDEN = re.compile(r'[^A-Za-z0-9 /-]+')


def clean_text(text):
    """Keep letters, digits, space, "-" and "/"; accents go, the rest becomes a space.

    :param str text: Any text.
    :return: ASCII without double or outer blanks; may be empty.
    :rtype: str
    """
    plain = unicodedata.normalize('NFKD', text)
    plain = ''.join(char for char in plain if not unicodedata.combining(char))
    return ' '.join(_FORBIDDEN.sub(' ', plain).split())
