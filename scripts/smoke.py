"""`make smoke`: one parent's road from prompt to receipt, over HTTP, against the simulator.

Prompt, PIN, callback, paid; then a cancelled prompt; then a success that comes late; then twenty
copies of one callback at once. Prints one line of JSON and leaves the database for SQL.
"""
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import invariants
import requests
from road import Road, RoadError, wait_for
from stack import Stack
from stack_config import StackError


COPIES = 20


class SmokeError(Exception):
    """ The product did something else than it should; the text says what. """


def expect(found, wanted, what):
    """ Stop when something is not as it should be.

    :raise SmokeError: With both values.
    """
    if found != wanted:
        message = f"{what}: {found!r} instead of {wanted!r}"
        raise SmokeError(message)


def pay(road):
    """ A parent asks on the bill's page, types the PIN, and the bill is paid.

    :return: Milliseconds from the PIN to the paid bill, the bill, the request's row.
    :rtype: tuple[int, dict, dict]
    """
    bill = road.next_bill()
    asked = road.parent_asks(bill)
    if 'error' in asked:
        raise SmokeError(asked['error'])
    prompt = road.control.wait_prompt(asked['phone'], timeout=30)
    started = time.monotonic()
    road.control.pay(prompt)
    road.wait_bill(bill, 'paid', 'in_payment')
    paid_ms = round((time.monotonic() - started) * 1000)
    row = road.wait_request(asked, 'paid')
    page = requests.get(f"{road.stack.url}{asked['attempt']}", timeout=30)
    expect(page.status_code, 200, "the parent's page")
    expect(row['receipt'] in page.text, True, "the M-PESA code on the parent's page")
    expect(road.payer_state(asked)['s'], 'paid', "what the waiting page is told")
    return paid_ms, bill, row


def cancel(road):
    """ A parent presses Cancel: nothing is booked. """
    bill = road.next_bill()
    asked = road.parent_asks(bill)
    road.cancel(asked)
    row = road.wait_request(asked, 'declined')
    expect((row['code'], row['payment_id']), ('1032', None), "the cancelled request")
    expect(road.bill_state(bill['id']), 'not_paid', "the bill of the cancelled request")


def late_success(road):
    """ Daraja tells a failure, then the money comes all the same: it is booked. """
    bill, phone = road.next_bill(), road.next_phone()
    road.control.script(phone=phone, outcome='1037', callback='late_success', seconds=2)
    asked = road.parent_asks(bill, phone=phone)
    road.wait_request(asked, 'declined')
    row = road.wait_request(asked, 'paid')
    expect(row['was_declined'], True, "the failure is remembered")
    road.wait_bill(bill, 'paid', 'in_payment')


def copies(road):
    """ Safaricom sends one success twenty times at once: it is booked once. """
    bill = road.next_bill()
    asked = road.parent_asks(bill)
    prompt = road.control.wait_prompt(asked['phone'], timeout=30)
    road.control.set(hold_callbacks=True)
    road.control.pay(prompt)
    held, = road.control.wait_delivery(kind='stk', checkout_request_id=prompt['id'])
    with ThreadPoolExecutor(COPIES) as pool:
        answers = list(pool.map(
            lambda _copy: requests.post(
                held['url'], data=held['body'].encode(), timeout=60,
                headers={'Content-Type': 'application/json'},
            ).status_code,
            range(COPIES),
        ))
    expect(answers, [200] * COPIES, "the answers to the copies")
    road.control.send_held()
    road.control.set(hold_callbacks=False)
    road.wait_bill(bill, 'paid', 'in_payment')


def booked_more_than_once(stack):
    """ Return how many postings there are beyond one for each M-PESA code.

    :rtype: int
    """
    row, = stack.sql(
        """
        SELECT coalesce(sum(times - 1), 0) AS extra FROM (
            SELECT count(*) AS times FROM account_payment p
              JOIN school_receipt_line l ON l.payment_id = p.id
              JOIN school_receipt r ON r.id = l.receipt_id
             WHERE r.money_kind = 'mpesa' AND p.state NOT IN ('draft', 'canceled')
             GROUP BY r.external_ref, l.student_id) AS by_code
        """,
    )
    return int(row['extra'])


def drive(stack):
    """ Walk the whole road.

    :return: What the one line of JSON says.
    :rtype: dict
    """
    road = Road(stack)
    before = road.control.balance(stack.school['shortcode'])
    paid_ms, bill, row = pay(road)
    cancel(road)
    late_success(road)
    copies(road)
    road.control.wait_idle()
    road.wait_drained()
    # The second message of each payment (its paybill confirmation) has been met by now.
    wait_for(lambda: not invariants.broken(stack), "state in which every rule holds", timeout=10)
    rows, = stack.sql("SELECT count(*) FROM mpesa_callback")
    return {
        'paid_ms': paid_ms,
        'invoice_state': road.bill_state(bill['id']),
        'receipt': row['receipt'],
        'duplicates_booked': booked_more_than_once(stack),
        'conservation': invariants.conservation(stack, before),
        'database': stack.database,
        'move_id': bill['id'],
        'inbox_rows': rows['count'],
    }


def main():
    """ Run it, print one line, say by the exit code whether all is well.

    :return: The exit code.
    :rtype: int
    """
    def say(line):
        sys.stderr.write(f'  {line}\n')

    try:
        # Kept when the run ends: each value of the line can be checked by SQL.
        with Stack('smoke', workers=2, keep_database=True, say=say) as stack:
            found = drive(stack)
    except (SmokeError, RoadError, StackError, requests.RequestException) as error:
        sys.stdout.write(json.dumps({'error': str(error)}) + '\n')
        return 1
    sys.stdout.write(json.dumps(found) + '\n')
    good = (
        found['invoice_state'] in {'paid', 'in_payment'} and found['receipt']
        and found['duplicates_booked'] == 0 and found['conservation'] == 'ok'
    )
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
