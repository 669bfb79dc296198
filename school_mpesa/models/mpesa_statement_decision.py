from decimal import Decimal

from odoo import models
from odoo.exceptions import AccessError, UserError


class MpesaStatementLine(models.Model):
    """Lines that a person decides about: of a kind nobody knows, or contradicting what we know."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement.line'

    # === ACTION METHODS === #

    def action_decide(self):
        """ Open the question what a line is.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        self._check_waits_for_person()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_statement_decide_action'
            ),
            'context': {'dialog_size': 'medium', 'default_line_id': self.id},
        }

    # === BUSINESS METHODS === #

    def _decide(self, decision, note, account=None):
        """ Book a line as a person says.

        :param str decision: One of the field `decided_as`.
        :param str note: Why, for whoever looks later.
        :param account.account account: The account, for the decision 'account'.
        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If the line does not wait for a person, or cannot be what is said.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._(
                "Only the bursar's office decides about lines of a statement. Nothing was booked."
            ))
        self.check_access('read')
        line = self.sudo()
        line.lock_for_update(allow_referencing=True)
        self._check_waits_for_person()
        said = {'note': note, 'decided_as': decision, 'decided_by_id': self.env.user.id}
        if (line.disputed_by_id and not line.dispute_note) or line.is_held:
            self._decide_doubted(decision, note)
            return
        # That money did not move, or why, is not for who brought the file that says so.
        if decision != 'nothing' or line.told_on_wallet:
            self.statement_id._check_second_person()
        if line.state == 'different':
            if decision != 'nothing':
                raise UserError(self.env._(
                    "This line contradicts one that stands already, so nothing is booked from it."
                    " Nothing was changed. Say in the note what you found."
                ))
            line.write(said)
            return
        if decision == 'payment':
            line.write({**said, 'state': 'found'})
            line._hand_over_decided()
            return
        company = line.company_id
        account = {
            'charge': company._get_mpesa_charges_account,
            'transit': company._get_mpesa_transit_account,
            'account': lambda: account,
            'nothing': lambda: None,
        }[decision]()
        if decision == 'account':
            company._check_mpesa_counter_account(account)
        move = account and line.with_company(company)._post_entries([(line, account)])
        line.write({
            **said, **self._prepare_booked(move or False),
            # What tells lines apart stays: the line must not come back with an overlapping file.
            'on_wallet': decision != 'nothing',
        })

    def _check_waits_for_person(self):
        """ Ensure that nobody has decided about a line.

        :raise UserError: If somebody has, or the system books it by itself.
        """
        self.ensure_one()
        if not self.filtered_domain(self._get_person_domain() | self._get_held_domain()):
            raise UserError(self.env._(
                "Line %(code)s needs nobody: it is booked, or books itself. Nothing was changed."
                " Read the list again.", code=self.receipt,
            ))

    def _decide_doubted(self, decision, note):
        """ Say what was found out about a line that another file lacks, or that waits for release.

        What is not booked yet is not booked any more: if it is real after all, Safaricom's own word
        on its code books it.

        :param str decision: 'nothing'.
        :param str note: What was found.
        :return: None
        :raise AccessError: If the user imported the file, or the one that lacks the line.
        :raise UserError: If something else is said.
        """
        self.ensure_one()
        line = self.sudo()
        # Neither of two files that contradict each other is its importer's to believe.
        for statement in self.statement_id | self.disputed_by_id:
            statement._check_second_person()
        if decision != 'nothing':
            raise UserError(self.env._(
                "Only files tell of this line, so nothing is booked from it here. Nothing was"
                " changed. Say in the note what you found; if the payment is real, ask Safaricom"
                " about its M-PESA code, and it is booked."
            ))
        is_unbooked = line.state == 'new' or (
            line.state == 'found' and not line.mpesa_transaction_id
        )
        line.write({
            'dispute_note': note if line.disputed_by_id else False, 'note': line.note or note,
            'decided_by_id': self.env.user.id,
            **({'state': 'different', 'difference': 'refused', 'decided_as': decision}
               if is_unbooked else {}),
        })
        if is_unbooked:
            line.callback_ids.filtered(lambda callback: callback.state == 'quarantined')._close(
                'done', self.env._(
                    "%(user)s says that it is not real: %(note)s", user=self.env.user.name,
                    note=note,
                ),
            )

    def _hand_over_decided(self):
        """ Put a line that a person calls a parent's payment into the inbox, for the drain.

        :raise UserError: If the money went out.
        """
        self.ensure_one()
        if self.direction != 'in':
            raise UserError(self.env._(
                "The money of this line went out, so it is no payment of a parent. Nothing was"
                " booked. Choose what it was."
            ))
        self.env['mpesa.callback']._append_found(self.provider_id, 'statement', [{
            'receipt': self.receipt, 'amount': Decimal(str(self.amount)),
            'paid_at': self.completed_at, 'account_reference': self.account_reference or '',
            'msisdn': self.payer_mask or '', 'name': '',
        }])
