"""What the checklist of C2B (daraja.md 26) shares: paying by hand, and the ledger read by SQL."""
import base64
import contextlib
import itertools
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import invariants
from road import wait_for


EAT = timezone(timedelta(hours=3))
OWED = 2000  # KES
UNKNOWN = 'QQ-908172'  # nobody's number, and nobody's with a slip in it
_amounts = itertools.count(101, 3)  # below those of `LiveRoad`, so that no request fits


def next_amount():
    """ Return an amount that no other payment has.

    :return: KES.
    :rtype: int
    """
    return next(_amounts)


def next_student(road):
    """ Return a student who owes more than one payment brings, so that nothing goes to siblings.

    :rtype: dict
    """
    for _one in road.school['students']:
        student = road.next_student()
        if owed(road, student) > OWED:
            return student
    while owed(road, student) <= OWED:
        road.next_bill(student)
    return student


def owed(road, student):
    """ Return what a student's bills still ask for.

    :return: KES.
    :rtype: Decimal
    """
    row, = road.stack.sql(
        "SELECT coalesce(sum(amount_residual), 0) AS owed FROM account_move"
        " WHERE student_id = %s AND move_type = 'out_invoice' AND state = 'posted'",
        [student['id']],
    )
    return row['owed']


def pay(road, account, amount=None, change=None, source=None, **options):
    """ Pay by hand on a phone, and let Safaricom tell of it.

    :param LiveRoad road: Where.
    :param str account: What is typed.
    :param amount: KES; one of its own by default.
    :param dict change: Other values of the confirmation's body before it is sent; ... takes a key
                        out.
    :param str source: The local address that it is sent from.
    :param options: Of `SimulatorControl.pay_bill`; `shortcode` is the school's by default.
    :return: The movement, as Safaricom's ledger has it.
    :rtype: dict
    """
    shortcode = options.pop('shortcode', road.school['shortcode'])
    amount = amount or next_amount()
    if not change and not source:
        return road.control.pay_bill(road.next_phone(), shortcode, account, amount, **options)
    movement, delivery = hold(road, account, amount, shortcode=shortcode, **options)
    body = {**json.loads(delivery['body']), **(change or {})}
    body = json.dumps({name: value for name, value in body.items() if value is not ...})
    sent = road.control.forge(delivery['url'], body, source_address=source)
    assert [answer['status'] for answer in sent] == [200]
    return movement


def hold(road, account, amount=None, **options):
    """ Pay by hand and keep the confirmation back.

    :return: The movement, and the confirmation that was not sent.
    :rtype: tuple[dict, dict]
    """
    road.control.set(hold_callbacks=True)
    try:
        movement = pay(road, account, amount, **options)
        delivery, = road.control.wait_delivery('c2b_confirmation', receipt=movement['receipt'])
    finally:
        road.control.set(hold_callbacks=False)
    return movement, delivery


@contextlib.contextmanager
def manner(road, **settings):
    """ Let the simulator behave in another manner for a while.

    :param settings: Of the simulator.
    """
    now = road.control.settings() if settings else {}
    usual = {name: now[name] for name in settings}
    road.control.set(**settings)
    try:
        yield
    finally:
        road.control.set(**usual)


def entries(road, receipt):
    """ Return all that stands in the ledger about an M-PESA code, reversed entries left out.

    :param str receipt: The code.
    :return: (account, student's id or None, KES: debits above zero, credits below) of each item;
             the account is 'wallet', 'student', 'unidentified' or else its name.
    :rtype: list[tuple]
    """
    rows = road.stack.sql(
        """
        SELECT CASE WHEN a.id = j.default_account_id THEN 'wallet'
                    WHEN a.account_type = 'asset_receivable' THEN 'student'
                    WHEN a.name->>'en_US' = 'Unidentified fee receipts' THEN 'unidentified'
                    ELSE a.name->>'en_US' END AS account,
               s.id AS student_id, i.partner_id, i.balance
          FROM account_move_line i JOIN account_account a ON a.id = i.account_id
          JOIN account_journal j ON j.id = %(journal)s
          LEFT JOIN school_student s ON s.partner_id = i.partner_id
         WHERE i.parent_state = 'posted' AND i.move_id IN (
               SELECT p.move_id FROM account_payment p
                 JOIN school_receipt_line x ON x.payment_id = p.id
                 JOIN school_receipt r ON r.id = x.receipt_id
                WHERE r.external_ref = %(code)s AND r.state = 'posted'
                UNION
               SELECT l.move_id FROM account_move_line l
                 JOIN school_receipt_line x ON x.move_line_id = l.id
                 JOIN school_receipt r ON r.id = x.receipt_id
                WHERE r.external_ref = %(code)s AND r.state = 'posted'
                UNION
               SELECT p.move_id FROM account_payment p
                 JOIN mpesa_transaction t ON t.suspense_payment_id = p.id
                WHERE t.receipt = %(code)s)
        """, {'code': receipt, 'journal': road.school['journal_id']},
    )
    assert all(row['partner_id'] is None or row['student_id'] for row in rows)
    return sorted(
        ((row['account'], row['student_id'], Decimal(row['balance'])) for row in rows),
        key=repr,
    )


def assert_on(road, movement, student):
    """ Assert that money is in the wallet and on one student, once. """
    amount = Decimal(movement['amount'])
    road.settle()
    found = entries(road, movement['receipt'])
    expected = [('student', student['id'], -amount), ('wallet', student['id'], amount)]
    assert found == expected, f'{found} instead of {expected}'


def assert_unidentified(road, movement):
    """ Assert that money is in the wallet and in suspense, once, and on nobody. """
    amount = Decimal(movement['amount'])
    road.settle()
    found = entries(road, movement['receipt'])
    expected = [('unidentified', None, -amount), ('wallet', None, amount)]
    assert found == expected, f'{found} instead of {expected}'


def messages(road, receipt):
    """ Return what came about an M-PESA code that is booked, and what became of it.

    :return: (endpoint, state) pairs, in order.
    :rtype: list[tuple]
    """
    return [(row['endpoint'], row['state']) for row in road.stack.sql(
        """
        SELECT c.endpoint, c.state FROM mpesa_callback c
          JOIN mpesa_transaction t ON t.id = c.mpesa_transaction_id
         WHERE t.receipt = %s ORDER BY c.id
        """, [receipt],
    )]


def unknown_money(road):
    """ Return how much more Safaricom's account holds than the ledger says.

    :return: KES.
    :rtype: Decimal
    """
    return road.control.balance(road.school['shortcode']) - invariants.wallet_lines(
        road.stack, road.school['journal_id'],
    )


def wait_row(road, after, state):
    """ Wait until the one message that came after another is in a state.

    :param int after: Id of the last row before.
    :rtype: dict
    """
    def look():
        rows = road.inbox(after)
        return len(rows) == 1 and rows[0]['state'] == state and rows[0]
    return wait_for(look, f"one message that is {state}", timeout=15)


# === Asking Safaricom === #

def answered(road, after):
    """ Wait until the questions behind an id have an answer.

    :return: Their rows, in order.
    :rtype: list[dict]
    """
    def look():
        rows = road.stack.sql(
            "SELECT id, kind, receipt, state, finding, result_code, rows, found, unreadable,"
            " needs_person FROM mpesa_command WHERE id > %s ORDER BY id", [after],
        )
        return rows if all(row['state'] not in {'queued', 'sent'} for row in rows) else None
    return wait_for(look, "answers of Safaricom", timeout=75)


def last_question(road):
    """ Return the id of the last question, 0 when there is none. """
    row, = road.stack.sql("SELECT coalesce(max(id), 0) AS id FROM mpesa_command")
    return row['id']


def pull(road):
    """ Press *Pull now* and wait for all pages.

    :return: The question's row.
    :rtype: dict
    """
    answered(road, 0)  # One that goes on would be joined, and it tells of the past only.
    last = last_question(road)
    road.call('admin', 'payment.provider', 'action_mpesa_pull_now', [road.school['provider_id']])
    row, = answered(road, last)
    road.settle()
    return row


# === The statement === #

def upload(road, template, form):
    """ Download the statement at Safaricom, import it, and wait until all of it is booked. """
    # Of yesterday and today, when all of it happened: earlier days are those of other tests.
    start = datetime.now(EAT) - timedelta(days=1)
    name, content = road.control.statement(
        road.school['shortcode'], f'{start:%Y-%m-%d} 00:00:00', template=template, form=form,
    )
    wizard = road.call('bursar', 'mpesa.statement.upload', 'create', [{
        'file': base64.b64encode(content).decode(), 'file_name': name,
        'shortcode': str(road.school['provider_id']),
    }])
    action = road.call('bursar', 'mpesa.statement.upload', 'action_import', wizard)
    road.settle()
    release(road, action['res_id'])
    wait_for(lambda: not waits(road), "booking of the statement", timeout=90, pause=1)


def release(road, statement_id):
    """ Let the head, who did not import it, look at gaps and release what only it tells of. """
    statement, = road.call(
        'head', 'mpesa.statement', 'read', [statement_id],
        ['held_count', 'gap_count', 'unreadable_count'],
    )
    if statement['gap_count'] or statement['unreadable_count']:
        road.call('head', 'mpesa.statement', 'action_check', [statement_id])
    if statement['held_count']:
        road.call('head', 'mpesa.statement', 'action_release', [statement_id])
        road.settle()


def waits(road):
    """ Tell whether lines of the statement are still to be booked or linked. Those that wait for
    the scheduler's own look, once a minute, or for a try planned for later, are due now.
    """
    rows = road.stack.sql(
        "SELECT id FROM mpesa_statement_line WHERE state = 'new' AND kind <> 'other'"
        "    OR state = 'found' AND mpesa_transaction_id IS NULL",
    )
    if rows:
        road.stack.sql("UPDATE mpesa_statement_line SET next_try_at = NULL WHERE state = 'new'")
        road.wake('school_mpesa.cron_book_statements')
    return bool(rows)
