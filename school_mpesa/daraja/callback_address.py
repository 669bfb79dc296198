"""Addresses that Safaricom is willing to call (daraja.md, sections 1.11 and 5.1)."""
import re
from urllib.parse import urlsplit


# In any letter case and anywhere in the URL. The rule is documented for C2B; whether it covers STK
# and results, and parts of longer words, is not, so assume it does.
FORBIDDEN_WORDS = ('m-pesa', 'mpesa', 'safaricom', 'exe', 'cmd', 'sql', 'query')
# Tunnels and request inspectors.
BLOCKED_HOSTS = ('ngrok', 'mockbin', 'requestbin')
_LONGEST = 500
_VISIBLE = re.compile(r'[!-~]+')


def forbidden_words(url):
    """The words in a URL for which Safaricom refuses it, or never calls it without a word.

    :rtype: list[str]
    """
    return [word for word in FORBIDDEN_WORDS if word in url.lower()]


def callback_url_faults(url, need_https=False):
    """What is wrong with a callback address.

    :param str url: The address.
    :param bool need_https: Production takes only https.
    :return: Any of "not_a_url", "not_https", "forbidden_word", "blocked_host", "upper_case_host".
        Only the first makes a push impossible; the others foretell that nobody will call.
    :rtype: list[str]
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        is_url = bool(host) and parts.scheme in {'http', 'https'} and (parts.port or 1) > 0
    except (AttributeError, TypeError, ValueError):
        is_url = False
    if not is_url or len(url) > _LONGEST or not _VISIBLE.fullmatch(url):
        return ['not_a_url']
    faults = []
    if need_https and parts.scheme != 'https':
        faults.append('not_https')
    if forbidden_words(url):
        faults.append('forbidden_word')
    if any(blocked in host for blocked in BLOCKED_HOSTS):
        faults.append('blocked_host')
    # One gateway was seen to refuse capital letters here.
    if parts.netloc != parts.netloc.lower():
        faults.append('upper_case_host')
    return faults
