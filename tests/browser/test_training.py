"""A school that trains says so to parents and to the office, on each screen."""
import pytest
from playwright.sync_api import expect
from small_phone import WAYS, fits, small_phone


WORDS = {
    'en': {'mark': 'TRAINING \N{EN DASH} no real money'},
    'sw': {'mark': 'MAFUNZO \N{EN DASH} si pesa halisi'},
}


@pytest.fixture(scope='module')
def training(road):
    """ The demo school in training mode, as long as these tests run. """
    def switch(value):
        road.call(
            'admin', 'res.company', 'write', [road.school['company_id']],
            {'mpesa_training': value},
        )
    switch(True)
    yield
    switch(False)


@pytest.fixture(**WAYS)
def parent(browser, request):
    """ The phone of somebody who holds a link. """
    with small_phone(browser, request.param, WORDS) as page:
        yield page


@pytest.mark.usefixtures('training')
def test_a_parent_reads_it_from_the_link_to_the_receipt(road, parent):
    link, phone = road.make_link(road.next_bill()['student']), road.next_phone()
    mark, bar = parent.words['mark'], parent.locator('aside.test')
    parent.goto(f"{road.stack.url}{link['path']}?lang={parent.lang}")
    expect(bar).to_have_text(mark)
    fits(parent)
    answer = road.ask_by_link(link, 150, phone)
    waiting = answer.headers['Location'].partition('?')[0]
    parent.goto(f'{road.stack.url}{waiting}?lang={parent.lang}')
    expect(bar).to_have_text(mark)
    asked = {'phone': phone, 'reference': road.stack.sql(
        'SELECT reference FROM payment_transaction ORDER BY id DESC LIMIT 1',
    )[0]['reference']}
    road.pay(asked)
    receipt_id = road.wait_request(asked, 'paid')['receipt_id']
    slug = road.stack.sql('SELECT slug FROM school_receipt WHERE id = %s', [receipt_id])[0]['slug']
    parent.goto(f'{road.stack.url}/rc/{slug}?lang={parent.lang}')
    expect(parent.locator('.watermark')).to_have_text(mark)
    fits(parent)


@pytest.mark.usefixtures('training')
def test_the_office_reads_it_on_every_screen(stack, desk_page):
    desk_page.goto(f'{stack.url}/web/login')
    desk_page.fill('input[name=login]', 'bursar')
    desk_page.fill('input[name=password]', 'bursar')
    desk_page.click('button[type=submit]')
    mark = desk_page.locator('.o_main_navbar .o_mpesa_training')
    expect(mark).to_have_text(WORDS['en']['mark'])
    desk_page.goto(f'{stack.url}/odoo/action-school_mpesa.payment_transaction_action')
    expect(mark).to_be_visible()
    # On a phone as well, where the bar at the top is narrow.
    desk_page.set_viewport_size({'width': 390, 'height': 844})
    expect(mark).to_be_visible()
    box = mark.bounding_box()
    assert box['x'] >= 0
    assert box['x'] + box['width'] <= 390
