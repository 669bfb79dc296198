"""No exception, log line or repr repeats a secret or a phone number."""
import logging

import daraja
import pytest
from daraja_stand_in import CHECKOUT, KEYS, PUSH, SECRETS, client, daraja_error, html, prompt, reset


def test_words_of_failures_hold_no_secret(daraja_server, caplog):
    caplog.set_level(logging.DEBUG)
    token = 'tokentokentokentokentoken001'
    steps = [
        daraja_error(401, '401.002.01', f'Error Occurred - Invalid Access Token - {token}'),
        daraja_error(400, '400.002.02', 'Bad Request - Invalid 254712345678 or 0712 345 678'),
        daraja_error(400, '254712345678 the-pass-key', 'x'),
        html(502),
        reset,
    ]
    for step in steps:
        daraja_server.on(PUSH, step)
        with pytest.raises(daraja.DarajaError) as info:
            client(daraja_server).stk_push(prompt())
        error = info.value
        words = [str(error), repr(error), error.wire_message, error.code, str(error.field)]
        context = error
        while context := context.__context__:
            words += [str(context), repr(context)]
        for secret in (*SECRETS, '712345678', '345 678'):
            assert all(secret not in word for word in words)
    for secret in (*SECRETS, '712345678'):
        assert secret not in caplog.text


def test_repr_hides():
    query = daraja.StkQuery('600111', 'the-pass-key', CHECKOUT)
    for value in (KEYS, prompt(), query, daraja.Token('tokentoken', 0, 1, 2)):
        for secret in (*SECRETS, CHECKOUT, 'abab'):
            assert secret not in repr(value)
