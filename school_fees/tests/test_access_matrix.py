import csv

from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open

from .two_schools_common import TwoSchoolsCommon


OPERATIONS = {'r': 'read', 'w': 'write', 'c': 'create', 'u': 'unlink'}
# The column of each role in the table, and the groups that make it.
ROLES = {
    'public': 'base.group_public',
    'guardian': 'base.group_portal',
    'employee': 'base.group_user',
    'teacher': 'school_fees.group_class_teacher',
    'cashier': 'school_fees.group_cashier',
    'bursar': 'school_fees.group_bursar',
    'approver': 'school_fees.group_approver',
    'administrator': 'school_fees.group_administrator',
    'accountant': 'account.group_account_invoice',
    'auditor': 'account.group_account_readonly',
}
# Odoo's models with what a school writes down, beside those that the add-on extends.
BESIDE = {
    'account.bank.statement.line', 'account.full.reconcile', 'account.move.reversal',
    'account.payment.register', 'ir.attachment', 'mail.activity', 'mail.followers',
    'mail.message', 'mail.tracking.value', 'payment.transaction',
}
# What the office may do to what is written or attached about a student, by right over the student.
OF_STUDENT = {
    'ir.attachment': {
        'cashier': 'r', 'bursar': 'rwcu', 'approver': 'rwcu', 'administrator': 'rwcu',
        'accountant': 'r', 'auditor': 'r',
    },
    'mail.message': {
        'cashier': 'r', 'bursar': 'rwcu', 'approver': 'rwcu', 'administrator': 'rwcu',
        'accountant': 'r', 'auditor': 'r',
    },
}
# Everybody's own: a count of money.
OWN = {'school.cash.up': {'cashier'}, 'school.cash.up.line': {'cashier'}}
# Rules and rights of these are Odoo's and not of a school's record: who is one's own contact, which
# company may be seen, what belongs to a document of another model.
NO_SCHOOL = {
    'res.company', 'res.currency', 'res.users', 'ir.actions.report', 'res.config.settings',
    'account.move.reversal', 'account.payment.register', 'mail.tracking.value', 'mail.followers',
    'mail.activity', 'account.bank.statement.line', 'account.full.reconcile',
    'payment.transaction', 'mail.notification', 'mail.template', 'sms.sms', 'sms.tracker',
}


@tagged('post_install', '-at_install')
class TestAccessMatrix(TwoSchoolsCommon):
    """Who may do what to which model: the whole table of `access_matrix.csv`, both ways.

    The table was read cell by cell; a new model without a row fails, and so does a row or a letter
    too many.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with file_open('school_fees/tests/access_matrix.csv') as file:
            cls.table = {row.pop('model'): row for row in csv.DictReader(file)}
        cls.users = {}
        for role, group in ROLES.items():
            inside = role not in {'public', 'guardian'}
            cls.users[role] = new_test_user(
                cls.env, login=f'matrix_{role}', company_id=cls.school.id,
                groups=f'base.group_user,{group}' if inside else group,
                company_ids=[Command.set(cls.school.ids)],
            )

    def _is_ours(self, name):
        model = self.env.registry[name]
        # The classes that make up this very model: a model of another add-on that takes one of our
        # mixins is that add-on's to decide on.
        return not model._abstract and any(
            part.__module__.startswith('odoo.addons.school_fees.')
            for part in model._base_classes__
        )

    def _as(self, role, records):
        return records.with_env(self.env(user=self.users[role], context={}))

    def _letters(self, records, role):
        asked = self._as(role, records)
        return ''.join(
            letter for letter, operation in OPERATIONS.items() if asked.has_access(operation)
        ) or '-'

    def test_every_model_of_the_school_is_in_the_table(self):
        ours = {name for name in self.env.registry if self._is_ours(name)}
        self.assertEqual(set(self.table), ours | BESIDE & set(self.env.registry))
        for name, row in self.table.items():
            self.assertEqual(set(row), set(ROLES), name)

    def test_every_cell(self):
        for name, row in self.table.items():
            for role, letters in row.items():
                with self.subTest(model=name, role=role):
                    self.assertEqual(self._letters(self.env[name], role), letters)

    def test_every_cell_on_the_schools_own_records(self):
        """ A record of the own school: what the table says, but for what rules take away. """
        for name, row in self.table.items():
            record = self.records.get(name)
            if name in NO_SCHOOL:
                continue
            self.assertTrue(record, f"No record of {name} to ask about.")
            for role, letters in row.items():
                if role in {'public', 'guardian', 'employee', 'teacher'}:
                    continue  # What these see of single records, the tests below say.
                if record._transient or role in OWN.get(name, ()):
                    letters = '-'  # Of another person.
                letters = OF_STUDENT.get(name, {}).get(role, letters)
                with self.subTest(model=name, role=role):
                    self.assertEqual(self._letters(record, role), letters)

    def test_no_cell_on_another_schools_records(self):
        for name in set(self.table) - NO_SCHOOL:
            record = self.other_records.get(name)
            self.assertTrue(record, f"No record of {name} in the other school.")
            for role in ROLES:
                with self.subTest(model=name, role=role):
                    self.assertEqual(self._letters(record, role), '-', name)
                    if self.env[name].with_user(self.users[role]).has_access('read'):
                        self.assertFalse(self._as(role, self.env[name]).search([
                            ('id', 'in', record.ids),
                        ]))

    def test_outsiders_see_no_record_of_a_school(self):
        """ A guardian of nobody, an employee, a teacher without a class. """
        for name in set(self.table) - NO_SCHOOL - {'res.partner', 'product.template',
                                                   'product.product'}:
            for role in ('public', 'guardian', 'employee', 'teacher'):
                if role == 'teacher' and name in {
                    'school.academic.year', 'school.class', 'school.level',
                    'school.student.category',
                }:
                    continue
                with self.subTest(model=name, role=role):
                    self.assertEqual(self._letters(self.records[name], role), '-')

    def test_half_filled_forms_are_their_writers(self):
        for name in self.env.registry:
            if not name.startswith('school.') or not self.env[name]._transient:
                continue
            record = self.records[name]
            for role, letters in self.table[name].items():
                if 'r' in letters:
                    with self.subTest(model=name, role=role):
                        self.assertFalse(
                            self._as(role, self.env[name]).search([('id', 'in', record.ids)]),
                        )

    # === FIELDS === #

    def test_a_class_teacher_reads_no_amount_and_no_secret(self):
        teacher = self.users['teacher']
        self.student.enrolment_ids.class_id.teacher_id = teacher
        student = self._as('teacher', self.student)
        self.assertEqual(student.read(['name'])[0]['name'], self.student.name)
        readable = set(student.fields_get(attributes=[]))
        for field in self.student._fields.values():
            if field.type == 'monetary' or field.comodel_name in {
                'school.student.fee', 'school.concession.grant', 'account.move',
                'account.move.line', 'account.payment', 'school.receipt', 'school.receipt.line',
                'school.student.alias', 'school.guardian.phone',
            }:
                with self.subTest(field=field.name):
                    self.assertNotIn(field.name, readable)
        for name in ('birth_date', 'upi', 'gender', 'alias_ids'):
            self.assertNotIn(name, readable)

    def test_field_groups(self):
        for model, field, allowed in (
            ('school.guardian.link', 'restricted_note', {'bursar', 'approver', 'administrator'}),
            ('school.student', 'balance', {
                'cashier', 'bursar', 'approver', 'administrator', 'accountant', 'auditor',
            }),
            ('school.student', 'birth_date', {'bursar', 'approver', 'administrator'}),
            ('school.receipt', 'payer_partner_id', set(ROLES) - {'public', 'guardian'}),
            ('res.partner', 'guardian_link_ids', {'bursar', 'approver', 'administrator'}),
            ('res.partner', 'guardian_phone_ids', {'bursar', 'approver', 'administrator'}),
        ):
            for role in ROLES:
                with self.subTest(model=model, field=field, role=role):
                    records = self.env[model].with_user(self.users[role])
                    self.assertEqual(
                        records._has_field_access(records._fields[field], 'read'), role in allowed,
                    )
