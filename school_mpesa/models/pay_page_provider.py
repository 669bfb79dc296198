from odoo import api, models

from odoo.addons.payment import utils as payment_utils


class PaymentProvider(models.Model):
    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment` to give every new M-PESA provider the form of the pay page. """
        form = self.env.ref('school_mpesa.inline_form', raise_if_not_found=False)
        for vals in vals_list:
            if vals.get('code') == 'mpesa' and form:
                vals.setdefault('inline_form_view_id', form.id)
        return super().create(vals_list)

    @api.model
    def _get_compatible_providers(self, *args, report=None, **kwargs):
        """ Override of `payment` to offer M-PESA on the page of a student's bill only.

        A prompt needs a student and a bill. The generic pay page, the overdue list, sales orders
        and saved payment methods have neither, so M-PESA is not shown there. The bill's page
        says so in the context, which a browser cannot set.
        """
        providers = super()._get_compatible_providers(*args, report=report, **kwargs)
        if self.env.context.get('mpesa_bill_id'):
            return providers
        mpesa_providers = providers.filtered(lambda provider: provider.code == 'mpesa')
        payment_utils.add_to_report(
            report, mpesa_providers, available=False,
            reason=self.env._("M-PESA is offered on the page of a student's bill."),
        )
        return providers - mpesa_providers
