"""The table of STK result codes against a copy of its source, daraja.md section 16."""
import daraja
import pytest


# code: (outcome, retry, seconds to wait, the first words a parent reads)
EXPECTED = {
    '0': ('paid', 'never', 0, 'Payment received.'),
    '1': ('declined', 'now', 0, 'Your M-PESA balance is too low.'),
    '2': ('declined', 'now', 0, 'The amount is too small'),
    '3': ('declined', 'now', 0, 'The amount is above the M-PESA limit per payment.'),
    '4': ('declined', 'never', 0, 'You have reached your M-PESA limit for today.'),
    '8': ('declined', 'never', 0, 'We cannot receive this payment'),
    '11': ('declined', 'never', 0, 'Your M-PESA account is not active.'),
    '15': ('declined', 'now', 0, 'Something went wrong.'),
    '17': ('declined', 'after_query', 120, 'You just made a request for this amount.'),
    '20': ('declined', 'never', 0, 'Payment by phone prompt is not available now.'),
    '26': ('declined', 'wait', 120, 'M-PESA is busy.'),
    '1001': ('declined', 'after_query', 60, 'Another M-PESA request is open on your phone.'),
    '1019': ('declined', 'now', 0, 'The request ran out of time.'),
    '1025': ('declined', 'now', 0, 'We could not send the request to your phone.'),
    '1031': ('declined', 'after_query', 60, 'You did not confirm the request.'),
    '1032': ('declined', 'now', 0, 'The request was cancelled on the phone.'),
    '1036': ('declined', 'after_query', 60, 'Your phone could not be reached.'),
    '1037': ('declined', 'after_query', 60, 'We could not reach your phone, or no PIN was'),
    '1101': ('declined', 'now', 0, 'We could not send the request to your phone.'),
    '1102': ('declined', 'now', 0, 'We could not send the request to your phone.'),
    '2001': ('declined', 'now', 0, 'The M-PESA PIN was wrong.'),
    '2006': ('declined', 'never', 0, 'Your M-PESA account does not allow this payment.'),
    '2008': ('declined', 'now', 0, 'The M-PESA PIN was wrong.'),
    '2026': ('declined', 'now', 0, 'The request ran out of time.'),
    '2028': ('declined', 'never', 0, 'Payment by phone prompt is not available at the moment.'),
    '2029': ('unknown', 'never', 0, 'We are still checking this payment.'),
    '4999': ('pending', 'never', 0, 'We are waiting for your confirmation on the phone.'),
    '8006': ('declined', 'never', 0, 'Your M-PESA PIN is locked.'),
    '9999': ('unknown', 'never', 0, 'M-PESA had a problem.'),
    'SFC_IC0003': ('declined', 'never', 0, 'Payment by phone prompt is not available at the'),
    'TP40087': ('declined', 'now', 0, 'The M-PESA PIN was wrong.'),
}


def test_every_code_of_the_source_and_no_other():
    assert set(daraja.RESULT_CODES) == set(EXPECTED)


@pytest.mark.parametrize('code', EXPECTED)
def test_row(code):
    row = daraja.result_code(code)
    outcome, retry, wait, text = EXPECTED[code]
    assert (row.code, row.outcome, row.retry, row.wait_seconds) == (code, outcome, retry, wait)
    assert row.payer_text.startswith(text)
    assert row.payer_text_key == f'result_{code.lower()}'
    assert row.meaning


def test_every_text_has_its_own_key():
    keys = {row.payer_text_key for row in daraja.RESULT_CODES.values()}
    assert len(keys) == len(daraja.RESULT_CODES)
    assert 'result_unknown' not in keys


def test_retry_is_offered_only_where_no_second_payment_can_follow():
    for row in daraja.RESULT_CODES.values():
        if row.retry in {'now', 'wait'}:
            assert row.outcome == 'declined'
            assert row.final
            # "late success unlikely", says the source of 1019, and "retry".
            assert not row.late_success or row.code == '1019'
        if not row.final:
            assert row.outcome in {'pending', 'unknown'}
            assert row.late_success
            assert row.retry == 'never'
        assert (row.wait_seconds > 0) == (row.retry in {'wait', 'after_query'})


@pytest.mark.parametrize('code', [
    '', '77777', 5000, -1, None, '00', '0.0', '0 0', 'paid', True, False, 0.0, 'x' * 500, '٠',
])
def test_any_other_code_is_unknown_and_never_a_failure(code):
    row = daraja.result_code(code)
    assert (row.outcome, row.retry) == ('unknown', 'never')
    assert (row.final, row.late_success) == (False, True)
    assert row.payer_text_key == 'result_unknown'
    assert row.payer_text == (
        "We are checking this payment with M-PESA. Please do not pay again yet."
    )
    assert len(row.code) <= 32


@pytest.mark.parametrize('code', [1037, '1037', ' 1037 '])
def test_number_and_text_are_one_code(code):
    assert daraja.result_code(code) is daraja.RESULT_CODES['1037']


def test_letters_in_any_case():
    assert daraja.result_code('sfc_ic0003').code == 'SFC_IC0003'
