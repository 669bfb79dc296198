"""The canonical form of an admission number, so that ADM-1 and ADM-001 are one number."""

import re
import unicodedata


def canonical_key(text):
    """Return the key under which an admission number is unique in a school.

    Letters are upper-cased, compatibility forms unified (NFKC), leading zeros dropped in each
    number part, and everything else removed. Two number parts that a sign separates stay apart by
    one dash: 1/12 and 11/2 are two students (school-fees section 2.3).

    :param str text: The number as somebody wrote it, such as 'adm 012'.
    :return: The key, such as 'ADM12'; empty when the text holds no letter and no digit.
    :rtype: str
    """
    # The second pass is for letters whose capital is a compatibility form again.
    unified = unicodedata.normalize('NFKC', unicodedata.normalize('NFKC', text or '').upper())
    key = ''
    follows = 0  # Where the part before this one ended.
    for match in re.finditer(r'\d+|[^\W\d_]+', unified):
        part = match.group()
        if part.isdecimal():
            if key and key[-1].isdecimal() and match.start() > follows:
                key += '-'
            part = ''.join(str(unicodedata.decimal(digit)) for digit in part).lstrip('0') or '0'
        key += part
        follows = match.end()
    return key
