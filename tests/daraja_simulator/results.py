"""The `Result` envelope of the APIs that answer later, and its quirks (daraja.md 1.8)."""

import json

from .receipts import date_prefix


RESULTS_PATH = '/mpesa/abresults/v1/submit'
DESCRIPTIONS = {
    '0': 'The service request is processed successfully.',
    '21': 'The initiator is not allowed to initiate this request',
    '2001': 'The initiator information is invalid.',
    '2033': 'The transaction receipt number does not exist.',
    '8006': 'The security credential is locked.',
    'SFC_IC0003': 'The operator does not exist.',
}


def code_form(code, form, source):
    """ResultCode or ResultType on the wire: a number in some APIs, a text in others.

    :param form: varied, number or text
    """
    drawn = source.choice(('number', 'text'))
    form = drawn if form == 'varied' else form
    return int(code) if form == 'number' and code.isdigit() else code


def envelope(world, order, code, parameters, source):
    """:return: the body as text

    :param order: has conversation_id, originator_conversation_id, occasion_key
    :param list parameters: (key, value) pairs; a value of ... is left out. Empty on a failure.
    """
    form = world.settings.result_code_form
    host = 'internalsandbox' if world.settings.environment == 'sandbox' else 'internalapi'
    references = [
        {'Key': 'QueueTimeoutURL', 'Value': f'https://{host}.safaricom.co.ke{RESULTS_PATH}'}
    ]
    if order.occasion_key:
        references.insert(0, {'Key': order.occasion_key})
    body = {
        'ResultType': code_form('0', form, source),
        'ResultCode': code_form(code, form, source),
        'ResultDesc': DESCRIPTIONS.get(code, 'The service request has failed.'),
        'OriginatorConversationID': order.originator_conversation_id,
        'ConversationID': order.conversation_id,
        # Of the question itself, which moves nothing: the date and seven zeros.
        'TransactionID': date_prefix(world.clock.eat()) + '0' * 7,
    }
    if parameters:
        rows = [
            {'Key': key} if value is ... else {'Key': key, 'Value': value}
            for key, value in parameters
        ]
        body['ResultParameters'] = {'ResultParameter': rows if len(rows) > 1 else rows[0]}
    # One item is an object, several are a list.
    body['ReferenceData'] = {'ReferenceItem': references if len(references) > 1 else references[0]}
    return json.dumps({'Result': body})
