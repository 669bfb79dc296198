"""One STK push."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Push:
    """One accepted STK push."""

    number: int
    checkout_request_id: str
    merchant_request_id: str
    shortcode: str
    transaction_type: str
    party_b: str
    msisdn: str
    phone: str
    amount: int
    account: str
    description: str
    callback_url: str
    name: str
    opened_at: float
    opened_at_eat: str
    script: Any = None
    state: str = 'open'
    on_phone: bool = False
    result_code: str | None = None
    receipt: str | None = None
    final_at_eat: str | None = None
    movement: Any = None
    timer: Any = None

    @property
    def text(self):
        """What the handset shows."""
        return (
            f'Do you want to pay KES {self.amount:,} to {self.name} Account no. {self.account}? '
            f'Enter M-PESA PIN'
        )

    def as_dict(self):
        hidden = ('script', 'movement', 'timer')
        shown = {name: value for name, value in self.__dict__.items() if name not in hidden}
        return {
            **shown,
            'id': self.checkout_request_id,
            'amount': str(self.amount),
            'text': self.text,
            'script': self.script.id if self.script else None,
        }
