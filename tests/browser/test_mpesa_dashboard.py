"""The M-PESA dashboard at the bursar's desk and on the bursar's phone: alive, and by role.

Real Chromium; the payments are the simulator's. Others pay in this school as well, so figures are
compared with what stood there before.
"""
import contextlib
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_words import find_untranslated
from playwright.sync_api import expect
from test_accessibility import RULES
from test_unidentified import log_in, pick


SCREEN = '.o_mpesa_dashboard'
LIVE = 20_000  # milliseconds: asked for every 15 seconds


def open_dashboard(page):
    """ Open it from the menu: two clicks. """
    page.locator('.o_menu_sections button:has-text("M-PESA")').click()
    page.get_by_role('menuitem', name='Dashboard', exact=True).click()
    expect(page.locator(SCREEN)).to_be_visible()


def card(page, key):
    return page.locator(f'{SCREEN} [data-key={key}]')


def row(page, student):
    return page.locator('.o_mpesa_dashboard_transactions tbody tr', has_text=student)


@pytest.fixture
def bursar_page(desk_page, stack):
    """ The bursar's computer, logged in; patient, since the first page makes the assets. """
    desk_page.set_default_timeout(60_000)
    log_in(desk_page, stack)
    desk_page.set_default_timeout(20_000)
    return desk_page


@contextlib.contextmanager
def speak(road, lang):
    """ Let the bursar read another language for a while. """
    uid = road.school['users']['bursar']
    road.call('bursar', 'res.users', 'write', [uid], {'lang': lang})
    try:
        yield
    finally:
        road.call('bursar', 'res.users', 'write', [uid], {'lang': 'en_US'})


def test_a_payment_shows_by_itself(road, stack, bursar_page):
    page, student = bursar_page, pick(stack, 19)
    open_dashboard(page)
    unidentified = int(card(page, 'unidentified').locator('button').inner_text())
    for account in (student['admission_no'], 'mtoto wangu'):
        road.control.pay_bill(road.next_phone(), road.school['shortcode'], account, 351)
    road.settle()
    paid = row(page, student['name']).filter(has_text='KES 351')
    expect(paid).to_have_count(1, timeout=LIVE)
    expect(paid).to_contain_text('Paid: RCT/')
    expect(paid).to_contain_text('***')
    expect(card(page, 'unidentified').locator('button')).to_have_text(str(unidentified + 1))
    expect(card(page, 'conservation')).to_contain_text('on students')
    # What a screen reader hears.
    expect(page.locator(f'{SCREEN} [role=status]')).to_contain_text('Received today: KES')


def test_each_figure_and_row_opens_what_is_behind_it(road, stack, bursar_page):
    page = bursar_page
    road.make_link(road.next_bill()['student'])
    open_dashboard(page)
    for key, title in (
        ('received', 'Received today'), ('success', 'Requests paid today'),
        ('pending', 'Waiting for an outcome'), ('unidentified', 'Unidentified'),
        ('links', 'Active links'), ('days', 'Day proofs'),
    ):
        card(page, key).locator('button').click()
        expect(page.locator('.o_breadcrumb .active')).to_have_text(title)
        expect(page.locator('.o_list_view')).to_be_visible()
        page.locator('.o_breadcrumb .o_back_button, .breadcrumb-item a').first.click()
        expect(page.locator(SCREEN)).to_be_visible()
    page.locator('.o_mpesa_dashboard_transactions [name=view]').first.click()
    expect(page.locator('.o_form_view')).to_be_visible()
    page.go_back()
    for name in ('prompt', 'link'):
        page.locator(f'.o_school_today_actions [name={name}]').click()
        dialog = page.locator('.modal')
        expect(dialog.locator('[name=student_id] input')).to_be_visible()
        dialog.get_by_role('button', name='Discard').click()
        expect(dialog).to_have_count(0)
    page.locator('.o_school_today_actions [name=links]').click()
    expect(page.locator('.o_breadcrumb .active')).to_have_text('Payment Links')


def test_a_chart_is_a_table_too_and_all_goes_by_keyboard(road, stack, bursar_page):
    page = bursar_page
    road.control.pay_bill(road.next_phone(), road.school['shortcode'], 'karo', 353)
    road.settle()
    open_dashboard(page)
    chart = page.locator('.o_mpesa_dashboard_chart[data-key=trend]')
    expect(chart.locator('canvas')).to_be_visible()
    chart.locator('summary').focus()
    page.keyboard.press('Enter')
    expect(chart.locator('tbody tr')).to_have_count(14)
    page.keyboard.press('Enter')
    expect(chart.locator('table')).to_be_hidden()
    page.locator('.o_school_today_actions [name=prompt]').focus()
    page.keyboard.press('Tab')
    expect(page.locator('.o_school_today_actions [name=link]')).to_be_focused()
    found = Axe().run(page, context=SCREEN, options=RULES)
    assert not found.violations_count, found.generate_report()


def test_a_lost_connection_is_told_and_mended(stack, bursar_page):
    page = bursar_page
    open_dashboard(page)
    page.context.set_offline(True)
    page.locator(f'{SCREEN} [name=refresh]').click()
    told = page.locator(f'{SCREEN} [role=alert]')
    expect(told).to_contain_text('No connection')
    page.context.set_offline(False)
    page.locator(f'{SCREEN} [name=refresh]').click()
    expect(told).to_have_count(0)


def test_a_link_is_sent_again(road, stack, bursar_page):
    page = bursar_page
    student = road.next_bill()['student']
    road.make_link(student)
    open_dashboard(page)
    link = page.locator('.o_mpesa_dashboard_links tbody tr').first
    expect(link).to_contain_text(student['name'])
    link.locator('[name=action_send_by_sms]').click()
    # Sent, or why not, in words.
    expect(page.locator('.o_notification, .modal').first).to_contain_text(
        re.compile('on its way by SMS|waits for 7:00|no SMS gateway'),
    )


def test_a_teacher_and_a_cashier_do_not_see_it(road, stack, desk_page):
    desk_page.set_default_timeout(60_000)
    for login in ('teacher', 'cashier'):
        desk_page.context.clear_cookies()
        log_in(desk_page, stack, login)
        menu = desk_page.locator('.o_menu_sections button:has-text("M-PESA")')
        if menu.count():
            menu.click()
        expect(desk_page.get_by_role('menuitem', name='Dashboard', exact=True)).to_have_count(0)
        desk_page.goto(f'{stack.url}/odoo/mpesa-dashboard')
        refusal = desk_page.locator('.modal')
        expect(refusal).to_contain_text("Only the bursar's office")
        expect(desk_page.locator(SCREEN)).to_have_count(0)


def test_on_a_phone_the_figures_and_what_comes_in(road, stack, bursar_page):
    page = bursar_page
    road.control.pay_bill(
        road.next_phone(), road.school['shortcode'], pick(stack, 19)['admission_no'], 352,
    )
    road.settle()
    page.set_viewport_size({'width': 390, 'height': 844})
    page.goto(f'{stack.url}/odoo/mpesa-dashboard')
    expect(card(page, 'received')).to_be_visible()
    expect(page.locator('.o_mpesa_dashboard_transactions tbody tr').first).to_be_visible()
    for hidden in ('.o_mpesa_dashboard_charts', '.o_mpesa_dashboard_links'):
        expect(page.locator(hidden)).to_be_hidden()
    width = page.evaluate(
        "Math.max(document.documentElement.scrollWidth, document.querySelector"
        f"('{SCREEN}').scrollWidth)",
    )
    assert width <= 390, "nothing is beyond the edge"


def test_in_swahili(road, stack, bursar_page):
    page = bursar_page
    address = f'{stack.url}/odoo/mpesa-dashboard'
    page.goto(address)
    words = {}
    for lang in ('en_US', 'sw'):
        with speak(road, lang):
            page.goto(address)
            expect(card(page, 'received')).to_be_visible()
            page.locator('summary').first.click()
            # Days of the chart are the same in both: 28 Nov.
            words[lang] = set(re.split(
                r'[\n\t]', re.sub(r'\b\d+ \w{3}\b', '', page.locator(SCREEN).inner_text()),
            ))
    names = [one['name'] for one in stack.sql(
        """SELECT name FROM school_student UNION SELECT name FROM res_company
            UNION SELECT account_reference FROM mpesa_transaction
            UNION SELECT description FROM mpesa_payment_link""",
    ) if one['name']]
    assert not find_untranslated(words['en_US'], words['sw'], names)
