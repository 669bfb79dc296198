"""What a payer reads, per state and result code of a payment request.

Plain words in, plain words out: no database, no request. The rules behind the words:

* say what happened, then what to do; no codes, no "invalid", no "sorry";
* "No money was taken" stands only where M-PESA itself declined and nothing can follow: low
  balance, wrong PIN, cancelled. Everywhere else: "We have not received a payment";
* a code that is not in this table is *checking*, never *failed* (Daraja, STK result codes:
  unlisted codes have been followed by real payments);
* decide on the code, never on its description: Safaricom words one code in several ways.

Placeholders: amount, cap, balance, extra (already formatted, KES), phone (masked), pupil (first
name), shown_name (the name on the M-PESA prompt), office (how to reach the accounts office).
"""

from typing import NamedTuple

from odoo.tools.translate import LazyGettext, LazyTranslate


_lt = LazyTranslate(__name__)

WAIT, CHECK, GOOD, BAD = 'wait', 'check', 'good', 'bad'


class Words(NamedTuple):
    """ The words of one state of the page.

    :param heading: What happened.
    :param body: What to do now.
    :param tone: wait, check, good or bad; chooses icon and colour, never the meaning alone.
    :param strong: A sentence of the body that must not be overlooked.
    :param change_amount: Whether the payer is expected to change the amount before a retry.
    """
    heading: LazyGettext
    body: LazyGettext
    tone: str = BAD
    strong: LazyGettext | None = None
    change_amount: bool = False


# === STATES WITHOUT A RESULT CODE === #

SENDING = Words(_lt("Sending the request…"), _lt("Keep this page open."), WAIT)
SENDING_SLOW = Words(
    _lt("Still sending the request…"),
    _lt("This takes longer than usual. You can close this page and open it again later."),
    WAIT,
)
WAITING = Words(
    _lt("Check your phone"),
    _lt("Enter your M-PESA PIN on %(phone)s to pay KES %(amount)s."),
    WAIT,
)
WAITING_LONGER = Words(
    _lt("Still waiting"),
    _lt("No pop-up on %(phone)s? Unlock the phone and check its signal. If M-PESA is already open,"
        " close it."),
    WAIT,
)
CHECKING = Words(
    _lt("Checking with M-PESA"),
    _lt("This can take a few minutes. You can close this page and open it again later."),
    CHECK,
    strong=_lt("Do not pay again yet."),
)
CHECKING_LONG = Words(
    _lt("M-PESA has not answered yet"),
    _lt("We go on checking, and this page will show the result. If no money left your M-PESA and"
        " you cannot wait, use the Paybill details below or call the accounts office."),
    CHECK,
    strong=_lt("Got an M-PESA SMS for this payment? Then do not pay again."),
)
PAID = Words(
    _lt("KES %(amount)s received"),
    _lt("Thank you. %(pupil)s's balance is now KES %(balance)s."),
    GOOD,
)
PAID_CREDIT = Words(
    _lt("KES %(amount)s received"),
    _lt("Thank you. Nothing is due for %(pupil)s now; KES %(credit)s is kept for the next bill."),
    GOOD,
)
RECEIPT_PENDING = Words(
    _lt("KES %(amount)s received"),
    _lt("M-PESA has confirmed the payment. The receipt will appear here in a moment."),
    GOOD,
    strong=_lt("Do not pay again."),
)
PAID_LATE = Words(
    _lt("Good news: it went through"),
    _lt("KES %(amount)s arrived. %(pupil)s's balance is now KES %(balance)s."),
    GOOD,
    strong=_lt("Do not pay again."),
)
# To a relative, who was sent a link: what the family owes is not told.
PAID_RELATIVE = Words(
    _lt("KES %(amount)s received"),
    _lt("Thank you. The school has your payment for %(pupil)s."),
    GOOD,
)
PAID_RELATIVE_LATE = Words(
    _lt("Good news: it went through"),
    _lt("KES %(amount)s arrived for %(pupil)s. Thank you."),
    GOOD,
    strong=_lt("Do not pay again."),
)
PAID_RELATIVE_TWICE = Words(
    _lt("You paid twice"),
    _lt("We have both payments for %(pupil)s. To get one back, %(office)s."),
    GOOD,
)
PAID_TWICE = Words(
    _lt("You paid twice"),
    _lt("We have both payments. The extra KES %(extra)s is kept for %(pupil)s. To get it back,"
        " %(office)s."),
    GOOD,
)
GIVEN_BACK = Words(
    _lt("M-PESA gave this payment back"),
    _lt("KES %(amount)s went back to the M-PESA that paid it, so it is not on %(pupil)s's account"
        " any more. To ask about it, %(office)s."),
    CHECK,
)
DENIED = Words(
    _lt("M-PESA does not know this payment"),
    _lt("We took KES %(amount)s for paid, and M-PESA has no such payment, so it is not on"
        " %(pupil)s's account any more. To ask about it, %(office)s."),
    CHECK,
)
PAID_FAMILY = Words(
    _lt("KES %(amount)s received"),
    _lt("Thank you. It is shared over your children as you chose."),
    GOOD,
)
PAID_FAMILY_LATE = Words(
    _lt("Good news: it went through"),
    _lt("KES %(amount)s arrived. It is shared over your children as you chose."),
    GOOD,
    strong=_lt("Do not pay again."),
)
PAID_FAMILY_TWICE = Words(
    _lt("You paid twice"),
    _lt("We have both payments. The extra KES %(extra)s is kept for your children. To get it back,"
        " %(office)s."),
    GOOD,
)
GIVEN_BACK_FAMILY = Words(
    _lt("M-PESA gave this payment back"),
    _lt("KES %(amount)s went back to the M-PESA that paid it, so it is not on your children's"
        " accounts any more. To ask about it, %(office)s."),
    CHECK,
)
DENIED_FAMILY = Words(
    _lt("M-PESA does not know this payment"),
    _lt("We took KES %(amount)s for paid, and M-PESA has no such payment, so it is not on your"
        " children's accounts any more. To ask about it, %(office)s."),
    CHECK,
)
NOT_SENT = Words(
    _lt("The request did not go through"),
    _lt("We could not send it to %(phone)s. We have not received a payment. Try again, or use the"
        " Paybill details below."),
)

# === RESULT CODES (Daraja, STK push and query) === #

_WRONG_PIN = Words(
    _lt("The PIN was not right"),
    _lt("No money was taken. Try again with your M-PESA PIN. Forgot it? Dial *334# or call"
        " Safaricom on 100."),
)
_PROMPT_FAILED = Words(
    _lt("The pop-up could not be shown"),
    _lt("We have not received a payment. Check that %(phone)s is on and has signal, then send"
        " again."),
)
_RAN_OUT = Words(
    _lt("The request ran out of time"),
    _lt("We have not received a payment. Take %(phone)s in your hand, then send again."),
)
_NOT_AVAILABLE = Words(
    _lt("Payment by pop-up is not available now"),
    _lt("We have not received a payment. Use the Paybill details below, or call the accounts"
        " office."),
)

BY_CODE = {
    '1': Words(
        _lt("Not enough money in M-PESA"),
        _lt("No money was taken. Top up, or pay part now and the rest later. M-PESA also charges"
            " its own fee."),
        change_amount=True,
    ),
    '2': Words(
        _lt("The amount is too small for M-PESA"),
        _lt("We have not received a payment. Enter a larger amount."),
        change_amount=True,
    ),
    '3': Words(
        _lt("The amount is above the M-PESA limit"),
        _lt("M-PESA allows up to KES %(cap)s at once. We have not received a payment. Pay in"
            " parts."),
        change_amount=True,
    ),
    '4': Words(
        _lt("M-PESA limit reached"),
        _lt("We have not received a payment. Your last M-PESA SMS says how much you can still send"
            " today. Try tomorrow, or pay from another phone."),
    ),
    '8': Words(
        _lt("The school cannot receive this payment now"),
        _lt("We have not received a payment. Call the accounts office: the school's M-PESA account"
            " has reached its limit."),
    ),
    '11': Words(
        _lt("Your M-PESA account is not active"),
        _lt("We have not received a payment. Call Safaricom on 100, or pay from another phone."),
    ),
    '15': Words(
        _lt("M-PESA took it for a repeated request"),
        _lt("We have not received a payment. Send it again."),
    ),
    '17': Words(
        _lt("You just made a request for this amount"),
        _lt("We have not received a payment. Wait 2 minutes and read your M-PESA messages before"
            " you send again."),
        strong=_lt("Got an M-PESA SMS for this payment? Then do not pay again."),
    ),
    '20': _NOT_AVAILABLE,
    '26': Words(
        _lt("M-PESA is busy right now"),
        _lt("We have not received a payment. Try again in a few minutes."),
    ),
    '1001': Words(
        _lt("Your phone is busy with M-PESA"),
        _lt("We have not received a payment. Finish or close the other M-PESA request, wait a"
            " minute, then send again."),
    ),
    '1019': _RAN_OUT,
    '1025': _PROMPT_FAILED,
    '1031': Words(
        _lt("The request was not confirmed"),
        _lt("We have not received a payment. No PIN was entered on %(phone)s. Send again when you"
            " are ready."),
    ),
    '1032': Words(_lt("You cancelled the payment"), _lt("No money was taken.")),
    '1036': Words(
        _lt("The request did not reach %(phone)s"),
        _lt("We have not received a payment. Check the network on that phone, then send again."),
    ),
    '1037': Words(
        _lt("We could not reach %(phone)s"),
        _lt("We have not received a payment. Check that the phone is on and has signal, then send"
            " again."),
        strong=_lt("Got an M-PESA SMS for this payment? Then do not pay again."),
    ),
    '1101': _PROMPT_FAILED,
    '1102': _PROMPT_FAILED,
    '2001': _WRONG_PIN,
    '2006': Words(
        _lt("Your M-PESA account does not allow this payment"),
        _lt("We have not received a payment. Call Safaricom on 100, or pay from another phone."),
    ),
    '2008': _WRONG_PIN,
    '2026': _RAN_OUT,
    '2028': _NOT_AVAILABLE,
    '2029': Words(
        _lt("M-PESA is still looking at this payment"),
        _lt("This page will show the result. You can close it and open it again later."),
        CHECK,
        strong=_lt("Do not pay again yet."),
    ),
    '8006': Words(
        _lt("Your M-PESA PIN is locked"),
        _lt("We have not received a payment. Call Safaricom on 100 or 200 to unlock it, or pay from"
            " another phone."),
    ),
    '9999': Words(
        _lt("M-PESA had a problem"),
        _lt("Read your M-PESA messages before you try again. We are checking whether the payment"
            " went through."),
        CHECK,
        strong=_lt("Do not pay again yet."),
    ),
    'SFC_IC0003': _NOT_AVAILABLE,
    'TP40087': _WRONG_PIN,
}


def phases(view):
    """ Return the words of the page and the second from which each applies.

    A waiting page changes its words while nothing has arrived. Each entry is (seconds since the
    request was sent, words); the page shows the last one whose time has come.

    :param dict view: What the payer may know, from `payment.transaction._mpesa_payer_view`.
    :return: At least one entry, the first from second 0.
    :rtype: list[tuple[int, Words]]
    """
    state, code = view['state'], view['code']
    if state == 'sending':
        return [(0, SENDING), (20, SENDING_SLOW)]
    if state == 'waiting':
        return [(0, WAITING), (20, WAITING_LONGER), (60, CHECKING), (180, CHECKING_LONG)]
    if state == 'checking':
        return [(0, BY_CODE.get(code, CHECKING)), (180, CHECKING_LONG)]
    if state == 'receipt_pending':
        return [(0, RECEIPT_PENDING)]
    if state == 'paid':
        return [(0, _paid_words(view))]
    # Declined. Only the server says so; a code without words of its own was never accepted by
    # M-PESA (a refused or unsent request), so nothing was asked of the phone.
    return [(0, BY_CODE.get(code, NOT_SENT))]


def _paid_words(view):
    is_family = view.get('is_family')
    if view.get('denied'):
        return DENIED_FAMILY if is_family else DENIED
    if view.get('given_back'):
        return GIVEN_BACK_FAMILY if is_family else GIVEN_BACK
    if view.get('paid_twice') and view.get('is_relative'):
        return PAID_RELATIVE_TWICE
    if view.get('paid_twice'):
        return PAID_FAMILY_TWICE if is_family else PAID_TWICE
    if view.get('is_relative'):
        return PAID_RELATIVE_LATE if view.get('late') else PAID_RELATIVE
    if view.get('late'):
        return PAID_FAMILY_LATE if is_family else PAID_LATE
    if is_family:
        return PAID_FAMILY
    return PAID_CREDIT if view.get('credit') else PAID
