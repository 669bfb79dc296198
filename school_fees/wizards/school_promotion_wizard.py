from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain


class SchoolPromotionWizard(models.TransientModel):
    """Promotion: the students of each class go on to the next year, repeat it or graduate.

    No money moves. Who is enrolled in the next year already is left alone, so that a second run
    does nothing.
    """

    _name = 'school.promotion.wizard'
    _description = "Promote Classes"

    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
    )
    year_id = fields.Many2one(
        string="From Year", comodel_name='school.academic.year', required=True,
        domain="[('company_id', '=', company_id)]", compute='_compute_year_id', store=True,
        readonly=False, precompute=True,
    )
    next_year_id = fields.Many2one(
        string="To Year", comodel_name='school.academic.year', compute='_compute_next_year_id',
    )
    line_ids = fields.One2many(
        string="Classes", comodel_name='school.promotion.wizard.line', inverse_name='wizard_id',
        compute='_compute_line_ids', store=True, readonly=False, precompute=True,
    )
    student_count = fields.Integer(
        string="Students", compute='_compute_student_count',
        help="Who is in a class of this year and not enrolled in the next one yet.",
    )

    # === COMPUTE METHODS === #

    @api.depends('company_id')
    def _compute_year_id(self):
        """ Propose the last year that has begun and has a year after it, if any has. """
        today = fields.Date.context_today(self)
        for wizard in self:
            years = self.env['school.academic.year'].search([
                ('company_id', '=', wizard.company_id.id),
            ], order='date_from desc')
            begun = years.filtered(lambda year: year.date_from <= today)
            wizard.year_id = (begun - years[:1])[:1] or begun[:1]

    @api.depends('year_id')
    def _compute_next_year_id(self):
        for wizard in self:
            wizard.next_year_id = wizard.year_id and self.env['school.academic.year'].search([
                ('company_id', '=', wizard.company_id.id),
                ('date_from', '>', wizard.year_id.date_from),
            ], order='date_from', limit=1)

    @api.depends('year_id')
    def _compute_line_ids(self):
        """ Propose for each class its level's next one, in the same stream if it has that. """
        for wizard in self:
            streams = wizard._get_streams()
            groups = self.env['school.enrolment']._read_group(
                wizard._get_pending_domain(), ['class_id'], ['__count'], order='class_id',
            )
            wizard.line_ids = [Command.clear()] + [
                Command.create({
                    'class_id': school_class.id,
                    'student_count': count,
                    'next_level_id': school_class.level_id.next_level_id.id,
                    'next_stream': self._propose_stream(
                        school_class.stream or '', streams.get(school_class.level_id.next_level_id),
                    ),
                })
                for school_class, count in groups
            ]

    @api.depends('line_ids.promote', 'line_ids.student_count')
    def _compute_student_count(self):
        for wizard in self:
            wizard.student_count = sum(
                wizard.line_ids.filtered('promote').mapped('student_count')
            )

    # === ACTION METHODS === #

    def action_promote(self):
        """ Enrol the students in the classes of the next year; those of the last level graduate.

        :return: A notification of what was done.
        :rtype: dict
        :raise UserError: If there is no next year.
        """
        self.ensure_one()
        if not self.next_year_id:
            raise UserError(self.env._(
                "There is no academic year after %(year)s. Create it first, under Students, Next"
                " Academic Year.", year=self.year_id.name,
            ))
        lines = {line.class_id: line for line in self.line_ids.filtered('promote')}
        pending = self.env['school.enrolment'].search(
            self._get_pending_domain()
            & Domain('class_id', 'in', [school_class.id for school_class in lines]),
        )
        targets = {enrolment: lines[enrolment.class_id]._get_target(enrolment.student_id)
                   for enrolment in pending}
        leaving = pending.filtered(lambda enrolment: not targets[enrolment])
        self._promote(pending - leaving, targets)
        leaving.student_id.write({'state': 'graduated', 'left_on': self.year_id.date_to})
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'title': self.env._("Promotion to %(year)s", year=self.next_year_id.name),
                'message': self.env._(
                    "%(enrolled)s students were enrolled and %(graduated)s graduated.",
                    enrolled=len(pending - leaving), graduated=len(leaving),
                ),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    # === BUSINESS METHODS === #

    def _get_pending_domain(self):
        """ Return the domain of enrolments that last to the end of the year and have no next one.

        :rtype: Domain
        """
        year = self.year_id
        domain = Domain([
            ('year_id', '=', year.id),
            ('student_id.state', 'in', ('active', 'suspended')),
            '|', ('date_to', '=', False), ('date_to', '>=', year.date_to),
        ])
        if self.next_year_id:
            domain &= Domain(
                'student_id.enrolment_ids', 'not any', [('year_id', '=', self.next_year_id.id)],
            )
        return domain

    def _get_streams(self):
        """ Return the streams that each level has in the next year, or has now.

        :rtype: dict[school.level, set[str]]
        """
        streams = {}
        for year in (self.year_id, self.next_year_id):
            of_year = {}
            for school_class in self.env['school.class'].search([('year_id', '=', year.id)]):
                of_year.setdefault(school_class.level_id, set()).add(school_class.stream or '')
            streams.update(of_year)
        return streams

    @api.model
    def _propose_stream(self, stream, streams):
        """ Return the stream in which a class goes on.

        :param str stream: Its stream now.
        :param set[str] | None streams: The streams of the next level, where they are known.
        :rtype: str
        """
        if streams and len(streams) == 1:
            return next(iter(streams))
        return stream

    def _promote(self, enrolments, targets):
        """ End enrolments where the next year begins, and enrol the students there.

        :param school.enrolment enrolments: The enrolments of this year.
        :param dict targets: For each the level and the stream of the next one.
        :return: None
        """
        first_day = self.next_year_id.date_from
        classes = self._get_classes({targets[enrolment] for enrolment in enrolments})
        enrolments.filtered(
            lambda enrolment: not enrolment.date_to or enrolment.date_to >= first_day
        ).write({'date_to': first_day - timedelta(days=1)})
        self.env['school.enrolment'].create([
            {
                'student_id': enrolment.student_id.id,
                'class_id': classes[targets[enrolment]].id,
                'boarding': enrolment.boarding,
                'date_from': first_day,
            }
            for enrolment in enrolments
        ])

    def _get_classes(self, wanted):
        """ Return the classes of the next year, and create those that it lacks.

        :param set wanted: Levels with streams.
        :return: The class of each level and stream.
        :rtype: dict
        """
        classes = {
            (school_class.level_id, school_class.stream or ''): school_class
            for school_class in self.env['school.class'].search([
                ('year_id', '=', self.next_year_id.id),
            ])
        }
        missing = sorted(
            wanted - classes.keys(), key=lambda pair: (pair[0].sequence, pair[0].id, pair[1]),
        )
        created = self.env['school.class'].create([
            {'year_id': self.next_year_id.id, 'level_id': level.id, 'stream': stream or False}
            for level, stream in missing
        ])
        return {**classes, **dict(zip(missing, created, strict=True))}


class SchoolPromotionWizardLine(models.TransientModel):
    """What becomes of one class."""

    _name = 'school.promotion.wizard.line'
    _description = "Promotion of a Class"

    wizard_id = fields.Many2one(
        comodel_name='school.promotion.wizard', required=True, ondelete='cascade', index=True,
    )
    company_id = fields.Many2one(related='wizard_id.company_id')
    promote = fields.Boolean(
        string="Promote", default=True, help="Untick to leave the class for later.",
    )
    class_id = fields.Many2one(
        string="Class", comodel_name='school.class', required=True, ondelete='cascade',
    )
    student_count = fields.Integer(string="Students")
    next_level_id = fields.Many2one(
        string="Next Level", comodel_name='school.level', ondelete='cascade',
        domain="[('company_id', '=', company_id)]", help="Empty: the students graduate.",
    )
    next_stream = fields.Char(string="Next Stream")
    outcome = fields.Char(string="Becomes", compute='_compute_outcome')
    repeater_ids = fields.Many2many(
        string="Repeat the Class", comodel_name='school.student',
        relation='school_promotion_wizard_repeater_rel',
        domain="[('enrolment_ids.class_id', '=', class_id)]",
        help="Students who stay in their level for another year.",
    )

    # === COMPUTE METHODS === #

    @api.depends('promote', 'next_level_id', 'next_stream')
    def _compute_outcome(self):
        for line in self:
            if not line.promote:
                line.outcome = self.env._("Left for later")
            elif not line.next_level_id:
                line.outcome = self.env._("Graduates")
            else:
                line.outcome = ' '.join(filter(None, (line.next_level_id.name, line.next_stream)))

    # === BUSINESS METHODS === #

    def _get_target(self, student):
        """ Return where a student of the class goes.

        Note: `self.ensure_one()`

        :param school.student student: The student.
        :return: The level and stream of the next year, or None for who graduates.
        :rtype: tuple | None
        """
        self.ensure_one()
        if student in self.repeater_ids:
            return (self.class_id.level_id, self.class_id.stream or '')
        return (self.next_level_id, self.next_stream or '') if self.next_level_id else None
