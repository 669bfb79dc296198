"""What the tests share that work on a whole running product: the stack and the browser.

Imported for unit tests as well, so nothing here is loaded before a test asks for it.
"""
import re

import pytest


@pytest.fixture(scope='session')
def stack():
    """ The product as a school runs it: workers and crons behind nginx, and the simulator. """
    from stack import Stack
    with Stack('e2e', workers=2, nginx=True, demo=True) as running:
        yield running


@pytest.fixture(scope='session')
def road(stack):
    """ The ways to ask for money and to see what became of it; no phone or amount comes twice. """
    from live_road import LiveRoad
    return LiveRoad(stack)


@pytest.fixture(scope='session')
def browser():
    """ A Chromium for the whole run; pages come from the fixtures below. """
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path='/usr/bin/chromium',
            args=['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
        )
        yield chromium
        chromium.close()


def _page(browser, request, **options):
    """ Open a page with cookies of its own; keep a picture of it when the test fails. """
    from stack_config import LOCAL
    context = browser.new_context(locale='en-GB', timezone_id='Africa/Nairobi', **options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    yield page
    report = getattr(request.node, 'report_of_call', None)
    if report is not None and report.failed:
        folder = LOCAL / 'log' / 'browser'
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r'\W+', '-', f'{request.node.name}-{request.fixturename}')
        page.screenshot(path=folder / f'{name}.png', full_page=True)
        (folder / f'{name}.html').write_text(page.content())
    context.close()


@pytest.fixture
def phone_page(browser, request):
    """ A page on a cheap Android phone. """
    yield from _page(
        browser, request, viewport={'width': 360, 'height': 740}, has_touch=True, is_mobile=True,
        device_scale_factor=2,
    )


@pytest.fixture
def other_phone_page(browser, request):
    """ A page on another phone, with other cookies. """
    yield from _page(
        browser, request, viewport={'width': 360, 'height': 740}, has_touch=True, is_mobile=True,
        device_scale_factor=2,
    )


@pytest.fixture
def desk_page(browser, request):
    """ A page on an office computer. """
    yield from _page(browser, request, viewport={'width': 1366, 'height': 768})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """ Let the fixtures know how their test ended. """
    report = yield
    if call.when == 'call':
        item.report_of_call = report
    return report
