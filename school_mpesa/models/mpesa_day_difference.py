from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class MpesaDayDifference(models.Model):
    """One thing in which the sources of a day do not agree, and what a person knows about it."""

    _name = 'mpesa.day.difference'
    _inherit = ['mpesa.day.difference.mixin']
    _description = "M-PESA Day Difference"
    _order = 'close_id, state, kind, receipt, id'
    _rec_name = 'receipt'

    state = fields.Selection(
        string="Status",
        selection=[('open', "Open"), ('explained', "Explained"), ('settled', "Settled")],
        required=True, readonly=True, default='open',
    )
    is_gone = fields.Boolean(
        readonly=True, help="Whether the sources agree by now, where once they did not.",
    )
    note = fields.Char(
        string="Note", help="What is known about it. No phone numbers and no names.",
    )

    _known_uniq = models.UniqueIndex(
        "(close_id, kind, receipt, line_kind, direction)", "This difference is listed already.",
    )

    def init(self):
        """ Let the database itself keep the differences of a signed day. """
        # Raw SQL: a rule that must hold for every session, also psql, has to live in the database.
        self.env.cr.execute(SQL(
            """
            CREATE OR REPLACE FUNCTION mpesa_day_difference_guard() RETURNS trigger AS $guard$
            BEGIN
                -- Neither taken from a signed day nor moved to one.
                IF TG_OP = 'TRUNCATE'
                    OR TG_OP <> 'INSERT' AND EXISTS (
                        SELECT FROM mpesa_day_close day_close
                         WHERE day_close.signed_at IS NOT NULL AND day_close.id = OLD.close_id)
                    OR TG_OP <> 'DELETE' AND EXISTS (
                        SELECT FROM mpesa_day_close day_close
                         WHERE day_close.signed_at IS NOT NULL AND day_close.id = NEW.close_id)
                THEN
                    RAISE EXCEPTION 'A signed day never changes.'
                        USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
            END
            $guard$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS mpesa_day_difference_guard_rows ON mpesa_day_difference;
            CREATE TRIGGER mpesa_day_difference_guard_rows
                BEFORE INSERT OR UPDATE OR DELETE ON mpesa_day_difference
                FOR EACH ROW EXECUTE FUNCTION mpesa_day_difference_guard();
            DROP TRIGGER IF EXISTS mpesa_day_difference_guard_table ON mpesa_day_difference;
            CREATE TRIGGER mpesa_day_difference_guard_table BEFORE TRUNCATE ON mpesa_day_difference
                FOR EACH STATEMENT EXECUTE FUNCTION mpesa_day_difference_guard();
            """
        ))

    # === COMPUTE METHODS === #

    @api.depends('state', 'is_gone')
    def _compute_explanation(self):
        """ Override of `mpesa.day.difference.mixin`: what is gone has words of its own. """
        return super()._compute_explanation()

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm`: a person notes, until the day is signed.

        :raise AccessError: If something else is written, or after the day is signed.
        """
        if not self.env.su and (vals.keys() - {'note'} or any(self.close_id.mapped('signed_at'))):
            raise AccessError(self.env._(
                "A difference takes a note, and nothing after its day is signed. Nothing was"
                " changed."
            ))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_open(self):
        """ Open what the difference is about: our movement, else the statement's line.

        :return: A window action.
        :rtype: dict
        :raise UserError: If it is about the books of the whole day.
        """
        self.ensure_one()
        return self.close_id._open_receipt(self.receipt)

    def action_deny(self):
        """ Open the question what Safaricom answered about the payment that it has not.

        :return: A window action.
        :rtype: dict
        :raise UserError: If it is not about a payment of ours.
        """
        self.ensure_one()
        movement = self.env['mpesa.transaction'].search([
            ('environment', '=', self.close_id.environment),
            ('shortcode', '=', self.close_id.shortcode), ('receipt', '=', self.receipt),
            ('kind', '=', 'payment'), ('direction', '=', 'in'),
        ])
        if self.kind != 'missing_there' or not movement:
            raise UserError(self.env._(
                "This is not about a payment that stands in our books and Safaricom has not."
                " Nothing was changed."
            ))
        return movement.action_deny()

    # === BUSINESS METHODS === #

    def _replace(self, close, differences):
        """ Keep what a comparison found; what is gone stays listed as settled.

        :param mpesa.day.close close: The day, not signed.
        :param list differences: As compared.
        :return: None
        """
        known = {difference._get_key(): difference for difference in self}
        new = []
        for difference in differences:
            values = {
                **self._prepare_facts(difference),
                'state': 'settled' if difference.settled else 'open', 'is_gone': False,
            }
            if difference.key in known:
                known.pop(difference.key).write(values)
            else:
                new.append({**values, 'close_id': close.id})
        for gone in known.values():
            gone.write({'state': 'settled', 'is_gone': True})
        self.create(new)

    def _is_settled(self):
        """ Override of `mpesa.day.difference.mixin`. """
        return self.state == 'settled'

    def _explain(self):
        """ Override of `mpesa.day.difference.mixin` to say that it is gone. """
        if self.is_gone:
            return self.env._("The sources agree by now: nothing to do.")
        return super()._explain()
