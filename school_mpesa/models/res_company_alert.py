from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError


EAT = timedelta(hours=3)  # UTC+3 the whole year


class ResCompany(models.Model):
    """When the school is warned about M-PESA, and who is told."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'res.company'

    # === FIELDS - WHO IS TOLD === #

    mpesa_alert_user_ids = fields.Many2many(
        string="Told of Alerts", comodel_name='res.users', relation='mpesa_alert_user_rel',
        copy=False, help="People of the bursar's office. Empty: the school's administrators.",
    )
    mpesa_alert_daily = fields.Boolean(string="Daily Summary by E-mail", default=True)

    # === FIELDS - TRAFFIC === #

    mpesa_alert_window = fields.Integer(string="Minutes Looked At", default=60)
    mpesa_alert_least_requests = fields.Integer(string="Least Number of Requests", default=10)
    mpesa_alert_success_warning = fields.Float(string="Success: Warn Below", default=95)
    mpesa_alert_success_critical = fields.Float(string="Success: Critical Below", default=90)
    mpesa_alert_failed = fields.Float(string="Failed: Warn Above", default=5)
    mpesa_alert_pending = fields.Integer(string="Minutes without an Outcome", default=30)
    mpesa_alert_slow_warning = fields.Float(string="Answers: Warn Above", default=1)
    mpesa_alert_slow_critical = fields.Float(string="Answers: Critical Above", default=3)

    # === FIELDS - OFFICE HOURS === #

    mpesa_alert_silence = fields.Integer(string="Minutes without a Payment", default=60)
    mpesa_alert_opens = fields.Float(string="Office Opens", default=8)
    mpesa_alert_closes = fields.Float(string="Office Closes", default=17)
    mpesa_alert_days = fields.Selection(
        string="Office Days",
        selection=[
            ('weekdays', "Monday to Friday"), ('saturday', "Monday to Saturday"),
            ('all', "Every day"),
        ],
        required=True, default='weekdays',
    )

    # === FIELDS - THE SYSTEM === #

    mpesa_alert_errors = fields.Integer(string="Errors in an Hour", default=10)
    mpesa_alert_backlog_warning = fields.Integer(string="Backlog: Warn Above", default=100)
    mpesa_alert_backlog_critical = fields.Integer(string="Backlog: Critical Above", default=500)
    mpesa_alert_late = fields.Integer(string="Scheduled Actions Late by Minutes", default=2)
    mpesa_alert_password = fields.Integer(string="Days before the Password Expires", default=10)
    mpesa_alert_certificate = fields.Integer(string="Days before the Certificate Ends", default=21)

    # === CONSTRAINT METHODS === #

    @api.constrains(
        'mpesa_alert_success_warning', 'mpesa_alert_success_critical', 'mpesa_alert_failed',
        'mpesa_alert_slow_warning', 'mpesa_alert_slow_critical', 'mpesa_alert_backlog_warning',
        'mpesa_alert_backlog_critical',
    )
    def _check_mpesa_alert_limits(self):
        for school in self:
            shares = (
                school.mpesa_alert_success_critical, school.mpesa_alert_success_warning,
                school.mpesa_alert_failed,
            )
            if not all(0 <= share <= 100 for share in shares):
                raise ValidationError(self.env._("A share is between 0 and 100 per cent."))
            if (
                school.mpesa_alert_success_critical > school.mpesa_alert_success_warning
                or 0 < school.mpesa_alert_slow_critical < school.mpesa_alert_slow_warning
                or 0 < school.mpesa_alert_backlog_critical < school.mpesa_alert_backlog_warning
            ):
                raise ValidationError(self.env._(
                    "What is critical must be worse than what is warned of: a lower share of"
                    " success, slower answers, a longer queue."
                ))

    @api.constrains(
        'mpesa_alert_opens', 'mpesa_alert_closes', 'mpesa_alert_window', 'mpesa_alert_late',
        'mpesa_alert_least_requests',
    )
    def _check_mpesa_alert_times(self):
        for school in self:
            if not 0 <= school.mpesa_alert_opens < school.mpesa_alert_closes <= 24:
                raise ValidationError(self.env._("The office closes after it opens."))
            if not 5 <= school.mpesa_alert_window <= 1440:
                raise ValidationError(self.env._(
                    "Between 5 minutes and a day (1440 minutes) can be looked at."
                ))
            if school.mpesa_alert_late < 1 or school.mpesa_alert_least_requests < 1:
                raise ValidationError(self.env._(
                    "A scheduled action may be a minute late, and one request is the least to"
                    " judge by: neither can be less than 1."
                ))

    # === BUSINESS METHODS === #

    def _get_mpesa_opening(self, now):
        """ Return since when the office is open today.

        Note: `self.ensure_one()`

        :param datetime now: The present, naive UTC.
        :return: Naive UTC; None when it is closed at this moment, by hour, day, holiday or term.
        :rtype: datetime | None
        """
        self.ensure_one()
        there = now + EAT
        day = there.date()
        midnight = datetime.combine(day, time())
        opens = midnight + timedelta(hours=self.mpesa_alert_opens)
        closes = midnight + timedelta(hours=self.mpesa_alert_closes)
        last_weekday = {'weekdays': 4, 'saturday': 5, 'all': 6}[self.mpesa_alert_days]
        if not opens <= there < closes or day.weekday() > last_weekday:
            return None
        in_term = self.env['school.term'].search_count([
            ('company_id', '=', self.id), ('date_from', '<=', day), ('date_to', '>=', day),
        ], limit=1)
        holiday = self.env['mpesa.holiday'].search_count([
            ('company_id', '=', self.id), ('day', '=', day),
        ], limit=1)
        return opens - EAT if in_term and not holiday else None

    def _get_mpesa_alert_users(self):
        """ Return who is told of the school's alerts: people of its office, and nobody else.

        Note: `self.ensure_one()`, in sudo mode.

        :rtype: res.users
        """
        self.ensure_one()
        users = (
            self.mpesa_alert_user_ids
            or self.env.ref('school_fees.group_administrator').all_user_ids
        )
        # Whoever has left, or has another role by now, hears no more of it.
        return users.filtered(
            lambda user: user.active and user.has_group('school_fees.group_bursar')
            and self in user.company_ids
        )
