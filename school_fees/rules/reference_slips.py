"""What one slip of a finger makes of a reference."""

SIGNS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-'


def one_slip_away(key):
    """Return the keys that one slip makes of a key: a sign too few, too many, wrong or swapped.

    Damerau-Levenshtein distance 1, made and not searched for, so that an index finds them.

    :param str key: A canonical key.
    :rtype: set[str]
    """
    cuts = [(key[:place], key[place:]) for place in range(len(key) + 1)]
    slips = {head + tail[1:] for head, tail in cuts if tail}
    slips |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    slips |= {head + sign + tail[1:] for head, tail in cuts if tail for sign in SIGNS}
    slips |= {head + sign + tail for head, tail in cuts for sign in SIGNS}
    return slips - {key, ''}
