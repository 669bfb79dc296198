from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


class BillRunCommon(SchoolFeesCommon):
    """Two classes, a day structure, and a family of two children."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level_8 = cls.create_level("Grade 8", 'G8', sequence=8)
        cls.level_5 = cls.create_level("Grade 5", 'G5', sequence=5)
        cls.class_8, cls.class_5 = cls.create_class(cls.level_8), cls.create_class(cls.level_5)
        cls.tuition = cls.create_fee(prorata='weeks')
        cls.lunch = cls.create_fee("Lunch", 'LUN', is_optional=True)
        cls.levy = cls.create_fee("Parents' levy", 'PTA', charge_basis='family')
        cls.structure = cls.create_structure(cls.level_8 | cls.level_5, [
            (cls.tuition, 13000), (cls.lunch, 4000), (cls.levy, 600),
        ])
        cls.family = cls.create_family()
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=cls.family.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=cls.family.id)
        cls.place_faith = cls.enrol(cls.faith, cls.class_8)
        cls.place_brian = cls.enrol(cls.brian, cls.class_5)
        cls.create_guardian(cls.faith | cls.brian, phone="0712000001")
        cls.bursar, cls.head = (
            new_test_user(
                cls.env, login=f'run_{group}', groups=f'school_fees.group_{group}',
                company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
            )
            for group in ('bursar', 'approver')
        )

    @classmethod
    def preview(cls, term=None, **values):
        """ Preview a run.

        :rtype: school.bill.run
        """
        run = cls.env['school.bill.run'].create({'term_id': (term or cls.term_1).id, **values})
        run.action_preview()
        return run

    def row(self, run, student):
        """ Return the row of a student.

        :rtype: school.bill.run.student
        """
        return run.run_student_ids.filtered(lambda row: row.student_id == student)

    def items(self, run, student):
        """ Return the items of a student as (text, amount) pairs.

        :rtype: list[tuple]
        """
        return [(line.name, line.amount) for line in self.row(run, student).line_ids]

    def moves(self, student):
        """ Return the documents of a student, in the order in which they were made.

        :rtype: account.move
        """
        return self.env['account.move'].search([
            ('student_id', '=', student.id), ('move_type', '!=', 'entry'),
        ], order='id')

    def lines(self, move):
        """ Return the lines of a document as (text, amount) pairs.

        :rtype: list[tuple]
        """
        return [(line.name, line.price_subtotal) for line in move.invoice_line_ids]

    def choose(self, student, fee, term=None, **values):
        """ Choose a fee for a student.

        :rtype: school.student.fee
        """
        return self.env['school.student.fee'].create({
            'student_id': student.id, 'product_id': fee.id,
            'term_from_id': (term or self.term_1).id, **values,
        })

    def sibling_rule(self):
        """ Create the concession that gives 10 % to the second child.

        :rtype: school.concession
        """
        return self.env['school.concession'].create({
            'name': "Sibling discount", 'kind': 'sibling',
            'rank_ids': [Command.create({'rank_from': 2, 'percent': 10})],
        })

    def grant(self, student, value=50, approve=True, **values):
        """ Grant a concession on tuition.

        :rtype: school.concession.grant
        """
        rule = self.env['school.concession'].create({'name': "Scholarship"})
        grant = self.env['school.concession.grant'].with_user(self.bursar).create({
            'student_id': student.id, 'concession_id': rule.id, 'value': value,
            'term_from_id': self.term_1.id, 'reason': "Best of the county", **values,
        })
        if approve:
            grant.with_user(self.head).action_approve()
        return grant
