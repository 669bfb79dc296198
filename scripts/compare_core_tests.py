"""`make core-tests`: Odoo's own payment tests give the same with our add-ons as without."""
import re
import sys

import stack_config
import stack_database
from stack_config import LOCAL, StackError, say


MODULES = 'payment,account_payment'
TAGS = '/payment,/account_payment'


def run(kind):
    """ Run the tests in a copy of a template.

    :param str kind: Which template: 'base' without our add-ons, 'plain' with them.
    :return: For each test 'passed', 'FAIL' or 'ERROR'.
    :rtype: dict[str, str]
    """
    database = f'school_core_{kind}'
    stack_database.clone(stack_database.template(kind, say=say), database)
    log = LOCAL / 'log' / f'core-{kind}.log'
    port, gevent_port = stack_config.free_ports(2)
    conf = stack_config.write_odoo_conf(LOCAL / 'run' / f'core-{kind}.conf', {
        **stack_config.keys(), 'db_name': database, 'workers': 0,
        'http_port': port, 'gevent_port': gevent_port, 'proxy_mode': False, 'db_maxconn': 48,
    })
    try:
        with log.open('w') as output:
            stack_config.run_command(
                [
                    # Tests of the kind at_install run only where a module is installed or updated.
                    *stack_config.odoo_command(), '-c', conf, '-d', database, '-u', MODULES,
                    '--test-tags', TAGS, '--stop-after-init',
                ],
                env=stack_config.process_environment(), stdout=output, stderr=output,
            )
    finally:
        stack_database.drop(database)
    text = log.read_text(errors='replace')
    results = dict.fromkeys(re.findall(r'Starting (\w+\.\w+) \.\.\.', text), 'passed')
    for verdict, name in re.findall(r'(FAIL|ERROR): (\w+\.\w+)', text):
        results[name] = verdict
    total = re.findall(r'of (\d+) tests', text)
    failed = sum(verdict != 'passed' for verdict in results.values())
    with_ours = 'with' if kind == 'plain' else 'without'
    say(f"{with_ours} our add-ons: {total[-1] if total else 0} tests, {failed} failed")
    return results


def main():
    """ Run both, and print each test whose result differs.

    :return: The exit code.
    :rtype: int
    """
    try:
        stack_database.start_postgres()
        without, with_ours = run('base'), run('plain')
    except StackError as error:
        sys.stderr.write(f"\nSTOPPED: {error}\n")
        return 1
    differing = [
        name for name in sorted(without.keys() | with_ours.keys())
        if without.get(name) != with_ours.get(name)
    ]
    for name in differing:
        say(f"{name}: {without.get(name)} without, {with_ours.get(name)} with our add-ons")
    say("the same results" if without and not differing else "not the same results")
    return int(bool(differing) or not without)


if __name__ == '__main__':
    sys.exit(main())
