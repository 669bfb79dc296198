"""The ASGI application: control interface, virtual phone, and all other paths to the gateway."""

import contextlib

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from . import control_api, phone, portal, sms_gateway
from .state_file import StateFile
from .world import World


VERBS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')


class Simulator:
    """Holds the world of the moment.

    :param seed: see :class:`World`
    :param path: file that keeps wallets and balances over a restart, or None
    """

    def __init__(self, seed=None, path=None):
        self.seed = seed
        self.world = None
        self.state_file = StateFile(path) if path else None

    def start(self):
        self.world = World(self.seed)
        if self.state_file:
            self.state_file.load(self.world)

    def reset(self, seed=None):
        self.world.close()
        self.world = World(seed)
        if self.state_file:
            self.state_file.keep(self.world)

    def stop(self):
        if self.state_file:
            self.state_file.save(self.world)
        self.world.close()


class TransportInScope:
    """Puts the connection into the scope, as some faults have to break it."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        # uvicorn's `send` is a method of the object that owns the connection.
        scope['transport'] = getattr(getattr(send, '__self__', None), 'transport', None)
        await self.app(scope, receive, send)


def build_app(seed=None, state=None):
    """:return: the ASGI application; its world is made when the server starts"""
    simulator = Simulator(seed, state)

    @contextlib.asynccontextmanager
    async def lifespan(app):
        simulator.start()
        yield
        simulator.stop()

    async def daraja(request):
        return await simulator.world.gateway.answer(request)

    app = Starlette(
        lifespan=lifespan,
        routes=[
            Mount('/control', routes=control_api.routes(simulator)),
            *phone.routes(simulator),
            *portal.routes(simulator),
            *sms_gateway.routes(simulator),
            Route('/{path:path}', daraja, methods=VERBS),
        ],
    )
    return TransportInScope(app)
