from odoo import models


class ResCurrency(models.Model):
    _inherit = 'res.currency'

    def _format_plain(self, amount):
        """ Return an amount as schools write it, such as "KES 15,500".

        Odoo would write "15,500.00 KSh". Cents appear only where there are any.

        Note: `self.ensure_one()`

        :param float amount: The amount.
        :rtype: str
        """
        self.ensure_one()
        rounded = self.round(amount) + 0.0  # Adding zero turns -0.0 into 0.0.
        if self.is_zero(rounded - round(rounded)):
            return f"{self.name} {round(rounded):,}"
        return f"{self.name} {rounded:,.{self.decimal_places}f}"
