"""The words of a statement's rows, with names and numbers masked (daraja.md 22.3, 22.4)."""

import random

from . import c2b


ACCOUNT_NAMES = {
    'paybill': {'balance': 'Utility Account'},
    'till': {'balance': 'Merchant Account'},
}
BEHIND = {
    'settlement': 'Organization Settlement Account',
    'working': 'Organization MMF Account',
    'charges_paid': 'Charges Paid Account',
}
# From where the money came: Details, and Reason Type.
PAID = {
    'paybill': ('Pay Bill from', 'Pay Utility'),
    'stk': ('Pay Bill Online from', 'Pay Bill Online'),
    'overdraft': ('Pay Bill from', 'Pay Utility with OD via STK'),
    'pochi': ('Small Business Pay Bill from', 'Small Business Pay Bill'),
    'till': ('Merchant Pay Utility Received from', 'Merchant Pay Utility Received'),
    'organisation': ('Business Pay Bill via API by', 'Business Pay Bill via API'),
    'bank': ('FSI to Pay Bill by', 'FSI to Pay Bill'),
}
# At a till there is no account, and all comes from people or as from people.
PAID_TILL = {
    'stk': ('Merchant Payment Online from', 'Merchant Payment Online'),
}
USUAL_AT_TILL = ('Merchant Payment from', 'Merchant Payment')
CHARGES = {'paybill': 'Pay Bill Charge', 'till': 'Pay merchant Charge'}
PAYOUT = 'Business Payment to Customer via API'
# Nobody has published a real one: the wording varies.
REVERSALS = (
    'Pay Bill Reversal',
    'Transaction Reversal of {receipt}',
    'Pay Bill Reversal of {receipt} to {party}',
)


def account_name(shortcode, account):
    """:return: such as ``Utility Account``"""
    return BEHIND.get(account) or ACCOUNT_NAMES[shortcode.kind][account]


def party(msisdn, name):
    """:return: such as ``25471****111 - FIRST **** LAST``; of an organisation, number and name"""
    if len(msisdn) < 12:
        return f'{msisdn} - {name}'
    first, _space, last = name.partition(' ')
    return f'{msisdn[:5]}****{msisdn[-3:]} - ' + (f'{first} **** {last}' if last else first)


def of_payment(shortcode, movement):
    """:return: Details and Reason Type of a payment"""
    source = movement.source
    if movement.kind == 'OD Payment Transfer':
        source = 'overdraft'
    elif movement.kind == c2b.ORGANIZATION_TRANSFER and source in ('paybill', 'stk'):
        source = 'organisation'
    payer = party(movement.msisdn, movement.payer_name)
    if shortcode.kind == 'till':
        words, reason = PAID_TILL.get(source, USUAL_AT_TILL)
        return f'{words} {payer}', reason
    words, reason = PAID[source]
    details = f'{words} {payer} Acc. {movement.account}'
    if source == 'bank':
        details += f' via WEB by {movement.payer_name}\\B2BUser1'
    return details, reason


def of_event(shortcode, event):
    """:return: Details and Reason Type of anything else"""
    if event.kind == 'charge':
        return CHARGES[shortcode.kind], 'Pay Utility'
    if event.kind == 'payout':
        # Inferred from the reason type of a status: nobody has published a real row.
        return f'{PAYOUT} to {party(event.msisdn, event.payer_name)}', PAYOUT
    if event.kind == 'reversal':
        source = random.Random(event.receipt)  # noqa: S311 - must be replayable
        words = source.choice(REVERSALS)
        payer = party(event.msisdn, event.payer_name)
        return words.format(receipt=event.linked, party=payer), 'Transaction Reversal'
    if event.kind == 'withdrawal':
        return 'Agency Withdrawal of funds to Bank', 'Agency Withdrawal'
    if event.kind == 'adjustment':
        return 'Organization Balance Adjustment', 'Adjustment'
    words = ' to '.join(account_name(shortcode, account) for account in (
        event.source, event.target,
    ))
    return words, words
