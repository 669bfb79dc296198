import math

from odoo.exceptions import AccessError, ValidationError
from odoo.http import request, route

from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..models.request_error import MpesaRequestError
from .pay_attempt_values import last_request, others_request
from .pay_form_values import form_values, read_phone
from .pay_language import choose_language, offered_languages
from .pay_request import (
    bind_intent,
    count_prompt,
    describe_error,
    may_see_request,
    read_amount,
)


MPESA_PARAMS = ('mpesa_amount', 'mpesa_phone', 'mpesa_intent', 'mpesa_lang')


class BillPortal(PortalAccount):

    def _invoice_get_page_view_values(self, invoice, access_token, **kwargs):
        """ Override of `account_payment` to offer M-PESA on a student's bill.

        Saved cards are left out there: they belong to a guardian, while the payment must be on
        the student's own account.
        """
        if not invoice.student_id:
            return super()._invoice_get_page_view_values(invoice, access_token, **kwargs)
        request.update_context(mpesa_bill_id=invoice.id)
        values = super()._invoice_get_page_view_values(invoice, access_token, **kwargs)
        values['mpesa_last_request'] = self._describe_last_request(invoice)
        providers_sudo = values.get('providers_sudo')
        if not providers_sudo:  # Nothing is due, or nobody can collect it.
            return values
        values.update({
            'partner_id': invoice.partner_id.id,
            'tokens_sudo': values['tokens_sudo'].browse(),
            'show_tokenize_input_mapping': dict.fromkeys(providers_sudo.ids, False),
            'mpesa_forms': {
                provider_sudo.id: form_values(
                    provider_sudo, invoice.sudo().student_id, request.env.user,
                    due=invoice.amount_residual,
                )
                for provider_sudo in providers_sudo
                if provider_sudo.code == 'mpesa'
            },
        })
        return values

    @staticmethod
    def _describe_last_request(bill_sudo):
        """ Return what the page tells about the bill's last request, if that was by M-PESA.

        :param account.move bill_sudo: The bill; access was checked.
        :return: heading ('' when nothing is told), what, link, url; or None.
        :rtype: dict|None
        """
        tx_sudo = bill_sudo.get_portal_last_transaction()
        if tx_sudo.provider_code != 'mpesa' or not tx_sudo.mpesa_attempt_url:
            return None
        tx_sudo = tx_sudo.with_context(lang=request.env.lang)
        if not may_see_request(tx_sudo):
            return others_request(tx_sudo)
        lang = choose_language(offered_languages(request.env), request.env.lang)
        return {
            **last_request(tx_sudo),
            'url': f'{tx_sudo.mpesa_attempt_url}?lang={lang}',
        }

    def _overdue_invoices_get_page_view_values(self, overdue_invoices, **kwargs):
        """ Override of `account_payment` to ask for what is open, not for the invoiced totals. """
        values = super()._overdue_invoices_get_page_view_values(overdue_invoices, **kwargs)
        if 'payment' in values:
            residual = sum(overdue_invoices.mapped('amount_residual'))
            values['amount'] = residual
            values['payment']['amount'] = residual
        return values


class BillPayment(PaymentPortal):

    @route()
    def invoice_transaction(self, invoice_id, access_token=None, **kwargs):
        """ Override of `account_payment` to ask for M-PESA by a prompt on the payer's phone.

        The token may be missing: a guardian who is logged in needs none, and the address of the
        page may have been typed without it.

        :param int invoice_id: The bill.
        :param str access_token: The token of the bill's link.
        :param dict kwargs: What the payment form sends; for M-PESA also `mpesa_amount`,
                            `mpesa_phone`, `mpesa_intent` and `mpesa_lang` (the page's language,
                            which this route does not get from the address).
        :return: The processing values; for M-PESA with `mpesa_attempt_url`, or only `mpesa_error`
                 when a field must be corrected.
        :rtype: dict
        :raise ValidationError: If the token or the amount is wrong.
        """
        mpesa_params = {name: kwargs.pop(name, None) for name in MPESA_PARAMS}
        # Sudo: payers may not read providers. Only the code decides what happens next.
        provider_sudo = request.env['payment.provider'].sudo().browse(
            self._cast_as_int(kwargs.get('provider_id'))
        ).exists()
        bill_sudo = self._get_accessible_bill(invoice_id, access_token)
        if provider_sudo.code == 'mpesa':
            offered = offered_languages(request.env)
            lang = choose_language(offered, mpesa_params['mpesa_lang'], request.env.lang)
            request.update_context(lang=offered[lang])
            bill_sudo = bill_sudo.with_env(bill_sudo.env(context=request.env.context))
            try:
                return self._ask_mpesa(bill_sudo, provider_sudo, mpesa_params)
            except MpesaRequestError as error:
                return {
                    'mpesa_error': describe_error(request.env, error, bill_sudo.student_id),
                }
        if bill_sudo.student_id:
            kwargs['amount'] = self._clamp_amount(kwargs.get('amount'), bill_sudo.amount_residual)
            # A token would be saved for the student, who has no business with cards.
            kwargs['tokenization_requested'] = False
        return super().invoice_transaction(invoice_id, access_token, **kwargs)

    @route()
    def overdue_invoices_transaction(self, payment_reference, **kwargs):
        """ Override of `account_payment` to take what is open at most, and no M-PESA.

        A prompt is for one bill, on that bill's page.
        """
        provider_sudo = request.env['payment.provider'].sudo().browse(
            self._cast_as_int(kwargs.get('provider_id'))
        ).exists()  # Sudo: payers may not read providers.
        if provider_sudo.code == 'mpesa':
            raise ValidationError(request.env._(
                "With M-PESA, pay each bill on its own page. No request was sent."
            ))
        if not request.env.user._is_public():
            overdue = request.env['account.move'].search(self._get_overdue_invoices_domain())
            kwargs['amount'] = self._clamp_amount(
                kwargs.get('amount'), sum(overdue.mapped('amount_residual')),
            )
        return super().overdue_invoices_transaction(payment_reference, **kwargs)

    def _process_transaction(self, partner_id, currency_id, invoice_ids, *args, **kwargs):
        """ Override of `account_payment` to pay a student's bill on the student's own account.

        Odoo takes the partner of the user who pays; the student's statement would then show a
        debit without its credit.
        """
        bills_sudo = request.env['account.move'].sudo().browse(invoice_ids)  # Access was checked.
        if bills_sudo.student_id and len(bills_sudo.partner_id) == 1:
            partner_id = bills_sudo.partner_id.id
        return super()._process_transaction(
            partner_id, currency_id, invoice_ids, *args, **kwargs
        )

    # === TOOLS === #

    def _get_accessible_bill(self, invoice_id, access_token):
        """ Return the bill in sudo mode, if this user or this token may see it.

        :raise ValidationError: If neither may, as in `account_payment`.
        """
        try:
            return self._document_check_access('account.move', invoice_id, access_token)
        except AccessError:
            raise ValidationError(request.env._("The access token is invalid.")) from None

    def _ask_mpesa(self, bill_sudo, provider_sudo, params):
        """ Send the prompt and return the processing values.

        :param account.move bill_sudo: The bill; access was checked.
        :param payment.provider provider_sudo: The shortcode.
        :param dict params: What the browser sent, not believed.
        :rtype: dict
        :raise MpesaRequestError: If a field must be corrected.
        """
        env = request.env
        student_sudo = bill_sudo.student_id
        compatible_sudo = provider_sudo.with_context(
            mpesa_bill_id=bill_sudo.id,
        )._get_compatible_providers(
            bill_sudo.company_id.id, bill_sudo.partner_id.id, bill_sudo.amount_residual,
            currency_id=bill_sudo.currency_id.id,
        )
        if not student_sudo or provider_sudo not in compatible_sudo:
            raise MpesaRequestError(env._(
                "M-PESA is not available for this bill. No request was sent. Choose another way to"
                " pay, or call the accounts office."
            ), 'provider')
        count_prompt(env)
        amount = read_amount(params['mpesa_amount'])
        phone = read_phone(params['mpesa_phone'], student_sudo)
        tx_sudo = env['payment.transaction'].sudo()._mpesa_ask(  # Payers may not create requests.
            provider=provider_sudo,
            student=student_sudo,
            invoices=bill_sudo,
            amount=amount,
            phone=phone,
            channel='invoice',
            intent=bind_intent(params['mpesa_intent'], bill_sudo, amount, phone),
            payer_lang=env.lang,
        )
        PaymentPostProcessing.monitor_transaction(tx_sudo)
        lang = choose_language(offered_languages(env), env.lang)
        return {
            **tx_sudo._get_processing_values(),
            'mpesa_attempt_url': f'{tx_sudo.mpesa_attempt_url}?lang={lang}',
        }

    def _clamp_amount(self, amount, most):
        """ Return the amount a browser asked for, at most what is due.

        :raise ValidationError: If it is not an amount above zero.
        """
        value = self._cast_as_float(amount)
        if value is None or not math.isfinite(value) or value <= 0:
            raise ValidationError(request.env._("Enter how much you want to pay."))
        return min(value, most)
