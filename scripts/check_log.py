"""Finds warnings and errors in the logs of a test run that nobody has explained.

tests/expected_log.txt explains the others. It has a section for each kind of run, and in it one
line for each message:

    [end_to_end]
    0-4 | odoo.sql_db: bad query: .*could not serialize | two drains met; Odoo repeats the work

that is how often it may appear ("3" exactly, "0-4" within bounds), a regular expression, and why.
"""
import re
import sys
from collections import Counter
from pathlib import Path

from stack_config import ROOT


EXPECTED = ROOT / 'tests' / 'expected_log.txt'
# Odoo's lines, the simulator's, Python's own, and nginx's.
BAD_LINE = re.compile(
    r'^(?:\d{4}-\d\d-\d\d [\d:,]+ \d+ (?:WARNING|ERROR|CRITICAL) |(?:ERROR|WARNING|CRITICAL):?\s'
    r'|Traceback \(most recent call last\)|\d{4}/\d\d/\d\d [\d:]+ \[(?:error|crit|alert|emerg)\])',
)
BAD_QUERY = re.compile(r' odoo\.sql_db: bad query: (?!.* ERROR: )')


def expectations(kind):
    """ Return what may appear in the logs of a kind of run; the section [any] holds for all.

    :param str kind: Name of the section.
    :return: Lowest and highest number, expression and reason of each line.
    :rtype: list[tuple]
    """
    found = []
    section = None
    for number, line in enumerate(EXPECTED.read_text().splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        if line.startswith('['):
            section = line.strip('[]')
            continue
        parts = [part.strip() for part in line.split(' | ')]
        if len(parts) != 3 or not all(parts):
            message = f"{EXPECTED.name}, line {number}: needs count | expression | reason."
            raise ValueError(message)
        if section in {kind, 'any'}:
            low, _, high = parts[0].partition('-')
            found.append((int(low), int(high or low), re.compile(parts[1]), parts[2]))
    return found


def bad_lines(paths):
    """ Return the lines of the logs that are warnings or worse.

    A traceback inside an Odoo message belongs to the line before it and is not counted again. What
    PostgreSQL said of a bad query stands on a line of its own and is put behind the query: a
    statement alone does not tell why it failed.

    :param paths: The logs.
    :rtype: list[tuple[Path, str]]
    """
    found = []
    for path in paths:
        in_message = False
        for line in path.read_text(errors='replace').splitlines():
            stamped = re.match(r'^\d{4}-\d\d-\d\d [\d:,]+ \d+ ', line)
            if in_message and line.startswith('ERROR: ') and BAD_QUERY.search(found[-1][1]):
                found[-1] = (path, f'{found[-1][1]} {line}')
            elif BAD_LINE.match(line) and not (in_message and line.startswith('Traceback')):
                found.append((path, line))
                in_message = True
            elif stamped:
                in_message = False
    return found


def problems(kind, paths):
    """ Compare the logs of a run with what is expected.

    :param str kind: The kind of run.
    :param paths: Its logs.
    :return: One sentence for each thing that is wrong.
    :rtype: list[str]
    """
    rules = expectations(kind)
    counts = [0] * len(rules)
    unexpected = Counter()
    for path, line in bad_lines(paths):
        for index, (_low, _high, expression, _reason) in enumerate(rules):
            if expression.search(line):
                counts[index] += 1
                break
        else:
            message = re.sub(r'^[\d-]+ [\d:,]+ \d+ ', '', line)
            if len(message) > 300:  # The cause of a bad query is at its end.
                message = f'{message[:200]} … {message[-100:]}'
            unexpected[f"not expected, in {path.name}: {message}"] += 1
    wrong = [f"{line} ({count} times)" if count > 1 else line
             for line, count in unexpected.items()]
    for (low, high, expression, _reason), count in zip(rules, counts, strict=True):
        if not low <= count <= high:
            wrong.append(f"{count} times instead of {low} to {high}: {expression.pattern}")
    return wrong


def main():
    """ Check the logs named on the command line: kind, then files.

    :return: The exit code.
    :rtype: int
    """
    wrong = problems(sys.argv[1], [Path(name) for name in sys.argv[2:]])
    sys.stdout.writelines(f'  {line}\n' for line in wrong)
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
