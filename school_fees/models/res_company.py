from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    school_concession_account_id = fields.Many2one(
        string="Fee Concessions", comodel_name='account.account', copy=False,
        help="The income account on which concessions stand, so that the board sees their cost.",
    )
    school_deposit_account_id = fields.Many2one(
        string="Caution Money Held", comodel_name='account.account', copy=False,
        help="The liability that holds deposits until they are given back or set off.",
    )
    school_opening_account_id = fields.Many2one(
        string="Opening Balance Clearing", comodel_name='account.account', copy=False,
        help="The equity account against which opening balances are booked.",
    )
    school_reference_code = fields.Char(
        string="Code before References",
        help="What payers type before the number because the bank or a shared paybill asks for it,"
             " such as KHS. It is left out when a payment looks for its student.",
    )

    # === BUSINESS METHODS === #

    def _get_watermark(self):
        """ Return what marks all papers and pages of the school as not real, '' where they are.

        Other modules mark a school that trains.

        Note: `self.ensure_one()`

        :return: A line in the language of the context.
        :rtype: str
        """
        self.ensure_one()
        return ''

    def _get_message_mark(self):
        """ Return the same for messages: a word before the text, '' where they are real.

        Some messages are about no student any more, and so of no school.

        :rtype: str
        """
        return ''

    def _get_school_concession_account(self):
        """ Return the school's account for concessions, made when first needed.

        :rtype: account.account
        """
        return self._get_school_account(
            'school_concession_account_id', "Fee concessions", 'income', '409000',
        )

    def _get_school_deposit_account(self):
        """ Return the school's account for deposits, made when first needed.

        :rtype: account.account
        """
        return self._get_school_account(
            'school_deposit_account_id', "Caution money held", 'liability_current', '218000',
        )

    def _get_school_opening_account(self):
        """ Return the account against which opening balances are booked, made when first needed.

        :rtype: account.account
        """
        return self._get_school_account(
            'school_opening_account_id', "Opening balance clearing", 'equity', '309000',
        )

    def _get_school_account(self, field, name, account_type, code):
        """ Return an account of the school, made on its chart when first needed.

        Note: `self.ensure_one()`

        :param str field: The field that names the account.
        :param str name: The account's name when it is made.
        :param str account_type: Its type.
        :param str code: The code from which a free one is looked for.
        :rtype: account.account
        """
        self.ensure_one()
        company = self.sudo()  # Who bills a class may not make accounts.
        if not company[field]:
            Account = company.env['account.account'].with_company(company)
            company[field] = Account.create({
                'name': name,
                'code': Account._search_new_account_code(code),
                'account_type': account_type,
                'company_ids': [company.id],
            })
        return company[field]

    def _get_school_exempt_tax(self):
        """ Return the tax of schooling, which is exempt: the Kenyan chart would take 16 %.

        :return: The exempt tax; empty on charts that have none.
        :rtype: account.tax
        """
        self.ensure_one()
        tax = self.env['account.chart.template'].sudo().with_company(self).ref(
            'STEX', raise_if_not_found=False,
        )
        return (tax or self.env['account.tax']).with_env(self.env)
