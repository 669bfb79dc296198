from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..rules import bill_proposal
from ..rules.bill_proposal import DEPOSIT, ONCE, YEAR, Fee, Price, Stay, Structure, Student
from ..rules.proration import Term


class SchoolBillRun(models.Model):
    """Reading what a bill run needs to know, in batches, for the rules that decide."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.bill.run'

    # === BUSINESS METHODS - READING === #

    def _read_proposals(self, only=None):
        """ Work out what each student of the run should be charged.

        The number of queries does not depend on the number of students.

        :param school.student only: Only these students, or None for the whole scope.
        :return: For each student a dictionary of `proposal`, `posted` (the amount for each
                 (product id, concession key)), `enrolment` (the last of the term) and
                 `unapproved` (grants that nobody has decided).
        :rtype: dict[school.student, dict]
        """
        self.ensure_one()
        scope = Domain('student_id', 'in', only.ids) if only is not None else Domain.TRUE
        students = self._search_enrolments(scope & self._get_scope_domain()).student_id
        students |= self._read_billed(only)
        siblings = students.family_id.student_ids
        enrolments = self._search_enrolments(
            Domain('student_id', 'in', (students | siblings).ids)
        )
        known = students | enrolments.student_id
        structures = self._read_structures()
        posted, had, head_totals = self._read_posted(known)
        choices = self._read_choices(known)
        year = self.term_id.year_id
        stays = self._get_stays(enrolments)
        plain = {
            student: Student(
                student.id,
                stays.get(student, []),
                category=student.category_id.id or None,
                is_new=bool(student.joined_on)
                and year.date_from <= student.joined_on <= year.date_to,
                choices=choices.get(student.id, {}),
                had=frozenset(had.get(student.id, ())),
                head_totals=head_totals.get(student.id, {}),
            )
            for student in known
        }
        ranks = self._share_families(plain, structures, posted)
        unapproved = self._add_concessions(plain, ranks, structures)
        term = Term(self.term_id.date_from, self.term_id.date_to, self.term_id.half_term_on or None)
        ceilings = self._read_ceilings()
        last_enrolment = {enrolment.student_id: enrolment for enrolment in enrolments}
        return {
            student: {
                'proposal': bill_proposal.propose(
                    plain[student], structures, term, self.term_id.sequence, ceilings,
                ),
                'posted': posted.get(student.id, {}),
                'enrolment': last_enrolment.get(student, enrolments.browse()),
                'unapproved': unapproved.get(student, []),
            }
            for student in students
        }

    def _get_scope_domain(self):
        """ Return the domain of enrolments that the run is for.

        :rtype: Domain
        """
        domain = Domain.TRUE
        for field, records in (
            ('level_id', self.level_ids), ('class_id', self.class_ids),
            ('student_id', self.student_ids),
        ):
            if records:
                domain &= Domain(field, 'in', records.ids)
        return domain

    def _search_enrolments(self, domain):
        """ Return the enrolments that touch the term, the earliest first.

        :param Domain domain: Which of them.
        :rtype: school.enrolment
        """
        return self.env['school.enrolment'].search(domain & Domain([
            ('company_id', '=', self.company_id.id),
            ('year_id', '=', self.term_id.year_id.id),
            ('date_from', '<=', self.term_id.date_to),
            '|', ('date_to', '=', False), ('date_to', '>=', self.term_id.date_from),
            ('student_id.state', '!=', 'applicant'),
        ]), order='date_from, id')

    def _read_billed(self, only):
        """ Return the students who were billed for the term, though they may be enrolled no more.

        A run for certain classes leaves them to a run for the whole school.

        :param school.student only: Only these students, or None for the whole scope.
        :rtype: school.student
        """
        chosen = only if only is not None else self.student_ids
        if (self.level_ids or self.class_ids) and not chosen:
            return self.env['school.student']
        domain = [
            ('term_id', '=', self.term_id.id), ('state', '!=', 'cancel'),
            ('bill_run_id', '!=', False),
        ]
        if chosen:
            domain.append(('student_id', 'in', chosen.ids))
        students = self.env['school.student']
        return students.union(*(
            student for student, in self.env['account.move']._read_group(domain, ['student_id'])
        ))

    def _get_stays(self, enrolments):
        """ Return the stays of each student in the term, in order.

        :param school.enrolment enrolments: The enrolments, the earliest first.
        :rtype: dict[school.student, list[Stay]]
        """
        term = Term(self.term_id.date_from, self.term_id.date_to)
        stays = defaultdict(list)
        for enrolment in enrolments:
            student, last = enrolment.student_id, enrolment.date_to or None
            if student.state in ('left', 'graduated'):
                ends = [day for day in (last, student.left_on) if day]
                if not ends:
                    continue  # Left, nobody knows when: nothing new is charged.
                last = min(ends)
            days = term.clip(enrolment.date_from, last)
            if days:
                stays[student].append(Stay(
                    enrolment.id, enrolment.level_id.id, enrolment.boarding, *days,
                ))
        return stays

    def _read_structures(self):
        """ Return the year's published structures for the rules.

        :rtype: list[Structure]
        """
        structures = self.env['school.fee.structure'].search([
            ('company_id', '=', self.company_id.id), ('state', '=', 'published'),
            ('year_id', '=', self.term_id.year_id.id),
        ])
        fees = {product: self._get_fee(product) for product in structures.line_ids.product_id}
        return [
            Structure(
                structure.id,
                frozenset(structure.level_ids.ids),
                tuple(
                    Price(
                        fees[line.product_id],
                        tuple(
                            Decimal(str(amount))
                            for amount in (line.amount_1, line.amount_2, line.amount_3)
                        ),
                        line.zone_id.id or None,
                        line.new_students_only,
                    )
                    for line in structure.line_ids
                ),
                structure.boarding or None,
                structure.category_id.id or None,
            )
            for structure in structures
        ]

    def _get_fee(self, product):
        """ Return a fee item for the rules.

        :param product.product product: The fee item.
        :rtype: Fee
        """
        head = product.vote_head_id
        return Fee(
            product.id, product.charge_basis, head.id, (head.sequence, head.id, product.id),
            product.prorata, product.prorata_day, product.is_optional,
        )

    def _read_posted(self, students):
        """ Read what is charged already, credit notes taken off, drafts included.

        :param school.student students: The students.
        :return: For each student's id the amount of each (product id, concession key) in this
                 term; the products charged once that were charged in another term; and the total
                 of each vote head in the year's other terms.
        :rtype: tuple[dict, dict, dict]
        """
        posted = defaultdict(lambda: defaultdict(Decimal))
        charged_before = defaultdict(lambda: defaultdict(Decimal))
        head_totals = defaultdict(lambda: defaultdict(Decimal))
        year_terms = set(self.term_id.year_id.term_ids.ids)
        for row in self._query_posted(students):
            student_id, term_id, product_id, rule_id, grant_id, head_id, basis, total = row
            amount = Decimal(str(total))  # Odoo hands over floats, here rounded to the cent.
            if term_id == self.term_id.id:
                key = (rule_id, grant_id) if rule_id else None
                posted[student_id][product_id, key] += amount
            elif rule_id is None:
                if basis in (ONCE, DEPOSIT) or (basis == YEAR and term_id in year_terms):
                    charged_before[student_id][product_id] += amount
                if term_id in year_terms:
                    head_totals[student_id][head_id] += amount
        had = {
            student_id: {product_id for product_id, amount in products.items() if amount > 0}
            for student_id, products in charged_before.items()
        }
        return posted, had, head_totals

    def _query_posted(self, students):
        """ Sum the lines of the students' bills and credit notes in one query.

        What is charged on demand is left out: no run proposes it, so no run may miss it.

        :rtype: list[tuple]
        """
        self.env['account.move'].flush_model(['state', 'move_type', 'term_id', 'company_id'])
        self.env['account.move.line'].flush_model([
            'student_id', 'product_id', 'vote_head_id', 'concession_id', 'concession_grant_id',
            'quantity', 'price_unit', 'discount', 'display_type', 'move_id',
        ])
        self.env['product.template'].flush_model(['charge_basis', 'is_school_fee'])
        return self.env.execute_query(SQL(
            """
            SELECT line.student_id, move.term_id, line.product_id, line.concession_id,
                   line.concession_grant_id, line.vote_head_id, item.charge_basis,
                   ROUND(SUM(
                       CASE move.move_type WHEN 'out_refund' THEN -1 ELSE 1 END
                       * line.quantity * line.price_unit * (1 - COALESCE(line.discount, 0) / 100)
                   ), %(digits)s)
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template item ON item.id = product.product_tmpl_id
             WHERE line.student_id = ANY(%(students)s)
               AND line.display_type = 'product'
               AND move.company_id = %(company)s
               AND move.state <> 'cancel'
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND item.is_school_fee
               AND item.charge_basis <> 'on_demand'
               AND (move.term_id = ANY(%(terms)s) OR item.charge_basis IN ('once', 'deposit'))
             GROUP BY 1, 2, 3, 4, 5, 6, 7
            """,
            digits=self.currency_id.decimal_places, students=students.ids,
            company=self.company_id.id, terms=self.term_id.year_id.term_ids.ids,
        ))

    def _read_choices(self, students):
        """ Read what the students have chosen for the term.

        :param school.student students: The students.
        :return: For each student's id the (zone id, quantity) of each product id.
        :rtype: dict[int, dict]
        """
        Choice = self.env['school.student.fee']
        choices = defaultdict(dict)
        for choice in Choice.search(
            Choice._in_term_domain(self.term_id) & Domain('student_id', 'in', students.ids)
        ):
            choices[choice.student_id.id][choice.product_id.id] = (
                choice.zone_id.id or None, choice.qty,
            )
        return choices

    def _read_ceilings(self):
        """ Read the ceilings of the vote heads.

        :return: For each head's id the most per term and per year.
        :rtype: dict[int, tuple[Decimal, Decimal]]
        """
        heads = self.env['school.vote.head'].search([('company_id', '=', self.company_id.id)])
        return {
            head.id: (Decimal(str(head.ceiling_term)), Decimal(str(head.ceiling_year)))
            for head in heads
        }
