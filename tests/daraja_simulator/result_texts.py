"""ResultDesc of the STK result codes (daraja.md 16). The text is not stable: several per code."""

TEXTS = {
    '0': ('The service request is processed successfully.',),
    '1': (
        'The balance is insufficient for the transaction.',
        '[MpesaCB - ]The balance is insufficient for the transaction.',
    ),
    '2': ('Declined due to limit rule: less than the minimum transaction amount.',),
    '3': ('Declined due to limit rule: greater than the maximum transaction amount.',),
    '4': ('Declined due to limit rule: would exceed daily transfer limit.',),
    '8': ('Declined due to limit rule: would exceed the maximum balance.',),
    '11': ('The DebitParty is in an invalid state.',),
    '15': ('Duplicate Detected.',),
    '17': ('Rule limited.', 'System internal error.'),
    '20': ('Unresolved Initiator.',),
    '26': ('System busy. Traffic blocking condition in place.',),
    '1001': (
        'Unable to lock subscriber, a transaction is already in process for the current subscriber',
        '[STK_CB - ]Unable to lock subscriber, a transaction is already in process',
    ),
    '1019': ('Transaction has expired', 'Transaction expired'),
    '1025': (
        'An error occurred while sending a push request',
        'Error Occurred while sending a push request',
    ),
    '1031': ('Request cancelled by user',),
    '1032': (
        'Request cancelled by user',
        '[STK_CB - ]Request cancelled by user',
        'Request Cancelled by user.',
    ),
    '1036': ('SMSC ACK timeout.', '[STK_CB - ]SMSC ACK timeout.'),
    '1037': (
        'No response from user.',
        'DS timeout user cannot be reached.',
        '[STK_CB - ]DS timeout user cannot be reached',
    ),
    '2001': (
        'The initiator information is invalid.',
        '[MpesaCB - ]The initiator information is invalid.',
    ),
    '2006': ('Declined due to account rule: The account status does not allow this transaction.',),
    '2008': ('Authentication failed.',),
    '2026': ('Session expired.',),
    '2028': ('The request is not permitted according to product assignment.',),
    '2029': ('Unresolved reason.',),
    '4999': ('The transaction is still under processing',),
    '8006': ('The security credential is locked.',),
    '9999': ('Error sending push request', 'Internal error'),
    'SFC_IC0003': ('The operator does not exist.',),
    'TP40087': ('The initiator information is invalid.',),
}


def texts_of(code):
    """:return: the texts met in the wild for a code, the usual one first"""
    return TEXTS.get(code, ('Request failed',))


def on_the_wire(code):
    """:return: the code as a callback carries it: a number when it is one, else text"""
    return int(code) if code.isascii() and code.isdigit() else code
