"""The life of an STK push: prompt, answer and outcome, by the rules of the core."""

from decimal import Decimal

from .defaults import SANDBOX_TEST_PHONE, SANDBOX_TEST_PHONE_SECONDS
from .stk_rules import PROMPT_LENGTH, REFERENCE_LENGTH
from .telling import Teller
from .wallets import LEAST_AMOUNT, MOST_AMOUNT


# The outcome of a request that never ends; no callback comes of it.
FOREVER = '4999-forever'
AUTO_ANSWERS = {'cancel': '1032', 'ignore': '1037', 'wrong_pin': '2001'}


class PromptClosed(ValueError):
    """Nobody can answer a prompt that is not open (any more)."""


class Pushes:
    """All pushes, and the rules of the core about them."""

    def __init__(self, world):
        self.world = world
        self.all = {}
        self.teller = Teller(world, self.succeed_late)
        self._open = {}
        self._asked = {}

    def open_on(self, phone):
        """:return: the pushes that wait on this phone"""
        return [self.all[key] for key in self._open.get(phone, ())]

    def locked(self, phone):
        """:return: whether the subscriber is in another transaction"""
        rule = self.world.settings.subscriber_lock
        if rule == 'off':
            return False
        if self.open_on(phone):
            return True
        return rule == 'minute' and self._asked_since(phone, 60)

    def start(self, push, locked=False):
        """Take an accepted push: show the prompt, or do what the scenario says.

        :param bool locked: the subscriber is in another transaction, and the callback shall say so
        """
        outcome = self._take(push, locked)
        later = self.world.scheduler.after
        settings = self.world.settings
        if outcome == FOREVER:
            # The request never ends, but the handset is free again after a while.
            later(settings.prompt_timeout, self._release, push, background=True)
            return
        if outcome is not None:
            push.timer = later(
                push.script.answer_after if push.script else 0, self.finish, push, outcome
            )
            return
        push.on_phone = True
        seconds = settings.prompt_timeout
        if push.phone == SANDBOX_TEST_PHONE and settings.test_phone_never_answers:
            seconds = SANDBOX_TEST_PHONE_SECONDS
        elif settings.auto_answer:
            later(settings.auto_answer_delay, self._answer_by_itself, push)
        push.timer = later(seconds, self.finish, push, '1037', background=True)

    async def start_and_tell(self, push, locked=False):
        """Take a push whose callback is delivered before its own answer.

        Without a scenario it is paid.
        """
        outcome = self._take(push, locked)
        if outcome != FOREVER:
            code = (
                outcome or AUTO_ANSWERS.get(self.world.settings.auto_answer) or self._may_pay(push)
            )
            await self.teller.tell(push, self._settle(push, code), at_once=True)

    def answer(self, push, action, pin=None):
        """A person's answer on the handset.

        :param str action: pin, cancel or ignore
        :return: the result code it led to
        """
        if push.state != 'open' or not push.on_phone:
            raise PromptClosed(push.checkout_request_id)
        if action == 'pin':
            return self.finish(push, self._after_pin(push, pin))
        return self.finish(push, AUTO_ANSWERS[action])

    def finish(self, push, code):
        """End an open push with a result code and tell it. :return: the code that came of it"""
        if push.state != 'open':
            return push.result_code
        movement = self._settle(push, code)
        delay = self.world.settings.callback_delay
        self.world.scheduler.after(delay, self.teller.tell, push, movement)
        return push.result_code

    async def succeed_late(self, push):
        """The money moves after a failure was told; the success is told then."""
        wallet = self.world.bank.wallet(push.msisdn)
        if wallet is None or wallet.balance < push.amount:
            return
        movement = self._pay(push, wallet)
        push.result_code, push.final_at_eat = '0', self.world.clock.stamp()
        await self.teller.tell(push, movement)

    def _release(self, push):
        self._open.get(push.phone, {}).pop(push.checkout_request_id, None)

    def _take(self, push, locked):
        """List the push as open. :return: the result code that needs no person, or None"""
        repeated = self._asked_since(push.phone, 120, push)
        self.all[push.checkout_request_id] = push
        self._open.setdefault(push.phone, {})[push.checkout_request_id] = True
        self._asked.setdefault(push.phone, []).append((push.opened_at, push.amount, push.shortcode))
        return self._outcome_at_once(push, locked, repeated)

    def _outcome_at_once(self, push, locked, repeated):
        """:return: the result code that needs no person, or None"""
        script = push.script
        if script and (script.outcome or script.callback == 'late_success'):
            return script.outcome or '1037'
        if locked:
            return '1001'
        if not LEAST_AMOUNT <= push.amount <= MOST_AMOUNT:
            return '2' if push.amount < LEAST_AMOUNT else '3'
        if len(push.account) > REFERENCE_LENGTH or len(push.text) > PROMPT_LENGTH:
            return '1025'
        product = self._product_fault(push)
        if product:
            return product
        return '17' if repeated and self.world.settings.same_amount_rule == 'asked' else None

    def _product_fault(self, push):
        """:return: 2028 or SFC_IC0003 when type and parties do not fit the shortcode, else None"""
        shortcode = self.world.bank.shortcodes[push.shortcode]
        wanted = 'CustomerBuyGoodsOnline' if shortcode.kind == 'till' else 'CustomerPayBillOnline'
        party = shortcode.till_number if shortcode.kind == 'till' else shortcode.number
        if push.transaction_type != wanted:
            return '2028'
        return None if push.party_b == party else 'SFC_IC0003'

    def _answer_by_itself(self, push):
        if push.state != 'open':
            return
        action = self.world.settings.auto_answer or 'pin'
        self.finish(push, AUTO_ANSWERS.get(action) or self._may_pay(push))

    def _after_pin(self, push, pin):
        wallet = self.world.bank.wallet(push.msisdn)
        if wallet is None:
            return '11'
        if wallet.locked:
            return '8006'
        if str(pin) != wallet.pin:
            wallet.wrong_pins += 1
            return '2001'
        wallet.wrong_pins = 0
        return self._may_pay(push)

    def _may_pay(self, push):
        bank = self.world.bank
        return bank.refusal(bank.wallet(push.msisdn), Decimal(push.amount), push.shortcode) or '0'

    def _settle(self, push, code):
        """Give the push its result; success moves the money. :return: the movement or None"""
        wallet = self.world.bank.wallet(push.msisdn)
        if code == '0' and (wallet is None or wallet.balance < push.amount):
            # Even a scripted success cannot make money.
            code = '1'
        movement = self._pay(push, wallet) if code == '0' else None
        push.state, push.result_code, push.on_phone = 'final', code, False
        push.final_at_eat = self.world.clock.stamp()
        self._release(push)
        if push.timer:
            self.world.scheduler.cancel(push.timer)
        return movement

    def _pay(self, push, wallet):
        shortcode = self.world.bank.shortcodes[push.shortcode]
        till = shortcode.kind == 'till'
        bank = self.world.bank
        push.movement = bank.pay(
            bank.plan(
                wallet,
                shortcode,
                Decimal(push.amount),
                '' if till else push.account,
                kind='Customer Merchant Payment' if till else 'Pay Bill',
                checkout_request_id=push.checkout_request_id,
            )
        )
        push.receipt = push.movement.receipt
        return push.movement

    def _asked_since(self, phone, seconds, push=None):
        """Whether the phone was asked lately, for the amount and shortcode of a push when given."""
        since = self.world.clock.now() - seconds
        kept = [
            asked for asked in self._asked.get(phone, ()) if asked[0] > self.world.clock.now() - 120
        ]
        self._asked[phone] = kept
        return any(
            at > since and (push is None or (amount, shortcode) == (push.amount, push.shortcode))
            for at, amount, shortcode in kept
        )
