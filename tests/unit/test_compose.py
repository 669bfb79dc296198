"""docker-compose.yml against the Compose specification and what design section 2 promises."""
import re
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from stack_config import run_command


ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / 'docker-compose.yml'


@pytest.fixture(scope='module')
def compose():
    return YAML(typ='safe').load(FILE)


def test_follows_the_compose_specification():
    tool = Path(sys.executable).with_name('check-jsonschema')
    done = run_command([tool, '--builtin-schema', 'vendor.compose-spec', FILE], capture_output=True)
    assert done.returncode == 0, done.stdout


def test_only_nginx_is_reachable_from_outside(compose):
    published = {name for name, service in compose['services'].items() if service.get('ports')}
    assert published == {'nginx', 'nginx-tls', 'phone'}


def test_what_is_not_encrypted_is_published_to_this_machine_only(compose):
    for name in ('nginx', 'phone'):
        assert all(port.startswith('127.0.0.1:') for port in compose['services'][name]['ports'])


def test_the_database_speaks_with_odoo_only(compose):
    on_data = {
        name for name, service in compose['services'].items()
        if 'data' in service.get('networks', [])
    }
    assert compose['networks']['data']['internal'] is True
    assert on_data == {'db', 'odoo'}
    assert compose['services']['db']['networks'] == ['data']


def test_tls_and_the_simulator_run_only_when_asked_for(compose):
    profiles = {
        name: service['profiles'] for name, service in compose['services'].items()
        if 'profiles' in service
    }
    assert profiles == {'nginx-tls': ['tls'], 'simulator': ['simulator'], 'phone': ['simulator']}


def test_odoo_reaches_the_simulator_by_a_loopback_address(compose):
    assert compose['services']['simulator']['network_mode'] == 'service:odoo'
    address = compose['services']['odoo']['environment']['SCHOOL_MPESA_SIMULATOR_URL']
    assert '://127.0.0.1:' in address


def test_every_lasting_service_has_a_health_check(compose):
    without = {
        name for name, service in compose['services'].items() if 'healthcheck' not in service
    }
    assert without == {'secrets'}  # it ends as soon as the keys are there


def test_every_mounted_file_exists(compose):
    missing = []
    for service in compose['services'].values():
        for volume in service.get('volumes', []):
            source = volume.split(':')[0]
            if source.startswith('./') and not (ROOT / source).exists():
                missing.append(source)
            elif not source.startswith(('.', '$')):
                assert source in compose['volumes']
    assert not missing


@pytest.mark.parametrize(('service', 'server'), [
    ('nginx', 'nginx.plain.template'), ('nginx-tls', 'nginx.tls.template'),
])
def test_every_word_of_the_templates_is_filled_in(compose, service, server):
    given = compose['services'][service]['environment']
    for template in ('nginx.conf.template', 'nginx.locations.template', server):
        words = re.findall(r'\$\{(SCHOOL_\w+)\}', (ROOT / 'scripts' / template).read_text())
        assert set(words) <= set(given), template


def test_no_secret_is_written_down(compose):
    for name, service in compose['services'].items():
        for key, value in (service.get('environment') or {}).items():
            is_path = str(value).startswith('/')
            assert is_path or not re.search(r'PASSWORD|SECRET|_KEYS?$', key), (name, key)


def test_the_containers_own_script_starts():
    script = ROOT / 'docker' / 'odoo-entrypoint.sh'
    assert run_command(['/bin/bash', '-n', script]).returncode == 0
