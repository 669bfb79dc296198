from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class MpesaDayAmendment(models.Model):
    """What was found about a day after it was signed. The signed figures stay as they are."""

    _name = 'mpesa.day.amendment'
    _inherit = ['mpesa.day.difference.mixin']
    _description = "M-PESA Day Amendment"
    _order = 'close_id, id'
    _rec_name = 'receipt'

    found_at = fields.Datetime(string="Found", required=True, readonly=True)
    what = fields.Selection(
        string="What",
        selection=[
            ('figure', "A figure changed"), ('found', "Difference found"),
            ('settled', "Difference settled"),
        ],
        required=True, readonly=True,
    )
    figure = fields.Char(readonly=True)
    amount_before = fields.Monetary(string="As Signed", readonly=True)
    amount_after = fields.Monetary(string="Now", readonly=True)
    seen_by_id = fields.Many2one(
        string="Seen By", comodel_name='res.users', readonly=True, ondelete='restrict',
    )
    seen_at = fields.Datetime(string="Seen", readonly=True)

    def init(self):
        """ Let the database itself keep amendments: of them only who saw them changes. """
        # Raw SQL: a rule that must hold for every session, also psql, has to live in the database.
        self.env.cr.execute(SQL(
            """
            CREATE OR REPLACE FUNCTION mpesa_day_amendment_guard() RETURNS trigger AS $guard$
            BEGIN
                -- The school is the day's; it is stored right after the row.
                IF TG_OP = 'UPDATE' AND
                   to_jsonb(OLD) - ARRAY['seen_by_id', 'seen_at', 'write_uid', 'write_date',
                                         'company_id']
                   = to_jsonb(NEW) - ARRAY['seen_by_id', 'seen_at', 'write_uid', 'write_date',
                                           'company_id']
                THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'An amendment never changes.'
                    USING ERRCODE = 'restrict_violation';
            END
            $guard$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS mpesa_day_amendment_guard_rows ON mpesa_day_amendment;
            CREATE TRIGGER mpesa_day_amendment_guard_rows
                BEFORE UPDATE OR DELETE ON mpesa_day_amendment
                FOR EACH ROW EXECUTE FUNCTION mpesa_day_amendment_guard();
            DROP TRIGGER IF EXISTS mpesa_day_amendment_guard_table ON mpesa_day_amendment;
            CREATE TRIGGER mpesa_day_amendment_guard_table BEFORE TRUNCATE ON mpesa_day_amendment
                FOR EACH STATEMENT EXECUTE FUNCTION mpesa_day_amendment_guard();
            """
        ))

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("An amendment is never deleted. Nothing was changed."))

    # === ACTION METHODS === #

    def action_open(self):
        """ Open what the amendment is about.

        :return: A window action.
        :rtype: dict
        :raise UserError: If it is about a figure of the whole day.
        """
        self.ensure_one()
        return self.close_id._open_receipt(self.receipt)

    # === BUSINESS METHODS === #

    def _is_settled(self):
        """ Override of `mpesa.day.difference.mixin`. """
        return self.what == 'settled'

    @api.depends('what', 'figure', 'amount_before', 'amount_after')
    def _compute_explanation(self):
        """ Override of `mpesa.day.difference.mixin`: a figure has words of its own. """
        return super()._compute_explanation()

    def _explain(self):
        """ Override of `mpesa.day.difference.mixin` to say what has changed. """
        if self.what == 'figure':
            label = self.env['mpesa.day.close']._fields[self.figure]._description_string(self.env)
            plain = self.currency_id._format_plain
            return self.env._(
                "%(figure)s: %(before)s as signed, %(after)s now.",
                figure=label, before=plain(self.amount_before), after=plain(self.amount_after),
            )
        if (
            self.what == 'settled' and self.kind not in {'missing_here', 'reversed'}
            and 'denied' not in (self.lacking or '')
        ):
            return self.env._("The sources agree by now: nothing to do.")
        return super()._explain()
