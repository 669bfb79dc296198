"""Texts that fit one SMS: 160 septets of GSM 03.38, whatever the names in them.

One character outside that alphabet turns the 160 of a message into 70, and one message into three.
What must not be cut (amounts, codes, addresses, phone numbers) is kept whole or left out with the
part of the sentence that carries it; only names are cut.
"""
import unicodedata


MOST_SEPTETS = 160
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset('^{}\\[~]|€')  # An escape goes before each: two septets.
# What has no decomposition that would do, and is common in names and in pasted texts.
WRITTEN_AS = str.maketrans({
    '‘': "'", '’': "'", '‚': "'", '‛': "'", 'ʼ': "'", 'ʻ': "'", '`': "'", '´': "'", '′': "'",
    '“': '"', '”': '"', '„': '"', '«': '"', '»': '"', '″': '"',
    '‐': '-', '‑': '-', '‒': '-', '–': '-', '—': '-', '―': '-', '−': '-', '•': '-', '·': '.',
    '…': '...', '\t': ' ', '\n': ' ', '\r': ' ', 'ł': 'l', 'Ł': 'L', 'đ': 'd', 'Đ': 'D',
    'ħ': 'h', 'ı': 'i', 'œ': 'oe', 'Œ': 'OE', 'þ': 'th', 'Þ': 'Th', 'ð': 'd',
    'ŋ': "ng'", 'Ŋ': "Ng'",
})
LEAST_SCHOOL = 8  # Fewer letters of a school's name say nothing.
LEAST_PERSON = 3


def to_gsm(text):
    """Return a text in the alphabet of SMS: accents it lacks are dropped, quotes straightened.

    :param str text: Any text.
    :return: The text on one line; what cannot be written is left out.
    :rtype: str
    """
    written = []
    for character in (text or '').translate(WRITTEN_AS):
        if character in BASIC or character in EXTENDED:
            written.append(character)
            continue
        plain = unicodedata.normalize('NFKD', character).translate(WRITTEN_AS)
        if plain.isspace():
            written.append(' ')
        else:
            written.extend(part for part in plain if part in BASIC or part in EXTENDED)
    return ' '.join(''.join(written).split())


def septets(text):
    """Return how much of a message a text takes.

    :param str text: A text in the alphabet of SMS.
    :rtype: int
    """
    return sum(2 if character in EXTENDED else 1 for character in text)


def is_gsm(text):
    """Tell whether a text needs no other alphabet than that of SMS.

    :rtype: bool
    """
    return all(character in BASIC or character in EXTENDED for character in text)


def count_messages(text):
    """Return how many messages a text is charged as.

    :param str text: Any text.
    :rtype: int
    """
    if is_gsm(text):
        length, one, part = septets(text), MOST_SEPTETS, 153
    else:
        length, one, part = len(text.encode('utf-16-be')) // 2, 70, 67
    return 1 if length <= one else -(-length // part)


def clip(text, most):
    """Cut a name to a number of septets, at a blank where that loses little.

    :param str text: A name in the alphabet of SMS.
    :param int most: How many septets it may take.
    :rtype: str
    """
    if septets(text) <= most:
        return text
    while text and septets(text) > most:
        text = text[:-1]
    shorter = text.rpartition(' ')[0]
    return (shorter if len(shorter) * 3 >= len(text) * 2 else text).rstrip(" ,.-(")


def person_forms(name, number='', more=0):
    """Return how a student may be named, from the fullest to the shortest.

    :param str name: The full name.
    :param str number: The admission number; it is written whole or not at all.
    :param int more: How many further students are meant.
    :return: Such as "Amina Otieno (2041)", "Amina O. (2041)", "Amina (2041)", "Amina"; the second
             has an initial for the last name.
    :rtype: list[str]
    """
    name, number = to_gsm(name), to_gsm(number)
    words = name.split()
    first = words[0] if words else ''
    short = f'{first} {words[-1][0]}.' if len(words) > 1 else first
    tail = f' ({number})' if number else ''
    plus = f' +{more}' if more else ''
    forms = [f'{form}{tail}{plus}'.strip() for form in (name, short, first)]
    if not first and number:
        forms.append(f'{number}{plus}')
    return [*forms, f'{first}{plus}'.strip()]


def fit(variants, values, school, person, without_address=(), mark=''):
    """Return the fullest of some wordings that one message holds.

    Cut in this order: the label before the address (the second wording), the student's last name,
    further parts of the sentence (the wordings after it), the admission number, the names.

    :param variants: Wordings with named placeholders, the fullest first; each names the `school`
                     and the `who`.
    :param dict values: What the other placeholders stand for; never cut.
    :param str school: The school's name.
    :param list[str] person: As :func:`person_forms` returns it.
    :param without_address: Wordings to fall back on where the school's own address is too long.
    :param str mark: What stands before the text; never cut.
    :return: At most 160 septets.
    :rtype: str
    :raise ValueError: If not even the last wording fits without any name.
    """
    most = MOST_SEPTETS - septets(mark)
    school = to_gsm(school)
    values = {name: to_gsm(value) for name, value in values.items()}
    variants = list(variants)
    person = list(person) or ['']
    full, short = person[0], person[min(1, len(person) - 1)]
    tries = [
        *((variant, full) for variant in variants[:2]),
        *((variant, short) for variant in variants[1:]),
    ]
    for variant, who in tries:
        text = _write(variant, values, school, who)
        if septets(text) <= most:
            return mark + text
    for wordings in (variants[1:] or variants, list(without_address)):
        for least, cut_person in ((LEAST_SCHOOL, False), (0, False), (0, True)):
            for who in person[1:] or person:
                for variant in wordings:
                    text = _write_clipped(variant, values, school, who, least, cut_person, most)
                    if text is not None:
                        return mark + text
    reason = "No wording fits one message."
    raise ValueError(reason)


def _write(variant, values, school, who):
    text = to_gsm(variant % {**values, 'school': school, 'who': who})
    return text.removeprefix(':').lstrip() if not school else text


def _write_clipped(variant, values, school, who, least, cut_person, most):
    """Return a wording with its names cut as far as needed, None when that is too far."""
    if cut_person:
        room = most - septets(_write(variant, values, '', ''))
        if room < 0:
            return None
        who = clip(who, room) if room >= LEAST_PERSON else ''
    room = most - septets(_write(variant, values, 'x', who)) + 1
    if room >= min(least, septets(school)) and room > 0:
        text = _write(variant, values, clip(school, room), who)
    elif least:
        return None
    else:
        text = _write(variant, values, '', who)
    return text if septets(text) <= most else None
