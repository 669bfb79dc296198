"""The M-PESA dashboard beside a long past: the same day, after few payments and after many.

The rows are written once by SQL into copies of the database; two servers answer, and are asked in
turns.
"""
# The SQL is put together of texts that stand in this file.
# ruff: noqa: S608
import statistics

from client import percentile
from screens import WARM, Screens
from stack_config import StackError, say
from stack_with_addons import StackWithAddons
from years_stack import FOLDER


FEW = 1_000
TODAY = 300  # requests and payments of the day that is looked at, in either database
UNIDENTIFIED = 100
OPEN_REQUESTS, OPEN_LINKS = 40, 200
FACTS = """
    WITH facts AS (
        SELECT p.id AS provider, p.company_id AS company, p.mpesa_environment AS environment,
               p.mpesa_shortcode AS shortcode, c.currency_id AS currency, %(rows)s AS rows,
               %(rows)s - %(today)s AS past, now() AT TIME ZONE 'UTC' AS now,
               -- Midnight in Kenya.
               date_trunc('day', now() AT TIME ZONE 'UTC' + interval '3 hours')
                   - interval '3 hours' AS midnight,
               (SELECT MIN(id) FROM payment_method WHERE code = 'mpesa') AS method,
               (SELECT MIN(id) FROM school_receipt WHERE state = 'posted') AS receipt,
               (SELECT MIN(id) FROM account_payment WHERE state <> 'canceled') AS payment,
               (SELECT array_agg(id ORDER BY id) FROM school_student) AS students,
               (SELECT MIN(partner_id) FROM school_student) AS partner,
               (SELECT COALESCE(MAX(id), 0) FROM payment_transaction) AS first_request,
               (SELECT COALESCE(MAX(id), 0) FROM mpesa_payment_link) AS first_link
          FROM payment_provider p JOIN res_company c ON c.id = p.company_id
         WHERE p.code = 'mpesa' AND p.state <> 'disabled' ORDER BY p.id LIMIT 1
    ), moment AS (
        SELECT n, CASE WHEN n <= past THEN midnight - (past - n + 1) * interval '30 seconds'
                  ELSE midnight + (now - midnight) * (n - past - 1) / (rows - past) END AS at
          FROM facts, generate_series(1, rows) n
    )
"""
# One link made by hand for fifty requests; most have expired.
LINKS = FACTS + """
    INSERT INTO mpesa_payment_link (slug, kind, student_id, company_id, may_change, expires_on,
                                    max_uses, amount, first_asked, create_date)
    SELECT 'bench' || LPAD(n::text, 7, '0'), 'link', students[1 + n %% cardinality(students)],
           company, TRUE,
           (now + interval '3 hours')::date
               + CASE WHEN n > rows / 50 - %(open_links)s THEN 14 ELSE -1 END,
           1, 0, 5000, now
      FROM facts, generate_series(1, rows / 50) n
"""
REQUESTS = FACTS + """
    INSERT INTO payment_transaction (
        id, provider_id, company_id, payment_method_id, reference, amount, currency_id, state,
        operation, partner_id, create_date, last_state_change, mpesa_sent_at, mpesa_channel,
        mpesa_student_id, mpesa_phone_mask, mpesa_push_state, mpesa_result_code, mpesa_link_id)
    SELECT first_request + n, provider, company, method, 'bench-' || n, 500 + n %% 1000, currency,
           CASE WHEN n > rows - %(open)s THEN 'pending' WHEN n %% 10 < 6 THEN 'done'
                ELSE 'error' END,
           'online_direct', partner, at, at, at,
           ('{stk_push,payment_link,invoice,statement}'::text[])[1 + n %% 4],
           students[1 + n %% cardinality(students)], '0712 *** 678',
           CASE WHEN n > rows - %(open)s THEN 'accepted' WHEN n %% 10 < 6 THEN 'paid'
                ELSE 'declined' END,
           CASE WHEN n > rows - %(open)s THEN NULL WHEN n %% 10 < 6 THEN '0' ELSE '1032' END,
           CASE WHEN n %% 50 = 0 THEN first_link - rows / 50 + n / 50 END
      FROM facts, moment
"""
MOVEMENTS = FACTS + """
    INSERT INTO mpesa_transaction (
        provider_id, company_id, environment, shortcode, receipt, kind, direction, amount,
        currency_id, paid_at, first_seen_at, account_reference, source, payer_mask,
        payment_transaction_id, receipt_id, suspense_payment_id)
    SELECT provider, company, environment, shortcode, 'BNCH' || LPAD(n::text, 8, '0'), 'payment',
           'in', 500 + n %% 1000, currency, at, at, 'ADM-001', 'confirmation', '0712 *** 678',
           CASE WHEN n %% 10 < 6 AND n <= rows - %(open)s THEN first_request - rows + n END,
           CASE WHEN n <= past - %(unidentified)s OR n > past THEN receipt END,
           -- One in fifty was unidentified at first.
           CASE WHEN n > past - %(unidentified)s AND n <= past OR n %% 50 = 1 THEN payment END
      FROM facts, moment
"""
# As the scheduled action leaves them every night.
CLOSES = FACTS + """
    INSERT INTO mpesa_day_close (provider_id, company_id, currency_id, environment, shortcode, day,
                                 state, movement_count, movement_total, is_stale)
    SELECT provider, company, currency, environment, shortcode,
           (midnight + interval '3 hours')::date - ago, 'proven', 2880, 2880000, FALSE
      FROM facts, generate_series(1, GREATEST(30, past / 2880 + 1)) ago
"""
TABLES = ('mpesa_payment_link', 'payment_transaction', 'mpesa_transaction', 'mpesa_day_close')


class Collected(StackWithAddons):
    """ A school that has collected for long.

    :param int rows: How many requests and how many payments there are.
    """

    def __init__(self, rows):
        super().__init__(
            f'collected_{rows}', FOLDER / 'addons', '', simulator=False, nginx=False, workers=1,
            max_cron_threads=0, odoo_options=['--load=base,rpc,web,school_query_count'],
        )
        self.rows = rows

    def _make_database(self):
        super(StackWithAddons, self)._make_database()  # The add-on only counts; it is loaded.
        numbers = {
            'rows': self.rows, 'today': TODAY, 'unidentified': UNIDENTIFIED, 'open': OPEN_REQUESTS,
            'open_links': OPEN_LINKS,
        }
        self.sql("DELETE FROM mpesa_day_close")  # Those of the demo school lie on other days.
        for statement in (LINKS, REQUESTS, MOVEMENTS, CLOSES):
            self.sql(statement, numbers)
        for table in TABLES:
            self.sql(f"VACUUM ANALYZE {table}")  # as the database does by itself at night


def measure(rows, turns):
    """ Ask for both dashboards, each turn for the one and then for the other.

    :param int rows: How many requests and payments the long past has.
    :param int turns: How often each is asked for.
    :return: Milliseconds and queries of either, and the ratio of the medians.
    :rtype: dict
    """
    with Collected(FEW) as few, Collected(rows) as many:
        say(f"the dashboard after {rows:,} payments beside {FEW:,}")
        asks = [
            Screens(stack).ask('mpesa.dashboard', 'get_figures') for stack in (few, many)
        ]
        took, queries, shown = ([], []), ([], []), [None, None]
        for turn in range(turns + WARM):
            for place in ((0, 1), (1, 0))[turn % 2]:  # who goes first takes turns, too
                shown[place], seconds, count = asks[place]()
                if turn >= WARM:
                    took[place].append(seconds * 1000)
                    queries[place].append(count)
    for figures in shown:
        _check(figures)
    medians = [statistics.median(one) for one in took]
    return {
        'rows': rows,
        'p50_ms': [round(one, 1) for one in medians],
        'p95_ms': [round(percentile(one, 95), 1) for one in took],
        'queries': [min(one) for one in queries],
        'ratio': round(medians[1] / medians[0], 3),
    }


def _check(figures):
    """ Ensure that a dashboard showed what was written: a fast empty one proves nothing. """
    amounts = {card['key']: card['amount'] for card in figures['cards']}
    rows = len(figures['transactions']), len(figures['charts'][0]['rows'])
    if (
        rows != (20, 14) or amounts['unidentified'] < UNIDENTIFIED
        or amounts['pending'] < OPEN_REQUESTS or amounts['received'] < TODAY * 500
    ):
        message = f"the dashboard shows {amounts} and {rows} rows"
        raise StackError(message)
