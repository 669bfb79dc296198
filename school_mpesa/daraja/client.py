"""Daraja from one place: the class most callers need."""
from .c2b_register import C2BRegistrar
from .dynamic_qr import QrMaker
from .gateway import Gateway
from .oauth import OAuth
from .orders import Orderer
from .pull import Puller
from .stk import StkPusher
from .stk_query import StkQuerier
from .token_store import MemoryTokenStore
from .transport import Transport


class Daraja:
    """A Daraja app in an environment. Safe between threads unless `session` is given.

    :param Environment environment: Where Daraja is.
    :param Credentials credentials: Consumer key and secret of the app.
    :param TokenStore | None token_store: Shares the token; without one it lives in this object.
    :param requests.Session | None session: A session to use as it is, instead of one per call.
    :param float connect_timeout: Seconds.
    :param float read_timeout: Seconds for a whole answer.
    :param Retry | None retry: For the calls whose repetition is harmless.
    """

    def __init__(
        self, environment, credentials, token_store=None, session=None, connect_timeout=3,
        read_timeout=10, retry=None,
    ):
        transport = Transport(environment, session, connect_timeout, read_timeout)
        if token_store is None:  # not `or`: an empty store may count as false
            token_store = MemoryTokenStore()
        self.oauth = OAuth(transport, credentials, token_store, retry)
        # A new API is a class over the gateway, as these are.
        self.gateway = Gateway(transport, self.oauth, retry)
        self._pusher = StkPusher(self.gateway)
        self._querier = StkQuerier(self.gateway)
        self._orderer = Orderer(self.gateway)
        self._puller = Puller(self.gateway)
        self._registrar = C2BRegistrar(self.gateway)
        self._qr_maker = QrMaker(self.gateway)

    def check_credentials(self):
        """Fetch a token to prove consumer key and secret.

        :return: The token, with its lifetime.
        :rtype: Token
        :raise DarajaError: `CredentialsRefused` when they are wrong.
        """
        return self.oauth.check()

    def stk_push(self, push):
        """See `StkPusher.push`."""
        return self._pusher.push(push)

    def stk_query(self, query):
        """See `StkQuerier.query`."""
        return self._querier.query(query)

    def transaction_status(self, query):
        """Ask what became of a payment. See `Orderer.send`."""
        return self._orderer.send(query)

    def account_balance(self, query):
        """Ask what is in the accounts of a shortcode. See `Orderer.send`."""
        return self._orderer.send(query)

    def reverse(self, reversal):
        """Order that a payment goes back. See `Orderer.send`."""
        return self._orderer.send(reversal)

    def b2c(self, payment):
        """Order a payment to a phone. See `Orderer.send`."""
        return self._orderer.send(payment)

    def pull_register(self, registration):
        """See `Puller.register`."""
        return self._puller.register(registration)

    def pull_page(self, query):
        """See `Puller.page`."""
        return self._puller.page(query)

    def pull_pages(self, shortcode, start, end):
        """See `Puller.pages`."""
        return self._puller.pages(shortcode, start, end)

    def c2b_register(self, registration):
        """See `C2BRegistrar.register`."""
        return self._registrar.register(registration)

    def dynamic_qr(self, request):
        """See `QrMaker.make`."""
        return self._qr_maker.make(request)
