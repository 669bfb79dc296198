from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .payment_transaction_screen import NAIROBI


DAY_BEGINS, DAY_ENDS = 7.0, 20.0  # East Africa Time, as for reminders
MOST_PACE = 60  # prompts a minute
MOST_PAUSE = 720  # hours


class ResCompany(models.Model):
    """When and how fast a school prompts many families at once."""

    _inherit = 'res.company'

    mpesa_prompt_bulk_from = fields.Float(
        string="Prompts to Many From", default=DAY_BEGINS, copy=False,
        help="Kenyan time. Before it no run sends a prompt.",
    )
    mpesa_prompt_bulk_to = fields.Float(
        string="Prompts to Many Until", default=DAY_ENDS, copy=False,
        help="Kenyan time. What is left then goes out the next morning.",
    )
    mpesa_prompt_bulk_pace = fields.Integer(
        string="Prompts to Many per Minute", default=20, copy=False,
        help="Over all runs of a shortcode. Single prompts are not counted, and go first.",
    )
    mpesa_prompt_bulk_pause = fields.Integer(
        string="Hours Between Prompts", default=20, copy=False,
        help="A phone that had a prompt within so many hours is left out.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('mpesa_prompt_bulk_from', 'mpesa_prompt_bulk_to')
    def _check_mpesa_prompt_bulk_hours(self):
        """ Ensure that nobody is prompted at night.

        :raise ValidationError: If somebody would be.
        """
        for company in self:
            if not (
                DAY_BEGINS <= company.mpesa_prompt_bulk_from < company.mpesa_prompt_bulk_to
                <= DAY_ENDS
            ):
                raise ValidationError(self.env._(
                    "Prompts to many go out between 7:00 and 20:00, never at night. Choose hours"
                    " within that time."
                ))

    @api.constrains('mpesa_prompt_bulk_pace', 'mpesa_prompt_bulk_pause')
    def _check_mpesa_prompt_bulk_pace(self):
        """ Ensure that prompts go out at all, and not without a pause.

        :raise ValidationError: If they would not.
        """
        for company in self:
            if not 1 <= company.mpesa_prompt_bulk_pace <= MOST_PACE:
                raise ValidationError(self.env._(
                    "Choose 1 to %(most)s prompts a minute.", most=MOST_PACE,
                ))
            if not 1 <= company.mpesa_prompt_bulk_pause <= MOST_PAUSE:
                raise ValidationError(self.env._(
                    "Choose 1 to %(most)s hours between two prompts to a phone.", most=MOST_PAUSE,
                ))

    # === BUSINESS METHODS === #

    def _get_mpesa_prompt_opening(self, at):
        """ Return when prompts to many may go out again, where they may not at a moment.

        Note: `self.ensure_one()`

        :param datetime at: The moment, naive UTC.
        :return: The next opening, naive UTC; None when they may go out then.
        :rtype: datetime | None
        """
        self.ensure_one()
        local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(NAIROBI))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        opens, closes = (
            midnight + timedelta(hours=hours)
            for hours in (self.mpesa_prompt_bulk_from, self.mpesa_prompt_bulk_to)
        )
        if opens <= local < closes:
            return None
        opening = opens if local < opens else opens + timedelta(days=1)
        return opening.astimezone(UTC).replace(tzinfo=None)
