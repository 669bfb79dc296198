from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.school_fees.tests.bill_run_common import BillRunCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-02-10 12:00:00')
class TestChargeWizard(BillRunCommon):

    def _form(self):
        self.trip = self.create_fee("Trip", 'TRIP', charge_basis='on_demand', list_price=500)
        form = Form(self.env['school.charge.wizard'].with_user(self.bursar))
        form.class_ids = self.class_8 | self.class_5
        form.product_id = self.trip
        return form

    def test_charging_classes_but_for_some(self):
        self.create_receipt({self.faith: 200})
        form = self._form()
        self.assertEqual((form.amount, form.name, form.term_id), (500.0, "Trip", self.term_1))
        self.assertEqual(len(form.line_ids), 2)
        form.name = "Trip to the park"
        position = [line['student_id'] for line in form.line_ids._records].index(self.brian.id)
        with form.line_ids.edit(position) as line:
            line.is_charged = False
        form.save().action_post()
        bill = self.moves(self.faith)
        self.assertEqual(
            (bill.school_doc_type, bill.state, bill.term_id, self.lines(bill)),
            ('supplement', 'posted', self.term_1, [("Trip to the park", 500.0)]),
        )
        self.assertEqual(bill.amount_residual, 300.0)
        self.assertFalse(self.moves(self.brian))

    def test_a_bill_run_leaves_the_charge_alone(self):
        self._form().save().action_post()
        run = self.run_bills(self.term_1)
        self.assertEqual(self.items(run, self.brian), [("Tuition", 13000.0)])

    def test_nobody_or_nothing_to_charge(self):
        wizard = self._form().save()
        wizard.amount = 0
        with self.refusal(UserError, "above zero"):
            wizard.action_post()
        wizard.line_ids.is_charged = False
        with self.refusal(UserError, "Nobody is ticked"):
            wizard.action_post()
