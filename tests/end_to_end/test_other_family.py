"""A guardian sees the own family's bills, receipts and requests, and no other's (A11 to A13)."""
import pytest
import requests
from stack_config import StackError


@pytest.fixture(scope='module')
def own(road):
    """ A paid bill of the guardian's own child. """
    student = next(s for s in road.school['students']
                   if s['id'] in road.school['guardian_student_ids'])
    return _paid(road, road.next_bill(student))


@pytest.fixture(scope='module')
def other(road):
    """ A paid bill of another family. """
    return _paid(road, road.next_bill())


def _paid(road, bill):
    asked = road.parent_asks(bill)
    road.pay(asked)
    row = road.wait_request(asked, 'paid')
    road.wait_bill(bill, 'paid')
    return {'bill': bill, 'asked': asked, **row}


def see(road, path):
    """ Open an address as the guardian, without any token. """
    return road.session('guardian').get(f'{road.stack.url}{path}', timeout=60,
                                        allow_redirects=False)


def test_the_own_bill_opens_and_the_other_does_not(road, own, other):
    assert see(road, f"/my/invoices/{own['bill']['id']}").status_code == 200
    assert see(road, f"/my/invoices/{other['bill']['id']}").status_code in {303, 403, 404}


@pytest.mark.parametrize('query', ['report_type=pdf', 'report_type=html', 'access_token=',
                                   'access_token=0', 'access_token=None', 'access_token=%00'])
def test_no_variation_of_the_address_opens_it(road, other, query):
    answer = see(road, f"/my/invoices/{other['bill']['id']}?{query}")
    assert answer.status_code in {303, 400, 403, 404}
    assert other['bill']['student']['name'] not in answer.text


def test_a_token_opens_its_own_bill_only(road, own, other):
    token = own['bill']['url'].partition('access_token=')[2]
    answer = requests.get(
        f"{road.stack.url}/my/invoices/{other['bill']['id']}?access_token={token}", timeout=60,
        allow_redirects=False,
    )
    assert answer.status_code in {303, 403, 404}


def test_no_report_of_another_family(road, other):
    for report in (f"account.report_invoice/{other['bill']['id']}",
                   f"school_fees.report_school_receipt/{other['receipt_id']}"):
        for kind in ('html', 'pdf', 'text'):
            answer = see(road, f'/report/{kind}/{report}')
            assert answer.status_code in {303, 400, 403, 404}, f'{kind} {report}'
            assert other['bill']['student']['name'] not in answer.text


def found(road, model):
    """ The records that the guardian finds; none where even looking is refused. """
    try:
        return road.call('guardian', model, 'search', [])
    except StackError as error:
        if 'AccessError' not in str(error):
            raise
        return []


@pytest.mark.parametrize('model', [
    'school.student', 'school.receipt', 'account.move', 'payment.transaction', 'mpesa.transaction',
    'mpesa.callback', 'mpesa.callback.key', 'mpesa.callback.token', 'mpesa.exchange',
    'mpesa.prompt.wizard', 'mpesa.payment.link', 'school.guardian.phone', 'school.guardian.link',
    'payment.provider',
])
def test_nothing_of_another_family_is_read_by_a_call(road, own, other, model):
    strangers = {
        'school.student': other['bill']['student_id'], 'school.receipt': other['receipt_id'],
        'account.move': other['bill']['id'], 'payment.transaction': other['id'],
    }
    ids = found(road, model)
    assert strangers.get(model) not in ids
    if model.startswith(('mpesa.', 'payment.')):
        assert not ids
    for foreign in [strangers[model]] if model in strangers else [1]:
        with pytest.raises(StackError, match=r'AccessError|MissingError'):
            road.call('guardian', model, 'read', [foreign])


def test_own_children_are_read(road, own):
    ids = road.call('guardian', 'school.student', 'search', [])
    assert set(ids) == set(road.school['guardian_student_ids'])
    assert own['receipt_id'] in road.call('guardian', 'school.receipt', 'search', [])


def test_no_prompt_for_another_familys_bill(road):
    bill = road.next_bill()
    before = len(road.control.pushes())
    answer = road.session('guardian').post(
        f"{road.stack.url}/invoice/transaction/{bill['id']}", timeout=60,
        json={'jsonrpc': '2.0', 'params': {
            'provider_id': road.school['provider_id'], 'mpesa_amount': '10',
            'mpesa_phone': road.next_phone(),
        }},
    ).json()
    assert answer['error']['data']['name'] in {
        'odoo.exceptions.ValidationError', 'odoo.exceptions.AccessError',
    }
    assert len(road.control.pushes()) == before


@pytest.mark.usefixtures('books')
@pytest.mark.parametrize(('field', 'value'), [
    ('amount', -5), ('partner_id', 1), ('currency_id', 1), ('invoice_id', 1), ('company_id', 99),
    ('custom_create_values', {'state': 'done'}), ('flow', 'token'), ('token_id', 1),
])
def test_what_the_browser_adds_is_not_believed(road, field, value):
    """ Amount, student, company and shortcode are the server's (A13). """
    bill, phone = road.next_bill(), road.next_phone()
    answer = requests.post(f"{road.stack.url}/invoice/transaction/{bill['id']}", timeout=60, json={
        'jsonrpc': '2.0', 'params': {
            'access_token': bill['url'].partition('access_token=')[2].partition('&')[0],
            'provider_id': road.school['provider_id'], 'mpesa_amount': '150',
            'mpesa_phone': phone, field: value,
        },
    }).json()
    if 'error' in answer:
        assert answer['error']['data']['name'] == 'odoo.exceptions.ValidationError'
        return
    row, = road.stack.sql(
        "SELECT amount, partner_id, state, company_id FROM payment_transaction"
        " WHERE reference = %s", [answer['result']['reference']],
    )
    assert row['amount'] == 150
    assert row['partner_id'] == bill['student']['partner_id']
    assert row['company_id'] == road.school['company_id']
    assert row['state'] != 'done'
    road.control.wait_prompt(phone, timeout=30)
    road.control.cancel(phone)


def test_a_code_of_nobody(road):
    for path in ('/rc/aaaaaaaaaaaa', '/rc/check/aaaaaaaaaaaa', '/rc/aaaaaaaaaaaa/pdf'):
        assert see(road, path).status_code == 404
