from collections import defaultdict

from odoo import models
from odoo.fields import Domain

from ..rules import bill_proposal, concession
from ..rules.bill_proposal import FAMILY


class SchoolBillRun(models.Model):
    """What depends on the others of a family, and what the school gives back."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.bill.run'

    # === BUSINESS METHODS - FAMILIES AND CONCESSIONS === #

    def _share_families(self, plain, structures, posted):
        """ Rank the children of each family, and say which of them pays its family fees.

        :param dict plain: The rule's student of each student; `bears` is filled in.
        :param list[Structure] structures: The structures.
        :param dict posted: What is charged in this term.
        :return: The rank of each student among the siblings who are there.
        :rtype: dict[school.student, int]
        """
        families = defaultdict(list)
        for student, child in plain.items():
            if child.stays:
                families[student.family_id or student].append(student)
        ranks = {}
        for children in families.values():
            ranks.update(concession.sibling_ranks(
                (child, self._get_level_order(plain[child]), child.admission_key)
                for child in children
            ))
        if not any(price.fee.basis == FAMILY for s in structures for price in s.prices):
            return ranks
        for children in families.values():
            held = {
                child.id: {item for (item, _key), amount in posted[child.id].items() if amount}
                for child in children if child.id in posted
            }
            ordered = [plain[child] for child in sorted(children, key=ranks.get)]
            bears = bill_proposal.share_family_fees(ordered, structures, held)
            for child in ordered:
                child.bears = bears[child.key]
        return ranks

    def _get_level_order(self, child):
        """ Return how far a child is on in school.

        :param Student child: A student who is there.
        :rtype: int
        """
        return self.env['school.level'].browse(child.stays[-1].level).sequence

    def _add_concessions(self, plain, ranks, structures):
        """ Tell the rules what each student is given.

        :param dict plain: The rule's student of each student; `concessions` is filled in.
        :param dict ranks: The rank of each student among the siblings.
        :param list[Structure] structures: The structures, for the fees that there are.
        :return: The grants of each student that nobody has decided.
        :rtype: dict[school.student, list]
        """
        rules = self.env['school.concession'].search([('company_id', '=', self.company_id.id)])
        products = self.env['product.product'].browse(
            {price.fee.key for structure in structures for price in structure.prices}
        )
        covered = {
            rule: frozenset(product.id for product in products if rule._covers(product))
            for rule in rules
        }
        Grant = self.env['school.concession.grant']
        grants, unapproved = defaultdict(list), defaultdict(list)
        for grant in Grant.search(
            Grant._in_term_domain(self.term_id)
            & Domain('student_id', 'in', [student.id for student in plain]), order='id',
        ):
            if grant.state == 'approved':
                grants[grant.student_id, grant.concession_id].append(grant)
            else:
                unapproved[grant.student_id].append(grant)
        for student, child in plain.items():
            for rule in rules:
                child.concessions += rule._get_given(
                    student, ranks.get(student, 1), grants[student, rule], covered[rule],
                )
        return unapproved
