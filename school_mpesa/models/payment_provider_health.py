from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import config

from .mpesa_callback_found import HELD


SLOW_SECONDS = 60  # the drain is woken at once: what waits longer is held up by something


class PaymentProvider(models.Model):
    """What stands still in a shortcode's inbox, and the proxy facts that the inbox rests on."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_inbox_message = fields.Char(
        string="Inbox", compute='_compute_mpesa_inbox_message', groups='base.group_system',
    )

    # === COMPUTE METHODS === #

    def _compute_mpesa_inbox_message(self):
        # In sudo mode: an administrator of the system need not be of the bursar's office.
        Callback = self.env['mpesa.callback'].sudo()
        found = {
            (provider.id, state): (count, oldest)
            # Two questions, since each has a small index of its own.
            for states in (('new',), ('parked', 'conflict', 'quarantined'))
            for provider, state, count, oldest in Callback._read_group(
                [
                    ('provider_id', 'in', self.ids), ('state', 'in', states),
                    ('reason', '!=', HELD),  # A second person releases it: nothing is wrong.
                ],
                ['provider_id', 'state'], ['__count', 'received_at:min'],
            )
        }
        unknown = Callback._read_group(
            [
                ('provider_id', 'in', self.ids), ('state', '=', 'quarantined'),
                ('source_address', '=', False), ('reason', '!=', HELD),
            ], ['provider_id'],
        )
        unknown = {provider.id for provider, in unknown}
        for provider in self:
            provider.mpesa_inbox_message = ' '.join(provider._mpesa_describe_inbox(
                {
                    state: found[provider.id, state]
                    for state in ('quarantined', 'parked', 'conflict', 'new')
                    if (provider.id, state) in found
                },
                provider.id in unknown,
            ))

    # === ACTION METHODS === #

    def action_mpesa_open_inbox(self):
        """ Open what needs a person in the shortcode's inbox.

        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_callback_action'),
            'domain': [('provider_id', '=', self.id)],
        }

    # === BUSINESS METHODS === #

    def _mpesa_describe_inbox(self, waiting, is_source_unknown):
        """ Say what stands still in the inbox and what it may come from.

        :param dict waiting: For each state how many messages there are and since when.
        :param bool is_source_unknown: Whether one was quarantined because nobody knows who called.
        :return: Sentences; none when nothing needs a person.
        :rtype: list[str]
        """
        words = []
        if 'quarantined' in waiting:
            words.append(self.env._(
                "Quarantined, so not booked: %(count)s.", count=waiting['quarantined'][0],
            ))
        if is_source_unknown:
            words.append(self._mpesa_explain_unknown_source())
        if 'parked' in waiting:
            words.append(self.env._("Parked: %(count)s.", count=waiting['parked'][0]))
        if 'conflict' in waiting:
            words.append(self.env._(
                "In conflict with what is known: %(count)s.", count=waiting['conflict'][0],
            ))
        if 'new' in waiting:
            count, oldest = waiting['new']
            age = fields.Datetime.now() - oldest
            if age > timedelta(seconds=SLOW_SECONDS):
                words.append(self.env._(
                    "Not processed yet: %(count)s, the oldest for %(age)s. Look whether the"
                    " scheduled actions run.",
                    count=count, age=self.env['mpesa.callback']._describe_age(age),
                ))
        return words

    def _mpesa_explain_unknown_source(self):
        """ Say why nobody knows who called, and what whoever runs the server does about it.

        :rtype: str
        """
        return self.env._(
            "The proxy in front of this server does not say who calls: it must pass on"
            " X-Forwarded-For and X-Forwarded-Host."
        )

    def _mpesa_check_proxy(self):
        """ Ensure that this very request came with the address of who made it.

        :return: None
        :raise UserError: If callbacks would come without, and so be noted or quarantined.
        """
        self.ensure_one()
        if not request or self.mpesa_source_check == 'off':
            return
        environ = request.httprequest.environ
        if config['proxy_mode'] and not environ.get('HTTP_X_FORWARDED_HOST'):
            raise UserError(self._mpesa_explain_unknown_source())
        if not config['proxy_mode'] and environ.get('HTTP_X_FORWARDED_FOR'):
            raise UserError(self.env._(
                "This server stands behind a proxy and does not know it, so every message seems to"
                " come from the proxy. Set proxy_mode = True in odoo.conf and restart Odoo."
            ))
