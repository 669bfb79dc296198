"""Safaricom is gone: the simulator itself stops, and comes back without its memory."""
import pytest
from live_road import LiveRoad
from road import wait_for
from stack import Stack


pytestmark = pytest.mark.usefixtures('books')


@pytest.fixture(scope='module')
def stack():
    """ A school of its own: this Safaricom forgets all payments, which other tests ask it for. """
    with Stack('gone', workers=2, nginx=True, demo=True) as running:
        yield running


@pytest.fixture(scope='module')
def road(stack):
    """ The ways to ask for money at that school, and its simulator. """
    return LiveRoad(stack)


def try_again(road, asked):
    """ Let the next try happen now instead of at the next round; the request, when it ended. """
    road.wake('school_mpesa.cron_send_prompts')
    row = road.request(asked)
    return row if row['push'] == 'declined' else None


def test_safaricom_is_gone_and_comes_back(road):
    """ The simulator itself stops: nothing listens any more. """
    address = road.confirmation_url()
    name = road.control.shortcode(road.school['shortcode'])['name']
    received = road.control.balance(road.school['shortcode'])
    bill, phone = road.next_bill(), road.next_phone()
    road.stack.stop_simulator()
    try:
        asked = road.parent_asks(bill, phone=phone)
        assert 'error' not in asked  # a page never waits for Safaricom
        assert "Sending the request" in road.page(asked)
        row = wait_for(lambda: try_again(road, asked), "end of the tries", pause=0.5)
        page, reads = road.page(asked), road.office_reads(asked)
    finally:
        road.stack.start_simulator()
        road.control.set_shortcode(
            road.school['shortcode'], name=name, confirmation_url=address,
            balance=str(received),
        )
    assert row['code'] == 'not_sent'
    assert "We have not received a payment." in page
    assert "Send again" in page
    assert "Safaricom could not be reached" in reads
    assert "No prompt was sent; no money moved." in reads
    again = road.parent_asks(bill, phone=phone)
    road.pay(again)
    road.wait_request(again, 'paid')
    road.wait_bill(bill, 'paid')
