"""An administrator's road: from a shortcode without keys to one with a booked first payment.

Real Chromium on both sides; each step is proven by the simulator, or by this server's own answer.
"""
import re
import socketserver
import threading

import pytest
from daraja_simulator import defaults
from live_road import LiveRoad
from playwright.sync_api import expect
from stack import Stack
from stack_config import LOCAL
from test_bursar_prompt import log_in, open_phone, pick


PHONE = '254722900199'
BASE_STEPS = ('School details', 'Shortcode and keys', 'Journal', 'Keys at Safaricom', 'Passkey',
              'Public address')


@pytest.fixture(scope='module')
def stack():
    """ A school of its own, whose only shortcode has no keys: nothing else could be paid there. """
    with Stack('setup', workers=2, nginx=True, demo=True) as running:
        yield running


@pytest.fixture
def road(stack):
    return LiveRoad(stack)


class MailServer(socketserver.StreamRequestHandler):
    """ Takes mail up to its text, as a mail server does. """

    def handle(self):
        self.wfile.write(b'220 mail.example\r\n')
        for line in self.rfile:
            word = line[:4].upper()
            if word == b'QUIT':
                return
            self.wfile.write(b'354 go on\r\n' if word == b'DATA' else b'250 fine\r\n')


@pytest.fixture
def mail_port():
    with socketserver.ThreadingTCPServer(('127.0.0.1', 0), MailServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def step(page, title):
    return page.locator('.o_mpesa_setup_steps .o_kanban_record:not(.o_kanban_ghost)').filter(
        has=page.get_by_role('heading', name=title, exact=True),
    )


def do_next(page, title):
    """ Press the button in front, whose step must be this one. """
    front = page.locator('.alert-info')
    expect(front.locator('[name=mpesa_setup_next_title]')).to_have_text(title)
    front.locator('button[name=action_mpesa_setup_next]').click()


def photograph(page, name):
    folder = LOCAL / 'log' / 'browser'
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f'setup-{name}.png', full_page=False)


def test_from_no_keys_to_a_booked_shilling(stack, road, desk_page, phone_page, mail_port):
    provider = stack.school['provider_id']
    road.call('admin', 'payment.provider', 'write', [provider], {
        'state': 'disabled', 'mpesa_consumer_key': False, 'mpesa_consumer_secret': False,
        'mpesa_passkey': False,
    })
    road.call('admin', 'ir.mail_server', 'create', [{
        'name': "Mail", 'smtp_host': '127.0.0.1', 'smtp_port': mail_port,
        'smtp_encryption': 'none',
    }])
    me, = stack.sql(
        'SELECT partner_id FROM res_users WHERE id = %s', [stack.school['users']['admin']],
    )
    road.call('admin', 'res.partner', 'write', [me['partner_id']], {
        'phone': '0722 900 199', 'email': 'it@uhuru.example',
    })
    stack.simulator.add_wallet(PHONE, name='ADMINISTRATOR')
    page = desk_page
    log_in(page, stack, 'admin')
    page.goto(f'{stack.url}/odoo/mpesa-setup')
    page.locator('.o_list_view .o_data_row').first.click()
    do_next(page, 'School details')
    do_next(page, 'Shortcode and keys')
    front = page.locator('.alert-info')
    expect(front).to_contain_text('Fill in the shortcode')
    photograph(page, 'first')

    page.locator('[name=mpesa_consumer_key] input').fill(defaults.CONSUMER_KEY)
    page.locator('[name=mpesa_consumer_secret] input').fill('not the secret')
    page.locator('[name=mpesa_passkey] input').fill(defaults.SCHOOL_PASSKEY)
    page.get_by_label('Test Mode').check()
    do_next(page, 'Shortcode and keys')
    expect(step(page, 'Shortcode and keys')).to_contain_text('Paybill 600111')
    do_next(page, 'Journal')
    do_next(page, 'Keys at Safaricom')
    expect(front).to_contain_text('did not accept these keys')
    photograph(page, 'refused')
    page.locator('[name=mpesa_consumer_secret] input').fill(defaults.CONSUMER_SECRET)
    do_next(page, 'Keys at Safaricom')
    do_next(page, 'Passkey')
    do_next(page, 'Public address')
    for title in BASE_STEPS:
        expect(step(page, title).locator('[name=shown_state]')).to_have_text('Proven')
    expect(step(page, 'Keys at Safaricom')).to_contain_text(re.compile(r'in [\d,]+ ms'))
    assert defaults.CONSUMER_SECRET not in page.content()

    do_next(page, "Safaricom's addresses")
    do_next(page, 'Register addresses')
    page.locator('.modal button[name=action_register]').click()
    expect(step(page, 'Register addresses')).to_contain_text('Registered on')
    assert stack.simulator.shortcode('600111')['validation_url']
    do_next(page, 'Initiator and certificate')
    expect(step(page, 'Initiator and certificate').locator('[name=shown_state]')).to_have_text(
        'Proven', timeout=30_000,
    )
    do_next(page, 'SMS')
    do_next(page, 'E-mail')
    expect(step(page, 'E-mail')).to_contain_text('takes mail')
    do_next(page, 'Scheduled actions')
    expect(step(page, 'Scheduled actions').locator('[name=shown_state]')).to_have_text('Proven')

    student, _number = pick(stack, 7)
    do_next(page, 'First payment')
    dialog = page.locator('.modal')
    dialog.locator('[name=student_id] input').fill(student['admission_no'])
    page.locator('.o-autocomplete--dropdown-item').first.click()
    dialog.locator('[name=other_phone] input').fill('0722 900 199')
    expect(dialog.locator('[name=amount] input')).to_have_value('1.00')
    dialog.locator('button[name=action_send]').click()
    first = step(page, 'First payment')
    expect(first).to_contain_text('KES 1 was asked of')
    open_phone(phone_page, stack, PHONE)
    photograph(page, 'waiting')
    phone_page.get_by_test_id('pin').fill('1234')
    phone_page.get_by_test_id('ok').click()
    expect(first).to_contain_text(re.compile(r'receipt RCT/'), timeout=30_000)
    expect(first).to_contain_text(re.compile(r'asked > on the phone after \d+ s > .* > booked'))
    stack.simulator.pay_bill(PHONE, '600111', student['admission_no'], 2)
    expect(page.locator('.alert-info')).to_contain_text('Payment by hand')
    page.wait_for_timeout(3000)
    do_next(page, 'Payment by hand')
    expect(step(page, 'Payment by hand')).to_contain_text('booked on a student')
    do_next(page, 'Messages from Safaricom')
    expect(page.locator('.alert-success')).to_contain_text('Everything is proven')
    photograph(page, 'proven')
    first.scroll_into_view_if_needed()
    photograph(page, 'proven-steps')


def test_the_same_in_swahili(stack, road, desk_page):
    road.call('admin', 'res.users', 'write', [stack.school['users']['admin']], {'lang': 'sw'})
    try:
        log_in(desk_page, stack, 'admin')
        desk_page.goto(f'{stack.url}/odoo/mpesa-setup')
        desk_page.locator('.o_list_view .o_data_row').first.click()
        expect(desk_page.locator('.o_mpesa_setup_steps')).to_be_visible()
        for english in ('Proven', 'Keys at Safaricom', 'Safaricom accepts the keys'):
            expect(desk_page.locator('.o_form_view')).not_to_contain_text(english)
        photograph(desk_page, 'swahili')
        desk_page.locator('.o_mpesa_setup_steps').scroll_into_view_if_needed()
        photograph(desk_page, 'swahili-steps')
    finally:
        road.call('admin', 'res.users', 'write', [stack.school['users']['admin']], {
            'lang': 'en_US',
        })
