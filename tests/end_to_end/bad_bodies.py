"""Bodies that no honest Safaricom sends: the classes of bad input, each with a name."""
import gzip
import json


C2B = {
    'TransactionType': 'Pay Bill', 'TransID': 'UZZ1BADBAD', 'TransTime': '20260914101533',
    'TransAmount': '700.00', 'BusinessShortCode': '600111', 'BillRefNumber': 'NOBODY-9',
    'InvoiceNumber': '', 'OrgAccountBalance': '1.00', 'ThirdPartyTransID': '',
    'MSISDN': '254733000777', 'FirstName': 'Wanja',
}
STK = {
    'MerchantRequestID': '29115-34620561-1', 'CheckoutRequestID': 'ws_CO_191220191020363925',
    'ResultCode': 0, 'ResultDesc': 'The service request is processed successfully.',
    'CallbackMetadata': {'Item': [
        {'Name': 'Amount', 'Value': 700.0}, {'Name': 'MpesaReceiptNumber', 'Value': 'UZZ1BADBAD'},
        {'Name': 'TransactionDate', 'Value': 20260914101533},
        {'Name': 'PhoneNumber', 'Value': 254733000777},
    ]},
}


def c2b(**changes):
    """ A paybill confirmation with some values changed; None takes a key out. """
    body = {**C2B, **changes}
    return json.dumps({key: value for key, value in body.items() if value is not None}).encode()


def stk(**changes):
    """ A prompt's result with some values changed. """
    return json.dumps({'Body': {'stkCallback': {**STK, **changes}}}).encode()


def raw_amount(text):
    """ A confirmation whose amount is not quoted, as text that JSON may not know. """
    return c2b().replace(b'"700.00"', text.encode())


def item(name, value):
    """ A prompt's result with one item of another value. """
    items = [
        entry if entry['Name'] != name else {'Name': name, 'Value': value}
        for entry in STK['CallbackMetadata']['Item']
    ]
    return stk(CallbackMetadata={'Item': items})


# None of these can be booked, whatever address it is sent to.
BODIES = {
    # Bytes and framing
    'empty': b'',
    'blank': b' \r\n\t ',
    'NUL': b'\x00',
    'bytes that are no text': bytes(range(256)),
    'byte order mark alone': b'\xef\xbb\xbf',
    'UTF-16': c2b(TransAmount='0').decode().encode('utf-16'),
    'Latin-1': c2b(FirstName='Zo\u00eb').replace(b'\\u00eb', b'\xeb'),
    'truncated': c2b()[:-20],
    'two documents': c2b() + c2b(),
    'trailing words': c2b() + b' and more',
    'gzip': gzip.compress(c2b()),
    'form': b'TransID=UZZ1BADBAD&TransAmount=700&BusinessShortCode=600111',
    'multipart': b'--x\r\nContent-Disposition: form-data; name="TransID"\r\n\r\nU\r\n--x--\r\n',
    'XML': b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    'HTML': b'<html><script>alert(1)</script></html>',
    # Shape of JSON
    'null': b'null', 'true': b'true', 'number': b'12', 'text': b'"UZZ1BADBAD"', 'list': b'[]',
    'empty object': b'{}',
    'list of confirmations': b'[' + c2b() + b']',
    'body is null': b'{"Body": null}',
    'body is a list': b'{"Body": [{"stkCallback": {}}]}',
    'no callback': b'{"Body": {}}',
    'metadata is null': stk(CallbackMetadata=None),
    'items are an object': stk(CallbackMetadata={'Item': {'Name': 'Amount'}}),
    'result code is a list': stk(ResultCode=[0]),
    'duplicate keys': b'{"TransID": "UZZ1BADBAD", "TransID": "UZZ2BADBAD", "TransAmount": "1"}',
    'very deep': b'[' * 30_000 + b']' * 30_000,
    'deep objects': b'{"a":' * 9_000 + b'1' + b'}' * 9_000,
    'very wide': json.dumps({f'k{n}': n for n in range(3_000)}).encode(),
    'keys in other case': c2b().lower(),
    # Numbers
    'not a number': raw_amount('NaN'), 'infinity': raw_amount('-Infinity'),
    'beyond floats': raw_amount('1e400'), 'thousands of digits': raw_amount('9' * 9_000),
    'negative': c2b(TransAmount='-700.00'), 'zero': c2b(TransAmount='0'),
    'separators': c2b(TransAmount='7,00.00'), 'fractions of cents': c2b(TransAmount='0.0001'),
    'boolean amount': c2b(TransAmount=True), 'other digits': c2b(TransAmount='\u0667\u0660\u0660'),
    'too much money': c2b(TransAmount='99999999999999'), 'amount missing': c2b(TransAmount=None),
    'amount of a prompt is text': item('Amount', 'seven hundred'),
    # Text, ids, times
    'no code': c2b(TransID=None), 'empty code': c2b(TransID=''), 'code is a number': c2b(TransID=7),
    'code too long': c2b(TransID='U' * 300), 'hostile code': c2b(TransID="U'; DROP TABLE x;--"),
    'NUL in the code': c2b(TransID='UZZ1\x00BAD'),
    'lone surrogate': c2b().replace(b'UZZ1BADBAD', b'\\ud800BADBAD'),
    'prompt with a hostile code': item('MpesaReceiptNumber', '=HYPERLINK("http://x")'),
}
