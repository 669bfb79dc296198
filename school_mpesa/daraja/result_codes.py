"""STK result codes: what each means, and what may be done after it (daraja.md, section 16).

A code that is not in the table is *unknown*, never *failed*: payments have been lost by programs
that thought otherwise. Decide by code only; the text beside a code differs from day to day.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class ResultCode:
    """One row of the table.

    :ivar str code: As a string, whatever it was on the wire.
    :ivar str meaning: For the office, in English.
    :ivar str outcome: "paid", "declined", "pending" or "unknown".
    :ivar bool final: The request is over; another attempt needs a new request.
    :ivar bool late_success: Money may still arrive for it. (A success that arrives always wins.)
    :ivar str retry: What may be offered to the payer:
        "now"          a new request, at once;
        "wait"         a new request after `wait_seconds`;
        "after_query"  a new request after `wait_seconds` and once a query, too, found no payment;
        "never"        none. After "unknown" and "pending": the payment is being checked. After
                       "declined": the same request would fail again, another way must be taken.
    :ivar int wait_seconds: Seconds, 0 when there is nothing to wait for.
    :ivar str payer_text_key: Stable key of the text, `result_<code>` or `result_unknown`.
    :ivar str payer_text: The text for a parent, in English.
    """

    code: str
    meaning: str
    outcome: str
    final: bool
    late_success: bool
    retry: str
    wait_seconds: int
    payer_text_key: str
    payer_text: str


def _row(code, meaning, payer_text, *, outcome='declined', retry='now', wait=0, late=False):
    return ResultCode(
        code=code,
        meaning=meaning,
        outcome=outcome,
        final=outcome in {'paid', 'declined'},
        late_success=late,
        retry=retry,
        wait_seconds=wait,
        payer_text_key=f'result_{code.lower()}',
        payer_text=payer_text,
    )


_TRY_AGAIN = "Something went wrong. Please try again."
_WRONG_PIN = "The M-PESA PIN was wrong. Please try again with care."
_EXPIRED = "The request ran out of time. Please try again."
_NOT_SENT = "We could not send the request to your phone. Please try again."
_NO_PROMPT = (
    "Payment by phone prompt is not available at the moment. Please use the pay bill menu or"
    " contact the school office."
)
_CHECKING = "We are checking this payment with M-PESA. Please do not pay again yet."

UNKNOWN = _row('', "unknown code", _CHECKING, outcome='unknown', retry='never', late=True)

_ROWS = (
    _row('0', "paid", "Payment received. Thank you.", outcome='paid', retry='never'),
    _row(
        '1', "not enough money in the wallet",
        "Your M-PESA balance is too low. Please top up and try again.",
    ),
    _row('2', "below the least amount (KES 1)", "The amount is too small for M-PESA."),
    _row(
        '3', "above the most per transaction (KES 250,000)",
        "The amount is above the M-PESA limit per payment. Please pay in parts.",
    ),
    _row(
        '4', "daily transfer limit (KES 500,000) would be exceeded",
        "You have reached your M-PESA limit for today. Please try tomorrow or pay another way.",
        retry='never',
    ),
    _row(
        '8', "the receiving account would exceed its greatest balance",
        "We cannot receive this payment at the moment. Please contact the school office.",
        retry='never',
    ),
    _row(
        '11', "the payer's line or account is inactive",
        "Your M-PESA account is not active. Please call Safaricom on 100.", retry='never',
    ),
    _row('15', "identifier reused in the core", _TRY_AGAIN),
    _row(
        '17', "same amount from the same payer within two minutes, or a failure inside M-PESA",
        "You just made a request for this amount. Please wait two minutes and check your messages"
        " before trying again.",
        retry='after_query', wait=120,
    ),
    _row(
        '20', "unresolved initiator: configuration",
        "Payment by phone prompt is not available now. Please use the pay bill menu.",
        retry='never',
    ),
    _row(
        '26', "M-PESA is busy or blocks traffic; nothing was charged",
        "M-PESA is busy. Please try again in a few minutes.", retry='wait', wait=120,
    ),
    _row(
        '1001', "another session or transaction of the payer is in progress",
        "Another M-PESA request is open on your phone. Close it, wait a minute and try again.",
        retry='after_query', wait=60,
    ),
    # Late success is unlikely here, yet not excluded; section 16 advises to offer a retry.
    _row('1019', "not completed in time", _EXPIRED, late=True),
    _row('1025', "prompt longer than 182 characters, or the push failed", _NOT_SENT),
    # Section 16 calls 1031 and 1036 final, section 28 (question 20) doubts it: query first.
    _row(
        '1031', "cancelled, or no PIN entered", "You did not confirm the request.",
        retry='after_query', wait=60, late=True,
    ),
    _row(
        '1032', "cancelled on the phone (some handsets report a time-out so)",
        "The request was cancelled on the phone. No money was taken.",
    ),
    _row(
        '1036', "the push was not delivered",
        "Your phone could not be reached. Please check the network and try again.",
        retry='after_query', wait=60, late=True,
    ),
    _row(
        '1037', "the phone was off, out of reach or busy, or no PIN was entered",
        "We could not reach your phone, or no PIN was entered. Check that it is on and has signal,"
        " then try again.",
        retry='after_query', wait=60, late=True,
    ),
    _row('1101', "prompt too long (older form of 1025)", _NOT_SENT),
    _row('1102', "prompt too long (older form of 1025)", _NOT_SENT),
    _row('2001', "wrong PIN", _WRONG_PIN),
    _row(
        '2006', "the payer's account status forbids it",
        "Your M-PESA account does not allow this payment. Please call Safaricom on 100.",
        retry='never',
    ),
    _row('2008', "authentication failed", _WRONG_PIN),
    _row('2026', "the session expired", _EXPIRED),
    _row(
        '2028', "wrong transaction type or receiving party for this shortcode", _NO_PROMPT,
        retry='never',
    ),
    _row(
        '2029', "unresolved reason, perhaps still pending", "We are still checking this payment.",
        outcome='unknown', retry='never', late=True,
    ),
    _row(
        '4999', "still being processed (in queries only)",
        "We are waiting for your confirmation on the phone.",
        outcome='pending', retry='never', late=True,
    ),
    _row(
        '8006', "the PIN is locked",
        "Your M-PESA PIN is locked. Please call Safaricom on 100 or 200.", retry='never',
    ),
    _row(
        '9999', "the push failed, or a failure inside M-PESA",
        "M-PESA had a problem. Please check your messages before trying again.",
        outcome='unknown', retry='never', late=True,
    ),
    _row(
        'SFC_IC0003', "wrong transaction type or receiving party for this shortcode", _NO_PROMPT,
        retry='never',
    ),
    _row('TP40087', "wrong PIN", _WRONG_PIN),
)
RESULT_CODES = {row.code: row for row in _ROWS}


def result_code(code):
    """Look a result code up.

    :param str | int code: From a callback (a number) or a query (a string).
    :return: Its row; for a code that nobody has explained, a row with the outcome "unknown".
    :rtype: ResultCode
    """
    text = '' if isinstance(code, bool) else str(code).strip()
    known = RESULT_CODES.get(text) or RESULT_CODES.get(text.upper())
    if known:
        return known
    return ResultCode(**{**vars(UNKNOWN), 'code': text[:32], 'payer_text_key': 'result_unknown'})
