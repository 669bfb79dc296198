"""Result codes of the APIs whose result comes later (daraja.md, section 17).

What matters of an order that failed is whether money may have moved all the same. Only a refusal
in so many words says that it did not; a code that is not in the table says nothing.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class OrderCode:
    """One row of the table.

    :ivar str code: As a string, whatever it was on the wire.
    :ivar str meaning: For the office, in English.
    :ivar str moved: Whether this order moved money: "yes", "no" or "maybe". After "maybe" ask for
        the order's status, and never give it again by yourself.
    :ivar str cause: What to do about it:
        "done"        nothing;
        "funds"       put money into the account it is paid from;
        "limit"       another amount, or another day;
        "party"       the account of payer or payee does not take part;
        "operator"    the initiator or its password is refused, and would be again;
        "product"     the shortcode may not do this;
        "request"     the order is malformed;
        "reversed"    the payment was reversed before;
        "original"    there is no such payment, or it can no longer be reversed;
        "duplicate"   an order of this name was given before;
        "busy"        M-PESA is overloaded;
        "unknown"     nobody can say.
    """

    code: str
    meaning: str
    moved: str
    cause: str


_REFUSED = (
    ('1', 'funds', "there is too little money in the account it is paid from"),
    ('2', 'limit', "below the least amount"),
    ('3', 'limit', "above the most per transaction (KES 250,000)"),
    ('4', 'limit', "the daily limit would be exceeded"),
    ('5', 'funds', "the account would fall below its least balance"),
    ('6', 'party', "the paying party is not known"),
    ('7', 'party', "the receiving party is not known"),
    ('8', 'limit', "the receiver's account would exceed its greatest balance"),
    ('11', 'party', "the paying account is not active"),
    ('12', 'party', "the receiving account is not active"),
    ('13', 'party', "the paying account is not known"),
    ('14', 'party', "the receiving account is not known"),
    ('18', 'operator', "the initiator's password is refused"),
    ('20', 'operator', "the initiator is not known"),
    ('21', 'operator', "the initiator lacks the role for this"),
    ('22', 'operator', "the initiator is not active"),
    ('24', 'request', "a field is missing"),
    ('25', 'request', "a field is malformed"),
    ('26', 'busy', "M-PESA is too busy; nothing was done"),
    ('29', 'request', "the command is not known"),
    ('2001', 'operator', "the initiator's name, password or certificate is wrong"),
    ('2006', 'party', "the status of the account forbids it"),
    ('2028', 'product', "the shortcode may not do this"),
    ('2033', 'original', "there is no payment of this code"),
    ('2040', 'party', "the receiver is not registered with M-PESA"),
    ('8006', 'operator', "the initiator is locked after wrong passwords"),
    ('100000005', 'request', "a value is malformed"),
    ('100000010', 'operator', "the initiator has too few rights"),
    ('R000001', 'reversed', "the payment was reversed before"),
    ('R000002', 'original', "there is no such payment, or it can no longer be reversed"),
    ('R001', 'reversed', "the payment was reversed before"),
    ('R002', 'original', "there is no such payment, or it can no longer be reversed"),
    ('SFC_IC0003', 'operator', "the operator does not exist"),
    ('TP40153', 'operator', "the operator lacks the permission"),
)
# Overload is named as safe to repeat, but of questions and orders alike: money is not staked on it.
_OPEN = (
    ('15', 'duplicate', "an order of this name was given before, and may have been carried out"),
    ('17', 'unknown', "a failure inside M-PESA"),
    ('19', 'busy', "messages came out of order"),
    ('100000000', 'busy', "M-PESA has it and will try again"),
    ('100000001', 'busy', "M-PESA is overloaded"),
    ('100000002', 'busy', "M-PESA is overloaded"),
    ('100000004', 'unknown', "a failure inside M-PESA"),
    ('100000007', 'busy', "the service is not available"),
    ('100000009', 'busy', "the service is not available"),
    ('100000011', 'busy', "too many requests"),
)
ORDER_CODES = {
    '0': OrderCode('0', "done", 'yes', 'done'),
    **{code: OrderCode(code, meaning, 'no', cause) for code, cause, meaning in _REFUSED},
    **{code: OrderCode(code, meaning, 'maybe', cause) for code, cause, meaning in _OPEN},
}


def order_code(code):
    """Look up the code of a result that came later.

    :param str code: `Result.code`.
    :return: Its row; for a code that nobody has explained, one that leaves everything open.
    :rtype: OrderCode
    """
    known = ORDER_CODES.get(code.strip().upper())
    return known or OrderCode(code.strip()[:32], "unknown code", 'maybe', 'unknown')
