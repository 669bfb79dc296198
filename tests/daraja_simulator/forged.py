"""Callbacks that Safaricom never sent, for security tests: right in shape, false in content."""

import json
from dataclasses import replace
from decimal import Decimal

from .stk_callbacks import callback_headers, failure_body, success_body


def forged_stk(world, push, change, value=None):
    """Build a forged STK callback about a known push.

    :param str change: amount, receipt, phone, unknown_id, success or failure
    :param value: the false value; a fitting one is invented when left out
    :return: dict of url, headers and body, not sent
    """
    if change == 'failure':
        body = failure_body(push, str(value or '1032'), world.seed)
    else:
        movement = push.movement or _invented(world, push)
        body = success_body(
            push,
            movement,
            world.settings,
            world.seed,
            **_lies(world, push, movement, change, value),
        )
    return {
        'url': push.callback_url,
        'body': body,
        'headers': {'Content-Type': 'application/json;charset=UTF-8', **callback_headers(push)},
    }


def as_bytes(body):
    """:param body: dict or text; :return: the bytes to send"""
    if isinstance(body, str):
        return body.encode()
    return json.dumps(body).encode()


def _lies(world, push, movement, change, value):
    if change == 'success':
        return {}
    made = {
        'amount': lambda: movement.amount + 1,
        'receipt': lambda: movement.receipt[:3] + 'FORGED0',
        'phone': lambda: '254700000000',
        'unknown_id': lambda: world.ids.checkout_request_id(push.phone),
    }
    if change not in made:
        raise ValueError(f'change is one of {(*made, "success", "failure")}')
    name = 'checkout_request_id' if change == 'unknown_id' else change
    return {name: made[change]() if value is None else value}


def _invented(world, push):
    """:return: a movement that never was, of an unpaid push; nothing moves"""
    bank = world.bank
    planned = bank.plan(
        bank.wallet(push.msisdn),
        bank.shortcodes[push.shortcode],
        Decimal(push.amount),
        push.account,
    )
    return replace(planned, checkout_request_id=push.checkout_request_id)
