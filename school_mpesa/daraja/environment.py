"""Where Daraja is: Safaricom's sandbox, Safaricom's production, or a stand-in of one's own."""
from dataclasses import dataclass
from urllib.parse import urlsplit

from .addresses import PRODUCTION_URL, SANDBOX_URL, Address


@dataclass(frozen=True)
class Environment:
    """A Daraja host.

    :param str name: "sandbox", "production" or "simulator".
    :param str base_url: Scheme and host (and port), without a trailing slash.
    """

    name: str
    base_url: str

    @classmethod
    def sandbox(cls):
        return cls('sandbox', SANDBOX_URL)

    @classmethod
    def production(cls):
        return cls('production', PRODUCTION_URL)

    @classmethod
    def custom(cls, base_url):
        """A stand-in for Safaricom, such as a simulator on this machine.

        :param str base_url: Address with http or https and a host; a path prefix is allowed.
        :return: The environment, named "simulator".
        :rtype: Environment
        :raise ValueError: If the address cannot be one.
        """
        try:
            parts = urlsplit(base_url.strip())
            port_is_readable = parts.port is None or parts.port > 0
        except (AttributeError, ValueError):
            reason = "The Daraja address is not a web address."
            raise ValueError(reason) from None
        if (
            parts.scheme not in {'http', 'https'}
            or not parts.hostname
            or not port_is_readable
            or parts.username is not None
            or parts.password is not None
            or parts.query
            or parts.fragment
        ):
            reason = "The Daraja address must be http or https with a host and nothing but a path."
            raise ValueError(
                reason,
            )
        return cls('simulator', base_url.strip().rstrip('/'))

    def url(self, address: Address):
        """The full address of an operation."""
        return self.base_url + address.value
