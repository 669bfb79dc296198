"""What stands before every API: paths, verbs, tokens, rates, bodies and a gateway's faults."""

import asyncio
import inspect
import json
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from starlette.responses import JSONResponse, Response

from .errors import (
    ConnectionReset,
    GatewayError,
    Hang,
    html_page,
    refuse_field,
    soap_fault,
    spike_arrest,
    spike_arrest_fault,
)


HANG_SECONDS = 3600


@dataclass(frozen=True)
class Api:
    """One path of Daraja.

    :param str family: whose spelling of "invalid token" it uses, and the product an app must hold
    :param str other_verb: one that is taken like the first
    :param str first_field: the field that is named when the body cannot be read as JSON by its type
    :param callable facts: gives phone, amount, account, shortcode of a body, for the scripts
    """

    name: str
    path: str
    handler: Any
    family: str
    first_field: str = ''
    verb: str = 'POST'
    other_verb: str = ''
    open_to_all: bool = False
    facts: Any = None


@dataclass
class Call:
    """One request on its way through the gateway."""

    world: Any
    api: Api
    request: Any
    raw: bytes
    body: dict | None = None
    script: Any = None
    script_used: bool = False
    app: Any = None
    started: float = field(default_factory=time.perf_counter)

    def use_script(self):
        """:return: the script that fits this request, now counted as used; or None"""
        if self.script is not None and not self.script_used:
            self.script.used += 1
            self.script_used = True
        return self.script


# "Invalid token" is spelt differently by each family (daraja.md 1.7).
INVALID_TOKEN = {
    'stk': (404, '404.001.03', 'Invalid Access Token'),
    'c2b': (400, '400.003.01', 'Invalid Access Token'),
    'status': (400, '400.003.01', 'Invalid Access Token'),
    'b2b': (400, '400.003.01', 'Invalid Access Token'),
    'qr': (400, '400.003.01', 'Invalid Access Token'),
    'reversal': (404, '404.001.03', 'Invalid Access Token'),
    'b2c': (401, '401.002.01', 'Error Occurred - Invalid Access Token - {token}'),
    'balance': (401, '401.002.01', 'Error Occurred - Invalid Access Token - {token}'),
    'pull': (401, '401.001', 'Invalid Access Token'),
}
NO_PRODUCT = (
    401,
    '401.003.01',
    'Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found',
)
# Faults that are only an errorCode.
ERROR_FAULTS = {
    'internal_error': (500, '500.003.1001', 'Internal Server Error'),
    'http_500': (500, '500.003.1001', 'Internal Server Error'),
    'quota': (500, '500.003.03', 'Quota Violation'),
    'busy': (500, '500.003.02', 'System is busy. Please try again in few minutes.'),
    'maintenance': (
        500,
        '500.002.1001',
        'Service is currently under maintenance. Please try again later',
    ),
    'lock_subscriber': (
        500,
        '500.001.1001',
        'Unable to lock subscriber, a transaction is already in process for the current subscriber',
    ),
    'intermittent': (500, '500.001.1001', 'Internal Server Error'),
    'pending': (500, '500.001.1001', 'The transaction is being processed'),
    'aggregator': (
        500,
        '500.003.1001',
        'Duplicate notification info, SP ID is 107031, correlator is 20120231',
    ),
    'conflict_409': (409, '409.001', 'Conflict'),
}


class Gateway:
    """Takes every request for a Daraja path and gives the answer."""

    def __init__(self, world, apis):
        self.world = world
        self.apis = {api.path: api for api in apis}
        self.log = deque(maxlen=20_000)
        self._calls = {}
        self._shapes = cycle((True, False))

    async def answer(self, request):
        """:return: the response, whatever goes wrong"""
        raw = await request.body()
        api = self.apis.get(request.url.path)
        if api is None:
            return GatewayError(404, '404.001.01', 'Resource not found').response(self.world.ids)
        call = Call(self.world, api, request, raw, _lenient_json(raw))
        facts = api.facts(self.world, call.body) if api.facts and call.body is not None else {}
        call.script = self.world.scripts.find(api.name, facts)
        try:
            response = await self._through(call)
        except GatewayError as error:
            response = error.response(self.world.ids)
        self._note(call, response)
        return response

    async def _through(self, call):
        response = self._fault_before(call)
        if response is None:
            self._check_verb(call)
            if not call.api.open_to_all:
                call.app = self._check_token(call)
            response = self._rate_limit(call)
        if response is None:
            if call.api.verb == 'POST':
                self._check_body(call)
            response = call.api.handler(call)
            if inspect.isawaitable(response):
                response = await response
            response = await self._fault_after(call, response)
        return response

    def _check_verb(self, call):
        if call.request.method in (call.api.verb, call.api.other_verb):
            return
        if call.request.method == 'GET':
            # The gateway looks for the header of a POST first.
            raise GatewayError(404, '404.001.04', 'Invalid Authentication Header')
        raise GatewayError(405, '405.001', 'Method Not Allowed')

    def _check_token(self, call):
        scheme, _space, token = call.request.headers.get('authorization', '').partition(' ')
        if scheme.lower() != 'bearer' or not token.strip():
            raise GatewayError(404, '404.001.04', 'Invalid Authentication Header')
        app = call.world.tokens.app_of(token.strip())
        if app is None:
            raise invalid_token(call.api.family, token.strip())
        if app.products is not None and call.api.family not in app.products:
            raise GatewayError(*NO_PRODUCT)
        return app

    def _rate_limit(self, call):
        """Refuse calls above the rate, in both shapes the gateway uses, in turn."""
        settings = self.world.settings
        if not settings.strict_rate_limits:
            return None
        now = self.world.clock.now()
        times = self._calls.setdefault(call.app.consumer_key if call.app else 'oauth', deque())
        while times and times[0] <= now - 1:
            times.popleft()
        if len(times) < settings.rate_per_second:
            times.append(now)
            return None
        if next(self._shapes):
            raise spike_arrest()
        return spike_arrest_fault(settings.rate_per_second)

    def _check_body(self, call):
        kind = call.request.headers.get('content-type', '').partition(';')[0].strip().lower()
        if kind != 'application/json':
            refuse_field(call.api.first_field)
        if call.body is None:
            raise GatewayError(400, '400.002.05', 'Invalid Request Payload')

    def _fault_before(self, call):
        """The scripted fault that keeps the request from being carried out, or None."""
        fault = call.script.fault if call.script else None
        error = (call.script.error if call.script else None) or ERROR_FAULTS.get(fault)
        if error:
            call.use_script()
            raise GatewayError(*error)
        makers = {
            'http_502_html': lambda: html_page(502, 'Bad Gateway'),
            'http_503_html': lambda: html_page(503, 'Service Temporarily Unavailable'),
            'http_504_empty': lambda: Response(status_code=504),
            'http_400_empty': lambda: Response(status_code=400),
            'http_403_html': lambda: html_page(403, 'Forbidden'),
            'hang': lambda: Hang(call.script.seconds or HANG_SECONDS),
            'reset_before': ConnectionReset,
            'spike_arrest_fault': lambda: spike_arrest_fault(self.world.settings.rate_per_second),
            'spike_arrest_fault_500': lambda: spike_arrest_fault(
                self.world.settings.rate_per_second,
                500,
            ),
            'soap_fault': soap_fault,
        }
        if fault in makers:
            call.use_script()
            return makers[fault]()
        if fault == 'spike_arrest':
            call.use_script()
            raise spike_arrest()
        if fault in ('token_revoked', 'invalid_token'):
            call.use_script()
            if fault == 'token_revoked':
                self.world.tokens.revoke()
            raise invalid_token(call.api.family, 'revoked')
        return None

    async def _fault_after(self, call, response):
        """The scripted fault of a request carried out: its answer is late, broken or lost."""
        fault = call.script.fault if call.script else None
        makers = {
            'reset_after_accept': ConnectionReset,
            'half_body': lambda: ConnectionReset(response.body[: len(response.body) // 2]),
            'wrong_json': lambda: html_page(200, 'OK'),
            'http_500_after_accept': lambda: GatewayError(
                *ERROR_FAULTS['internal_error'],
            ).response(self.world.ids),
            'http_504_after_accept': lambda: Response(status_code=504),
            'hang_after_accept': lambda: Hang(call.script.seconds or HANG_SECONDS),
        }
        if fault in makers:
            call.use_script()
            return makers[fault]()
        if fault == 'slow':
            call.use_script()
            await asyncio.sleep(call.script.seconds or 0)
        return response

    def _note(self, call, response):
        body = _lenient_json(getattr(response, 'body', b'')) or {}
        kind = type(response).__name__
        self.log.append({
            'api': call.api.name,
            'method': call.request.method,
            'status': kind.lower() if kind in ('Hang', 'ConnectionReset') else response.status_code,
            'error_code': body.get('errorCode'),
            'error_message': body.get('errorMessage'),
            'at_eat': self.world.clock.stamp(),
            'seconds': round(time.perf_counter() - call.started, 6),
        })


def invalid_token(family, token):
    status, code, message = INVALID_TOKEN.get(family, INVALID_TOKEN['pull'])
    return GatewayError(status, code, message.format(token=token))


def accepted(body):
    return JSONResponse(body, 200)


def _lenient_json(raw):
    """:return: the JSON object in the bytes, or None"""
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
