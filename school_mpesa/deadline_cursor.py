"""A cursor that gives up when the time is over, for whoever must answer in time."""
import time

from odoo.sql_db import BaseCursor


class OutOfTime(Exception):
    """The time was over before the next query."""


class DeadlineCursor(BaseCursor):
    """A view of a cursor: it only reads, and every query ends by a moment.

    A time-out for each query alone would not do, since a question takes many. What is asked may
    hold what a payer typed, so no failing query is logged.
    """

    def __init__(self, cr, deadline):
        """ Read through this cursor from now on.

        :param odoo.sql_db.BaseCursor cr: Whoever opened it closes it, without a commit.
        :param float deadline: The moment on the clock of `time.monotonic`.
        """
        super().__init__()
        self._cr = cr
        self._deadline = deadline
        self.dbname = cr.dbname
        self._cr.execute('SET TRANSACTION READ ONLY')

    def execute(self, query, params=None, log_exceptions=False):
        """ Override of `sql_db` to keep within what is left of the time.

        :raise OutOfTime: If nothing is left.
        """
        left = int((self._deadline - time.monotonic()) * 1000)
        if left <= 0:
            raise OutOfTime
        # Waiting for a lock counts too: a table may be locked by an upgrade.
        self._cr.execute('SET LOCAL statement_timeout = %s', [left])
        return self._cr.execute(query, params, log_exceptions=False)

    def dictfetchone(self):
        """ Override of `sql_db`: the cursor itself fetches. """
        return self._cr.dictfetchone()

    def dictfetchall(self):
        """ Override of `sql_db`: the cursor itself fetches. """
        return self._cr.dictfetchall()

    def __getattr__(self, name):
        return getattr(self._cr, name)
