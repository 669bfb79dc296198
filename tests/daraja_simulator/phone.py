"""The virtual phone in the browser: prompts, PIN, M-PESA messages and the balance."""

from datetime import datetime
from pathlib import Path

from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from .paybill import PaymentRefused, pay_bill
from .result_texts import texts_of


PAGES = Path(__file__).parent / 'pages'
MESSAGES_SHOWN = 20
# What the handset says; callbacks carry the core's own words instead.
FAILURES = {
    '1': 'Failed. You have insufficient funds in your M-PESA account.',
    '4': 'Failed. You have reached your M-PESA limit for today.',
    '11': 'Failed. Your M-PESA account is not active.',
    '17': 'Failed. You made the same payment less than two minutes ago.',
    '1032': 'You cancelled the payment request. No money was taken.',
    '1037': 'The payment request ran out of time. No money was taken.',
    '2001': 'Failed. You entered a wrong M-PESA PIN.',
    '8006': 'Your M-PESA PIN is locked after three wrong entries.',
    'C2B00015': 'Failed. There is no such business number.',
}


class Phones:
    """What the pages ask for; the pages themselves are static files."""

    def __init__(self, simulator):
        self.simulator = simulator

    async def index(self, request):
        return FileResponse(PAGES / 'phones.html')

    async def page(self, request):
        return FileResponse(PAGES / 'phone.html')

    async def all(self, request):
        """The phones known, those with an open prompt first."""
        world = self.simulator.world
        phones = {}
        for msisdn, wallet in world.bank.wallets.items():
            if wallet.is_organisation:
                continue
            phones[msisdn] = {'msisdn': msisdn, 'name': wallet.name, 'prompts': 0}
        for message in world.sms.messages:
            number = message['number'].lstrip('+')
            phones.setdefault(number, {'msisdn': number, 'name': '', 'prompts': 0})
        for push in world.pushes.all.values():
            row = phones.setdefault(push.phone, {'msisdn': push.phone, 'name': '', 'prompts': 0})
            row['prompts'] += push.on_phone
        return JSONResponse(
            sorted(phones.values(), key=lambda row: (-row['prompts'], row['msisdn']))
        )

    async def state(self, request):
        """Everything one phone shows."""
        world, msisdn = self.simulator.world, request.path_params['msisdn']
        wallet = world.bank.wallet(msisdn)
        prompts = [push for push in world.pushes.open_on(msisdn) if push.on_phone]
        return JSONResponse({
            'msisdn': msisdn,
            'name': wallet.name if wallet else '',
            'balance': f'{wallet.balance:,.2f}' if wallet else None,
            'prompt': {'id': prompts[-1].checkout_request_id, 'text': prompts[-1].text}
            if prompts
            else None,
            'messages': _messages(world, msisdn),
            'sms': _sms(world, msisdn),
        })

    async def answer(self, request):
        """OK with a PIN, or Cancel."""
        asked, world = await request.json(), self.simulator.world
        push = world.pushes.all.get(asked.get('id'))
        if push is None or push.phone != request.path_params['msisdn'] or not push.on_phone:
            return JSONResponse({'error': 'This request is no longer open.'})
        action = 'cancel' if asked.get('action') == 'cancel' else 'pin'
        world.pushes.answer(push, action, asked.get('pin'))
        return JSONResponse({'result_code': push.result_code})

    async def pay(self, request):
        """Lipa na M-PESA > Pay Bill, typed by hand."""
        asked = await request.json()
        try:
            movement = await pay_bill(
                self.simulator.world,
                request.path_params['msisdn'],
                str(asked.get('shortcode', '')),
                str(asked.get('account', '')),
                str(asked.get('amount', '')) or '0',
                asked.get('pin', ''),
            )
        except (PaymentRefused, ArithmeticError) as refusal:
            return JSONResponse({'error': _reason(refusal)})
        return JSONResponse({'receipt': movement.receipt})


def routes(simulator):
    phones = Phones(simulator)
    return [
        Route('/phone', phones.index),
        Route('/phones', phones.all),
        Mount('/phone/files', StaticFiles(directory=PAGES)),
        Route('/phone/{msisdn:int}', phones.page),
        Route('/phone/{msisdn}/state', phones.state),
        Route('/phone/{msisdn}/answer', phones.answer, methods=['POST']),
        Route('/phone/{msisdn}/pay', phones.pay, methods=['POST']),
    ]


def _sms(world, msisdn):
    """:return: what the SMS gateway delivered to this phone, newest first"""
    return [
        {'at': message['at_eat'], 'sender': message['sender'] or 'SMS', 'text': message['text']}
        for message in reversed(world.sms.messages) if message['number'] == f'+{msisdn}'
    ][:MESSAGES_SHOWN]


def _messages(world, msisdn):
    """:return: the SMS of this phone, newest first"""
    paid = [(move.at_eat, _paid_text(world, move)) for move in world.bank.by_phone.get(msisdn, ())]
    failed = [
        (push.final_at_eat, _failure_text(push.result_code))
        for push in world.pushes.all.values()
        if push.phone == msisdn and push.state == 'final' and push.movement is None
    ]
    ordered = sorted(paid + failed, key=lambda message: message[0], reverse=True)
    return [{'at': at, 'text': text} for at, text in ordered[:MESSAGES_SHOWN]]


def _paid_text(world, move):
    at = datetime.strptime(move.at_eat, '%Y%m%d%H%M%S')
    account = f' for account {move.account}' if move.account else ''
    hour = at.hour % 12 or 12
    name = world.bank.shortcodes[move.shortcode].name
    return (
        f'{move.receipt} Confirmed. KES {move.amount:,.2f} sent to {name}{account} '
        f'on {at.day}/{at.month}/{at:%y} at {hour}:{at:%M %p}. '
        f'New M-PESA balance is KES {move.wallet_after:,.2f}. Transaction cost, KES 0.00.'
    )


def _failure_text(code):
    return FAILURES.get(code) or f'Failed. {texts_of(code)[0]}'


def _reason(refusal):
    code = getattr(refusal, 'code', None)
    if code is None:
        return 'Failed. Enter a whole amount.'
    if code.startswith('C2B') and code not in FAILURES:
        return 'Failed. The organisation did not take the payment.'
    return _failure_text(code)
