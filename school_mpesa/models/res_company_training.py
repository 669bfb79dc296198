from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

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

        :raise ValidationError: If a shortcode of the school is elsewhere than on the simulator,
                                real money ever came by one, or there is no simulator.
        """
        training = self.filtered('mpesa_training')
        if not training:
            return
        # Providers and movements are the system's.
        Provider_sudo = self.env['payment.provider'].sudo()
        Movement_sudo = self.env['mpesa.transaction'].sudo()
        for school in training:
            # One of a parent school serves its branches.
            nearby = Domain('company_id', 'parent_of', school.id) | Domain(
                'company_id', 'child_of', school.id,
            )
            known = Provider_sudo.search(Domain('code', '=', 'mpesa') & nearby)
            # One that is switched off was not always: what came by it stays real.
            if 'production' in known.mapped('mpesa_environment') or Movement_sudo.search_count(
                Domain('environment', '=', 'production') & nearby, limit=1,
            ):
                raise ValidationError(self.env._(
                    "Training mode stays off: %(school)s has, or had, a shortcode in production,"
                    " and real money must not be marked as training. Nothing was changed. Train in"
                    " a company made for it.",
                    school=school.name,
                ))
            own = known.filtered(lambda p: p.state != 'disabled')
            if not own or set(own.mapped('mpesa_environment')) != {'simulator'}:
                raise ValidationError(self.env._(
                    "Training mode stays off: %(school)s needs a shortcode on the local simulator,"
                    " and none in the sandbox. Nothing was changed.",
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

    def _count_training_receipts(self):
        """ Count the receipts of a training that still stand, in the school and its branches.

        :rtype: int
        """
        return self.env['school.receipt'].sudo().search_count([
            ('company_id', 'child_of', self.ids), ('is_training', '=', True),
            ('state', '=', 'posted'),
        ])

    def _is_mpesa_training(self):
        """ Tell whether the school trains; a branch does where its school does.

        :return: False of no school.
        :rtype: bool
        """
        return any(self.sudo().parent_ids.mapped('mpesa_training'))
