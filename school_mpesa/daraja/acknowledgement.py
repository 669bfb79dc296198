"""The immediate answer of the APIs whose result comes later (daraja.md, section 1.4)."""
from dataclasses import dataclass, field

from . import clean
from .errors import UnreadableAnswer
from .exchange import Exchange
from .stk_signature import IDENTIFIER


@dataclass(frozen=True)
class Acknowledgement:
    """Daraja took the question. It says nothing about any money.

    :ivar str conversation_id: Names the question in the result that is posted later.
    :ivar str originator_conversation_id: The other name of it there.
    :ivar dict raw: The answer as JSON.
    :ivar Exchange exchange: For the evidence store.
    """

    conversation_id: str
    originator_conversation_id: str
    raw: dict = field(repr=False)
    exchange: Exchange = field(repr=False)


def read_acknowledgement(answer, exchange):
    """Read the immediate answer.

    :param Answer answer: A success in form.
    :param Exchange exchange: The evidence.
    :rtype: Acknowledgement
    :raise UnreadableAnswer: If it accepts nothing; answers with empty fields have been seen.
    """
    data = answer.data
    code = clean.text(data.get('ResponseCode'))
    names = [
        clean.text(data.get(name)) for name in ('ConversationID', 'OriginatorConversationID')
    ]
    if code != '0' or not all(map(IDENTIFIER.fullmatch, names)):
        raise UnreadableAnswer(code=code, http_status=answer.http_status, exchange=exchange)
    return Acknowledgement(*names, raw=data, exchange=exchange)
