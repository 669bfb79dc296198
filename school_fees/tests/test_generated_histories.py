import os

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.tests.desk_common import DeskCommon
from odoo.addons.school_fees.tests.school_history import History
from odoo.addons.school_fees.tests.school_history_world import (
    CHILDREN,
    FAMILIES,
    FIRST_DAY,
    LEVY,
    LUNCH,
    NEXT_DOOR,
    TERMS,
    TUITION,
)


# How many histories are made up. Without it they are few, short and always the same ones; with it
# as many as asked for, longer and ever new. A failure prints how to play it again; only the new
# ones are made as short as they can be, which takes many minutes.
HISTORIES = int(os.environ.get('SCHOOL_HISTORIES') or 0)


@tagged('post_install', '-at_install')
class TestGeneratedHistories(DeskCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.next_door = cls.create_school("Mwangaza School")
        cls.accountant = cls.create_staff('books_accountant', 'bursar')
        cls.accountant.group_ids |= cls.env.ref('account.group_account_user')
        staff = cls.cashier | cls.bursar | cls.head | cls.deputy | cls.accountant
        staff.company_ids |= cls.next_door
        cls.env.user.company_ids |= cls.next_door

        cls.terms = {1: cls.term_1, 2: cls.term_2, 3: cls.term_3}
        cls.families = {'otieno': cls.family, 'mwangi': cls.create_family("Mwangi")}
        cls.grace.family_id = cls.families['mwangi']
        mwangi = {'family_id': cls.families['mwangi'].id}
        cls.students = {
            'faith': cls.faith, 'brian': cls.brian, 'grace': cls.grace,
            'hope': cls.create_student("Hope Mwangi", "ADM-021", **mwangi),
            'amina': cls.create_student("Amina Mwangi", "ADM-022", **mwangi),
            'juma': cls.create_student("Juma Ali", "ADM-030"),
        }
        cls.levels = {
            8: cls.create_level("Grade 8", 'G8', sequence=8),
            5: cls.create_level("Grade 5", 'G5', sequence=5),
        }
        cls.classes = {number: cls.create_class(level) for number, level in cls.levels.items()}
        for name, (_family, level, _number) in CHILDREN.items():
            cls.enrol(cls.students[name], cls.classes[level])
        cls.create_fees()
        cls.create_next_door()
        cls.wards = {
            cls.create_guardian(
                cls.env['school.student'].union(*(cls.students[name] for name in names)),
                login.title(), login=f'books_{login}',
            ).user_ids: names
            for login, names in {
                'otieno': ['faith', 'brian', NEXT_DOOR], 'mwangi': FAMILIES['mwangi'],
                'ali': ['juma'],
            }.items()
        }

    @classmethod
    def create_fees(cls):
        """ Create what the school charges and gives back. """
        tuition = cls.create_fee()
        cls.lunch = cls.create_fee("Lunch", 'LUN', is_optional=True)
        levy = cls.create_fee("Parents' levy", 'PTA', charge_basis='family')
        cls.trip = cls.create_fee("Trip", 'TRIP', charge_basis='on_demand')
        for number, level in cls.levels.items():
            cls.create_structure(level, [
                (tuition, float(TUITION[number])), (cls.lunch, float(LUNCH)), (levy, float(LEVY)),
            ], name=f"{level.name} 2026")
        Concession = cls.env['school.concession']
        Concession.create({
            'name': "Sibling discount", 'kind': 'sibling',
            'rank_ids': [Command.create({'rank_from': 2, 'percent': 10})],
        })
        cls.scholarship = Concession.create({'name': "Scholarship"})

    @classmethod
    def create_next_door(cls):
        """ Create the child in the other school, who owes something there. """
        env = cls.env(context={**cls.env.context, 'allowed_company_ids': cls.next_door.ids})
        year = env['school.academic.year'].create({
            'name': "2026", 'date_from': '2026-01-01', 'date_to': '2026-12-31',
        })
        term = env['school.term'].create({
            'year_id': year.id, 'sequence': 1, 'name': "Term 1", 'date_from': TERMS[1][0],
            'date_to': '2026-04-02', 'bill_date': TERMS[1][0], 'due_date': TERMS[1][1],
        })
        cls.students[NEXT_DOOR] = env['school.student'].create({
            'name': "Neema Otieno", 'admission_no': "ADM-012",
        })
        cls.create_term_bill(cls.students[NEXT_DOOR].with_env(cls.env), term, 7000.70)

    def setUp(self):
        super().setUp()
        freezer = freeze_time(f'{FIRST_DAY} 09:00:00')
        self.clock = freezer.start()
        self.addCleanup(freezer.stop)

    def as_user(self, user, records):
        """ Override of `DeskCommon`: the office works for both schools. """
        return records.with_env(self.env(user=user, context={
            'allowed_company_ids': (self.school + self.next_door).ids,
        }))

    def read_open_items(self):
        """ Read what is open of each student as (due, amount, open), in an order of their own. """
        self.env.flush_all()
        self.env.cr.execute('''
            SELECT student.id, coalesce(line.date_maturity, line.date), line.balance,
                   line.amount_residual
              FROM school_student student
              JOIN account_move_line line ON line.partner_id = student.partner_id
              JOIN account_account account ON account.id = line.account_id
             WHERE account.account_type = 'asset_receivable' AND line.parent_state = 'posted'
               AND line.amount_residual <> 0
        ''')
        items = {}
        for student, due, amount, left in self.env.cr.fetchall():
            items.setdefault(student, []).append((due, self.to_cents(amount), self.to_cents(left)))
        return {student: sorted(found) for student, found in items.items()}

    def test_the_books_are_sound_after_any_history(self):
        with mute_logger('odoo.addons.account', 'odoo.sql_db'):
            run_state_machine_as_test(
                type('History', (History,), {'case': self}),
                settings=settings(
                    max_examples=HISTORIES or 8, stateful_step_count=30 if HISTORIES else 18,
                    derandomize=not HISTORIES, database=None, deadline=None,
                    phases=(Phase.generate, Phase.shrink) if HISTORIES else (Phase.generate,),
                    suppress_health_check=list(HealthCheck), print_blob=True,
                ),
            )
