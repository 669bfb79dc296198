from odoo import api, fields, models, sql_db

from .. import vault


class MpesaRateCounter(models.Model):
    """How often something happened in a window of time, counted so that nobody can outrun it."""

    _name = 'mpesa.rate.counter'
    _description = "M-PESA Rate Counter"
    _log_access = False

    key = fields.Char(required=True)
    window_start = fields.Datetime(required=True)
    count = fields.Integer(required=True)

    _key_uniq = models.UniqueIndex("(key, window_start)", "This window is already counted.")

    @api.model
    def _hit(self, kind, who, seconds):
        """ Count one event and return how many there are in the running window.

        On a cursor of its own and at READ COMMITTED: the count holds against parallel requests
        and survives the rollback of the request that it limits (design section 8).

        :param str kind: What is counted.
        :param str who: Whose events; kept as a keyed digest only.
        :param int seconds: The length of the window.
        :return: The number of events in the window, this one included.
        :rtype: int
        """
        with sql_db.db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
            # Raw SQL: one atomic statement; the ORM has no such upsert.
            cr.execute(
                """
                INSERT INTO mpesa_rate_counter (key, window_start, count)
                VALUES (%(key)s, to_timestamp(
                            floor(extract(epoch FROM clock_timestamp()) / %(seconds)s)
                            * %(seconds)s) AT TIME ZONE 'UTC', 1)
                ON CONFLICT (key, window_start)
                DO UPDATE SET count = mpesa_rate_counter.count + 1
                RETURNING count
                """,
                {'key': vault.blind_index(f'rate|{kind}|{seconds}', who), 'seconds': seconds},
            )
            return cr.fetchone()[0]

    @api.autovacuum
    def _gc_old_windows(self):
        # Raw SQL: a plain delete of rows that hold nothing but a count.
        self.env.cr.execute(
            "DELETE FROM mpesa_rate_counter WHERE window_start < now() - interval '2 days'"
        )
