"""An accepted push: what went over the wire, and the evidence kept of it."""
import json
import time
from email.utils import formatdate

import daraja
import pytest
from daraja.stk_signature import password
from daraja_stand_in import ACCEPTED, CHECKOUT, KEYS, OAUTH, PUSH, answer, client, prompt


def test_push_as_daraja_wants_it(daraja_server):
    daraja_server.on(PUSH, answer(200, ACCEPTED))
    accepted = client(daraja_server).stk_push(prompt(description='Term 2: fees!'))
    assert accepted.checkout_request_id == CHECKOUT
    assert accepted.merchant_request_id == ACCEPTED['MerchantRequestID']
    assert (accepted.response_code, accepted.raw) == ('0', ACCEPTED)

    [asked] = daraja_server.asked(PUSH)
    assert asked['method'] == 'POST'
    assert asked['headers']['Authorization'] == 'Bearer tokentokentokentokentoken000'
    assert asked['headers']['Content-Type'] == 'application/json'
    assert asked['headers']['Connection'] == 'close'
    body = asked['body']
    stamp = body.pop('Timestamp')
    assert body.pop('Password') == password('600111', 'the-pass-key', stamp)
    assert abs((daraja.from_stamp(stamp) - daraja.utc_now()).total_seconds()) < 5
    assert body == {
        'BusinessShortCode': '600111',
        'TransactionType': 'CustomerPayBillOnline',
        'Amount': '12500',
        'PartyA': '254712345678',
        'PartyB': '600111',
        'PhoneNumber': '254712345678',
        'CallBackURL': prompt().callback_url,
        'AccountReference': 'ADM-012',
        'TransactionDesc': 'Term 2 fees',
    }

    [oauth] = daraja_server.asked(OAUTH)
    assert (oauth['method'], oauth['body']) == ('GET', None)
    assert oauth['path'] == f'{OAUTH}?grant_type=client_credentials'
    assert oauth['headers']['Authorization'] == f'Basic {KEYS.basic}'


def test_evidence_is_complete_and_without_secrets(daraja_server):
    echo = {**ACCEPTED, 'echo': 'tokentokentokentokentoken000 the-pass-key'}
    daraja_server.on(PUSH, answer(200, echo, ('Date', 'Mon, 14 Sep 2026 07:15:33 GMT')))
    exchange = client(daraja_server).stk_push(prompt()).exchange
    text = exchange.as_text()
    kept = json.loads(text)
    assert kept['path'] == PUSH
    assert kept['http_status'] == 200
    assert kept['request']['PhoneNumber'] == '254712345678'
    assert kept['request']['Amount'] == '12500'
    assert kept['request']['CallBackURL'] == 'https://school.example/***'
    assert kept['request']['Password'] == '***'
    assert CHECKOUT in kept['answer']
    sent = daraja_server.asked(PUSH)[0]['body']['Password']
    for secret in ('tokentoken', 'the-pass-key', 'consumer', 'abab', 'cdcd', sent):
        assert secret not in text
    assert '712345678' not in repr(exchange)


def test_clock_difference_is_told(daraja_server):
    ahead = formatdate(time.time() + 900, usegmt=True)

    def with_one_date(handler, seen):
        handler.date_time_string = lambda *args: ahead
        handler.reply(200, ACCEPTED)

    daraja_server.on(PUSH, with_one_date)
    exchange = client(daraja_server).stk_push(prompt()).exchange
    assert exchange.clock_offset == pytest.approx(900, abs=3)
