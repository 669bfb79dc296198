"""Scenarios: what shall happen to which request. The first fitting one is used up."""

import itertools
from dataclasses import asdict, dataclass


class ScriptError(ValueError):
    """A script that says something the simulator does not know."""


# Those that are answered later, at the ResultURL.
RESULT_APIS = ('transaction_status', 'account_balance', 'reversal', 'b2c')
APIS = (
    'stk_push',
    'stk_query',
    'oauth',
    'c2b_register',
    *RESULT_APIS,
    'pull_register',
    'pull_query',
    'dynamic_qr',
    '*',
)
FAULTS_BEFORE = (
    'http_500',
    'http_502_html',
    'http_503_html',
    'http_504_empty',
    'http_403_html',
    'internal_error',
    'hang',
    'reset_before',
    'spike_arrest',
    'spike_arrest_fault',
    'spike_arrest_fault_500',
    'http_400_empty',
    'quota',
    'busy',
    'maintenance',
    'token_revoked',
    'invalid_token',
    'lock_subscriber',
    'intermittent',
    'aggregator',
    'soap_fault',
    'conflict_409',
)
FAULTS_AFTER = (
    'slow',
    'reset_after_accept',
    'half_body',
    'wrong_json',
    'http_500_after_accept',
    'http_504_after_accept',
    'hang_after_accept',
)
FAULTS_OF_ONE_API = {
    'pending': 'stk_query',
    'intermittent': 'stk_query',
    'lock_subscriber': 'stk_push',
}
CALLBACKS = (
    'missing',
    'late',
    'duplicate',
    'concurrent',
    'late_success',
    'before_answer',
    'forged_amount',
    'forged_receipt',
    'unknown_id',
    'conflict',
    'timeout',
    'timeout_done',
)
# What a result that comes later can do; a push, all but the time-outs.
TIMEOUTS = ('timeout', 'timeout_done')
CALLBACKS_OF_RESULTS = (
    'missing', 'late', 'duplicate', 'concurrent', 'before_answer', *TIMEOUTS,
)


@dataclass
class Script:
    """One scenario. Empty conditions fit everything; times None means for ever."""

    id: int
    api: str = 'stk_push'
    phone: str | None = None
    amount: str | None = None
    account: str | None = None
    shortcode: str | None = None
    outcome: str | None = None
    fault: str | None = None
    error: list | None = None
    callback: str | None = None
    seconds: float | None = None
    copies: int | None = None
    answer_after: float = 0.0
    success_by: str = 'both'
    c2b_order: str | None = None
    times: int | None = 1
    used: int = 0

    def fits(self, api, facts):
        """:param facts: dict of phone, amount, account and shortcode of the request, as text"""
        if self.api not in ('*', api) or (self.times is not None and self.used >= self.times):
            return False
        return all(
            getattr(self, name) is None or getattr(self, name) == facts.get(name)
            for name in ('phone', 'amount', 'account', 'shortcode')
        )

    def as_dict(self):
        return asdict(self)


class ScriptBook:
    """The scripts, in the order they were written."""

    def __init__(self):
        self.scripts = []
        self._ids = itertools.count(1)

    def add(self, **values):
        """:raise ScriptError: an unknown word; a typing mistake must not test nothing in silence"""
        for name in ('phone', 'amount', 'account', 'shortcode', 'outcome'):
            if values.get(name) is not None:
                values[name] = str(values[name])
        self._check(values)
        try:
            script = Script(id=next(self._ids), **values)
        except TypeError as error:
            raise ScriptError(str(error)) from error
        self.scripts.append(script)
        return script

    def find(self, api, facts):
        """:return: the fitting script, not yet used up, or None"""
        return next((script for script in self.scripts if script.fits(api, facts)), None)

    def clear(self):
        self.scripts.clear()

    def _check(self, values):
        words = (
            ('api', APIS),
            ('fault', (*FAULTS_BEFORE, *FAULTS_AFTER, 'pending')),
            ('callback', CALLBACKS),
            ('success_by', ('both', 'stk', 'c2b')),
            ('c2b_order', ('after', 'before', 'together', 'none')),
        )
        for name, known in words:
            if values.get(name) is not None and values[name] not in known:
                raise ScriptError(f'{name} is one of {known}, not {values[name]!r}')
        callback, api = values.get('callback'), values.get('api', 'stk_push')
        fits = callback in CALLBACKS_OF_RESULTS if api in RESULT_APIS else (
            callback not in TIMEOUTS
        )
        if callback is not None and not fits:
            raise ScriptError(f'the callback {callback} does not belong to {api}')
        only = FAULTS_OF_ONE_API.get(values.get('fault'))
        if only and values.get('api', 'stk_push') not in ('*', only):
            raise ScriptError(f"the fault {values['fault']} belongs to {only}")
