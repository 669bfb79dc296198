"""Where things are on this machine, and the configuration files derived from the project's own."""
import configparser
import contextlib
import hashlib
import os
import random
import re
import secrets
import socket
import subprocess
import sys
from pathlib import Path

from cryptography.fernet import Fernet


ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / '.local'
ADDONS = ('school_fees', 'school_mpesa')
# Made once for this checkout, kept over runs: what is encrypted with them must stay readable.
GENERATED = {
    'school_mpesa_keys': lambda: Fernet.generate_key().decode(),
    'school_mpesa_index_key': lambda: secrets.token_hex(32),
    'admin_passwd': lambda: secrets.token_urlsafe(24),
}


class StackError(Exception):
    """ Something could not be started or did not answer; the text says what and what to do. """


def run_command(command, **options):
    """ Run a command of ours in the project's folder and wait for its end.

    :param list command: Its words, which never pass through a shell.
    :param options: Of subprocess.run; text mode, and no check unless it is asked for.
    :rtype: subprocess.CompletedProcess
    """
    defaults = {'cwd': ROOT, 'text': True, 'check': False}
    words = [str(word) for word in command]
    # Only our own words; check is among the options.
    return subprocess.run(words, **{**defaults, **options})  # noqa: PLW1510, S603 - see above


def say(line):
    """ Tell the person at the terminal one thing.

    :param str line: What.
    """
    sys.stdout.write(f'  {line}\n')
    sys.stdout.flush()


def python():
    """ Return the Python of the project's virtual environment, else the one that runs us.

    :rtype: str
    """
    own = LOCAL / 'venv' / 'bin' / 'python'
    return str(own) if own.exists() else sys.executable


def odoo_home():
    """ Return the folder of the unpacked Odoo, or None when Odoo is installed on the machine.

    :rtype: Path | None
    """
    recorded = LOCAL / 'odoo_home'
    text = recorded.read_text().strip() if recorded.exists() else str(LOCAL / 'odoo')
    return None if text == 'installed' else Path(text)


def odoo_command():
    """ Return the words that start Odoo, without its options.

    :rtype: list[str]
    """
    home = odoo_home()
    if home is None:
        return ['odoo']
    script = home / 'odoo-bin' if (home / 'odoo-bin').exists() else home / 'usr' / 'bin' / 'odoo'
    return [python(), str(script)]


def odoo_source():
    """ Return the folder from which `import odoo` works, or None when Odoo is installed.

    :rtype: Path | None
    """
    home = odoo_home()
    if home is None:
        return None
    package = home / 'usr' / 'lib' / 'python3' / 'dist-packages'
    return package if package.exists() else home


def odoo_version():
    """ Return what tells one Odoo from another: the package's version, else the newest release
    file.

    :rtype: str
    """
    home = odoo_home()
    if home is None:
        return run_command(['odoo', '--version'], capture_output=True, check=True).stdout.strip()
    recorded = home / '.version'
    if recorded.exists():
        return recorded.read_text().strip()
    return (odoo_source() / 'odoo' / 'release.py').read_text()


def addons_path(ours=ROOT):
    """ Return the value of Odoo's option `addons_path` on this machine.

    :param Path ours: The folder that holds our add-ons.
    :rtype: str
    """
    source = odoo_source()
    folders = [ours]
    if source:
        # A source tree keeps most add-ons beside the package `odoo`. The Debian package has a
        # second, linked copy
        # there, which must not be listed.
        own = [source / 'odoo' / 'addons']
        if (odoo_home() / 'odoo-bin').exists():
            own.append(source / 'addons')
        folders = own + folders
    return ','.join(str(folder) for folder in folders)


def postgres_environment():
    """ Return PGHOST, PGPORT and PGUSER of the project's PostgreSQL.

    :rtype: dict[str, str]
    """
    answer = run_command(
        ['bash', ROOT / 'scripts' / 'postgres.sh', 'environment'], capture_output=True, check=True,
    ).stdout
    return dict(re.findall(r'(PG\w+)=(\S+)', answer))


def process_environment():
    """ Return the environment in which Odoo, the simulator and pytest are started.

    :rtype: dict[str, str]
    """
    folders = [odoo_source(), ROOT / 'tests', ROOT / 'scripts']
    return {
        **os.environ,
        **postgres_environment(),
        'PYTHONPATH': os.pathsep.join(str(folder) for folder in folders if folder),
        'PYTHONUNBUFFERED': '1',
        'PYTHONDONTWRITEBYTECODE': '1',
    }


def _read(path):
    parser = configparser.RawConfigParser()
    parser.read(path)
    return dict(parser.items('options')) if parser.has_section('options') else {}


def keys():
    """ Return the generated secrets of this checkout; make them on the first call.

    They stand in .local/odoo.conf, readable for its owner only.

    :rtype: dict[str, str]
    """
    path = LOCAL / 'odoo.conf'
    present = _read(path)
    found = {name: present.get(name) or make() for name, make in GENERATED.items()}
    if any(name not in present for name in GENERATED):
        write_odoo_conf(path, {**present, **found})
    return found


def write_odoo_conf(path, options):
    """ Write an Odoo configuration derived from the project's odoo.conf.

    :param Path path: The file; its mode becomes 0600, since it holds keys.
    :param dict options: What differs from odoo.conf.
    :return: The path.
    :rtype: Path
    """
    environment = postgres_environment()
    values = {
        **_read(ROOT / 'odoo.conf'),
        'addons_path': addons_path(),
        'data_dir': str(LOCAL / 'data'),
        'http_interface': '127.0.0.1',
        'db_host': environment['PGHOST'],
        'db_port': environment['PGPORT'],
        'db_user': environment['PGUSER'],
        **options,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    parser = configparser.RawConfigParser()
    parser['options'] = {name: str(value) for name, value in values.items() if value is not None}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, 'w') as file:
        parser.write(file)
    return path


def addons_digest():
    """ Return a digest of everything in the add-ons that an installed database depends on.

    :rtype: str
    """
    digest = hashlib.sha256()
    for addon in ADDONS:
        for path in sorted((ROOT / addon).rglob('*')):
            inner = path.relative_to(ROOT).parts[1:]
            if not path.is_file() or inner[0] in {'tests', 'readme'} or '__pycache__' in inner:
                continue
            digest.update(str(path.relative_to(ROOT)).encode() + b'\0' + path.read_bytes())
    return digest.hexdigest()


def demo_code():
    """ Return the code that makes the demo school, for an Odoo shell.

    :rtype: str
    """
    return '\n\n'.join(
        (ROOT / 'scripts' / name).read_text() for name in ('demo_school.py', 'demo_books.py')
    )


def free_ports(count):
    """ Find loopback ports that nobody listens on, below the range that outgoing connections use.

    :param int count: How many.
    :return: Distinct ports. SCHOOL_PORTS=first-last narrows the choice.
    :rtype: list[int]
    """
    first, last = map(int, os.environ.get('SCHOOL_PORTS', '20000-31999').split('-'))
    candidates = list(range(first, last + 1))
    random.shuffle(candidates)
    found = []
    for port in candidates:
        if len(found) == count:
            break
        if port_is_free(port):
            found.append(port)
    if len(found) < count:
        message = f"no {count} free ports between {first} and {last}."
        raise StackError(message)
    return found


def port_is_free(port):
    """ Tell whether a server could listen on a loopback port now.

    :param int port: The port.
    :rtype: bool
    """
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True
