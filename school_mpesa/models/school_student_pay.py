import math

from odoo import models

from .. import daraja
from . import pay_page_labels


class SchoolStudent(models.Model):
    """How a parent pays a student's fees by Paybill or Buy Goods, on paper."""

    _inherit = 'school.student'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _get_pay_words(self, amount):
        """ Override of `school_fees` to say the steps of the paybill, where the school has one. """
        provider_sudo = self.env['payment.provider']._mpesa_get_default(self.company_id)
        number = provider_sudo and provider_sudo._mpesa_get_payer_number()
        if not number:
            return super()._get_pay_words(amount)
        whole = math.ceil(round(amount, 2))  # M-PESA moves whole shillings.
        words = pay_page_labels.say_all(self.env, pay_page_labels.PAYBILL_ON_PAPER, {
            'pupil': self._get_first_name(), 'most': f'{daraja.MOST_AMOUNT:,}',
        })
        is_till = provider_sudo.mpesa_shortcode_type == 'till'  # It takes no account.
        kind = 'till' if is_till else 'paybill'
        return {
            'title': words[f'{kind}_title'],
            'steps': [words[f'{kind}_menu']],
            'lines': [
                (words[f'{kind}_number'], number),
                *([] if is_till else [(words['account'], self.sudo().pay_code)]),
                (words['amount'], self.currency_id._format_plain(whole)),
            ],
            'notes': [
                *([] if is_till else [words['own']]),
                *([words['parts']] if whole > daraja.MOST_AMOUNT else []),
                *filter(None, [provider_sudo._mpesa_get_watermark()]),
            ],
        }
