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
            line._check_account(account)
        move = account and line.with_company(company)._post_entries([(line, account)])
        line.write({
            **said, **self._prepare_booked(move or False), 'on_wallet': decision != 'nothing',
        })

    def _check_waits_for_person(self):
        """ Ensure that nobody has decided about a line.

        :raise UserError: If somebody has, or the system books it by itself.
        """
        self.ensure_one()
        if not self.filtered_domain(self._get_person_domain()):
            raise UserError(self.env._(
                "Line %(code)s needs nobody: it is booked, or books itself. Nothing was changed."
                " Read the list again.", code=self.receipt,
            ))

    def _check_account(self, account):
        """ Ensure that money of a statement can go on an account by itself.

        :raise UserError: If it needs a partner, or is the wallet.
        """
        self.ensure_one()
        if not account:
            raise UserError(self.env._("Choose the account. Nothing was booked."))
        if account.account_type in {'asset_receivable', 'liability_payable'} or (
            account == self.provider_id.journal_id.default_account_id
        ):
            raise UserError(self.env._(
                "%(account)s needs the name of who owes, or is the wallet itself. Nothing was"
                " booked. Choose an income, expense or other account.",
                account=account.display_name,
            ))

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
