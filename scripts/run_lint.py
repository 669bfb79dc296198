"""`make lint`: ruff, pylint-odoo, Odoo's own test_lint over our add-ons, and their Swahili."""
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import stack_config
import stack_database
import translations
from stack_config import ADDONS, LOCAL, ROOT, StackError, say


DATABASE = 'school_lint'
# Those two run pylint and eslint with settings for Odoo's own tree; pylint-odoo stands in for them.
TAGS = '/test_lint,-/test_lint:TestPyLint,-/test_lint:TestESLint'


def run_ruff():
    """ Run ruff on all of our Python.

    :rtype: bool
    """
    tool = Path(stack_config.python()).with_name('ruff')
    return not stack_config.run_command([tool, 'check', '--no-cache', '--quiet', ROOT]).returncode


def run_pylint():
    """ Run pylint with OCA's plug-in on the add-ons.

    :rtype: bool
    """
    return not stack_config.run_command([
        stack_config.python(), '-m', 'pylint', f"--rcfile={ROOT / 'pylintrc'}",
        '--output-format=text', *ADDONS,
    ]).returncode


def run_test_lint():
    """ Run Odoo's own checks of add-ons, in a copy of the template database.

    :rtype: bool
    """
    stack_database.start_postgres()
    stack_database.clone(stack_database.template('plain', say=say), DATABASE)
    log = LOCAL / 'log' / 'test_lint.log'
    # Some of its checks walk whole folders of add-ons: ours lies beside tests, tools and .local.
    copies = LOCAL / 'run' / 'lint'
    shutil.rmtree(copies, ignore_errors=True)
    for addon in ADDONS:
        shutil.copytree(ROOT / addon, copies / addon)
    port, gevent_port = stack_config.free_ports(2)
    conf = stack_config.write_odoo_conf(LOCAL / 'run' / 'lint.conf', {
        **stack_config.keys(), 'addons_path': stack_config.addons_path(copies),
        'db_name': DATABASE, 'workers': 0,
        'http_port': port, 'gevent_port': gevent_port, 'proxy_mode': False,
    })
    try:
        with log.open('w') as output:
            stack_config.run_command(
                [
                    *stack_config.odoo_command(), '-c', conf, '-d', DATABASE, '-i', 'test_lint',
                    '--test-tags', TAGS, '--stop-after-init', '--max-cron-threads=0',
                ],
                env=stack_config.process_environment(), stdout=output, stderr=output,
            )
    finally:
        stack_database.drop(DATABASE)
    text = log.read_text(errors='replace')
    total = re.findall(r'(\d+) failed, (\d+) error\(s\) of (\d+) tests', text)
    # It checks Odoo's own add-ons too; warnings about those are not ours.
    bad = [
        line for line in re.findall(r'^.* (?:WARNING|ERROR|CRITICAL) .*$', text, re.MULTILINE)
        if 'school_' in line.partition(DATABASE)[2]
    ]
    for line in bad:
        say(line)
    if not total or total[-1][:2] != ('0', '0') or total[-1][2] == '0':
        say(f"Odoo's test_lint failed; see {log}")
        return False
    say(f"test_lint: {total[-1][2]} tests")
    return not bad


def run_translations():
    """ Check that each text of the add-ons has its Swahili.

    :rtype: bool
    """
    return translations.run(translations.check)


def main():
    """ Run all four beside each other, whatever one of them finds.

    :return: The exit code.
    :rtype: int
    """
    checks = {
        'ruff': run_ruff, 'pylint-odoo': run_pylint, "Odoo's test_lint": run_test_lint,
        'Swahili': run_translations,
    }
    try:
        with ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda check: check(), checks.values())
            outcomes = dict(zip(checks, found, strict=True))
    except StackError as error:
        sys.stderr.write(f"\nSTOPPED: {error}\n")
        return 1
    bad = [name for name, passed in outcomes.items() if not passed]
    say(f"not clean: {', '.join(bad)}" if bad else f"clean: {', '.join(outcomes)}")
    return int(bool(bad))


if __name__ == '__main__':
    sys.exit(main())
