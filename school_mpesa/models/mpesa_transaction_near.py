import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.school_fees.rules.reference_slips import one_slip_away

from .. import vault


PAID_BEFORE = 'paid_before'  # Why somebody is suggested, beside the reasons of the matcher.
# Whoever pays for more families than this, such as an agent or a teacher, says nothing by it.
MOST_FAMILIES = 3


class MpesaTransaction(models.Model):
    """A slip that lands on another real child, seen by whom the payer has paid for before.

    10435 typed for 10453 reads as exact as any number (school-fees section 2.9). What was typed to
    the letter posts, and a person is asked to look at it; what had to be read another way waits.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    near_student_id = fields.Many2one(
        string="Paid Before For", comodel_name='school.student', readonly=True,
        index='btree_not_null', ondelete='restrict',  # No `check_company`, as of the receipt.
        help="The same payer has paid for this student before, whose number differs by one sign,"
             " and never for the student whom the account names.",
    )
    near_checked_by_id = fields.Many2one(
        string="Found Right By", comodel_name='res.users', readonly=True,
        help="Who has said that the payment is on the right student.",
    )
    near_waits = fields.Boolean(
        string="To Be Checked", compute='_compute_near_waits', search='_search_near_waits',
        compute_sudo=True,
    )
    booked_for = fields.Char(
        string="Booked For", compute='_compute_booked_for',
        groups='school_fees.group_bursar',
    )
    near_warning = fields.Char(
        string="What to Check", compute='_compute_near_warning',
        groups='school_fees.group_bursar',
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'near_student_id', 'near_checked_by_id', 'receipt_id.line_ids.transfer_ids.state',
    )
    def _compute_near_waits(self):
        waiting = self.filtered_domain(self._get_near_domain())
        for movement in self:
            movement.near_waits = movement in waiting

    def _search_near_waits(self, operator, value):
        if operator != 'in':
            return NotImplemented
        domain = fields.Domain(self._get_near_domain())
        return fields.Domain.OR(domain if waits else ~domain for waits in value)

    @api.depends('receipt_id')
    def _compute_booked_for(self):
        for movement in self:
            movement.booked_for = ', '.join(
                movement.receipt_id.line_ids.student_id.mapped('display_name')
            )

    @api.depends('near_student_id', 'booked_for')
    @api.depends_context('lang')
    def _compute_near_warning(self):
        for movement in self:
            movement.near_warning = movement.near_student_id and self.env._(
                "The same payer has paid for %(near)s before, whose number differs by one sign. The"
                " money is on %(booked)s. Is that right?",
                near=movement.near_student_id.display_name, booked=movement.booked_for,
            )

    @api.model
    def _get_near_domain(self):
        """ Return the domain of the payments that a person is to look at.

        Whoever moves the money, or asks for it, has looked.

        :rtype: list
        """
        return [
            ('near_student_id', '!=', False), ('near_checked_by_id', '=', False),
            ('receipt_id', '!=', False),
            '!', ('receipt_id.line_ids.transfer_ids.state', 'in', ('asked', 'approved', 'done')),
        ]

    # === ACTION METHODS === #

    def action_near_is_right(self):
        """ Record that the payment is on the right student, so that nobody looks at it again.

        :return: None
        :raise UserError: If the user is not of the bursar's office, or it waits for nobody.
        """
        self._check_near_waits()
        self.sudo().near_checked_by_id = self.env.user

    def action_near_move(self):
        """ Open the question to whom the money is moved, with the student paid for before.

        :return: A window action: the transfer of the share, or the receipt when it has several.
        :rtype: dict
        :raise UserError: If the user is not of the bursar's office, or it waits for nobody.
        """
        self.ensure_one()
        self._check_near_waits()
        lines = self.receipt_id.line_ids
        if len(lines) > 1:
            return self.receipt_id.get_formview_action()
        action = lines.action_move()
        action['context'] = {
            **action['context'],
            'default_to_student_id': self.near_student_id.id,
            'default_reason': self.env._("One sign of the number was wrong."),
        }
        return action

    def _check_near_waits(self):
        """ Ensure that a person of the bursar's office looks at payments that wait for it.

        :return: None
        :raise UserError: If not; nothing is changed.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise UserError(self.env._(
                "Only the bursar's office decides whose money it is. Nothing was changed."
            ))
        self.check_access('read')
        for movement in self:
            if not movement.near_waits:
                raise UserError(self.env._(
                    "Payment %(code)s was looked at or moved by now. Nothing was changed.",
                    code=movement.receipt,
                ))

    # === BUSINESS METHODS === #

    @api.model
    def _get_suggestion_reasons(self):
        """ Return the words for why somebody is suggested, by code, the payer's number included.

        :rtype: dict[str, str]
        """
        return {
            **self.env['school.student']._get_match_reasons(),
            PAID_BEFORE: self.env._(
                "The same payer has paid for this student before. One sign of the number differs."
            ),
        }

    @api.model
    def _find_near_student(self, arrival, match):
        """ Return whom the payer has paid for before, if a slip may have led to somebody else.

        A pay code proves itself by its check digit, and a name beside the number says as much.

        :param Arrival arrival: The news.
        :param rules.reference_match.Match match: What its account says; a match that posts.
        :return: A student, or none.
        :rtype: school.student
        """
        holder = match.found[0][0].with_env(self.env)
        nobody = self.env['school.student']
        is_family = holder._name == 'school.family'
        children = holder.student_ids if is_family else holder
        family = holder if is_family else holder.family_id
        if not is_family and holder.pay_code in re.findall(r'\d+', arrival.account_reference):
            return nobody
        paid = self._find_paid_before(arrival)
        families = {student.family_id or student for student in paid}
        if not paid or paid & (children | family.student_ids) or len(families) > MOST_FAMILIES:
            return nobody
        slips = set().union(*map(one_slip_away, self._get_typed_keys(holder)))
        near = paid.filtered(lambda student: slips & (
            self._get_typed_keys(student) | self._get_typed_keys(student.family_id)
        ))
        if near and nobody._is_named_beside(arrival.account_reference, holder):
            return nobody
        return near[:1]

    @api.model
    def _find_paid_before(self, arrival):
        """ Return the students for whom a payer has paid by M-PESA, whatever the way.

        :param Arrival arrival: The news, whose number is in clear.
        :rtype: school.student
        """
        number = arrival.read_phone()
        index = arrival.movement.payer_index if arrival.movement else (
            number and vault.blind_index('phone', number.wire)
        )
        if not index:
            return self.env['school.student']
        provider = arrival.provider or arrival.callback.provider_id
        self.env.flush_all()
        # Raw SQL: an agent has paid thousands of times, for few students. What waits to be checked
        # or is being moved says nothing yet of whom the payer pays for.
        return self.env['school.student'].browse(student_id for student_id, in (
            self.env.execute_query(SQL(
                """SELECT DISTINCT line.student_id
                     FROM mpesa_transaction movement
                     JOIN school_receipt_line line ON line.receipt_id = movement.receipt_id
                     JOIN res_company school ON school.id = line.company_id
                    WHERE movement.payer_index = %(index)s
                      AND movement.environment = %(environment)s
                      AND STARTS_WITH(school.parent_path, %(path)s)
                      AND movement.id <> %(own)s
                      AND (movement.near_student_id IS NULL
                           OR movement.near_checked_by_id IS NOT NULL)
                      AND NOT EXISTS (
                          SELECT FROM school_transfer transfer
                           WHERE transfer.receipt_line_id = line.id
                             AND transfer.state IN ('asked', 'approved', 'done')
                      )
                    ORDER BY line.student_id""",
                index=index, environment=provider.mpesa_environment,
                path=provider.company_id.parent_path,
                own=arrival.movement.id if arrival.movement else 0,
            ))
        ))

    @api.model
    def _get_typed_keys(self, holder):
        """ Return the keys in which one slip may make another's of a student's or family's own.

        :param holder: A student or a family.
        :rtype: set[str]
        """
        if not holder:
            return set()
        is_family = holder._name == 'school.family'
        aliases = self.env['school.student.alias'].search([
            ('family_id' if is_family else 'student_id', '=', holder.id),
        ])
        own = (
            {holder.code_key} if is_family else {holder.admission_key, holder.upi_key}
        )
        return {*own, *aliases.mapped('key')} - {'', False}
