from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain


# A second press within this time is taken for an accident.
RESEND_AFTER = timedelta(hours=1)
# So long a link that missed somebody is sent to that one alone: the others have it.
MEND_WITHIN = timedelta(days=1)
UNDER_WAY = {'waiting', 'queued', 'retry'}  # States of messages that are not out yet.
MISSED = {'failed', 'cancelled'}  # States of messages that nobody got.
# Of several messages, the state that says most of what the guardians know.
SMS_RANK = ('delivered', 'sent', 'queued', 'waiting', 'retry', 'doubt', 'failed', 'cancelled')


class MpesaPaymentLink(models.Model):
    """Sending links to the students' guardians by SMS, and telling them when one is closed."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.payment.link'

    sms_ids = fields.One2many(
        string="SMS", comodel_name='school.message', inverse_name='mpesa_link_id', readonly=True,
        groups='school_fees.group_bursar',
    )
    sms_at = fields.Datetime(
        string="Sent by SMS", readonly=True, copy=False,
        help="When the office last had it sent; by night it goes out in the morning.",
    )
    sms_state = fields.Selection(
        string="SMS Status",
        selection=lambda self: self.env['school.message']._fields['state']._description_selection(
            self.env,
        ),
        compute='_compute_sms_state', search='_search_sms_state', compute_sudo=True,
        help="What became of the last SMS that brought it; of several guardians', the best.",
    )

    # === COMPUTE METHODS === #

    @api.depends('sms_ids.kind', 'sms_ids.state', 'sms_ids.mpesa_is_superseded')
    def _compute_sms_state(self):
        for link in self:
            states = set(link._get_last_sms().mapped('state'))
            link.sms_state = next((state for state in SMS_RANK if state in states), False)

    def _search_sms_state(self, operator, value):
        """ Find links by what became of their last SMS.

        :param str operator: The domain's operator.
        :param value: The states; False for links that were never sent.
        :rtype: Domain
        """
        if operator != 'in':
            return NotImplemented
        last = Domain('kind', '=', 'link') & Domain('mpesa_is_superseded', '=', False)

        def has(states):
            # Whose links they are, the whole domain says.
            return Domain('sms_ids', 'any!', last & Domain('state', 'in', states))

        domains = {False: ~has(SMS_RANK)}
        for rank, state in enumerate(SMS_RANK):
            domains[state] = has([state]) & ~has(SMS_RANK[:rank])
        return Domain.OR(domains[state or False] for state in value if state in domains)

    # === ACTION METHODS === #

    def action_send_by_sms(self):
        """ Send each link to those of the student's guardians who take SMS.

        Links that cannot be sent, or were sent just now, are left out and counted.

        :return: What was done, in words.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If none can be sent.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office sends payment links."))
        self.check_access('read')
        groups = self._sort_for_sms()
        if 'ready' not in groups:
            raise UserError(self._explain_not_sent(groups))
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': ' '.join(self._send_what_can(groups)),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === BUSINESS METHODS - SENDING === #

    def _get_link_sms(self):
        """ Return the messages that bring these links, in sudo mode; not those that close them.

        :rtype: school.message
        """
        return self.sudo().sms_ids.filtered(lambda message: message.kind == 'link')

    def _get_last_sms(self):
        """ Return the message that last brought each of these links to each guardian.

        :return: In sudo mode.
        :rtype: school.message
        """
        return self._get_link_sms().filtered(lambda message: not message.mpesa_is_superseded)

    def _get_told_by_sms(self, guardians):
        """ Return which guardians have the link, so that a further SMS now is not for them.

        After an hour it is for all again, to remind them; but where it missed somebody, that one is
        still sent it alone for a day.

        Note: `self.ensure_one()`

        :param res.partner guardians: Who takes SMS about the student.
        :rtype: res.partner
        """
        self.ensure_one()
        states = {message.partner_id.id: message.state for message in self._get_last_sms()}
        told = guardians.filtered(lambda guardian: states.get(guardian.id, 'failed') not in MISSED)
        since = fields.Datetime.now() - (RESEND_AFTER if told == guardians else MEND_WITHIN)
        if self.sms_at and self.sms_at > since:
            return told
        return told.filtered(lambda guardian: states[guardian.id] in UNDER_WAY)

    @api.model
    def _get_sms_day(self):
        """ Return the day in Kenya on which a link that is sent now goes out: none does at night.

        :rtype: date
        """
        return self._get_day(self.env['school.message']._get_next_day(fields.Datetime.now()))

    def _sort_for_sms(self):
        """ Tell which of these links can be sent by SMS now, and why the others cannot.

        :return: The links that are `ready`, and those for each reason.
        :rtype: dict[str, mpesa.payment.link]
        """
        guardians = self.sudo().student_id._read_message_guardians()
        return self.grouped(lambda link: link._judge_for_sms(guardians[link.student_id]))

    def _judge_for_sms(self, guardians):
        """ Tell whether this link can be sent by SMS now.

        Note: `self.ensure_one()`

        :param res.partner guardians: Who takes SMS about the student.
        :return: 'ready', or the reason why not.
        :rtype: str
        """
        self.ensure_one()
        if self.state != 'active':
            return 'closed'
        if self._is_for_relatives():
            return 'relative'  # It is one guardian's, and not for the others.
        if not self.company_id.sudo().school_sms_gateway:
            return 'no_gateway'
        if guardians and self._get_told_by_sms(guardians) == guardians:
            is_under_way = UNDER_WAY & set(self._get_last_sms().mapped('state'))
            return 'under_way' if is_under_way else 'recent'
        if self.expires_on and self.expires_on < self._get_sms_day():
            return 'too_late'
        if not self.asked:
            return 'nothing'
        return 'ready' if guardians else 'nobody'

    def _send_what_can(self, groups=None):
        """ Send those of these links by SMS that can be sent now.

        :param dict groups: What :meth:`_sort_for_sms` has said of them, if it was asked before.
        :return: What was done, in sentences.
        :rtype: list[str]
        """
        groups = groups or self._sort_for_sms()
        said = []
        if ready := groups.get('ready'):
            said.append(ready._say_sent(ready._send_by_sms()))
        if left_out := self._say_not_sent(groups):
            said.append(left_out)
        return said

    def _send_by_sms(self):
        """ Ask for the messages that bring these links.

        The rights and the links are checked by the caller.

        :return: The messages, in sudo mode.
        :rtype: school.message
        """
        links_sudo = self.sudo()
        subjects = defaultdict(list)
        for link_sudo in links_sudo:
            subjects[link_sudo.student_id].append({'mpesa_link_id': link_sudo.id})
        known_sudo = links_sudo._get_last_sms()
        messages_sudo = links_sudo.student_id._send_school_messages('link', subjects)
        sent = {(message.mpesa_link_id, message.partner_id) for message in messages_sudo}
        # Whoever retries one of those by hand does not send it twice.
        known_sudo.filtered(
            lambda message: (message.mpesa_link_id, message.partner_id) in sent
        ).mpesa_is_superseded = True
        # Of two people who press at once, the second one is started again and sees the first.
        links_sudo.sms_at = fields.Datetime.now()
        return messages_sudo

    def _say_sent(self, messages_sudo):
        """ Return what was done, in words.

        :param school.message messages_sudo: The messages that bring these links.
        :rtype: str
        """
        later = messages_sudo[:1].send_after
        if len(self) == 1:
            return self.env._("The link waits for 7:00 in the morning.") if later \
                else self.env._("The link is on its way by SMS.")
        if later:
            return self.env._("%(count)s links wait for 7:00 in the morning.", count=len(self))
        return self.env._(
            "%(count)s links are on their way by SMS. School Fees > Messages shows what became of"
            " each.", count=len(self),
        )

    @api.model
    def _say_not_sent(self, groups):
        """ Return how many links were not sent and why, in words.

        :param dict groups: The links as :meth:`_sort_for_sms` has grouped them.
        :return: '' when all were.
        :rtype: str
        """
        words = {
            'closed': self.env._("closed"),
            'relative': self.env._("made by a guardian for a relative"),
            'no_gateway': self.env._("no SMS gateway"),
            'under_way': self.env._("on their way already"),
            'recent': self.env._("sent in the last hour"),
            'too_late': self.env._("expires before the morning"),
            'nothing': self.env._("nothing is due"),
            'nobody': self.env._("no guardian with a phone number takes SMS"),
        }
        counts = ', '.join(
            f'{words[reason]} {len(groups[reason])}' for reason in words if reason in groups
        )
        return self.env._("Not sent: %(reasons)s.", reasons=counts) if counts else ''

    def _explain_not_sent(self, groups):
        """ Return why none of these links was sent.

        :param dict groups: As in :meth:`_say_not_sent`.
        :rtype: str
        """
        if len(self) != 1:
            return self._say_not_sent(groups) or self.env._("Choose links to send first.")
        return {
            'closed': self.env._("This link is closed. Nothing was sent. Make a new one."),
            'relative': self.env._(
                "A guardian has made this link for a relative. Nothing was sent: it is not for the"
                " other guardians. Make a link of the office."
            ),
            'no_gateway': self.env._(
                "This school has no SMS gateway yet. Nothing was sent. An administrator sets it up"
                " in Settings > School Fees > Messages."
            ),
            'under_way': self.env._(
                "This link is on its way by SMS already. Nothing more was sent."
            ),
            'recent': self.env._(
                "This link was sent by SMS less than an hour ago. Nothing more was sent. Wait, or"
                " share it by WhatsApp."
            ),
            'too_late': self.env._(
                "This link expires before the morning, and no link is sent by SMS at night. Nothing"
                " was sent. Make one that is open longer, or share it by WhatsApp."
            ),
            'nothing': self.env._(
                "Nothing is due by this link any more. Nothing was sent."
            ),
            'nobody': self.env._(
                "No guardian of %(student)s with a phone number takes SMS. Nothing was sent.",
                student=self.student_id.display_name,
            ),
        }[next(iter(groups))]

    # === BUSINESS METHODS - CLOSING === #

    def _get_holders_by_sms(self):
        """ Return who has this link by SMS, or may have.

        Note: `self.ensure_one()`

        :rtype: res.partner
        """
        self.ensure_one()
        return self._get_link_sms().filtered(
            lambda message: message.state in {'queued', 'sent', 'delivered', 'doubt'}
        ).partner_id

    def _close(self, reason):
        """ Override of `school_mpesa` to tell those to whom the link was sent. """
        closing_sudo = self.sudo().filtered(lambda link: not link.cancelled_at)
        result = super()._close(reason)
        for link_sudo in closing_sudo.filtered('sms_ids'):
            links_sms = link_sudo._get_link_sms()
            # What was not sent yet needs no taking back.
            links_sms.filtered(lambda message: message.state == 'waiting').state = 'cancelled'
            if link_sudo._get_holders_by_sms():
                link_sudo.student_id._send_school_message(
                    'link_cancelled', mpesa_link_id=link_sudo.id,
                )
        return result
