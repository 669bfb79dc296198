from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .. import daraja, vault


class PaymentTransaction(models.Model):
    """Finding requests by the full phone number, though only a masked one is kept in clear."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_phone_search = fields.Char(
        string="Phone Number", compute='_compute_mpesa_phone_search',
        search='_search_mpesa_phone_search', groups='school_fees.group_bursar',
        help="Type the whole number, in any form: 0712 345 678 or +254 712 345 678.",
    )

    def _compute_mpesa_phone_search(self):
        for tx in self:
            tx.mpesa_phone_search = tx.mpesa_phone_mask

    def _search_mpesa_phone_search(self, operator, value):
        """ Find requests by number: the whole number by its keyed digest, else by what is shown.

        :param str operator: The domain's operator.
        :param value: What was typed.
        :rtype: Domain
        :raise AccessError: If the user may not see numbers: Odoo asks for a field's group when it
                            is read, not when it is searched.
        """
        if not (self.env.su or self.env.user.has_group('school_fees.group_bursar')):
            raise AccessError(self.env._("Only the bursar's office finds payers by number."))
        if operator not in {'in', '=', 'ilike', '=ilike'}:
            return NotImplemented
        texts = [value] if isinstance(value, str) else list(value)
        domains = []
        for text in texts:
            try:
                index = vault.blind_index('phone', daraja.msisdn.parse(text).wire)
            except daraja.MsisdnError:
                domains.append(Domain('mpesa_phone_mask', 'ilike', text or False))
            else:
                # Only the system may read the index; the office may ask whether one number fits.
                ids = self.sudo()._search([('mpesa_phone_index', '=', index)])
                domains.append(Domain('id', 'in', ids))
        return Domain.OR(domains)
