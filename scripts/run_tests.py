"""`make test`, `make faults`, `make planted`: runs kinds of tests, counts them, reads their logs.

A run fails when a test failed or was skipped, when a kind had no test at all, or when a warning or
error was logged that tests/expected_log.txt does not explain.
"""
import os
import re
import shutil
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import check_log
import stack_config
import stack_database
from stack_config import ADDONS, LOCAL, ROOT, StackError, say


LOGS = LOCAL / 'log' / 'test'
GATE = 'school_gate'
# So many runs beside each other: what a machine that checks a change has at least.
BESIDE = 2


class Result:
    """ What came of one kind of tests. """

    def __init__(self, kind):
        self.kind = kind
        self.passed = self.failed = self.skipped = 0
        self.problems = []
        self.started = time.monotonic()
        self.seconds = 0

    def finish(self, logs=()):
        """ Read the logs and judge.

        :param logs: Paths of the logs that the run left.
        :return: self
        """
        self.seconds = time.monotonic() - self.started
        self.problems += check_log.problems(self.kind, logs)
        if self.skipped:
            self.problems.append(f"{self.skipped} tests were skipped")
        if not self.passed + self.failed:
            self.problems.append("no test ran")
        return self


def run_pytest(kind, folders):
    """ Run tests that do not need Odoo in their own process.

    :param str kind: Their kind.
    :param list folders: Folders or files where they are, from the project's root.
    :rtype: Result
    """
    result = Result(kind)
    report = LOGS / f'{kind}.xml'
    log_list = LOGS / f'{kind}.logs'
    log_list.unlink(missing_ok=True)
    present = [folder for folder in folders if (ROOT / folder).exists()]
    code = stack_config.run_command(
        [
            # The plug-in for Odoo's tests wants a database; these have none, or one of their own.
            stack_config.python(), '-m', 'pytest', '-q', '-p', 'no:odoo', '-p', 'no:cacheprovider',
            f'--junitxml={report}', '-o', 'junit_family=xunit2', '--durations=5', *present,
            # Those of a running school share it; the others need nobody.
            *(['-n', str(BESIDE)] if kind == 'unit' else []),
        ],
        env={**stack_config.process_environment(), 'SCHOOL_LOG_LIST': str(log_list)},
    ).returncode if present else 5
    if report.exists() and present:
        for suite in ET.parse(report).getroot():  # noqa: S314 - pytest wrote it a moment ago
            counts = {name: int(suite.get(name)) for name in
                      ('tests', 'failures', 'errors', 'skipped')}
            result.failed = counts['failures'] + counts['errors']
            result.skipped = counts['skipped']
            result.passed = counts['tests'] - result.failed - result.skipped
    if code and not result.failed:
        result.problems.append(f"pytest ended with code {code}")
    logs = set(log_list.read_text().split('\n')) if log_list.exists() else set()
    return result.finish(sorted(Path(path) for path in logs if path and Path(path).exists()))


def run_addons(_kind, _folders):
    """ Run the add-ons' tests by Odoo's own runner, in copies of a database with both installed.

    A run uses hardly more than one processor, so there are some, each with its share of the files.

    :rtype: Result
    """
    result = Result('addons')
    template = stack_database.template('plain', say=say)
    stack_config.keys()  # Made before two runs could both make them.
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(
            lambda share: _run_share(template, *share), enumerate(_shares(BESIDE), 1),
        ))
    for database, code, log in runs:
        failed = _count_addons(result, log.read_text(errors='replace'))
        if code and not failed:
            result.problems.append(f"Odoo ended with code {code}, see {log}")
        if failed or code:
            say(f"the whole log: {log}")
        else:
            stack_database.drop(database)
    return result.finish([log for _database, _code, log in runs])


def _shares(count):
    """ Divide the files of the add-ons' tests; a file's size stands for the time it takes.

    :param int count: How many shares.
    :rtype: list[list[Path]]
    """
    files = [path for addon in ADDONS for path in (ROOT / addon / 'tests').glob('test_*.py')]
    shares = [[] for _number in range(count)]
    sizes = [0] * count
    for path in sorted(files, key=lambda path: (-path.stat().st_size, path.name)):
        smallest = sizes.index(min(sizes))
        shares[smallest].append(path)
        sizes[smallest] += path.stat().st_size
    return shares


def _run_share(template, number, files):
    """ Run the tests of some files.

    :param str template: Database to copy.
    :param int number: Of the share.
    :param list files: Their paths.
    :return: The name of the database, Odoo's exit code, and the path of the log.
    :rtype: tuple[str, int, Path]
    """
    name = f'addons_{number}'
    log = LOGS / f'{name}.log'
    database = f'{GATE}_{name}'
    stack_database.clone(template, database)
    port, gevent_port = stack_config.free_ports(2)
    conf = stack_config.write_odoo_conf(LOCAL / 'run' / 'test' / f'{name}.conf', {
        **stack_config.keys(), 'db_name': database, 'workers': 0,
        'http_port': port, 'gevent_port': gevent_port, 'proxy_mode': False, 'db_maxconn': 48,
        'max_cron_threads': 0, 'screenshots': LOGS / 'screenshots' / name,
    })
    with log.open('w') as output:
        code = stack_config.run_command(
            [
                *stack_config.odoo_command(), '-c', conf, '-d', database, '--stop-after-init',
                '--test-tags', ','.join(f'/{path.relative_to(ROOT)}' for path in files),
            ],
            env=stack_config.process_environment(), stdout=output, stderr=output,
        ).returncode
    return database, code, log


def _count_addons(result, text):
    """ Add what Odoo's runner counted to the result; without a count, the run has failed.

    :param Result result: Of all shares.
    :param str text: The log.
    :return: How many tests failed.
    :rtype: int
    """
    total = re.findall(r'(\d+) failed, (\d+) error\(s\) of (\d+) tests', text)
    failed = 0
    if total:
        failures, errors, tests = map(int, total[-1])
        failed = failures + errors
        skipped = len(re.findall(r' INFO .*: skipped ', text))
        result.failed += failed
        result.skipped += skipped
        result.passed += tests - failed - skipped
    else:
        result.problems.append("Odoo's runner counted no tests")
    for name, trace in re.findall(
        r'(?:FAIL|ERROR): ((?:Subtest )?\w+\.\w+.*)\n((?:(?!\d{4}-\d\d-\d\d ).*\n)*)', text,
    ):
        say(f"failed: {name}")
        # The error itself, without the way to it; the whole is in the log.
        error = re.search(r'^(?! |Traceback)(?:.*\n){1,12}', trace, re.MULTILINE)
        for line in error.group().splitlines() if error else ():
            say(f"  {line}")
    return failed


KINDS = {
    'unit': (run_pytest, ['tests/unit']),
    'addons': (run_addons, []),
    'end_to_end': (run_pytest, ['tests/end_to_end', 'tests/browser']),
    'faults': (run_pytest, ['tests/faults']),
    'planted': (run_pytest, ['tests/end_to_end/test_planted_day.py']),
}


def main():
    """ Run the kinds named on the command line, and print what came of them.

    :return: The exit code.
    :rtype: int
    """
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    results = []
    try:
        for kind in sys.argv[1:]:
            runner, folders = KINDS[kind]
            say(f"--- {kind}")
            if kind != 'unit':
                stack_database.start_postgres()
            results.append(runner(kind, folders))
    except StackError as error:
        sys.stderr.write(f"\nSTOPPED: {error}\n")
        return 1
    sys.stdout.write('\n')
    for result in results:
        for problem in result.problems:
            say(f"{result.kind}: {problem}")
        say(f"{result.kind:<12} {result.passed} passed, {result.failed} failed"
            f"  ({result.seconds:.0f} s)")
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    counts_file = os.environ.get('SCHOOL_COUNTS')
    if counts_file:
        with Path(counts_file).open('a') as file:
            file.write(f'{passed} {failed}\n')
    sys.stdout.write(f"\n{passed} passed, {failed} failed\n")
    return int(bool(failed or any(result.problems for result in results)))


if __name__ == '__main__':
    sys.exit(main())
