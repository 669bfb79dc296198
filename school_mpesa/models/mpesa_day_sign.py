from odoo import fields, models
from odoo.exceptions import UserError

from ..proof import get_day_bounds
from .mpesa_statement_line import BOOKED_KINDS


class MpesaDayClose(models.Model):
    """A person signs the day; what comes after it is looked at by a person too."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.day.close'

    # === ACTION METHODS === #

    def action_sign(self):
        """ Sign the day: from now on its figures never change.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If it is signed, not over, changed since it was computed, or something
                          that needs a note has none.
        """
        self._check_role('school_fees.group_bursar')
        for close in self:
            close_sudo = close._lock_one()
            close_sudo._check_signable()
            close_sudo.difference_ids.filtered(
                lambda difference: difference.state == 'open'
            ).state = 'explained'
            self.env.flush_all()  # The database takes no difference of a signed day.
            close_sudo.write({
                'state': 'signed', 'signed_by_id': self.env.uid,
                'signed_at': fields.Datetime.now(),
            })

    def action_see_amendments(self):
        """ Say that the user has looked at what was found after the day was signed.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        """
        self._check_role('school_fees.group_bursar')
        for close in self:
            close_sudo = close._lock_one()
            close_sudo.amendment_ids.filtered(
                lambda amendment: not amendment.seen_by_id
            ).write({'seen_by_id': self.env.uid, 'seen_at': fields.Datetime.now()})

    # === BUSINESS METHODS === #

    def _check_signable(self):
        """ Ensure that the day can be signed as it stands.

        Note: `self.ensure_one()`

        :return: None
        :raise UserError: If not; nothing is signed.
        """
        self.ensure_one()
        if self.signed_at:
            raise UserError(self.env._(
                "%(person)s has signed this day already. Nothing was changed.",
                person=self.signed_by_id.name,
            ))
        if not self.is_over:
            raise UserError(self.env._(
                "This day is not over: money may still come until midnight. Nothing was signed."
                " Sign it tomorrow."
            ))
        self._check_not_importer()
        self._check_same_as_seen()
        if self.currency_id.compare_amounts(self.unaccounted, 0) != 0:
            raise UserError(self.env._(
                "%(amount)s of what was received is neither on students nor unidentified, parked"
                " or reversed. Nothing was signed. Look at the differences below; if none tells"
                " of it, call whoever looks after the system.",
                amount=self.currency_id._format_plain(self.unaccounted),
            ))
        unexplained = self.difference_ids.filtered(
            lambda difference: difference.state == 'open' and not (difference.note or '').strip()
        )
        if unexplained:
            raise UserError(self.env._(
                "%(count)s differences are open without a note: %(codes)s. Nothing was signed. Put"
                " them right, or write beside each what you know about it.",
                count=len(unexplained), codes=', '.join(
                    difference.receipt or self.env._("the ledger") for difference in unexplained
                ),
            ))
        if not self.is_stated and not (self.note or '').strip():
            raise UserError(self.env._(
                "No statement covers the whole of this day, so it is not proven. Nothing was"
                " signed. Import the statement under M-PESA > Import Statement, or say in the note"
                " why you sign without it."
            ))

    def _check_not_importer(self):
        """ Ensure that who signs has not brought money of the day by a file of their own.

        A file can be changed, so who imported it, or said what a line of it is, does not say as
        well that the day is right. Where nobody else is of the bursar's office, the note has to say
        who looked at it too.

        Note: `self.ensure_one()`

        :return: None
        :raise UserError: If the user imported what tells of money that nothing else told of, or
                          decided about it.
        """
        self.ensure_one()
        start, end = get_day_bounds(self.day)
        lines = self.env['mpesa.statement.line'].search_fetch([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('completed_at', '>=', start), ('completed_at', '<', end),
            '|', '|', ('kind', 'in', BOOKED_KINDS), ('state', '=', 'found'),
            ('decided_by_id', '!=', False),
        ], ['statement_id', 'decided_by_id'])
        importers = lines.statement_id.create_uid
        involved = importers | lines.decided_by_id
        # In sudo mode, whose user still is the person who presses Sign.
        if self.env.user not in involved:
            return
        office = self.env['res.users'].search([
            ('all_group_ids', 'in', self.env.ref('school_fees.group_bursar').id),
            ('company_ids', 'in', self.company_id.id), ('share', '=', False),
        ])
        others = office - involved
        if not others and self.env.user in importers:
            others = office - importers  # Who only decided about a line is nearer to it than none.
        if others:
            raise UserError(self.env._(
                "You imported the statement that brought money, charges or sweeps of this day, or"
                " decided about one of its lines, so it needs another person. Nothing was signed."
                " Ask %(people)s to look at the day and to sign it.",
                people=', '.join(others[:3].mapped('name')),
            ))
        if not (self.note or '').strip():
            raise UserError(self.env._(
                "You imported the statement that brought money, charges or sweeps of this day, or"
                " decided about one of its lines, and nobody else is of the bursar's office."
                " Nothing was signed. Show the day to somebody else at the school, and say in the"
                " note who it was."
            ))
