import hashlib
from collections import defaultdict
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from .. import proof


CENT = Decimal('0.01')


def exact(amount):
    """ Return an amount as the database gave it, to the cent.

    :param float amount: KES, or None.
    :rtype: Decimal | None
    """
    return None if amount is None else Decimal(str(amount)).quantize(CENT)


class MpesaDayClose(models.Model):
    """What each source says of a day, read once and handed to the comparison."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.day.close'

    # === BUSINESS METHODS === #

    def _read_facts(self):
        """ Read what all sources say of the day.

        Note: `self.ensure_one()`, in sudo mode.

        :return: `ours`, `stated`, `stated_windows`, `pulled_windows` and `ledger` as
                 `proof.compare_day` takes them, `waiting` as in :meth:`_read_waiting`, `lines` and
                 `movements`, the rows behind `stated` and `ours`, `balance` as in
                 :meth:`_read_stated_balance`, and `unchecked_count`, how many statements wait for
                 a person's look.
        :rtype: dict
        """
        self.ensure_one()
        self.env.flush_all()
        start, end = proof.get_day_bounds(self.day)
        movements = self._read_movements(start, end)
        lines = self._read_lines(start, end)
        known = {row['receipt'] for row in movements}
        waiting, told_otherwise = self._read_waiting(known)
        statements = self._find_statements(start, end)
        stated_windows = self._get_stated_windows(
            statements.filtered(lambda told: not told._is_unchecked())
        )
        facts = {
            'movements': movements,
            'lines': lines,
            'ours': [self._make_movement(row, told_otherwise) for row in movements],
            'stated': [self._make_line(row) for row in lines],
            'stated_windows': stated_windows,
            'pulled_windows': self._get_pulled_windows(start, end),
            'waiting': waiting,
            'balance': self._read_stated_balance(end),
            'unchecked_count': len(statements.filtered(lambda told: told._is_unchecked())),
        }
        facts['ledger_count'], facts['ledger'] = self._read_ledger(facts, start, end)
        return facts

    def _find_receipts(self, table, moment, start, end):
        """ Find the M-PESA codes of the day in one of our two tables.

        They are put into the queries below as a list. A join would be left to PostgreSQL, which
        knows little of a table that an import has just filled, and compared ten thousand rows with
        ten thousand one by one.

        :param str table: `mpesa_transaction` or `mpesa_statement_line`.
        :param str moment: The column that says when it happened.
        :param datetime start: When the day starts, naive UTC.
        :param datetime end: When the next one starts.
        :rtype: list[str]
        """
        return [receipt for receipt, in self.env.execute_query(SQL(
            """
            SELECT DISTINCT receipt FROM %(table)s
             WHERE environment = %(environment)s AND shortcode = %(shortcode)s
               AND %(moment)s >= %(start)s AND %(moment)s < %(end)s AND kind <> 'charge'
            """,
            table=SQL.identifier(table), moment=SQL.identifier(moment),
            environment=self.environment, shortcode=self.shortcode, start=start, end=end,
        ))]

    def _read_movements(self, start, end):
        """ Read our movements of the day, and those whose receipt is on a line of the day.

        :param datetime start: When the day starts, naive UTC.
        :param datetime end: When the next one starts.
        :rtype: list[dict]
        """
        # Raw SQL: what the ledger holds of each movement is beyond a domain, and a day can have
        # thousands.
        self.env.cr.execute(SQL(
            """
            SELECT movement.id, movement.provider_id, movement.receipt, movement.kind,
                   movement.direction, movement.amount, movement.paid_at,
                   movement.account_reference, movement.source, movement.verified_by,
                   movement.pulled_at, movement.first_seen_at, movement.reversal_state,
                   movement.denial_state IS NOT DISTINCT FROM 'denied' AS is_denied,
                   movement.denial_told_at,
                   receipt.amount AS on_students,
                   CASE WHEN receipt.id IS NULL THEN -waiting.residual END AS in_suspense,
                   CASE WHEN receipt.id IS NULL THEN waiting.credit + waiting.residual END
                        AS cleared,
                   reversal.amount AS taken_back,
                   (movement.kind = 'reversal' AND (
                        original.id IS NOT NULL AND original_receipt.id IS NULL
                        AND original.suspense_payment_id IS NULL
                        OR EXISTS (SELECT FROM mpesa_statement_line booked
                                    WHERE booked.mpesa_transaction_id = movement.id
                                      AND booked.move_id IS NOT NULL))) AS is_reversal_booked
              FROM mpesa_transaction movement
         LEFT JOIN school_receipt receipt
                ON receipt.id = movement.receipt_id AND receipt.state = 'posted'
         LEFT JOIN account_payment suspense
                ON suspense.id = movement.suspense_payment_id AND suspense.state <> 'canceled'
         LEFT JOIN LATERAL (
                   SELECT SUM(item.amount_residual) AS residual, -SUM(item.balance) AS credit
                     FROM account_move_line item
                    WHERE item.move_id = suspense.move_id
                      AND item.account_id = suspense.destination_account_id
                      AND item.parent_state = 'posted') waiting ON TRUE
         LEFT JOIN LATERAL (
                   SELECT SUM(back.amount) AS amount
                     FROM mpesa_transaction back
                    WHERE back.reverses_id = movement.id AND back.kind = 'reversal') reversal
                ON TRUE
         LEFT JOIN mpesa_transaction original ON original.id = movement.reverses_id
         LEFT JOIN school_receipt original_receipt
                ON original_receipt.id = original.receipt_id
               AND original_receipt.state = 'posted'
             WHERE movement.environment = %(environment)s AND movement.shortcode = %(shortcode)s
               AND movement.id IN (
                    SELECT own.id FROM mpesa_transaction own
                     WHERE own.environment = %(environment)s AND own.shortcode = %(shortcode)s
                       AND own.paid_at >= %(start)s AND own.paid_at < %(end)s
                    UNION
                    SELECT told.id FROM mpesa_transaction told
                     WHERE told.environment = %(environment)s AND told.shortcode = %(shortcode)s
                       AND told.receipt = ANY(%(receipts)s))
          ORDER BY movement.id
            """,
            environment=self.environment, shortcode=self.shortcode, start=start, end=end,
            receipts=self._find_receipts('mpesa_statement_line', 'completed_at', start, end),
        ))
        return self.env.cr.dictfetchall()

    def _read_lines(self, start, end):
        """ Read the statement's lines of the day, and those of receipts that we have on the day.

        :param datetime start: When the day starts, naive UTC.
        :param datetime end: When the next one starts.
        :rtype: list[dict]
        """
        # Raw SQL for the same reason. What stands comes before what contradicts it.
        self.env.cr.execute(SQL(
            """
            SELECT line.id, line.receipt, line.kind, line.direction, line.amount,
                   line.completed_at, line.day, line.account_reference, line.linked_receipt,
                   line.on_wallet, line.move_id, line.decided_as, line.state, line.difference,
                   line.provider_id, line.occurrence,
                   (line.disputed_by_id IS NOT NULL
                    OR statement.distrusted_at IS NOT NULL) AS is_disputed,
                   (statement.released_at IS NULL AND line.mpesa_transaction_id IS NULL
                    AND (line.kind = 'payment'
                         AND (line.state = 'found' OR line.difference = 'day')
                         OR line.kind = 'reversal' AND line.state = 'new')) AS waits
              FROM mpesa_statement_line line
              JOIN mpesa_statement statement ON statement.id = line.statement_id
             WHERE line.id IN (
                    SELECT own.id FROM mpesa_statement_line own
                     WHERE own.environment = %(environment)s AND own.shortcode = %(shortcode)s
                       AND own.completed_at >= %(start)s AND own.completed_at < %(end)s
                    UNION
                    SELECT told.id FROM mpesa_statement_line told
                     WHERE told.environment = %(environment)s AND told.shortcode = %(shortcode)s
                       AND told.receipt = ANY(%(receipts)s))
          ORDER BY line.state = 'different', line.id
            """,
            environment=self.environment, shortcode=self.shortcode, start=start, end=end,
            receipts=self._find_receipts('mpesa_transaction', 'paid_at', start, end),
        ))
        return self.env.cr.dictfetchall()

    def _make_movement(self, row, told_otherwise):
        """ Return a movement as the comparison takes it.

        :param dict row: As read.
        :param dict told_otherwise: Amounts that other messages told, by receipt.
        :rtype: proof.OurMovement
        """
        told = {row['source'], *(row['verified_by'] or '').split()}
        messages = {'stk', 'confirmation', 'reversal'}
        told_by = {'inbox' if source in messages else source for source in told}
        return proof.OurMovement(
            receipt=row['receipt'], kind=row['kind'], direction=row['direction'],
            moved_at=row['paid_at'], amount=exact(row['amount']), booked=self._get_booked(row),
            account_reference=row['account_reference'] or '', told_by=frozenset(told_by),
            pulled=bool(row['pulled_at']), other_amount=told_otherwise.get(row['receipt']),
            waits=row['reversal_state'] == 'person', cleared=exact(row['cleared'] or 0),
            denied=row['is_denied'],
            told_again=bool(row['denial_told_at'] or row['pulled_at']),
        )

    def _get_booked(self, row):
        """ Return what the ledger holds of a movement.

        :param dict row: As read.
        :return: KES, or None when it is not booked at all.
        :rtype: Decimal | None
        """
        if row['kind'] == 'reversal':
            return exact(row['amount']) if row['is_reversal_booked'] else None
        for name in ('on_students', 'in_suspense', 'taken_back'):
            if row[name] is not None:
                return exact(row[name])
        return None

    def _make_line(self, row):
        """ Return a line of the statement as the comparison takes it.

        :param dict row: As read.
        :rtype: proof.StatedLine
        """
        return proof.StatedLine(
            receipt=row['receipt'],
            # A person can say that a line of unknown kind is a payment.
            kind='payment' if row['decided_as'] == 'payment' else row['kind'],
            direction=row['direction'], completed_at=row['completed_at'],
            amount=exact(row['amount']), account_reference=row['account_reference'] or '',
            linked_receipt=row['linked_receipt'] or '',
            booked=bool(
                row['move_id'] or not row['on_wallet'] or row['decided_as'] == 'nothing'
            ),
            occurrence=row['occurrence'], disputed=row['is_disputed'], waits=row['waits'],
            refused=row['difference'] == 'refused',
        )

    def _read_waiting(self, known):
        """ Read the messages about money that are not booked.

        :param set known: The receipts of our movements.
        :return: (KES by receipt of the day's messages whose money we do not know otherwise, KES by
                 receipt where a message tells another amount of money that we know).
        :rtype: tuple[dict[str, Decimal], dict[str, Decimal]]
        """
        told = {receipt: news for receipt, *news in self._get_waiting_news()}
        unknown = {receipt for receipt, news in told.items() if self._is_of_day(news[1])} - known
        # It may be known by another day: nothing is counted twice.
        unknown -= set(self.env['mpesa.transaction'].search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('receipt', 'in', list(unknown)),
        ]).mapped('receipt'))
        return (
            {receipt: exact(told[receipt][0]) for receipt in unknown},
            {
                receipt: exact(amount) for receipt, (amount, _moment, state) in told.items()
                if receipt in known and state == 'conflict'
                and not self._is_known_amount(receipt, amount)
            },
        )

    def _get_waiting_news(self):
        """ Return what the messages tell of money that are not booked.

        A run over many days reads them once and hands them over in the context.

        :return: As `mpesa.callback._read_waiting_money` has it of this shortcode.
        :rtype: list[tuple]
        """
        read = self.env.context.get('mpesa_waiting_money')
        if read is None:
            read = self.env['mpesa.callback']._read_waiting_money(self.provider_id)
        return read[self.provider_id.id]

    @api.model
    def _get_waiting_keys(self, news):
        """ Return by what it is seen that other messages wait than when a day was compared.

        :param list news: As :meth:`_get_waiting_news` returns it.
        :return: By day in Kenya a digest of its messages.
        :rtype: dict[date, str]
        """
        by_day = defaultdict(list)
        for receipt, amount, moment, state in news:
            day = self.env['mpesa.transaction']._get_eat_day(moment)
            by_day[day].append(f'{receipt} {amount:.2f} {state}')
        return {
            day: hashlib.sha256('\n'.join(sorted(told)).encode()).hexdigest()
            for day, told in by_day.items()
        }

    def _is_known_amount(self, receipt, amount):
        """ Tell whether a message tells the amount that we know.

        :param str receipt: The M-PESA code of a movement.
        :param Decimal amount: What the message tells, KES.
        :rtype: bool
        """
        return any(movement._same_money(amount) for movement in self.env[
            'mpesa.transaction'
        ].search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('receipt', '=', receipt), ('kind', '=', 'payment'),
        ]))

    def _is_of_day(self, moment):
        """ Tell whether a moment lies on the day.

        :param datetime moment: Naive UTC.
        :rtype: bool
        """
        start, end = proof.get_day_bounds(self.day)
        return start <= moment < end

    def _find_statements(self, start, end):
        """ Return the statements that tell of some of the day.

        :param datetime start: When the day starts, naive UTC.
        :param datetime end: When the next one starts.
        :rtype: mpesa.statement
        """
        return self.env['mpesa.statement'].search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('period_start', '<', end), ('period_end', '>=', start),
            ('distrusted_at', '=', False),
        ])

    @api.model
    def _get_stated_windows(self, statements):
        """ Return what statements cover.

        The last second of a file that ends within a day may have gone on after it was made, and so
        disputes nothing and covers nothing; one that ends with the day has all of it.

        :param mpesa.statement statements: The statements.
        :return: (start, end) of each, naive UTC, both ends included.
        :rtype: list[tuple[datetime, datetime]]
        """
        return [
            (start, statement._get_cover()['end'] - proof.STEP)
            for statement in statements for start, _end in statement._get_windows()
        ]

    def _get_pulled_windows(self, start, end):
        """ Return what Pull covers of a day.

        :param datetime start: When the day starts, naive UTC.
        :param datetime end: When the next one starts.
        :rtype: list[tuple[datetime, datetime]]
        """
        return [
            (command.window_start, command.window_end)
            for command in self.env['mpesa.command'].search([
                ('environment', '=', self.environment),
                ('shortcode', '=', self.shortcode), ('kind', '=', 'pull'),
                # A row that could not be read may be a payment: such hours are not covered.
                ('state', '=', 'done'), ('unreadable', '=', 0),
                ('window_start', '<', end), ('window_end', '>=', start),
            ])
        ]

    def _read_ledger(self, facts, start, end):
        """ Read what the day changed on the account of the wallet.

        :param dict facts: `movements` and `lines` of the day.
        :param datetime start: When the day starts, naive UTC.
        :param datetime end: When the next one starts.
        :return: (count of posted lines, total and what it should be).
        :rtype: tuple[int, proof.LedgerDay]
        """
        (count, total), = self.env.execute_query(SQL(
            """SELECT COUNT(*), COALESCE(SUM(balance), 0) FROM account_move_line
                WHERE account_id = %s AND parent_state = 'posted' AND date = %s""",
            self._get_wallet().id, self.day,
        ))
        # What was never paid came and left again, on the days of its entries.
        (denied,), = self.env.execute_query(SQL(
            """SELECT COALESCE(SUM(item.balance), 0) FROM account_move_line item
                WHERE item.account_id = %s AND item.parent_state = 'posted' AND item.date = %s
                  AND item.move_id IN (
                        SELECT entry.account_move_id FROM mpesa_transaction_denial_move_rel entry
                          JOIN mpesa_transaction movement
                            ON movement.id = entry.mpesa_transaction_id
                         WHERE movement.denial_state = 'denied')""",
            self._get_wallet().id, self.day,
        ))
        expected = exact(denied)
        for row in facts['movements']:
            if row['provider_id'] == self.provider_id.id and start <= row['paid_at'] < end:
                if self._get_booked(row) is not None:
                    expected += exact(row['amount']) * (1 if row['direction'] == 'in' else -1)
        for row in facts['lines']:
            # Of reversals the movement counts, which every source shares.
            if row['day'] == self.day and row['move_id'] and row['on_wallet'] and (
                row['kind'] != 'reversal' and row['provider_id'] == self.provider_id.id
            ):
                expected += exact(row['amount']) * (1 if row['direction'] == 'in' else -1)
        return count, proof.LedgerDay(total=exact(total), expected=expected.quantize(CENT))

    def _get_wallet(self):
        """ Return the account that stands for the money at Safaricom.

        :rtype: account.account
        """
        return self.provider_id.journal_id.default_account_id

    def _read_wallet_balance(self):
        """ Return what is in the wallet by our books when the day ends.

        :return: KES.
        :rtype: Decimal
        """
        (balance,), = self.env.execute_query(SQL(
            """SELECT COALESCE(SUM(balance), 0) FROM account_move_line
                WHERE account_id = %s AND parent_state = 'posted' AND date <= %s""",
            self._get_wallet().id, self.day,
        ))
        return exact(balance)

    def _read_stated_balance(self, end):
        """ Return what is in the wallet by the statement when the day ends.

        Only files without gaps tell: of a file with one, nobody knows what is missing in it, also
        when a person has looked at it. They have to cover all the time from the last line on.

        :param datetime end: When the next day starts, naive UTC.
        :return: KES, or None when such files do not cover that time, none tells, or two of them
                 contradict each other on the last line.
        :rtype: Decimal | None
        """
        # What another file lacks, or a person has refused, never moved money. What is not clear yet
        # may have: then nobody can tell.
        rows = self.env.execute_query(SQL(
            """
            SELECT line.completed_at, line.direction, line.amount,
                   CASE WHEN line.has_balance AND statement.distrusted_at IS NULL
                         AND COALESCE(line.difference, '') NOT IN (
                             'amount', 'twice', 'facts', 'day')
                        THEN line.balance END AS balance,
                   COALESCE(statement.gap_count, 0) + COALESCE(statement.unreadable_count, 0)
                        = 0 AS is_whole
              FROM mpesa_statement_line line
              JOIN mpesa_statement statement ON statement.id = line.statement_id
             WHERE line.environment = %(environment)s AND line.shortcode = %(shortcode)s
               AND line.on_wallet AND line.disputed_by_id IS NULL
               AND line.difference IS DISTINCT FROM 'refused'
               AND line.completed_at = (
                    SELECT last.completed_at FROM mpesa_statement_line last
                     WHERE last.environment = %(environment)s
                       AND last.shortcode = %(shortcode)s
                       AND last.on_wallet AND last.disputed_by_id IS NULL
                       AND last.difference IS DISTINCT FROM 'refused'
                       AND last.completed_at < %(end)s
                  ORDER BY last.completed_at DESC LIMIT 1)
            """,
            environment=self.environment, shortcode=self.shortcode, end=end,
        ))
        if not rows:
            return None
        last = rows[0][0]
        statements = self._find_statements(last, end).filtered(
            lambda told: not (told.gap_count or told.unreadable_count)
        )
        if not proof.covers(self._get_stated_windows(statements), last, end):
            return None
        # What a file with gaps brought first stands in a whole one as well that covers its time:
        # else that one would dispute it, unless it has no line at all.
        disputing = self._get_stated_windows(statements.filtered(lambda told: told._is_whole()))
        is_vouched_for = proof.covers_moment(disputing, last)
        return proof.find_closing_balance([
            (moment, direction, exact(amount),
             exact(balance) if is_whole or is_vouched_for else None)
            for moment, direction, amount, balance, is_whole in rows
        ])

    def _read_difference_before(self):
        """ Return what the statement had more than the wallet at the end of the day before.

        By what is known now: an entry of an earlier day may be made after that day was compared,
        and the days between it and this one would go on telling what was otherwise before.

        Note: `self.ensure_one()`

        :return: KES, 0 where no statement tells of an earlier day.
        :rtype: Decimal
        """
        self.ensure_one()
        former = self._find_day_before()
        if not former:
            return Decimal(0)
        told = former._read_stated_balance(proof.get_day_bounds(former.day)[1])
        if told is None:
            told = exact(former.stated_balance)
        return told - former._read_wallet_balance()

    def _find_day_before(self):
        """ Return the last day before this one at whose end a statement tells the balance.

        Note: `self.ensure_one()`

        :rtype: mpesa.day.close
        """
        self.ensure_one()
        return self.search([
            ('provider_id', '=', self.provider_id.id), ('day', '<', self.day),
            ('has_stated_balance', '=', True),
        ], order='day desc', limit=1)
