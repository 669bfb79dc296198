from datetime import timedelta

from odoo import fields, models

from .. import daraja


# How long a result waits, in seconds, for the names of its question to be written.
EARLY_SECONDS = 150
EARLY_PAUSE = 5


class MpesaCallback(models.Model):
    """Results and time-outs: which question of ours they answer, whenever they come."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    mpesa_command_id = fields.Many2one(
        string="Question", comodel_name='mpesa.command', readonly=True, index='btree_not_null',
        ondelete='set null',
    )

    def _read_result(self, result):
        """ Hand a result or a time-out to the question that it answers.

        The address is secret, and that is not enough: both names of the question must be right.

        :param daraja.Result result: The parsed message.
        :return: None
        """
        self.ensure_one()
        Command = self.env['mpesa.command']
        ours = [
            ('provider_id', '=', self.provider_id.id), ('environment', '=', self.environment),
            ('kind', '=', 'status'),
        ]
        names = (result.conversation_id, result.originator_conversation_id)
        named = Command.search([
            *ours,
            '|', ('conversation_id', '=', names[0] or '-'),
            ('originator_conversation_id', '=', names[1] or '-'),
            ('conversation_id', '!=', False),
        ])
        command = named.filtered(
            lambda c: (c.conversation_id, c.originator_conversation_id) == names
        )
        if named and not command:
            named[:1].needs_person = True
            self._close('conflict', self.env._(
                "One of its ids is that of a question of ours, and the other is not."
            ))
            return
        if not command and self._waits_for_names(ours):
            return
        if not command and (lost := self._find_lost(ours, result)):
            lost._take_nameless(self)
        elif not command:
            self._close('parked', self.env._("It answers no request of ours."))
        elif self.endpoint == 'timeout':
            command._take_timeout(self)
        else:
            command._take_result(self, result)

    def _waits_for_names(self, ours):
        """ Let a result wait that may be quicker than the answer to its question.

        :param list ours: Which questions can be meant.
        :return: Whether it waits.
        :rtype: bool
        """
        now = fields.Datetime.now()
        asked = self.env['mpesa.command'].search_count([
            *ours, ('state', '=', 'sent'), ('conversation_id', '=', False),
            ('sent_at', '<=', self.received_at + timedelta(seconds=1)),
        ], limit=1)
        if not asked or now - self.received_at > timedelta(seconds=EARLY_SECONDS):
            return False
        self.write({
            'next_try_at': now + timedelta(seconds=EARLY_PAUSE),
            'reason': self.env._("Waiting for the answer to the question that it may belong to."),
        })
        return True

    def _find_lost(self, ours, result):
        """ Return the question whose names were lost on the way, when the result names its payment.

        :param list ours: Which questions can be meant.
        :param daraja.Result result: The parsed message.
        :return: At most one.
        :rtype: mpesa.command
        """
        code = daraja.read_status(result).receipt
        if not code or self.endpoint != 'result':
            return self.env['mpesa.command']
        return self.env['mpesa.command'].search([
            *ours, ('state', '=', 'unknown'), ('conversation_id', '=', False),
            ('receipt', '=', code), ('sent_at', '!=', False),
        ], limit=1)
