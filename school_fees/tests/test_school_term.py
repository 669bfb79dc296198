from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestSchoolTerm(SchoolFeesCommon):

    def test_terms_of_a_year_do_not_overlap(self):
        with self.refusal(ValidationError, "begins before"):
            self.term_2.date_from = self.term_1.date_to
        with self.refusal(ValidationError, "begins before"):
            self.env['school.term'].create({
                'year_id': self.year.id, 'sequence': 4, 'name': "Holiday tuition",
                'date_from': '2026-05-10', 'date_to': '2026-05-20', 'due_date': '2026-05-10',
            })

    def test_terms_of_two_years_may_share_dates(self):
        other_year = self.env['school.academic.year'].create({
            'name': "2026 evening", 'date_from': '2026-01-01', 'date_to': '2026-12-31',
        })
        term = self.env['school.term'].create({
            'year_id': other_year.id, 'name': "Term 1", 'date_from': self.term_1.date_from,
            'date_to': self.term_1.date_to, 'due_date': self.term_1.due_date,
        })
        self.assertEqual(term.company_id, self.school)

    def test_a_term_lies_inside_its_year(self):
        with self.refusal(ValidationError, "inside the academic year"):
            self.term_3.date_to = '2027-01-05'
        with self.refusal(ValidationError, "inside the academic year"):
            self.year.date_from = '2026-02-01'

    def test_one_term_is_current(self):
        self.term_1.state = 'current'
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError):
            self.term_2.state = 'current'
            self.env.flush_all()

    def test_each_school_has_its_current_term(self):
        self.term_1.state = 'current'
        other_school = self.env['res.company'].create({'name': "Mwangaza School"})
        other_year = self.env['school.academic.year'].create({
            'name': "2026", 'date_from': '2026-01-01', 'date_to': '2026-12-31',
            'company_id': other_school.id,
        })
        term = self.env['school.term'].create({
            'year_id': other_year.id, 'name': "Term 1", 'date_from': '2026-01-05',
            'date_to': '2026-04-02', 'due_date': '2026-01-12', 'state': 'current',
        })
        self.env.flush_all()
        self.assertEqual(term.company_id, other_school)

    @mute_logger('odoo.sql_db')
    def test_dates_are_in_order(self):
        for values in (
            {'date_to': self.term_1.date_from},
            {'due_date': '2026-01-01'},  # Before the bill date.
        ):
            with self.subTest(values=values), self.assertRaises(IntegrityError):
                with self.env.cr.savepoint():
                    self.term_1.write(values)
                    self.env.flush_all()
            self.term_1.invalidate_recordset()
