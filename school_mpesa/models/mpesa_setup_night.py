# The scheduled action commits on purpose: no call goes out inside a transaction, and a proof that
# is here is kept.
# pylint: disable=invalid-commit
from odoo import api, models

from odoo.addons.payment.logging import get_payment_logger

from .mpesa_setup_catalogue import BY_KEY


_logger = get_payment_logger(__name__)


class MpesaSetupStep(models.Model):
    """Each night what is harmless is proven again, and what turned red is told once."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.setup.step'

    @api.model
    def _cron_prove_again(self):
        """ Prove again what is harmless, of every shortcode in use.

        :return: None
        """
        providers = self.env['payment.provider'].search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
        ])
        for provider in providers:
            provider._mpesa_ensure_setup_steps()
            waited = provider.mpesa_setup_step_ids.filtered(lambda s: s.state == 'waiting')
            waited._settle()
            for step in waited.filtered(lambda s: s.state == 'failed'):
                step._tell_failure()
        steps = providers.mpesa_setup_step_ids.filtered(lambda s: s._may_prove_again())
        remaining = len(steps)
        for step in steps:
            was_failed = step.state == 'failed'
            step._prove(between=self.env.cr.commit)
            if step.state == 'failed':
                _logger.info("The set-up step %s of provider %s failed", step.key, step.provider_id)
                if not was_failed:
                    step._tell_failure()
            remaining -= 1
            # All of them are quick; what is left after the time of a run waits for the next night.
            if not self.env['ir.cron']._commit_progress(1, remaining=remaining):
                break

    def _may_prove_again(self):
        """ Tell whether the step may be proven again unasked.

        What was never proven is left to the administrator, until parents pay.

        :rtype: bool
        """
        self.ensure_one()
        provider = self.provider_id
        if not BY_KEY[self.key].is_harmless or self.state == 'waiting':
            return False
        if self.key == 'initiator':
            # An answer that never came may have been a wrong password, of which three lock it.
            return (
                self.state == 'proven' and provider.mpesa_initiator_proven
                and not provider.mpesa_initiator_refusal
            )
        return bool(self.proven_at) or provider.state == 'enabled'

    def _tell_failure(self):
        """ Put the step on the list of who is to mend it.

        :return: None
        """
        self.ensure_one()
        administrators = self.env.ref('base.group_system').all_user_ids.filtered_domain([
            ('active', '=', True), ('company_ids', 'in', self.company_id.ids),
        ])
        # Whoever proved it last knows it best.
        user = self.by_id & administrators or administrators[:1]
        if not user:
            return
        own = self.with_context(lang=user.lang)
        own.activity_schedule(
            'mail.mail_activity_data_warning', user_id=user.id,
            summary=own.env._("The M-PESA set-up needs you: %(step)s", step=own.title),
            note=own.words,
        )
