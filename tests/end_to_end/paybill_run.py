"""A random run at the paybill: what happens at Safaricom, and what of it nobody has told us."""
import contextlib
import random
from decimal import Decimal

from checklist_kit import UNKNOWN, hold, manner, next_amount, next_student, pay
from road import wait_for


MOST_PROMPTS = 6  # of a run: each needs a bill of its own
# How often each thing happens, in parts.
WEIGHTS = {
    'prompt': 3, 'prompt_lost': 1, 'typed': 8, 'twice': 3, 'dropped': 4, 'late': 3, 'transfer': 3,
    'charge': 4, 'reverse': 3, 'reverse_part': 1, 'sweep': 2,
}
SPELLINGS = (
    '{}', '{}', ' {} ', '{lower}', '{spaced}', '{} fees', 'Karo {lower}', UNKNOWN, '', 'GRADE 8',
    '{serial}', '{}{}',
)
FORMS = {
    'c2b_msisdn_form': ('auto', 'plain', 'masked_spaces', 'masked', 'sha256', 'empty'),
    'c2b_names': ('varied', 'first', 'full', 'null', 'missing'),
    'c2b_amount_form': ('varied', 'text', 'text_whole', 'number'),
}
KINDS = (None, None, None, '', 'OD Payment Transfer', 'Customer Merchant Payment')


class PaybillRun:
    """ Random payments, reversals, charges and sweeps.

    :ivar dict unknown: What Safaricom's account knows and nobody told us, KES by its name: money
                        that came is above zero, money that left is below.
    :ivar list steps: What was done, for the message of a failure.
    """

    def __init__(self, road, seed):
        self.road = road
        self.source = random.Random(seed)  # noqa: S311 - it must come again with its seed
        self.unknown = {}
        self.steps = []
        self._paid = []
        self._kept = []
        self._charged, self._reversed = set(), set()
        self._prompts = 0

    def step(self):
        """ Do one random thing; one that is not possible now is another typed payment. """
        name, = self.source.choices(list(WEIGHTS), WEIGHTS.values())
        self.steps.append(name)
        forms = {form: self.source.choice(words) for form, words in FORMS.items()}
        with manner(self.road, **forms):
            getattr(self, f'_do_{name}')()

    # === What is told === #

    def _do_typed(self):
        self._paid.append(pay(
            self.road, self._typed(), change=self.source.choice((None, {'OrgAccountBalance': ''})),
            kind=self.source.choice(KINDS),
        ))

    def _do_twice(self):
        movement = pay(self.road, self._typed())
        self._paid.append(movement)
        delivery, = self.road.control.wait_delivery(
            'c2b_confirmation', receipt=movement['receipt'],
        )
        self.road.control.resend(
            delivery['id'], copies=self.source.randint(1, 4),
            concurrent=self.source.choice((True, False)),
        )

    def _do_transfer(self):
        self._paid.append(self.road.control.transfer(
            self.road.school['shortcode'], self._typed()[:20], next_amount(),
            payer=self.source.choice(('bank', 'till', 'organisation')),
        ))

    def _do_late(self):
        """ What was kept back comes now, perhaps after the money was given back. """
        if not self._kept:
            self._do_typed()
            return
        movement, delivery = self._kept.pop(self.source.randrange(len(self._kept)))
        self.road.control.resend(delivery['id'])
        self.unknown.pop(movement['receipt'])

    def send_late(self):
        """ Let everything come that was kept back, whatever is known of it by now. """
        for _movement, delivery in self._kept:
            self.road.control.resend(delivery['id'])
        self._kept = []

    def _do_prompt(self):
        if self._prompts >= MOST_PROMPTS:
            self._do_typed()
            return
        self._prompts += 1
        phone = self.road.next_phone()
        self.road.control.script(
            phone=phone, c2b_order=self.source.choice(('before', 'after', 'together', 'none')),
        )
        self._pay_prompt(phone)

    # === What is not told === #

    def _do_prompt_lost(self):
        if self._prompts >= MOST_PROMPTS:
            self._do_dropped()
            return
        self._prompts += 1
        phone = self.road.next_phone()
        self.road.control.script(phone=phone, callback='missing', c2b_order='none')
        movement = self._pay_prompt(phone)
        self._miss(movement['receipt'], movement['amount'])

    def _do_dropped(self):
        movement, delivery = hold(self.road, self._typed())
        self._miss(movement['receipt'], movement['amount'])
        self._paid.append(movement)
        self._kept.append((movement, delivery))

    def _do_charge(self):
        movement = self._choose(self._charged)
        if not movement:
            self._do_typed()
            return
        self._charged.add(movement['receipt'])
        event = self.road.control.charge(movement['receipt'], self.source.randint(1, 34))
        self._miss(f"charge {movement['receipt']}", event['amount'], -1)

    def _do_reverse(self, part=False):
        movement = self._choose(self._reversed)
        if not movement:
            self._do_typed()
            return
        self._reversed.add(movement['receipt'])
        amount = self.source.randint(1, int(Decimal(movement['amount'])) - 1) if part else None
        event = self.road.control.reverse(movement['receipt'], amount)
        self._miss(event['receipt'], event['amount'], -1)

    def _do_reverse_part(self):
        self._do_reverse(part=True)

    def _do_sweep(self):
        balance = self.road.control.balance(self.road.school['shortcode'])
        amount = int(balance * self.source.randint(5, 40) / 100)
        if amount < 1:
            self._do_typed()
            return
        onward = self.source.choice((True, False))
        event, *_onward = self.road.control.sweep(self.road.school['shortcode'], amount, onward)
        self._miss(event['receipt'], event['amount'], -1)
        if onward and self.source.choice((True, False)):
            self.road.control.withdraw(self.road.school['shortcode'], amount)

    # === Parts of it === #

    def _miss(self, name, amount, sign=1):
        self.unknown[name] = sign * Decimal(amount)

    def _choose(self, taken):
        """ Return a payment that this was not done to yet, or None. """
        left = [movement for movement in self._paid if movement['receipt'] not in taken]
        return self.source.choice(left) if left else None

    def _typed(self):
        number = next_student(self.road)['admission_no']
        return self.source.choice(SPELLINGS).format(
            number, number, lower=number.lower(), spaced=number.replace('-', ' '),
            serial=number.rpartition('-')[2],
        )

    def _pay_prompt(self, phone):
        """ Ask and pay; return the movement at Safaricom. """
        prompt = self.road.pay(self.road.ask(phone=phone))
        wait_for(lambda: self.road.control.push(prompt['id'])['receipt'], "payment")
        movement = self.road.control.movements(msisdn=phone)[-1]
        self._paid.append(movement)
        return movement


@contextlib.contextmanager
def said(run, seed):
    """ Let a failure say by which seed and steps it came about. """
    try:
        yield
    except AssertionError as error:
        message = f"seed {seed}, {len(run.steps)} steps ({' '.join(run.steps)}): {error}"
        raise AssertionError(message) from error
