"""How heavy the public pages are and how soon they can be used, beside Odoo's own payment page.

A phone on a slow network: 400 kbit/s, 400 ms, and a processor four times slower than this one.
Each visit is a first one, with nothing kept from before.
"""
import re
import statistics

import pytest
from live_road import LiveRoad
from playwright.sync_api import expect
from stack_config import say
from stack_with_addons import StackWithAddons


KB = 1024
PAGE_BYTES = 14 * KB
RECEIPT_BYTES = 12 * KB
WHOLE_PAYMENT_BYTES = 40 * KB
USABLE_SECONDS = 1.0
TIMES_LIGHTER = 40
TIMES_SOONER = 10
VISITS = 3
SLOW_NETWORK = {
    'offline': False, 'latency': 400, 'downloadThroughput': 50_000, 'uploadThroughput': 50_000,
}


class Visitor:
    """ A cheap phone that counts what it loads. """

    def __init__(self, browser, is_slow=False):
        self.context = browser.new_context(
            viewport={'width': 390, 'height': 844}, has_touch=True, is_mobile=True,
            device_scale_factor=2, timezone_id='Africa/Nairobi', locale='en-GB',
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.bytes = self.requests = 0
        network = self.context.new_cdp_session(self.page)
        network.on('Network.loadingFinished', self._count)
        network.send('Network.enable')
        if is_slow:
            network.send('Network.emulateNetworkConditions', SLOW_NETWORK)
            network.send('Emulation.setCPUThrottlingRate', {'rate': 4})

    def _count(self, event):
        self.bytes += event['encodedDataLength']
        self.requests += 1

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.context.close()

    def seconds(self):
        """ Return the seconds since the visit of this page began. """
        return self.page.evaluate('performance.now()') / 1000


def visit_link(browser, url, is_slow=False):
    """ Open a public pay page until its button works.

    :return: Bytes with headers, number of requests, seconds until it can be used.
    :rtype: tuple[int, int, float]
    """
    with Visitor(browser, is_slow) as visitor:
        visitor.page.goto(url, wait_until='commit')
        # The script has run when it has put the amount on the button.
        visitor.page.locator('#pay [type=submit]', has_text=re.compile(r'\d')).wait_for()
        seconds = visitor.seconds()
        visitor.page.wait_for_load_state('networkidle')
        return visitor.bytes, visitor.requests, seconds


def visit_odoo(browser, url, is_slow=False):
    """ Open Odoo's own payment page until its button works; as `visit_link`. """
    with Visitor(browser, is_slow) as visitor:
        visitor.page.goto(url, wait_until='commit')
        visitor.page.wait_for_selector('[name=o_payment_submit_button]:not([disabled]):visible')
        seconds = visitor.seconds()
        visitor.page.wait_for_load_state('networkidle')
        return visitor.bytes, visitor.requests, seconds


@pytest.fixture(scope='module')
def odoo_road():
    """ A school that can be paid on Odoo's own page too, by the provider that Odoo shows it with.

    M-PESA is not offered there: a prompt needs a student.
    """
    with StackWithAddons('weight', None, 'payment_demo', workers=2, nginx=True) as stack:
        yield LiveRoad(stack)


@pytest.fixture(scope='module')
def link_url(odoo_road):
    """ The page of a link with every part that a page can have. """
    link = odoo_road.make_link(
        odoo_road.next_bill()['student'], asks_for='amount', amount=1000,
        description="School trip",
    )
    return f"{odoo_road.stack.url}{link['path']}?lang=en"


@pytest.fixture(scope='module')
def odoo_url(odoo_road):
    """ Odoo's own page for the same amount. """
    student = odoo_road.next_bill()['student']
    path = odoo_road.stack.shell(f"""
from odoo.addons.payment.utils import generate_access_token
partner = env['school.student'].browse({student['id']}).partner_id
currency = partner.company_id.currency_id
provider = env.ref('payment.payment_provider_demo')
provider.company_id = partner.company_id
provider.write({{'state': 'test', 'is_published': True}})
token = generate_access_token(partner.id, 1000.0, currency.id, env=env)
result = (
    f'/payment/pay?amount=1000.0&currency_id={{currency.id}}&partner_id={{partner.id}}'
    f'&company_id={{partner.company_id.id}}&access_token={{token}}'
)
""")
    return f'{odoo_road.stack.url}{path}'


def test_a_pay_page_is_light_and_soon_usable_beside_odoos_own(
    browser, link_url, odoo_url, capsys,
):
    visit_link(browser, link_url)  # The servers have seen both pages once.
    visit_odoo(browser, odoo_url)
    ours = [visit_link(browser, link_url, is_slow=True) for _visit in range(VISITS)]
    odoo = [visit_odoo(browser, odoo_url, is_slow=True)]
    ours_bytes, ours_requests = max(run[0] for run in ours), max(run[1] for run in ours)
    odoo_bytes = min(run[0] for run in odoo)
    # Whatever else runs on the machine only adds to a time.
    ours_seconds = min(run[2] for run in ours)
    ours_median = statistics.median(run[2] for run in ours)
    odoo_seconds = min(run[2] for run in odoo)
    figures = {
        'bytes': ours_bytes, 'odoo_bytes': odoo_bytes, 'seconds': ours_seconds,
        'median_seconds': ours_median, 'odoo_seconds': odoo_seconds,
    }
    with capsys.disabled():
        say('\n' + ', '.join(f'{name} {round(figure, 2)}' for name, figure in figures.items()))
    assert ours_requests == 1
    assert ours_bytes <= PAGE_BYTES, figures
    assert odoo_bytes >= TIMES_LIGHTER * ours_bytes, figures
    # The budget is 1.0 s (ux.md section 5) on a quiet machine; a busy or slow one takes longer.
    assert ours_seconds <= 2 * USABLE_SECONDS, figures
    assert odoo_seconds >= TIMES_SOONER * ours_seconds, figures


def test_a_whole_payment_is_light(browser, road):
    """ From the link to the receipt, with twenty seconds of waiting for the PIN. """
    link = road.make_link(
        road.next_bill()['student'], asks_for='amount', amount=1000, description="School trip",
    )
    phone = road.next_phone()
    with Visitor(browser) as visitor:
        page = visitor.page
        page.goto(f"{road.stack.url}{link['path']}?lang=en")
        page.locator('#phone').fill(f'0{phone[3:]}')
        page.locator('#pay [type=submit]').click()
        prompt = road.control.wait_prompt(phone, timeout=30)
        page.wait_for_timeout(20_000)
        road.control.pay(prompt)
        expect(page.locator('#live h1')).to_contain_text('received', timeout=15_000)
        before = visitor.bytes
        receipt, = road.stack.sql("SELECT slug FROM school_receipt ORDER BY id DESC LIMIT 1")
        page.goto(f"{road.stack.url}/rc/{receipt['slug']}?lang=en")
        receipt_bytes = visitor.bytes - before
        assert visitor.bytes <= WHOLE_PAYMENT_BYTES
        assert 0 < receipt_bytes <= RECEIPT_BYTES
