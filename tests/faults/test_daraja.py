"""Daraja that fails, hangs or answers nonsense while a prompt is sent."""
import pytest


@pytest.mark.parametrize('fault', [
    'http_500_after_accept', 'http_504_after_accept', 'reset_after_accept',
])
def test_a_push_without_an_answer_is_unknown_and_never_sent_again(faults, fault):  # F25, F26
    phone = faults.next_phone()
    faults.control.script(phone=phone, fault=fault)
    asked = faults.parent_asks(faults.next_bill(), amount=1000, phone=phone)
    row = faults.wait_request(asked, 'unknown')
    assert row['state'] == 'pending'
    prompt = faults.control.wait_prompt(phone)
    faults.control.pay(prompt)
    row = faults.wait_request(asked, 'paid')
    assert faults.bookings(row['receipt']) == (1, 1, 1)
    assert len([p for p in faults.control.pushes() if p['msisdn'] == phone]) == 1


def test_a_page_instead_of_an_answer_is_no_failure(faults):  # F28
    phone = faults.next_phone()
    faults.control.script(phone=phone, fault='wrong_json')
    asked = faults.parent_asks(faults.next_bill(), amount=1000, phone=phone)
    assert faults.wait_request(asked, 'unknown')['state'] == 'pending'
    kept = faults.stack.sql(
        "SELECT outcome, sealed FROM mpesa_exchange WHERE transaction_id = %s",
        [faults.request(asked)['id']],
    )
    assert [bool(row['sealed']) for row in kept] == [True]
    assert '<html' not in kept[0]['sealed']


def test_a_revoked_token_is_renewed_once(faults):  # F29
    faults.control.revoke_tokens()
    before = len(faults.control.daraja_requests(api='oauth'))
    asked = faults.ask_one()
    faults.pay(asked)
    faults.wait_request(asked, 'paid')
    assert len(faults.control.daraja_requests(api='oauth')) == before + 1


def test_no_transaction_is_open_while_daraja_is_slow(faults):  # F27, I13
    phone = faults.next_phone()
    faults.control.script(phone=phone, fault='slow', seconds=4)
    asked = faults.parent_asks(faults.next_bill(), amount=1000, phone=phone)
    faults.wait_request(asked, 'sent')
    # The scheduler itself holds its row of ir_cron; nothing of ours may be locked or written.
    held = faults.stack.sql(
        """
        SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
         WHERE l.mode IN ('RowShareLock', 'RowExclusiveLock') AND c.relkind = 'r'
           AND (c.relname LIKE 'payment_%' OR c.relname LIKE 'mpesa_%')
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """,
    )
    assert faults.request(asked)['push'] == 'sent', "Daraja was meant to be slow still"
    assert held == []
    faults.wait_request(asked, 'accepted')
    faults.pay(asked)
    faults.wait_request(asked, 'paid')
