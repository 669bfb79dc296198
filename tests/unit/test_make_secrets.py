"""The keys that compose makes on its first start."""
import configparser
import stat
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from stack_config import run_command


SCRIPT = Path(__file__).resolve().parents[2] / 'docker' / 'make_secrets.py'


@pytest.fixture
def folders(tmp_path):
    keys, password = tmp_path / 'keys', tmp_path / 'password'
    keys.mkdir()
    password.mkdir()
    return keys, password


def make(folders):
    run_command([sys.executable, SCRIPT, *folders], check=True)
    return (folders[0] / 'keys.conf').read_text(), \
        (folders[1] / 'database_password').read_text()


def test_the_keys_can_be_used(folders):
    text, password = make(folders)
    parser = configparser.RawConfigParser()
    parser.read_string('[options]\n' + text)
    options = parser['options']
    box = Fernet(options['school_mpesa_keys'])
    assert box.decrypt(box.encrypt(b'shilling')) == b'shilling'
    assert len(bytes.fromhex(options['school_mpesa_index_key'])) == 32
    assert len(options['admin_passwd']) >= 32
    assert len(password) >= 32


def test_nobody_else_reads_the_keys(folders):
    make(folders)
    for name in ('keys.conf', 'admin_password'):
        assert stat.S_IMODE((folders[0] / name).stat().st_mode) == 0o400
    assert len((folders[0] / 'admin_password').read_text()) >= 16


def test_a_second_start_keeps_them(folders):
    assert make(folders) == make(folders)


def test_a_file_left_empty_by_a_full_disk_is_made_again(folders):
    (folders[0] / 'keys.conf').touch()
    assert 'school_mpesa_keys' in make(folders)[0]
