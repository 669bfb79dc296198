from datetime import timedelta

from odoo import fields, models


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
            ('kind', 'in', Command._get_result_kinds()),
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
            self.mpesa_command_id = lost
            getattr(lost, f'_take_nameless_{lost.kind}')(self)
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
        """ Return the question whose names were lost on the way, when the result tells which it is.

        :param list ours: Which questions can be meant.
        :param daraja.Result result: The parsed message.
        :return: At most one.
        :rtype: mpesa.command
        """
        Command = self.env['mpesa.command']
        if self.endpoint != 'result':
            return Command
        lost = [
            *ours, ('state', '=', 'unknown'), ('conversation_id', '=', False),
            ('sent_at', '!=', False),
        ]
        for kind in Command._get_result_kinds():
            command = getattr(Command, f'_find_lost_{kind}')([*lost, ('kind', '=', kind)], result)
            if command:
                return command
        return Command
