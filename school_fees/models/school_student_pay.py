from odoo import models

from .qr_picture import make_qr_picture


class SchoolStudent(models.Model):
    """How a parent pays for a student by hand, as bills, statements and the portal say it."""

    _inherit = 'school.student'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _get_pay_block(self, amount, address='', caption=''):
        """ Return how to pay what a student owes, in the language of the context.

        Note: `self.ensure_one()`

        :param float amount: What is due, in the currency of the school.
        :param str address: Where the QR code leads, without the school's own address; empty: the
                            reader is there already, and no code is shown.
        :param str caption: What the code is for.
        :return: `title`, `steps` (sentences), `lines` ((label, value) pairs) and `notes`
                 (sentences); with an address also `url`, `qr` (a `data:` address) and `caption`.
                 Empty when nothing is due.
        :rtype: dict
        """
        self.ensure_one()
        if self.currency_id.compare_amounts(amount, 0.0) <= 0:
            return {}
        block = self._get_pay_words(amount)
        if address:
            url = f'{self.get_base_url()}{address}'
            block |= {'url': url, 'qr': make_qr_picture(url), 'caption': caption}
        return block

    def _get_pay_words(self, amount):
        """ Return the words of :meth:`_get_pay_block`. Ways of collecting add theirs.

        Note: `self.ensure_one()`

        :param float amount: What is due, above zero.
        :return: `title`, `steps`, `lines` and `notes`.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'title': self.env._("How to pay"),
            'steps': [],
            'lines': [
                (self.env._("Pay code"), self.sudo().pay_code),
                (self.env._("Amount due"), self.currency_id._format_plain(amount)),
            ],
            'notes': [self.env._(
                "Give the pay code with each payment. It is %(name)s's alone.",
                name=self._get_first_name(),
            )],
        }

    def _get_pay_block_of_account(self):
        """ Return how to pay all that a student owes now, with the way to the account online.

        Note: `self.ensure_one()`

        :rtype: dict
        """
        self.ensure_one()
        balance = self.sudo().balance
        if self.currency_id.compare_amounts(balance, 0.0) <= 0:
            return {}
        return self._get_pay_block(balance, *self._get_pay_address())

    def _get_pay_address(self):
        """ Return where the QR code on a statement leads. Ways of collecting have their own pages.

        Note: `self.ensure_one()`

        :return: The address without the school's own, and what the code is for.
        :rtype: tuple[str, str]
        """
        self.ensure_one()
        return f'/my/fees/{self.id}', self.env._("Scan to log in and see the account")
