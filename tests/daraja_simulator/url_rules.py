"""Which addresses Safaricom takes for callbacks (daraja.md 3.1, 3.4, 5.1)."""

from urllib.parse import urlsplit


FORBIDDEN_WORDS = ('m-pesa', 'mpesa', 'safaricom', 'exec', 'exe', 'cmd', 'sql', 'query')
TUNNELS = ('ngrok', 'mockbin', 'requestbin', 'webhook.site', 'pipedream', 'beeceptor')


def url_fault(url, production):
    """What is wrong with a callback address.

    :param bool production: also demand https and refuse forbidden words and tunnels
    :return: a short reason, or None when the address is taken
    """
    if not isinstance(url, str) or not url or any(sign.isspace() for sign in url):
        return 'not an address'
    try:
        parts = urlsplit(url)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return 'not an address'
    # An upper-case host was refused once, although names know no case.
    host = parts.netloc.rpartition('@')[2]
    if (
        parts.scheme not in ('http', 'https')
        or not parts.hostname
        or not port_is_number
        or host != host.lower()
    ):
        return 'not an address'
    if not production:
        return None
    if parts.scheme != 'https':
        return 'https is needed'
    lowered = url.lower()
    if any(word in lowered for word in FORBIDDEN_WORDS):
        return 'a forbidden word'
    if any(word in host for word in TUNNELS):
        return 'a tunnel'
    return None
