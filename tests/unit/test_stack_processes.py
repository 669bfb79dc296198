"""What the scripts start, they stop: all of it, by its pid, and nothing else."""
import json
import sys
import time

import psutil
import pytest
import stack_config
from stack_config import StackError
from stack_processes import BackgroundProcess, PidRecord


PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
time.sleep(60)
"""


@pytest.fixture
def process(tmp_path):
    """ A process with a child of its own. """
    started = BackgroundProcess('thing', [sys.executable, '-c', PARENT], tmp_path / 'thing.log')
    started.start()
    deadline = time.monotonic() + 10
    while not psutil.Process(started.pid).children() and time.monotonic() < deadline:
        time.sleep(0.02)
    yield started
    started.stop()


def gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_stopping_a_process_stops_its_children(process):
    pids = [process.pid, *(child.pid for child in psutil.Process(process.pid).children())]
    assert len(pids) == 2
    process.stop()
    assert all(gone(pid) for pid in pids)


def test_a_later_run_stops_what_an_earlier_one_left(process, tmp_path):
    PidRecord(tmp_path / 'pids.json').add(process)
    later = PidRecord(tmp_path / 'pids.json')
    assert later.alive() == {'thing': process.pid}
    assert later.stop_all() == 1
    assert gone(process.pid)
    assert later.alive() == {}


def test_a_pid_that_the_system_gave_to_somebody_else_is_left_alone(process, tmp_path):
    record = PidRecord(tmp_path / 'pids.json')
    record.path.write_text(json.dumps({'thing': [process.pid, 1.0]}))
    assert record.stop_all() == 0
    assert process.running


def test_the_end_of_a_process_is_told_with_its_last_words(tmp_path):
    failing = BackgroundProcess(
        'odoo', [sys.executable, '-c', "raise SystemExit('the port is taken')"],
        tmp_path / 'odoo.log',
    )
    failing.start()
    with pytest.raises(StackError, match=r'(?s)odoo ended with code 1.*the port is taken'):
        failing.wait_until_ready('http://127.0.0.1:1', timeout=20)


def test_silence_is_told_too(process):
    port = stack_config.free_ports(1)[0]
    with pytest.raises(StackError, match='thing did not answer within 1 s'):
        process.wait_until_ready(f'http://127.0.0.1:{port}', timeout=1)


def test_free_ports_differ_and_are_free():
    ports = stack_config.free_ports(5)
    assert len(set(ports)) == 5
    assert all(stack_config.port_is_free(port) for port in ports)


def test_a_taken_port_is_not_free(tmp_path):
    import socket
    with socket.create_server(('127.0.0.1', 0)) as server:
        assert not stack_config.port_is_free(server.getsockname()[1])
