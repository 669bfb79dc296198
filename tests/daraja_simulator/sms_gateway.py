"""Africa's Talking's SMS API, as a stand-in of its own beside Daraja's: nothing of M-PESA in it.

Same path, header, form fields, answers and status codes, and delivery reports posted as form fields
to an address that is set here as on the gateway's own pages.
"""

import asyncio
import re
from dataclasses import asdict, dataclass, field
from urllib.parse import parse_qsl

import requests
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from .errors import ConnectionReset


PATH = '/version1/messaging'
USERNAME = 'sandbox'
API_KEY = 'atsk_simulator'
COST = 'KES 0.8000'
E164 = re.compile(r'\+[1-9][0-9]{7,14}')
STATUSES = {
    100: 'Processed', 101: 'Success', 102: 'Queued', 401: 'RiskHold', 402: 'InvalidSenderId',
    403: 'InvalidPhoneNumber', 404: 'UnsupportedNumberType', 405: 'InsufficientBalance',
    406: 'UserInBlacklist', 407: 'CouldNotRoute', 409: 'DoNotDisturbRejection',
    500: 'InternalServerError', 501: 'GatewayError', 502: 'RejectedByGateway',
}
# `up`; `down`: HTTP 503, nothing is carried out; `reset`: broken off before, `reset_after`: after
# it was carried out; `slow`: carried out, answered after `seconds`; `hang`: answered after
# `seconds`, not carried out; `html`: another page in the way; `refuse`: every message, with `code`.
MODES = ('up', 'down', 'reset', 'reset_after', 'slow', 'hang', 'html', 'refuse')


@dataclass
class SmsSettings:
    mode: str = 'up'
    seconds: float = 15.0
    code: int = 405
    # The answer of single numbers, by number in E.164 form.
    numbers: dict = field(default_factory=dict)
    senders: list = field(default_factory=list)  # Empty: any sender is registered.
    credit: float | None = None  # KES; None: never out.
    report_url: str = ''
    report_delay: float = 0.3
    hold_reports: bool = False
    report: str = 'Success'
    failure_reason: str = ''


class SmsGateway:
    """Messages taken, and the reports of their delivery.

    :param world: the simulator's world; a reset makes a new gateway with it
    """

    def __init__(self, world):
        self.world = world
        self.settings = SmsSettings()
        self.messages = []
        self.reports = []
        self.calls = 0
        self._tasks = set()

    def close(self):
        for task in self._tasks:
            task.cancel()

    def change(self, **values):
        """Set several switches, or none of them when one is wrong.

        :raise ValueError: an unknown name or mode
        """
        wrong = set(values) - set(asdict(self.settings))
        if wrong:
            raise ValueError(f'there is no setting {sorted(wrong)[0]}')
        if values.get('mode', 'up') not in MODES:
            raise ValueError(f'mode is one of {MODES}')
        for name, value in values.items():
            setattr(self.settings, name, value)

    async def answer(self, request):
        """One call of the API."""
        self.calls += 1
        settings = self.settings
        if settings.mode == 'reset':
            return ConnectionReset()
        if settings.mode == 'down':
            return PlainTextResponse('Service Unavailable', 503)
        if settings.mode == 'html':
            return PlainTextResponse('<html>Welcome</html>', 200, media_type='text/html')
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        if request.headers.get('apikey') != API_KEY or form.get('username') != USERNAME:
            return PlainTextResponse('The supplied authentication is invalid', 401)
        if not form.get('to') or not form.get('message'):
            return PlainTextResponse('Bad Request', 400)
        if settings.mode == 'hang':
            await asyncio.sleep(settings.seconds)
            return PlainTextResponse('', 504)
        answer = self._take(form)
        if settings.mode == 'reset_after':
            return ConnectionReset()
        if settings.mode == 'slow':
            await asyncio.sleep(settings.seconds)
        return JSONResponse(answer, 201)

    def _take(self, form):
        sender = form.get('from', '')
        if self.settings.senders and sender and sender not in self.settings.senders:
            return {'SMSMessageData': {'Message': 'InvalidSenderId', 'Recipients': []}}
        recipients = [self._take_one(number, form) for number in form['to'].split(',')]
        taken = sum(row['statusCode'] in {100, 101, 102} for row in recipients)
        cost = f'KES {0.8 * taken:.4f}'
        return {'SMSMessageData': {
            'Message': f'Sent to {taken}/{len(recipients)} Total Cost: {cost}',
            'Recipients': recipients,
        }}

    def _take_one(self, number, form):
        settings = self.settings
        code = settings.numbers.get(number)
        if code is None:
            code = settings.code if settings.mode == 'refuse' else 101
        if not E164.fullmatch(number):
            code = 403
        elif code == 101 and settings.credit is not None:
            if settings.credit < 0.8:
                code = 405
            else:
                settings.credit -= 0.8
        taken = code in {100, 101, 102}
        row = {
            'statusCode': code, 'number': number, 'status': STATUSES[code],
            'cost': COST if taken else '0',
            'messageId': f'ATXid_{self.world.ids.sms_id()}' if taken else 'None',
        }
        if taken:
            self.messages.append({
                'id': row['messageId'], 'number': number, 'text': form['message'],
                'sender': form.get('from', ''), 'at_eat': str(self.world.clock.eat())[:19],
            })
            self._report({
                'id': row['messageId'], 'status': settings.report, 'phoneNumber': number,
                'networkCode': '63902', 'retryCount': '0',
                **({'failureReason': settings.failure_reason} if settings.failure_reason else {}),
            })
        return row

    def _report(self, report):
        entry = {'body': report, 'state': 'held', 'status': None}
        self.reports.append(entry)
        if self.settings.hold_reports or not self.settings.report_url:
            return
        entry['state'] = 'scheduled'
        task = asyncio.get_running_loop().create_task(self._deliver(entry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, entry):
        await asyncio.sleep(self.settings.report_delay)
        entry['status'] = await asyncio.to_thread(_post, self.settings.report_url, entry['body'])
        entry['state'] = 'delivered' if entry['status'] else 'failed'


def _post(url, fields):
    """:return: the status of the answer, None when there was none"""
    try:
        return requests.post(url, data=fields, timeout=10).status_code
    except requests.RequestException:
        return None


def routes(simulator):
    """:return: the one path of the API"""

    async def messaging(request):
        return await simulator.world.sms.answer(request)

    return [Route(PATH, messaging, methods=['POST'])]
