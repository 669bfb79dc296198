from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from . import pay_page_labels


class ResCompany(models.Model):
    """Training mode: the whole system on the simulator, marked so that nobody takes it for real."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'res.company'

    mpesa_training = fields.Boolean(
        string="Training Mode", copy=False,
        help="Marks every pay page, receipt, statement and message as training. Only for a school"
             " whose shortcodes are all on the local simulator.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('mpesa_training')
    def _check_mpesa_training(self):
        """ Ensure that a school trains where no real money can move.

        :raise ValidationError: If a shortcode of the school is elsewhere than on the simulator, or
                                there is no simulator.
        """
        training = self.filtered('mpesa_training')
        if not training:
            return
        # Providers are the system's. One of a parent school serves its branches.
        providers_sudo = self.env['payment.provider'].sudo().search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
        ])
        for school in training:
            own = providers_sudo.filtered(
                lambda p, school=school: p.company_id in school.parent_ids
                or school in p.company_id.parent_ids
            )
            if not own or set(own.mapped('mpesa_environment')) != {'simulator'}:
                raise ValidationError(self.env._(
                    "Training mode stays off: %(school)s needs a shortcode on the local simulator,"
                    " and none in production or the sandbox. Nothing was changed.",
                    school=school.name,
                ))
            try:
                own[0]._mpesa_get_daraja_environment()
            except UserError as error:
                raise ValidationError(self.env._(
                    "Training mode stays off: the simulator is not set up on this server"
                    " (school_mpesa_simulator_url in odoo.conf). Nothing was changed."
                )) from error

    # === BUSINESS METHODS === #

    def _get_watermark(self):
        """ Override of `school_fees` to mark a school that trains. """
        if not self._is_mpesa_training():
            return super()._get_watermark()
        return pay_page_labels.say_all(self.env, pay_page_labels.WATERMARKS, {})['training']

    def _get_message_mark(self):
        """ Override of `school_fees` to mark a school that trains. """
        if not self._is_mpesa_training():
            return super()._get_message_mark()
        return self.env._("TRAINING: ")

    def _is_mpesa_training(self):
        """ Tell whether the school trains; a branch does where its school does.

        :return: False of no school.
        :rtype: bool
        """
        return any(self.sudo().parent_ids.mapped('mpesa_training'))
