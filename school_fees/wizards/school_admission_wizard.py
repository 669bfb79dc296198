import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.school_guardian_phone import to_e164
from ..rules.admission_number import canonical_key


class SchoolAdmissionWizard(models.TransientModel):
    """A new student with family, guardian, class and first bill, on one form.

    Saving the form admits the student: all of it happens or nothing, a second click does nothing
    more, and the guardian's phone goes to the phone book without a stop in this table. The bill is
    made as any bill run makes it, for this student alone.
    """

    _name = 'school.admission.wizard'
    _description = "New Admission"

    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
    )
    name = fields.Char(string="Student", required=True)
    admission_no = fields.Char(
        string="Admission Number", required=True,
        default=lambda self: self._propose_admission_no(),
    )
    birth_date = fields.Date(string="Date of Birth")
    gender = fields.Selection(
        selection=lambda self: self.env['school.student']._fields['gender']
        ._description_selection(self.env),
        string="Gender",
    )
    category_id = fields.Many2one(
        string="Category", comodel_name='school.student.category', ondelete='cascade',
        domain="[('company_id', '=', company_id)]",
    )
    class_id = fields.Many2one(
        string="Class", comodel_name='school.class', required=True, ondelete='cascade',
        domain="[('company_id', '=', company_id), ('year_id.date_to', '>=', 'today')]",
    )
    boarding = fields.Selection(
        selection=lambda self: self.env['school.enrolment']._fields['boarding']
        ._description_selection(self.env),
        string="Day or Boarding", required=True, default='day',
    )
    date_from = fields.Date(
        string="First Day", required=True, compute='_compute_date_from', store=True,
        readonly=False, precompute=True,
    )
    family_id = fields.Many2one(
        string="Brothers and Sisters", comodel_name='school.family', ondelete='cascade',
        domain="[('company_id', '=', company_id)]",
        help="The family, if it has children here already. Their guardians are taken from it.",
    )
    guardian_name = fields.Char(string="Guardian")
    guardian_phone = fields.Char(string="Phone", store=False)
    relation = fields.Selection(
        selection=lambda self: self.env['school.guardian.link']._fields['relation']
        ._description_selection(self.env),
        string="Relation", required=True, default='guardian',
    )
    term_id = fields.Many2one(
        string="Bill Now For", comodel_name='school.term', compute='_compute_term_id', store=True,
        readonly=False, precompute=True, ondelete='cascade',
        domain="[('company_id', '=', company_id), ('state', '!=', 'closed')]",
        help="The term of the first bill, by the fee structure. Empty: the next bill run bills it.",
    )
    student_id = fields.Many2one(
        string="Admitted", comodel_name='school.student', readonly=True, ondelete='cascade',
    )

    # === COMPUTE METHODS === #

    @api.depends('class_id')
    def _compute_date_from(self):
        """ Propose today, or the first day of a year that has not begun. """
        today = fields.Date.context_today(self)
        for wizard in self:
            wizard.date_from = max(today, wizard.class_id.year_id.date_from or today)

    @api.depends('class_id', 'date_from')
    def _compute_term_id(self):
        """ Propose the term of the class's year that runs on the first day, or comes next. """
        for wizard in self:
            wizard.term_id = wizard.date_from and self.env['school.term'].search([
                ('year_id', '=', wizard.class_id.year_id.id), ('state', '!=', 'closed'),
                ('date_to', '>=', wizard.date_from),
            ], order='date_from', limit=1)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to admit the students. """
        phones = [vals.get('guardian_phone') for vals in vals_list]
        wizards = super().create(vals_list)
        for wizard, phone in zip(wizards, phones, strict=True):
            wizard.student_id = wizard._admit(phone)
            wizard._bill()
        return wizards

    # === ACTION METHODS === #

    def action_admit(self):
        """ Open the student, whom saving the form has admitted.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'res_model': self.student_id._name,
            'res_id': self.student_id.id,
            'view_mode': 'form',
        }

    # === BUSINESS METHODS === #

    def _admit(self, phone):
        """ Create the student with family, guardian and enrolment.

        Note: `self.ensure_one()`

        :param str phone: The phone of the guardian, as it was typed.
        :rtype: school.student
        :raise UserError: If no guardian is given, or none who can be reached.
        """
        self.ensure_one()
        links = self._prepare_guardian_links(phone)
        family = self.family_id or self.env['school.family'].create({
            'name': self.name.split()[-1], 'company_id': self.company_id.id,
        })
        return self.env['school.student'].create({
            'name': self.name,
            'admission_no': self.admission_no,
            'birth_date': self.birth_date,
            'gender': self.gender,
            'category_id': self.category_id.id,
            'family_id': family.id,
            'joined_on': self.date_from,
            'company_id': self.company_id.id,
            'guardian_link_ids': links,
            'enrolment_ids': [Command.create({
                'class_id': self.class_id.id,
                'boarding': self.boarding,
                'date_from': self.date_from,
            })],
        })

    def _bill(self):
        """ Bill the term, and note on the student what came of it.

        Whom the fee structures do not fit is admitted all the same, and billed later.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        if not self.term_id:
            return
        run = self.env['school.bill.run'].with_company(self.company_id).create({
            'term_id': self.term_id.id, 'student_ids': [Command.set(self.student_id.ids)],
            'company_id': self.company_id.id,
        })
        run.action_preview()
        if run.changed_count:
            run._post_now()
        # No amounts: class teachers read what is noted on a student.
        if run.run_student_ids.state == 'posted':
            words = self.env._("Billed on admission for %(term)s.", term=self.term_id.name)
        else:
            kinds = dict(run.warning_ids._fields['kind']._description_selection(self.env))
            words = self.env._(
                "Not billed on admission for %(term)s (%(reasons)s). A later bill run bills it.",
                term=self.term_id.name,
                reasons=', '.join(kinds[kind] for kind in sorted(set(
                    run.warning_ids.mapped('kind')
                ))) or self.env._("nothing to charge"),
            )
        self.student_id.message_post(body=words)
        if run.state == 'preview':
            run.unlink()

    @api.model
    def _propose_admission_no(self):
        """ Return the number that follows the last one given.

        :return: Such as "ADM-031"; nothing when the last one ends in no number, or the next one
                 is taken.
        :rtype: str | None
        """
        company = self.env.company
        last = self.env['school.student'].search(
            [('company_id', '=', company.id)], order='id desc', limit=1,
        ).admission_no
        match = re.fullmatch(r'(.*?)(\d+)', last or '')
        if not match:
            return None
        number = f'{match[1]}{int(match[2]) + 1:0{len(match[2])}}'
        key = canonical_key(number)
        taken = self.env['school.student.alias']._find_holders(company, [key])
        return None if taken else number

    def _prepare_guardian_links(self, phone):
        """ Return the commands of the guardian links: the one on the form, or the family's.

        :param str phone: The phone of the guardian on the form.
        :rtype: list
        :raise UserError: If there is no guardian, or no phone number to reach the new one.
        """
        if not self.guardian_name:
            links = self._get_family_links()
            if not links:
                raise UserError(self.env._(
                    "Enter the name and phone of a guardian, or choose a family whose children"
                    " have guardians: bills and receipts need somebody to go to."
                ))
            return links
        number = to_e164(phone)
        if not number:
            raise UserError(self.env._(
                "The guardian's phone is not a phone number. Write it like 0712 345 678 or +254"
                " 712 345 678: receipts are sent there."
            ))
        guardian = self.env['res.partner'].create({
            'name': self.guardian_name, 'phone': number, 'company_id': False,
        })
        return [Command.create({'partner_id': guardian.id, 'relation': self.relation})]

    def _get_family_links(self):
        """ Return commands that give the new child the guardians of its brothers and sisters.

        Rights and dates are those of the child who has been here the longest; parts of the fees
        are agreed for each child.

        :rtype: list
        """
        siblings = self.family_id.student_ids.sorted('id')
        sibling = next((student for student in siblings if student._live_guardian_links()), None)
        return [
            Command.create({
                name: link._fields[name].convert_to_write(link[name], link)
                for name in (
                    'partner_id', 'relation', 'priority', 'is_payer', 'portal', 'sees_amounts',
                    'sees_other_payers', 'sms', 'email', 'date_to',
                )
            })
            for link in (sibling._live_guardian_links() if sibling else ())
        ]
