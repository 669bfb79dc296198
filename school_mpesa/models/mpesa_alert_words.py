from odoo import models
from odoo.tools import format_date

from .mpesa_alert_health import PASSWORD_DAYS


class MpesaAlert(models.Model):
    """What an alert says, in its reader's language: what is wrong, the money, what to do."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.alert'

    # === BUSINESS METHODS === #

    def _describe(self):
        """ Say what is wrong, what it means for the money, and what to do.

        Note: `self.ensure_one()`

        :rtype: tuple[str, str, str]
        """
        self.ensure_one()
        facts = self.facts or {}
        return getattr(self, f'_describe_{self.kind}')(facts)

    def _describe_success(self, facts):
        return (
            self.env._(
                "Of the last %(ended)s requests that did not end by the payer's own doing,"
                " %(rate)s were paid (limit %(limit)s), within %(minutes)s minutes.",
                ended=facts.get('ended'), rate=self._say_share(self.value),
                limit=self._say_share(self.threshold), minutes=facts.get('minutes'),
            ),
            self.env._("Parents who want to pay cannot. No money is lost: it was not taken."),
            self.env._(
                "Open Payment Requests and read why the last ones failed. Meanwhile parents can pay"
                " by hand with the paybill."
            ),
        )

    def _describe_failed(self, facts):
        return (
            self.env._(
                "%(failed)s of %(asked)s requests (%(share)s, limit %(limit)s) reached no phone, or"
                " nobody knows what became of them, within %(minutes)s minutes.",
                failed=facts.get('failed'), asked=facts.get('asked'),
                share=self._say_share(self.value), limit=self._say_share(self.threshold),
                minutes=facts.get('minutes'),
            ),
            self.env._(
                "No money was taken for requests that were not sent. What is unknown is found out"
                " by itself; do not ask these parents again yet."
            ),
            self.env._(
                "Ask the administrator to press Check on the M-PESA shortcode: it says whether"
                " keys, passkey and connection are in order."
            ),
        )

    def _describe_silence(self, facts):
        return (
            self.env._(
                "No payment has arrived for %(minutes)s minutes of office hours (limit %(limit)s).",
                minutes=int(self.value), limit=int(self.threshold),
            ),
            self.env._(
                "Perhaps nobody pays; or payments are made and Safaricom's messages do not arrive."
                " Such money is safe in the paybill and is booked once it is known."
            ),
            self.env._(
                "Pay KES 1 by hand. If it is not here in a minute, ask the administrator whether"
                " Safaricom reaches the addresses of the M-PESA shortcode."
            ),
        )

    def _describe_pending(self, facts):
        return (
            self.env._(
                "%(count)s requests have no outcome yet, the oldest for %(minutes)s minutes (limit"
                " %(limit)s).", count=facts.get('count'), minutes=int(self.value),
                limit=int(self.threshold),
            ),
            self.env._(
                "Whether these parents have paid is not known. Safaricom goes on being asked; a"
                " payment that is found is booked by itself."
            ),
            self.env._(
                "Do not prompt these parents again yet. Who has an M-PESA message can show it: use"
                " \"Is this message real?\"."
            ),
        )

    def _describe_slow(self, facts):
        return (
            self.env._(
                "Safaricom takes %(seconds)s s to answer on average (limit %(limit)s s), over"
                " %(count)s calls within %(minutes)s minutes.",
                seconds=f'{self.value:.1f}', limit=f'{self.threshold:g}',
                count=facts.get('count'), minutes=facts.get('minutes'),
            ),
            self.env._("Prompts come late, and parents may give up. No money is lost by it."),
            self.env._(
                "Wait a while. If it lasts, ask the administrator whether this server's internet"
                " connection is slow; if not, it is Safaricom's side."
            ),
        )

    def _describe_errors(self, facts):
        return (
            self.env._(
                "%(count)s messages of the last hour could not be read, believed or booked (limit"
                " %(limit)s).", count=int(self.value), limit=int(self.threshold),
            ),
            self.env._(
                "Some may tell of payments, which are on nobody's account yet. All of them are"
                " kept."
            ),
            self.env._("Open the Inbox: each says why, and can be replayed once it is put right."),
        )

    def _describe_backlog(self, facts):
        return (
            self.env._(
                "%(count)s messages wait to be booked (limit %(limit)s).",
                count=int(self.value), limit=int(self.threshold),
            ),
            self.env._("Payments show late on the accounts. All of them are kept; none is lost."),
            self.env._(
                "Wait some minutes. If the number does not fall, ask the administrator whether the"
                " scheduled actions run and the server has enough workers."
            ),
        )

    def _describe_unbooked(self, facts):
        return (
            ' '.join(filter(None, (
                facts.get('waiting') and self.env._(
                    "%(count)s messages have waited for more than a minute.",
                    count=facts['waiting'],
                ),
                facts.get('parked') and self.env._(
                    "%(count)s messages have been parked for more than a day.",
                    count=facts['parked'],
                ),
            ))),
            self.env._(
                "They may tell of payments, which are on nobody's account yet. All of them are"
                " kept."
            ),
            self.env._(
                "Open the Inbox. What is parked says why: put it right and replay it, or settle it."
                " If messages only wait, ask the administrator whether the scheduled actions run."
            ),
        )

    def _describe_conservation(self, facts):
        return (
            ' '.join(filter(None, (
                facts.get('count') and self.env._(
                    "%(count)s payments of today and yesterday are in the ledger with another"
                    " amount, or not at all. It lacks %(amount)s of them.",
                    count=facts['count'],
                    amount=self.company_id.sudo().currency_id._format_plain(self.value),
                ),
                facts.get('days') and self.env._(
                    "%(count)s earlier days do not add up.", count=facts['days'],
                ),
            ))),
            self.env._(
                "The money is in the paybill, and the books do not say whose it is. Balances of"
                " students may be wrong until this is settled."
            ),
            self.env._(
                "Do not sign these days. Open Day Proofs, press Compute now, and follow each"
                " difference; then tell the administrator, since this must never happen."
            ),
        )

    def _describe_jobs(self, facts):
        # In sudo mode: the office may not read scheduled actions, and their names are no secret.
        jobs = self.env['ir.cron'].sudo().with_context(active_test=False).search([
            ('id', 'in', facts.get('jobs', [])),
        ])
        off = set(facts.get('off', []))
        names = [
            self.env._("%(name)s (switched off)", name=job.name) if job.id in off else job.name
            for job in jobs
        ]
        return (
            self.env._(
                "These scheduled actions are late or switched off (limit %(limit)s minutes):"
                " %(names)s.", limit=int(self.threshold), names='; '.join(names),
            ),
            self.env._(
                "While they stand still, payments may wait unbooked and prompts may not go out."
                " What arrives is kept."
            ),
            self.env._(
                "Ask the administrator to switch them on under Scheduled Actions. If all are late,"
                " restart the server: its scheduler stands still."
            ),
        )

    def _describe_exceptions(self, facts):
        # In sudo mode as above.
        jobs = self.env['ir.cron'].sudo().with_context(active_test=False).search([
            ('id', 'in', facts.get('jobs', [])),
        ])
        kinds = dict(self._fields['kind']._description_selection(self.env))
        return (
            ' '.join(filter(None, (
                jobs and self.env._(
                    "Failed actions: %(names)s.", names='; '.join(jobs.mapped('name')),
                ),
                facts.get('messages') and self.env._(
                    "Messages that made the program fail: %(count)s.", count=facts['messages'],
                ),
                facts.get('days') and self.env._(
                    "Days that could not be compared: %(count)s.", count=facts['days'],
                ),
                facts.get('checks') and self.env._(
                    "Checks that failed: %(names)s.",
                    names='; '.join(kinds.get(kind, kind) for kind in facts['checks']),
                ),
            ))),
            self.env._(
                "What failed is tried again, and what arrived is kept. Until it succeeds, some"
                " payments may not be on the accounts."
            ),
            self.env._(
                "Ask whoever runs the server to read its log at the time of this alert, and to"
                " report it to the makers of the program."
            ),
        )

    def _describe_pull(self, facts):
        return (
            self.env._("Pull has told of nothing for 24 hours.") if facts.get('silent') else
            self.env._("The last %(count)s questions by Pull failed.", count=int(self.value)),
            self.env._(
                "Payments whose messages were lost are not found. Safaricom tells of the last 48"
                " hours only; after that a statement has to."
            ),
            self.env._(
                "Open Questions to Safaricom and read why. The administrator can pull by hand on"
                " the M-PESA shortcode."
            ),
        )

    def _describe_initiator(self, facts):
        return (
            self.env._(
                "The initiator's password is %(age)s days old, and expires after %(days)s.",
                age=PASSWORD_DAYS - int(self.value), days=PASSWORD_DAYS,
            ),
            self.env._(
                "Once it has expired, Safaricom answers no question about payments, and locks the"
                " initiator after three tries. Payments themselves go on."
            ),
            self.env._(
                "Ask the administrator to set a new password on the organisation portal, and then"
                " at the M-PESA shortcode."
            ),
        )

    def _describe_certificate(self, facts):
        until = self.sudo().provider_id.mpesa_tls_until
        return (
            self.env._(
                "The certificate of the system's web address ends on %(day)s.",
                day=until and format_date(self.env, until.date(), date_format='d MMM y'),
            ),
            self.env._(
                "From then on Safaricom does not deliver its messages, and parents' phones refuse"
                " the pay pages. Payments by hand reach the paybill, and show late."
            ),
            self.env._("Ask whoever runs the server to renew the certificate now."),
        )

    def _say_share(self, share):
        """ Return a share in words.

        :param float share: Per cent.
        :rtype: str
        """
        return f'{round(share, 1):g} %'
