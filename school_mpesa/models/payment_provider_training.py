from odoo import api, models
from odoo.exceptions import ValidationError

from . import pay_page_labels


class PaymentProvider(models.Model):
    """No shortcode with real money where a school trains."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    # === CONSTRAINT METHODS === #

    @api.constrains('code', 'state', 'mpesa_environment', 'company_id')
    def _check_mpesa_training(self):
        """ Ensure that a school that trains has shortcodes on the simulator only, and that no real
        money comes to where money of a training still stands.

        :raise ValidationError: If this one is elsewhere.
        """
        for provider in self.filtered(
            lambda p: p.code == 'mpesa' and p.state != 'disabled'
            and p.mpesa_environment != 'simulator'
        ):
            school = provider.company_id
            # One of a school serves its branches.
            if school._is_mpesa_training() or self.env['res.company'].sudo().search_count([
                ('id', 'child_of', school.id), ('mpesa_training', '=', True),
            ], limit=1):
                raise ValidationError(self.env._(
                    "%(school)s is in training mode, and this shortcode is not on the simulator."
                    " Nothing was changed. Switch training mode off first, under Settings > School"
                    " Fees: what is printed and sent from then on counts as real.",
                    school=school.name,
                ))
            standing = school._count_training_receipts()
            if provider.mpesa_environment == 'production' and standing:
                raise ValidationError(self.env._(
                    "Receipts of a training still stand in the books of %(school)s and look like"
                    " fees paid: %(count)s. Nothing was changed. Reverse them first (filter"
                    " Receipts by Training), or use a company without them.",
                    count=standing, school=school.name,
                ))

    # === BUSINESS METHODS === #

    def _mpesa_get_watermark(self):
        """ Return what marks the pay pages of a shortcode as not real, '' where they are.

        :return: A line in the language of the context; '' of no provider.
        :rtype: str
        """
        if not self or self.mpesa_environment == 'production':
            return ''
        words = pay_page_labels.say_all(self.env, pay_page_labels.WATERMARKS, {})
        return words['training' if self.company_id._is_mpesa_training() else 'test']
