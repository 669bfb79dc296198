from odoo import fields, models


class ResCompany(models.Model):
    _inherit = 'res.company'

    mpesa_unidentified_account_id = fields.Many2one(
        string="Unidentified Fee Receipts", comodel_name='account.account', copy=False,
        help="The liability that holds M-PESA money while nobody knows whose it is.",
    )

    def _get_unidentified_account(self):
        """ Return the school's account for money that nobody has claimed, made when first needed.

        :rtype: account.account
        """
        self.ensure_one()
        company = self.sudo()
        if not company.mpesa_unidentified_account_id:
            Account = company.env['account.account'].with_company(company)
            company.mpesa_unidentified_account_id = Account.create({
                'name': "Unidentified fee receipts",
                'code': Account._search_new_account_code('219000'),
                'account_type': 'liability_current',
                'reconcile': True,
                'company_ids': [company.id],
            })
        return company.mpesa_unidentified_account_id
