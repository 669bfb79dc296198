"""The control interface, ``/control/<action>``: JSON in, JSON out, clearly outside Daraja's paths.

Every action takes its arguments as one JSON object. README.md describes them; SimulatorControl
wraps them.
"""

import asyncio
import base64
import inspect
import json
import secrets
from dataclasses import asdict

from starlette.responses import JSONResponse
from starlette.routing import Route

from . import organisation
from .clock import parse_eat
from .forged import as_bytes, forged_stk
from .oauth import ConsumerApp
from .operators import certificate
from .paybill import PaymentRefused, pay_bill
from .pushes import PromptClosed
from .scripts import ScriptError
from .settings import SettingError
from .statement import statement
from .statement_file import make_file
from .transfer import transfer
from .wallets import UnknownParty


WALLET_CHANGES = ('name', 'pin', 'active', 'wrong_pins')
SHORTCODE_CHANGES = (
    'passkey',
    'name',
    'kind',
    'till_number',
    'confirmation_url',
    'validation_url',
    'validation_on',
    'response_type',
    'c2b_version',
    'pull_registered',
    'pays_out',
)
# What a mistaken caller is told with HTTP 400; anything else is a fault of the simulator.
MISTAKES = (ScriptError, SettingError, PaymentRefused, KeyError, ValueError, TypeError)


class ControlApi:
    """One method per action; each takes keyword arguments and returns what JSON can carry."""

    def __init__(self, simulator):
        self.simulator = simulator

    @property
    def world(self):
        return self.simulator.world

    # The simulator as a whole

    def health(self):
        return {'status': 'ok', 'seed': self.world.seed}

    def reset(self, seed=None):
        self.simulator.reset(seed)
        return self.health()

    def settings(self):
        return self.world.settings.as_dict()

    def set(self, **values):
        self.world.settings.change(**values)
        return self.settings()

    def clock(self):
        clock = self.world.clock
        return {'epoch': clock.now(), 'eat': str(clock.eat())[:19], 'speed': clock.speed}

    def set_clock(self, eat=None, speed=None):
        self.world.clock.set(parse_eat(eat) if eat else None, speed)
        self.world.scheduler.wake()
        return self.clock()

    async def advance(self, seconds):
        await self.world.scheduler.advance(float(seconds))
        return self.clock()

    def busy(self):
        return {'busy': self.world.scheduler.busy()}

    def daraja_requests(self, api=None):
        return [row for row in self.world.gateway.log if api in (None, row['api'])]

    # Apps, shortcodes, wallets

    def apps(self):
        return [app.as_dict() for app in self.world.apps.values()]

    def add_app(self, consumer_key=None, consumer_secret=None, products=None, shortcodes=None):
        app = ConsumerApp(
            consumer_key or secrets.token_hex(24),
            consumer_secret or secrets.token_hex(32),
            products,
            shortcodes,
        )
        self.world.apps[app.consumer_key] = app
        return app.as_dict()

    def set_app(self, consumer_key, **changes):
        app = self.world.apps[consumer_key]
        _change(app, changes, ('consumer_secret', 'products', 'shortcodes'))
        return app.as_dict()

    def revoke_tokens(self, consumer_key=None):
        return {'revoked': self.world.tokens.revoke(consumer_key)}

    def shortcodes(self):
        return [code.as_dict() for code in self.world.bank.shortcodes.values()]

    def shortcode(self, number):
        return self.world.bank.shortcodes[str(number)].as_dict()

    def add_shortcode(self, number, passkey=None, name=None, balance='0', **facts):
        _known(facts, SHORTCODE_CHANGES)
        return self.world.bank.add_shortcode(
            str(number),
            passkey or secrets.token_hex(32),
            name or f'Organisation {number}',
            balance,
            **facts,
        ).as_dict()

    def set_shortcode(self, number, **changes):
        code = self.world.bank.shortcodes[str(number)]
        if 'balance' in changes:
            self.world.bank.set_balance(code, changes.pop('balance'))
        _change(code, changes, SHORTCODE_CHANGES)
        return code.as_dict()

    def wallets(self):
        return [wallet.as_dict() for wallet in self.world.bank.wallets.values()]

    def wallet(self, msisdn):
        wallet = self.world.bank.wallet(msisdn)
        if wallet is None:
            raise UnknownParty(msisdn)
        return wallet.as_dict()

    def add_wallet(self, msisdn, name=None, pin='1234', balance='1000000', active=True):
        return self.world.bank.add_wallet(msisdn, name, pin, balance, active).as_dict()

    def set_wallet(self, msisdn, **changes):
        wallet = self.world.bank.wallets[msisdn]
        if 'balance' in changes:
            self.world.bank.set_balance(wallet, changes.pop('balance'))
        _change(wallet, changes, WALLET_CHANGES)
        return wallet.as_dict()

    def certificate(self):
        return {'pem': certificate()}

    def operators(self):
        return [operator.as_dict() for operator in self.world.operators.every()]

    def add_operator(self, shortcode, name, password, may=None):
        return self.world.operators.add(str(shortcode), name, password, may).as_dict()

    def set_operator(self, shortcode, name, **changes):
        operator = self.world.operators.get(str(shortcode), name)
        _change(operator, changes, ('password', 'may', 'wrong_passwords'))
        return operator.as_dict()

    # Scenarios and prompts

    def script(self, **values):
        return self.world.scripts.add(**values).as_dict()

    def scripts(self):
        return [script.as_dict() for script in self.world.scripts.scripts]

    def clear_scripts(self):
        self.world.scripts.clear()
        return []

    def prompts(self, msisdn=None, open_only=True):
        return [
            push.as_dict()
            for push in self.world.pushes.all.values()
            if msisdn in (None, push.phone) and (push.on_phone or not open_only)
        ]

    def answer(self, prompt, action='pin', pin=None):
        push = self._push(prompt)
        self.world.pushes.answer(push, action, pin)
        return push.as_dict()

    def push(self, checkout_request_id):
        return self.world.pushes.all[checkout_request_id].as_dict()

    def pushes(self):
        return [push.as_dict() for push in self.world.pushes.all.values()]

    # Money

    def movements(self, shortcode=None, msisdn=None):
        return [
            move.as_dict()
            for move in self.world.bank.ledger
            if shortcode in (None, move.shortcode) and msisdn in (None, move.msisdn)
        ]

    async def pay_bill(self, msisdn, shortcode, account, amount, kind=None):
        paid = await pay_bill(self.world, msisdn, str(shortcode), account, amount, kind=kind)
        return paid.as_dict()

    def transfer(self, shortcode, account, amount, payer='bank', code=None, name=None):
        paid = transfer(self.world, str(shortcode), account, amount, payer, code, name)
        return paid.as_dict()

    def events(self, shortcode=None):
        return [
            event.as_dict()
            for event in self.world.bank.events
            if shortcode in (None, event.shortcode)
        ]

    def charge(self, receipt, amount):
        return organisation.charge(self.world.bank, receipt, amount).as_dict()

    def reverse(self, receipt, amount=None):
        return organisation.reverse(self.world.bank, receipt, amount).as_dict()

    def sweep(self, shortcode, amount=None, onward=True):
        events = organisation.sweep(self.world.bank, str(shortcode), amount, onward)
        return [event.as_dict() for event in events]

    def withdraw(self, shortcode, amount=None):
        return organisation.withdraw(self.world.bank, str(shortcode), amount).as_dict()

    def accounts(self, shortcode):
        return self.world.bank.shortcodes[str(shortcode)].accounts()

    def statement_rows(self, shortcode, start=None, end=None, scope='utility'):
        facts, rows = statement(self.world, str(shortcode), start, end, scope)
        return {'facts': facts, 'rows': rows}

    def statement(
        self, shortcode, start=None, end=None, scope=None, template='A', form='csv', **options
    ):
        scope = scope or ('all' if template == 'B' else 'utility')
        facts, rows = statement(self.world, str(shortcode), start, end, scope)
        name, content = make_file(facts, rows, template, form, **options)
        return {'name': name, 'content': base64.b64encode(content).decode()}

    def conservation(self):
        return self.world.bank.conservation()

    # The SMS gateway beside Daraja

    def set_sms(self, **values):
        self.world.sms.change(**values)
        return self.sms()

    def sms(self):
        gateway = self.world.sms
        return {'settings': asdict(gateway.settings), 'calls': gateway.calls}

    def sms_messages(self, number=None):
        return [row for row in self.world.sms.messages if number in (None, row['number'])]

    def sms_reports(self):
        return self.world.sms.reports

    # Deliveries

    def deliveries(self, **wanted):
        _known(wanted, ('id', 'kind', 'checkout_request_id', 'receipt', 'state'))
        wanted = {name: value for name, value in wanted.items() if value is not None}
        return [
            delivery.as_dict()
            for delivery in self.world.deliveries.all.values()
            if all(getattr(delivery, name) == value for name, value in wanted.items())
        ]

    async def resend(self, delivery_id, copies=1, concurrent=False):
        delivery = self.world.deliveries.all[delivery_id]
        return await self.world.deliveries.send_now(delivery, copies, concurrent)

    async def send_held(self):
        deliveries = self.world.deliveries
        held = [delivery for delivery in deliveries.all.values() if delivery.state == 'held']
        return [attempt for delivery in held for attempt in await deliveries.send_now(delivery)]

    async def forge(self, url, body, headers=None, copies=1, concurrent=False, source_address=None):
        deliveries, raw = self.world.deliveries, as_bytes(body)
        headers = {'Content-Type': 'application/json;charset=UTF-8', **(headers or {})}
        if concurrent:
            posts = (deliveries.post(url, raw, headers, source_address) for _copy in range(copies))
            return await asyncio.gather(*posts)
        return [await deliveries.post(url, raw, headers, source_address) for _copy in range(copies)]

    def forged_stk(self, checkout_request_id, change='amount', value=None):
        return forged_stk(self.world, self.world.pushes.all[checkout_request_id], change, value)

    def _push(self, prompt):
        """:param prompt: a CheckoutRequestID, or an MSISDN with an open prompt"""
        if prompt in self.world.pushes.all:
            return self.world.pushes.all[prompt]
        waiting = [push for push in self.world.pushes.open_on(prompt) if push.on_phone]
        if not waiting:
            raise PromptClosed(prompt)
        return waiting[-1]


def routes(simulator):
    """:return: the routes under ``/control``"""
    api = ControlApi(simulator)

    async def act(request):
        name = request.path_params['action']
        action = None if name.startswith('_') or name == 'world' else getattr(api, name, None)
        if action is None:
            return JSONResponse({'error': f'there is no action {name}'}, 404)
        raw = await request.body()
        try:
            arguments = json.loads(raw) if raw else dict(request.query_params)
            result = action(**arguments)
            if inspect.isawaitable(result):
                result = await result
        except MISTAKES as mistake:
            return JSONResponse({'error': f'{type(mistake).__name__}: {mistake}'}, 400)
        return JSONResponse(result)

    return [Route('/{action}', act, methods=['GET', 'POST'])]


def _known(values, names):
    unknown = set(values) - set(names)
    if unknown:
        raise ValueError(f'unknown: {sorted(unknown)}')


def _change(record, changes, names):
    _known(changes, names)
    for name, value in changes.items():
        setattr(record, name, value)
