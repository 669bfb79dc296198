"""Everything one simulated Safaricom holds. A reset makes a new world."""

import secrets

from . import (
    account_balance,
    b2c,
    c2b,
    defaults,
    oauth,
    pull,
    qr,
    reversal,
    status,
    stk,
)
from .callbacks import Deliveries
from .clock import Clock, Scheduler
from .gateway import Gateway
from .ids import Ids
from .oauth import ConsumerApp, Tokens
from .operators import Operators
from .pushes import Pushes
from .receipts import Receipts
from .scripts import ScriptBook
from .settings import Settings
from .sms_gateway import SmsGateway
from .wallets import Bank


# One module per API family; a new family adds itself here.
FAMILIES = (oauth, stk, c2b, status, account_balance, reversal, b2c, pull, qr)


class World:
    """Made inside the event loop, which alone touches it.

    :param seed: any text or number; the same seed gives the same identifiers, receipts and
        varieties. None takes a new one, so that a simulator started again does not give a receipt
        twice.
    """

    def __init__(self, seed=None):
        self.seed = secrets.token_hex(8) if seed is None else str(seed)
        self.settings = Settings()
        self.clock = Clock()
        self.scheduler = Scheduler(self.clock)
        self.ids = Ids(self.clock, self.seed)
        self.receipts = Receipts(self.clock, self.seed)
        self.bank = Bank(self.clock, self.receipts, self.settings)
        self.apps = {}
        self.operators = Operators()
        # What operators asked and ordered, by its OriginatorConversationID.
        self.orders = {}
        self.tokens = Tokens(self)
        self.scripts = ScriptBook()
        self.deliveries = Deliveries(self)
        self.pushes = Pushes(self)
        self.gateway = Gateway(self, [api for family in FAMILIES for api in family.APIS])
        self.sms = SmsGateway(self)
        self._furnish()

    def close(self):
        self.scheduler.close()
        self.deliveries.close()
        self.sms.close()

    def _furnish(self):
        self.apps[defaults.CONSUMER_KEY] = ConsumerApp(
            defaults.CONSUMER_KEY, defaults.CONSUMER_SECRET
        )
        add = self.bank.add_shortcode
        add(defaults.SANDBOX_SHORTCODE, defaults.SANDBOX_PASSKEY, 'Daraja-Sandbox')
        add(defaults.SCHOOL_SHORTCODE, defaults.SCHOOL_PASSKEY, defaults.SCHOOL_NAME)
        add(
            defaults.STORE_SHORTCODE,
            defaults.STORE_PASSKEY,
            defaults.STORE_NAME,
            kind='till',
            till_number=defaults.TILL_NUMBER,
        )
        self.operators.add(
            defaults.SCHOOL_SHORTCODE, defaults.SCHOOL_OPERATOR, defaults.SCHOOL_OPERATOR_PASSWORD
        )
