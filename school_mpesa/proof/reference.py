"""Whether two sources mean the same account."""
import re


LONGEST = 40  # No more of what was typed is shown, and so kept.
HIDDEN = re.compile(r'(\*+)')


def is_same_reference(ours, theirs):
    """ Tell whether two spellings are the same thing typed.

    Case and spaces do not count, and stars stand for whatever a source hides.

    :param str ours: The account as we were told.
    :param str theirs: The account as the statement shows it.
    :rtype: bool
    """
    ours, theirs = _fold(ours), _fold(theirs)
    if ours == theirs:
        return True
    if '*' not in ours and '*' not in theirs:
        return False
    return _matches(ours, theirs) or _matches(theirs, ours)


def _fold(reference):
    """ Return a reference without what does not count.

    :param str reference: As it was typed or shown.
    :rtype: str
    """
    return ''.join(reference.split()).casefold()[:LONGEST]


def _matches(pattern, text):
    """ Tell whether a text fits a reference with stars in it.

    :param str pattern: What may hold stars.
    :param str text: The other one.
    :rtype: bool
    """
    if '*' not in pattern:
        return False
    parts = (
        '.*' if part.startswith('*') else re.escape(part) for part in HIDDEN.split(pattern) if part
    )
    return re.fullmatch(''.join(parts), text, re.DOTALL) is not None
