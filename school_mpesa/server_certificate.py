"""When the certificate of a web address ends. Nothing is sent there but the greeting of TLS."""
import contextlib
import ipaddress
import socket
import ssl

from cryptography import x509


SECONDS = 3  # to connect, and for each step of the greeting


class ForbiddenNetwork(OSError):
    """A name leads into a network that is not to be called."""


def read_end(host, port, is_local=False):
    """ Return when the certificate that is served at one of our own addresses ends.

    It is not judged: one that has ended, or is not trusted, must be read all the same.

    :param str host: The name.
    :param int port: The port.
    :param bool is_local: Whether it must be this machine; else it must be on the internet.
    :return: Naive UTC.
    :rtype: datetime
    :raise OSError: If the name leads elsewhere, nobody answers there, or not by TLS.
    :raise ValueError: If what is served is no certificate.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    *others, last = resolve(host, port, is_local)
    for address in others:
        # A server without IPv6 cannot reach the first address of many names.
        with contextlib.suppress(OSError):
            return _read_end_at(address, host, port, context)
    return _read_end_at(last, host, port, context)


def _read_end_at(address, host, port, context):
    """ Return when the certificate that is served at one IP address ends, as :func:`read_end`. """
    with socket.create_connection((address, port), timeout=SECONDS) as connection, \
            context.wrap_socket(connection, server_hostname=host) as secured:
        served = secured.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(served).not_valid_after_utc.replace(tzinfo=None)


def resolve(host, port, is_local):
    """ Return the IP addresses of a name, unless one is in a network that is not to be called.

    The addresses that were judged are those to call: a name may change in between.

    :param str host: The name.
    :param int port: The port.
    :param bool is_local: Whether it must be this machine; else it must be on the internet.
    :rtype: list[str]
    :raise OSError: If it has no address.
    :raise ForbiddenNetwork: If it has one of another kind.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        message = "This can be no name."
        raise OSError(message) from error
    addresses = [ipaddress.ip_address(entry[4][0].partition('%')[0]) for entry in found]
    if not all(address.is_loopback if is_local else address.is_global for address in addresses):
        message = "The name leads to an address that is not to be called."
        raise ForbiddenNetwork(message)
    return [str(address) for address in dict.fromkeys(addresses)]
