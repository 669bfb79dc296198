"""Both add-ons leave a working database behind; with M-PESA payments Odoo refuses, and says why."""
import re

import pytest
import requests
from live_road import LiveRoad
from stack import Stack
from stack_config import StackError
from uninstall_kit import uninstall


@pytest.fixture
def school():
    """ A school of its own, since it does not survive the test. """
    with Stack('uninstall', workers=0, nginx=False, demo=True) as stack:
        yield LiveRoad(stack)


def states(road):
    rows = road.stack.sql(
        "SELECT name, state FROM ir_module_module WHERE name IN ('school_fees', 'school_mpesa')",
    )
    return {row['name']: row['state'] for row in rows}


def declined_request_and_messages(road):
    """ What a school may have that never took a payment by M-PESA. """
    asked = road.ask()
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    assert requests.post(road.confirmation_url(), data=b'not a payment', timeout=30).ok
    road.wait_drained()
    assert road.last_row() >= 2


def assert_works(road, log):
    """ The office goes on: log in, list the bills, open one, and nothing is logged as an error. """
    assert requests.get(f'{road.stack.url}/web/login', timeout=60).status_code == 200
    admin = road.stack.session('admin')
    bills = road.stack.rpc(admin, 'account.move', 'search', [[('move_type', '=', 'out_invoice')]])
    assert len(bills) >= 30
    views = road.stack.rpc(admin, 'account.move', 'get_views', [[[False, 'list'], [False, 'form']]])
    assert set(views['views']) == {'list', 'form'}
    found = road.stack.rpc(admin, 'account.move', 'web_search_read', [
        [('move_type', '=', 'out_invoice')], {'name': {}, 'payment_state': {}, 'partner_id': {}},
    ], {'limit': 5})
    assert len(found['records']) == 5
    errors = re.findall(r'^.* (?:ERROR|CRITICAL) .*$', road.stack.log_text()[log:], re.MULTILINE)
    # Odoo's own way to find out that a scheduled action runs just now; then it is pressed again.
    assert not [line for line in errors if 'FROM ir_cron FOR UPDATE NOWAIT' not in line]


def test_without_mpesa_payments_both_leave(school):
    declined_request_and_messages(school)
    log = len(school.stack.log_text())
    uninstall(school, 'school_mpesa')
    assert states(school) == {'school_fees': 'installed', 'school_mpesa': 'uninstalled'}
    assert_works(school, log)
    assert school.call('bursar', 'school.student', 'search_count', [])
    assert not school.stack.sql("SELECT 1 FROM pg_proc WHERE proname LIKE 'mpesa%'")
    uninstall(school, 'school_fees')
    assert set(states(school).values()) == {'uninstalled'}
    assert not school.stack.sql(
        "SELECT tablename FROM pg_tables WHERE tablename LIKE 'mpesa%' OR tablename LIKE 'school%'",
    )
    school.stack.restart_odoo()
    assert_works(school, log)


def test_with_an_mpesa_payment_the_refusal_is_explained_and_nothing_is_lost(school):
    asked = school.ask()
    school.pay(asked)
    school.wait_request(asked, 'paid')
    for module in ('school_mpesa', 'school_fees'):
        with pytest.raises(StackError, match="archive the provider") as refused:
            uninstall(school, module)
        assert "payments were booked through it" in str(refused.value)
        assert "Nothing was removed" in str(refused.value)
        assert set(states(school).values()) == {'installed'}
    again = school.ask()
    school.pay(again)
    school.wait_request(again, 'paid')
    school.stack.restart_odoo()
    assert set(states(school).values()) == {'installed'}
    assert "received" in school.page(asked)
