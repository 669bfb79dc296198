import base64

from odoo import fields
from odoo.fields import Command

from .common import SchoolFeesCommon


class TwoSchoolsCommon(SchoolFeesCommon):
    """Two schools, each with a record of every model that a school keeps, of one family.

    `records` and `other_records` hold them by model; each text in them contains :data:`MARKER`,
    wherever a person types one.
    """

    MARKER = "Zz9Foreign"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = cls._fill_school("A")
        cls.student = cls.records['school.student']
        first = cls.env, cls.school, cls.year, cls.term_1
        cls.other_school = cls.create_school("Mwangaza School")
        cls.env.user.company_ids |= cls.other_school
        cls.school = cls.other_school
        cls.env = cls.env(context={
            **cls.env.context, 'allowed_company_ids': cls.other_school.ids,
        })
        cls.year = cls.env['school.academic.year'].create({
            'name': "2026", 'date_from': '2026-01-01', 'date_to': '2026-12-31',
        })
        cls.term_1 = cls.env['school.term'].create({
            'year_id': cls.year.id, 'sequence': 1, 'name': "Term 1", 'date_from': '2026-01-05',
            'date_to': '2026-04-02', 'bill_date': '2026-01-05', 'due_date': '2026-01-12',
        })
        cls.other_records = cls._fill_school("B")
        cls.env, cls.school, cls.year, cls.term_1 = first
        cls.other_student = cls.other_records['school.student'].with_env(cls.env)

    @classmethod
    def _fill_school(cls, tag):
        """ Make a record of each model for a family of strangers.

        :param str tag: Tells the schools apart.
        :return: The records by model.
        :rtype: dict
        """
        text = f"{cls.MARKER} {tag}"
        create = lambda model, vals: cls.env[model].create(vals)  # noqa: E731
        level = cls.create_level(f"Grade {tag}", f'G{tag}')
        school_class = cls.create_class(level)
        zone = create('school.zone', {'name': text})
        category = create('school.student.category', {'name': text, 'code': f'C{tag}'})
        family = cls.create_family(text)
        student, sibling, payer = (
            cls.create_student(f"{text} {name}", f'Z{tag}-{name}', family_id=family.id,
                               category_id=category.id)
            for name in (1, 2, 3)
        )
        enrolment = cls.enrol(student, school_class)
        cls.enrol(sibling, school_class)
        cls.enrol(payer, cls.create_class(cls.create_level(f"Form {tag}", f'F{tag}')))
        guardian = cls.create_guardian(
            student | sibling | payer, f"{text} guardian", "0712 345 678", restricted_note=text,
        )
        guardian.email = f'{cls.MARKER}{tag}@example.com'
        phone = create('school.guardian.phone', {
            'partner_id': guardian.id, 'e164': '0712 345 67' + ('1' if tag == 'A' else '2'),
        })
        alias = create('school.student.alias', {'name': f'77{ord(tag)}', 'student_id': student.id})
        tuition, lunch = cls.create_fee(), cls.create_fee("Lunch", 'LUN', is_optional=True)
        structure = cls.create_structure(level, [(tuition, 5_000), (lunch, 700)], name=text)
        opted = create('school.student.fee', {
            'student_id': student.id, 'product_id': lunch.id, 'term_from_id': cls.term_1.id,
        })
        concession = create('school.concession', {
            'name': text, 'kind': 'fixed', 'value_type': 'percent', 'value': 10,
        })
        ranked = create('school.concession', {
            'name': f"{text} siblings", 'kind': 'sibling', 'value_type': 'percent',
            'rank_ids': [Command.create({'rank_from': 9, 'percent': 5})],
        })
        grant = create('school.concession.grant', {
            'student_id': student.id, 'concession_id': concession.id, 'reason': text,
            'term_from_id': cls.term_1.id,
        })
        grant.state = 'approved'
        run = cls.run_bills(cls.term_1)
        warning = run.warning_ids[:1]  # The payer's level has no structure.
        bill = run.move_ids.filtered(lambda move: move.student_id == student)
        receipt = cls.create_receipt(
            {student: 3_000, sibling: 2_000}, external_ref=f'{cls.MARKER}{tag}',
            payer_partner_id=guardian.id, family_id=family.id,
        )
        cls.create_receipt({payer: 900})
        office = cls.env['school.transfer']
        transfer = office._ask(
            from_student=payer, to_student=sibling, amount=100, reason=text,
        ).with_env(cls.env)
        refund = cls.env['school.refund']._ask(
            student=payer, payee=guardian, amount=50, money_kind='cash', external_ref='',
            reason=text,
        ).with_env(cls.env)
        cash_up = cls.env['school.cash.up'].browse(
            cls.env['school.cash.up'].action_open_mine()['res_id']
        )
        message = create('school.message', {
            'kind': 'balance', 'student_id': student.id, 'partner_id': guardian.id,
            'company_id': student.company_id.id, 'day': '2026-02-01', 'body': text,
        })
        asked = cls.env['school.data.request']._ask(guardian, student.company_id).with_env(cls.env)
        for record in (student, receipt, bill, transfer, refund, grant):
            record.message_post(body=text, subtype_xmlid='mail.mt_comment')
        attachment = cls.env['ir.attachment'].create([
            {'name': text, 'raw': text.encode(), 'res_model': record._name, 'res_id': record.id}
            for record in (student, receipt, bill)
        ])
        wizards = cls._fill_forms(
            text, student, payer, school_class, tuition, receipt, structure,
        )
        import_ = wizards['school.import']
        debt = bill.line_ids.filtered(lambda line: line.account_type == 'asset_receivable')
        found = {
            'school.academic.year': cls.year, 'school.term': cls.term_1, 'school.level': level,
            'school.class': school_class, 'school.zone': zone,
            'school.student.category': category, 'school.family': family,
            'school.student': student, 'school.enrolment': enrolment,
            'school.guardian.link': student.guardian_link_ids, 'school.guardian.phone': phone,
            'school.student.alias': alias, 'school.vote.head': tuition.vote_head_id,
            'school.fee.structure': structure, 'school.fee.structure.line': structure.line_ids[:1],
            'school.student.fee': opted, 'school.concession': concession,
            'school.concession.rank': ranked.rank_ids, 'school.concession.grant': grant,
            'school.bill.run': run, 'school.bill.run.student': run.run_student_ids[:1],
            'school.bill.run.line': run.line_ids[:1], 'school.bill.run.warning': warning,
            'school.receipt': receipt, 'school.receipt.line': receipt.line_ids[:1],
            'school.message': message, 'school.data.request': asked,
            'school.transfer': transfer, 'school.refund': refund, 'school.cash.up': cash_up,
            'school.cash.up.line': cash_up.line_ids[:1], 'res.partner': student.partner_id,
            'account.move': bill, 'account.move.line': debt[:1],
            'account.payment': receipt.line_ids.payment_id[:1],
            'account.partial.reconcile': debt.matched_credit_ids[:1],
            'account.journal': bill.journal_id, 'product.product': tuition,
            'product.template': tuition.product_tmpl_id,
            'mail.message': student.message_ids.filtered(lambda m: text in (m.body or ''))[:1],
            'ir.attachment': attachment[:1], 'school.import.row': import_.row_ids[:1],
            'school.reference.trial.row': wizards['school.reference.trial'].row_ids[:1],
            'school.balance.report': cls._find('school.balance.report', student),
            'school.concession.report': cls._find('school.concession.report', student),
            'school.day.book': cls.env['school.day.book'].search([
                ('receipt_id', '=', receipt.id),
            ], limit=1),
            'school.vote.head.report': cls.env['school.vote.head.report'].search([
                ('company_id', '=', cls.school.id),
            ], limit=1),
            **wizards,
        }
        cls.env.flush_all()
        return found

    @classmethod
    def _find(cls, model, student):
        return cls.env[model].search([('student_id', '=', student.id)], limit=1)

    @classmethod
    def _fill_forms(cls, text, student, payer, school_class, fee, receipt, structure):
        """ Fill in each form of the office half. """
        Import = cls.env['school.import'].create({
            'kind': 'students', 'file_name': f'{text}.csv',
            'file': base64.b64encode(
                f"Admission Number,Name,Class\nX-{text[-1]},{text},{school_class.name}".encode(),
            ),
        })
        Import.action_preview()
        Trial = cls.env['school.reference.trial'].create({
            'file_name': f'{text}.csv', 'file': base64.b64encode(f"Reference\n{text}".encode()),
        })
        Trial.action_try()
        forms = {
            'school.import': Import,
            'school.reference.trial': Trial,
            'school.admission.wizard': {
                'name': text, 'admission_no': f'Y-{text[-1]}', 'class_id': school_class.id,
                'date_from': '2026-02-01', 'guardian_name': text,
                'guardian_phone': '0712 345 699',
            },
            'school.charge.wizard': {
                'product_id': fee.id, 'term_id': cls.term_1.id, 'amount': 10,
                'line_ids': [Command.create({'student_id': student.id})],
            },
            'school.enrol.wizard': {
                'student_id': student.id, 'class_id': school_class.id, 'boarding': 'day',
            },
            'school.leave.wizard': {'student_ids': student.ids, 'reason': text},
            'school.next.year.wizard': {'template_id': cls.year.id, 'line_ids': [Command.create({
                'name': "T", 'date_from': '2027-01-05', 'date_to': '2027-04-02',
                'due_date': '2027-01-12',
            })]},
            'school.promotion.wizard': {
                'year_id': cls.year.id,
                'line_ids': [Command.clear(), Command.create({'class_id': school_class.id})],
            },
            'school.statement.wizard': {'student_ids': student.ids},
            'school.past.day.wizard': {'shows': 'aged'},
            'school.message.wizard': {'student_ids': student.ids},
            'school.data.export': {'partner_id': student.guardian_link_ids.partner_id[:1].id},
            'school.year.end.pack': {
                'date_from': fields.Date.to_date('2026-01-01'), 'date_to': '2026-12-31',
            },
            'school.fee.structure.copy': {
                'year_from_id': cls.year.id, 'year_id': cls.year.id,
                'line_ids': [Command.clear(), Command.create({'product_id': fee.id})],
            },
            'school.receipt.wizard': {
                'student_id': student.id, 'amount': 10, 'payer_partner_id': False,
            },
            'school.refund.wizard': {
                'student_id': payer.id, 'amount': 5, 'reason': text,
                'payee_partner_id': student.guardian_link_ids.partner_id.id,
            },
            'school.reversal.wizard': {
                'res_model': receipt._name, 'res_id': receipt.id, 'reason': text,
            },
            'school.transfer.wizard': {
                'from_student_id': payer.id, 'to_student_id': student.id, 'amount': 5,
                'reason': text,
            },
        }
        records = {
            model: values if hasattr(values, '_name') else cls.env[model].create(values)
            for model, values in forms.items()
        }
        records['school.receipt.wizard'].line_ids = [Command.create({'student_id': student.id})]
        for model in ('receipt.wizard', 'charge.wizard', 'next.year.wizard', 'promotion.wizard',
                      'fee.structure.copy'):
            records[f'school.{model}.line'] = records[f'school.{model}'].line_ids[:1]
        return records
