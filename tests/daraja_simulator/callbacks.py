"""Delivery of callbacks over HTTP, and the list of every one of them.

As Daraja is documented and measured (daraja.md 1.11), a callback is sent once and not again,
whatever it is answered; retries are a switch.
"""

import asyncio
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests
from requests.adapters import HTTPAdapter


ANSWER_LENGTH = 4000
SENDERS = 64


@dataclass
class Delivery:
    """One callback: where it goes, its exact text, and what became of it."""

    id: int
    kind: str
    url: str
    headers: dict
    body: str
    checkout_request_id: str | None = None
    receipt: str | None = None
    state: str = 'scheduled'
    made_at_eat: str = ''
    attempts: list = field(default_factory=list)

    def as_dict(self):
        return dict(self.__dict__)


class SourceAddressAdapter(HTTPAdapter):
    """Sends from a given local address, to look like a foreign caller.

    :param str address: e.g. 127.0.0.9
    """

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, connections, maxsize, block=False, **options):
        super().init_poolmanager(
            connections,
            maxsize,
            block=block,
            source_address=(self.address, 0),
            **options,
        )


def post(url, body, headers, timeout, verify=True, source_address=None):
    """Send one callback and wait for the answer. Runs in a sender thread.

    :param bytes body: sent as it is
    :param float timeout: seconds
    :return: dict of status (None without an answer), seconds, error and answer
    """
    started = time.perf_counter()
    status, error, answer = None, None, ''
    # A session each: no cookie and no idle connection is carried from one callback to the next.
    with requests.Session() as session:
        session.trust_env = False
        if source_address:
            session.mount('http://', SourceAddressAdapter(source_address))
        try:
            response = session.post(
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                verify=verify,
                allow_redirects=False,
            )
            status, answer = response.status_code, response.text[:ANSWER_LENGTH]
        except requests.RequestException as failure:
            error = type(failure).__name__
    return {
        'status': status,
        'seconds': round(time.perf_counter() - started, 6),
        'error': error,
        'answer': answer,
    }


class Deliveries:
    """Makes, sends, holds and lists callbacks."""

    def __init__(self, world):
        self.world = world
        self.all = {}
        self._ids = itertools.count(1)
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix='callback')

    def make(
        self,
        kind,
        url,
        body,
        headers=None,
        checkout_request_id=None,
        receipt=None,
        state='scheduled',
    ):
        """:return: a :class:`Delivery`, listed but not sent"""
        delivery = Delivery(
            id=next(self._ids),
            kind=kind,
            url=url,
            body=body,
            headers={'Content-Type': 'application/json;charset=UTF-8', **(headers or {})},
            checkout_request_id=checkout_request_id,
            receipt=receipt,
            state=state,
            made_at_eat=self.world.clock.stamp(),
        )
        self.all[delivery.id] = delivery
        return delivery

    async def send(self, delivery, copies=1, concurrent=False):
        """Send as the scenario wants; a held one waits, a dropped one is never sent."""
        if self.world.settings.hold_callbacks and delivery.state != 'dropped':
            delivery.state = 'held'
        if delivery.state not in ('held', 'dropped'):
            await self.send_now(delivery, copies, concurrent)

    async def send_now(self, delivery, copies=1, concurrent=False):
        """Send whatever its state. :return: the new attempts, one dict each"""
        if concurrent:
            attempts = await asyncio.gather(*(self._attempt(delivery) for _copy in range(copies)))
        else:
            attempts = [await self._attempt(delivery) for _copy in range(copies)]
        for _retry in range(self.world.settings.callback_retries):
            if any(_answered_well(attempt) for attempt in attempts):
                break
            await self.world.scheduler.sleep(self.world.settings.callback_retry_seconds)
            attempts = [*attempts, await self._attempt(delivery)]
        return attempts

    async def post(self, url, body, headers, source_address=None, timeout=None):
        """Send bytes that stand in no list. :return: the attempt"""
        settings = self.world.settings
        return await asyncio.get_running_loop().run_in_executor(
            self._senders,
            post,
            url,
            body,
            headers,
            timeout or settings.callback_timeout,
            settings.verify_tls,
            source_address,
        )

    def close(self):
        self._senders.shutdown(wait=False, cancel_futures=True)

    async def _attempt(self, delivery):
        delivery.state = 'sending'
        at_eat = self.world.clock.stamp()
        attempt = await self.post(delivery.url, delivery.body.encode(), delivery.headers)
        attempt['at_eat'] = at_eat
        delivery.attempts.append(attempt)
        well = any(_answered_well(one) for one in delivery.attempts)
        delivery.state = 'delivered' if well else 'failed'
        return attempt


def _answered_well(attempt):
    return attempt['status'] is not None and attempt['status'] < 300
