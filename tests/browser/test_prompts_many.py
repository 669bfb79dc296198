"""The bursar prompts a few families at once: a look, a question, and answers that come alone.

Real Chromium at the desk; the phones are the simulator's.
"""
import pytest
from playwright.sync_api import expect
from test_unidentified import log_in


PROGRESS = '.o_mpesa_prompt_bulk_progress'


@pytest.fixture
def any_hour(road):
    """ Let prompts go out at the hour of the test, as if no others had gone out just before. """
    road.stack.sql(
        "UPDATE mpesa_prompt_bulk_line SET released_at = released_at - interval '1 hour'"
        " WHERE released_at IS NOT NULL RETURNING id",
    )
    road.stack.sql(
        "UPDATE res_company SET mpesa_prompt_bulk_from = 0, mpesa_prompt_bulk_to = 24 RETURNING id",
    )
    yield
    road.stack.sql(
        "UPDATE res_company SET mpesa_prompt_bulk_from = 7, mpesa_prompt_bulk_to = 20,"
        " mpesa_prompt_bulk_pace = 20 RETURNING id",
    )


def choose(page, stack, payers):
    """ Open *Prompt many*, choose these students and look. """
    page.goto(f'{stack.url}/odoo/mpesa-prompts/new')
    page.locator('[name=chosen_by] label', has_text='Chosen students').click()
    for payer in payers:
        name = payer['student']['name']
        page.locator('[name=student_ids] input').fill(name)
        page.locator(f'.o-autocomplete--dropdown-item:has-text("{name}")').first.click()
        expect(page.locator(f'[name=student_ids] .o_tag:has-text("{name}")')).to_be_visible()
    page.locator('button[name=action_preview]:visible').click()
    expect(page.locator('[name=ready_line_ids] .o_data_row')).to_have_count(len(payers))


def send(page, count):
    """ Send the prompts, after the question that names the number of phones. """
    page.locator('button[name=action_confirm]').click()
    expect(page.locator('.modal [name=question]')).to_contain_text(f'get a prompt now: {count}, ')
    page.locator('.modal button[name=action_start]').click()
    expect(page.locator(PROGRESS)).to_be_visible()


@pytest.mark.usefixtures('any_hour')
def test_from_the_look_to_the_answers(road, desk_page):
    stack, payers = road.stack, road.make_payers(3)
    log_in(desk_page, stack)
    choose(desk_page, stack, payers)
    expect(desk_page.locator('.o_form_view')).to_contain_text('looks like fraud')
    desk_page.locator('[name=ready_line_ids] .o_data_row td[name=is_included]').nth(2).click()
    expect(desk_page.locator('.o_form_view [name=phone_count]')).to_have_text('2')
    assert not stack.sql(
        'SELECT 1 FROM payment_transaction WHERE mpesa_student_id = %s', [payers[0]['student_id']],
    )
    send(desk_page, 2)
    road.pay(payers[0])
    road.cancel(payers[1])
    # Nothing is reloaded by hand.
    expect(desk_page.locator(f'{PROGRESS} [data-part=paid]')).to_have_text(
        'Paid: 1', timeout=60_000,
    )
    expect(desk_page.locator(f'{PROGRESS} [data-part=unpaid]')).to_have_text('Not paid: 1')
    rows = desk_page.locator('[name=result_ids] .o_data_row')
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text=payers[1]['student']['name'])).to_contain_text('Cancelled')
    assert len(stack.simulator.prompts(payers[2]['phone'], open_only=False)) == 0
    desk_page.locator('button[name=action_send_links]').click()
    tags = desk_page.locator('.modal [name=student_ids] .o_tag')
    expect(tags).to_have_count(1)
    expect(tags).to_contain_text(payers[1]['student']['name'])


@pytest.mark.usefixtures('any_hour')
def test_stop_and_go_on(road, desk_page):
    stack, payers = road.stack, road.make_payers(2)
    stack.sql("UPDATE res_company SET mpesa_prompt_bulk_pace = 1 RETURNING id")
    log_in(desk_page, stack)
    choose(desk_page, stack, payers)
    send(desk_page, 2)
    expect(desk_page.locator(f'{PROGRESS} [data-part=open]')).to_have_text(
        'On the phone: 1', timeout=60_000,
    )
    desk_page.locator('button[name=action_stop]').click()
    expect(desk_page.locator(PROGRESS)).to_contain_text('Not sent: 1')
    first, = [payer for payer in payers if stack.simulator.prompts(payer['phone'])]
    road.cancel(first)
    expect(desk_page.locator(f'{PROGRESS} [data-part=unpaid]')).to_have_text(
        'Not paid: 1', timeout=30_000,
    )
    stack.sql("UPDATE res_company SET mpesa_prompt_bulk_pace = 20 RETURNING id")
    desk_page.locator('button[name=action_go_on]').click()
    second, = [payer for payer in payers if payer is not first]
    road.pay(second)
    expect(desk_page.locator(f'{PROGRESS} [data-part=paid]')).to_have_text(
        'Paid: 1', timeout=60_000,
    )
