"""Pull Transactions: registration, pages in every shape, and the window of two days."""
from datetime import datetime, timedelta
from decimal import Decimal

import daraja
import pytest
from daraja_stand_in import answer, client, daraja_error, html, reset
from hypothesis import given
from hypothesis import strategies as st


REGISTER = '/pulltransactions/v1/register'
QUERY = '/pulltransactions/v1/query'
NOW = datetime(2026, 9, 14, 7, 15, 33)
ROW = {
    'transactionId': 'UIE4K7P2QX', 'trxDate': '2026-09-14T07:15:33Z', 'msisdn': 712000111,
    'sender': 'MPESA', 'transactiontype': 'c2b-pay-bill-debit', 'billreference': 'ADM-012',
    'amount': '12500.0', 'organizationname': 'Uhuru Academy',
}


def page(*rows, code='1000'):
    return answer(200, {
        'ResponseRefID': 'r', 'ResponseCode': code, 'ResponseMessage': 'Success',
        'Response': [list(rows)],
    })


def query(**values):
    return daraja.PullQuery(**{
        'shortcode': '600111', 'start': NOW - timedelta(hours=1), 'end': NOW, **values,
    })


def registration(**values):
    return daraja.PullRegistration(**{
        'shortcode': '600111', 'nominated_number': '0712000111',
        'callback_url': 'https://school.example/collect/ab/result', **values,
    })


# === Registration === #

@pytest.mark.parametrize(('key', 'code', 'before'), [
    ('ResponseStatus', '1000', False), ('Response Status', '1000', False),
    ('ResponseStatus', '1001', True), ('ResponseStatus', 1001, True),
])
def test_registration(daraja_server, key, code, before):
    daraja_server.on(REGISTER, answer(200, {'ResponseRefID': 'r', key: code}))
    got = client(daraja_server).pull_register(registration())
    assert got.was_before is before
    assert daraja_server.asked(REGISTER)[0]['body'] == {
        'ShortCode': '600111', 'RequestType': 'Pull', 'NominatedNumber': '0712000111',
        'CallBackURL': 'https://school.example/collect/ab/result',
    }
    assert '0712000111' not in repr(registration())


def test_a_registration_that_says_nothing_is_none(daraja_server):
    daraja_server.on(REGISTER, answer(200, {'ResponseRefID': 'r'}))
    with pytest.raises(daraja.UnreadableAnswer):
        client(daraja_server).pull_register(registration())


@pytest.mark.parametrize(('make', 'field'), [
    (lambda: registration(shortcode='6'), 'ShortCode'),
    (lambda: registration(nominated_number='712000111'), 'NominatedNumber'),
    (lambda: registration(callback_url='http://school.example/x'), 'CallBackURL'),
    (lambda: query(shortcode=None), 'ShortCode'),
    (lambda: query(start='2026-09-14'), 'StartDate'),
    (lambda: query(end=NOW - timedelta(hours=2)), 'EndDate'),
    (lambda: query(offset=-1), 'OffSetValue'), (lambda: query(offset='0'), 'OffSetValue'),
])
def test_what_breaks_a_rule_is_not_sent(make, field):
    with pytest.raises(daraja.InvalidRequest) as info:
        make()
    assert info.value.field == field


# === A page === #

def test_a_page(daraja_server):
    daraja_server.on(QUERY, page(ROW))
    got = client(daraja_server).pull_page(query(offset=100))
    payment, = got.payments
    assert (payment.receipt, payment.amount) == ('UIE4K7P2QX', Decimal('12500.00'))
    assert (payment.account_reference, payment.msisdn) == ('ADM-012', '712000111')
    assert payment.paid_at_utc == NOW
    assert (got.rows, got.unreadable) == (1, 0)
    # Asked in Kenyan time.
    assert daraja_server.asked(QUERY)[0]['body'] == {
        'ShortCode': '600111', 'StartDate': '2026-09-14 09:15:33',
        'EndDate': '2026-09-14 10:15:33', 'OffSetValue': '100',
    }
    assert '712000111' not in repr(got) + repr(payment)


@pytest.mark.parametrize('response', [[[]], [], [[], []]])
def test_no_payments(daraja_server, response):
    daraja_server.on(QUERY, answer(200, {'ResponseCode': '1001', 'Response': response}))
    got = client(daraja_server).pull_page(query())
    assert (got.payments, got.rows) == ((), 0)


@pytest.mark.parametrize('body', [
    {'ResponseCode': '1001'}, {'ResponseCode': '1000', 'Response': None}, {'Response': [[]]},
    {'ResponseCode': '1999', 'Response': [[]]}, {'ResponseCode': '1000', 'Response': {}},
])
def test_no_list_is_not_the_same_as_no_payments(daraja_server, body):
    daraja_server.on(QUERY, answer(200, body))
    with pytest.raises(daraja.UnreadableAnswer):
        client(daraja_server).pull_page(query())


@pytest.mark.parametrize('row', [
    None, 'x', [], {}, {**ROW, 'transactionId': ''}, {**ROW, 'transactionId': 'UIE0000000'},
    {**ROW, 'amount': 'x'}, {**ROW, 'amount': '-5'}, {**ROW, 'amount': '0.001'},
])
def test_a_row_that_cannot_be_read_is_counted(daraja_server, row):
    daraja_server.on(QUERY, page({**ROW, 'transactionId': 'uif4k7p2qx'}, row, ROW))
    got = client(daraja_server).pull_page(query())
    assert [payment.receipt for payment in got.payments] == ['UIF4K7P2QX', 'UIE4K7P2QX']
    assert (got.unreadable, got.rows) == (1, 3)


@pytest.mark.parametrize(('told', 'moment'), [
    ('2026-09-14T07:15:33Z', NOW), ('2026-09-14 07:15:33', NOW), ('2026-09-14T07:15:33.000Z', NOW),
    ('2026-09-14T10:15:33+03:00', NOW), ('2026-09-14T10:15:33+0300', NOW),
    ('2026-13-14T07:15:33Z', None), ('0001-01-01T00:00:00+03:00', None), (None, None), (5, None),
])
def test_the_time_in_every_form(daraja_server, told, moment):
    daraja_server.on(QUERY, page({**ROW, 'trxDate': told}))
    payment, = client(daraja_server).pull_page(query()).payments
    assert payment.paid_at_utc == moment


@pytest.mark.parametrize(('step', 'kind', 'calls'), [
    (daraja_error(400, '400.001', 'Invalid ShortCode'), daraja.BadRequest, 1),
    (daraja_error(401, '401.001', 'Invalid Access Token'), daraja.InvalidToken, 2),
    (html(502), daraja.ServerFailure, 3),
    (reset, daraja.NoAnswer, 3),
])
def test_a_page_that_fails(daraja_server, step, kind, calls):
    daraja_server.on(QUERY, step)
    with pytest.raises(daraja.DarajaError) as info:
        client(daraja_server).pull_page(query())
    assert type(info.value) is kind
    assert len(daraja_server.asked(QUERY)) == calls


# === Page after page === #

def test_pages_until_one_is_empty(daraja_server):
    rows = [{**ROW, 'transactionId': f'UIE4K7P2Q{sign}'} for sign in 'ABCDE']
    daraja_server.on(QUERY, page(*rows[:3]), page(*rows[3:]), page(code='1001'))
    got = list(client(daraja_server).pull_pages('600111', NOW - timedelta(hours=1), NOW))
    assert [payment.receipt[-1] for part in got for payment in part.payments] == list('ABCDE')
    asked = [call['body']['OffSetValue'] for call in daraja_server.asked(QUERY)]
    assert asked == ['0', '3', '5']


def test_an_offset_without_effect_does_not_go_on_for_ever(daraja_server):
    daraja_server.on(QUERY, page(ROW))
    got = list(client(daraja_server).pull_pages('600111', NOW - timedelta(hours=1), NOW))
    assert len(got) == 1


def test_what_came_before_a_failure_stands(daraja_server):
    daraja_server.on(QUERY, page(ROW), daraja_error(500, '500.003.02', 'System is busy'))
    pages = client(daraja_server).pull_pages('600111', NOW - timedelta(hours=1), NOW)
    assert next(pages).payments
    with pytest.raises(daraja.Busy):
        next(pages)


# === The window === #

@given(hours=st.floats(0, 1000))
def test_the_window_is_two_days_and_says_what_is_out_of_reach(hours):
    since = NOW - timedelta(hours=hours)
    start, end, out_of_reach = daraja.pull_window(NOW, since)
    assert end == NOW
    assert start == max(since, NOW - timedelta(hours=48))
    assert out_of_reach == (since < start)
    assert daraja.pull_window(NOW) == (NOW - timedelta(hours=48), NOW, False)
