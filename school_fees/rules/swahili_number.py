"""Whole numbers in Swahili words; the library that Odoo spells amounts with does not know them."""

UNITS = ('', 'moja', 'mbili', 'tatu', 'nne', 'tano', 'sita', 'saba', 'nane', 'tisa')
TENS = (
    '', 'kumi', 'ishirini', 'thelathini', 'arobaini', 'hamsini', 'sitini', 'sabini', 'themanini',
    'tisini',
)
# Kenyans count hundreds of thousands in laki.
GROUPS = ((10**9, 'bilioni'), (10**6, 'milioni'), (10**5, 'laki'), (10**3, 'elfu'))
LIMIT = 10**12


def spell_out(number):
    """Spell a whole number.

    A comma parts the groups: without it 20,004 and 24,000 would both be 'elfu ishirini na nne'.

    :param int number: From 0 to below LIMIT.
    :return: The words, such as 'elfu ishirini na nne, mia tano' for 24,500.
    :rtype: str
    :raise ValueError: When the number is out of that range.
    """
    if not 0 <= number < LIMIT:
        message = f"{number} cannot be spelt out"
        raise ValueError(message)
    if not number:
        return 'sifuri'
    parts = []
    for size, name in GROUPS:
        count, number = divmod(number, size)
        if count:
            parts.append(f'{name} {_below_thousand(count)}')
    if number:
        rest = _below_thousand(number)
        parts.append(f'na {rest}' if parts and number < 100 else rest)
    return ', '.join(parts)


def _below_thousand(number):
    """Spell a number from 1 to 999.

    :rtype: str
    """
    hundreds, rest = divmod(number, 100)
    tens, units = divmod(rest, 10)
    return ' na '.join(filter(None, (
        f'mia {UNITS[hundreds]}' if hundreds else '', TENS[tens], UNITS[units],
    )))
