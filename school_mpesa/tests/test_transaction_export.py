import csv
import io
import json

from openpyxl import load_workbook

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.school_mpesa.tests.transaction_common import TransactionCommon


# Whatever a field's name says, these are no words for a file.
SECRET_WORDS = ('sealed', 'digest', 'index', 'salt', 'token', 'intent', 'key_id', '_url')
PATHS = {
    'mpesa.transaction': [
        'payer_sealed', 'payer_name', 'callback_ids/body_text', 'callback_ids/body_sealed',
        'payment_transaction_id/mpesa_phone', 'payment_transaction_id/mpesa_exchange_ids/sealed',
    ],
    'payment.transaction': [
        'mpesa_phone', 'mpesa_phone_sealed', 'mpesa_attempt_url', 'mpesa_checkout_sealed',
        'mpesa_movement_ids/payer_name', 'mpesa_live',
    ],
}


@tagged('post_install', '-at_install')
class TestTransactionExport(TransactionCommon, HttpCase):
    """Files of movements and requests: who may make them, and what never stands in them."""

    def export(self, kind, model, names, groupby=()):
        """ Make a file as the web client does.

        :rtype: requests.Response
        """
        return self.url_open(f'/web/export/{kind}', data={'data': json.dumps({
            'model': model, 'ids': False, 'import_compat': False, 'groupby': list(groupby),
            'domain': [('company_id', '=', self.school.id)],
            'fields': [{'name': name, 'label': name, 'type': 'char'} for name in names],
        }), 'csrf_token': http.Request.csrf_token(self)})

    def test_what_payers_typed_is_no_formula_in_a_file(self):
        self.make_payments()
        formula = self.nobody.account_reference
        self.assertTrue(formula.startswith('=HYPERLINK'))
        self.authenticate('screens-bursar', 'screens-bursar')
        for model, names, found in (
            ('mpesa.transaction', ['receipt', 'account_reference'], ['UIE4K7PN01', f"'{formula}"]),
            ('payment.transaction', ['reference', 'mpesa_note'], [self.paid.reference, "'=1+1"]),
        ):
            with self.subTest(model):
                answer = self.export('csv', model, names)
                self.assertEqual(answer.status_code, 200)
                self.assertIn(found, list(csv.reader(io.StringIO(answer.text))))
                for groupby in ([], names[1:]):
                    answer = self.export('xlsx', model, names, groupby)
                    self.assertEqual(answer.status_code, 200)
                    cells = [
                        cell for row in load_workbook(io.BytesIO(answer.content)).active.iter_rows()
                        for cell in row
                    ]
                    self.assertNotIn('f', {cell.data_type for cell in cells})
                    self.assertIn(found[1], [cell.value for cell in cells])

    def test_no_secret_field_is_offered_or_given(self):
        self.make_payments()
        system = new_test_user(
            self.env, login='export-system', company_id=self.school.id,
            groups='base.group_system,school_fees.group_administrator,base.group_allow_export',
            company_ids=[Command.set(self.school.ids)],
        )
        records = {'mpesa.transaction': self.asked, 'payment.transaction': self.paid}
        for model, record in records.items():
            theirs = record.sudo(False).with_user(system)
            for name, field in theirs.fields_get(attributes=['exportable']).items():
                if any(word in name for word in SECRET_WORDS) and (
                    model == 'mpesa.transaction' or name.startswith('mpesa_')
                ):
                    with self.subTest(model=model, field=name):
                        self.assertFalse(field['exportable'])
            hidden = [
                name for name, field in theirs._fields.items()
                if not field.exportable and not field.name.startswith('__')
            ]
            self.assertGreater(len(hidden), 7)
            for path in {*hidden, *PATHS[model]}:
                with self.subTest(model=model, path=path), self.assertRaises(AccessError):
                    theirs.export_data(['id', path])

    def test_of_all_that_may_be_exported_nothing_tells_a_number(self):
        self.make_payments()
        for record in (self.asked, self.paid):
            theirs = self.as_bursar(record)
            names = [
                name for name, field in theirs.fields_get(attributes=['exportable', 'type']).items()
                if field['exportable'] and not theirs._fields[name].relational
            ]
            self.assertGreater(len(names), 20)
            text = json.dumps(theirs.export_data(names), default=str)
            self.assertIn('*** 111', text)
            self.assertNotIn('712000111', text.replace(' ', ''))
            sealed = record.sudo()
            for secret in (
                sealed[name] for name, field in sealed._fields.items()
                if not field.exportable and field.store and field.type == 'char'
            ):
                if secret:
                    self.assertNotIn(secret, text)

    def test_who_may_make_a_file(self):
        self.make_payments()
        accountant, cashier = (
            new_test_user(
                self.env, login=f'export-{name}', groups=f'base.group_user,{groups}',
                company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
            )
            for name, groups in (
                ('accountant', 'account.group_account_invoice,base.group_allow_export'),
                ('cashier', 'school_fees.group_cashier,base.group_allow_export'),
            )
        )
        self.assertTrue(self.as_bursar(self.asked).export_data(['receipt'])['datas'])
        for user in (accountant, cashier):
            for record, name in ((self.asked, 'receipt'), (self.paid, 'reference')):
                with self.subTest(user=user.login, model=record._name):
                    with self.assertRaises(AccessError):
                        record.sudo(False).with_user(user).export_data([name])
        self.bursar.sudo().write({'group_ids': [
            Command.unlink(self.env.ref('school_fees.group_bursar').id),
            Command.link(self.env.ref('account.group_account_invoice').id),
        ]})
        self.assertFalse(self.bursar.has_group('base.group_allow_export'))
        with self.assertRaises(UserError):
            self.as_bursar(self.paid).export_data(['reference'])
