"""Accept and claim beside a full inbox: the same work on few rows and on many, in turns.

The rows are written once by SQL into a copy of the database; no server runs on either of the two.
"""
import statistics
import time

import stack_config
from stack import Stack


FEW = 1_000
WAITING = 200  # of either inbox
WARMING = 20  # turns that only warm the caches
BATCH = 25  # as the drain claims
OPEN_ENDED = 80  # of either inbox that wait for a person, who works them off

# A message's sealed body is some 600 bytes. They are not compressed, as sealed bytes cannot be.
FILL = """
    INSERT INTO mpesa_callback_key (wrapped)
    SELECT repeat(md5(n::text), 4) FROM generate_series(1, %(rows)s) n;
    INSERT INTO mpesa_callback (
        endpoint, provider_id, company_id, environment, key_id, body_sealed, digest, content_type,
        source_address, source_listed, received_at, state, tries, reason, processed_at)
    SELECT CASE WHEN n %% 5 < 2 THEN 'stk' ELSE 'confirmation' END, p.id, p.company_id,
           p.mpesa_environment, first.id + n, decode(repeat(md5(n::text), 38), 'hex'),
           repeat(md5(n::text), 2), 'application/json', '127.0.0.1', TRUE,
           now() AT TIME ZONE 'UTC' - (%(rows)s - n) * interval '30 seconds',
           CASE WHEN n > %(rows)s - %(waiting)s THEN 'new'
                WHEN n <= %(open)s THEN
                    ('{conflict,parked,quarantined,unreadable}'::text[])[1 + n %% 4]
                WHEN n %% 3 = 0 THEN 'repeat' ELSE 'done' END,
           0, 'bench', now() AT TIME ZONE 'UTC'
      FROM generate_series(1, %(rows)s) n,
           (SELECT coalesce(max(id), 0) - %(rows)s AS id FROM mpesa_callback_key) first,
           (SELECT id, company_id, mpesa_environment FROM payment_provider
             WHERE code = 'mpesa' AND state <> 'disabled' ORDER BY id LIMIT 1) p;
"""


class Inbox(Stack):
    """ A database with a full inbox, and nothing that runs on it.

    :param int rows: How many messages.
    """

    def __init__(self, rows):
        super().__init__(f'inbox_{rows}', nginx=False, simulator=False)
        self.rows = rows

    def start(self):
        """ Override of `Stack`: only the database. """
        self._begin_logs()
        self._make_database()
        self.sql(FILL, {'rows': self.rows, 'waiting': WAITING, 'open': OPEN_ENDED})
        # As the database does by itself at night.
        self.sql("VACUUM ANALYZE mpesa_callback")
        self.sql("VACUUM ANALYZE mpesa_callback_key")
        return self


def measure(rows, turns):
    """ Measure both, each turn on the one inbox and then on the other.

    :param int rows: How many messages the full inbox has.
    :param int turns: How many accepts and claims on each.
    :return: Milliseconds on either inbox, and the ratios of the medians.
    :rtype: dict
    """
    with Inbox(FEW) as few, Inbox(rows) as many:
        stack_config.say(f"accept and claim with {rows:,} messages beside {FEW:,}")
        took = few.shell(
            "from bench.age_run import run\n"
            f"result = run({few.database!r}, {many.database!r}, {turns})",
        )
    medians = {
        work: [round(statistics.median(one) * 1000, 3) for one in both]
        for work, both in took.items()
    }
    return {
        'rows': rows, 'ms': medians,
        **{f'{work}_ratio': round(both[1] / both[0], 3) for work, both in medians.items()},
    }


def run(few, many, turns):
    """ Do the work in turns. Runs inside an Odoo shell, on two databases at once.

    :param str few: The one database.
    :param str many: The other one.
    :param int turns: How many.
    :return: For each work the seconds on the one and on the other.
    :rtype: dict[str, list]
    """
    took = {work: ([], []) for work in WORK}
    inboxes = [_open(name) for name in (few, many)]
    for turn in range(turns + WARMING):
        for work, do in WORK.items():
            for place in ((0, 1), (1, 0))[turn % 2]:  # who goes first takes turns, too
                seconds = do(inboxes[place])
                if turn >= WARMING:
                    took[work][place].append(seconds)
    for env in inboxes:
        env.cr.close()
    return took


def _open(name):
    from odoo import SUPERUSER_ID, api  # only there inside Odoo
    from odoo.modules.registry import Registry
    return api.Environment(Registry(name).cursor(), SUPERUSER_ID, {})


def _accept(env):
    """ Accept one message, as the route does, until it is durable. """
    provider = env['payment.provider'].search(
        [('code', '=', 'mpesa'), ('state', '!=', 'disabled')], order='id', limit=1,
    )
    known = (
        provider.id, provider.company_id.id, provider.mpesa_source_check,
        provider.mpesa_environment,
    )
    started = time.perf_counter()
    env['mpesa.callback']._accept(
        'confirmation', known, b'{"TransID": "' + b'x' * 460 + b'"}',
        content_type='application/json', source='127.0.0.1',
    )
    env.cr.commit()  # pylint: disable=invalid-commit
    return time.perf_counter() - started


def _claim(env):
    """ Claim a batch and look how many more wait, as the drain does; then let go of it. """
    started = time.perf_counter()
    claimed = env['mpesa.callback']._claim(BATCH)
    env['mpesa.callback']._count_due()
    took = time.perf_counter() - started
    env.cr.rollback()
    if len(claimed) != BATCH:
        message = f"{len(claimed)} messages were claimed instead of {BATCH}"
        raise RuntimeError(message)
    return took


WORK = {'accept': _accept, 'claim': _claim}
