from datetime import date

from freezegun import freeze_time

from odoo.tests import Form, tagged

from odoo.addons.school_fees.tests.bill_run_common import BillRunCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-02-02 09:00:00')  # The fifth week of Term 1.
class TestAdmissionBill(BillRunCommon):
    """Who is admitted has a bill at once, the one that a bill run would make."""

    def setUp(self):
        super().setUp()
        self.check_books_after_test()

    def admit(self, **values):
        """ Fill in the form as the bursar does. """
        Wizard = self.env['school.admission.wizard'].with_env(self.env(user=self.bursar, context={
            'allowed_company_ids': self.school.ids,
        }))
        with Form(Wizard) as form:
            form.name = "Hope Kamau"
            form.class_id = values.pop('class_id', self.class_8)
            form.guardian_name = "Ann Kamau"
            form.guardian_phone = "0712 000 009"
            for name, value in values.items():
                form[name] = value
        return form.record.student_id

    def note(self, student):
        """ Return what stands last on the student's page. """
        return str(student.sudo().message_ids.sorted('id')[-1].body)

    def test_the_bill_is_that_of_a_bill_run(self):
        student = self.admit()
        bill = self.moves(student)
        self.assertEqual(
            (bill.state, bill.school_doc_type, bill.term_id), ('posted', 'term_bill', self.term_1),
        )
        self.assertLess(bill.amount_total, 13_600)  # The term is not whole any more.
        self.assertEqual(student.balance, bill.amount_total)
        self.assertEqual(bill.bill_run_id.posted_by_id, self.bursar)
        self.assertEqual(bill.bill_run_id.state, 'done')
        self.assertIn("Billed on admission for Term 1", self.note(student))
        self.assertNotIn("KES", self.note(student))  # Class teachers read it.
        run = self.preview()
        self.assertEqual(self.row(run, student).status, 'same')

    def test_a_second_click_bills_nothing_more(self):
        student = self.admit()
        wizard = self.env['school.admission.wizard'].search([('student_id', '=', student.id)])
        wizard.with_user(self.bursar).action_admit()
        self.assertEqual(len(self.moves(student)), 1)

    def test_it_waits_for_a_bill_run_when_no_term_is_chosen(self):
        student = self.admit(term_id=self.env['school.term'])
        self.assertFalse(self.moves(student) or self.env['school.bill.run'].search([
            ('company_id', '=', self.school.id),
        ]))

    def test_the_term_follows_the_first_day(self):
        for day, term in (
            ('2026-02-02', self.term_1), ('2026-04-10', self.term_2), ('2026-11-02', False),
        ):
            wizard = self.env['school.admission.wizard'].new({
                'class_id': self.class_8.id, 'date_from': day,
            })
            self.assertEqual(wizard.term_id._origin, term or self.env['school.term'])
        self.term_1.state = 'closed'
        wizard = self.env['school.admission.wizard'].new({
            'class_id': self.class_8.id, 'date_from': date(2026, 2, 2),
        })
        self.assertEqual(wizard.term_id._origin, self.term_2)

    def test_whom_no_structure_fits_is_admitted_without_a_bill(self):
        level = self.create_level("Grade 9", 'G9', sequence=9)
        student = self.admit(class_id=self.create_class(level))
        self.assertEqual(student.state, 'active')
        self.assertFalse(self.moves(student))
        self.assertIn("Not billed on admission for Term 1 (No fee structure)", self.note(student))
        self.assertFalse(self.env['school.bill.run'].search([
            ('company_id', '=', self.school.id),
        ]))
