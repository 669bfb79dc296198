"""Keep the secrets of public addresses out of Odoo's access log.

Who reads a log must not be able to open a receipt or a payment page from it. The proxy's own log
is configured likewise.
"""

import logging
import re


# Loggers that print request paths: the access log, and the warnings on a failed CSRF check.
LOGGERS = ('werkzeug', 'odoo.http')
MASK = '***'
# What opens a document or a payment without a log-in, wherever Odoo puts it: as a parameter, or
# encoded inside the address that a log-in page goes on to.
TOKEN_PARAMETER = re.compile(
    r'((?:access|payment)_token(?:=|%(?:25)*3D))[^&\s"\'#%]+', re.IGNORECASE,
)

_prefixes = ()
_pattern = None


class SecretPathFilter(logging.Filter):
    """Replace the secret segments of public addresses in each record."""

    def filter(self, record):
        """ Override of `logging.Filter` to mask the record in place; no record is dropped. """
        if isinstance(record.msg, str):
            record.msg = mask(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(
                mask(value) if isinstance(value, str) else value for value in record.args
            )
        return True


def mask_paths(*prefixes):
    """Mask the segment that follows these prefixes from now on.

    :param str prefixes: Beginnings of paths, such as '/rc/'; the segment after them is secret, as
                         is any later one of 16 or more letters and digits, and whatever is longer
                         than a language in the query: a sender may put a phone number there.
    :return: None
    """
    global _pattern, _prefixes  # noqa: PLW0603 - logging itself is global to the process
    _prefixes = tuple(sorted({*_prefixes, *prefixes}, key=len, reverse=True))
    alternatives = '|'.join(
        '/+'.join(map(re.escape, prefix.strip('/').split('/'))) for prefix in _prefixes
    )
    # At the beginning of a path only, behind a host or a language at most.
    _pattern = re.compile(
        r'(?P<start>(?:^|[\s"\'=]|://[^/\s]+)(?:/+[a-z]{2,3}(?:_[A-Za-z]+)?)?/+(?:'
        + alternatives + r')/+)(?P<secret>[^/\s?#"\']+)(?P<rest>[^\s?#"\']*)'
        r'(?P<query>\??[^\s"\']*)'
    )


def mask(text):
    """Return the text with the secret segments and the tokens of public addresses replaced.

    :param str text: A part of a log record.
    :rtype: str
    """
    text = TOKEN_PARAMETER.sub(r'\1' + MASK, text)
    return _pattern.sub(
        lambda match: (
            match['start'] + MASK + re.sub(r'[0-9A-Za-z_-]{16,}', MASK, match['rest'])
            + re.sub(r'[^?&=]{6,}', MASK, match['query'])
        ),
        text,
    )


def install():
    """Put the filter on the loggers, once for each process.

    :return: None
    """
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(present, SecretPathFilter) for present in logger.filters):
            logger.addFilter(SecretPathFilter())


mask_paths('/rc/check/', '/rc/', '/school-sms/')
install()
