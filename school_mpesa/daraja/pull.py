"""Pull Transactions: what was paid to a shortcode in the last two days (daraja.md, section 6)."""
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from . import clean, receipt
from .addresses import Address
from .callback_address import callback_url_faults
from .eat import EAT, FIRST_YEAR
from .errors import UnreadableAnswer
from .exchange import Exchange
from .stk_signature import SHORTCODE, matches, require


HOURS = 48  # Safaricom tells of no earlier payment
PAGE_ROWS = 100  # not documented; the examples imply it
_REGISTERED = {'1000', '1001'}  # 1001: it was already
_NOTHING = '1001'
_NUMBER = re.compile(r'(?:254|0)[17][0-9]{8}')
_MOMENT = re.compile(
    r'([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?'
    r'(Z|[+-][0-9]{2}:?[0-9]{2})?'
)


@dataclass(frozen=True)
class PullRegistration:
    """What makes a shortcode's payments available. Once is enough.

    :param str shortcode: A live paybill or till that C2B is used with.
    :param str nominated_number: The Safaricom number on its papers, `07…` or `2547…`.
    :param str callback_url: Has to be given; nobody was seen to call it.
    """

    shortcode: str
    nominated_number: str = field(repr=False)
    callback_url: str = field(repr=False)

    def __post_init__(self):
        require(matches(SHORTCODE, self.shortcode), 'ShortCode')
        require(matches(_NUMBER, self.nominated_number), 'NominatedNumber')
        require(not {'not_a_url', 'not_https'} & set(
            callback_url_faults(self.callback_url, need_https=True)
        ), 'CallBackURL')

    def body(self):
        """The JSON to post.

        :rtype: dict[str, str]
        """
        return {
            'ShortCode': self.shortcode,
            'RequestType': 'Pull',
            'NominatedNumber': self.nominated_number,
            'CallBackURL': self.callback_url,
        }


@dataclass(frozen=True)
class PullRegistered:
    """The shortcode is registered.

    :ivar bool was_before: It was already.
    """

    was_before: bool
    raw: dict = field(repr=False)
    exchange: Exchange = field(repr=False)


@dataclass(frozen=True)
class PullQuery:
    """The question for one page of payments.

    :param str shortcode: A registered one.
    :param datetime start: Naive UTC.
    :param datetime end: Naive UTC, not before the start.
    :param int offset: Rows to skip, 0 for the first page.
    """

    shortcode: str
    start: datetime
    end: datetime
    offset: int = 0

    def __post_init__(self):
        require(matches(SHORTCODE, self.shortcode), 'ShortCode')
        for name, moment in (('StartDate', self.start), ('EndDate', self.end)):
            require(isinstance(moment, datetime) and moment.tzinfo is None, name)
        require(self.start <= self.end, 'EndDate')
        require(type(self.offset) is int and self.offset >= 0, 'OffSetValue')

    def body(self):
        """The JSON to post.

        :rtype: dict[str, str]
        """
        return {
            'ShortCode': self.shortcode,
            'StartDate': _wall_time(self.start),
            'EndDate': _wall_time(self.end),
            'OffSetValue': str(self.offset),
        }


@dataclass(frozen=True)
class PulledPayment:
    """A payment, as Pull tells it: without names, reversals or charges.

    :ivar str receipt: The M-PESA code, in upper case.
    :ivar Decimal amount: KES.
    :ivar datetime | None paid_at_utc: Naive UTC. The wire marks it as UTC; whether it is, or is
        Kenyan time so marked, is not known, so do not rely on the hour.
    :ivar str account_reference: What the payer typed.
    :ivar str msisdn: As Safaricom wrote it, mostly without 254; perhaps masked.
    """

    receipt: str
    amount: Decimal
    paid_at_utc: datetime | None
    account_reference: str = field(repr=False)
    msisdn: str = field(repr=False)
    transaction_type: str = ''


@dataclass(frozen=True)
class PullPage:
    """One page.

    :ivar tuple payments: What could be read.
    :ivar int unreadable: How many rows could not: each may be money, so never ignore it.
    :ivar int rows: How many rows came; none means that there are no more.
    :ivar dict raw: The answer as JSON.
    :ivar Exchange exchange: For the evidence store. It holds payers' numbers.
    """

    payments: tuple = field(repr=False)
    unreadable: int
    rows: int
    raw: dict = field(repr=False)
    exchange: Exchange = field(repr=False)


class Puller:
    """Fetches payments.

    :param Gateway gateway: Carries the calls.
    """

    def __init__(self, gateway):
        self._gateway = gateway

    def register(self, registration):
        """Make a shortcode's payments available.

        :param PullRegistration registration: The shortcode.
        :rtype: PullRegistered
        :raise DarajaError: If Daraja could not be asked, or refused.
        """
        answer, exchange = self._gateway.post(
            Address.PULL_REGISTER, registration.body(), repeatable=True,
        )
        data = answer.data
        # Two spellings, and the word of the query.
        code = _first_text(data, 'ResponseStatus', 'Response Status', 'ResponseCode')
        if code not in _REGISTERED:
            raise UnreadableAnswer(code=code, http_status=answer.http_status, exchange=exchange)
        return PullRegistered(was_before=code == _NOTHING, raw=data, exchange=exchange)

    def page(self, query):
        """Fetch one page of payments.

        :param PullQuery query: The question.
        :rtype: PullPage
        :raise DarajaError: If Daraja could not be asked, or refused. `UnreadableAnswer` also when
            the answer has no list: that is not the same as no payment.
        """
        answer, exchange = self._gateway.post(Address.PULL_QUERY, query.body(), repeatable=True)
        data = answer.data
        code = _first_text(data, 'ResponseCode', 'ResponseStatus', 'Response Status')
        rows = _rows(data.get('Response'))
        if code not in {'1000', '0', _NOTHING} or rows is None:
            raise UnreadableAnswer(code=code, http_status=answer.http_status, exchange=exchange)
        payments = [_payment(row) for row in rows]
        return PullPage(
            payments=tuple(payment for payment in payments if payment),
            unreadable=payments.count(None), rows=len(rows), raw=data, exchange=exchange,
        )

    def pages(self, shortcode, start, end, most=1000):
        """Fetch all payments of a time, page by page, each with the rows seen so far as offset.

        :param str shortcode: A registered one.
        :param datetime start: Naive UTC.
        :param datetime end: Naive UTC.
        :param int most: Pages after which to stop, should the offset be without effect.
        :rtype: Iterator[PullPage]
        :raise DarajaError: As :meth:`page`, in the middle too: what came before stands.
        """
        offset, last = 0, None
        for _page in range(most):
            page = self.page(PullQuery(shortcode, start, end, offset))
            # The same page again would go on for ever.
            if not page.rows or page.payments == last:
                return
            yield page
            offset += page.rows
            last = page.payments


def pull_window(now, since=None):
    """The time that can be asked for.

    :param datetime now: Naive UTC.
    :param datetime | None since: Naive UTC; earlier than 48 hours ago is moved there.
    :return: Start and end, naive UTC, and whether payments since then may be out of reach.
    :rtype: tuple[datetime, datetime, bool]
    """
    earliest = now - timedelta(hours=HOURS)
    if since is None or since < earliest:
        return earliest, now, since is not None
    return since, now, False


def _wall_time(moment):
    return moment.replace(tzinfo=timezone.utc).astimezone(EAT).strftime('%Y-%m-%d %H:%M:%S')


def _rows(response):
    """The rows of a list in a list; None when it is none. `[[]]` is no row."""
    if not isinstance(response, list):
        return None
    rows = []
    for item in response:
        rows.extend(item if isinstance(item, list) else [item])
    return rows


def _payment(row):
    """One row, None when it cannot be read."""
    if not isinstance(row, dict):
        return None
    try:
        number = receipt.canonical(clean.identifier(row.get('transactionId')))
        amount = clean.amount(row.get('amount'))
    except ValueError:
        return None
    if not number.isalnum() or receipt.is_placeholder(number):
        return None
    return PulledPayment(
        receipt=number, amount=amount, paid_at_utc=_moment(row.get('trxDate')),
        account_reference=clean.text(row.get('billreference')),
        msisdn=clean.text(row.get('msisdn'), 64).strip(),
        transaction_type=clean.text(row.get('transactiontype'), 100),
    )


def _moment(value):
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        return None
    day, hour, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{hour}{(zone or 'Z').replace('Z', '+00:00')}")
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= FIRST_YEAR else None


def _first_text(data, *names):
    return next((text for name in names if (text := clean.text(data.get(name), 32).strip())), '')
