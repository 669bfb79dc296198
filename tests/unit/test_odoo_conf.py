"""odoo.conf, since Odoo's own warning about unknown options is off in it (it would name ours)."""
import ast
import configparser
import re
from pathlib import Path

import pytest
import stack_config


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def options():
    parser = configparser.RawConfigParser()
    parser.read(ROOT / 'odoo.conf')
    return dict(parser['options'])


def odoo_option_names():
    """ The `dest` of every option in the source of Odoo's configuration. """
    source = (stack_config.odoo_source() / 'odoo' / 'tools' / 'config.py').read_text()
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            names |= {
                keyword.value.value for keyword in node.keywords
                if keyword.arg == 'dest' and isinstance(keyword.value, ast.Constant)
            }
    return names | {'without_demo'}


def test_every_option_is_one_of_odoos(options):
    names = odoo_option_names()
    assert len(names) > 60
    assert set(options) <= names


def test_no_key_is_written_down(options):
    assert not {'school_mpesa_keys', 'school_mpesa_index_key', 'admin_passwd'} & set(options)


def test_odoo_is_closed(options):
    assert options['proxy_mode'] == 'True'
    assert options['list_db'] == 'False'
    # Exactly one database, and no filter beside it: see the comment in odoo.conf.
    assert re.fullmatch(r'\w+', options['db_name'])
    assert 'dbfilter' not in options


def test_connections_stay_below_what_compose_gives_postgresql(options):
    processes = int(options['workers']) + int(options['max_cron_threads']) + 1
    allowed = int(re.search(r'max_connections=(\d+)', (ROOT / 'docker-compose.yml').read_text())[1])
    assert processes * int(options['db_maxconn']) < allowed


def test_derived_files_are_for_their_owner_only(tmp_path):
    path = stack_config.write_odoo_conf(tmp_path / 'odoo.conf', {'http_port': 20001})
    assert path.stat().st_mode & 0o077 == 0
    parser = configparser.RawConfigParser()
    parser.read(path)
    assert parser['options']['http_port'] == '20001'
    assert parser['options']['http_interface'] == '127.0.0.1'
