import json
import re
import unicodedata

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from .mpesa_callback import REPLAYABLE_STATES


PRINTED_CHARACTERS = 3_000  # ten times what Safaricom writes as a rule
SHOWN_CHARACTERS = 65_536  # no message is longer (design section 5)
# Where money is told of, an end is made by booking it. A person ends what tells of none.
SETTLEABLE_STATES = ('conflict', 'unreadable', 'quarantined')
# A Kenyan mobile number at the end of a run of digits: a CheckoutRequestID ends in one, too.
PHONE = re.compile(r'((?:254[ -]?)?0?[17]\d{2})[ -]?\d{3}[ -]?(\d{3})(?!\d)')
# The payer's name: of a confirmation in its parts, of a result after the masked number.
NAME_PART = re.compile(r'("(First|Middle|Last)Name"\s*:\s*")((?:[^"\\]|\\.)*)')
PARTY_NAME = re.compile(r'("[\d *]+ - )((?:[^"\\]|\\.)*)')


class MpesaCallback(models.Model):
    """The inbox on screen: ages, the message in clear for the bursar's office, replay in words."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    body_text = fields.Text(
        string="Message", compute='_compute_body_text', groups='school_fees.group_bursar',
        exportable=False,
        help="The message as it came, with phone numbers masked until it is opened. It can name the"
             " payer.",
    )
    reason_text = fields.Char(string="Why", compute='_compute_reason_text')
    is_replayable = fields.Boolean(compute='_compute_is_replayable')
    is_settleable = fields.Boolean(compute='_compute_is_settleable')
    is_opened = fields.Boolean(compute='_compute_is_opened')

    # === COMPUTE METHODS === #

    @api.depends('endpoint', 'received_at')
    def _compute_display_name(self):
        kinds = dict(self._fields['endpoint']._description_selection(self.env))
        for callback in self:
            moment = callback.received_at and format_datetime(
                self.env, callback.received_at, tz='Africa/Nairobi',
            )
            callback.display_name = f"{kinds.get(callback.endpoint, '')} {moment or ''}".strip()

    @api.depends('opening_ids')
    @api.depends_context('uid')
    def _compute_is_opened(self):
        opened = self._get_opened()
        for callback in self:
            callback.is_opened = callback in opened

    @api.depends('body_sealed', 'opening_ids')
    @api.depends_context('uid')
    def _compute_body_text(self):
        if not (self.env.su or self.env.user.has_group('school_fees.group_bursar')):
            self.body_text = False
            return
        self.check_access('read')
        bodies = self.sudo()._read_bodies()  # Sealed bytes and keys are nobody's to read.
        for callback in self:
            body = bodies[callback.sudo()]
            callback.body_text = callback._describe_body(body, with_numbers=callback.is_opened)

    @api.depends('reason', 'state', 'next_try_at', 'source_address')
    def _compute_reason_text(self):
        for callback in self:
            if callback.reason == 'source' and not callback.source_address:
                callback.reason_text = (
                    callback.provider_id.sudo()._mpesa_explain_unknown_source()
                )  # In sudo mode: providers are the system's.
            elif callback.reason == 'source':
                callback.reason_text = self.env._(
                    "It came from an address that is not on the list of Safaricom's."
                )
            elif callback.state == 'new' and callback.tries:
                callback.reason_text = self.env._(
                    "Tried %(count)s times: %(reason)s. It is tried again by itself.",
                    count=callback.tries, reason=callback.reason,
                )
            elif callback.state == 'parked' and callback.next_try_at:
                callback.reason_text = self.env._(
                    "Tried %(count)s times: %(reason)s. It is tried again every hour.",
                    count=callback.tries, reason=callback.reason,
                )
            else:
                callback.reason_text = callback.reason

    @api.depends('state')
    def _compute_is_replayable(self):
        for callback in self:
            callback.is_replayable = callback.state in REPLAYABLE_STATES

    @api.depends('state')
    def _compute_is_settleable(self):
        for callback in self:
            callback.is_settleable = callback.state in SETTLEABLE_STATES

    # === ACTION METHODS === #

    def action_replay(self):
        """ Override of `school_mpesa` to say in words what happens now.

        :return: A notification, after which the list is read again.
        :rtype: dict
        """
        super().action_replay()
        message = (
            self.env._("The message is back in the queue. In a moment its status says what came of"
                       " it.")
            if len(self) == 1 else
            self.env._("%(count)s messages are back in the queue. In a moment their status says"
                       " what came of each.", count=len(self))
        )
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': message,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === BUSINESS METHODS === #

    def _settle(self, reason):
        """ Finish messages that a person has looked into; nothing is booked and no byte changes.

        :param str reason: What was found and done.
        :return: None
        :raise UserError: If the user may not, there is no reason, or one of them tells of money.
        """
        self.check_access('read')
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise UserError(self.env._("Only the bursar's office settles messages."))
        if not (reason or '').strip():
            raise UserError(self.env._("Say in a few words why. Nothing was changed."))
        if not self or any(callback.state not in SETTLEABLE_STATES for callback in self):
            raise UserError(self.env._(
                "Only conflicting, unreadable or quarantined messages can be marked as settled. A"
                " parked one tells of money: it is booked when its reason is gone. Nothing was"
                " changed."
            ))
        for callback in self:
            # In sudo mode: people read the inbox and never write to it.
            callback.sudo()._close('done', self.env._(
                "%(problem)s Settled by %(user)s: %(reason)s", user=self.env.user.name,
                problem=callback.reason_text or '', reason=reason.strip(),
            ).strip())

    def _describe_body(self, body, *, with_numbers):
        """ Return a message as text.

        :param bytes | None body: The message; None when its payer was forgotten.
        :param bool with_numbers: Whether phone numbers are shown in full.
        :rtype: str
        """
        if body is None:
            return self.env._(
                "The payer was forgotten on request: this message can no longer be opened."
            )
        return _make_readable(body, with_numbers)

    def _get_masked_texts(self):
        """ Return the messages as text for a printed page: masked, whoever opened them.

        :return: Each message's text by its id; long ones are cut.
        :rtype: dict[int, str]
        :raise AccessError: If the user may not read them.
        """
        self.check_access('read')
        bodies = self.sudo()._read_bodies()  # Sealed bytes and keys are nobody's to read.
        texts = {}
        for callback in self:
            text = _mask_names(
                callback._describe_body(bodies[callback.sudo()], with_numbers=False)
            )
            texts[callback.id] = (
                text if len(text) <= PRINTED_CHARACTERS else f'{text[:PRINTED_CHARACTERS]} …'
            )
        return texts

    @api.model
    def _describe_age(self, age):
        """ Return an age in words.

        :param timedelta age: The age.
        :rtype: str
        """
        minutes = int(age.total_seconds() // 60)
        if minutes < 1:
            return self.env._("under a minute")
        if minutes < 120:
            return self.env._("%(count)s min", count=minutes)
        if minutes < 2880:
            return self.env._("%(count)s h", count=minutes // 60)
        return self.env._("%(count)s days", count=minutes // 1440)


def _make_readable(body, with_numbers):
    """ Turn bytes into text for a screen: JSON indented, control characters made visible.

    :param bytes body: Any bytes, also forged ones.
    :param bool with_numbers: Whether phone numbers are shown in full.
    :rtype: str
    """
    text = body[:SHOWN_CHARACTERS].decode('utf-8', errors='backslashreplace')
    text = ''.join(
        char if char in '\n\t' or unicodedata.category(char) not in {'Cc', 'Cf', 'Cs', 'Co'}
        else f'\\u{ord(char):04x}'
        for char in _indent_json(text)
    )
    return text if with_numbers else PHONE.sub(r'\1 *** \2', text)


def mask_name(name):
    """ Shorten a payer's name for what is printed: the first name and the initials of the others.

    :param str name: As M-PESA gave it; perhaps masked already.
    :rtype: str
    """
    first, *others = name.split() or ['']
    return ' '.join([first, *(f'{other[0]}.' for other in others)])


def _mask_names(text):
    """ Shorten the payers' names in a message.

    :param str text: A readable message with masked numbers.
    :rtype: str
    """
    text = NAME_PART.sub(
        lambda m: m[1] + (mask_name(m[3]) if m[2] == 'First' else m[3] and f'{m[3][0]}.'), text,
    )
    return PARTY_NAME.sub(lambda m: m[1] + mask_name(m[2]), text)


def _indent_json(text):
    """ Indent a text that is JSON; any other is returned as it came.

    Numbers stay as written, since an amount is not to be rounded for the eye: they travel between
    marks that come off again.

    :param str text: Any text.
    :rtype: str
    """
    try:
        content = json.loads(
            text, parse_float='\0{}\0'.format, parse_int='\0{}\0'.format,
        )
        indented = json.dumps(content, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
    return re.sub(r'"\\u0000([0-9.eE+-]+)\\u0000"', r'\1', indented)
