from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


class PromptBulkCommon(BookingCommon):
    """A school whose bursar prompts many families at once, at any hour of the test's clock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar = cls.create_staff('bursar_many', 'bursar')
        cls.set_hours(0, 24)

    # === MAKERS === #

    @classmethod
    def set_hours(cls, opens, closes):
        """ Set the hours in which prompts go out, past the rule that no school prompts at night.

        :param float opens: Kenyan time.
        :param float closes: Kenyan time.
        """
        cls.env.flush_all()
        cls.env.cr.execute(
            'UPDATE res_company SET mpesa_prompt_bulk_from = %s, mpesa_prompt_bulk_to = %s'
            ' WHERE id = %s', [opens, closes, cls.school.id],
        )
        cls.env.invalidate_all()

    @classmethod
    def create_payer(cls, number, amount=1_000, **values):
        """ Create a student who owes something, with a guardian of one's own.

        :param int number: Names the student, the guardian and the phone: 2547220001<number>.
        :param float amount: What is owed, KES.
        :rtype: school.student
        """
        student = cls.create_student(f"Student {number}", f'ADM-{number}', **values)
        cls.create_guardian(student, f"Guardian {number}", phone=f'0722 000 {number}')
        if amount:
            cls.create_term_bill(student, cls.term_3, amount)
        return student

    def open(self, students=None, user=None, **values):
        """ Make a draft as the bursar.

        :rtype: mpesa.prompt.bulk
        """
        if students is not None:
            values |= {'chosen_by': 'students', 'student_ids': students.ids}
        return self.env['mpesa.prompt.bulk'].with_user(user or self.bursar).create(values)

    def preview(self, students=None, **values):
        run = self.open(students, **values)
        run.action_preview()
        return run

    def start(self, students=None, **values):
        run = self.preview(students, **values)
        run.action_start()
        self.assertEqual(run.state, 'running')
        return run

    # === STEPS === #

    def release(self):
        """ Let the next prompts go by the scheduled action. """
        self.run_cron('school_mpesa.cron_prompt_bulk')

    def pass_a_minute(self):
        """ Let the prompts so far be of more than a minute ago. """
        self.env['mpesa.prompt.bulk.line'].search([('released_at', '!=', False)]).released_at = (
            '2026-01-01 10:00:00'
        )

    # === WHAT CAME OF IT === #

    def reasons(self, run):
        return {line.student_id: line.reason for line in run.left_line_ids}

    def states(self, run):
        """ Return the state of each line, in their order. """
        return run.line_ids.sorted('id').mapped('state')

    def requests(self, students):
        return self.env['payment.transaction'].search([
            '|', ('mpesa_student_id', 'in', students.ids),
            ('mpesa_share_ids.student_id', 'in', students.ids),
        ], order='id')
