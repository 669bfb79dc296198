from odoo import api, models


# Why somebody is suggested, beside the reasons of the matcher.
CLAIMED, CLAIMED_OTHERWISE = 'claimed', 'claimed_otherwise'


class MpesaTransaction(models.Model):
    """Money that somebody claims for a student: it meets the claim, or the claim is a hint."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    # === BUSINESS METHODS === #

    @api.model
    def _book(self, provider, arrivals):
        """ Override of `school_mpesa` to meet the claims of what was booked. """
        result = super()._book(provider, arrivals)
        booked = [arrival.receipt for arrival in arrivals if arrival.receipt_record]
        if booked:
            self.env['school.payment.claim']._meet(booked)
        return result

    def _identify_as(self, shares, *, learn=False):
        """ Override of `school_mpesa` to meet the claims of what a person has booked. """
        receipt = super()._identify_as(shares, learn=learn)
        self.env['school.payment.claim']._meet([self.receipt])
        return receipt

    @api.model
    def _get_suggestion_reasons(self):
        """ Override of `school_mpesa` to add the claims. """
        return {
            **super()._get_suggestion_reasons(),
            CLAIMED: self.env._(
                "A claim names this student and this M-PESA code. That proves nothing: look at who"
                " paid."
            ),
            CLAIMED_OTHERWISE: self.env._(
                "A claim names this student and this M-PESA code, but another amount. Look at who"
                " paid."
            ),
        }

    @api.model
    def _is_enough(self, reason):
        """ Override of `school_mpesa`: whoever has read a code over a shoulder can claim it. """
        return super()._is_enough(reason) and reason not in {CLAIMED, CLAIMED_OTHERWISE}

    def _get_suggestions(self):
        """ Override of `school_mpesa` to put first whoever the money is claimed for. """
        result = super()._get_suggestions()
        claims = self.env['school.payment.claim'].search([
            ('code', 'in', self.mapped('receipt')), ('state', '=', 'waiting'),
            ('company_id', 'in', self.env.companies.ids),
        ], order='id').grouped('code')
        for movement, found in result.items():
            taken_from = movement._get_taken_from() if movement.receipt in claims else ()
            path = movement.sudo().company_id.parent_path
            claimed = {
                claim.student_id: CLAIMED_OTHERWISE if claim.amount and (
                    movement.currency_id.compare_amounts(claim.amount, movement.amount) != 0
                ) else CLAIMED
                for claim in claims.get(movement.receipt, ())
                # A shortcode also serves the branches of its school, and no other one.
                if claim.company_id.sudo().parent_path.startswith(path)
                and claim.student_id not in taken_from
            }
            if set(claimed) != set(dict(found)):  # Else what was typed is the better reason.
                result[movement] = (
                    *claimed.items(), *(pair for pair in found if pair[0] not in claimed),
                )
        return result
