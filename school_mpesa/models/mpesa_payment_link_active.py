from odoo import api, models
from odoo.fields import Domain


class MpesaPaymentLink(models.Model):
    """How many links can be paid now, without a look at those that ended long ago."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.payment.link'

    # === BUSINESS METHODS === #

    @api.model
    def _count_active(self, domain):
        """ Count the active links of a kind that ends by being used, by its date or by hand.

        Finding links by their state reads the payments of every link that there ever was.

        :param Domain domain: Which links; those of bills and of relatives end otherwise, too.
        :rtype: int
        """
        still_open = Domain(domain) & Domain('cancelled_at', '=', False) & (
            Domain('expires_on', '=', False) | Domain('expires_on', '>=', self._get_today())
        )
        limited = self.search_fetch(still_open & Domain('max_uses', '>', 0), ['max_uses'])
        uses = self._count_uses(limited.ids)
        return self.search_count(still_open & Domain('max_uses', '=', 0)) + len(
            limited.filtered(lambda link: uses.get(link.id, 0) < link.max_uses)
        )
