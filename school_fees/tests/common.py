from contextlib import contextmanager
from decimal import Decimal

from odoo import fields
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user
from odoo.tools import mute_logger

from odoo.addons.base.tests.common import DISABLED_MAIL_CONTEXT
from odoo.addons.school_fees.tests.sound_books import SoundBooks


class SchoolFeesCommon(SoundBooks, TransactionCase):
    """A school in Kenya with a year of three terms, and makers for what tests need.

    Every test ends by looking at the books.

    Everything belongs to a new company, so that the tests run on any database.
    """

    # The chart of accounts; without one the Kenyan chart where it is installed, else the generic.
    chart = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, **DISABLED_MAIL_CONTEXT})
        cls.school = cls.create_school("Uhuru Academy")
        cls.env.user.company_ids |= cls.school
        cls.env = cls.env(context={**cls.env.context, 'allowed_company_ids': cls.school.ids})
        cls.currency = cls.school.currency_id

        cls.year = cls.env['school.academic.year'].create({
            'name': "2026", 'date_from': '2026-01-01', 'date_to': '2026-12-31',
        })
        cls.term_1, cls.term_2, cls.term_3 = cls.env['school.term'].create([
            {
                'year_id': cls.year.id, 'sequence': number, 'name': f"Term {number}",
                'date_from': first, 'date_to': last, 'bill_date': first, 'due_date': due,
            }
            for number, first, last, due in (
                (1, '2026-01-05', '2026-04-02', '2026-01-12'),
                (2, '2026-04-27', '2026-07-31', '2026-05-04'),
                (3, '2026-08-24', '2026-10-23', '2026-08-31'),
            )
        ])

    def setUp(self):
        super().setUp()
        self.unsound_reason = ''
        # Before the test's work is rolled back, whoever wrote it.
        self.addCleanup(self.check_books_after_test)

    @contextmanager
    def refusal(self, exception, message):
        """ Assert that something is refused with a message, and undo what it had written.

        :param type exception: The class of the error.
        :param str message: A regular expression for its text.
        """
        with mute_logger('odoo.sql_db'), self.assertRaisesRegex(exception, message), \
                self.env.cr.savepoint():
            yield

    # === MAKERS === #

    @classmethod
    def create_school(cls, name):
        """ Create a company in Kenya with its chart of accounts and 16 % default sales tax.

        :param str name: The name of the school.
        :rtype: res.company
        """
        currency = cls.env.ref('base.KES')
        currency.active = True
        school = cls.env['res.company'].create({
            'name': name, 'country_id': cls.env.ref('base.ke').id, 'currency_id': currency.id,
        })
        chart = cls.env['account.chart.template']
        has_kenyan_chart = 'ke' in chart._get_chart_template_mapping()
        installed = cls.env['ir.module.module']._get('l10n_ke').state == 'installed'
        code = cls.chart or ('ke' if has_kenyan_chart and installed else 'generic_coa')
        chart.try_loading(code, school, install_demo=False)
        school.currency_id = currency
        if school.account_sale_tax_id.amount != 16.0:
            school.account_sale_tax_id = cls.env['account.tax'].with_company(school).create({
                'name': "VAT 16%", 'amount': 16.0, 'type_tax_use': 'sale',
                'company_id': school.id,
            })
        return school

    @classmethod
    def create_family(cls, name="Otieno", **values):
        """ Create a family.

        :rtype: school.family
        """
        return cls.env['school.family'].create({'name': name, **values})

    @classmethod
    def create_student(cls, name="Faith Otieno", admission_no="ADM-012", **values):
        """ Create an active student.

        :rtype: school.student
        """
        return cls.env['school.student'].create({
            'name': name, 'admission_no': admission_no, **values,
        })

    @classmethod
    def create_level(cls, name="Grade 8", code='G8', **values):
        """ Create a level.

        :rtype: school.level
        """
        return cls.env['school.level'].create({'name': name, 'code': code, **values})

    @classmethod
    def create_class(cls, level, stream=False, **values):
        """ Create a class of this year.

        :rtype: school.class
        """
        return cls.env['school.class'].create({
            'level_id': level.id, 'stream': stream, 'year_id': cls.year.id, **values,
        })

    @classmethod
    def enrol(cls, student, school_class, date_from='2026-01-05', **values):
        """ Enrol a student in a class.

        :rtype: school.enrolment
        """
        return cls.env['school.enrolment'].create({
            'student_id': student.id, 'class_id': school_class.id, 'date_from': date_from,
            **values,
        })

    @classmethod
    def create_fee(cls, name="Tuition", code='TUI', **values):
        """ Create a fee item, and its vote head unless there is one with this code.

        :param str name: The name of the item.
        :param str code: The code of its vote head; the head TUI is tuition.
        :rtype: product.product
        """
        Head = cls.env['school.vote.head']
        head = Head.search([('code', '=', code), ('company_id', '=', cls.school.id)])
        head = head or Head.create({'name': name, 'code': code, 'is_tuition': code == 'TUI'})
        return cls.env['product.product'].create({
            'name': name, 'is_school_fee': True, 'vote_head_id': head.id, **values,
        })

    @classmethod
    def create_structure(cls, levels, fees, publish=True, **values):
        """ Create a fee structure, in force unless told otherwise.

        :param school.level levels: The levels that it is for.
        :param fees: (fee item, KES per term) pairs, or (fee item, line values) pairs.
        :param bool publish: Whether to publish it.
        :rtype: school.fee.structure
        """
        structure = cls.env['school.fee.structure'].create({
            'name': "Grade 8 2026",
            'year_id': cls.year.id,
            'level_ids': [Command.set(levels.ids)],
            'line_ids': [
                Command.create({'product_id': fee.id, **(price if isinstance(price, dict) else {
                    'amount_1': price, 'amount_2': price, 'amount_3': price,
                })})
                for fee, price in fees
            ],
            **values,
        })
        if publish:
            structure.state = 'approved'
            structure.action_publish()
        return structure

    @classmethod
    def run_bills(cls, term, **values):
        """ Bill a term: preview, post, and do what the scheduled action does.

        :param school.term term: The term.
        :rtype: school.bill.run
        """
        run = cls.env['school.bill.run'].create({'term_id': term.id, **values})
        run.action_preview()
        if run.changed_count:
            run.action_post()
            cls.work_off(run)
        return run

    @classmethod
    def work_off(cls, run):
        """ Post or undo what waits in a run, as the scheduled action does, without its commits.

        :param school.bill.run run: The run.
        """
        while run._process_chunk():
            pass
        run._finish()
        cls.env.invalidate_all()  # Balances are worked out when read, not when written.

    @classmethod
    def create_guardian(cls, students, name="Mary Otieno", phone=False, login=None, **link):
        """ Create a guardian of students, with a portal log-in where asked for.

        :param school.student students: The children.
        :param str name: The guardian's name.
        :param str phone: The number on the contact.
        :param str login: The name and password of the portal user, if there is to be one.
        :param dict link: Values of the guardian links.
        :rtype: res.partner
        """
        if login:
            guardian = new_test_user(
                cls.env, login=login, name=name, groups='base.group_portal', phone=phone,
                company_id=cls.env.ref('base.main_company').id,
                company_ids=[Command.set(cls.env.ref('base.main_company').ids)],
            ).partner_id
        else:
            guardian = cls.env['res.partner'].create({'name': name, 'phone': phone})
        cls.env['school.guardian.link'].create([
            {'student_id': student.id, 'partner_id': guardian.id, 'relation': 'mother', **link}
            for student in students
        ])
        return guardian

    @classmethod
    def create_term_bill(cls, student, term, amount, post=True, **values):
        """ Create a term bill of one exempt line.

        Schooling is exempt from VAT, while the Kenyan chart makes 16 % the default.

        :param school.student student: The debtor.
        :param school.term term: The term.
        :param float amount: The amount, KES.
        :param bool post: Whether to post the bill.
        :rtype: account.move
        """
        bill = cls.env['account.move'].create({
            'move_type': 'out_invoice',
            'school_doc_type': 'term_bill',
            'student_id': student.id,
            'term_id': term.id,
            'invoice_date': term.bill_date,
            'company_id': student.company_id.id,
            'invoice_line_ids': [Command.create({
                'name': "Tuition",
                'price_unit': amount,
                'tax_ids': [Command.set(cls.get_exempt_tax(student.company_id).ids)],
            })],
            **values,
        })
        if post:
            bill.action_post()
        return bill

    @classmethod
    def get_exempt_tax(cls, school):
        """ Return the school's exempt sales tax, empty where its chart has none.

        :rtype: account.tax
        """
        return cls.env['account.chart.template'].with_company(school).ref(
            'STEX', raise_if_not_found=False,
        ) or cls.env['account.tax']

    @classmethod
    def create_receipt(cls, shares, date='2026-01-20', external_ref=False, **values):
        """ Book a payment by cash, or by cheque where it has a reference.

        :param dict shares: The amount for each student, KES.
        :param str date: The day of the payment.
        :param str external_ref: The number of the cheque.
        :rtype: school.receipt
        """
        school = next(iter(shares)).company_id
        journal = cls.env['account.journal'].search([
            ('type', 'in', ('cash', 'bank')), ('company_id', '=', school.id),
        ], limit=1)
        kind = 'cheque' if external_ref else 'cash'
        receipts, _payments = cls.env['school.receipt']._book([{
            'receipt': {
                'date': fields.Date.to_date(date),
                'channel': kind,
                'money_kind': kind,
                'external_ref': external_ref,
                'amount': sum(shares.values()),
                'currency_id': school.currency_id.id,
                'company_id': school.id,
                **values,
            },
            'shares': [(student, Decimal(str(share))) for student, share in shares.items()],
            'payment': {'journal_id': journal.id},
        }])
        return receipts

    @classmethod
    def create_staff(cls, login, group):
        """ Create a person of the school's office.

        :param str login: The log-in, which is also the password.
        :param str group: Such as 'cashier' or 'approver'.
        :rtype: res.users
        """
        return new_test_user(
            cls.env, login=login, groups=f'school_fees.group_{group}', company_id=cls.school.id,
            company_ids=[Command.set(cls.school.ids)],
        )
