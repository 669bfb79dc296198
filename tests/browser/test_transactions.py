"""Movements and payment requests at the bursar's desk: found by number, opened, printed.

Real Chromium; the money is the simulator's.
"""
import re

import pytest
from playwright.sync_api import expect
from test_unidentified import log_in


ROW = '.o_list_view .o_data_row'
NUMBER = re.compile(r'(?:254|0)7\d{2} ?\d{3} ?\d{3}')


@pytest.fixture
def paid(road):
    """ A request that a parent has paid. """
    asked = road.ask()
    road.pay(asked)
    road.wait_request(asked, 'paid')
    return asked


def open_menu(page, name):
    page.locator('.o_menu_sections button:has-text("M-PESA")').click()
    page.get_by_role('menuitem', name=name, exact=True).click()
    expect(page.locator('.o_breadcrumb .active')).to_have_text(name)


def search(page, text, field):
    """ Type into the search box, and choose the field to search. """
    page.locator('.o_searchview_input').fill(text)
    page.locator('.o_searchview_autocomplete .o-dropdown-item', has_text=field).first.click()
    expect(page.locator('.o_searchview_facet')).to_have_count(1)


def print_evidence(page):
    """ Print the evidence of what is open.

    :return: The PDF's name and bytes.
    """
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role('button', name='Print the evidence').click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def look_through_tabs(page, *names):
    """ Open each tab, and return what it says.

    :rtype: dict[str, str]
    """
    texts = {}
    for name in names:
        page.get_by_role('tab', name=name, exact=True).click()
        texts[name] = page.locator('.tab-pane.active').inner_text()
    return texts


def test_a_movement_is_found_by_the_payers_number_and_printed(stack, road, desk_page, paid):
    request = road.request(paid)
    log_in(desk_page, stack)
    open_menu(desk_page, 'Movements')
    search(desk_page, f"0{paid['phone'][3:]}", 'Phone (whole number)')
    expect(desk_page.locator(ROW)).to_have_count(1)
    expect(desk_page.locator(ROW)).to_contain_text('***')
    expect(desk_page.locator(ROW)).to_contain_text('Invoice Payment')
    desk_page.locator(f'{ROW} td[name=receipt]').click()
    texts = look_through_tabs(desk_page, 'Why', 'Messages', 'Entries', 'Messages Sent', 'History')
    assert paid['reference'] in texts['Why']
    assert 'Prompt result' in texts['Messages']
    assert 'Posted' in texts['Entries']
    assert f"request {paid['reference']}" in texts['History']
    assert not NUMBER.search(' '.join(texts.values()))
    name, content = print_evidence(desk_page)
    assert name == f"M-PESA {request['receipt']}.pdf"
    assert content.startswith(b'%PDF-')


def test_a_request_that_failed_has_its_evidence_and_can_be_tried_again(stack, road, desk_page):
    asked = road.ask()
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    log_in(desk_page, stack)
    open_menu(desk_page, 'Payment Requests')
    search(desk_page, asked['reference'], 'Reference')
    expect(desk_page.locator(ROW)).to_have_count(1)
    desk_page.locator(f'{ROW} td[name=mpesa_student_id]').click()
    texts = look_through_tabs(desk_page, 'Messages', 'Calls to Safaricom', 'History')
    assert 'cancelled on the phone' in texts['History']
    name, content = print_evidence(desk_page)
    assert (name, content[:5]) == (f"M-PESA {asked['reference']}.pdf", b'%PDF-')
    desk_page.get_by_role('button', name='Change and send').click()
    dialog = desk_page.locator('.modal')
    expect(dialog.locator('[name=student_id] input')).not_to_have_value('')
    dialog.get_by_role('button', name='Close').first.click()


@pytest.mark.parametrize('menu', ['Movements', 'Payment Requests'])
def test_the_figures_open(stack, desk_page, paid, menu):
    log_in(desk_page, stack)
    open_menu(desk_page, menu)
    desk_page.locator('.o_switch_view.o_pivot').click()
    expect(desk_page.locator('.o_pivot table')).to_contain_text('Total')
    desk_page.locator('.o_switch_view.o_graph').click()
    expect(desk_page.locator('.o_graph_renderer canvas')).to_be_visible()
    desk_page.locator('.o_switch_view.o_kanban').click()
    expect(desk_page.locator('.o_kanban_record:not(.o_kanban_ghost)').first).to_be_visible()


def test_the_cash_desk_has_neither_list(stack, desk_page):
    log_in(desk_page, stack, 'cashier')
    expect(desk_page.locator('.o_menu_sections')).not_to_contain_text('Movements')
    for path in ('mpesa-movements', 'mpesa-requests'):
        desk_page.goto(f'{stack.url}/odoo/{path}')
        expect(desk_page.locator('.o_main_navbar')).to_be_visible()
        expect(desk_page.locator(ROW)).to_have_count(0)
