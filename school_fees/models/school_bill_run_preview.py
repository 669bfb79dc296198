from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_amount

from ..rules import bill_comparison, bill_proposal


class SchoolBillRun(models.Model):
    """Showing what a bill run would do, before it does it."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.bill.run'

    totals = fields.Html(string="Totals", compute='_compute_totals', sanitize=False)
    warning_summary = fields.Html(
        string="Warnings in Short", compute='_compute_warning_summary', sanitize=False,
    )
    amount = fields.Monetary(string="To Post", compute='_compute_totals')
    changed_count = fields.Integer(string="Students with a Difference", compute='_compute_totals')

    # === COMPUTE METHODS === #

    @api.depends('state')
    def _compute_totals(self):
        """ Sum the difference by class and by vote head, last term beside it. """
        Row, Line = self.env['school.bill.run.student'], self.env['school.bill.run.line']
        sums = ['proposed:sum', 'posted:sum', 'amount:sum']
        for run in self:
            ours = [('run_id', 'in', run.ids)]
            by_class = Row._read_group(ours, ['class_id'], [*sums, 'last_term:sum'])
            by_head = Line._read_group(ours, ['vote_head_id'], sums)
            run.changed_count = Row.search_count([
                *ours, ('status', 'not in', ('same', 'none')),
            ])
            run.amount = sum(row[3] for row in by_class)
            run.totals = Markup('').join((
                run._format_totals(self.env._("Class"), by_class),
                run._format_totals(self.env._("Vote Head"), by_head),
            ))

    def _format_totals(self, title, rows):
        """ Return totals as a table.

        :param str title: What the rows are.
        :param list[tuple] rows: (record, amounts …) tuples.
        :rtype: Markup
        """
        titles = [
            self.env._("Should Be"), self.env._("Billed Already"), self.env._("To Post"),
            self.env._("Last Term"),
        ][:len(rows[0]) - 1 if rows else 3]
        # A phone has room for what is posted now and what was last term.
        classes = ['d-none d-md-table-cell', 'd-none d-md-table-cell', '', '']
        body = [(record.display_name or self.env._("None"), *amounts) for record, *amounts in rows]
        if rows:
            body.append((
                self.env._("Total"),
                *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True)),
            ))
        head = Markup('').join(
            Markup('<th class="text-end %s">%s</th>') % column
            for column in zip(classes, titles, strict=False)
        )
        lines = Markup('').join(
            Markup('<tr><td>%s</td>%s</tr>') % (name, Markup('').join(
                Markup('<td class="text-end text-nowrap %s">%s</td>')
                % (cls, format_amount(self.env, amount, self.currency_id))
                for cls, amount in zip(classes, amounts, strict=False)
            ))
            for name, *amounts in body
        )
        return Markup(
            '<table class="table table-sm"><thead><tr><th>%s</th>%s</tr></thead>'
            '<tbody>%s</tbody></table>'
        ) % (title, head, lines)

    @api.depends('state')
    def _compute_warning_summary(self):
        """ Say how many students each kind of warning is about. """
        Warning_ = self.env['school.bill.run.warning']
        labels = dict(Warning_._fields['kind']._description_selection(self.env))
        for run in self:
            counts = Warning_._read_group(
                [('run_id', 'in', run.ids)], ['kind'], ['student_id:count_distinct'],
            )
            run.warning_summary = counts and Markup('<br/>').join(
                self.env._("%(warning)s: 1 student", warning=labels[kind]) if count == 1
                else self.env._(
                    "%(warning)s: %(count)s students", warning=labels[kind], count=count,
                ) for kind, count in counts
            )

    # === BUSINESS METHODS - PREVIEW === #

    def _make_preview(self):
        """ Write down what the run would do, in place of what an earlier preview said.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        run = self.sudo()  # A preview is made by the run alone: nobody edits it.
        run.warning_ids.unlink()
        run.run_student_ids.unlink()
        read = run._read_proposals()
        differences = {
            student: bill_comparison.compare(facts['proposal'].lines, facts['posted'])
            if facts['proposal'].complete else []
            for student, facts in read.items()
        }
        warnings = run._get_warnings(read)
        rows = run._create_rows(read, differences, warnings)
        run._create_lines(rows, differences)
        run.env['school.bill.run.warning'].create([
            {
                'run_id': run.id, 'student_id': student.id, 'kind': kind, 'message': message,
                'company_id': run.company_id.id,
            }
            for student, found in warnings.items() for kind, message in found
        ])
        run.state = 'preview'
        run.invalidate_recordset(['totals', 'amount', 'changed_count', 'warning_summary'])

    def _create_rows(self, read, differences, warnings):
        """ Write down what happens to each student.

        :return: The row of each student.
        :rtype: dict[school.student, school.bill.run.student]
        """
        last_term = self._read_last_term(read)
        values = []
        for student, facts in read.items():
            changes = differences[student]
            proposed = sum(difference.proposed for difference in changes)
            posted = sum(facts['posted'].values(), Decimal(0))
            values.append({
                'run_id': self.id,
                'student_id': student.id,
                'enrolment_id': facts['enrolment'].id,
                'class_id': facts['enrolment'].class_id.id,
                'status': self._get_status(facts, changes),
                'proposed': float(proposed),
                'posted': float(posted),
                'amount': float(sum(difference.amount for difference in changes)),
                'last_term': last_term.get(student, 0.0),
                'warning': ' '.join(message for _kind, message in warnings[student]) or False,
                'company_id': self.company_id.id,
                'currency_id': self.currency_id.id,
            })
        return dict(zip(read, self.env['school.bill.run.student'].create(values), strict=True))

    def _get_status(self, facts, changes):
        """ Return how the account of a student changes.

        :rtype: str
        """
        if not facts['proposal'].complete:
            return 'none'
        if not any(difference.amount for difference in changes):
            return bill_comparison.SAME
        if not any(facts['posted'].values()):
            return bill_comparison.NEW
        if not facts['proposal'].lines:
            return bill_comparison.GONE
        total = sum(difference.amount for difference in changes)
        return bill_comparison.MORE if total >= 0 else bill_comparison.LESS

    def _create_lines(self, rows, differences):
        """ Write down the items of each student.

        :return: None
        """
        Product = self.env['product.product']
        heads = {}
        values = []
        for student, row in rows.items():
            for difference in differences[student]:
                product = Product.browse(difference.fee)
                rule_id, grant_id = difference.concession or (False, False)
                heads.setdefault(difference.fee, product.vote_head_id.id)
                values.append({
                    'run_id': self.id,
                    'run_student_id': row.id,
                    'student_id': student.id,
                    'class_id': row.class_id.id,
                    'product_id': difference.fee,
                    'vote_head_id': heads[difference.fee],
                    'concession_id': rule_id,
                    'concession_grant_id': grant_id,
                    'name': self._get_text(difference),
                    'status': difference.status,
                    'proposed': float(difference.proposed),
                    'posted': float(difference.posted),
                    'amount': float(difference.amount),
                    'company_id': self.company_id.id,
                    'currency_id': self.currency_id.id,
                })
        self.env['school.bill.run.line'].create(values)

    def _get_text(self, difference):
        """ Return the text of a bill line: what is charged, for which part of the term.

        :param Difference difference: The line beside what is posted.
        :rtype: str
        """
        text = self.env['product.product'].browse(difference.fee).name
        if difference.concession:
            rule = self.env['school.concession'].browse(difference.concession[0])
            text = f'{rule.name}, {text}'
        line = difference.line
        if line and line.quantity > 1:
            text = f'{text} × {line.quantity}'
        if line and line.share.of_weeks and line.share.weeks != line.share.of_weeks:
            text = self.env._(
                "%(item)s, %(weeks)s of %(all)s weeks", item=text, weeks=line.share.weeks,
                all=line.share.of_weeks,
            )
        elif line and line.share.part == Fraction(1, 2):
            text = self.env._("%(item)s, half of the term", item=text)
        if difference.posted and difference.amount:
            text = self.env._(
                "%(item)s: %(new)s instead of %(old)s", item=text,
                new=self.currency_id._format_plain(abs(float(difference.proposed))),
                old=self.currency_id._format_plain(abs(float(difference.posted))),
            )
        return text

    def _read_last_term(self, read):
        """ Read what the students were charged in the term before.

        :return: The amount of each student.
        :rtype: dict[school.student, float]
        """
        before = self.env['school.term'].search([
            ('company_id', '=', self.company_id.id), ('date_to', '<', self.term_id.date_from),
        ], order='date_from desc', limit=1)
        return dict(self.env['account.move']._read_group([
            ('student_id', 'in', [student.id for student in read]),
            ('term_id', '=', before.id), ('state', '=', 'posted'),
            ('move_type', 'in', ('out_invoice', 'out_refund')),
        ], ['student_id'], ['amount_total_signed:sum'])) if before else {}

    # === BUSINESS METHODS - WARNINGS === #

    def _get_warnings(self, read):
        """ Return in words what a person should look at.

        :param dict read: What :meth:`_read_proposals` returned.
        :return: For each student a list of (kind, message) pairs.
        :rtype: dict[school.student, list]
        """
        warnings = defaultdict(list)
        reachable = self._read_reachable(read)
        drafts = {student for student, in self.env['account.move']._read_group([
            ('student_id', 'in', [student.id for student in read]),
            ('term_id', '=', self.term_id.id), ('state', '=', 'draft'),
        ], ['student_id'])}
        for student, facts in read.items():
            found = warnings[student]
            found += [
                (kind, self._get_warning(kind, detail))
                for kind, detail in facts['proposal'].warnings
            ]
            for grant in facts['unapproved']:
                found.append(('unapproved', self.env._(
                    "%(concession)s is not approved and not given yet.",
                    concession=grant.concession_id.name,
                )))
            if student in drafts:
                found.append(('draft', self.env._(
                    "An unposted bill or credit note of this term counts as posted. Post or delete"
                    " it.",
                )))
            if student not in reachable:
                found.append(('no_phone', self.env._("No guardian has a phone number.")))
        return warnings

    def _get_warning(self, kind, detail):
        """ Return a warning of the rules in words.

        :param str kind: The kind of warning.
        :param detail: What it is about: the id of an enrolment, structures, a fee or a vote head.
        :rtype: str
        """
        if kind == bill_proposal.NO_STRUCTURE:
            enrolment = self.env['school.enrolment'].browse(detail)
            boarding = dict(enrolment._fields['boarding']._description_selection(self.env))
            return self.env._(
                "No published fee structure fits %(school_class)s, %(boarding)s. The student is"
                " not billed.",
                school_class=enrolment.class_id.name, boarding=boarding[enrolment.boarding].lower(),
            )
        if kind == bill_proposal.TWO_STRUCTURES:
            one, two = self.env['school.fee.structure'].browse(detail)
            return self.env._(
                "%(one)s and %(two)s both fit. The student is not billed until one of them is"
                " changed.", one=one.display_name, two=two.display_name,
            )
        if kind == bill_proposal.NO_PRICE:
            return self.env._(
                "The fee structure has no price for %(item)s in this zone. It is not charged.",
                item=self.env['product.product'].browse(detail).name,
            )
        return self.env._(
            "%(head)s rises above its ceiling.",
            head=self.env['school.vote.head'].browse(detail).name,
        )

    def _read_reachable(self, read):
        """ Return the students of whom a guardian has a phone number.

        :rtype: set[school.student]
        """
        links = self.env['school.guardian.link'].search([
            ('student_id', 'in', [student.id for student in read]),
        ]).filtered('is_live')
        with_further_phone = {
            partner for partner, in self.env['school.guardian.phone']._read_group(
                [('partner_id', 'in', links.partner_id.ids), ('proposed', '=', False)],
                ['partner_id'],
            )
        }
        return {
            link.student_id for link in links
            if link.partner_id.phone or link.partner_id in with_further_phone
        }
