"""Keeps wallets, shortcodes and the ledger in a JSON file, so that they survive a restart."""

import json
import os
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

from .organisation import Event
from .wallets import ACCOUNTS, Movement, Shortcode, Wallet


SAVE_SECONDS = 2
_MONEY = (*ACCOUNTS, 'amount', 'wallet_after', 'balance_after', 'source_after', 'target_after')


class StateFile:
    """Reads the file at the start, writes it when something changed.

    :param path: the file; it need not exist yet
    """

    def __init__(self, path):
        self.path = Path(path)
        self._saved = None

    def load(self, world):
        """Put what the file holds into a new world, and save from now on whenever money moved."""
        if self.path.exists():
            kept = json.loads(self.path.read_text())
            bank = world.bank
            bank.wallets.update({row['msisdn']: Wallet(**_money(row)) for row in kept['wallets']})
            bank.shortcodes.update({
                row['number']: Shortcode(**_money(row)) for row in kept['shortcodes']
            })
            for row in kept['movements']:
                bank.record(Movement(**_money(row)))
            bank.events.extend(Event(**_money(row)) for row in kept.get('events', ()))
            bank.put_in = Decimal(kept['put_in'])
            if kept['seed'] == world.seed:
                # With another seed the serials differ anyway.
                world.receipts.given = kept['receipts_given']
        self.keep(world)

    def save(self, world):
        """Write the file in one step, and only when something changed."""
        bank = world.bank
        text = json.dumps(
            {
                'seed': world.seed,
                'receipts_given': world.receipts.given,
                'put_in': str(bank.put_in),
                'wallets': [asdict(wallet) for wallet in bank.wallets.values()],
                'shortcodes': [asdict(code) for code in bank.shortcodes.values()],
                'movements': [asdict(movement) for movement in bank.ledger],
                'events': [asdict(event) for event in bank.events],
            },
            default=str,
        )
        if text == self._saved:
            return
        fresh = self.path.with_suffix('.new')
        fresh.write_text(text)
        os.replace(fresh, self.path)
        self._saved = text

    def keep(self, world):
        """Save now and every few seconds."""
        self.save(world)
        world.scheduler.after(SAVE_SECONDS, self.keep, world, background=True)


def _money(row):
    return {name: Decimal(value) if name in _MONEY else value for name, value in row.items()}
