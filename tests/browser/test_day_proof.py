"""A day of the paybill, from the statement's file to the signature, at the bursar's desk.

Real Chromium; the payments, the charge, the sweep and the statement are the simulator's.
"""
import re
from datetime import datetime, timedelta, timezone

import pytest
from daraja_simulator.mutator import mutate
from daraja_simulator.statement_file import make_file
from live_road import LiveRoad
from playwright.sync_api import expect
from road import wait_for
from stack import Stack
from test_unidentified import log_in, pick


EAT = timezone(timedelta(hours=3))
ROW = '.o_list_view .o_data_row'
SLOW = 20_000  # milliseconds: several days are compared


@pytest.fixture(scope='module')
def stack():
    """ A school of its own: its clock goes back, and no other test's money may lie ahead of it. """
    with Stack('proof', workers=2, nginx=True, demo=True) as running:
        yield running


@pytest.fixture(scope='module')
def road(stack):
    """ The ways to ask for money at that school, and its simulator. """
    return LiveRoad(stack)


@pytest.fixture
def past(road):
    """ The simulator's clock at ten in the morning of a day that is over; put right again. """
    def go(days):
        moment = datetime.now(EAT).replace(hour=10, minute=0, second=0) - timedelta(days=days)
        road.control.set_clock(eat=f'{moment:%Y-%m-%d %H:%M:%S}')
        return moment

    yield go
    road.control.set_clock(eat=f'{datetime.now(EAT):%Y-%m-%d %H:%M:%S}')


def make_day(stack, road, past, days):
    """ Let parents pay on a day of the past, and Safaricom charge and sweep.

    :return: The day, the receipts, and the statement's facts and rows.
    """
    shortcode, receipts = stack.school['shortcode'], []
    moment = past(days)
    for index, account in enumerate((pick(stack, 20)['admission_no'], 'karo ya mtoto')):
        paid = road.control.pay_bill(road.next_phone(), shortcode, account, 700 + index)
        receipts.append(paid['receipt'])
        road.control.advance(120)
    road.control.charge(receipts[0], 11)
    road.control.advance(60)
    road.control.sweep(shortcode, 400)
    wait_for(lambda: len(stack.sql(
        'SELECT id FROM mpesa_transaction WHERE receipt = ANY(%s)', [receipts],
    )) == 2, "both payments in the books")
    past(0)
    facts, rows = road.control.statement_rows(
        shortcode, f'{moment:%Y-%m-%d} 00:00:00', f'{moment:%Y-%m-%d} 23:59:59',
    )
    return moment, receipts, facts, rows


def open_menu(page, name):
    page.locator('.o_menu_sections button:has-text("M-PESA")').click()
    page.get_by_role('menuitem', name=name, exact=True).click()


def import_statement(page, stack, file):
    """ Import a statement, and wait until all that it brought is booked. """
    name, content = file
    open_menu(page, 'Import Statement')
    dialog = page.locator('.modal')
    dialog.locator('input[type=file]').set_input_files(
        {'name': name, 'mimeType': 'text/csv', 'buffer': content},
    )
    expect(dialog.locator('[name=file] input[type=text]')).to_have_value(name)
    dialog.locator('button[name=action_import]').click()
    expect(dialog).to_have_count(0, timeout=SLOW)
    wait_for(lambda: not stack.sql(
        "SELECT id FROM mpesa_statement_line WHERE state = 'new' AND kind <> 'other'"
        " OR state = 'found' AND mpesa_transaction_id IS NULL",
    ), "a booked statement")


def open_day(page, moment):
    """ Compute what is new, and open a day's proof. """
    open_menu(page, 'Day Proofs')
    expect(page.locator('.o_breadcrumb .active')).to_have_text('Day Proofs')
    with page.expect_response(re.compile('action_prove_today')):  # The row may stand there before.
        page.get_by_role('button', name='Compute now').click()
    row = page.locator(ROW, has_text=f'{moment.day} {moment:%b}').or_(
        page.locator(ROW, has_text=f'{moment:%d/%m/%Y}'),
    ).or_(page.locator(ROW, has_text=f'{moment:%b} {moment.day}'))
    expect(row).to_have_count(1, timeout=SLOW)
    row.locator('td[name=state]').click()


@pytest.fixture
def bursar_page(desk_page, stack):
    """ The bursar's computer, logged in; patient, since the first page makes the assets. """
    desk_page.set_default_timeout(60_000)
    log_in(desk_page, stack)
    return desk_page


def sign_as_another(page, stack, moment):
    """ Be refused as the one who imported the statement; let the head sign. """
    sign(page)
    refusal = page.locator('.modal')
    expect(refusal).to_contain_text('You imported the statement')
    refusal.get_by_role('button').last.click()
    expect(refusal).to_have_count(0)
    page.context.clear_cookies()
    log_in(page, stack, 'head')
    open_day(page, moment)
    sign(page)


def sign(page):
    page.locator('button[name=action_sign]').click()
    page.locator('.modal .btn-primary').click()


def write_note(page, row, words):
    """ Explain a difference. """
    row.locator('td[name=note]').click()
    row.locator('[name=note] input').fill(words)
    page.keyboard.press('Tab')


def read_close(stack, moment):
    close, = stack.sql(
        'SELECT close.*, login FROM mpesa_day_close close'
        ' LEFT JOIN res_users ON res_users.id = signed_by_id WHERE day = %s', [moment.date()],
    )
    return close


def test_a_day_is_proven_and_signed(stack, road, past, bursar_page):
    # Before the demo's own money, whose account nobody told the simulator of.
    moment, _receipts, facts, rows = make_day(stack, road, past, 7)
    import_statement(bursar_page, stack, make_file(facts, rows))
    open_day(bursar_page, moment)
    form = bursar_page.locator('.o_form_view')
    expect(form.locator('.o_arrow_button_current')).to_have_text('Proven', timeout=SLOW)
    assert not read_close(stack, moment)['open_count']
    expect(form.locator('[name=movement_total]')).to_contain_text('1,401')
    expect(form.locator('[name=statement_total]')).to_contain_text('1,401')
    expect(form.locator('[name=charge_total]')).to_contain_text('11')
    expect(form.locator('[name=sweep_total]')).to_contain_text('400')
    expect(form.locator('[name=unaccounted]')).to_contain_text('0.00')
    sign_as_another(bursar_page, stack, moment)
    expect(form.locator('.o_arrow_button_current')).to_have_text('Signed', timeout=SLOW)
    close = read_close(stack, moment)
    assert (close['login'], close['state']) == ('head', 'signed')
    expect(form.locator('button[name=action_sign]')).to_have_count(0)
    expect(form.locator('[name=note] input')).to_have_count(0)


def test_a_difference_is_signed_only_with_a_note(stack, road, past, bursar_page):
    moment, receipts, facts, rows = make_day(stack, road, past, 6)
    spoilt = mutate(facts, rows, count=1, classes=('missing_there',))
    missing = spoilt.planted[0]['receipt']
    assert missing in receipts
    import_statement(bursar_page, stack, make_file(spoilt.facts, spoilt.rows))
    open_day(bursar_page, moment)
    form = bursar_page.locator('.o_form_view')
    expect(form.locator('.o_arrow_button_current')).to_have_text('Differences', timeout=SLOW)
    row = form.locator('[name=difference_ids] .o_data_row', has_text=missing)
    expect(row).to_contain_text('the statement, which covers that time, has it not')
    bursar_page.context.clear_cookies()
    log_in(bursar_page, stack, 'head')  # The bursar imported the statement.
    open_day(bursar_page, moment)
    sign(bursar_page)
    refusal = bursar_page.locator('.modal')
    expect(refusal).to_contain_text(re.compile(f'without a note.*{missing}'))
    refusal.get_by_role('button').last.click()
    expect(refusal).to_have_count(0)
    write_note(bursar_page, row, 'Asked Safaricom, case 12')
    sign(bursar_page)
    expect(form.locator('.o_arrow_button_current')).to_have_text('Signed', timeout=SLOW)
    expect(row).to_contain_text('Explained')
    assert read_close(stack, moment)['signed_at']
