from odoo.tests import tagged

from odoo.addons.school_fees.tests.bill_run_common import BillRunCommon


@tagged('post_install', '-at_install')
class TestBillRunGenericChart(BillRunCommon):
    """Billing on a chart of accounts that knows neither Kenya nor an exempt tax."""

    @classmethod
    def create_school(cls, name):
        """ Create a company with the generic chart of accounts.

        :rtype: res.company
        """
        cls.env.ref('base.KES').active = True
        school = cls.env['res.company'].create({
            'name': name, 'currency_id': cls.env.ref('base.KES').id,
        })
        cls.env['account.chart.template'].try_loading('generic_coa', school, install_demo=False)
        school.currency_id = cls.env.ref('base.KES')
        return school

    def test_charges_concessions_and_deposits_find_their_accounts(self):
        self.assertEqual(self.school.chart_template, 'generic_coa')
        self.assertTrue(self.school.account_sale_tax_id, "a default tax that fees must not take")
        caution = self.create_fee("Caution money", 'DEP', charge_basis='deposit')
        self.structure.state = 'replaced'
        self.create_structure(
            self.level_8 | self.level_5, [(self.tuition, 13000), (caution, {'amount': 5000})],
        )
        self.sibling_rule()
        run = self.run_bills(self.term_1)
        bill = self.moves(self.brian)
        self.assertEqual(
            (bill.state, bill.amount_total, bill.amount_tax), ('posted', 16700.0, 0.0),
        )
        accounts = bill.invoice_line_ids.mapped('account_id.account_type')
        self.assertEqual(accounts, ['income', 'income', 'liability_current'])
        self.assertEqual(self.brian.balance, 16700.0)
        self.assertFalse(self.preview().changed_count)
        run.action_undo()
        self.work_off(run)
        self.assertEqual((run.state, self.brian.balance), ('undone', 0.0))
