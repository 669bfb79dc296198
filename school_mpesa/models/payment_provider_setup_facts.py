from datetime import timedelta
from functools import partial

from odoo import fields, models

from .. import vault
from .ir_cron import OUR_JOBS


# Safaricom's own calls; the other rows of the inbox are what we found by asking.
CALLED = ('stk', 'confirmation', 'validation', 'result', 'timeout')
ANNOUNCEMENTS = ('stk', 'confirmation')
LATE = 10  # minutes; a scheduled action that is due for so long does not run
ANNOUNCED_WITHIN = timedelta(hours=1)


class PaymentProvider(models.Model):
    """The steps of the set-up that are read off what is saved, or what has happened."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    # === BUSINESS METHODS - WHAT IS SAVED === #

    def _mpesa_judge_school(self, _step, _answer):
        """ See `mpesa.setup.step._judge`. """
        company = self.company_id
        missing = [
            company._fields[name]._description_string(self.env)
            for name in ('name', 'phone', 'email') if not company[name]
        ]
        if missing:
            return 'failed', self.env._(
                "Missing: %(parts)s. Fill it in under Settings, Companies. No money is touched by"
                " this.", parts=', '.join(missing),
            )
        if company.currency_id.name != 'KES':
            return 'failed', self.env._(
                "The school keeps its books in %(currency)s. M-PESA moves Kenyan shillings only,"
                " so nothing could be booked.", currency=company.currency_id.name,
            )
        return 'proven', self.env._(
            "%(school)s, %(phone)s, %(email)s, books in KES.",
            school=company.name, phone=company.phone, email=company.email,
        )

    def _mpesa_judge_keys(self, _step, _answer):
        """ See `mpesa.setup.step._judge`. """
        if not vault.has_keys():
            return 'failed', self.env._(vault.KEY_MISSING)
        if not (self.mpesa_shortcode and self._mpesa_has_credentials()):
            return 'failed', self._mpesa_say_keys_missing()
        if not self._mpesa_get_payer_number():
            return 'failed', self.env._(
                "A till needs its till number beside the store number: without it payers do not"
                " know where to pay."
            )
        kind = dict(self._fields['mpesa_shortcode_type']._description_selection(self.env))
        words = self.env._(
            "%(kind)s %(number)s. Keys and a passkey of 64 characters are saved encrypted.",
            kind=kind[self.mpesa_shortcode_type], number=self._mpesa_get_payer_number(),
        )
        if not self.mpesa_shown_name:
            words += ' ' + self.env._(
                "Fill in the name on the pop-up too: by it parents tell ours from a false one."
            )
        return 'proven', words

    def _mpesa_judge_books(self, _step, _answer):
        """ See `mpesa.setup.step._judge`. """
        journal = self.journal_id
        if not journal or not journal.default_account_id:
            return 'failed', self.env._(
                "The shortcode has no journal with an account of its own, so its money could not be"
                " booked. Choose a bank journal on the provider's form."
            )
        if (journal.currency_id or self.company_id.currency_id).name != 'KES':
            return 'failed', self.env._(
                "The journal %(journal)s is not in KES, so shillings could not be booked as what"
                " they are. Choose another one on the provider's form.", journal=journal.name,
            )
        return 'proven', self.env._(
            "Money is booked in %(journal)s, on the account %(account)s.",
            journal=journal.name, account=journal.default_account_id.display_name,
        )

    def _mpesa_judge_live(self, _step, _answer):
        """ See `mpesa.setup.step._judge`. """
        if self.mpesa_environment != 'production':
            return 'unneeded', self.env._(
                "No real money moves here. For real money, choose Production with keys of its own,"
                " or add another provider."
            )
        if self.state != 'enabled':
            return 'failed', self.env._(
                "The shortcode is not enabled, so parents are not offered M-PESA. Choose Enabled on"
                " the provider's form once the steps above are proven."
            )
        return 'proven', self.env._("Parents pay to %(number)s by M-PESA.",
                                    number=self._mpesa_get_payer_number())

    # === BUSINESS METHODS - WHAT HAS HAPPENED === #

    def _mpesa_open_register(self):
        """ See `mpesa.setup.step.action_run`. """
        return self.action_mpesa_open_register()

    def _mpesa_register(self):
        """ Override of our own: the step of the set-up is proven by it. """
        result = super()._mpesa_register()
        self._mpesa_get_setup_step('register')._keep()
        return result

    def _mpesa_judge_register(self, _step, _answer):
        """ See `mpesa.setup.step._judge`. """
        provider = self.sudo()
        is_current = (
            provider.mpesa_registered_token_id == self._mpesa_get_newest_c2b_token()
            and self.mpesa_registered_base == self._mpesa_get_callback_base()
        ) if self.mpesa_registered_at else bool(provider.env['mpesa.callback'].search_count([
            ('provider_id', '=', self.id), ('endpoint', '=', 'confirmation'),
            *self._mpesa_since_announced('received_at'),
        ], limit=1))
        return 'proven' if is_current else 'failed', self._mpesa_describe_registration()

    def _mpesa_since_announced(self, name):
        """ Return the domain of what came to the addresses in use, not to others before them.

        :param str name: The field of the time.
        :rtype: list
        """
        moments = (self.mpesa_registered_at, self.sudo().mpesa_announced_from)
        return [(name, '>=', moment) for moment in moments if moment]

    def _mpesa_judge_task(self, step, _answer):
        """ See `mpesa.setup.step._judge`. """
        return 'proven', self.env._("Ticked by %(user)s.", user=step.env.user.name)

    _mpesa_judge_passkey_asked = _mpesa_judge_access_asked = _mpesa_judge_task
    _mpesa_judge_validation_asked = _mpesa_judge_operators = _mpesa_judge_task

    def _mpesa_judge_actions(self, _step, _answer):
        """ See `mpesa.setup.step._judge`. """
        now = fields.Datetime.now()
        jobs = self.env['ir.cron'].sudo().with_context(active_test=False).browse([
            self.env['ir.model.data']._xmlid_to_res_id(xmlid) for xmlid in OUR_JOBS
        ]).exists()
        standing = jobs.filtered(
            lambda job: job._mpesa_is_failing() or job._mpesa_is_late(now, LATE)
        )
        if standing or len(jobs) < len(OUR_JOBS):
            return 'failed', self.env._(
                "Not running as they should: %(actions)s. Prompts may not go out, and money that"
                " arrives waits in the inbox until they run. Look under Settings, Technical,"
                " Scheduled Actions, or ask whoever runs the server.",
                actions=', '.join(standing.mapped('name')) or self.env._("some are missing"),
            )
        return 'proven', self.env._("All %(count)s run.", count=len(jobs))

    def _mpesa_find_last_message(self, endpoints=CALLED):
        """ Return the last message that Safaricom sent to this shortcode's addresses.

        :param tuple endpoints: Which kinds of messages count.
        :rtype: mpesa.callback
        """
        self.ensure_one()
        # In sudo mode: an administrator of the system need not be of the bursar's office.
        return self.env['mpesa.callback'].sudo().search([
            ('provider_id', '=', self.id), ('endpoint', 'in', endpoints),
        ], limit=1)

    def _mpesa_judge_messages(self, _step, _answer):
        """ See `mpesa.setup.step._judge`.

        Silence alone is no fault: in the holidays nobody pays. Money that was learnt of by asking,
        without a message, is.
        """
        last = self._mpesa_find_last_message(ANNOUNCEMENTS)
        now = fields.Datetime.now()
        unannounced = self.env['mpesa.transaction'].sudo().search_count([
            ('provider_id', '=', self.id), ('kind', '=', 'payment'), ('direction', '=', 'in'),
            ('source', 'not in', ('stk', 'confirmation')), ('verified_by', '=', False),
            ('first_seen_at', '>', last.received_at or now - timedelta(days=7)),
            ('first_seen_at', '<', now - ANNOUNCED_WITHIN),
        ])
        if unannounced:
            return 'failed', self.env._(
                "%(count)s payments are known only because Safaricom was asked: no message told of"
                " them, and the last one came %(age)s. The money is booked, but late."
                " Check the public address and the registered addresses.",
                count=unannounced, age=self._mpesa_say_age(last, now),
            )
        if not last:
            return 'todo', self.env._(
                "No message yet. The first payment brings one."
            )
        return 'proven', self.env._(
            "The last message came %(age)s.", age=self._mpesa_say_age(last, now),
        )

    def _mpesa_say_age(self, message, now):
        """ Say how long ago a message came.

        :param mpesa.callback message: The message, or none.
        :param datetime now: The time.
        :rtype: str
        """
        return self.env._(
            "%(age)s ago", age=message._describe_age(now - message.received_at),
        ) if message else self.env._("never")

    # === BUSINESS METHODS - TELLING === #

    def _mpesa_prepare_sms(self, step):
        """ See `mpesa.setup.step._prepare`. """
        company = self.company_id
        phone = step.env.user.partner_id.phone
        return company.school_sms_gateway and phone and partial(company._send_test_sms, phone)

    def _mpesa_judge_sms(self, step, answer):
        """ See `mpesa.setup.step._judge`. """
        if not self.company_id.school_sms_gateway:
            return 'unneeded', self.env._(
                "No SMS gateway is chosen in the settings: parents see receipts on the page, and"
                " hear nothing by SMS."
            )
        if not step.env.user.partner_id.phone:
            return 'failed', self.env._(
                "Your own phone number is missing, so nothing was sent. Enter it in your"
                " preferences."
            )
        return ('failed', str(answer)) if isinstance(answer, Exception) else ('proven', answer)

    def _mpesa_prepare_email(self, step):
        """ See `mpesa.setup.step._prepare`. """
        server = self._mpesa_find_mail_server()
        return server and step.env.user.email and server.test_smtp_connection

    def _mpesa_judge_email(self, step, answer):
        """ See `mpesa.setup.step._judge`. """
        server = self._mpesa_find_mail_server()
        if not server:
            return 'failed', self.env._(
                "No outgoing mail server is set up, so receipts and alarms reach nobody by e-mail."
                " Add one under Settings, Technical, Outgoing Mail Servers. No money is touched by"
                " this."
            )
        if not step.env.user.email:
            return 'failed', self.env._(
                "Your own e-mail address is missing, so nothing was asked. Enter it in your"
                " preferences."
            )
        if isinstance(answer, Exception):
            return 'failed', self.env._(
                "The mail server %(server)s takes no mail: %(reason)s Receipts and alarms reach"
                " nobody by e-mail; no money is touched by this. Compare its address and port.",
                server=server.name, reason=str(answer).partition('\n')[0],
            )
        return 'proven', self.env._(
            "The mail server %(server)s takes mail.", server=server.name,
        )

    def _mpesa_find_mail_server(self):
        """ Return the mail server that is asked first.

        :rtype: ir.mail_server
        """
        return self.env['ir.mail_server'].sudo().search([], limit=1)
