from datetime import timedelta

from psycopg2 import errors as pg_errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from .. import const


class SchoolPaymentClaim(models.Model):
    """Somebody says that a payment was made for a student, and names its M-PESA code.

    It touches no ledger and books nothing, ever: a code can be read over a shoulder, or belong to a
    payment for another child. What counts is the money that Safaricom tells of. A claim is met when
    that is booked on the student; until then it is a hint for the office.
    """

    _name = 'school.payment.claim'
    _description = "Claimed Payment"
    _order = 'id desc'
    _rec_name = 'code'

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    company_id = fields.Many2one(
        related='student_id.company_id', string="School", store=True, index=True,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    code = fields.Char(string="M-PESA Code", required=True, readonly=True)
    amount = fields.Monetary(
        string="Amount Claimed", readonly=True,
        help="In KES, as whoever claims it says. 0: it was not said.",
    )
    source = fields.Selection(
        string="Claimed By",
        selection=[('page', "Holder of the pay page"), ('office', "Office")],
        required=True, readonly=True,
    )
    link_id = fields.Many2one(
        string="Payment Link", comodel_name='mpesa.payment.link', readonly=True,
        index='btree_not_null', ondelete='set null',
        help="The link whose page it came from: cancel it when somebody makes up claims by it.",
    )
    state = fields.Selection(
        string="State",
        selection=[
            ('waiting', "Waiting"), ('met', "Met"), ('refused', "Refused"), ('expired', "Expired"),
        ],
        required=True, readonly=True, default='waiting',
    )
    closed_at = fields.Datetime(
        string="Closed", readonly=True, help="When it was met, refused or expired.",
    )
    refused_by_id = fields.Many2one(
        string="Refused By", comodel_name='res.users', readonly=True, ondelete='restrict',
    )

    _waiting_uniq = models.UniqueIndex(
        "(code, student_id) WHERE state = 'waiting'", "This payment is claimed already.",
    )
    _amount_not_negative = models.Constraint(
        'CHECK(amount >= 0)', "The amount of a claim cannot be below zero.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _file(self, student, code, amount=0.0, *, source, link=None):
        """ Note that somebody says to have paid for a student, unless it is booked already.

        The same claim again is the one that waits; what is said of the amount last stands, and
        what the office has noted stands before the page's. What the office has refused lately is
        not claimed anew by a page.

        :param school.student student: The student; the caller has the right to name this one.
        :param str code: The M-PESA code, in capitals.
        :param float amount: KES; 0 when it is not said.
        :param str source: 'page' or 'office'.
        :param mpesa.payment.link link: The link whose page it comes from.
        :return: In sudo mode; empty when the payment is on the student's account.
        :rtype: school.payment.claim
        :raise ConcurrencyError: If the same is being claimed at this moment; the framework then
                                 starts again, and it is found.
        """
        # In sudo mode: nobody edits claims by hand, and the public reads none.
        claims_sudo = self.sudo()
        if claims_sudo._find_booked(student, [code]):
            claims_sudo._meet([code])
            return claims_sudo.browse()
        same = [('code', '=', code), ('student_id', '=', student.id)]
        if claim_sudo := claims_sudo.search([*same, ('state', '=', 'waiting')]):
            if amount and source in {'office', claim_sudo.source}:
                claim_sudo.amount = amount
            return claim_sudo
        if source == 'page' and (claim_sudo := claims_sudo.search([
            *same, ('state', '=', 'refused'),
            ('closed_at', '>', fields.Datetime.now() - timedelta(days=const.CLAIM_DAYS)),
        ], limit=1)):
            return claim_sudo
        try:
            # The log would quote the whole row of what is no error: two taps at once.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                return claims_sudo.create({
                    'student_id': student.id, 'code': code, 'amount': amount, 'source': source,
                    'link_id': link and link.id,
                })
        except pg_errors.UniqueViolation as error:
            message = "A parallel request was quicker."
            raise ConcurrencyError(message) from error

    @api.model
    def _find_booked(self, students, codes):
        """ Find the payments that are on some students' accounts now. In sudo mode.

        What was moved to another student, went back to its payer or lost its receipt is not.

        :param school.student students: The students.
        :param list[str] codes: M-PESA codes.
        :return: (student, code) pairs.
        :rtype: set[tuple]
        """
        receipt = [
            ('money_kind', '=', 'mpesa'), ('state', '=', 'posted'), ('external_ref', 'in', codes),
        ]
        lines = self.env['school.receipt.line'].search([
            ('student_id', 'in', students.ids), ('receipt_id', 'any', receipt),
        ]).filtered(lambda line: line.currency_id.compare_amounts(line.amount, sum(
            line.transfer_ids.filtered(lambda one: one.state == 'done').mapped('amount')
        )) > 0)
        transfers = self.env['school.transfer'].search([
            ('to_student_id', 'in', students.ids), ('state', '=', 'done'),
            ('receipt_line_id.receipt_id', 'any', receipt),
        ])
        return {(line.student_id, line.receipt_id.external_ref) for line in lines} | {
            (transfer.to_student_id, transfer.receipt_id.external_ref) for transfer in transfers
        }

    @api.model
    def _meet(self, codes):
        """ Close the claims whose money is on their student's account by now.

        :param list[str] codes: The M-PESA codes of what was booked.
        :return: None
        """
        claims_sudo = self.sudo().search([('code', 'in', codes), ('state', '=', 'waiting')])
        if not claims_sudo:
            return
        booked = claims_sudo._find_booked(claims_sudo.student_id, codes)
        claims_sudo.filtered(
            lambda claim: (claim.student_id, claim.code) in booked
        )._close('met')

    def _close(self, state, **values):
        """ Let claims wait no more.

        :param str state: 'met', 'refused' or 'expired'.
        :param dict values: What else is to be known of it.
        :return: None
        """
        self.write({'state': state, 'closed_at': fields.Datetime.now(), **values})

    # === CRON METHODS === #

    @api.autovacuum
    def _gc_waiting(self):
        """ Close what waits no more.

        A claim is not met at once when it was made in the moment of the booking.
        """
        waiting = self.search([('state', '=', 'waiting')])
        self._meet(waiting.mapped('code'))
        days_ago = fields.Datetime.now() - timedelta(days=const.CLAIM_DAYS)
        waiting.filtered(
            lambda claim: claim.state == 'waiting' and claim.create_date < days_ago
        )._close('expired')
