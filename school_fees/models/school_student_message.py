from collections import defaultdict

from odoo import api, models

from .school_receipt_page import SCHOOL_TZ


class SchoolStudent(models.Model):
    """Messages about a student: who is told, and what the office sends by hand."""

    _inherit = 'school.student'  # pylint: disable=consider-merging-classes-inherited

    # === ACTION METHODS === #

    def action_send_balance(self):
        """ Open *Send balance by SMS* for these students.

        :return: A window action.
        :rtype: dict
        """
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_fees.school_message_wizard_action'
            ),
            'context': {'dialog_size': 'medium', 'default_student_ids': self.ids},
        }

    # === BUSINESS METHODS === #

    def _get_message_links(self, even_opted_out=False):
        """ Return through whom these students' guardians are told of money.

        Only who may see amounts, takes SMS about the child and has not opted out altogether.

        :param bool even_opted_out: Also those who have.
        :return: Live guardian links, by priority, in sudo mode.
        :rtype: school.guardian.link
        """
        # What is valid today, is so by the day in Kenya.
        students_sudo = self.sudo().with_context(tz=SCHOOL_TZ.zone)
        return students_sudo.guardian_link_ids.filtered(
            lambda link: link.is_live and link.sms and link.sees_amounts
            and (even_opted_out or not link.partner_id.school_sms_optout)
        ).sorted(lambda link: (link.priority, link.id))

    def _get_message_guardians(self):
        """ Return the guardians who can be told of a student, each number once.

        Note: `self.ensure_one()`

        :return: In sudo mode.
        :rtype: res.partner
        """
        self.ensure_one()
        return self._read_message_guardians()[self]

    def _read_message_guardians(self):
        """ Return the guardians who can be told of each of these students, each number once.

        The same few queries serve all students.

        :return: For each student, in sudo mode.
        :rtype: dict[school.student, res.partner]
        """
        links_sudo = self._get_message_links()
        links_of = links_sudo.grouped('student_id')
        phones = links_sudo.partner_id._get_message_phones()
        result = {}
        for student in self:
            guardians, numbers = self.env['res.partner'].sudo(), set()
            for guardian in links_of.get(student, links_sudo.browse()).partner_id:
                if phones[guardian] and phones[guardian] not in numbers:
                    guardians |= guardian
                    numbers.add(phones[guardian])
            result[student] = guardians
        return result

    def _send_school_message(self, kind, **values):
        """ Ask for one message about each of these students to each guardian who takes SMS.

        Who sends is checked by the caller. Where the school has no gateway nothing is made. A
        guardian who was told the same already (a receipt, today's reminder) is left out.

        :param str kind: One of the kinds of `school.message`.
        :param dict values: Further values of the messages, such as `receipt_id`.
        :return: The messages, in sudo mode; they go out by a scheduled action, after the commit.
        :rtype: school.message
        """
        return self._send_school_messages(kind, {student: [values] for student in self})

    def _send_school_messages(self, kind, subjects):
        """ Ask for messages about these students that differ from one another.

        :param str kind: As in :meth:`_send_school_message`.
        :param dict subjects: For each student the further values, once for each message.
        :return: The messages, as there.
        :rtype: school.message
        """
        Message_sudo = self.env['school.message'].sudo()
        today = Message_sudo._get_today()
        students_sudo = self.sudo().filtered('company_id.school_sms_gateway')
        guardians = students_sudo._read_message_guardians()
        wanted = [
            (student_sudo, values)
            for student_sudo in students_sudo for values in subjects[student_sudo]
        ]
        return Message_sudo._ask([
            {
                'kind': kind, 'student_id': student_sudo.id, 'partner_id': guardian.id,
                'company_id': student_sudo.company_id.id, 'day': today, **values,
            }
            for (student_sudo, values), told in zip(
                wanted, self._read_told_guardians(kind, wanted, guardians), strict=True,
            )
            for guardian in guardians[student_sudo] - told
        ])

    @api.model
    def _read_told_guardians(self, kind, subjects, guardians):
        """ Return who was told the same already: of a receipt, of a bill, or of the balance today.

        One query serves all.

        :param str kind: The kind of the messages.
        :param list[tuple] subjects: Students, each with the further values of a message.
        :param dict guardians: Who can be told, by student.
        :return: For each of them, in their order, in sudo mode.
        :rtype: list[res.partner]
        """
        Message_sudo = self.env['school.message'].sudo()
        told = defaultdict(self.env['res.partner'].sudo)
        name = next(
            (name for name in ('receipt_id', 'invoice_id')
             if any(values.get(name) for _student, values in subjects)),
            'student_id' if kind == 'balance' else '',
        )
        keys = [
            student.id if name == 'student_id' else values.get(name)
            for student, values in subjects
        ]
        if name:
            domain = [('kind', '=', kind), (name, 'in', keys)]
            if name == 'student_id':
                domain += [('day', '=', Message_sudo._get_today())]
            for message_sudo in Message_sudo.search(domain):
                told[message_sudo[name].id] |= message_sudo.partner_id
        return [told[key] for key in keys]

    def _get_message_pay(self):
        """ Return how to pay, for a message. Ways of collecting have their own.

        Note: `self.ensure_one()`

        :return: The `address` of a page, without the school's own, and `by_hand`, such as
                 "Pay code 7001910"; both may be ''.
        :rtype: dict
        """
        self.ensure_one()
        return {'address': '', 'by_hand': self._get_pay_by_hand()}

    def _get_pay_by_hand(self):
        """ Return in few words how to pay without a page. Ways of collecting have their own.

        Note: `self.ensure_one()`

        :return: Such as "Pay code 7001910"; may be ''.
        :rtype: str
        """
        self.ensure_one()
        code = self.sudo().pay_code
        return self.env._("Pay code %(code)s", code=code) if code else ''
