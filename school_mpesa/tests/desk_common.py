from odoo.fields import Command
from odoo.tests import Form, new_test_user

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


class DeskCommon(SchoolMpesaCommon):
    """A bursar at the desk, and a student with two guardians and three numbers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.father = cls.create_guardian(
            cls.student, name="Odhiambo Otieno", phone='+254733000222', relation='father',
            priority=20,
        )
        cls.bursar = cls.create_bursar('desk-bursar', cls.school)
        cls.env['school.guardian.phone'].create({
            'partner_id': cls.guardian.id, 'e164': '+254720000333',
        })

    # === HELPERS === #

    @classmethod
    def create_bursar(cls, login, school, group='school_fees.group_bursar'):
        return new_test_user(
            cls.env, login=login, groups=f'base.group_user,{group}', company_id=school.id,
            company_ids=[Command.set(school.ids)],
        )

    def open_wizard(self, user=None, **defaults):
        """ Open the wizard as a clerk would, from a student's form.

        :rtype: Form
        """
        wizard = self.env['mpesa.prompt.wizard'].with_user(user or self.bursar)
        defaults = {'student_id': self.student.id, **defaults}
        return Form(wizard.with_context(
            allowed_company_ids=self.school.ids,
            **{f'default_{name}': value for name, value in defaults.items()},
        ))

    def send_wizard(self, form):
        """ Press Send.

        :return: The request that the action shows, in sudo mode.
        """
        action = form.save().action_send()
        self.assertEqual(action['res_model'], 'payment.transaction')
        return self.env['payment.transaction'].browse(action['res_id'])

    def choose_phone(self, form, ending):
        choice = next(o for o in form.phone_options if o['phone'].endswith(ending))
        form.phone_choice = choice['key']

    def chatter(self, record):
        return ' '.join(record.message_ids.mapped('body'))
