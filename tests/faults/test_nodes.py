"""A second server on the same database, whose workers are renewed after every few requests."""
import itertools

import pytest
import stack_config
from stack_processes import BackgroundProcess


@pytest.fixture(scope='module')
def second_node(stack):
    """ Odoo once more, at ports of its own. """
    port, gevent_port = stack_config.free_ports(2)
    node = BackgroundProcess('second node', [
        *stack_config.odoo_command(), '-c', stack.run_folder / 'odoo.conf',
        f'--http-port={port}', f'--gevent-port={gevent_port}', '--workers=2', '--limit-request=5',
    ], stack.log_path('odoo'))
    node.start()
    try:
        node.wait_until_ready(f'http://127.0.0.1:{port}/web/login', 120)
        node.url = f'http://127.0.0.1:{port}'
        yield node
    finally:
        node.stop()


def test_two_nodes_book_each_payment_once_though_one_is_killed(faults, second_node):  # F37, F41
    asked = faults.ask_many(12)
    messages = [message for one in asked for message in faults.hold_success(one)] * 2
    before = faults.last_row()
    nodes = itertools.cycle([faults.stack.url, second_node.url])
    there = [
        {**message, 'url': next(nodes) + '/collect/' + message['url'].split('/collect/')[1]}
        for message in faults.trickle(messages, seed=7)
    ]
    half = len(there) // 2
    answers = faults.post_all(there[:half])
    second_node.popen.kill()  # Its workers notice, and end with it.
    answers += faults.post_all(there[half:])
    accepted = answers.count(200)
    assert accepted >= half
    assert len(faults.inbox(before)) >= accepted
    # What was not accepted is sent again, as Safaricom may.
    for message, status in zip(there, answers, strict=True):
        if status != 200:
            path = message['url'].split('/collect/')[1]
            assert faults.post({**message, 'url': f'{faults.stack.url}/collect/{path}'}) == 200
    for one in asked:
        faults.wait_request(one, 'paid', timeout=90)
    faults.wait_drained(timeout=90)
    for code in {message['receipt'] for message in messages}:
        assert faults.bookings(code) == (1, 1, 1)
