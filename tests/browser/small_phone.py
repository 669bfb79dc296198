"""The small phones on which parents pay: two sizes, two languages, with and without scripts."""
import contextlib


SIZES = {'360x640': (360, 640), '390x844': (390, 844)}
WAYS = {
    'params': [
        ('360x640', 'en', True), ('360x640', 'sw', False), ('390x844', 'sw', True),
        ('390x844', 'en', False),
    ],
    'ids': lambda way: f"{way[0]}-{way[1]}-{'script' if way[2] else 'no script'}",
}


@contextlib.contextmanager
def small_phone(browser, way, words, cookies=()):
    """ Open a page on a small phone; afterwards no script may have failed.

    :param browser: Chromium.
    :param tuple way: One of `WAYS`.
    :param dict words: What is read on the pages, by language.
    :param cookies: Cookies of who has logged in.
    :return: The page, with its `size`, `words` and `lang`, and whether it `has_script`.
    """
    size, lang, has_script = way
    width, height = SIZES[size]
    with browser.new_context(
        viewport={'width': width, 'height': height}, java_script_enabled=has_script,
        has_touch=True, is_mobile=True, device_scale_factor=2, timezone_id='Africa/Nairobi',
    ) as context:
        context.set_default_timeout(20_000)
        context.add_cookies(list(cookies))
        page = context.new_page()
        errors = []
        page.on('pageerror', lambda error: errors.append(str(error)))
        # A refused form and the neutral page are answers, and no faults of the page.
        page.on('console', lambda message: message.type == 'error' and not any(
            status in message.text for status in ('404', '422')
        ) and errors.append(message.text))
        page.size, page.words, page.lang, page.has_script = (
            (width, height), words[lang], lang, has_script
        )
        yield page
        assert not errors


def guardian_session(road):
    """ Return the cookie of a guardian who has logged in. """
    return {
        'name': 'session_id', 'value': road.session('guardian').cookies['session_id'],
        'url': road.stack.url,
    }


def fits(page):
    """ Nothing is wider than the phone. """
    box = page.locator('main').bounding_box()
    assert box['x'] >= 0
    assert box['x'] + box['width'] <= page.size[0]
    if page.has_script:
        assert page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')
