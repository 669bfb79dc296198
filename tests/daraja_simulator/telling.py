"""Who is told what about a push, how often and in which order."""

from . import c2b
from .stk_callbacks import callback_headers, failure_body, success_body


class Teller:
    """Makes the callbacks of an outcome and sends them as the scenario wants.

    :param succeed_late: what pays a push after a failure was told
    """

    def __init__(self, world, succeed_late):
        self.world = world
        self.succeed_late = succeed_late

    async def tell(self, push, movement, at_once=False):
        """Send the callback(s) of an outcome, as the scenario of the push says."""
        callback = push.script.callback if push.script else None
        if callback == 'late_success' and movement is None:
            self.world.scheduler.after(push.script.seconds or 0, self.succeed_late, push)
        stk = self._stk_deliveries(push, movement, callback)
        confirmation, order = self._confirmation(push, movement)
        wait = 0 if at_once or callback != 'late' else push.script.seconds or 0
        await self._send_in_order(push, stk, wait, confirmation, order)

    async def _send_in_order(self, push, stk, wait, confirmation, order):
        scheduler, gap = self.world.scheduler, self.world.settings.c2b_delay
        send = self.world.deliveries.send
        if order == 'before':
            await send(confirmation)
            await scheduler.sleep(gap)
        await scheduler.sleep(wait)
        if order == 'together':
            # A task of its own, so that both are on the wire at once.
            scheduler.after(0, send, confirmation)
        for delivery in stk:
            await send(delivery, **self._copies(push))
        if order == 'after':
            await scheduler.sleep(gap)
            await send(confirmation)

    def _told_by(self, kind, push):
        script = push.script
        late = script and script.callback == 'late_success' and push.result_code == '0'
        return not late or script.success_by in ('both', kind)

    def _copies(self, push):
        callback = push.script.callback if push.script else None
        if callback not in ('duplicate', 'concurrent'):
            return {}
        return {'copies': push.script.copies or 2, 'concurrent': callback == 'concurrent'}

    def _confirmation(self, push, movement):
        """:return: the C2B confirmation, listed, and when it goes; (None, 'none') when none goes"""
        if movement is None:
            return None, 'none'
        order = (push.script.c2b_order if push.script else None) or self.world.settings.c2b_order
        if not self._told_by('c2b', push):
            order = 'none'
        # One that is not sent stays in the list, so that a test can still send it.
        state = 'dropped' if order == 'none' else 'scheduled'
        confirmation = c2b.make_confirmation(self.world, movement, state)
        return confirmation, order if confirmation else 'none'

    def _stk_deliveries(self, push, movement, callback):
        """:return: the STK callbacks, listed; one that shall be missed is listed as dropped"""
        bodies = [self._genuine(push, movement)]
        if callback == 'conflict' and movement:
            bodies.append(self._success(push, movement, amount=movement.amount + 1))
        dropped = callback == 'missing' or (movement is not None and not self._told_by('stk', push))
        forged = self._forged_instead(push, movement, callback)
        made = [
            self.world.deliveries.make(
                'stk',
                push.callback_url,
                body,
                callback_headers(push),
                push.checkout_request_id,
                movement.receipt if movement else None,
                'dropped' if dropped or forged else 'scheduled',
            )
            for body in bodies
        ]
        if forged:
            made.append(
                self.world.deliveries.make(
                    'forged',
                    push.callback_url,
                    forged,
                    callback_headers(push),
                    push.checkout_request_id,
                )
            )
        return made

    def _forged_instead(self, push, movement, callback):
        if movement is None:
            return None
        changes = {
            'forged_amount': {'amount': movement.amount + 1},
            'forged_receipt': {'receipt': movement.receipt[:3] + 'FORGED0'},
            'unknown_id': {'checkout_request_id': self.world.ids.checkout_request_id(push.phone)},
        }.get(callback)
        return self._success(push, movement, **changes) if changes else None

    def _genuine(self, push, movement):
        if movement:
            return self._success(push, movement)
        return failure_body(push, push.result_code, self.world.seed)

    def _success(self, push, movement, **forged):
        return success_body(push, movement, self.world.settings, self.world.seed, **forged)
