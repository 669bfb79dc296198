from odoo import api, fields, models
from odoo.exceptions import UserError


# Where the money of a claim is, as far as Safaricom has told.
PLACES = [
    ('here', "On the student's account"),
    ('suspense', "In Unidentified"),
    ('other', "On another account"),
    ('gone', "Taken back or denied"),
    ('unknown', "Safaricom has not told of it"),
]
PLACE_OF_BOOKING = {
    'unidentified': 'suspense', 'request': 'other', 'matched': 'other', 'open': 'unknown',
    'returned': 'gone', 'person': 'gone', 'denied': 'gone',
}


class SchoolPaymentClaim(models.Model):
    """A claim on the office's screen: where its money is, and what to do about it."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.payment.claim'

    days_waiting = fields.Integer(
        string="Days", compute='_compute_days_waiting', help="How many days ago it was claimed.",
    )
    place = fields.Selection(
        string="Where the Money Is", selection=PLACES, compute='_compute_place',
        help="What Safaricom has told of this M-PESA code so far, whatever the claim says.",
    )
    mpesa_transaction_id = fields.Many2one(
        string="Payment", comodel_name='mpesa.transaction', compute='_compute_place',
    )

    # === COMPUTE METHODS === #

    @api.depends('create_date')
    def _compute_days_waiting(self):
        get_day = self.env['mpesa.transaction']._get_eat_day
        today = get_day(fields.Datetime.now())
        for claim in self:
            claim.days_waiting = claim.create_date and (today - get_day(claim.create_date)).days

    @api.depends('code', 'student_id', 'state')
    def _compute_place(self):
        codes = self.mapped('code')
        booked = self.sudo()._find_booked(self.student_id, codes)
        # In sudo mode: a shortcode also serves the branches of its school, which do not see it.
        movements = self.env['mpesa.transaction'].sudo().search([
            ('receipt', 'in', codes), ('kind', '=', 'payment'), ('direction', '=', 'in'),
            ('company_id', 'parent_of', self.company_id.ids),
        ]).sorted(lambda movement: movement.environment != 'production').grouped('receipt')
        for claim in self:
            path = claim.company_id.sudo().parent_path
            movement = next((
                movement for movement in movements.get(claim.code, ())
                if path.startswith(movement.company_id.parent_path)
            ), self.env['mpesa.transaction'])
            claim.mpesa_transaction_id = movement.id
            claim.place = 'here' if (claim.student_id, claim.code) in booked else (
                PLACE_OF_BOOKING.get(movement.booking_state, 'unknown')
            )

    # === ACTION METHODS === #

    def action_ask_safaricom(self):
        """ Ask Safaricom about the payment.

        :return: The action that shows the question and its answer as it comes.
        :rtype: dict
        :raise UserError: If it cannot be asked.
        """
        self.ensure_one()
        self.check_access('read')
        return self.env['mpesa.ask.wizard'].with_company(self.company_id).create({
            'code': self.code,
        }).action_ask()

    def action_open_payment(self):
        """ Open the payment: the question whose it is while it waits, else the payment itself.

        :rtype: dict
        :raise AccessError: If the user may not see it.
        :raise UserError: If Safaricom has told of none.
        """
        self.ensure_one()
        self.check_access('read')
        movement = self.mpesa_transaction_id
        if not movement:
            raise UserError(self.env._(
                "Safaricom has told of no payment with the code %(code)s. Nothing was opened. Ask"
                " Safaricom about it.", code=self.code,
            ))
        movement.check_access('read')
        if movement.booking_state == 'unidentified':
            return movement.action_identify()
        return movement.get_formview_action()

    def action_refuse(self):
        """ Note that a claim is not true. No money is touched by it.

        :return: None
        :raise UserError: If the user is not of the bursar's office, or it waits no more.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise UserError(self.env._(
                "Only the bursar's office refuses claims. Nothing was changed."
            ))
        self.check_access('read')
        for claim in self:
            if claim.state != 'waiting':
                raise UserError(self.env._(
                    "The claim of %(code)s waits no more. Nothing was changed.", code=claim.code,
                ))
        self.sudo()._close('refused', refused_by_id=self.env.uid)  # Nobody edits claims by hand.
