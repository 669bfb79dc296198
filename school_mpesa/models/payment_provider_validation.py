import logging
import time
from contextlib import closing
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models

from odoo.addons.school_fees.rules import reference_match

from .. import daraja
from ..deadline_cursor import DeadlineCursor


_logger = logging.getLogger(__name__)

# Safaricom waits about eight seconds (daraja.md 5.2), and its way to us takes some of them.
BUDGET_SECONDS = 2.5
INVALID_ACCOUNT = 'C2B00012'
INVALID_AMOUNT = 'C2B00013'


class PaymentProvider(models.Model):
    """What Safaricom is told when it asks, before a payment, whether it may happen.

    When in doubt the answer is yes: money that has come can be given to the right child, and a
    parent who was refused stands at the phone.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_validation_policy = fields.Selection(
        string="When Safaricom Asks",
        selection=[
            ('accept', "Accept every payment"),
            ('refuse_unknown', "Refuse unknown account numbers"),
        ],
        default='accept',
        help="Safaricom asks only where it has switched validation on. Unknown: nobody is found or"
             " suggested for what was typed, or only a child who left and owes nothing. A number"
             " with a slip in it is accepted, and waits for the bursar.",
    )
    mpesa_refuse_small = fields.Boolean(
        string="Refuse Small Payments",
        help="When Safaricom asks, refuse what is below the least amount.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _mpesa_answer_validation(self, provider_id, raw, deadline=None):
        """ Say whether a payment may happen, from live data and within a fixed time.

        On a cursor of its own that only reads, so that neither a failure nor a slow query touches
        the message, which is kept in any case; and no lock is taken.

        :param int provider_id: The shortcode's provider, known by its token.
        :param bytes raw: The message.
        :param float deadline: The moment on `time.monotonic`; by default the budget from now.
        :return: The code of the refusal (daraja.md 5.2), or '' to accept.
        :rtype: str
        """
        if deadline is None:
            deadline = time.monotonic() + BUDGET_SECONDS
        try:
            with closing(self.env.registry.cursor()) as cr:
                env = api.Environment(DeadlineCursor(cr, deadline), SUPERUSER_ID, {})
                return env['payment.provider'].browse(provider_id)._mpesa_find_refusal(raw)
        except daraja.UnreadableCallback:
            return ''  # The inbox keeps it, and says why it cannot be read.
        except Exception as error:  # noqa: BLE001 - whatever fails here, the payer may pay
            # Without its text: it may repeat what the payer typed.
            _logger.warning(
                "A payment was accepted without looking at it (%s).", type(error).__name__,
            )
            return ''

    def _mpesa_find_refusal(self, raw):
        """ Return why a payment is refused before it happens.

        :param bytes raw: The message.
        :return: The code of the refusal, or ''.
        :rtype: str
        :raise UnreadableCallback: If it is no validation.
        """
        self.ensure_one()
        if not self.mpesa_refuse_small and self.mpesa_validation_policy != 'refuse_unknown':
            return ''
        news = daraja.parse_c2b(raw)
        if self.mpesa_refuse_small and news.amount < self.mpesa_least_amount:
            return INVALID_AMOUNT
        if (
            self.mpesa_validation_policy == 'refuse_unknown'
            and self.mpesa_shortcode_type != 'till'
            and not self._mpesa_knows_account(news)
        ):
            return INVALID_ACCOUNT
        return ''

    def _mpesa_knows_account(self, news):
        """ Tell whether what was typed may be somebody's, or a request of ours.

        :param C2BConfirmation news: The parsed message.
        :rtype: bool
        """
        self.ensure_one()
        companies = self.env['res.company'].search([('id', 'child_of', self.company_id.id)])
        Student = self.env['school.student'].with_company(self.company_id)
        match = Student._match_reference(news.account_reference, news.amount, companies)
        if match.fits_many or any(
            reason != reference_match.LEFT for _holder, reason in match.found
        ):
            return True
        # Whoever was asked for money may pay it, also by hand and for a child who left.
        return bool(self.env['payment.transaction'].search_count([
            ('provider_id', '=', self.id),
            ('mpesa_account_reference', '=', news.account_reference.strip()),
            ('mpesa_push_state', '!=', 'paid'),
            ('create_date', '>', fields.Datetime.now() - timedelta(days=1)),
        ], limit=1))
