from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..rules import sms_text


class SchoolMessageWizard(models.TransientModel):
    """Telling guardians of what is due, or of new bills, by SMS, with a look at it before."""

    _name = 'school.message.wizard'
    _description = "Send Messages by SMS"

    kind = fields.Selection(
        string="Kind", selection=[('balance', "Balance"), ('bill', "Bill")], required=True,
        default='balance',
    )
    student_ids = fields.Many2many(
        string="Students", comodel_name='school.student', required=True,
    )
    bill_ids = fields.Many2many(string="Bills", comodel_name='account.move')
    student_count = fields.Integer(string="Students Chosen", compute='_compute_preview')
    owing_count = fields.Integer(string="Owe Something", compute='_compute_preview')
    silent_count = fields.Integer(
        string="Nobody to Tell", compute='_compute_preview',
        help="Something is due, but no guardian with a number takes SMS about the student.",
    )
    told_count = fields.Integer(
        string="Told Already", compute='_compute_preview',
        help="Messages that are not sent again: these guardians were told of the bill, or were"
             " reminded today.",
    )
    message_count = fields.Integer(string="Messages", compute='_compute_preview')
    sms_count = fields.Integer(
        string="Charged as", compute='_compute_preview',
        help="How many SMS the gateway charges.",
    )
    preview = fields.Text(string="The First Message", compute='_compute_preview')
    preview_length = fields.Integer(
        string="Length", compute='_compute_preview', help="One SMS holds 160 letters.",
    )
    send_after = fields.Datetime(string="Goes Out At", compute='_compute_preview')

    # === COMPUTE METHODS === #

    @api.depends('kind', 'student_ids', 'bill_ids')
    def _compute_preview(self):
        Message_sudo = self.env['school.message'].sudo()
        now = fields.Datetime.now()
        for wizard in self:
            subjects = wizard._get_subjects()
            told, silent, new, text = 0, 0, 0, ''
            students_sudo = wizard._get_students(subjects)
            guardians_of = students_sudo._read_message_guardians()
            told_of = students_sudo._read_told_guardians(
                wizard.kind, subjects, guardians_of,
            )
            for (student_sudo, values), known in zip(subjects, told_of, strict=True):
                guardians = guardians_of[student_sudo]
                known &= guardians
                silent += not guardians
                told += len(known)
                new += len(guardians - known)
                for guardian in (guardians - known)[:1] if not text else ():
                    text = Message_sudo.new({
                        'kind': wizard.kind, 'student_id': student_sudo.id,
                        'partner_id': guardian.id, 'company_id': student_sudo.company_id.id,
                        **values,
                    })._write_body()
            at = Message_sudo._get_next_day(now)
            wizard.update({
                'student_count': len(wizard.student_ids), 'owing_count': len(subjects),
                'silent_count': silent, 'told_count': told, 'message_count': new,
                'sms_count': new * sms_text.count_messages(text),  # Every text fits one SMS.
                'preview': text or False,
                'preview_length': sms_text.septets(text),
                'send_after': at if at > now and new else False,
            })

    # === ACTION METHODS === #

    def action_send(self):
        """ Ask for the messages; they go out by a scheduled action.

        :return: What was done, in words.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If the school has no gateway, or nobody is to be told.
        """
        self.ensure_one()
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        subjects = self._get_subjects()
        if not any(company.school_sms_gateway for company in self.student_ids.company_id):
            raise UserError(self.env._(
                "This school has no SMS gateway yet. Nothing was sent. An administrator sets it up"
                " in Settings > School Fees > Messages."
            ))
        values_of = defaultdict(list)
        for student_sudo, values in subjects:
            values_of[student_sudo].append(values)
        messages_sudo = self._get_students(subjects)._send_school_messages(self.kind, values_of)
        if not messages_sudo:
            raise UserError(self.env._(
                "Nobody is to be told: nothing is due, nobody takes SMS, or all were told already."
                " Nothing was sent."
            ))
        later = messages_sudo[:1].send_after
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._(
                    "%(count)s messages wait for 7:00 in the morning.", count=len(messages_sudo),
                ) if later else self.env._(
                    "%(count)s messages are on their way. School Fees > Messages shows what became"
                    " of each.", count=len(messages_sudo),
                ),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    # === BUSINESS METHODS === #

    def _get_students(self, subjects):
        """ Return the students of what is to be told, each once, in sudo mode.

        :param list[tuple] subjects: As :meth:`_get_subjects` returns them.
        :rtype: school.student
        """
        return self.env['school.student'].sudo().union(*(student for student, _values in subjects))

    def _get_subjects(self):
        """ Return what is to be told, checked against the user's rights.

        :return: Students in sudo mode, each with the further values of the messages: those who
                 owe something, or each bill with something left to pay.
        :rtype: list[tuple]
        """
        students, bills = self.student_ids._origin, self.bill_ids._origin
        if self.kind == 'bill':
            bills.check_access('read')
            return [
                (bill.sudo().student_id, {'invoice_id': bill.id})
                for bill in bills if bill._is_bill_to_tell()
            ]
        students.check_access('read')
        return [
            (student.sudo(), {}) for student in students
            if student.currency_id.compare_amounts(student.balance, 0.0) > 0
        ]
