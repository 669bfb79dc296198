"""Databases of a run.

Installing the add-ons takes a minute, copying a template a second: so templates are kept.
"""
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess

import psycopg2
import stack_config
import stack_shell
from psycopg2 import sql
from stack_config import LOCAL, ROOT, StackError


# What Odoo itself brings; changes only with Odoo's version.
BASE_MODULES = 'account_payment,portal,sms,l10n_ke'


def start_postgres():
    """ Start the project's PostgreSQL unless it runs.

    :raise StackError: with the words of the script when it cannot.
    """
    done = stack_config.run_command(
        ['bash', ROOT / 'scripts' / 'postgres.sh', 'start'], capture_output=True,
    )
    if done.returncode:
        raise StackError(done.stderr.strip() or done.stdout.strip())


def connect(database='postgres'):
    """ Open an autocommit connection of our own.

    :param str database: Its name.
    :rtype: psycopg2.extensions.connection
    """
    environment = stack_config.postgres_environment()
    connection = psycopg2.connect(
        host=environment['PGHOST'], port=environment['PGPORT'], user=environment['PGUSER'],
        dbname=database, application_name='school-stack',
    )
    connection.autocommit = True
    return connection


def run(statement, *names, params=None):
    """ Run one statement on the maintenance database.

    :param str statement: SQL with {} for each identifier.
    :param str names: The identifiers.
    :return: The rows, if it has any.
    :rtype: list[tuple]
    """
    with contextlib.closing(connect()) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)), params)
        return cursor.fetchall() if cursor.description else []


def exists(name):
    """ Tell whether a database exists.

    :rtype: bool
    """
    return bool(run("SELECT 1 FROM pg_database WHERE datname = %s", params=[name]))


def drop(name):
    """ Drop a database, with whoever is connected to it, and its file store. """
    run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    shutil.rmtree(filestore(name), ignore_errors=True)


def drop_all(prefix):
    """ Drop every database whose name begins so.

    :param str prefix: How; taken literally.
    """
    found = run("SELECT datname FROM pg_database WHERE STARTS_WITH(datname, %s)", params=[prefix])
    for (name,) in found:
        drop(name)


def clone(template, name, strategy=None):
    """ Make a database from another one.

    :param str template: The one to copy; nobody may be connected to it.
    :param str name: The new one.
    :param str strategy: How PostgreSQL copies, such as FILE_COPY; its own choice by default.
    """
    drop(name)
    how = f" STRATEGY {strategy}" if strategy else ""
    run(f"CREATE DATABASE {{}} TEMPLATE {{}}{how}", name, template)
    if filestore(template).is_dir():
        # Odoo never changes a stored file, so a copy by hard links is safe and takes no room.
        shutil.copytree(filestore(template), filestore(name), copy_function=os.link)


def filestore(name):
    """ Return the folder of a database's attachments.

    :rtype: Path
    """
    return LOCAL / 'data' / 'filestore' / name


def install(database, modules, log_path):
    """ Install modules into a database, which is made when it does not exist.

    :param str database: Its name.
    :param str modules: Names parted by commas.
    :param Path log_path: Where Odoo's log goes.
    :raise StackError: when Odoo failed or logged an error; with those lines.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    conf = stack_config.write_odoo_conf(
        LOCAL / 'run' / 'install' / 'odoo.conf',
        {**stack_config.keys(), 'workers': 0, 'db_maxconn': 32},
    )
    command = [
        *stack_config.odoo_command(), '-c', str(conf), '-d', database, '-i', modules,
        '--stop-after-init', '--no-http', '--max-cron-threads=0',
    ]
    with log_path.open('w') as log:
        code = stack_config.run_command(
            command, env=stack_config.process_environment(), stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT,
        ).returncode
    text = log_path.read_text(errors='replace')
    bad = re.findall(r'^.* (?:ERROR|CRITICAL) .*$', text, re.MULTILINE)
    if code or bad:
        end = '\n'.join(f'    {line}' for line in (bad or text.splitlines())[-8:])
        message = f"Odoo could not install {modules}; the whole log is {log_path}:\n{end}"
        raise StackError(message)


def pack_assets(database):
    """ Make the bundles of scripts and styles that pages load, so that no copy makes its own.

    :param str database: Its name.
    :raise StackError: with the traceback when that failed.
    """
    stack_shell.run(
        "env['ir.qweb']._pregenerate_assets_bundles()", LOCAL / 'run' / 'install' / 'odoo.conf',
        database, LOCAL / 'log' / 'install-assets.log',
    )


def template(kind, build_demo=None, say=stack_config.say):
    """ Return the name of an up-to-date template database; build it when the code has changed.

    :param str kind: 'base' (Odoo's modules), 'plain' (and ours), 'demo' (and the demo school).
    :param callable build_demo: Loads the demo school into the database named by its argument.
    :param callable say: Gets one line for each slow step.
    :rtype: str
    """
    checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / 'template.lock').open('w') as lock:
        # Two runs that start together would build the same one.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _template(kind, f'school_tpl_{checkout}', build_demo, say)


def _template(kind, prefix, build_demo, say):
    parts = [stack_config.odoo_version(), BASE_MODULES]
    if kind != 'base':
        parts.append(stack_config.addons_digest())
    if kind == 'demo':
        parts += [stack_config.demo_code(), *stack_config.keys().values()]
    name = f'{prefix}_{kind}_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:10]}'
    # A checkout made anew finds the databases of the one before, without their files.
    if exists(name) and filestore(name).is_dir():
        return name
    below = {'plain': 'base', 'demo': 'plain'}.get(kind)
    source = _template(below, prefix, build_demo, say) if below else 'template0'
    drop_all(f'{prefix}_{kind}_')
    unfinished = f'{name}_new'
    clone(source, unfinished)
    if kind == 'base':
        say("preparing a database with Odoo's accounting (about a minute, once)")
        install(unfinished, BASE_MODULES, LOCAL / 'log' / 'install-base.log')
    elif kind == 'plain':
        say("installing school_fees and school_mpesa")
        install(unfinished, ','.join(stack_config.ADDONS), LOCAL / 'log' / 'install.log')
        pack_assets(unfinished)
    else:
        say("loading the demo school")
        build_demo(unfinished)
    finish(unfinished, name)
    return name


def finish(unfinished, name):
    """ Give a database, now finished, the name under which it is found.

    :param str unfinished: Its name until now.
    :param str name: Its name from now on.
    """
    run("ALTER DATABASE {} RENAME TO {}", unfinished, name)
    if filestore(unfinished).is_dir():
        shutil.rmtree(filestore(name), ignore_errors=True)
        filestore(unfinished).rename(filestore(name))
