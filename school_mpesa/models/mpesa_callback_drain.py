# Scheduled actions commit on purpose: each batch is durable before the next one is claimed.
# pylint: disable=invalid-commit
import time
from datetime import timedelta

from psycopg2 import OperationalError
from psycopg2 import errors as pg_errors

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.payment.logging import get_payment_logger


_logger = get_payment_logger(__name__)

BATCH = 25  # journal and receipt numbers stay locked for a batch: about a second
TRIES = 8  # then a message is parked, with its reason and a Replay button
# A booking waits so long, in milliseconds, for a row that somebody holds; then others go first.
LOCK_TIMEOUT = 3000
PATIENCE_SECONDS = 10  # a message that is due sooner is waited for
PARKED_SECONDS = 3600  # a parked one is tried so often, since what was missing may be back
GRACE_SECONDS = 0.2  # longer than an accept takes from its look at the wake-ups to its commit

# Another worker was quicker, or touched the same rows: the same work succeeds on a new snapshot.
# A unique violation is one of these, since the row that is in the way is invisible to the old one.
RETRY_ON_NEW_SNAPSHOT = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, pg_errors.UniqueViolation)


class MpesaCallback(models.Model):
    """The drain: takes messages from the inbox in batches and books each exactly once."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    @api.model
    def _cron_drain(self):
        """ Empty the inbox. Woken by every accepted message, and by the clock.

        :return: None
        """
        self._delete_due_wakeups()
        patience_ends = time.monotonic() + PATIENCE_SECONDS
        graced = False
        while True:
            count = self._drain_batch()
            self.env['payment.transaction']._mpesa_tell()
            if count:
                graced = False
                if not self.env['ir.cron']._commit_progress(count, remaining=self._count_due()):
                    return
            elif graced and not self._is_due_soon():
                return
            elif graced and time.monotonic() >= patience_ends:
                # Other actions have their turn first, then the waiting goes on.
                self.env.ref('school_mpesa.cron_drain')._trigger()
                return
            else:
                # An accept may have seen the wake-up that was just deleted, and so written none.
                # By now it is committed: look once more before going to sleep.
                # The commit ends the transaction, whose snapshot would still be the old one.
                # Messages due within seconds are waited for in the same steps: Odoo looks at
                # planned wake-ups once a minute only.
                graced = True
                self.env.cr.commit()
                time.sleep(GRACE_SECONDS)

    @api.model
    def _delete_due_wakeups(self):
        """ Delete the wake-ups that brought us here, and commit, before anything is claimed.

        What is accepted from now on writes a wake-up of its own. Odoo itself deletes only those of
        past seconds, and would leave ours of this second behind.
        """
        # Raw SQL: `call_at` holds microseconds of the database's clock, which the ORM truncates.
        self.env.cr.execute(
            """
            DELETE FROM ir_cron_trigger
             WHERE cron_id = %s AND call_at <= clock_timestamp() AT TIME ZONE 'UTC'
            """,
            [self.env.ref('school_mpesa.cron_drain').id],
        )
        self.env.cr.commit()

    @api.model
    def _count_due(self):
        return self.search_count([
            ('state', 'in', ('new', 'parked')),
            '|', '&', ('next_try_at', '=', False), ('state', '=', 'new'),
            ('next_try_at', '<=', fields.Datetime.now()),
        ])

    @api.model
    def _is_due_soon(self):
        """ Tell whether a message waits that may be tried within seconds.

        :rtype: bool
        """
        soon = fields.Datetime.now() + timedelta(seconds=PATIENCE_SECONDS)
        return bool(self.search_count(
            [('state', '=', 'new'), ('next_try_at', '<=', soon)], limit=1,
        ))

    @api.model
    def _claim(self, limit, ids=None):
        """ Lock waiting messages for this transaction; those that another worker holds are skipped.

        A worker that dies lets go of its locks, so nothing has to be given back. What was parked
        by a decision has no next try, and waits for a person.

        :param int limit: How many at most.
        :param list[int] ids: Only these, or None for any.
        :rtype: mpesa.callback
        """
        # Raw SQL: the claim must read and lock in one statement, new before parked, oldest first.
        self.env.cr.execute(
            """
            SELECT id FROM mpesa_callback
             WHERE state IN ('new', 'parked')
               AND (next_try_at IS NULL AND state = 'new'
                    OR next_try_at <= clock_timestamp() AT TIME ZONE 'UTC')
               AND (%(ids)s IS NULL OR id = ANY(%(ids)s))
             ORDER BY state, id
             LIMIT %(limit)s
               FOR NO KEY UPDATE SKIP LOCKED
            """,
            {'limit': limit, 'ids': ids},
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _drain_batch(self):
        """ Claim a batch, book it and commit.

        A business error of one message sends each to a savepoint of its own. A clash with another
        worker sends each to a transaction of its own: on the old snapshot it would fail again.

        :return: How many messages were dealt with.
        :rtype: int
        """
        self._limit_waiting()
        batch = self._claim(BATCH)
        if not batch:
            self.env.cr.commit()
            return 0
        ids = batch.ids
        try:
            with self.env.cr.savepoint():
                batch._process()
            self.env.cr.commit()
        except RETRY_ON_NEW_SNAPSHOT:
            self._start_afresh()
            for callback_id in ids:
                self._drain_one(callback_id)
        except Exception as error:  # noqa: BLE001 - any failure of one must not stop the others
            self._raise_if_database_is_gone(error)
            _logger.info("A batch fell back to single messages: %s", type(error).__name__)
            if len(ids) == 1:
                batch._note_failure(error)
            else:
                clashed = []
                for callback in batch:
                    try:
                        callback._process_in_savepoint()
                    except RETRY_ON_NEW_SNAPSHOT:
                        clashed.append(callback.id)
                self.env.cr.commit()
                for callback_id in clashed:
                    self._drain_one(callback_id)
            self.env.cr.commit()
        return len(ids)

    @api.model
    def _drain_one(self, callback_id):
        """ Deal with one message in a transaction of its own.

        :param int callback_id: The message.
        :return: None
        """
        clash = None
        for attempt in range(5):
            try:
                self._limit_waiting()
                claimed = self._claim(1, [callback_id])
                if claimed:
                    claimed._process_in_savepoint()
                self.env.cr.commit()
                return
            except RETRY_ON_NEW_SNAPSHOT as error:
                clash = error
                self._start_afresh()
                if isinstance(error, pg_errors.LockNotAvailable):
                    break  # Somebody holds what it needs: the others do not wait for that.
                time.sleep(0.02 * 2 ** attempt)
        # Not a passing clash: note it like any other failure, so that it is parked in the end.
        self._claim(1, [callback_id])._note_failure(clash)
        self.env.cr.commit()

    @api.model
    def _limit_waiting(self):
        """ Let this transaction give up on rows that somebody holds, after some seconds. """
        # Raw SQL: the ORM has no such setting.
        self.env.cr.execute("SET LOCAL lock_timeout = %s", [LOCK_TIMEOUT])

    @api.model
    def _start_afresh(self):
        """ Leave the transaction and everything that was read in it. """
        self.env.cr.rollback()
        self.env.invalidate_all(flush=False)

    def _process_in_savepoint(self):
        """ Deal with one message; a business error is noted on it and goes no further.

        :return: None
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._process()
        except RETRY_ON_NEW_SNAPSHOT:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is kept and shown
            self._raise_if_database_is_gone(error)
            self._note_failure(error)

    @api.model
    def _raise_if_database_is_gone(self, error):
        """ Raise an error after which nothing can be written: all is still in the inbox.

        Not every `OperationalError` is one: a limit of the program or a cancelled query concerns
        the one message, and would otherwise stop all the others for ever.

        :param Exception error: What happened.
        :return: None
        """
        if isinstance(error, OperationalError) and self.env.cr._cnx.closed:
            raise error

    def _note_failure(self, error):
        """ Remember that a message could not be booked: try again soon, in the end every hour.

        :param Exception error: Why. Its text may quote data, so only its kind is logged.
        :return: None
        """
        if not self:
            return  # Another worker has it by now.
        self.ensure_one()
        tries = self.tries + 1
        parked = tries >= TRIES
        _logger.warning(
            "M-PESA message %s was not booked (try %s): %s", self.id, tries, type(error).__name__,
        )
        self.write({
            'tries': tries,
            'state': 'parked' if parked else 'new',
            'next_try_at': fields.Datetime.now() + timedelta(
                seconds=PARKED_SECONDS if parked else min(2 ** tries, 300)
            ),
            'reason': self._explain_failure(error),
        })

    def _explain_failure(self, error):
        """ Say why a message could not be booked.

        Our own errors are written for people; those of others may quote data.

        :param Exception error: What stood in the way.
        :rtype: str
        """
        if isinstance(error, UserError):
            return str(error)[:200]
        if isinstance(error, pg_errors.UniqueViolation):
            return self.env._(
                "The books hold this M-PESA code already, perhaps on a receipt typed by hand."
                " Reverse that one, then replay this message."
            )
        if isinstance(error, pg_errors.LockNotAvailable):
            return self.env._("Somebody was changing the same bill or journal: it is tried again.")
        return type(error).__name__

    def _close(self, state, reason=False, movement=None, tx=None):
        """ Finish messages.

        :param str state: 'done', 'repeat', 'conflict', 'unreadable' or 'parked'.
        :param str reason: Why, in words, free of personal data.
        :param mpesa.transaction movement: The movement they told of.
        :param payment.transaction tx: The request they belong to.
        :return: None
        """
        self.write({
            'state': state,
            'reason': reason,
            'processed_at': fields.Datetime.now(),
            'next_try_at': False,
            **({'mpesa_transaction_id': movement.id} if movement else {}),
            **({'payment_transaction_id': tx.id} if tx else {}),
        })
