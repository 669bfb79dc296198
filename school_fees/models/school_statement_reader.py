from odoo import api, models


class SchoolStatementReader(models.AbstractModel):
    """Who may read what of a statement."""

    _inherit = 'school.statement'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _get_reader_rights(self, students):
        """ Return what the user may see of students' accounts.

        :param school.student students: The students.
        :return: For each student whether the user sees `amounts` and who paid (`payers`), and
                 which `share` (%) of the fees is the user's part (zero: no parts are agreed).
        :rtype: dict[school.student, dict]
        """
        # Statements are journal items: whoever of the staff may read those may read statements.
        # Cashiers and class teachers may not, unless the child is their own.
        if self.env.su or (
            not self.env.user.share and self.env['account.move.line'].has_access('read')
        ):
            full = {'amounts': True, 'payers': True, 'share': 0.0}
            return {student: full.copy() for student in students}
        Link = self.env['school.guardian.link']
        links_by_student = Link._of_portal_user().grouped(lambda link: link.student_id.id)
        rights = {}
        for student in students:
            links = links_by_student.get(student.id, Link)
            rights[student] = {
                'amounts': any(links.mapped('sees_amounts')),
                'payers': any(links.mapped('sees_other_payers')),
                'share': sum(links.mapped('share_percent')),
            }
        return rights
