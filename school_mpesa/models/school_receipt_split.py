from odoo import api, models


class SchoolReceipt(models.Model):
    """How one payment would be shared over children, before it is made."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.receipt'

    @api.model
    def _propose_whole_shares(self, students, amount):
        """ Propose how an amount is shared over students, in whole shillings.

        By the rule of their family (school-fees section 2.5), else the oldest debt first. No
        student gets more than is due, unless more than all that is due is paid.

        :param school.student students: The students who may share.
        :param Decimal amount: KES, whole shillings.
        :return: The part of each student who gets one, KES.
        :rtype: dict[school.student, int]
        """
        students = students.sorted('admission_no')
        exact = dict(self._propose_shares([{
            'student': students[:1], 'amount': amount, 'students': students, 'whole_family': True,
        }])[0])
        Transaction = self.env['payment.transaction']
        room = {
            student: int(Transaction._mpesa_get_due(
                student, self.env['account.move'],
            ).to_integral_value('ROUND_CEILING'))
            for student in students
        }
        shares = {student: min(int(part), room[student]) for student, part in exact.items()}
        left = int(amount) - sum(shares.values())
        # The cents make up shillings: for those first whose part was cut most.
        cut = [student for student in shares if shares[student] < exact[student]]
        for student in sorted(cut, key=lambda s: shares[s] - exact[s]):
            taken = min(left, 1, room[student] - shares[student])
            shares[student] += taken
            left -= taken
        for student in students:
            taken = min(left, room[student] - shares.get(student, 0))
            if taken > 0:
                shares[student] = shares.get(student, 0) + taken
                left -= taken
        if left:  # More than all that is due: credit of the first.
            shares[students[:1]] = shares.get(students[:1], 0) + left
        return {student: part for student, part in shares.items() if part}
