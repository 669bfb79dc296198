"""An answer of Daraja in any of its shapes (daraja.md, section 1.5)."""
from dataclasses import dataclass, field
from functools import cached_property

from . import strict_json


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP.

    :ivar int http_status: Status.
    :ivar bytes body: As received. Never shown by `repr`.
    :ivar str | None retry_after: The header of that name.
    :ivar float | None clock_offset: Seconds by which the server's clock is ahead of ours.
    :ivar float seconds: How long it took.
    """

    http_status: int
    body: bytes = field(repr=False)
    retry_after: str | None = None
    clock_offset: float | None = None
    seconds: float = 0.0

    @property
    def ok(self):
        """Whether the status is a success; an error may hide in the body all the same."""
        return 200 <= self.http_status < 300

    @cached_property
    def data(self):
        """The JSON object in it; None for HTML, an empty body and anything else."""
        try:
            data = strict_json.loads(self.body, max_bytes=max(len(self.body), 1))
        except strict_json.NotStrictJson:
            return None
        return data if isinstance(data, dict) else None

    @property
    def text(self):
        """The body as text, whatever it is."""
        return self.body.decode('utf-8', errors='replace')

    @property
    def error(self):
        """Code and message of the error in it.

        :return: Two strings, or None when there is no error body in one of the known shapes.
        :rtype: tuple[str, str] | None
        """
        data = self.data
        if data is None:
            return None
        for read in (_plain, _fault, _envelope, _bill_manager):
            found = read(data)
            if found:
                return found
        return None


def _plain(data):
    """{"requestId", "errorCode", "errorMessage"}: the normal form."""
    if 'errorCode' in data:
        return _text(data['errorCode']), _text(data.get('errorMessage'))
    return None


def _fault(data):
    """{"fault": {"faultstring", "detail": {"errorcode"}}}: raw policy error of the gateway."""
    fault = data.get('fault')
    if not isinstance(fault, dict):
        return None
    detail = fault.get('detail')
    code = detail.get('errorcode') if isinstance(detail, dict) else ''
    return _text(code), _text(fault.get('faultstring'))


def _envelope(data):
    """{"Envelope": {"Body": {"Fault": …}}}: a SOAP fault turned to JSON, prefixes or not."""
    fault = _member(_member(_member(data, 'envelope'), 'body'), 'fault')
    if not isinstance(fault, dict):
        return None
    return _text(_member(fault, 'faultcode')), _text(_member(fault, 'faultstring'))


def _bill_manager(data):
    """{"rescode", "resmsg"}: the Bill Manager's own; "200" is its success."""
    code = _text(data.get('rescode'))
    if not code or code == '200':
        return None
    return code, _text(data.get('resmsg')) or _text(data.get('Status_Message'))


def _member(data, name):
    """The value of a key, whatever its case and XML prefix."""
    if not isinstance(data, dict):
        return None
    for key, value in data.items():
        if key.rpartition(':')[2].lower() == name:
            return value
    return None


def _text(value):
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ''
