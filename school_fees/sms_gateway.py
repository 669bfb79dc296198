"""Africa's Talking as one of Odoo's SMS gateways, beside Odoo's own and others by the same hook."""
# A scheduled action commits on purpose: what the gateway took is durable as soon as it is known.
# pylint: disable=invalid-commit
import ipaddress
import logging
import os
from urllib.parse import urlsplit

from odoo.tools import config

from odoo.addons.sms.tools.sms_api import SmsApiBase

from . import africastalking


_logger = logging.getLogger(__name__)

# What Odoo's queue calls an outcome, for each answer of the gateway.
OUTCOME_OF_CODE = {
    401: 'at_refused', 402: 'at_sender', 403: 'at_number', 404: 'at_number', 405: 'at_credit',
    406: 'at_optout', 407: 'at_busy', 409: 'at_optout', 500: 'at_busy', 501: 'at_busy',
    502: 'at_refused',
}
FAILURE_TYPES = {
    'at_busy': 'sms_server',
    'at_keys': 'sms_acc',
    'at_credit': 'sms_credit',
    'at_sender': 'school_sender',
    'at_number': 'sms_number_format',
    'at_optout': 'school_optout',
    'at_refused': 'school_refused',
    'at_doubt': 'school_doubt',
}
# Nothing was sent, and what was in the way may be mended: tried again with growing pauses.
RETRIED = {'sms_server', 'sms_acc', 'sms_credit', 'school_sender'}
# These concern the school's account, not the one message: no use in asking again at once.
OUTAGES = {'at_busy', 'at_keys', 'at_credit', 'at_sender'}


def get_simulator_url():
    """ Return the address of the stand-in on this machine, where `odoo.conf` names one.

    :return: The address, '' when none is set or it is none of this machine's own.
    :rtype: str
    """
    name = 'school_sms_simulator_url'
    address = str(config.get(name) or os.environ.get(name.upper()) or '').strip()
    try:
        host = urlsplit(address).hostname or ''
        is_local = host == 'localhost' or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = False
    return address if is_local else ''


class SmsApiAfricasTalking(SmsApiBase):
    PROVIDER_TO_SMS_FAILURE_TYPE = SmsApiBase.PROVIDER_TO_SMS_FAILURE_TYPE | FAILURE_TYPES

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        """ Override of `sms` to send by Africa's Talking, message by message.

        Note: Delivery reports come to the address that is set on the gateway's own pages.

        :param list messages: As in `sms`.
        :param delivery_reports_url: Unused.
        :return: For each its `uuid`, `state` and, where it was taken, `school_gateway_ref`.
        :rtype: list[dict]
        """
        client = self.company.sudo()._get_sms_client()
        results = []
        for message in messages:
            for recipient in message['numbers']:
                results.append({
                    'uuid': recipient['uuid'],
                    **self._send_one(client, recipient['number'], message['content']),
                })
        # The calls took seconds, in which delivery reports may have come: what is written now must
        # see them, not clash with them.
        self.env.cr.commit()
        return results

    def _send_one(self, client, number, text):
        """ Send one message and say what became of it.

        :param client: The client, None where the school's account is not set up.
        :param str number: The number, in E.164 form.
        :param str text: The message.
        :return: The `state` and, when it was taken, the gateway's id as `school_gateway_ref`.
        :rtype: dict
        """
        if client is None:
            return {'state': 'at_keys'}
        if not number:
            return {'state': 'sms_number_missing'}
        try:
            taken = client.send(number, text)
        except africastalking.MessageRefused as error:
            state, reason = OUTCOME_OF_CODE.get(error.code, 'at_refused'), error.reason
        except africastalking.KeysRefused as error:
            state, reason = 'at_keys', error.reason
        except (africastalking.NotReached, africastalking.Unavailable) as error:
            state, reason = 'at_busy', error.reason
        except africastalking.RequestRefused as error:
            state, reason = 'at_refused', error.reason
        except africastalking.InDoubt as error:
            state, reason = 'at_doubt', error.reason
        except Exception as error:  # noqa: BLE001 - it may have gone out: never to be sent again by itself
            state, reason = 'at_doubt', type(error).__name__
        else:
            return {'state': 'success', 'school_gateway_ref': taken.message_id}
        _logger.info("Africa's Talking: a message was not taken: %s (%s)", state, reason)
        return {'state': state}
