"""The SMS gateway is down, slow, breaks off, or the worker dies: no message is lost, none is sent
twice, and no payment waits for one."""
import time

import pytest
from road import wait_for


SLOW_SECONDS = 13  # longer than the client waits
BOOKED_SECONDS = 15  # a payment is in the ledger by then, on a busy machine too


@pytest.fixture
def gateway(faults):
    """ The demo school writes to its guardians; afterwards it does so no more. """
    stack = faults.stack
    stack._shell_demo(
        f'connect_sms(env, {stack.url!r}, {stack.simulator_url!r})', stack.database,
    )
    faults.control.set_sms(mode='up')
    yield faults.control
    faults.control.set_sms(mode='up')
    stack.shell("env.ref('base.main_company').school_sms_gateway = False")


def pay(faults, amount):
    """ Pay by paybill, and return the M-PESA code once the money is in the ledger. """
    student = faults.school['students'][0]
    began = time.monotonic()
    code = faults.control.pay_bill(
        '254722999001', faults.school['shortcode'], student['admission_no'], str(amount),
    )['receipt']
    wait_for(lambda: faults.bookings(code) == (1, 1, 1), "booking", BOOKED_SECONDS)
    assert time.monotonic() - began < BOOKED_SECONDS
    return code


def messages_of(faults, code):
    return faults.stack.sql(
        "SELECT m.id, m.state, m.tries, m.failure_type FROM school_message m"
        "  JOIN school_receipt r ON r.id = m.receipt_id WHERE r.external_ref = %s ORDER BY m.id",
        [code],
    )


def wait_states(faults, code, *states, timeout=120):
    def look():
        rows = messages_of(faults, code)
        return rows if rows and all(row['state'] in states for row in rows) else None
    return wait_for(look, f"message in {states}", timeout)


def sent(control, code):
    """ How often each number got a text with the code. """
    numbers = [row['number'] for row in control.sms_messages() if code in row['text']]
    return {number: numbers.count(number) for number in numbers}


def try_again_now(faults):
    """ Let the pause be over, and a mark of a dead worker be old. """
    faults.stack.shell(
        "from datetime import timedelta\n"
        "past = env.cr.now() - timedelta(minutes=30)\n"
        "env['sms.sms'].search([('school_next_try_at', '!=', False)]).school_next_try_at = past\n"
        "env['sms.sms'].search([('state', '=', 'process')]).school_claimed_at = past\n"
        "env['school.message']._wake()",
    )


def check_once(faults, control, code):
    rows = messages_of(faults, code)
    counts = sent(control, code)
    assert len(counts) == len(rows)
    assert set(counts.values()) == {1}


@pytest.mark.parametrize('mode', ['down', 'refuse'])
def test_a_gateway_that_is_down_or_out_of_credit(faults, gateway, mode):
    gateway.set_sms(mode=mode)
    code = pay(faults, 11)
    wait_states(faults, code, 'retry')
    assert sent(gateway, code) == {}
    gateway.set_sms(mode='up')
    try_again_now(faults)
    wait_states(faults, code, 'delivered')
    check_once(faults, gateway, code)


def test_a_gateway_that_is_slow_has_sent_it_once(faults, gateway):
    gateway.set_sms(mode='slow', seconds=SLOW_SECONDS)
    code = pay(faults, 12)
    wait_states(faults, code, 'delivered')
    gateway.set_sms(mode='up')
    try_again_now(faults)
    other = pay(faults, 13)
    wait_states(faults, other, 'delivered')
    check_once(faults, gateway, code)


def test_a_gateway_that_breaks_off_is_asked_no_second_time(faults, gateway):
    gateway.set_sms(mode='reset')
    code = pay(faults, 14)
    wait_states(faults, code, 'doubt')
    gateway.set_sms(mode='up')
    try_again_now(faults)
    other = pay(faults, 15)
    wait_states(faults, other, 'delivered')
    assert sent(gateway, code) == {}, "It waits for a person; it is not lost."
    wait_states(faults, code, 'doubt')


def test_the_server_dies_while_a_message_is_handed_over(faults, gateway):
    gateway.set_sms(mode='slow', seconds=SLOW_SECONDS, report_delay=3600)
    code = pay(faults, 16)
    wait_for(lambda: sent(gateway, code), "call of the gateway", 60)
    faults.stack.restart_odoo()
    gateway.set_sms(mode='up', report_delay=0.3)
    try_again_now(faults)
    wait_states(faults, code, 'doubt', 'sent', 'delivered')
    other = pay(faults, 17)
    wait_states(faults, other, 'delivered')
    assert set(sent(gateway, code).values()) == {1}
