"""Odd framing at the callback addresses: one row for one request, or none; nothing is smuggled."""
import contextlib
import socket
import struct
from urllib.parse import urlsplit

import pytest
from bad_bodies import c2b
from collect_kit import converse, path_of, send
from road import wait_for


BODY = c2b(TransID='UZZ8FRAMED', TransAmount='0')  # no money: it can be read and never booked


@pytest.fixture(scope='module')
def path(road):
    return path_of(road.confirmation_url())


@pytest.fixture
def rows(road):
    """ Count the rows that a test adds. """
    last = road.last_row()
    return lambda: len(road.inbox(last))


def head(path, *lines):
    return '\r\n'.join([f'POST {path} HTTP/1.1', 'Host: x', *lines, '', '']).encode()


def chunked(*chunks):
    return b''.join(b'%x\r\n%s\r\n' % (len(chunk), chunk) for chunk in chunks) + b'0\r\n\r\n'


def status_lines(heard):
    """ The status of every answer on one connection. """
    return [int(line.split()[1]) for line in heard.split(b'\r\n') if line.startswith(b'HTTP/1.1')]


def test_chunked(road, path, rows):
    pieces = [BODY[start:start + 7] for start in range(0, len(BODY), 7)]
    heard = converse(
        road, head(path, 'Transfer-Encoding: chunked', 'Connection: close'), chunked(*pieces),
    )
    assert status_lines(heard) == [200]
    assert rows() == 1


def test_expect_100(road, path, rows):
    heard = converse(
        road,
        head(path, f'Content-Length: {len(BODY)}', 'Expect: 100-continue', 'Connection: close'),
        BODY,
    )
    assert status_lines(heard) == [100, 200]
    assert rows() == 1


def test_an_unknown_expectation(road, path, rows):
    heard = converse(
        road, head(path, f'Content-Length: {len(BODY)}', 'Expect: a miracle', 'Connection: close'),
        BODY,
    )
    assert status_lines(heard) in ([200], [417])
    assert rows() <= 1


def test_byte_by_byte(road, path, rows):
    request = head(path, f'Content-Length: {len(BODY)}', 'Connection: close') + BODY
    heard = converse(road, *[request[at:at + 1] for at in range(len(request))])
    assert status_lines(heard) == [200]
    assert rows() == 1


@pytest.mark.parametrize('lines', [
    ['Content-Length: {whole}', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 4'],
    ['Content-Length: 4', 'Transfer-Encoding : chunked'],
    ['Content-Length: {whole}', 'Transfer-Encoding: xchunked'],
    ['Content-Length: {whole}', 'Transfer-Encoding: chunked, identity'],
    ['Content-Length: {whole}', 'Content-Length: 4'],
    ['Content-Length: +{whole}'],
    ['Content-Length: 0x{whole}'],
    ['Content-Length: -1'],
    ['Content-Length: {whole}', 'X: a', ' Transfer-Encoding: chunked'],
])
def test_smuggling(road, path, rows, lines):
    """ A second request hidden in the body is never carried out (A24). """
    hidden = head(path, f'Content-Length: {len(BODY)}') + BODY
    body = b'0\r\n\r\n' + hidden
    lines = [line.format(whole=len(body)) for line in lines]
    heard = converse(road, head(path, *lines), body)
    assert rows() <= 1
    assert 200 not in status_lines(heard)[1:]
    assert not [status for status in status_lines(heard) if status >= 500 and status != 501]


def test_a_body_shorter_than_said_is_not_accepted(road, path, rows):
    heard = converse(
        road, head(path, f'Content-Length: {len(BODY) + 50}'), BODY, hang_up=True,
    )
    assert 200 not in status_lines(heard)
    assert rows() == 0


@pytest.mark.parametrize('length', [65_537, 20 * 2**20, 2 * 2**30, 10**18])
def test_too_large_is_refused_before_it_is_sent(road, path, rows, length):
    reached = road.stack.log_text().count('/collect/')
    heard = converse(road, head(path, f'Content-Length: {length}'), wait=3)
    assert status_lines(heard) == [413]
    assert rows() == 0
    assert road.stack.log_text().count('/collect/') == reached  # decided before Odoo


def test_too_large_in_chunks(road, path, rows):
    heard = converse(
        road, head(path, 'Transfer-Encoding: chunked'), chunked(*[b' ' * 8_192] * 9),
    )
    assert status_lines(heard) == [413]
    assert rows() == 0


def test_odoo_itself_refuses_what_is_too_large(road, path, rows):
    """ The proxy is not the only guard. """
    assert send(road.stack.odoo_url + path, b' ' * 65_537).status == 413
    assert rows() == 0


def test_the_largest_is_kept(road, path, rows):
    assert send(road.stack.url + path, b' ' * 65_536).status == 200
    assert rows() == 1


def test_a_sender_who_does_not_wait_for_the_answer(road, path, rows):
    log = len(road.stack.log_text())
    line = socket.create_connection(('127.0.0.1', urlsplit(road.stack.url).port), timeout=10)
    with contextlib.closing(line):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        line.sendall(head(path, f'Content-Length: {len(BODY)}') + BODY)
        # Only when it has arrived: a reset at once could overtake the request itself.
        wait_for(lambda: rows() == 1, "row of a request whose sender waits")
    assert rows() == 1
    assert 'Traceback' not in road.stack.log_text()[log:]
