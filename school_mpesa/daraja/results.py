"""What Safaricom posts to a ResultURL, whichever API was asked (daraja.md, section 1.8)."""
from dataclasses import dataclass, field

from . import callbacks, clean, receipt


@dataclass(frozen=True)
class Result:
    """The outcome of a question or order.

    :ivar str code: "0" when the question was answered, or the order carried out. Of a transaction
        status it says nothing about the payment that was asked about.
    :ivar str description: Daraja's words; never decide on them.
    :ivar str transaction_id: Of the question itself; '' for a filler of zeros.
    :ivar tuple parameters: (key, value) pairs in the order of the wire; a key may come twice, and
        a value is a string, an int, a Decimal, or None where there is none.
    :ivar tuple references: The same of the reference data.
    """

    code: str
    description: str = field(repr=False)
    conversation_id: str
    originator_conversation_id: str
    transaction_id: str
    parameters: tuple = field(default=(), repr=False)
    references: tuple = field(default=(), repr=False)

    @property
    def succeeded(self):
        """Whether the question was answered, or the order carried out."""
        return self.code == '0'

    def values(self, key):
        """All values of a parameter, in order; empty ones left out.

        :rtype: list
        """
        return [value for name, value in self.parameters if name == key and value not in {None, ''}]

    def value(self, key):
        """The first value of a parameter, or None."""
        return next(iter(self.values(key)), None)


def parse_result(raw):
    """Read what was posted to a ResultURL or QueueTimeOutURL.

    :param bytes raw: The body of the request.
    :rtype: Result
    :raise UnreadableCallback: If it is not one.
    """
    document = callbacks.read_document(raw)
    body = callbacks.read_object(document.get('Result'), "Result")
    code = callbacks.read_value(clean.identifier, body.get('ResultCode'), "ResultCode")
    if len(code) > 32:
        reason = "ResultCode: too long"
        raise callbacks.UnreadableCallback(reason)
    number = clean.text(body.get('TransactionID'), 64).strip()
    return Result(
        code=code,
        description=clean.text(body.get('ResultDesc'), 1024),
        conversation_id=clean.text(body.get('ConversationID'), 128).strip(),
        originator_conversation_id=clean.text(body.get('OriginatorConversationID'), 128).strip(),
        transaction_id='' if receipt.is_placeholder(number) else receipt.canonical(number),
        parameters=_pairs(body, 'ResultParameters', 'ResultParameter'),
        references=_pairs(body, 'ReferenceData', 'ReferenceItem'),
    )


def _pairs(body, outer, inner):
    """Key and value of each row; one row alone is an object and not a list."""
    if not body.get(outer):
        return ()
    rows = callbacks.read_object(body[outer], outer).get(inner)
    if rows is None:
        return ()
    pairs = []
    for row in rows if isinstance(rows, list) else [rows]:
        key = callbacks.read_object(row, inner).get('Key')
        if not isinstance(key, str):
            reason = f"{inner}: without a key"
            raise callbacks.UnreadableCallback(reason)
        value = row.get('Value')
        pairs.append((key, None if isinstance(value, (list, dict, bool)) else value))
    return tuple(pairs)
