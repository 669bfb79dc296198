from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..rules.admission_number import canonical_key
from .reference_index import index_of_names, index_of_numbers


class SchoolStudent(models.Model):
    """A student: the debtor of the school's books, through a partner of the student's own.

    Only the name and the admission number live on the partner, since every internal user with a
    contact box can search partners; all else about a minor stays here (school-fees section 2.1).
    """

    _name = 'school.student'
    _description = "Student"
    _inherit = ['mail.thread']
    _order = 'name, admission_no, id'
    _rec_names_search = ['name', 'admission_no']
    _check_company_auto = True

    partner_id = fields.Many2one(
        string="Ledger Account", comodel_name='res.partner', required=True, readonly=True,
        copy=False, ondelete='restrict',
        help="The partner that carries the student's bills and payments.",
    )
    name = fields.Char(
        related='partner_id.name', string="Name", store=True, readonly=False, required=True,
        precompute=True, tracking=True,
    )
    admission_no = fields.Char(
        string="Admission Number", required=True, copy=False, tracking=True,
        help="At most 12 characters: M-PESA accepts no longer account reference.",
    )
    admission_key = fields.Char(
        string="Admission Key", compute='_compute_admission_key', store=True, precompute=True,
        groups='base.group_user',
        help="The number without signs and leading zeros, under which it is unique.",
    )
    family_id = fields.Many2one(
        string="Family", comodel_name='school.family', index='btree_not_null', check_company=True,
        ondelete='restrict', tracking=True, groups='base.group_user',
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('applicant', "Applicant"),
            ('active', "Active"),
            ('suspended', "Suspended"),
            ('left', "Left"),
            ('graduated', "Graduated"),
        ],
        required=True,
        default='active',
        tracking=True,
    )
    joined_on = fields.Date(string="Joined On", groups='base.group_user')
    left_on = fields.Date(string="Left On", groups='base.group_user')
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    guardian_link_ids = fields.One2many(
        string="Guardians", comodel_name='school.guardian.link', inverse_name='student_id',
        groups='base.group_user',
    )
    balance = fields.Monetary(
        string="Balance", compute='_compute_balance', compute_sudo=True,
        groups='school_fees.group_cashier,account.group_account_invoice,'
               'account.group_account_readonly',
        help="What the student owes now. Below zero, the student has credit.",
    )

    _partner_uniq = models.Constraint(
        'UNIQUE(partner_id)',
        "This ledger account belongs to another student.",
    )
    _admission_key_uniq = models.UniqueIndex(
        "(company_id, admission_key)",
        "Another student has this admission number, or one that differs only by signs or leading"
        " zeros. Numbers of students who left stay reserved.",
    )
    _admission_numbers = models.Index(index_of_numbers('admission_key'))
    _name_words = models.Index(index_of_names('name'))
    _admission_no_length = models.Constraint(
        'CHECK(char_length(admission_no) <= 12)',
        "An admission number has at most 12 characters.",
    )
    _admission_key_not_empty = models.Constraint(
        "CHECK(admission_key <> '')",
        "An admission number needs a letter or a digit.",
    )

    # === COMPUTE METHODS === #

    @api.depends('admission_no')
    def _compute_admission_key(self):
        for student in self:
            student.admission_key = canonical_key(student.admission_no)

    @api.depends('name', 'admission_no')
    def _compute_display_name(self):
        for student in self:
            if student.admission_no:
                student.display_name = f"{student.name} ({student.admission_no})"
            else:
                student.display_name = student.name

    def _compute_balance(self):
        """ Sum what is open on the receivable accounts of all students in one query.

        No balance is stored: stored ones drift (school-fees finding 2).
        """
        residuals = dict(self.env['account.move.line']._read_group(
            self._get_open_receivable_domain(), ['partner_id'], ['amount_residual:sum'],
        ))
        for student in self:
            student.balance = residuals.get(student.partner_id, 0.0)

    # === CONSTRAINT METHODS === #

    @api.constrains('partner_id')
    def _check_partner(self):
        """ Check that the partner is marked as a student, alone, and no company.

        :raise ValidationError: If it is not: Odoo would book the debt on somebody else.
        """
        self.partner_id._check_school_student()

    @api.constrains('joined_on', 'left_on')
    def _check_dates_ordered(self):
        """ Check that nobody leaves before joining.

        :raise ValidationError: If the dates are in the wrong order.
        """
        for student in self:
            if student.joined_on and student.left_on and student.left_on < student.joined_on:
                raise ValidationError(self.env._(
                    "%(student)s cannot leave before joining.", student=student.display_name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to create each student's partner. """
        without = []
        for vals in vals_list:
            vals['admission_no'] = (vals.get('admission_no') or '').strip()
            if not vals.get('partner_id'):
                without.append(vals)
        partners = self.env['res.partner'].create([
            {
                # The name reaches the student through the partner.
                'name': (vals.pop('name', None) or '').strip() or False,
                'ref': vals['admission_no'],
                'company_id': vals.get('company_id') or self.env.company.id,
                'is_school_student': True,
            }
            for vals in without
        ])
        for vals, partner in zip(without, partners, strict=True):
            vals['partner_id'] = partner.id
        return super().create(vals_list)

    def write(self, vals):
        """ Override of `orm` to keep the partner's name and reference those of the student.

        :raise UserError: If the student would get another ledger account or move to another
                          school, where the books do not follow.
        """
        vals = dict(vals)
        if 'partner_id' in vals and any(s.partner_id.id != vals['partner_id'] for s in self):
            raise UserError(self.env._("A student keeps the same ledger account for ever."))
        if 'company_id' in vals and any(s.company_id.id != vals['company_id'] for s in self):
            raise UserError(self.env._(
                "A student cannot move to another school. Create the student there."
            ))
        partner_vals = {}
        if 'name' in vals:
            partner_vals['name'] = (vals.pop('name') or '').strip() or False
        if 'admission_no' in vals:
            vals['admission_no'] = (vals['admission_no'] or '').strip()
            partner_vals['ref'] = vals['admission_no']
        result = super().write(vals)
        if partner_vals:
            self.partner_id.write(partner_vals)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        """ Refuse to delete a student whose ledger account was ever used.

        :raise UserError: If something is posted; the number stays reserved.
        """
        posted = self.env['account.move.line'].sudo().search_count([
            ('partner_id', 'in', self.partner_id.ids),
            ('parent_state', '=', 'posted'),
        ], limit=1)
        if posted:
            raise UserError(self.env._(
                "A student with bills or payments cannot be deleted. Set the status to Left: the"
                " account stays open and the number reserved."
            ))

    def unlink(self):
        """ Override of `orm` to delete the students' partners with them. """
        partners_sudo = self.partner_id.sudo()  # The school's roles do not delete contacts.
        result = super().unlink()
        partners_sudo.unlink()
        return result

    # === ACTION METHODS === #

    def action_view_bills(self):
        """ Open the student's bills.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'school_fees.account_move_action_term_bill'
        )
        action['domain'] = [('student_id', '=', self.id)]
        action['context'] = {
            'default_move_type': 'out_invoice',
            'default_student_id': self.id,
            'default_school_doc_type': 'term_bill',
        }
        return action

    def action_view_receipts(self):
        """ Open the student's receipts.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('school_fees.school_receipt_action')
        action['domain'] = [('line_ids.student_id', '=', self.id)]
        return action

    # === BUSINESS METHODS === #

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """ Override of `mail` to keep what staff write about a child from portal users.

        Guardians read the child, but not its messages: those may be about another guardian. Nor
        do class teachers: messages may name amounts.
        """
        if message_operation == 'read' and not self._has_field_access(
            self._fields['balance'], 'read',
        ):
            return dict.fromkeys(self, 'write')
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    def _get_open_receivable_domain(self):
        """ Return the domain of the students' open debts and credits.

        It fits the partial index that Odoo keeps for journal items not yet reconciled.

        :rtype: list
        """
        return [
            ('partner_id', 'in', self.partner_id.ids),
            ('account_id.account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
            ('reconciled', '=', False),
            ('company_id', 'in', self.company_id.ids),
        ]

    def _open_receivable_lines(self):
        """ Return the students' open receivable lines, the oldest due first.

        :rtype: account.move.line
        """
        return self.env['account.move.line'].search(
            self._get_open_receivable_domain(), order='date_maturity, id',
        )

    def _live_guardian_links(self):
        """ Return the student's guardian links that are valid today, by priority.

        Note: `self.ensure_one()`

        :rtype: school.guardian.link
        """
        self.ensure_one()
        # Bills and receipts name the guardian to people who may not read the links themselves.
        return self.sudo().guardian_link_ids.filtered('is_live').sorted(
            lambda link: (link.priority, link.id)
        )

    def _primary_guardian(self):
        """ Return the guardian who comes first: the addressee of bills.

        Note: `self.ensure_one()`

        :rtype: res.partner
        """
        return self._live_guardian_links()[:1].partner_id.with_env(self.env)

    def _guardian_phones(self):
        """ Return the numbers at which the student's guardians can be reached, by priority.

        Note: `self.ensure_one()`

        :return: For each number the `relation` of its holder, the `partner`, the number as
                 `phone_e164` and a `label` that names the holder. A number is listed once.
        :rtype: list[dict]
        """
        phones = {}
        for link in self._live_guardian_links():
            relation = dict(link._fields['relation']._description_selection(self.env))
            for number in link.partner_id._get_school_phones():
                phones.setdefault(number, {
                    'relation': link.relation,
                    'partner': link.partner_id.with_env(self.env),
                    'phone_e164': number,
                    'label': f"{relation[link.relation]}: {link.partner_id.name}",
                })
        return list(phones.values())

    def _get_first_name(self):
        """ Return the first name, which is all that a public page shows.

        :rtype: str
        """
        return (self.name or '').partition(' ')[0]

    def _get_initials(self):
        """ Return the initials of the name, such as "FO".

        :rtype: str
        """
        return ''.join(word[0].upper() for word in (self.name or '').split())

    def _get_balance_texts(self):
        """ Return what the student owes now, in words for a page.

        Note: `self.ensure_one()`

        :return: The amount as `balance`, never below zero, and whether it is a credit as
                 `is_credit`.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'balance': self.currency_id._format_plain(abs(self.balance)),
            'is_credit': self.currency_id.compare_amounts(self.balance, 0.0) < 0,
        }
