"""The steps from nothing to a verified live shortcode, in their order (ux.md, section 10)."""
from typing import NamedTuple

from odoo.tools.translate import LazyGettext, LazyTranslate


_lt = LazyTranslate(__name__)

_CHECK = _lt("Check")
_TICK = _lt("Done")


class Step(NamedTuple):
    """ One step of the set-up.

    :param key: Its name in code: the provider's `_mpesa_judge_<key>` says how it stands.
    :param title: Its name on the screen.
    :param purpose: What it proves, or asks for.
    :param button: What its button says.
    :param kind: 'check' (proven by its button), 'dialog' (its button opens one), 'task' (a person
                 does it elsewhere and ticks it).
    :param letter: Which letter is drafted for it.
    :param is_for_production: Whether there is nothing to do before production.
    :param is_harmless: Whether it may be proven again each night, unasked.
    """
    key: str
    title: LazyGettext
    purpose: LazyGettext
    button: LazyGettext = _CHECK
    kind: str = 'check'
    letter: str = ''
    is_for_production: bool = False
    is_harmless: bool = False


STEPS = (
    Step(
        'school', _lt("School details"),
        _lt("Name, phone, e-mail and shillings: they stand on receipts and on the letters."),
    ),
    Step(
        'passkey_asked', _lt("Ask for the passkey"),
        _lt("Safaricom e-mails it after the go-live on the Daraja portal. If it does not come, send"
            " the letter."),
        button=_TICK, kind='task', letter='passkey', is_for_production=True,
    ),
    Step(
        'keys', _lt("Shortcode and keys"),
        _lt("What is typed above is complete, and saved encrypted."),
    ),
    Step(
        'books', _lt("Journal"),
        _lt("Money of the shortcode has a journal of its own, in shillings."),
    ),
    Step(
        'token', _lt("Keys at Safaricom"),
        _lt("Safaricom is asked for a token with the consumer key and secret."),
        is_harmless=True,
    ),
    Step(
        'passkey', _lt("Passkey"),
        _lt("Safaricom is asked about a prompt that never was; the question carries the passkey."
            " Nobody's phone rings."),
        is_harmless=True,
    ),
    Step(
        'address', _lt("Public address"),
        _lt("The address is worded as Safaricom wants it, and this server answers there."),
        is_harmless=True,
    ),
    Step(
        'source', _lt("Safaricom's addresses"),
        _lt("The firewall lets Safaricom in, and the proxy says who calls."), letter='addresses',
    ),
    Step(
        'register', _lt("Register addresses"),
        _lt("Safaricom is told where to announce money that payers send by themselves."),
        button=_lt("Register"), kind='dialog',
    ),
    Step(
        'access_asked', _lt("Ask for access"),
        _lt("Status, balance, reversal and payments to phones are switched on by Safaricom, for an"
            " API operator with a role for each."),
        button=_TICK, kind='task', letter='access', is_for_production=True,
    ),
    Step(
        'initiator', _lt("Initiator and certificate"),
        _lt("Safaricom is asked about one payment. It locks an initiator after three wrong"
            " passwords, so this is asked once and never again after a refusal."),
        is_harmless=True,
    ),
    Step(
        'validation_asked', _lt("Ask for validation"),
        _lt("Only when Safaricom shall ask before it takes a payment: it switches that on by"
            " letter."),
        button=_TICK, kind='task', letter='validation', is_for_production=True,
    ),
    Step(
        'sms', _lt("SMS"),
        _lt("A test message goes to your own phone, as it stands in your preferences."),
        button=_lt("Send"),
    ),
    Step(
        'email', _lt("E-mail"), _lt("The mail server is called, up to the point of sending."),
    ),
    Step(
        'actions', _lt("Scheduled actions"),
        _lt("What sends prompts and books money runs every minute."), is_harmless=True,
    ),
    Step(
        'payment', _lt("First payment"),
        _lt("KES 1 is asked of your own phone. It is real money, booked on the student whom you"
            " choose."),
        button=_lt("Send KES 1"), kind='dialog',
    ),
    Step(
        'paybill', _lt("Payment by hand"),
        _lt("Pay KES 2 to the shortcode from the phone's own menu, then look here. M-PESA refuses"
            " the same amount twice within two minutes."),
        button=_lt("I have paid"),
    ),
    Step(
        'messages', _lt("Messages from Safaricom"),
        _lt("When the last one came, and whether any money was learnt of without one."),
        is_harmless=True,
    ),
    Step(
        'operators', _lt("People at the portal"),
        _lt("Two operators of the M-PESA organisation portal can log in: changes there need both."
            " Somebody renews the initiator's password every 90 days."),
        button=_TICK, kind='task', is_for_production=True,
    ),
    Step(
        'live', _lt("Go live"), _lt("The shortcode is in production and enabled: parents can pay."),
        is_for_production=True,
    ),
)
BY_KEY = {step.key: step for step in STEPS}
ORDER = {step.key: position for position, step in enumerate(STEPS, start=1)}
