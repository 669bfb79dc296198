from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_date

from .. import proof


class ResCompany(models.Model):
    """The mail that begins a school's day: what M-PESA brought yesterday, and what is open."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'res.company'

    mpesa_summary_day = fields.Date(
        readonly=True, copy=False, help="The last day of which the summary was mailed.",
    )

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_mail_mpesa_summary(self):
        """ Mail each school's summary of yesterday, at 07:00 in Kenya. """
        template = self.env.ref('school_mpesa.mail_template_summary', raise_if_not_found=False)
        if not template:
            return  # Somebody deleted it, and so wants no mail.
        yesterday = self._get_mpesa_yesterday()
        schools = self.env['payment.provider'].search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
        ]).company_id.filtered(
            lambda school: school.mpesa_alert_daily and school.mpesa_summary_day != yesterday
        )
        for done, school in enumerate(schools, start=1):
            school.mpesa_summary_day = yesterday
            for user in school._get_mpesa_alert_users().filtered('email'):
                template.with_context(lang=user.lang, mpesa_alert_lang=user.lang).send_mail(
                    school.id, email_values={'recipient_ids': [Command.link(user.partner_id.id)]},
                )
            # A school's mails are queued once, whatever becomes of the next one.
            self.env['ir.cron']._commit_progress(1, remaining=len(schools) - done)

    # === BUSINESS METHODS === #

    def _get_mpesa_summary(self):
        """ Return what the summary says, in the reader's language. It names no payer.

        Note: `self.ensure_one()`, in sudo mode.

        Test money is told of only while there is no other. A shortcode that was switched off is
        among the rows when money reached it all the same.

        :return: `day`, `is_test`, whether it is no real money, `received` and `unidentified` (KES
                 as text, of all rows), `rows` of (shortcode, count, KES as text, state of the
                 proof, share of success or None), `alerts` of (level, name, text), and `url`, where
                 alerts are read.
        :rtype: dict
        """
        self.ensure_one()
        day = self._get_mpesa_yesterday()
        start, end = proof.get_day_bounds(day)
        paid = [
            ('company_id', '=', self.id), ('kind', '=', 'payment'), ('direction', '=', 'in'),
            ('denial_state', '!=', 'denied'), ('paid_at', '>=', start), ('paid_at', '<', end),
        ]
        Movement = self.env['mpesa.transaction']
        received = {
            provider: (count, amount) for provider, count, amount in Movement._read_group(
                paid, ['provider_id'], ['__count', 'amount:sum'],
            )
        }
        providers = self.env['payment.provider'].search([
            ('code', '=', 'mpesa'), ('company_id', '=', self.id),
        ]).filtered(lambda provider: provider.state != 'disabled' or provider in received)
        real = providers.filtered(lambda provider: provider.mpesa_environment == 'production')
        providers = real or providers
        (unidentified,), = Movement._read_group(
            [
                *paid, ('provider_id', 'in', providers.ids),
                ('booking_state', '=', 'unidentified'),
            ], [], ['amount:sum'],
        )
        proofs = {close.provider_id: close for close in self.env['mpesa.day.close'].search([
            ('provider_id', 'in', providers.ids), ('day', '=', day),
        ])}
        outcomes = self.env['mpesa.alert']._count_outcomes(providers, start, end)
        alerts = self.env['mpesa.alert'].search([
            ('company_id', '=', self.id), ('cleared_at', '=', False),
        ], order='level, id desc')
        levels = dict(alerts._fields['level']._description_selection(self.env))
        say = self.currency_id._format_plain
        return {
            'day': format_date(self.env, day, date_format='EEEE d MMMM y'),
            'is_test': not real,
            'received': say(sum(
                received[provider][1] for provider in providers if provider in received
            )),
            'unidentified': unidentified and say(unidentified),
            'rows': [(
                provider.mpesa_shortcode, *self._say_mpesa_day(
                    received.get(provider, (0, 0)), proofs.get(provider), outcomes[provider],
                ),
            ) for provider in providers],
            'alerts': [
                (levels[alert.level], alert.display_name, f'{alert.what} {alert.advice}')
                for alert in alerts
            ],
            'url': f'{self.get_base_url()}/odoo/mpesa-alerts',
        }

    @api.model
    def _get_mpesa_yesterday(self):
        """ Return the day in Kenya that has ended last.

        :rtype: date
        """
        today = self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now())
        return today - timedelta(days=1)

    def _say_mpesa_day(self, received, close, outcomes):
        """ Return one shortcode's day in words.

        :param tuple received: How many payments, and KES.
        :param mpesa.day.close close: The proof of the day, or None.
        :param Counter outcomes: As `mpesa.alert._count_outcomes()` has it.
        :return: (payments, KES, state of the proof, share of success or None).
        :rtype: tuple
        """
        count, amount = received
        states = dict(self.env['mpesa.day.close']._fields['state']._description_selection(self.env))
        ended = outcomes['paid'] + outcomes['lost']
        return (
            count, self.currency_id._format_plain(amount),
            states[close.state] if close else self.env._("Not proven yet"),
            self.env['mpesa.alert']._say_share(100 * outcomes['paid'] / ended) if ended else None,
        )
