"""M-PESA Express: asking what became of a prompt (daraja.md, section 4)."""
# The methods that are overridden here return nothing.
# pylint: disable=missing-return
import re
from dataclasses import dataclass, field

from . import clean
from .addresses import Address
from .eat import utc_now
from .errors import BadRequest, ServerFailure
from .exchange import Exchange
from .result_codes import ResultCode, result_code
from .stk_signature import IDENTIFIER, Signed, matches, require


PENDING = '4999'
_OVERLOADED_CODE = '500.001.1001'  # one code for "pending", "unknown" and "no answer just now"
_IN_PROGRESS = re.compile(r'\b(being|under|still)\b.{0,12}\bprocess', re.IGNORECASE)
_UNKNOWN_ID = re.compile(r'does not exist', re.IGNORECASE)


@dataclass(frozen=True)
class StkQuery(Signed):
    """The question what became of a push."""

    checkout_request_id: str = field(repr=False)

    def __post_init__(self):
        super().__post_init__()
        require(matches(IDENTIFIER, self.checkout_request_id), 'CheckoutRequestID')

    def body(self, moment):
        """The JSON to post.

        :param datetime moment: Now, naive UTC. It need not be that of the push.
        :rtype: dict[str, str]
        """
        return {**self.signature(moment), 'CheckoutRequestID': self.checkout_request_id}


@dataclass(frozen=True)
class StkQueryAnswer:
    """What Daraja said.

    :ivar str state: "pending"; "final", a result code was given (which may be an unknown one: look
        at `outcome`); or "no_answer", which never means that the payment failed.
    :ivar str | None result_code: With "final" and, in the newer dialect, with "pending".
    :ivar str result_desc: Daraja's words; never decide on them.
    :ivar str reason: With "no_answer": "unknown_id", "sporadic", "other_id" or "no_result_code".
    :ivar dict raw: The answer as JSON.
    :ivar Exchange exchange: For the evidence store.
    """

    state: str
    result_code: str | None = None
    result_desc: str = ''
    reason: str = ''
    raw: dict = field(default_factory=dict, repr=False)
    exchange: Exchange | None = field(default=None, repr=False)

    @property
    def outcome(self) -> ResultCode | None:
        """The row of the result-code table; None without a code."""
        return None if self.result_code is None else result_code(self.result_code)


class StkQuerier:
    """Asks about prompts.

    :param Gateway gateway: Carries the calls.
    """

    def __init__(self, gateway):
        self._gateway = gateway

    def query(self, query):
        """Ask what became of a push.

        Never a receipt, amount or phone: a success learnt here still lacks its receipt number.

        :param StkQuery query: The question.
        :rtype: StkQueryAnswer
        :raise DarajaError: If Daraja could not be asked, or refused to be.
        """
        body = query.body(utc_now())
        try:
            answer, exchange = self._gateway.post(
                Address.STK_QUERY, body, secrets=(body['Password'], query.passkey), repeatable=True,
            )
        except ServerFailure as error:
            if error.code != _OVERLOADED_CODE:
                raise
            return _from_refusal(error)
        except BadRequest as error:
            if error.field != 'CheckoutRequestID':
                raise
            return StkQueryAnswer('no_answer', reason='unknown_id', exchange=error.exchange)
        return _from_answer(query, answer.data, exchange)


def _from_refusal(error):
    """The older dialect, in which "still pending" is an error 500."""
    facts = {'result_desc': error.wire_message, 'exchange': error.exchange}
    if _IN_PROGRESS.search(error.wire_message):
        return StkQueryAnswer('pending', **facts)
    if _UNKNOWN_ID.search(error.wire_message):
        return StkQueryAnswer('no_answer', reason='unknown_id', **facts)
    return StkQueryAnswer('no_answer', reason='sporadic', **facts)


def _from_answer(query, data, exchange):
    facts = {
        'result_desc': clean.text(data.get('ResultDesc'), 1024), 'raw': data, 'exchange': exchange,
    }
    try:
        code = clean.identifier(data.get('ResultCode'))
    except ValueError:
        return StkQueryAnswer('no_answer', reason='no_result_code', **facts)
    if data.get('CheckoutRequestID') not in {None, '', query.checkout_request_id}:
        return StkQueryAnswer('no_answer', reason='other_id', **facts)
    if code == PENDING:
        return StkQueryAnswer('pending', result_code=code, **facts)
    return StkQueryAnswer('final', result_code=code, **facts)
