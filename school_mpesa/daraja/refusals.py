"""Which exception an answer calls for, and whether a prompt may have gone out all the same.

Daraja's HTTP status says little and one errorCode means many things, so code and message are read
together (daraja.md, sections 1.7, 3.4 and 4.3). We are sure that nothing was done (`sent` "no")
only after a refusal in so many words: an error body of the 400, 401, 403, 404, 405 or 409 families,
a rate limit, overload or maintenance as documented, or one of the named refusals of M-PESA.
Everything else leaves it open ("maybe"): other 5xx, HTML (of a firewall, too), an empty body.
"""
import re

from . import errors


_INVALID_TOKEN_CODES = {'400.003.01', '401.001', '401.002.01', '404.001.03'}
_BUSY_CODES = {'500.003.02', '500.003.03'}
_FIELD = re.compile(r'\binvalid\s+([A-Za-z][A-Za-z0-9]{1,39})\s*$', re.IGNORECASE)
_REFUSED_FAMILY = re.compile(r'4(00|01|03|04|05|09)([._]|$)')
_REFUSED_STATUS = {400, 401, 403, 404, 405, 409}
# Words of the gateway about a request that it did not pass on, by kind.
_MESSAGES = (
    (errors.ProductMissing, re.compile(r'no\s?api\s?product', re.IGNORECASE)),
    (errors.InvalidToken, re.compile(r'invalid access token|access token expired', re.IGNORECASE)),
    (
        errors.Busy,
        re.compile(
            r'spike ?arrest|quota ?violation|system is busy|under maintenance', re.IGNORECASE,
        ),
    ),
    (
        errors.DuplicateOrder,
        re.compile(r'duplicate originator_?conversation_?id', re.IGNORECASE),
    ),
    (errors.WrongPasskey, re.compile(r'wrong credentials', re.IGNORECASE)),
    (
        errors.MerchantRefused,
        re.compile(r'merchant does not exist|merchant not allowed', re.IGNORECASE),
    ),
    (errors.SubscriberLocked, re.compile(r'unable to lock subscriber', re.IGNORECASE)),
    (errors.LineUnusable, re.compile(r'(no|missing) iccid', re.IGNORECASE)),
)


def refusal(answer):
    """The exception that an answer calls for.

    :param Answer answer: An answer.
    :return: None when it is a success as far as HTTP and the body's form can tell.
    :rtype: DarajaError | None
    """
    found = answer.error
    if found is None:
        return _without_error_body(answer)
    code, message = found
    facts = {'code': code, 'http_status': answer.http_status, 'wire_message': message}
    kind = _kind(answer, code, message)
    if kind is errors.Busy:
        return errors.Busy(retry_after=_seconds(answer.retry_after), **facts)
    if kind is errors.BadRequest:
        field = _FIELD.search(message)
        return errors.BadRequest(field=field and field[1], **facts)
    return kind(**facts)


def _kind(answer, code, message):
    for kind, pattern in _MESSAGES:
        if pattern.search(f'{message} {code}'):
            return kind
    if code == '401.003.01':
        return errors.ProductMissing
    if code == '400.008.01':
        return errors.CredentialsRefused
    if code in _INVALID_TOKEN_CODES:
        return errors.InvalidToken
    if code in _BUSY_CODES or answer.http_status == 429:
        return errors.Busy
    if _REFUSED_FAMILY.match(code):
        return errors.BadRequest
    # A policy error of the gateway, which names its policy instead of a number.
    if answer.http_status in _REFUSED_STATUS and not code.startswith('5'):
        return errors.BadRequest
    return errors.ServerFailure


def _without_error_body(answer):
    """A bare status, an HTML page, an empty body, JSON that is no error."""
    if answer.http_status == 429:
        return errors.Busy(http_status=429, retry_after=_seconds(answer.retry_after))
    if not answer.ok:
        return errors.ServerFailure(http_status=answer.http_status)
    if answer.data is None:
        return errors.UnreadableAnswer(http_status=answer.http_status)
    return None


def _seconds(retry_after):
    """Retry-After in seconds; its other form, a date, is left alone."""
    text = (retry_after or '').strip()
    return float(text) if re.fullmatch(r'[0-9]{1,6}', text) else None
