import { browser } from '@web/core/browser/browser';
import { _t } from '@web/core/l10n/translation';
import { RPCError } from '@web/core/network/rpc';
import { patch } from '@web/core/utils/patch';
import { patchDynamicContent } from '@web/public/utils';

import { PaymentForm } from '@payment/interactions/payment_form';

patch(PaymentForm.prototype, {

    setup() {
        super.setup();
        patchDynamicContent(this.dynamicContent, {
            '[name="o_mpesa_form"]': {
                't-on-change': () => this._mpesaRefresh(),
                't-on-input': () => this._mpesaRefresh(),
            },
            '[name="o_mpesa_copy"]': { 't-on-click': ev => this._mpesaCopy(ev.currentTarget) },
        });
    },

    // #=== DOM MANIPULATION ===#

    /**
     * Pay by M-PESA within the form: the prompt is on the phone, there is no page to go to.
     *
     * @override method from payment.payment_form
     */
    async _prepareInlineForm(providerId, providerCode, paymentOptionId, paymentMethodCode, flow) {
        if (providerCode !== 'mpesa') {
            await super._prepareInlineForm(...arguments);
        } else if (flow !== 'token') {
            this._setPaymentFlow('direct');
        }
    },

    /**
     * Say on the button what it does: the amount, and that it is M-PESA.
     *
     * @override method from payment.payment_form
     */
    _adaptSubmitButtonLabel(paymentMethodCode) {
        super._adaptSubmitButtonLabel(...arguments);
        if (this._mpesaForm() && !this._mpesaValidate().amount) {
            const amount = Number(this._mpesaAmount());
            const label = _t(
                "Pay KES %(amount)s with M-PESA", { amount: amount.toLocaleString('en-KE') }
            );
            for (const button of document.querySelectorAll('[name="o_payment_submit_button"]')) {
                button.textContent = label;
            }
        }
    },

    // #=== PAYMENT FLOW ===#

    /**
     * Check the fields before anything is sent; the server checks them again.
     *
     * @override method from payment.payment_form
     */
    async _initiatePaymentFlow(providerCode, paymentOptionId, paymentMethodCode, flow) {
        if (providerCode !== 'mpesa') {
            return super._initiatePaymentFlow(...arguments);
        }
        this._mpesaShowErrors(this._mpesaValidate());
        if (this._mpesaForm().querySelector('[aria-invalid="true"]')) {
            this._enableButton();
            return;
        }
        try {
            await super._initiatePaymentFlow(...arguments);
        } catch (error) {
            if (error instanceof RPCError) {
                return Promise.reject(error);
            }
            // The same form never asks twice, so pressing again is safe.
            this._mpesaShowErrors({ phone: _t(
                "No internet. We could not tell if the request was sent. Press Pay again: the same request is not sent twice."
            ) });
            this._enableButton();
        }
    },

    /**
     * Add what the M-PESA form holds.
     *
     * @override method from payment.payment_form
     */
    _prepareTransactionRouteParams() {
        const params = super._prepareTransactionRouteParams(...arguments);
        const form = this.paymentContext.providerCode === 'mpesa' && this._mpesaForm();
        if (form) {
            params.mpesa_amount = this._mpesaAmount();
            params.mpesa_phone = form.querySelector('[name="mpesa_phone"]').value.trim();
            params.mpesa_intent = form.dataset.intent;
            params.mpesa_lang = form.dataset.lang;
        }
        return params;
    },

    /**
     * Go to the page of the attempt, or show what must be corrected.
     *
     * @override method from payment.payment_form
     */
    async _processDirectFlow(providerCode, paymentOptionId, paymentMethodCode, processingValues) {
        if (providerCode !== 'mpesa') {
            await super._processDirectFlow(...arguments);
            return;
        }
        const error = processingValues.mpesa_error;
        if (!error) {
            // The back button must not send the form again.
            browser.location.replace(processingValues.mpesa_attempt_url);
            return;
        }
        if (['amount', 'phone'].includes(error.field)) {
            this._mpesaShowErrors({ [error.field]: error.message });
        } else {
            this._displayErrorDialog(_t("The request was not sent"), error.message);
        }
        const link = this._mpesaForm().querySelector('[name="o_mpesa_open_request"]');
        link.classList.toggle('d-none', !error.attempt_url);
        link.href = error.attempt_url || '#';
        this._enableButton();
    },

    // #=== TOOLS ===#

    /**
     * Return the M-PESA form of the selected payment option, if that is M-PESA.
     *
     * @private
     * @return {HTMLElement | null}
     */
    _mpesaForm() {
        const radio = this.el.querySelector('input[name="o_payment_radio"]:checked');
        return radio && this._getProviderCode(radio) === 'mpesa'
            ? this._getInlineForm(radio)?.querySelector('[name="o_mpesa_form"]') ?? null
            : null;
    },

    /**
     * Return the chosen amount as typed, without separators.
     *
     * @private
     * @return {string}
     */
    _mpesaAmount() {
        const form = this._mpesaForm();
        return form.querySelector('.btn-check:checked').value
            || form.querySelector('[name="mpesa_amount"]').value.replace(/[\s,]/g, '');
    },

    /**
     * Return an error text for each field that must be corrected.
     *
     * @private
     * @return {object}
     */
    _mpesaValidate() {
        const form = this._mpesaForm();
        const { least, most, cap, mask, dueText } = form.dataset;
        const errors = {};
        const amount = this._mpesaAmount();
        if (!amount) {
            errors.amount = _t("Enter how much you want to pay.");
        } else if (!/^[0-9]+$/.test(amount)) {
            errors.amount = _t("Enter whole shillings, without cents.");
        } else if (Number(amount) < Number(least)) {
            errors.amount = _t(
                "Amount must be KES %(least)s or more.",
                { least: Number(least).toLocaleString('en-KE') }
            );
        } else if (Number(amount) > Number(cap)) {
            errors.amount = _t(
                "M-PESA allows up to KES %(cap)s at once. Pay KES %(cap)s now, then the remaining KES %(rest)s.",
                {
                    cap: Number(cap).toLocaleString('en-KE'),
                    rest: (Number(amount) - Number(cap)).toLocaleString('en-KE'),
                }
            );
        } else if (Number(amount) > Number(most)) {
            errors.amount = _t(
                "That is more than the balance of KES %(balance)s. Pay KES %(balance)s or less.",
                { balance: dueText }
            );
        }
        const phone = form.querySelector('[name="mpesa_phone"]').value.trim();
        if (!phone) {
            errors.phone = _t("Enter the M-PESA phone number.");
        } else if (
            phone !== mask
            && !/^(\+?254|0)?[17][0-9]{8}$/.test(phone.replace(/[\s().-]/g, ''))
        ) {
            errors.phone = _t("Enter a Kenyan mobile number, like 0712 345 678.");
        }
        return errors;
    },

    /**
     * Show the errors beside their fields and move to the first; clear the others.
     *
     * @private
     * @param {object} errors - The error texts by field.
     */
    _mpesaShowErrors(errors) {
        const form = this._mpesaForm();
        for (const name of ['phone', 'amount']) {
            const input = form.querySelector(`[name="mpesa_${name}"]`);
            const text = form.querySelector(`[name="o_mpesa_error_${name}"]`);
            const message = errors[name];
            text.textContent = message ? _t("Error: %(message)s", { message }) : '';
            text.classList.toggle('d-none', !message);
            input.classList.toggle('is-invalid', Boolean(message));
            input.setAttribute('aria-invalid', Boolean(message));
            if (message) {
                input.focus();
            }
        }
    },

    /**
     * Follow the chosen amount: the field for another amount, and the label of the button.
     *
     * @private
     */
    _mpesaRefresh() {
        const form = this._mpesaForm();
        if (form) {
            const other = form.querySelector('[name="o_mpesa_other"]');
            other.classList.toggle('d-none', form.querySelector('.btn-check:checked').value);
            this._adaptSubmitButtonLabel('mpesa');
        }
    },

    /**
     * Copy a Paybill detail.
     *
     * @private
     * @param {HTMLElement} button
     */
    async _mpesaCopy(button) {
        if (browser.navigator.clipboard) {
            await this.waitFor(browser.navigator.clipboard.writeText(button.dataset.copy));
        } else { // Browsers give the clipboard to https pages only.
            document.getSelection().selectAllChildren(button.previousElementSibling);
            document.execCommand('copy');
        }
        button.textContent = button.dataset.done;
    },
});
