"""What the office reads about a payment request, per state and result code.

The parent's own pages have words of their own (`pay_page_text`): those speak to the payer, these
to the person who helps the payer, often on the phone. Rules (ux.md, section 3): say what happened,
whether money moved, and what to do; "no money was taken" only after a result by which M-PESA itself
declined; a code that is not in the table is *checking*, never *failed*.

Placeholders: amount (KES, formatted), phone (masked), shown_name, student, code, receipt, balance.
"""
from typing import NamedTuple

from odoo.tools.translate import LazyGettext, LazyTranslate


_lt = LazyTranslate(__name__)

NO_MONEY = _lt("No money was taken.")
NOT_RECEIVED = _lt("We have not received a payment.")


class Reason(NamedTuple):
    """ Why a prompt was not paid.

    :param short: In a few words, for a list.
    :param money: Whether money moved.
    :param advice: What to tell the parent, or to do.
    """
    short: LazyGettext
    money: LazyGettext
    advice: LazyGettext


_ASK_AGAIN = _lt("Ask the parent to have the phone at hand, then send again.")
_CALL_SAFARICOM = _lt("The parent can call Safaricom on 100, or pay from another phone.")
_ADMINISTRATOR = _lt("Ask the administrator to check the shortcode. Meanwhile, use Paybill.")

REASONS = {
    '1': Reason(
        _lt("not enough money in M-PESA"), NO_MONEY,
        _lt("The parent can top up, or pay a part now: change the amount."),
    ),
    '2': Reason(_lt("amount too small for M-PESA"), NOT_RECEIVED, _lt("Ask for a larger amount.")),
    '3': Reason(_lt("amount above the M-PESA limit"), NOT_RECEIVED, _lt("Ask for it in parts.")),
    '4': Reason(
        _lt("the payer's daily M-PESA limit"), NOT_RECEIVED,
        _lt("The parent can pay tomorrow, or from another phone."),
    ),
    '8': Reason(
        _lt("the school's M-PESA account is full"), NOT_RECEIVED,
        _lt("Move money from the wallet to the bank, then send again."),
    ),
    '11': Reason(_lt("the payer's M-PESA is not active"), NOT_RECEIVED, _CALL_SAFARICOM),
    '15': Reason(_lt("taken for a repeat"), NOT_RECEIVED, _lt("Send again.")),
    '17': Reason(
        _lt("same amount twice within two minutes"), NOT_RECEIVED,
        _lt("Ask the parent for M-PESA messages about this payment before sending again."),
    ),
    '20': Reason(_lt("prompts are not set up at Safaricom"), NOT_RECEIVED, _ADMINISTRATOR),
    '26': Reason(_lt("M-PESA was busy"), NOT_RECEIVED, _lt("Try again in a few minutes.")),
    '1001': Reason(
        _lt("another M-PESA request was open"), NOT_RECEIVED,
        _lt("The parent closes that request; after two minutes you can send again."),
    ),
    '1019': Reason(_lt("ran out of time"), NOT_RECEIVED, _ASK_AGAIN),
    '1025': Reason(_lt("the pop-up could not be shown"), NOT_RECEIVED, _ASK_AGAIN),
    '1031': Reason(_lt("not confirmed on the phone"), NOT_RECEIVED, _ASK_AGAIN),
    '1032': Reason(
        _lt("cancelled on the phone"), NO_MONEY,
        _lt("Ask the parent whether the pop-up was closed by mistake, then send again."),
    ),
    '1036': Reason(
        _lt("the phone was not reached"), NOT_RECEIVED,
        _lt("The phone has to be on and have signal; then send again."),
    ),
    '1037': Reason(
        _lt("phone not reached, or no PIN entered"), NOT_RECEIVED,
        _lt("The phone has to be on and have signal. If the parent got an M-PESA SMS for this"
            " payment, do not send again."),
    ),
    '1101': Reason(_lt("the pop-up could not be shown"), NOT_RECEIVED, _ASK_AGAIN),
    '1102': Reason(_lt("the pop-up could not be shown"), NOT_RECEIVED, _ASK_AGAIN),
    '2001': Reason(
        _lt("wrong PIN"), NO_MONEY,
        _lt("Send again; the parent types the PIN with care. A forgotten PIN: *334#, or Safaricom"
            " on 100."),
    ),
    '2006': Reason(
        _lt("the payer's account does not allow it"), NOT_RECEIVED, _CALL_SAFARICOM,
    ),
    '2008': Reason(_lt("wrong PIN"), NOT_RECEIVED, _ASK_AGAIN),
    '2026': Reason(_lt("ran out of time"), NOT_RECEIVED, _ASK_AGAIN),
    '2028': Reason(
        _lt("Safaricom allows no prompts for this shortcode"), NOT_RECEIVED, _ADMINISTRATOR,
    ),
    '8006': Reason(_lt("the payer's PIN is locked"), NOT_RECEIVED, _CALL_SAFARICOM),
    'SFC_IC0003': Reason(
        _lt("Safaricom allows no prompts for this shortcode"), NOT_RECEIVED, _ADMINISTRATOR,
    ),
    'TP40087': Reason(_lt("wrong PIN"), NOT_RECEIVED, _ASK_AGAIN),
}
NOT_SENT = Reason(
    _lt("not sent"), _lt("No prompt was sent; no money moved."), _lt("Try again in a minute."),
)

SENDING = (_lt("Sending"), _lt("The pop-up reaches %(phone)s in a few seconds."))
WAITING = (
    _lt("On the phone"),
    _lt("%(phone)s shows \"%(shown_name)s\" and KES %(amount)s. The parent enters the M-PESA PIN on"
        " the phone, and tells it to nobody."),
)
WAITING_LONGER = (
    _lt("On the phone"),
    _lt("Nothing yet? Ask the parent to unlock the phone, and to close M-PESA if it is open."),
)
CHECKING = (
    _lt("Checking with M-PESA"),
    _lt("M-PESA has not said yet whether this was paid. It can take a few minutes. Do not send"
        " another request, and ask the parent not to pay again yet."),
)
CHECKING_LONG = (
    _lt("M-PESA has not answered yet"),
    _lt("We go on asking. If no money left the parent's M-PESA, the parent can pay by Paybill. If"
        " an M-PESA SMS came for this payment, wait: it will be booked by itself."),
)
NEEDS_PERSON = (
    _lt("No answer for a day"),
    _lt("Look this payment up on Safaricom's M-PESA organisation portal, or ask the parent for the"
        " M-PESA SMS. The request stays open: money that arrives is still booked."),
)
RECEIPT_PENDING = (
    _lt("Paid, receipt pending"),
    _lt("M-PESA has confirmed the payment; its code is still to come. Do not ask again."),
)
PAID = (
    _lt("Paid: %(receipt)s"),
    _lt("KES %(amount)s received, M-PESA code %(code)s. The balance of %(student)s is now"
        " KES %(balance)s."),
)
GIVEN_BACK = (
    _lt("Given back by M-PESA: %(receipt)s is reversed"),
    _lt("KES %(amount)s went back to the payer's M-PESA (M-PESA code %(code)s). The balance of"
        " %(student)s is now KES %(balance)s."),
)
DENIED = (
    _lt("Not known to Safaricom: %(receipt)s is reversed"),
    _lt("A message told of KES %(amount)s, M-PESA code %(code)s, and Safaricom does not know that"
        " payment. The balance of %(student)s is now KES %(balance)s."),
)
PAID_LATE = _lt("It came after a failure was shown: tell the parent not to pay again.")
PAID_TWICE = _lt("Two payments came for the same request. What is more than was due is kept as"
                 " credit of the student.")
NOT_PAID = _lt("Not paid: %(reason)s")
WAIT_FOR_QUERY = _lt("We are asking M-PESA once more; you can send again as soon as it confirms"
                     " that nothing was paid.")


def find_reason(code):
    """ Return why a prompt was not paid.

    :param str code: The result code; 'not_sent' is our own.
    :rtype: Reason
    """
    return REASONS.get(code, NOT_SENT)
