from odoo import models

from .. import daraja, vault
from .request_error import MpesaRequestError
from .school_app_error import SchoolAppError


# New requests an hour that a guardian's key may make, whatever phones they go to. The office's key
# asks for a whole school; the limits of each phone hold for both.
REQUESTS_PER_HOUR = 30
LARGEST_ID = 2**31 - 1


class SchoolApp(models.AbstractModel):
    """Asking for money by the school's own app, and what is said when that is refused."""

    _inherit = 'school.app'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _ask(self, student, bills, amount, number, note, intent):
        """ Make a request, or return the one that this key has made.

        :param school.student student: The student; access was checked.
        :param account.move bills: The bills chosen, if any; access was checked.
        :param amount: KES, as number or text.
        :param daraja.msisdn.Msisdn number: The phone.
        :param str note: A note for the school.
        :param str intent: The idempotency key.
        :return: In sudo mode.
        :rtype: payment.transaction
        :raise SchoolAppError: If it cannot be made.
        """
        # Nobody may read or create requests by hand; the checks before are this caller's rights.
        Transaction_sudo = self.env['payment.transaction'].sudo()
        is_known = bool(Transaction_sudo.search_count([('mpesa_intent', '=', intent)], limit=1))
        is_office = self.env.user.has_group('school_fees.group_bursar')
        provider_sudo = self._get_provider_sudo(student)
        try:
            if not is_known:
                self._check_ready(provider_sudo, is_office)
            tx_sudo = Transaction_sudo._mpesa_ask(
                provider=provider_sudo, student=student, amount=amount, phone=number.e164,
                channel='api', invoices=bills, note=note, intent=intent,
                initiator=self.env.user if is_office else None,
            )
        except MpesaRequestError as error:
            raise self._tell_refusal(error) from error
        if not is_known and is_office:
            tx_sudo._mpesa_tell_asked(self.env.user)
        if (
            tx_sudo.mpesa_student_id != student or tx_sudo.invoice_ids != bills.sudo()
            or tx_sudo.mpesa_phone_index != vault.blind_index('phone', number.wire)
            or tx_sudo._mpesa_read_amount(amount) != tx_sudo._mpesa_get_amount()
        ):
            raise SchoolAppError(self.env._(
                "This key was used for another request already. No new request was sent and no"
                " money moved. Take a new key for each new request."
            ), 'key_used', 'key')
        return tx_sudo

    def _get_provider_sudo(self, student):
        """ Return the shortcode on which the caller may ask for a student's fees.

        :param school.student student: The student; access was checked.
        :rtype: payment.provider
        """
        return self.env['payment.provider']._mpesa_get_default(student.sudo().company_id)

    def _check_ready(self, provider_sudo, is_office):
        """ Ensure that there is a shortcode to ask on, and that a guardian did not ask too often.

        :raise MpesaRequestError: If there is none, or none that is offered to parents.
        :raise SchoolAppError: If the caller asked too often.
        """
        if not provider_sudo or not (is_office or provider_sudo.is_published):
            raise MpesaRequestError(self.env._(
                "M-PESA prompts are switched off at this school. No prompt was sent and no money"
                " moved. Pay by another way, or ask the accounts office."
            ), 'provider')
        counter_sudo = self.env['mpesa.rate.counter'].sudo()  # Nobody else may count.
        if not is_office and (
            counter_sudo._hit('prompt app', str(self.env.uid), 3600) > REQUESTS_PER_HOUR
        ):
            raise SchoolAppError(self.env._(
                "This key asked for too many requests within an hour. No new request was sent and"
                " no money moved. Try again in an hour, or pay by the Paybill menu."
            ), 'too_many')

    # === PHONES === #

    def _get_phones(self, student):
        """ Return the numbers that a caller may choose without typing them.

        :param school.student student: The student; access was checked.
        :return: To the office those of the student's guardians, to everybody else the own ones,
                 each by a key that tells nothing, the first choice first.
        :rtype: dict[str, daraja.msisdn.Msisdn]
        """
        if not vault.has_keys():
            return {}
        texts = [
            phone['phone_e164'] for phone in student.sudo()._guardian_phones()
        ] if self._is_office() else self.env.user.partner_id.sudo()._get_school_phones()
        phones = {}
        for text in texts:
            try:
                number = daraja.msisdn.parse(text)
            except daraja.MsisdnError:
                continue  # A number abroad, or a landline, cannot be prompted.
            phones[vault.blind_index('app phone', number.wire)] = number
        return phones

    def _read_phone(self, student, phone, phone_key):
        """ Return the number that a caller means.

        :param school.student student: The student; access was checked.
        :param str phone: A number.
        :param str phone_key: Or the key of one of those that may be chosen.
        :rtype: daraja.msisdn.Msisdn
        :raise SchoolAppError: If it is none, or both are given.
        """
        if phone_key is not None:
            number = phone is None and isinstance(phone_key, str) and (
                self._get_phones(student).get(phone_key)
            )
            self._check_argument('phone_key', number)
            return number
        self._check_argument('phone', isinstance(phone, str))
        try:
            return self.env['payment.transaction']._mpesa_check_phone(phone)
        except MpesaRequestError as error:
            raise SchoolAppError(str(error), 'phone', 'phone') from error

    # === WHAT IS WRONG === #

    def _read_id(self, name, value):
        """ Return a number above zero that PostgreSQL takes for an id.

        :param str name: The argument.
        :param value: What was given.
        :rtype: int
        :raise SchoolAppError: If it is none.
        """
        self._check_argument(
            name,
            isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_ID,
        )
        return value

    def _check_argument(self, name, is_right):
        """ Ensure that an argument can be read.

        :param str name: The argument.
        :param is_right: Whether it is as documented.
        :return: None
        :raise SchoolAppError: If it is not.
        """
        if not is_right:
            raise SchoolAppError(self.env._(
                "%(argument)s is missing, or not as the documentation says. No request was sent and"
                " no money moved.", argument=name,
            ), 'argument', name)

    def _refuse_unknown(self):
        """ Return the error for what there is not, or is not for this caller: they look alike.

        :rtype: SchoolAppError
        """
        return SchoolAppError(self.env._(
            "There is nothing by this number that this key may see. No request was sent and no"
            " money moved."
        ), 'not_found')

    def _tell_refusal(self, error):
        """ Return the error for a refused request, without what may be another family's.

        :param MpesaRequestError error: Why the request was refused.
        :rtype: SchoolAppError
        """
        if error.tx and error.field == 'phone':
            return SchoolAppError(self.env._(
                "Another M-PESA request is already on this phone. Finish or close it there, wait 2"
                " minutes, then send again. No new request was sent."
            ), 'phone_busy', 'phone')
        if error.field == 'student':
            return SchoolAppError(self.env._(
                "This student has left the school and owes nothing. No prompt was sent and no money"
                " moved."
            ), 'student', 'student_id')
        # That it is a number was checked before: what is refused now is one that was asked often.
        code = {'phone': 'phone_limit', 'link': 'open_request'}.get(error.field, error.field)
        argument = {'amount': 'amount', 'bill': 'bill_ids', 'phone': 'phone'}.get(error.field)
        return SchoolAppError(str(error), code, argument)
