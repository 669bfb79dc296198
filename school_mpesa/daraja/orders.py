"""What the APIs share whose result comes later (daraja.md, sections 1.4, 1.12 and 7 to 10)."""
import re

from .acknowledgement import read_acknowledgement
from .callback_address import callback_url_faults
from .security_credential import Initiator
from .stk_signature import matches, require


REMARK_LENGTH = 100
ORGANISATION = re.compile(r'[0-9]{5,9}')
WIRE_PHONE = re.compile(r'254[17][0-9]{8}')


def require_common(order, least_remark=1):
    """Refuse an order whose initiator, addresses or remarks break a rule.

    :param order: Has `initiator`, `result_url`, `timeout_url` and `remarks`.
    :param int least_remark: Characters that the remarks need.
    :raise InvalidRequest: Naming the field.
    """
    require(isinstance(order.initiator, Initiator), 'Initiator')
    for name, url in (('ResultURL', order.result_url), ('QueueTimeOutURL', order.timeout_url)):
        require('not_a_url' not in callback_url_faults(url), name)
    require(
        is_remark(order.remarks) and len(order.remarks.strip()) >= least_remark, 'Remarks',
    )


def is_remark(value):
    """Whether a text can stand in Remarks or Occasion."""
    return isinstance(value, str) and len(value) <= REMARK_LENGTH and value.isprintable()


def common_fields(order, command, initiator_field='Initiator'):
    """The fields that all of them have.

    :param order: As in `require_common`.
    :param str command: CommandID.
    :param str initiator_field: B2C spells it otherwise.
    :rtype: dict[str, str]
    """
    return {
        initiator_field: order.initiator.name,
        'SecurityCredential': order.initiator.credential,
        'CommandID': command,
        'ResultURL': order.result_url,
        'QueueTimeOutURL': order.timeout_url,
        'Remarks': order.remarks,
    }


def is_organisation(value):
    """Whether this can be a shortcode."""
    return matches(ORGANISATION, value)


class Orderer:
    """Sends questions and orders that are acknowledged at once and answered later.

    :param Gateway gateway: Carries the calls.
    """

    def __init__(self, gateway):
        self._gateway = gateway

    def send(self, order):
        """Send a question or an order; its result is posted to the ResultURL.

        It is sent once: a question would get two results of one name, an order be obeyed twice.

        :param order: Has an `ADDRESS` and a `body`.
        :rtype: Acknowledgement
        :raise DarajaError: With `sent` "no" when Safaricom has certainly not begun.
        """
        body = order.body()
        answer, exchange = self._gateway.post(
            order.ADDRESS, body, secrets=(body['SecurityCredential'],),
        )
        return read_acknowledgement(answer, exchange)
