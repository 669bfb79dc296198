from datetime import datetime, timedelta
from itertools import zip_longest

from odoo import api, fields, models


THREADS = 2  # Safaricom throttles questions; a few at a time are enough
BATCH = THREADS  # so that a batch never lasts longer than one time-out and Odoo's limit
MEMORY = timedelta(hours=1)  # whose turn it is: those asked longer ago are all the same


class MpesaCommand(models.Model):
    """Whose turn it is: no school and no kind of question waits for another's."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    @api.model
    def _claim_queued(self):
        """ Take questions from the outbox, each by one worker only.

        :rtype: mpesa.command
        """
        claimed = self._choose_queued().try_lock_for_update().filtered(
            lambda command: command.state == 'queued'
        )
        claimed.write({'state': 'sent', 'sent_at': fields.Datetime.now()})
        return claimed

    @api.model
    def _choose_queued(self):
        """ Return what may go out now: the kinds by turns.

        Where only one kind waits, it has the whole room.

        :return: As many as are sent at a time.
        :rtype: mpesa.command
        """
        chosen, unproven = [], set()
        for command in _take_turns(
            self._list_queued(kind) for kind in (*self._get_result_kinds(), 'pull')
        ):
            provider = command.provider_id
            if command.kind != 'pull' and not provider.mpesa_initiator_proven:
                if provider in unproven:
                    continue  # It asks one thing at a time, whatever the kind.
                unproven.add(provider)
            chosen.append(command)
        return self.browse().concat(*chosen[:BATCH])

    @api.model
    def _list_queued(self, kind):
        """ Return the next questions of a kind, those first whose shortcode asked longest ago.

        :param str kind: As of the field.
        :rtype: list[mpesa.command]
        """
        queued = [('kind', '=', kind), *self._get_queued_domain()]
        asked_at = dict(self._read_group(
            [('kind', '=', kind), ('sent_at', '>', fields.Datetime.now() - MEMORY)],
            ['provider_id'], ['sent_at:max'],
        ))
        waiting = self._read_group(queued, ['provider_id'], ['id:min'])
        waiting.sort(key=lambda row: (asked_at.get(row[0]) or datetime.min, row[1]))
        return _take_turns(
            self.search(
                [*queued, ('provider_id', '=', provider.id)], order='id', limit=room,
            )
            for provider, _first in waiting
            if (room := BATCH if kind == 'pull' else self._count_room(provider))
        )

    @api.model
    def _count_room(self, provider):
        """ Return how many questions of its initiator a shortcode may ask at this moment.

        An initiator that Safaricom has not answered yet asks one thing at a time: three wrong
        passwords lock it, and the first refusal must be here before the second question goes out.

        :param payment.provider provider: The shortcode.
        :rtype: int
        """
        if provider.mpesa_initiator_proven:
            return BATCH
        return 0 if self.search_count([
            ('provider_id', '=', provider.id), ('kind', 'in', self._get_result_kinds()),
            ('state', '=', 'sent'),
        ], limit=1) else 1

    @api.model
    def _get_queued_domain(self):
        return [
            ('state', '=', 'queued'),
            '|', ('next_try_at', '=', False), ('next_try_at', '<=', fields.Datetime.now()),
        ]


def _take_turns(queues):
    """ Return the first of each queue, then the second of each, and so on.

    :param queues: Iterables, the first queue first.
    :rtype: list
    """
    return [item for turn in zip_longest(*queues) for item in turn if item]
