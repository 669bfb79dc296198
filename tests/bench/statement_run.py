"""An organisation statement of 10,000 lines: seconds and memory until it is kept and matched.

`run` works inside an Odoo shell, on the demo school, through the bursar's own form. Run by itself
(`python tests/bench/statement_run.py`) it starts what it needs and prints the figures.
"""
# A benchmark commits as a request and as Odoo's scheduled action do.
# pylint: disable=invalid-commit
import base64
import csv
import io
import json
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import psutil


FIRST = datetime(2026, 9, 1, 6, 0, 0)  # Kenya's clock
APART = 120  # seconds between two payments
COLUMNS = [
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In",
    "Withdrawn", "Balance", "Balance Confirmed", "Reason Type", "Other Party Info",
    "Linked Transaction ID", "A/C No.",
]
PAYER = "25471****111 - WANJIKU **** OTIENO"
SWEEP = "Utility Account to Organization Settlement Account"
SIGNS = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ'
DAYS = '0123456789ABCDEFGHIJKLMNOPQRSTUV'  # of a month, as a code has them (daraja.md, 21)
# Of ten thousand lines: payments with their charges, a sweep for each fifty of them.
FOUND_PART, SWEPT_PART = 25, 50


def run(env, count=10_000):
    """ Import a statement, most of whose payments are known; then book what it alone tells.

    :param env: The shell's environment, on the demo school.
    :param int count: How many lines.
    :return: Seconds and MB of the import, seconds of the same file again and of the booking of its
             charges and sweeps.
    :rtype: dict
    """
    provider = env['payment.provider'].search([
        ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
    ], limit=1)
    bursar = env['res.users'].search([('login', '=', 'bursar')])
    rows, known = _make_rows(count)
    _remember(env, provider, known)
    content = base64.b64encode(_write(provider.mpesa_shortcode, rows))
    found = {'rows': len(rows)}
    _import(env, provider, bursar, base64.b64encode(_write(provider.mpesa_shortcode, [])))  # warm
    with Memory() as memory:
        began = time.perf_counter()
        statement = _import(env, provider, bursar, content)
        found['import_s'] = round(time.perf_counter() - began, 1)
    found['import_mb'] = memory.most
    env.cr.execute(
        'SELECT state, count(*) FROM mpesa_statement_line WHERE statement_id = %s GROUP BY state',
        [statement.id],
    )
    found['states'] = dict(env.cr.fetchall())
    check(sum(found['states'].values()) == len(rows), f"not every line was kept: {found}")
    check(
        found['states']['matched'] == len(known), f"not every known payment was matched: {found}",
    )
    with Memory() as memory:
        began = time.perf_counter()
        again = _import(env, provider, bursar, content)
        found['again_s'] = round(time.perf_counter() - began, 1)
    found['again_mb'] = memory.most
    check((again.new_count, again.known_count) == (0, len(rows)), "the file again added lines")
    with Memory() as memory:
        began = time.perf_counter()
        lines = env(context={})['mpesa.statement.line']
        booked = 0
        while done := lines._book_batch():
            booked += done
        found['book_s'] = round(time.perf_counter() - began, 1)
    found['book_mb'] = memory.most
    found['book_rate'] = round(booked / found['book_s'], 1)
    check(not lines._count_due(), "lines are left to book")
    return found


def _import(env, provider, bursar, content):
    """ Import a file as a request of the bursar's, from nothing to the commit. """
    env.invalidate_all()
    Wizard = env(user=bursar.id, context={'allowed_company_ids': provider.company_id.ids})[
        'mpesa.statement.upload'
    ]
    wizard = Wizard.create({
        'shortcode': str(provider.id), 'file': content, 'file_name': "statement.csv",
    })
    action = wizard.action_import()
    env.cr.commit()
    return env['mpesa.statement'].browse(action['res_id'])


def _make_rows(count):
    """ Return rows of a busy month, and those of its payments that are known.

    :return: (code, moment, details, KES, account) rows; all, and the known payments.
    :rtype: tuple[list, list]
    """
    rows, known, number = [], [], 1
    while len(rows) < count:
        moment = FIRST + timedelta(seconds=APART * number)
        code = _code('1', number, moment)
        account = f'GEN-{number % 10_000:05}'
        payment = (code, moment, f'Pay Bill from {PAYER} Acc. {account}', 1_000 + number, account)
        rows.append(payment)
        if number % FOUND_PART:
            known.append(payment)
        rows.append((code, moment, 'Pay Bill Charge', -(5 + number % 7), ''))
        if not number % SWEPT_PART:
            rows.append((_code('2', number, moment), moment, SWEEP, -20_000, ''))
        number += 1
    kept = {row[0] for row in rows[:count]}
    return rows[:count], [payment for payment in known if payment[0] in kept]


def _code(kind, number, moment):
    """ Return a code of the moment's day; kind keeps those of payments and sweeps apart. """
    signs = ''
    for _place in range(6):
        number, place = divmod(number, len(SIGNS))
        signs = SIGNS[place] + signs
    return f'UI{DAYS[moment.day]}{kind}{signs}'


def _write(shortcode, rows):
    """ Return the bytes of a file, template A. """
    out = io.StringIO()
    writer = csv.writer(out)
    end = rows[-1][1] if rows else FIRST
    writer.writerows([
        ["Account Holder:", "School"], ["Short Code:", shortcode], ["Account:", "Utility Account"],
        ["Time Period:", f'From {FIRST:%d-%m-%Y %H:%M:%S} To {end:%d-%m-%Y %H:%M:%S}'],
        ["Operator:", "x", "Organization:", "School"],
        ["Opening Balance:", "0.00"], COLUMNS,
    ])
    if not rows:
        moment = f'{FIRST:%d-%m-%Y %H:%M:%S}'
        declined = ['UI10000009', moment, moment, 'x', 'Declined', 1, '', 0]
        writer.writerow(declined + [''] * (len(COLUMNS) - len(declined)))
    balance = 0
    for code, moment, details, amount, account in rows:
        balance += amount
        stamp = f'{moment:%d-%m-%Y %H:%M:%S}'
        writer.writerow([
            code, stamp, stamp, details, 'Completed', f'{amount:.2f}' if amount > 0 else '',
            f'{amount:.2f}' if amount < 0 else '', f'{balance:.2f}', 'true', '',
            PAYER if account else '', '', account,
        ])
    return out.getvalue().encode()


def _remember(env, provider, payments):
    """ Write movements as if confirmations had told of them; what they became is left out. """
    company = provider.company_id
    env['mpesa.transaction'].flush_model()
    # Raw SQL: the booking of thousands of payments is measured elsewhere.
    env.cr.executemany(
        """
        INSERT INTO mpesa_transaction (
            provider_id, company_id, environment, shortcode, receipt, kind, direction, amount,
            currency_id, paid_at, first_seen_at, account_reference, source)
        VALUES (%s, %s, %s, %s, %s, 'payment', 'in', %s, %s, %s, now() AT TIME ZONE 'UTC', %s,
                'confirmation')
        """,
        [
            (
                provider.id, company.id, provider.mpesa_environment, provider.mpesa_shortcode, code,
                amount, company.currency_id.id, moment - timedelta(hours=3), account,
            )
            for code, moment, _details, amount, account in payments
        ],
    )
    env.cr.commit()
    env.cr.execute('ANALYZE mpesa_transaction')
    env.cr.commit()


class Memory:
    """ How many MB more this process holds at the most, meanwhile: a context manager. """

    def __enter__(self):
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self._most = self._before
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        self._watcher.join()
        self.most = round((self._most - self._before) / 2**20)

    def _watch(self):
        while not self._over.wait(0.05):
            self._most = max(self._most, self._process.memory_info().rss)


def check(fact, message):
    """ Stop the benchmark when it would measure something else than it says. """
    if not fact:
        raise RuntimeError(message)


def main():
    """ Measure on a school of its own, and print. """
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from stack import Stack
    with Stack('statement_bench', workers=0, nginx=False, simulator=False,
               max_cron_threads=0) as stack:
        found = stack.shell("from bench.statement_run import run\nresult = run(env)")
    sys.stdout.write(json.dumps(found, indent=2) + '\n')


if __name__ == '__main__':
    main()
