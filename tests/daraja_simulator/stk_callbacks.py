"""Bodies of the STK callback (daraja.md 3.5, 3.6), in the varieties met in the wild."""

import json
import random

from .result_texts import on_the_wire, texts_of


# Python writes 12500.0; the wire also has 12500.00, put in after the JSON was made.
_AMOUNT = '@amount@'


def callback_headers(push):
    return {'BusinessShortCode': push.shortcode}


def failure_body(push, code, seed):
    """:return: the text of a callback without CallbackMetadata; a numeric code is a number"""
    description = random.Random(f'{seed}:{push.number}:text').choice(texts_of(code))  # noqa: S311 - replayable
    return json.dumps({
        'Body': {
            'stkCallback': {
                'MerchantRequestID': push.merchant_request_id,
                'CheckoutRequestID': push.checkout_request_id,
                'ResultCode': on_the_wire(code),
                'ResultDesc': description,
            }
        }
    })


def success_body(push, movement, settings, seed, **forged):
    """The text of a success.

    :param movement: the money that moved
    :param forged: amount, receipt, phone, checkout_request_id that differ from the truth
    """
    source = random.Random(f'{seed}:{push.number}:shape')  # noqa: S311 - replayable
    amount_form = _form(source, settings.stk_amount_form, ('int', 'float', 'decimal'))
    balance_form = _form(source, settings.stk_balance_item, ('empty', 'missing'))
    items = [
        {'Name': 'Amount', 'Value': _AMOUNT},
        {'Name': 'MpesaReceiptNumber', 'Value': forged.get('receipt', movement.receipt)},
        {'Name': 'Balance'},
        {'Name': 'TransactionDate', 'Value': int(movement.at_eat)},
        {'Name': 'PhoneNumber', 'Value': int(forged.get('phone', movement.msisdn))},
    ]
    if balance_form == 'missing':
        del items[2]
    if _form(source, settings.stk_item_order, ('documented', 'shuffled')) == 'shuffled':
        source.shuffle(items)
    text = json.dumps({
        'Body': {
            'stkCallback': {
                'MerchantRequestID': push.merchant_request_id,
                'CheckoutRequestID': forged.get('checkout_request_id', push.checkout_request_id),
                'ResultCode': 0,
                'ResultDesc': texts_of('0')[0],
                'CallbackMetadata': {'Item': items},
            }
        }
    })
    amount = int(forged.get('amount', movement.amount))
    written = {'int': f'{amount}', 'float': f'{amount}.0', 'decimal': f'{amount}.00'}[amount_form]
    return text.replace(f'"{_AMOUNT}"', written)


def _form(source, setting, forms):
    # Drawn in any case, so that fixing one setting does not change the series of the others.
    drawn = source.choice(forms)
    return drawn if setting == 'varied' else setting
