"""The `Result` envelope of the APIs that answer later, and its quirks (daraja.md 1.8)."""

import json

from .receipts import date_prefix


# Where Safaricom's own systems take a result, by the kind of question or order.
RESULTS_PATHS = {
    'b2c': '/mpesa/b2cresults/v1/submit', 'reversal': '/mpesa/reversalresults/v1/submit',
}
USUAL_PATH = '/mpesa/abresults/v1/submit'
DESCRIPTIONS = {
    '0': 'The service request is processed successfully.',
    '1': 'The balance is insufficient for the transaction.',
    '2': 'Declined due to limit rule: less than the minimum transaction amount.',
    '3': 'Declined due to limit rule: greater than the maximum transaction amount.',
    '12': 'The CreditParty is in an invalid state.',
    '21': 'The initiator is not allowed to initiate this request',
    '2001': 'The initiator information is invalid.',
    '2033': 'The transaction receipt number does not exist.',
    '2028': 'The request is not permitted according to product assignment.',
    '2040': "Credit Party customer type can't be supported by the service.",
    '8006': 'The security credential is locked.',
    'R000001': 'The transaction has already been reversed.',
    'R000002': 'The OriginalTransactionID is invalid.',
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

    :param order: has kind, conversation_id, originator_conversation_id, receipt, occasion_key
    :param list parameters: (key, value) pairs; a value of ... is left out. Empty on a failure.
    """
    form = world.settings.result_code_form
    host = 'internalsandbox' if world.settings.environment == 'sandbox' else 'internalapi'
    path = RESULTS_PATHS.get(order.kind, USUAL_PATH)
    references = [
        {'Key': 'QueueTimeoutURL', 'Value': f'https://{host}.safaricom.co.ke{path}'}
    ]
    if order.occasion_key:
        references.insert(0, {'Key': order.occasion_key})
    body = {
        'ResultType': code_form('0', form, source),
        'ResultCode': code_form(code, form, source),
        'ResultDesc': DESCRIPTIONS.get(code, 'The service request has failed.'),
        'OriginatorConversationID': order.originator_conversation_id,
        'ConversationID': order.conversation_id,
        # Of what was ordered; of a question and a failure, the date and seven zeros.
        'TransactionID': (
            order.receipt if order.receipt and code == '0'
            else date_prefix(world.clock.eat()) + '0' * 7
        ),
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
