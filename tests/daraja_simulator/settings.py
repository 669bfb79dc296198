"""Every switch of the simulator, with its default. Amounts are KES as text, times are seconds."""

from dataclasses import asdict, dataclass, fields

from .defaults import WALLET_BALANCE, WALLET_PIN


class SettingError(ValueError):
    """A setting that does not exist, or a value it cannot take."""


CHOICES = {
    'c2b_order': ('after', 'before', 'together', 'none'),
    'c2b_msisdn_form': ('auto', 'plain', 'masked_spaces', 'masked', 'sha256', 'empty'),
    'c2b_names': ('varied', 'first', 'full', 'null', 'missing'),
    'c2b_amount_form': ('varied', 'text', 'text_whole', 'number'),
    'stk_amount_form': ('varied', 'int', 'float', 'decimal'),
    'stk_balance_item': ('varied', 'empty', 'missing'),
    'stk_item_order': ('varied', 'documented'),
    'pending_dialect': ('4999', '500'),
    'unknown_id_dialect': ('500', '400'),
    'expires_in_form': ('text', 'number', 'missing', 'zero'),
    'register_answer': ('usual', 'small', 'eight_zeros', 'no_code'),
    'result_code_form': ('varied', 'number', 'text'),
    'result_order': ('varied', 'documented'),
    'balance_accounts': ('varied', 'documented'),
    'status_parties': ('documented', 'named'),
    'pull_status_key': ('joined', 'spaced'),
    'pull_times': ('utc', 'eat'),
    'pull_msisdn_form': ('national', 'masked'),
    'environment': ('sandbox', 'production'),
    'subscriber_lock': ('open', 'minute', 'off'),
    'subscriber_lock_answer': ('sync', 'callback'),
    'same_amount_rule': ('paid', 'asked', 'off'),
    'amount_limits': ('sync', 'callback'),
    'long_reference': ('reject', 'truncate', '1025'),
    'qr_answer': ('usual', 'documented'),
    'payout_charge': ('off', 'tariff'),
    'pay_bill_charge': ('off', 'mgao', 'customer'),
    'auto_answer': (None, 'pin', 'cancel', 'ignore', 'wrong_pin'),
}


@dataclass
class Settings:
    """Switches a test or an administrator sets through ``/control/set``."""

    environment: str = 'sandbox'
    # Delivery of callbacks
    callback_delay: float = 0.0
    hold_callbacks: bool = False
    callback_before_answer: bool = False
    callback_timeout: float = 10.0
    callback_retries: int = 0
    callback_retry_seconds: float = 5.0
    verify_tls: bool = True
    # Shape of the STK callback
    stk_amount_form: str = 'varied'
    stk_balance_item: str = 'varied'
    stk_item_order: str = 'varied'
    # The C2B confirmation
    c2b_order: str = 'after'
    c2b_delay: float = 0.0
    c2b_msisdn_form: str = 'auto'
    c2b_names: str = 'varied'
    c2b_amount_form: str = 'varied'
    validation_seconds: float = 8.0
    register_answer: str = 'usual'
    # STK query
    pending_dialect: str = '4999'
    unknown_id_dialect: str = '500'
    # Results that come later, and Pull
    result_code_form: str = 'varied'
    result_order: str = 'varied'
    result_occasion: bool = False
    balance_accounts: str = 'varied'
    reversal_window: float = 0.0
    status_parties: str = 'documented'
    pull_status_key: str = 'joined'
    pull_times: str = 'utc'
    pull_msisdn_form: str = 'national'
    pull_page_rows: int = 100
    # Dynamic QR
    qr_answer: str = 'usual'
    # OAuth and the gateway
    token_lifetime: int = 3599
    expires_in_form: str = 'text'
    new_token_kills_old: bool = False
    strict_rate_limits: bool = False
    rate_per_second: int = 5
    # The core's rules
    prompt_timeout: float = 60.0
    subscriber_lock: str = 'open'
    subscriber_lock_answer: str = 'sync'
    same_amount_rule: str = 'paid'
    amount_limits: str = 'sync'
    daily_limit: bool = True
    long_reference: str = 'reject'
    # What the organisation pays for each payment
    pay_bill_charge: str = 'off'
    payout_charge: str = 'off'
    # Phones
    open_wallets: bool = True
    open_wallet_balance: str = WALLET_BALANCE
    open_wallet_pin: str = WALLET_PIN
    auto_answer: str | None = None
    auto_answer_delay: float = 0.0
    test_phone_never_answers: bool = True

    def change(self, **values):
        """Set several switches, or none of them when one is wrong.

        :raise SettingError: an unknown name, a value that is no choice, or one of another type
        """
        kinds = {field.name: type(getattr(type(self)(), field.name)) for field in fields(self)}
        wanted = {}
        for name, value in values.items():
            if name not in kinds:
                raise SettingError(f'there is no setting {name}')
            wanted[name] = self._fitting(name, value, kinds[name])
        for name, value in wanted.items():
            setattr(self, name, value)

    def _fitting(self, name, value, kind):
        if name in CHOICES:
            if value not in CHOICES[name]:
                raise SettingError(f'{name} is one of {CHOICES[name]}, not {value!r}')
            return value
        if kind is bool:
            if not isinstance(value, bool):
                raise SettingError(f'{name} is true or false')
            return value
        if kind in (int, float) and isinstance(value, bool):
            raise SettingError(f'{name} is a number')
        try:
            return kind(value)
        except (TypeError, ValueError) as error:
            raise SettingError(f'{name} does not take {value!r}') from error

    def as_dict(self):
        return asdict(self)
