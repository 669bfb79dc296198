from odoo import api, fields, models, sql_db


class MpesaLinkOpening(models.Model):
    """How often a payment link was opened, apart from the link.

    A page view neither locks the link's row nor waits for a payment that does, and it is counted
    though the page is read in a read-only transaction.
    """

    _name = 'mpesa.link.opening'
    _description = "Openings of a Payment Link"
    _log_access = False

    # No foreign key: it would lock the link's row after all.
    link_ref = fields.Integer(required=True)
    count = fields.Integer(required=True)
    first_at = fields.Datetime(required=True)

    _link_uniq = models.UniqueIndex("(link_ref)", "This link is already counted.")

    @api.model
    def _count_one(self, link_id):
        """ Count one opening, on a cursor of its own as `mpesa.rate.counter` does.

        :param int link_id: The link.
        :return: None
        """
        with sql_db.db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
            # Raw SQL: one atomic statement; the ORM has no such upsert.
            cr.execute(
                """
                INSERT INTO mpesa_link_opening (link_ref, count, first_at)
                VALUES (%s, 1, clock_timestamp() AT TIME ZONE 'UTC')
                ON CONFLICT (link_ref) DO UPDATE SET count = mpesa_link_opening.count + 1
                """,
                [link_id],
            )

    @api.autovacuum
    def _gc_of_deleted_links(self):
        # Raw SQL: a plain delete of rows that hold nothing but a count.
        self.env.cr.execute(
            """
            DELETE FROM mpesa_link_opening opening
                  WHERE first_at < (now() AT TIME ZONE 'UTC') - interval '1 day'
                    AND NOT EXISTS (
                        SELECT 1 FROM mpesa_payment_link link WHERE link.id = opening.link_ref)
            """
        )
