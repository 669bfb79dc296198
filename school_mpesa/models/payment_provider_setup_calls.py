import secrets
import socket
from functools import partial
from urllib.parse import urlsplit

import requests

from odoo import SUPERUSER_ID, models
from odoo.exceptions import UserError

from .. import own_address, server_certificate, vault
from .payment_provider_check import CHECK_SECONDS


# A code in the form of M-PESA's that Safaricom has not given out: the letters are of no date.
UNKNOWN_CODE = 'ZZZ9SETUP9'


class PaymentProvider(models.Model):
    """The steps of the set-up that only an answer from outside proves."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    # === BUSINESS METHODS - THE KEYS === #

    def _mpesa_prepare_token(self, _step):
        """ See `mpesa.setup.step._prepare`. """
        if not self._mpesa_has_credentials():
            return None
        return self._mpesa_get_client(CHECK_SECONDS).check_credentials

    def _mpesa_judge_token(self, _step, answer):
        """ See `mpesa.setup.step._judge`. """
        if not self._mpesa_has_credentials():
            return 'failed', self._mpesa_say_keys_missing()
        if isinstance(answer, Exception):
            return 'failed', self._mpesa_explain_check(answer)
        return 'proven', self.env._(
            "Safaricom accepts the keys. The token it gave lives %(count)s minutes; new ones are"
            " fetched by themselves.", count=round(answer.expires_at - answer.fetched_at) // 60,
        )

    def _mpesa_prepare_passkey(self, _step):
        """ See `mpesa.setup.step._prepare`. """
        if not (self._mpesa_has_credentials() and self.mpesa_shortcode):
            return None
        return partial(
            self._mpesa_get_client(CHECK_SECONDS).stk_query, self._mpesa_make_passkey_question(),
        )

    def _mpesa_judge_passkey(self, _step, answer):
        """ See `mpesa.setup.step._judge`. """
        if not (self._mpesa_has_credentials() and self.mpesa_shortcode):
            return 'failed', self._mpesa_say_keys_missing()
        if isinstance(answer, Exception):
            return 'failed', self._mpesa_explain_check(answer)
        words = self.env._(
            "Safaricom has nothing against shortcode %(shortcode)s and its passkey.",
            shortcode=self.mpesa_shortcode,
        )
        if self.mpesa_environment == 'sandbox':
            words += ' ' + self.env._(
                "This is Safaricom's test passkey: your own is proven in production only."
            )
        return 'proven', words

    def _mpesa_say_keys_missing(self):
        """ Say what has to be filled in before Safaricom can be asked.

        :rtype: str
        """
        return self.env._(
            "Fill in the shortcode, the consumer key, the consumer secret and the passkey, and"
            " save. Nothing was asked, and no prompt can be sent yet."
        )

    # === BUSINESS METHODS - THE PUBLIC ADDRESS === #

    def _mpesa_find_address_problem(self):
        """ Say what Safaricom has against the wording of the public address, '' when nothing.

        :rtype: str
        """
        try:
            self._mpesa_check_callback_base()
        except UserError as error:
            return str(error)
        return '' if vault.has_keys() else self.env._(vault.KEY_MISSING)

    def _mpesa_prepare_address(self, _step):
        """ See `mpesa.setup.step._prepare`. """
        if self._mpesa_find_address_problem():
            return None
        nonce = secrets.token_hex(16)
        return partial(
            own_address.ask, f'{self._mpesa_get_callback_base()}/collect/{nonce}/echo',
            vault.derive_token('echo', f'{self.env.cr.dbname}|{nonce}'),
            is_local=self.mpesa_environment == 'simulator',
        )

    def _mpesa_judge_address(self, _step, answer):
        """ See `mpesa.setup.step._judge`. """
        if problem := self._mpesa_find_address_problem():
            return 'failed', problem
        address = self._mpesa_get_callback_base()
        money = self.env._(
            "Money that payers send is safe at Safaricom, but would be announced to nobody."
        )
        if isinstance(answer, server_certificate.ForbiddenNetwork):
            return 'failed', self._mpesa_explain_network(address, money)
        if isinstance(answer, requests.exceptions.SSLError):
            return 'failed', self.env._(
                "%(address)s answers with a certificate that is not trusted, so Safaricom would not"
                " talk to it. %(money)s Renew the certificate, then check again.",
                address=address, money=money,
            )
        if isinstance(answer, Exception):
            return 'failed', self.env._(
                "This server cannot reach itself at %(address)s. %(money)s Compare the address, the"
                " name server and the firewall. In some networks a server cannot call its own"
                " public address: then only a message from Safaricom proves it.",
                address=address, money=money,
            )
        if answer is not True:
            return 'failed', self.env._(
                "At %(address)s something else answers than this server with this school's"
                " database. %(money)s Let the proxy pass /collect/ on to it, and let the server"
                " know which database to take.", address=address, money=money,
            )
        words = self.env._("This server answers at %(address)s.", address=address)
        if self.mpesa_environment != 'production' and not self._mpesa_is_public_base():
            words += ' ' + self.env._(
                "It is an address inside a local network: enough for the simulator, not for"
                " Safaricom."
            )
        return 'proven', words

    def _mpesa_explain_network(self, address, money):
        """ Say why the public address was not called.

        :param str address: The address.
        :param str money: What it means for the money.
        :rtype: str
        """
        if self.mpesa_environment == 'simulator':
            return self.env._(
                "%(address)s leads to another machine, and with the simulator only this one is"
                " called. Nothing was sent. Choose an address of this machine, such as"
                " http://localhost:8069.", address=address,
            )
        return self.env._(
            "From here %(address)s leads into a local network, where nothing is called. %(money)s"
            " Let the name lead to the server's address on the internet. In some networks it leads"
            " elsewhere only from within: then only a message from Safaricom proves it.",
            address=address, money=money,
        )

    # === BUSINESS METHODS - SAFARICOM'S ADDRESSES === #

    def _mpesa_prepare_source(self, _step):
        """ See `mpesa.setup.step._prepare`. """
        host = urlsplit(self._mpesa_get_callback_base()).hostname
        return host and partial(_find_own_addresses, host)

    def _mpesa_judge_source(self, _step, answer):
        """ See `mpesa.setup.step._judge`. """
        try:
            self._mpesa_check_proxy()
        except UserError as error:
            return 'failed', str(error)
        if not isinstance(answer, list):
            return 'failed', self.env._(
                "The name in %(address)s leads to no server, so Safaricom cannot announce money."
                " Ask whoever keeps the domain.", address=self._mpesa_get_callback_base(),
            )
        leads = self.env._(
            "The public address leads to %(addresses)s: where Safaricom lists its partners'"
            " servers, give it that.", addresses=', '.join(answer),
        )
        if self.mpesa_source_check == 'off':
            return 'unneeded', leads + ' ' + self.env._(
                "Who calls is not looked at, as the field Source Address Check says."
            )
        last = self._mpesa_find_last_message()
        if not last:
            return 'todo', leads + ' ' + self.env._(
                "Let Safaricom's addresses through the firewall: the letter lists them. Check again"
                " after the first message from Safaricom."
            )
        if not last.source_listed:
            return 'failed', self.env._(
                "The last message came from an address that is not on the list, so it was noted or"
                " quarantined, and quarantined money is not booked. If it is Safaricom's, add it"
                " under M-PESA Source Addresses and replay the message."
            )
        return 'proven', leads + ' ' + self.env._(
            "The last message came from one of Safaricom's addresses."
        )

    # === BUSINESS METHODS - THE INITIATOR === #

    def _mpesa_prepare_initiator(self, step):
        """ See `mpesa.setup.step._prepare`. The answer comes later, into the inbox. """
        if self._mpesa_find_proof_problem():
            return
        if self.mpesa_status_enabled:
            last = self.env['mpesa.transaction'].sudo().search([
                ('provider_id', '=', self.id), ('kind', '=', 'payment'), ('direction', '=', 'in'),
            ], limit=1)
            step.mpesa_command_id = self.env['mpesa.command']._ask_status(
                self, last.receipt or UNKNOWN_CODE,
            )
        else:
            step.mpesa_command_id = self.env['mpesa.command']._queue_balance(
                self, None if self.env.uid == SUPERUSER_ID else self.env.uid,
            )

    def _mpesa_find_proof_problem(self):
        """ Say why the initiator cannot be proven by a question, '' when it can.

        :rtype: str
        """
        if self.mpesa_status_enabled:
            return self._mpesa_find_status_problem()
        if self.mpesa_balance_enabled:
            return self._mpesa_find_balance_problem(by_itself=self.env.uid == SUPERUSER_ID)
        return self.env._(
            "Giving payments back uses the initiator, but only a question proves that Safaricom"
            " accepts it. Switch on Ask About Payments on the provider's form, then check again. No"
            " money is touched by this."
        )

    def _mpesa_judge_initiator(self, step, answer):
        """ See `mpesa.setup.step._judge`. """
        if isinstance(answer, UserError):
            return 'failed', str(answer)  # This user has asked too often.
        if not self.mpesa_uses_initiator:
            return 'unneeded', self.env._(
                "Nothing is asked about payments here. Switch on Ask About Payments on the"
                " provider's form to use it."
            )
        if self.mpesa_initiator_refusal:
            return 'failed', self._mpesa_explain_initiator_refusal()
        if missing := self._mpesa_list_missing_of_initiator():
            return 'failed', self.env._(
                "Missing: %(parts)s. No money is touched by this. Fill it in on the provider's"
                " form.", parts=', '.join(missing),
            )
        command = step.mpesa_command_id.sudo()
        if command.kind == 'balance' and self.mpesa_balance_refusal:
            return 'failed', self._mpesa_explain_balance_refusal()
        if problem := self._mpesa_find_proof_problem():
            return 'failed', problem
        if command.state in {'queued', 'sent'}:
            return 'waiting', self.env._(
                "Safaricom is being asked. It answers within seconds as a rule, sometimes after"
                " hours."
            )
        if command.state == 'done' and self.mpesa_initiator_proven:
            return 'proven', self.env._(
                "Safaricom answered the initiator, so name, password and certificate are right. The"
                " password expires 90 days after it was set on the organisation portal."
            )
        return 'failed', self.env._(
            "Safaricom did not say whether it accepts the initiator. %(outcome)s No money is"
            " touched by this. Ask again once: three wrong passwords lock an initiator.",
            outcome=command.outcome or '',
        )


def _find_own_addresses(host):
    """ Ask the name server where the public address leads.

    :param str host: The host's name, or its address.
    :rtype: list[str]
    :raise OSError: If the name is not known.
    """
    return sorted({found[4][0] for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)})
