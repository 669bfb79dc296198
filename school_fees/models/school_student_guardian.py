from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare, float_is_zero, formatLang


class SchoolStudent(models.Model):
    """How the student's guardians share the fees."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.student'

    # === CONSTRAINT METHODS === #

    def _check_payer_shares(self):
        """ Check that the parts of each student's payers are all empty or make 100 %.

        A link that has ended keeps its part as history and does not count.

        :raise ValidationError: If they do not.
        """
        for student in self:
            payers = student.guardian_link_ids.filtered(
                lambda link: link.is_payer and not link._has_ended()
            )
            total = sum(payers.mapped('share_percent'))
            if float_is_zero(total, precision_digits=2):
                continue
            if float_compare(total, 100.0, precision_digits=2):
                raise ValidationError(self.env._(
                    "The parts that the guardians of %(student)s pay make %(total)s %%. They must"
                    " make 100 %% together, or all be left empty.",
                    student=student.display_name, total=formatLang(self.env, total, digits=2),
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm` to check the guardians' parts once all of them are written. """
        if 'guardian_link_ids' not in vals:
            return super().write(vals)
        later = self.with_context(school_shares_checked_later=True)
        result = super(SchoolStudent, later).write(vals)
        self._check_payer_shares()
        return result
