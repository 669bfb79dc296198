"""The parts of a column that a payer may have typed, as indexes hold them and queries ask for them.

An index serves a query that has its very expression: so each stands here once.
"""
from odoo.tools import SQL


_NUMBERS = r"regexp_split_to_array(%s, '\D+')"
_NAMES = "regexp_split_to_array(UPPER(%s), '[^[:alpha:]]+')"
_DIGITS = r"regexp_replace(%s, '\D', '', 'g')"
_MOBILE = f"RIGHT({_DIGITS}, 9)"
# Where a Kenyan mobile number does not end the digits: two numbers in one field, another country.
_OTHER_PHONE = rf"{_DIGITS} ~ '[17]\d{{8}}' AND {_DIGITS} !~ '^(254|0)?[17]\d{{8}}$'"


def numbers_of(column):
    """Return the expression of the runs of digits in a canonical key.

    :param SQL column: The column.
    :rtype: SQL
    """
    return SQL(_NUMBERS, column)


def names_of(column):
    """Return the expression of the words of a name, in capitals.

    :param SQL column: The column.
    :rtype: SQL
    """
    return SQL(_NAMES, column)


def digits_of(column):
    """Return the expression of the digits of a phone number as somebody wrote it.

    :param SQL column: The column.
    :rtype: SQL
    """
    return SQL(_DIGITS, column)


def mobile_of(column):
    """Return the expression of the nine digits that end a phone number.

    :param SQL column: The column.
    :rtype: SQL
    """
    return SQL(_MOBILE, column)


def is_other_phone(column):
    """Return the condition that a Kenyan mobile number may stand elsewhere than at the end.

    :param SQL column: The column.
    :rtype: SQL
    """
    return SQL(_OTHER_PHONE, column, column)


def index_of_numbers(column):
    """Return the definition of the index for :func:`numbers_of`.

    :param str column: The name of the column.
    :rtype: str
    """
    return f"USING gin (({_NUMBERS % column}))"


def index_of_names(column):
    """Return the definition of the index for :func:`names_of`.

    :param str column: The name of the column.
    :rtype: str
    """
    return f"USING gin (({_NAMES % column}))"


def index_of_mobiles(column):
    """Return the definition of the index for :func:`mobile_of`.

    :param str column: The name of the column.
    :rtype: str
    """
    return f"(({_MOBILE % column}))"


def index_of_other_phones(column):
    """Return the definition of the index for :func:`is_other_phone`, which holds few rows.

    :param str column: The name of the column.
    :rtype: str
    """
    return f"(id) WHERE {_OTHER_PHONE % (column, column)}"
