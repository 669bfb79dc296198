"""The very first prompt of a school: its callback address is as young as the prompt itself."""
import pytest


@pytest.mark.usefixtures('books')
def test_the_result_at_an_address_issued_a_moment_ago_is_accepted(road):
    """ Workers that know only the older addresses still take it: a right token is never refused.

    A school that has taken paybill money for long sends its first prompt; or its token was renewed.
    """
    provider = road.school['provider_id']
    for _worker in range(8):  # every worker keeps the addresses known so far
        assert road.call('bursar', 'school.student', 'search_count', []) > 0
        road.control.pay_bill(
            road.next_phone(), road.school['shortcode'], 'NOBODY-1', 17 + _worker,
        )
    road.settle()
    road.stack.sql("DELETE FROM mpesa_callback_token WHERE kind = 'stk' AND provider_id = %s",
                   [provider])
    phone = road.next_phone()
    road.control.script(phone=phone, outcome='1032')
    asked = road.ask(phone=phone)
    row = road.wait_request(asked, 'declined')
    assert row['code'] == '1032'
    delivery, = road.control.wait_delivery(kind='stk', count=1)[-1:]
    assert delivery['state'] == 'delivered'
