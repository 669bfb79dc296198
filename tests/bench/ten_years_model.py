"""What the product itself makes of the generated school: the model of all copies.

Classes, fees, and the account of one student, billed by a bill run and paid by receipts.
"""
import datetime

from odoo.fields import Command


# Vote heads of the fees and KES per term: a bill has a line for each.
FEES = [
    ('TUI', "Tuition", 12_500), ('LUN', "Lunch", 4_200), ('TRA', "Transport", 3_000),
    ('EXA', "Examinations", 800), ('LIB', "Library", 500), ('ICT', "Computer lessons", 1_500),
    ('ACT', "Activities", 1_000), ('MED', "Medical cover", 1_500),
]
LEVELS = 10
# First and last day of the terms, and the day when bills fall due; month and day.
TERMS = [
    ('01-05', '04-02', '01-16'), ('04-27', '07-31', '05-08'), ('08-24', '10-23', '09-11'),
]


class Prototype:
    """ What the product itself makes, and the copies are made from.

    :param env: The shell's environment, on a database that holds the demo school.
    :param int years: How many years of history, this one among them.
    :param int classes: How many classes there are in each year.
    """

    def __init__(self, env, years, classes):
        self.env = env(context={**env.context, 'tracking_disable': True, 'tz': 'Africa/Nairobi'})
        self.company = env.ref('base.main_company')
        self.term = env['school.term'].search([('state', '=', 'current')])
        self.year = self.term.year_id
        self._make_years(years)
        self._make_classes(classes)
        self._make_fees()
        self._make_student()
        self._bill()
        self._pay()
        env.flush_all()

    def _make_years(self, years):
        last = self.year.date_from.year
        before = self.env['school.academic.year'].create([
            {'name': str(year), 'date_from': f'{year}-01-01', 'date_to': f'{year}-12-31'}
            for year in range(last - years + 1, last)
        ])
        self.env['school.term'].create([
            {
                'year_id': year.id, 'sequence': number, 'name': f"Term {number}",
                'date_from': f'{year.name}-{first}', 'date_to': f'{year.name}-{last_day}',
                'bill_date': f'{year.name}-{first}', 'due_date': f'{year.name}-{due}',
                'state': 'closed',
            }
            for year in before
            for number, (first, last_day, due) in enumerate(TERMS, start=1)
        ])
        self.years = before + self.year
        self.terms = self.years.term_ids.sorted('date_from')

    def _make_classes(self, classes):
        self.levels = self.env['school.level'].create([
            {'name': f"Year {number}", 'code': f'Y{number}', 'sequence': 100 + number,
             'curriculum': 'cbc'}
            for number in range(1, LEVELS + 1)
        ])
        # By place: the students of one place are together in every year, a level up in each.
        self.classes = {
            year: self.env['school.class'].create([
                {
                    'level_id': self.levels[(place + step) % LEVELS].id,
                    'stream': f'{place // LEVELS + 1}', 'year_id': year.id,
                }
                for place in range(classes)
            ])
            for step, year in enumerate(self.years)
        }

    def _make_fees(self):
        Head = self.env['school.vote.head']
        products = []
        for code, name, _price in FEES:
            head = Head.search([('code', '=', code)], limit=1) or Head.create({
                'name': name, 'code': code, 'is_tuition': code == 'TUI',
            })
            products.append(self.env['product.product'].create({
                'name': name, 'is_school_fee': True, 'vote_head_id': head.id,
            }))
        structure = self.env['school.fee.structure'].create({
            'name': "All levels", 'year_id': self.year.id,
            'level_ids': [Command.set(self.levels.ids)],
            'line_ids': [
                Command.create({
                    'product_id': product.id,
                    **{f'amount_{number}': price for number in (1, 2, 3)},
                })
                for product, (_code, _name, price) in zip(products, FEES, strict=True)
            ],
        })
        structure.state = 'approved'
        structure.action_publish()
        if not self.env['school.concession'].search([('kind', '=', 'sibling')]):
            self.env['school.concession'].create({
                'name': "Sibling discount", 'kind': 'sibling',
                'rank_ids': [Command.create({'rank_from': 2, 'percent': 10})],
            })

    def _make_student(self):
        family = self.env['school.family'].create({'name': "Model"})
        self.guardian = self.env['res.partner'].create({
            'name': "Guardian Model", 'phone': '0712 555 000', 'company_id': False,
        })
        self.student = self.env['school.student'].create({
            'name': "Model Student", 'admission_no': 'GEN-0', 'family_id': family.id,
            'joined_on': self.years[0].date_from,
            'guardian_link_ids': [Command.create({
                'partner_id': self.guardian.id, 'relation': 'mother',
            })],
        })
        self.enrolment = self.env['school.enrolment'].create({
            'student_id': self.student.id, 'class_id': self.classes[self.year][-1].id,
            'date_from': self.year.date_from,
        })

    def _bill(self):
        run = self.env['school.bill.run'].create({
            'term_id': self.term.id, 'student_ids': [Command.set(self.student.ids)],
            'bill_date': self.term.bill_date, 'due_date': self.term.due_date,
        })
        run.action_preview()
        run.action_post()
        while run._process_chunk():
            pass
        run._finish()
        self.bill = run.move_ids
        assert self.bill.state == 'posted', "the model bill is not posted"

    def _pay(self):
        """ Pay the bill in five parts. """
        journal = self.env['account.journal'].search([('code', '=', 'CSH1')])
        self.part = self.bill.amount_total / 5
        bookings = [{
            'receipt': {
                'date': self.term.due_date + datetime.timedelta(days=number),
                'channel': 'cash', 'money_kind': 'cash', 'amount': self.part,
                'currency_id': self.company.currency_id.id, 'company_id': self.company.id,
                'family_id': self.student.family_id.id,
            },
            'shares': [(self.student, self.part)],
            'payment': {'journal_id': journal.id},
        } for number in range(5)]
        self.receipts, _payments = self.env['school.receipt']._book(bookings)
        self.env.flush_all()
        self.env.invalidate_all()
        assert self.bill.payment_state == 'paid', "the model bill is not paid"
