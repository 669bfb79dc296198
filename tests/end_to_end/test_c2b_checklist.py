"""The C2B checklist of daraja.md 26, row by row: what is told of money, and what it becomes.

Each row ends with all money in the books, once, and the right entries in the ledger. Registration
and validation have a file of their own, as has money that nobody told of.
"""
from decimal import Decimal

import invariants
import pytest
from checklist_kit import (
    UNKNOWN,
    assert_on,
    assert_unidentified,
    hold,
    manner,
    messages,
    next_student,
    pay,
    unknown_money,
    wait_row,
)
from daraja_simulator.control import ControlError
from live_road import books_kept


OTHER_SHORTCODE, STRANGER, SAFARICOM = '600998', '127.0.0.8', '127.0.0.7'


# === A confirmation for every prompt as well === #

@pytest.mark.usefixtures('books')
@pytest.mark.parametrize('order', ['before', 'after', 'together'])
def test_a_confirmation_for_every_prompt(road, order):
    phone = road.next_phone()
    road.control.script(phone=phone, c2b_order=order)
    asked = road.ask(phone=phone)
    prompt = road.pay(asked)
    road.wait_request(asked, 'paid')
    receipt = road.control.push(prompt['id'])['receipt']
    movement = next(m for m in road.control.movements(msisdn=phone) if m['receipt'] == receipt)
    assert_on(road, movement, asked['bill']['student'])
    assert sorted(messages(road, receipt)) == [('confirmation', 'done'), ('stk', 'done')]


# === One payment told of in every shape === #

ROWS = {
    # The payer's number
    **{f'number {form}': {'settings': {'c2b_msisdn_form': form}} for form in (
        'plain', 'masked_spaces', 'masked', 'sha256', 'empty',
    )},
    'number as a number': {'change': {'MSISDN': 254712000111}},
    'number null': {'change': {'MSISDN': None}},
    # Names
    **{f'names {form}': {'settings': {'c2b_names': form}} for form in (
        'first', 'full', 'null', 'missing',
    )},
    'names all null': {'change': {'FirstName': None, 'MiddleName': None, 'LastName': None}},
    'names all empty': {'change': {'FirstName': '', 'MiddleName': '', 'LastName': ''}},
    'names all missing': {'change': {'FirstName': ..., 'MiddleName': ..., 'LastName': ...}},
    'names that are none': {'change': {'FirstName': 7, 'MiddleName': ['x'], 'LastName': {'a': 1}}},
    'keys missing': {'change': {'MSISDN': ..., 'InvoiceNumber': ..., 'ThirdPartyTransID': ...}},
    # Amounts
    **{f'amount {form}': {'settings': {'c2b_amount_form': form}} for form in (
        'text', 'text_whole', 'number',
    )},
    **{f'balance {balance!r}': {'change': {'OrgAccountBalance': balance}} for balance in (
        '', None, 'n/a', ...,
    )},
    # What was typed, and names a student
    **{f'typed {typed!r}': {'typed': typed} for typed in (
        '  {}  ', '{lower}', '{spaced}', '{lower}. ', '{}/', '{}\u200b', '{} school fees.',
        'Karo, {lower}', '{} school fees for term 3',
    )},
    # What was typed, and names nobody
    **{f'typed {typed!r}': {'typed': typed, 'known': False} for typed in (
        '', '   ', '-', '?!,;', UNKNOWN, '0', '12500', 'FEES', 'x' * 20, "'; DROP TABLE x;--",
        '=HYPERLINK("http://x', '<script>alert(1)</sc', '\u202eADM', 'null',
    )},
    # Kinds of payment
    **{f'{kind!r}, {"known" if known else "unknown"}': {
        'kind': kind, 'typed': '{}' if known else UNKNOWN, 'known': known,
    } for kind in (
        'Organization To Organization Transfer', 'Customer Merchant Payment',
        'OD Payment Transfer', '', 'Something New',
    ) for known in (True, False)},
}


@pytest.fixture(scope='module')
def paid(road):
    """ The movement and the student of each row, all told of and all in the books. """
    with books_kept(road):
        found = {}
        for name, row in ROWS.items():
            student = next_student(road)
            number = student['admission_no']
            typed = row.get('typed', '{}').format(
                number, lower=number.lower(), spaced=number.replace('-', ' '),
            ) if row.get('known', True) else row['typed']
            with manner(road, **row.get('settings', {})):
                movement = pay(road, typed, change=row.get('change'), kind=row.get('kind'))
            assert movement['account'] == typed[:20]  # M-PESA takes no more
            found[name] = movement, student
    return found


@pytest.mark.parametrize('name', ROWS)
def test_one_payment(road, paid, name):
    movement, student = paid[name]
    if ROWS[name].get('known', True):
        assert_on(road, movement, student)
    else:
        assert_unidentified(road, movement)


def test_the_payers_number_is_nowhere_in_clear(road, paid):
    for name, (movement, _student) in paid.items():
        kept, = road.stack.sql(
            "SELECT to_jsonb(t) AS all, payer_mask, payer_index FROM mpesa_transaction t"
            " WHERE receipt = %s", [movement['receipt']],
        )
        number = movement['msisdn']
        assert number not in str(kept['all']), name
        assert number[3:] not in str(kept['all']), name
        if name.startswith('number '):
            assert bool(kept['payer_mask']) == (name not in {
                'number sha256', 'number empty', 'number null',
            }), name
            assert bool(kept['payer_index']) == (name in {'number plain', 'number as a number'})


# === What was typed, beside a prompt === #

@pytest.mark.usefixtures('books')
def test_a_siblings_number_is_the_siblings_money(road):
    """ Also while a request of the same amount waits for the other child. """
    bill = road.next_bill()
    student = bill['student']
    sibling = next(
        one for one in road.school['students']
        if one['family_id'] == student['family_id'] and one['id'] != student['id']
    )
    state = road.bill_state(bill['id'])
    asked = road.parent_asks(bill)
    road.control.wait_prompt(asked['phone'], timeout=30)
    movement = pay(road, sibling['admission_no'], int(bill['amount_residual']))
    assert_on(road, movement, sibling)
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    assert road.bill_state(bill['id']) == state  # as it was, whatever credit had paid of it


# === On its way === #

@pytest.mark.usefixtures('books')
def test_a_confirmation_that_comes_twice_and_at_once(road):
    student = next_student(road)
    movement = pay(road, student['admission_no'])
    assert_on(road, movement, student)
    delivery, = road.control.deliveries('c2b_confirmation', receipt=movement['receipt'])
    road.control.resend(delivery['id'])
    road.control.resend(delivery['id'], copies=6, concurrent=True)
    assert_on(road, movement, student)
    assert messages(road, movement['receipt']) == [
        ('confirmation', 'done'), *[('confirmation', 'repeat')] * 7,
    ]


@pytest.mark.usefixtures('books')
def test_first_copies_at_once(road):
    student = next_student(road)
    movement, delivery = hold(road, student['admission_no'])
    road.control.resend(delivery['id'], copies=6, concurrent=True)
    assert_on(road, movement, student)


def test_a_confirmation_for_another_shortcode(road):
    """ Somebody registered our address for another paybill of the school. Its token decides, and
    not the body, in which wallet the money is booked: once, and nothing of it is lost. The proof of
    the day then says that this wallet's statement does not have it.
    """
    road.control.add_shortcode(OTHER_SHORTCODE, confirmation_url=road.confirmation_url())
    unknown = unknown_money(road)
    student = next_student(road)
    movement = pay(road, student['admission_no'], shortcode=OTHER_SHORTCODE)
    assert_on(road, movement, student)
    assert road.control.balance(OTHER_SHORTCODE) == Decimal(movement['amount'])
    assert unknown_money(road) - unknown == -Decimal(movement['amount'])
    invariants.check(road.stack)


@pytest.mark.usefixtures('books')
def test_a_confirmation_from_a_foreign_address(road):
    provider = [road.school['provider_id']]
    listed = road.call('admin', 'mpesa.source.address', 'create', [{'address': SAFARICOM}])
    road.call('admin', 'payment.provider', 'write', provider, {'mpesa_source_check': 'quarantine'})
    try:
        student = next_student(road)
        unknown = unknown_money(road)
        good = pay(road, student['admission_no'], source=SAFARICOM)
        assert_on(road, good, student)
        last = road.last_row()
        foreign = pay(road, student['admission_no'], source=STRANGER)
        row = wait_row(road, last, 'quarantined')
        assert row['source_address'] == STRANGER
        assert unknown_money(road) - unknown == Decimal(foreign['amount'])
    finally:
        road.call(
            'admin', 'payment.provider', 'write', provider, {'mpesa_source_check': 'off'},
        )
        road.call('admin', 'mpesa.source.address', 'unlink', listed)
    road.call('bursar', 'mpesa.callback', 'action_replay', [row['id']])
    assert_on(road, foreign, student)


@pytest.mark.usefixtures('books')
def test_what_mpesa_itself_refuses(road):
    """ No money and no message: nothing is booked. """
    before, last = road.booked(), road.last_row()
    for amount, code in (('0', '2'), ('250001', '3'), ('10.50', 'C2B00013')):
        with pytest.raises(ControlError, match=rf'refused: {code}\b'):
            road.control.pay_bill(road.next_phone(), road.school['shortcode'], 'ADM', amount)
    assert (road.booked(), road.last_row()) == (before, last)
