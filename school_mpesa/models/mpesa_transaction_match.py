from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.school_fees.rules import reference_match

from .. import const


OPEN_FOR_CONFIRMATION = ('sent', 'accepted', 'unknown', 'receipt_pending')


class MpesaTransaction(models.Model):
    """Whose money it is: a request's, a student's, or nobody's yet."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    @api.model
    def _identify(self, provider, arrival, matches, taken):
        """ Find out whose money it is: a request's, a student's, or nobody's yet.

        :param payment.provider provider: The shortcode.
        :param Arrival arrival: The news, completed in place.
        :param dict matches: As :meth:`_match_accounts` returns them.
        :param payment.transaction taken: Requests that other news of this batch has answered.
        :return: False when the news has to wait.
        :rtype: bool
        """
        if arrival.tx:
            arrival.student = arrival.tx.mpesa_student_id
            return True
        candidates = self._find_candidates(provider, arrival) - taken
        match = matches.get(arrival, reference_match.Match(reference_match.UNMATCHED))
        arrival.names_student = match.posts or any(
            reason == reference_match.LEFT for _holder, reason in match.found
        )
        # Branches share a paybill, and each may have a student or family of that number.
        is_certain = arrival.account_reference.strip() and not (
            match.named - set(candidates.mpesa_student_id)
        )
        if len(candidates) == 1 and is_certain:
            arrival.tx = candidates
            arrival.student = candidates.mpesa_student_id
            return True
        if candidates:
            waited = fields.Datetime.now() - arrival.callback.received_at
            if waited < timedelta(seconds=const.AMBIGUITY_WAIT_SECONDS):
                arrival.callback.write({
                    'next_try_at': fields.Datetime.now() + timedelta(seconds=10),
                    'reason': self.env._("Several requests fit: waiting for the prompt."),
                })
                return False
        self._give_to(arrival, match)
        return True

    @api.model
    def _find_candidates(self, provider, arrival):
        """ Return the requests that a confirmation may belong to: same account, same amount.

        Sent before the money moved, and open, or closed without money under ten minutes before
        the message came (design section 3). A message may have waited for days.

        :rtype: payment.transaction
        """
        # What was found may be days old: then the money's own time counts.
        came_at = arrival.paid_at if arrival.is_found() else arrival.callback.received_at
        recently = came_at - timedelta(seconds=const.RECENTLY_CLOSED_SECONDS)
        paid_by = arrival.paid_at + timedelta(seconds=const.CLOCK_DIFFERENCE_SECONDS)
        domain = [
            # By the shortcode: a disabled provider's address goes on hearing of the money of the
            # provider that replaced it.
            ('provider_id.mpesa_environment', '=', provider.mpesa_environment),
            ('provider_id.mpesa_shortcode', '=', provider.mpesa_shortcode),
            ('provider_id.company_id', '=', provider.company_id.id),
            ('amount', '=', float(arrival.amount)),
            ('mpesa_sent_at', '<=', paid_by),
            '|', ('mpesa_push_state', 'in', OPEN_FOR_CONFIRMATION),
            '&', ('mpesa_push_state', 'in', ('declined', 'expired')),
            ('last_state_change', '>', recently),
        ]
        reference = arrival.account_reference.strip()
        if reference:
            domain.append(('mpesa_account_reference', '=', reference))
        elif provider.mpesa_shortcode_type != 'till':
            return self.env['payment.transaction']
        return self.env['payment.transaction'].search(domain)

    @api.model
    def _match_accounts(self, provider, arrivals):
        """ Match what payers typed with the students and families of a shortcode's schools.

        :param payment.provider provider: The shortcode.
        :param list[Arrival] arrivals: The news.
        :return: Each arrival's match.
        :rtype: dict[Arrival, reference_match.Match]
        """
        companies = self.env['res.company'].search([('id', 'child_of', provider.company_id.id)])
        return dict(zip(arrivals, self.env['school.student']._decide_references(
            [(arrival.account_reference, arrival.amount) for arrival in arrivals], companies,
        ), strict=True)) if arrivals else {}

    @api.model
    def _give_to(self, arrival, match):
        """ Give money to the student or family that its reference names, else to nobody yet.

        Names and phones never post money (school-fees section 2.9).

        :param Arrival arrival: The news, completed in place.
        :param reference_match.Match match: What the reference says.
        :return: None
        """
        arrival.student = self.env['school.student']
        if not match.posts:
            return
        arrival.near_student = self._find_near_student(arrival, match)
        if arrival.near_student and match.outcome != reference_match.EXACT:
            return  # The payer may mean the other one (school-fees section 2.9): a person decides.
        holder = match.found[0][0].with_env(self.env)
        arrival.whole_family = holder._name == 'school.family'
        arrival.student = holder._get_first_child() if arrival.whole_family else holder
