"""Whether it is this server that answers at its public address."""
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from . import server_certificate


SECONDS = 10  # a person waits, in a web request


class NameAdapter(HTTPAdapter):
    """Calls an IP address that was judged, as the server of a name."""

    def __init__(self, host):
        self.host = host
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        """ Override of `requests`: the certificate must be the name's. """
        return super().init_poolmanager(*args, server_hostname=self.host, **kwargs)


def ask(url, expected, is_local):
    """ Call this server at its public address; from outside any transaction.

    :param str url: The address with what is to be answered.
    :param str expected: What only a server with the same keys and database answers.
    :param bool is_local: Whether it must be this machine; else it must be on the internet.
    :return: Whether it is this server that answers.
    :rtype: bool
    :raise ForbiddenNetwork: If it leads elsewhere; nothing was called.
    :raise OSError: If nobody can be reached there.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == 'https' else 80)
    problem = None
    with requests.Session() as session:
        session.trust_env = False  # A proxy would look the name up again.
        session.mount('https://', NameAdapter(parts.hostname))
        for address in server_certificate.resolve(parts.hostname, port, is_local):
            shown = f'[{address}]' if ':' in address else address
            try:
                # Neither redirects nor long answers: the address may belong to anybody.
                with session.get(
                    parts._replace(netloc=f'{shown}:{port}').geturl(), timeout=SECONDS,
                    headers={'Host': parts.netloc}, allow_redirects=False, stream=True,
                ) as answer:
                    told = answer.raw.read(len(expected) + 1, decode_content=True)
                return told == expected.encode()
            except requests.exceptions.ConnectionError as error:
                problem = error
    raise problem
