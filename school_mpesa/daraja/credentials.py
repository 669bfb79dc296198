"""The consumer key and secret of one Daraja app."""
import base64
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credentials:
    """Consumer key and secret, as the Daraja portal shows them. Never shown by `repr`.

    Blanks around them are dropped: they are pasted by people.
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)

    def __post_init__(self):
        for name in ('consumer_key', 'consumer_secret'):
            value = getattr(self, name)
            cleaned = value.strip() if isinstance(value, str) else ''
            if not cleaned or not cleaned.isprintable():
                raise ValueError(f"The {name.replace('_', ' ')} is empty or unreadable.")
            object.__setattr__(self, name, cleaned)
        if ':' in self.consumer_key:
            # HTTP Basic joins key and secret by a colon, so a key cannot contain one (RFC 7617).
            reason = "The consumer key contains a colon."
            raise ValueError(reason)

    @property
    def basic(self):
        """The value after "Basic " in the Authorization header of the OAuth call."""
        pair = f'{self.consumer_key}:{self.consumer_secret}'
        return base64.b64encode(pair.encode()).decode('ascii')
