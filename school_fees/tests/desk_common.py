from odoo.tests import Form

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


class DeskCommon(SchoolFeesCommon):
    """The people of the desk, a family, and the forms as they fill them in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cashier = cls.create_staff('desk_cashier', 'cashier')
        cls.bursar = cls.create_staff('desk_bursar', 'bursar')
        cls.head = cls.create_staff('desk_head', 'approver')
        cls.deputy = cls.create_staff('desk_deputy', 'approver')
        cls.family = cls.create_family("Otieno")
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=cls.family.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=cls.family.id)
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020")
        cls.mary = cls.create_guardian(cls.faith | cls.brian, "Mary Otieno", "0712 000 001")
        cls.bill = cls.create_term_bill(cls.faith, cls.term_1, 10_000)

    def as_user(self, user, records):
        """ Return records as a person's browser asks for them.

        :param res.users user: The person.
        :param records: A recordset or a model.
        """
        return records.with_env(self.env(user=user, context={
            'allowed_company_ids': self.school.ids,
        }))

    def open_receipt(self, user=None, mode='student', **defaults):
        """ Open *New receipt* as the browser does.

        :rtype: Form
        """
        return Form(self.as_user(user or self.cashier, self.env['school.receipt.wizard'])
                    .with_context(default_mode=mode, **{
                        f'default_{name}': value for name, value in defaults.items()
                    }))

    def post_receipt(self, student, amount, user=None, **values):
        """ Take money at the desk.

        :rtype: school.receipt
        """
        form = self.open_receipt(user)
        form.student_id = student
        form.amount = amount
        for name, value in values.items():
            form[name] = value
        return self.press_post(form.save())

    def press_post(self, wizard):
        """ Press *Post*.

        :rtype: school.receipt
        """
        action = wizard.action_post()
        return self.env['school.receipt'].browse(action['params']['next']['res_id'])

    def ask_reversal(self, record, user=None, kind='mistake', reason="Entered twice"):
        """ Ask for a reversal by the dialog. """
        action = self.as_user(user or self.bursar, record).action_ask_reversal()
        form = Form(self.as_user(user or self.bursar, self.env[action['res_model']])
                    .with_context(**action['context']))
        form.kind = kind
        form.reason = reason
        form.save().action_ask()

    def reverse(self, record, **values):
        """ Ask for a reversal and have another person approve it. """
        self.ask_reversal(record, **values)
        self.as_user(self.head, record).action_approve_reversal()

    def get_open(self, student):
        """ Return what is open on a student's account: debts above zero, credits below.

        :rtype: list[float]
        """
        return student._open_receivable_lines().mapped('amount_residual')
