"""Questions and orders that are answered later: who asks, what is answered at once, the result."""
import json

import daraja
from daraja_simulator.operators import certificate


INITIATOR = daraja.Initiator('feesapi', 'the-password', certificate())
ACKNOWLEDGED = {
    'OriginatorConversationID': '4ab1-47c9-9d02-5c0d7e11aa9b1200345',
    'ConversationID': 'AG_20260914_2010aa11bb22cc33dd44', 'ResponseCode': '0',
    'ResponseDescription': 'Accept the service request successfully',
}
URLS = {
    'result_url': 'https://school.example/collect/ab/result',
    'timeout_url': 'https://school.example/collect/ab/timeout',
}
WIRE_URLS = {
    'ResultURL': 'https://school.example/collect/ab/result',
    'QueueTimeOutURL': 'https://school.example/collect/ab/timeout',
}


def result_body(code=0, parameters=(), **values):
    """A result as it is posted; a parameter's value of None is left out."""
    rows = [
        {'Key': key} if value is None else {'Key': key, 'Value': value}
        for key, value in parameters
    ]
    return json.dumps({'Result': {
        'ResultType': 0, 'ResultCode': code, 'ResultDesc': 'words', 'ConversationID': 'AG_2',
        'OriginatorConversationID': 'x-2', 'TransactionID': 'UIE0000000',
        **({'ResultParameters': {'ResultParameter': rows}} if rows else {}),
        'ReferenceData': {'ReferenceItem': {'Key': 'Occasion'}}, **values,
    }}).encode()


def result(code=0, parameters=(), **values):
    return daraja.parse_result(result_body(code, parameters, **values))


def assert_silent(*shown):
    """No word of these holds the password, what was made of it, or our addresses."""
    for text in shown:
        for secret in ('the-password', INITIATOR.credential, '/collect/ab'):
            assert secret not in text
