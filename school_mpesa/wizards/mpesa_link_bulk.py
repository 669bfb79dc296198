from odoo import api, fields, models
from odoo.exceptions import UserError


class MpesaLinkBulk(models.TransientModel):
    """Payment links for many students at once, with a look before.

    Links are light: those of a thousand students are made in one go, and the messages queue.
    """

    _name = 'mpesa.link.bulk'
    _description = "Make Payment Links"
    _inherit = ['mpesa.chosen.students.mixin', 'mpesa.link.terms.mixin']
    _check_company_auto = True

    currency_id = fields.Many2one(related='company_id.currency_id')
    again = fields.Boolean(
        string="Also Who Has an Open Link",
        help="Otherwise no second link is made while one made by hand still asks for as much.",
    )
    send_sms = fields.Boolean(
        string="Send by SMS at Once",
        help="To each guardian who takes SMS; not between 20:00 and 7:00.",
    )
    state = fields.Selection(
        string="State",
        selection=[('choose', "Choose"), ('preview', "Preview"), ('done', "Made")],
        required=True, readonly=True, default='choose',
    )
    line_ids = fields.One2many(
        comodel_name='mpesa.link.bulk.line', inverse_name='wizard_id', readonly=True,
    )
    ready_line_ids = fields.One2many(
        string="Get a Link", comodel_name='mpesa.link.bulk.line', inverse_name='wizard_id',
        domain=[('reason', '=', False)],
    )
    left_line_ids = fields.One2many(
        string="Left Out", comodel_name='mpesa.link.bulk.line', inverse_name='wizard_id',
        domain=[('reason', '!=', False)], readonly=True,
    )
    link_count = fields.Integer(string="Links", compute='_compute_totals')
    asked = fields.Monetary(string="They Ask For", compute='_compute_totals')
    left_count = fields.Integer(string="Students Left Out", compute='_compute_totals')
    sms_count = fields.Integer(
        string="SMS", compute='_compute_totals', help="How many the gateway charges.",
    )
    silent_count = fields.Integer(
        string="Nobody to Tell", compute='_compute_totals',
        help="They get a link, but no guardian with a number takes SMS about them.",
    )

    # === COMPUTE METHODS === #

    @api.depends('ready_line_ids.is_made', 'left_line_ids')
    def _compute_totals(self):
        for wizard in self:
            lines = wizard.ready_line_ids.filtered('is_made')
            wizard.update({
                'link_count': len(lines),
                'asked': sum(lines.mapped('asked')),
                'left_count': len(wizard.left_line_ids),
                'sms_count': sum(lines.mapped('guardian_count')),  # Each text fits one SMS.
                'silent_count': len(lines.filtered(lambda line: not line.guardian_count)),
            })

    # === ACTION METHODS === #

    def action_preview(self):
        """ Show who would get a link, and who would not and why.

        :return: The action that shows this form again.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If nobody was found, or no parent could pay by such links.
        """
        self.ensure_one()
        self._check()
        students = self._find_students()
        if not students:
            raise UserError(self.env._(
                "Nobody is found. No link was made. Choose another class or level, or other"
                " students."
            ))
        lines_sudo = self.line_ids.sudo()  # The judgement is ours; the user only ticks.
        lines_sudo.unlink()
        lines_sudo.create([
            {'wizard_id': self.id, 'student_id': student.id, **facts}
            for student, facts in self._judge(students).items()
        ])
        self.state = 'preview'
        return self._reopen()

    def action_back(self):
        """ Go back to the choice.

        :return: The action that shows this form again.
        :rtype: dict
        """
        self.ensure_one()
        if self.state == 'preview':
            self.state = 'choose'
        return self._reopen()

    def action_make(self):
        """ Make the links of those who are ticked, and send them where asked for.

        Whoever has paid or got a link since the preview is left out. Pressed twice, it makes the
        links once.

        :return: What was done, in words, and then the list of the links.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If none can be made.
        """
        self.ensure_one()
        if self.state == 'choose':
            raise UserError(self.env._("Look at the preview first. No link was made."))
        self._check()
        said = self._make() if self.state == 'preview' else [
            self.env._("These links were made already. No further one was made."),
        ]
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': ' '.join(said),
                'next': {
                    **self.env['ir.actions.act_window']._for_xml_id(
                        'school_mpesa.mpesa_payment_link_action'
                    ),
                    'domain': [('id', 'in', self.line_ids.link_id.ids)],
                    'context': {},
                },
            },
        }

    # === BUSINESS METHODS === #

    def _check(self):
        """ Ensure that the user may make such links, and that a parent could pay by them.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If nobody could pay, or the school sends no SMS.
        """
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        self._check_terms(self.company_id)
        if self.send_sms and not self.company_id.school_sms_gateway:
            raise UserError(self.env._(
                "This school has no SMS gateway yet. No link was made. Untick Send by SMS, or ask"
                " an administrator to set it up in Settings > School Fees > Messages."
            ))

        if self.send_sms and self.expires_on and (
            self.expires_on < self.env['mpesa.payment.link']._get_sms_day()
        ):
            raise UserError(self.env._(
                "Such links expire before the morning, and none is sent by SMS at night. No link"
                " was made. Choose a later day, or untick Send by SMS."
            ))

    def _judge(self, students):
        """ Tell of each student whether a link is made, and who can be told.

        The same few queries serve all students.

        :param school.student students: The students.
        :return: The values of a preview line for each.
        :rtype: dict[school.student, dict]
        """
        Link_sudo = self.env['mpesa.payment.link'].sudo()  # Made for a look; none is kept.
        open_asked = {} if self.again else self._read_open_asked(students)
        guardians = students._read_message_guardians()
        takers = set(students._get_message_links().student_id.ids)
        result = {}
        for student in students:
            reason, asked, known = False, 0.0, open_asked.get(student.id, 0.0)
            if not self._owes(student):
                reason = 'nothing'
            else:
                asked = Link_sudo.new(self._prepare_link(student)).asked
                # One over less, such as for a trip, brings no fees.
                if known and self.currency_id.compare_amounts(known, asked) >= 0:
                    reason = 'open_link'
            count = len(guardians[student])
            result[student] = {
                'balance': student.balance,
                'reason': reason,
                'asked': 0.0 if reason else asked,
                'open_asked': known,
                'guardian_count': count,
                'sms': 'told' if count else 'no_phone' if student.id in takers else 'no_sms',
            }
        return result

    @api.model
    def _read_open_asked(self, students):
        """ Return the most that a student's open link made by hand still asks for.

        What a guardian has made for a relative is not the office's, and tells nobody else.

        :param school.student students: Whose links.
        :return: KES, by the student's id; who has no such link is not in it.
        :rtype: dict[int, float]
        """
        links_sudo = self.env['mpesa.payment.link'].sudo().search([
            ('kind', '=', 'link'), ('for_relatives', '=', False),
            ('student_id', 'in', students.ids), ('state', '=', 'active'),
        ])
        return {
            student.id: max(links.mapped('asked'))
            for student, links in links_sudo.grouped('student_id').items()
        }

    def _make(self):
        """ Make the links, and send them where asked for.

        :return: What was done, in sentences.
        :rtype: list[str]
        :raise UserError: If nobody is ticked who can get one now.
        """
        lines = self.ready_line_ids.filtered('is_made')
        students = lines.student_id
        students.check_access('read')
        self.company_id._begin_mpesa_link_run()
        facts = self._judge(students)  # As it is now.
        ready = students.filtered(lambda student: not facts[student]['reason'])
        if not ready:
            raise UserError(self.env._(
                "Nobody is ticked who can get a link now. No link was made. Preview again."
            ))
        links = self.env['mpesa.payment.link']._make_by_hand([
            self._prepare_link(student) for student in ready
        ]).with_env(self.env)
        link_of = dict(zip(ready.ids, links.ids, strict=True))
        for line_sudo in lines.sudo():
            line_sudo.link_id = link_of.get(line_sudo.student_id.id)
        # Of two presses at once, the second one is started again and finds this.
        self.state = 'done'
        said = [self.env._("Payment links made: %(count)s.", count=len(links))]
        if len(ready) < len(students):
            said.append(self.env._(
                "Left out, since they paid or got a link after the preview: %(count)s.",
                count=len(students) - len(ready),
            ))
        return said + links._send_what_can() if self.send_sms else said

    def _reopen(self):
        """ Return the action that shows this form again.

        :rtype: dict
        """
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_link_bulk_action'),
            'res_id': self.id,
        }
