"""What is wrong with M-PESA shows at the bursar's desk by itself, and goes with its cause."""
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from road import wait_for
from test_unidentified import log_in


MINUTE = 90  # seconds: it is looked for each minute
OPEN = "SELECT id FROM mpesa_alert WHERE kind = 'initiator' AND cleared_at IS NULL"
SIGN = '.o_mpesa_alert_menu'


@pytest.fixture
def old_password(stack):
    """ An initiator's password that was set 85 days ago, on the shortcode; put right again. """
    session = stack.session('admin')

    def set_on(day):
        stack.rpc(session, 'payment.provider', 'write', [
            [stack.school['provider_id']], {'mpesa_initiator_set_on': day and str(day)},
        ])

    set_on(date.today() - timedelta(days=85))
    yield lambda: set_on(date.today())
    set_on(False)


def test_an_alert_comes_is_acknowledged_and_goes(desk_page, stack, old_password):
    page = desk_page
    log_in(page, stack)
    wait_for(lambda: stack.sql(OPEN), "an alert", timeout=MINUTE)
    # It comes to a screen that is open.
    expect(page.locator(SIGN)).to_be_visible(timeout=MINUTE * 1000)
    page.goto(f'{stack.url}/odoo/school-today')
    banner = page.locator('.o_mpesa_alert', has_text="Initiator's password")
    expect(banner).to_contain_text("85 days old")
    expect(banner).to_contain_text("Payments themselves go on.")
    banner.locator('button[name=acknowledge_alert]').click()
    expect(banner).to_have_count(0)

    page.locator(SIGN).click()
    row = page.locator('.o_list_view .o_data_row', has_text="Initiator's password")
    expect(row.locator('button[name=action_acknowledge]')).to_have_count(0)
    row.locator('td[name=what]').click()
    expect(page.locator('.o_form_view [name=advice]')).to_contain_text("organisation portal")
    old_password()
    wait_for(lambda: not stack.sql(OPEN), "an alert that is over", timeout=MINUTE)
    page.reload()
    expect(page.locator('.o_form_view [name=state] [aria-checked=true]')).to_have_text('Over')
