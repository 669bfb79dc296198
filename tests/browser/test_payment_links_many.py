"""The bursar gives a level its payment links: a look before, the links, and what came of them.

Real Chromium at the desk; what the screen says is held against the ledger and the links themselves.
"""
import re

import pytest
from playwright.sync_api import expect
from test_unidentified import log_in


ROWS = '.o_list_view .o_data_row'
LINKS = "SELECT student_id FROM mpesa_payment_link WHERE kind = 'link' AND id > %s ORDER BY id"


@pytest.fixture
def links(stack, desk_page):
    """ The list of payment links, open at the bursar's desk. """
    log_in(desk_page, stack)
    desk_page.goto(f'{stack.url}/odoo/mpesa-links')
    expect(desk_page.get_by_role('button', name='Make links')).to_be_visible()
    return desk_page


def find_level(stack):
    """ Return the level of which most students owe something today, and who they are. """
    rows = stack.sql("""
        SELECT l.name, s.id FROM school_enrolment e
          JOIN school_student s ON s.id = e.student_id AND s.state = 'active'
          JOIN school_class c ON c.id = e.class_id JOIN school_level l ON l.id = c.level_id
         WHERE e.date_from <= current_date AND COALESCE(e.date_to, current_date) >= current_date
           AND 0 < (SELECT sum(i.amount_residual) FROM account_move_line i
                      JOIN account_account a ON a.id = i.account_id
                     WHERE i.partner_id = s.partner_id AND i.parent_state = 'posted'
                       AND a.account_type = 'asset_receivable')
    """)
    levels = {}
    for row in rows:
        levels.setdefault(row['name'], set()).add(row['id'])
    return max(levels.items(), key=lambda item: len(item[1]))


def preview(page, level):
    """ Open *Make links*, choose a level and look. """
    page.get_by_role('button', name='Make links').click()
    dialog = page.locator('.modal')
    dialog.locator('[name=chosen_by] label', has_text='Levels').click()
    dialog.locator('[name=level_ids] input').fill(level)
    dialog.locator(f'.o-autocomplete--dropdown-item:has-text("{level}")').first.click()
    expect(dialog.locator('[name=level_ids] .o_tag')).to_have_count(1)
    dialog.locator('button[name=action_preview]').click()
    expect(dialog.locator('[name=link_count]')).to_be_visible()
    return dialog


def test_a_level_gets_its_links_once(stack, links):
    # Other tests are done with theirs.
    stack.sql("UPDATE mpesa_payment_link SET cancelled_at = now() WHERE kind = 'link'")
    last = stack.sql("SELECT COALESCE(max(id), 0) AS id FROM mpesa_payment_link")[0]['id']
    level, owing = find_level(stack)
    dialog = preview(links, level)
    expect(dialog.locator('[name=link_count]')).to_have_text(str(len(owing)))
    # One of them has come to an arrangement with the school.
    first = dialog.locator('[name=ready_line_ids] .o_data_row').first
    first.locator('td[name=is_made]').click()
    expect(dialog.locator('[name=link_count]')).to_have_text(str(len(owing) - 1))
    dialog.locator('button[name=action_make]:visible').click()
    expect(links.locator('.o_notification')).to_contain_text(
        f'Payment links made: {len(owing) - 1}.',
    )
    expect(links.locator('.modal')).to_have_count(0)
    expect(links.locator(ROWS)).to_have_count(len(owing) - 1)
    made = [row['student_id'] for row in stack.sql(LINKS, [last])]
    assert len(made) == len(set(made)) == len(owing) - 1
    assert set(made) < owing
    # The same again: only the one who was left out could get one.
    links.goto(f'{stack.url}/odoo/mpesa-links')
    dialog = preview(links, level)
    expect(dialog.locator('[name=link_count]')).to_have_text('1')
    dialog.get_by_role('tab', name='Left out').click()
    expect(dialog.locator('[name=left_line_ids]')).to_contain_text('Has an open link already')
    assert len(stack.sql(LINKS, [last])) == len(made)


def test_what_came_of_links_as_list_pivot_and_graph(road, links):
    link = road.make_link(road.next_bill()['student'], asks_for='amount', amount=1000)
    assert road.ask_by_link(link, 1000, road.next_phone()).status_code == 303
    links.goto(f'{road.stack.url}/odoo/mpesa-links')
    row = links.locator(ROWS).first
    expect(row.locator('[name=attempt_count]')).to_have_text('1')
    expect(row.locator('[name=asked]')).to_contain_text('1,000')
    links.locator('.o_switch_view.o_pivot').click()
    expect(links.locator('.o_pivot table')).to_contain_text('Attempts')
    expect(links.locator('.o_pivot table')).to_contain_text('Asked at First')
    expect(links.locator('.o_pivot tbody tr').first).to_contain_text(re.compile('[1-9]'))
    links.locator('.o_switch_view.o_graph').click()
    expect(links.locator('.o_graph_renderer canvas')).to_be_visible()
