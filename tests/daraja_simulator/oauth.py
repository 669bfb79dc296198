"""GET /oauth/v1/generate (daraja.md 2)."""

import base64
import binascii
import secrets
from dataclasses import dataclass

from starlette.responses import JSONResponse

from .errors import GatewayError
from .gateway import Api


@dataclass
class ConsumerApp:
    """An app of the developer portal; no list of products or shortcodes means all of them."""

    consumer_key: str
    consumer_secret: str
    products: list | None = None
    shortcodes: list | None = None

    def as_dict(self):
        return dict(self.__dict__)


class Tokens:
    """The access tokens that are alive."""

    def __init__(self, world):
        self.world = world
        self._alive = {}

    def issue(self, app):
        """:return: a new token of the app"""
        if self.world.settings.new_token_kills_old:
            self.revoke(app.consumer_key)
        token = self.world.ids.access_token()
        self._alive[token] = (
            app.consumer_key,
            self.world.clock.now() + self.world.settings.token_lifetime,
        )
        return token

    def app_of(self, token):
        """:return: the app a live token belongs to, or None"""
        key, until = self._alive.get(token, (None, 0))
        if key is None or self.world.clock.now() >= until:
            return None
        return self.world.apps.get(key)

    def revoke(self, consumer_key=None):
        """:return: how many tokens ended, of one app or of all"""
        ended = [
            token for token, (key, _until) in self._alive.items() if consumer_key in (None, key)
        ]
        for token in ended:
            del self._alive[token]
        return len(ended)


def generate(call):
    """Give a token for Basic credentials.

    :raise GatewayError: 400.008.01 for bad credentials, 400.008.02 for a wrong grant type
    """
    app = _basic_app(call)
    if app is None:
        raise GatewayError(400, '400.008.01', 'Invalid Authentication passed')
    if call.request.query_params.get('grant_type') != 'client_credentials':
        raise GatewayError(400, '400.008.02', 'Invalid grant type passed')
    token = call.world.tokens.issue(app)
    settings = call.world.settings
    # A string on the wire, whatever the documentation shows; the other forms are switches.
    forms = {
        'text': {'expires_in': str(settings.token_lifetime)},
        'number': {'expires_in': settings.token_lifetime},
        'zero': {'expires_in': '0'},
        'missing': {},
    }
    return JSONResponse({'access_token': token, **forms[settings.expires_in_form]})


def _basic_app(call):
    scheme, _space, value = call.request.headers.get('authorization', '').partition(' ')
    if scheme.lower() != 'basic':
        return None
    try:
        key, _colon, secret = base64.b64decode(value, validate=True).decode().partition(':')
    except (binascii.Error, UnicodeDecodeError):
        return None
    app = call.world.apps.get(key)
    if app is None or not secrets.compare_digest(app.consumer_secret.encode(), secret.encode()):
        return None
    return app


APIS = (
    Api(
        name='oauth',
        path='/oauth/v1/generate',
        handler=generate,
        family='oauth',
        verb='GET',
        open_to_all=True,
    ),
)
