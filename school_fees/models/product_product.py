from odoo import api, models


class ProductProduct(models.Model):
    _inherit = 'product.product'

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `product` to make fee items exempt from VAT unless told otherwise.

        Here too: Odoo hands the template the default tax of the variant.
        """
        return super().create(self.env['product.template']._add_school_fee_defaults(vals_list))
