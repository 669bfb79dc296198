from odoo import models

from ..rules import swahili_number


class ResCurrency(models.Model):
    _inherit = 'res.currency'

    def _format_plain(self, amount):
        """ Return an amount as schools write it, such as "KES 15,500".

        Odoo would write "15,500.00 KSh". Cents appear only where there are any.

        Note: `self.ensure_one()`

        :param float amount: The amount.
        :rtype: str
        """
        return f"{self.name} {self._format_number(amount)}"

    def _format_number(self, amount):
        """ Return an amount without its currency, such as "15,500", for a column of amounts.

        Note: `self.ensure_one()`

        :param float amount: The amount.
        :rtype: str
        """
        self.ensure_one()
        rounded = self.round(amount) + 0.0  # Adding zero turns -0.0 into 0.0.
        if self.is_zero(rounded - round(rounded)):
            return f"{round(rounded):,}"
        return f"{rounded:,.{self.decimal_places}f}"

    def _format_words(self, amount):
        """ Return an amount in words, in the language of the context.

        Odoo spells amounts in English for a Swahili reader, who gets Swahili here.

        Note: `self.ensure_one()`

        :param float amount: The amount.
        :return: The words, such as "Shilingi elfu kumi na tano, mia tano".
        :rtype: str
        """
        self.ensure_one()
        cents = round(self.round(amount) * 100)
        shillings, cents = divmod(cents, 100)
        swahili = (self.env.lang or '').startswith('sw')
        if not swahili or self.name != 'KES' or not 0 <= shillings < swahili_number.LIMIT:
            words = self.amount_to_text(amount)
            # Odoo knows one shilling only: "Two Hundred Shilling".
            if self.currency_unit_label == 'Shilling' and shillings != 1:
                words = words.replace(' Shilling', ' Shillings')
            return words
        words = f'Shilingi {swahili_number.spell_out(shillings)}'
        return f'{words}, senti {swahili_number.spell_out(cents)}' if cents else words
