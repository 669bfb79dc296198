"""A client of the control interface, used by the tests and by ``make run``."""

import base64
import time
from decimal import Decimal

import requests


POLL_SECONDS = 0.005
FINISHED = ('delivered', 'failed', 'held', 'dropped')


class ControlError(Exception):
    """The simulator did not take a control call; the text says why."""


class SimulatorControl:
    """Drives a running simulator.

    :param str base_url: e.g. ``http://127.0.0.1:8090``
    :param float timeout: seconds a call may take
    """

    def __init__(self, base_url, timeout=60):
        self.base_url = base_url.rstrip('/')
        self.timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self):
        self._session.close()

    def _call(self, name, /, **arguments):
        response = self._session.post(
            f'{self.base_url}/control/{name}',
            json=arguments,
            timeout=self.timeout,
        )
        if response.status_code != 200:
            raise ControlError(f'{name}: {response.text}')
        return response.json()

    # The simulator as a whole

    def health(self):
        return self._call('health')

    def reset(self, seed=None):
        """Back to the beginning: settings, wallets, scripts, log and clock."""
        return self._call('reset', seed=seed)

    def settings(self):
        return self._call('settings')

    def set(self, **settings):
        return self._call('set', **settings)

    def clock(self):
        return self._call('clock')

    def set_clock(self, eat=None, speed=None):
        """:param eat: ``2026-09-14 10:15:33``; :param speed: 1 is real time, 0 is frozen"""
        return self._call('set_clock', eat=eat, speed=speed)

    def advance(self, seconds):
        """Move the clock forward; what falls due on the way happens at its own time."""
        return self._call('advance', seconds=seconds)

    def daraja_requests(self, api=None):
        return self._call('daraja_requests', api=api)

    def wait_idle(self, timeout=30):
        """Wait until no scripted outcome is due and no delivery is under way."""
        self._until(lambda: not self._call('busy')['busy'], timeout, 'silence')

    # Apps, shortcodes, wallets

    def apps(self):
        return self._call('apps')

    def add_app(self, consumer_key=None, consumer_secret=None, products=None, shortcodes=None):
        return self._call(
            'add_app',
            consumer_key=consumer_key,
            consumer_secret=consumer_secret,
            products=products,
            shortcodes=shortcodes,
        )

    def set_app(self, consumer_key, **changes):
        return self._call('set_app', consumer_key=consumer_key, **changes)

    def revoke_tokens(self, consumer_key=None):
        return self._call('revoke_tokens', consumer_key=consumer_key)

    def shortcodes(self):
        return self._call('shortcodes')

    def shortcode(self, number):
        return self._call('shortcode', number=number)

    def add_shortcode(self, number, **facts):
        """:param facts: passkey, name, balance, kind, till_number, confirmation_url …"""
        return self._call('add_shortcode', number=number, **facts)

    def set_shortcode(self, number, **changes):
        return self._call('set_shortcode', number=number, **changes)

    def balance(self, number):
        """:return: the utility account of a shortcode, KES, Decimal"""
        return Decimal(self.shortcode(number)['balance'])

    def wallets(self):
        return self._call('wallets')

    def wallet(self, msisdn):
        return self._call('wallet', msisdn=msisdn)

    def add_wallet(self, msisdn, **facts):
        """:param facts: name, pin, balance, active"""
        if 'balance' in facts:
            facts['balance'] = str(facts['balance'])
        return self._call('add_wallet', msisdn=msisdn, **facts)

    def set_wallet(self, msisdn, **changes):
        if 'balance' in changes:
            changes['balance'] = str(changes['balance'])
        return self._call('set_wallet', msisdn=msisdn, **changes)

    def wallet_balance(self, msisdn):
        """:return: KES, Decimal"""
        return Decimal(self.wallet(msisdn)['balance'])

    def certificate(self):
        """:return: what initiators' passwords are encrypted with, PEM"""
        return self._call('certificate')['pem']

    def operators(self):
        return self._call('operators')

    def add_operator(self, shortcode, name, password, may=None):
        """:param may: the API families it has the role for, such as ``['status']``; None = all"""
        return self._call(
            'add_operator', shortcode=shortcode, name=name, password=password, may=may
        )

    def set_operator(self, shortcode, name, **changes):
        """:param changes: password, may, wrong_passwords (0 unlocks)"""
        return self._call('set_operator', shortcode=shortcode, name=name, **changes)

    # Scenarios and prompts

    def script(self, api='stk_push', **scenario):
        """Say what shall happen to the next fitting request; see README.md for the words."""
        return self._call('script', api=api, **scenario)

    def scripts(self):
        return self._call('scripts')

    def clear_scripts(self):
        return self._call('clear_scripts')

    def prompts(self, msisdn=None, open_only=True):
        return self._call('prompts', msisdn=msisdn, open_only=open_only)

    def wait_prompt(self, msisdn=None, timeout=10):
        """:return: the newest open prompt; :raise TimeoutError: none came"""
        return self._until(lambda: self.prompts(msisdn), timeout, 'a prompt')[-1]

    def pay(self, prompt, pin='1234'):
        """:param prompt: a prompt, its id, or an MSISDN"""
        return self._answer(prompt, 'pin', pin)

    def cancel(self, prompt):
        return self._answer(prompt, 'cancel')

    def ignore(self, prompt):
        """Let the prompt lapse now."""
        return self._answer(prompt, 'ignore')

    def _answer(self, prompt, action, pin=None):
        name = prompt['id'] if isinstance(prompt, dict) else prompt
        return self._call('answer', prompt=name, action=action, pin=pin)

    def push(self, checkout_request_id):
        return self._call('push', checkout_request_id=checkout_request_id)

    def pushes(self):
        return self._call('pushes')

    # Money

    def movements(self, shortcode=None, msisdn=None):
        return self._call('movements', shortcode=shortcode, msisdn=msisdn)

    def pay_bill(self, msisdn, shortcode, account, amount, kind=None):
        """Pay a paybill by hand, as from the phone's menu.

        :param kind: TransactionType to be told; None for the usual one
        :return: the movement
        """
        return self._call(
            'pay_bill',
            msisdn=msisdn,
            shortcode=shortcode,
            account=account,
            amount=str(amount),
            kind=kind,
        )

    def transfer(self, shortcode, account, amount, payer='bank', code=None, name=None):
        """Pay from an organisation. :param payer: ``bank``, ``till`` or ``organisation``"""
        return self._call(
            'transfer',
            shortcode=shortcode,
            account=account,
            amount=str(amount),
            payer=payer,
            code=code,
            name=name,
        )

    def charge(self, receipt, amount):
        """Charge for a payment; the setting ``pay_bill_charge`` does so for all."""
        return self._call('charge', receipt=receipt, amount=str(amount))

    def reverse(self, receipt, amount=None):
        """Give a payment back without telling the organisation. :return: the event"""
        return self._call('reverse', receipt=receipt, amount=amount and str(amount))

    def sweep(self, shortcode, amount=None, onward=True):
        """Utility to settlement account and, with ``onward``, on to MMF. :return: the events"""
        return self._call(
            'sweep', shortcode=shortcode, amount=amount and str(amount), onward=onward
        )

    def withdraw(self, shortcode, amount=None):
        """From the MMF account to the bank. :return: the event"""
        return self._call('withdraw', shortcode=shortcode, amount=amount and str(amount))

    def accounts(self, shortcode):
        """:return: ``balance`` (utility), settlement, working, charges_paid, banked; Decimals"""
        found = self._call('accounts', shortcode=shortcode)
        return {name: Decimal(amount) for name, amount in found.items()}

    def events(self, shortcode=None):
        """:return: charges, reversals, sweeps and withdrawals"""
        return self._call('events', shortcode=shortcode)

    def statement_rows(self, shortcode, start=None, end=None, scope='utility'):
        """:return: the facts and the rows of a statement, for `mutator` and `statement_file`"""
        told = self._call('statement_rows', shortcode=shortcode, start=start, end=end, scope=scope)
        return told['facts'], told['rows']

    def statement(self, shortcode, start=None, end=None, template='A', form='csv', **options):
        """The statement as the portal gives it.

        :param start: ``2026-09-14 00:00:00`` in EAT; None for the beginning
        :param end: the last second, EAT; None for now
        :param template: ``A``, ``B``, ``business`` or ``older``
        :param form: ``csv`` or ``xlsx``
        :param options: scope (``utility``, or ``all`` accounts as B has them), encoding,
            delimiter, date_cells
        :return: the name of the file, and its bytes
        """
        told = self._call(
            'statement',
            shortcode=shortcode,
            start=start,
            end=end,
            template=template,
            form=form,
            **options,
        )
        return told['name'], base64.b64decode(told['content'])

    def conservation(self):
        return self._call('conservation')

    # Deliveries

    # The SMS gateway beside Daraja

    def set_sms(self, **settings):
        """Change what the SMS gateway does; see ``sms_gateway.SmsSettings``."""
        return self._call('set_sms', **settings)

    def sms(self):
        """:return: its ``settings``, and how many ``calls`` came in"""
        return self._call('sms')

    def sms_messages(self, number=None):
        """:return: what it took: ``id``, ``number``, ``text``, ``sender``, ``at_eat``"""
        return self._call('sms_messages', number=number)

    def sms_reports(self):
        """:return: delivery reports: ``body`` (form fields), ``state``, ``status``"""
        return self._call('sms_reports')

    def deliveries(self, kind=None, checkout_request_id=None, receipt=None, state=None):
        return self._call(
            'deliveries',
            kind=kind,
            checkout_request_id=checkout_request_id,
            receipt=receipt,
            state=state,
        )

    def delivery(self, delivery_id):
        return self._call('deliveries', id=delivery_id)[0]

    def wait_delivery(self, kind=None, checkout_request_id=None, receipt=None, count=1, timeout=10):
        """Wait until so many deliveries are finished (sent, failed, held or dropped).

        :return: the finished ones
        :raise TimeoutError: there were fewer
        """

        def finished():
            found = self.deliveries(kind, checkout_request_id, receipt)
            done = [one for one in found if one['state'] in FINISHED]
            return done if len(done) >= count else None

        return self._until(finished, timeout, 'a delivery')

    def resend(self, delivery_id, copies=1, concurrent=False):
        """Send a delivery (again), also a held or dropped one. :return: the new attempts"""
        return self._call('resend', delivery_id=delivery_id, copies=copies, concurrent=concurrent)

    def send_held(self):
        return self._call('send_held')

    def forge(self, url, body, headers=None, copies=1, concurrent=False, source_address=None):
        """Send any body to any address, as if it came from Safaricom. :return: the attempts"""
        body = body.decode() if isinstance(body, bytes) else body
        return self._call(
            'forge',
            url=url,
            body=body,
            headers=headers,
            copies=copies,
            concurrent=concurrent,
            source_address=source_address,
        )

    def forged_stk(self, checkout_request_id, change='amount', value=None):
        """Build, without sending, a false callback about a known push."""
        return self._call(
            'forged_stk', checkout_request_id=checkout_request_id, change=change, value=value
        )

    def _until(self, look, timeout, what):
        until = time.monotonic() + timeout
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > until:
                raise TimeoutError(f'{what} did not come within {timeout} s')
            time.sleep(POLL_SECONDS)
