"""The year 2026 of the invented school, told through the product's own buttons.

Run inside an Odoo shell after demo_school.py. Each person does what that person may do: the bursar
asks, the head approves, the cashier takes the money, and each chapter has the date it tells of.
"""
import base64
from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time

from odoo import fields


# Name, code of the vote head, how it is charged, other values.
FEE_ITEMS = [
    ("Tuition", 'TUI', 'term', {'prorata': 'weeks'}),
    ("Boarding", 'BRD', 'term', {'prorata': 'weeks'}),
    ("Lunch", 'LUN', 'term', {'is_optional': True}),
    ("Transport", 'TRA', 'term', {'is_optional': True}),
    ("Activity fee", 'ACT', 'year', {}),
    ("PTA levy", 'PTA', 'family', {}),
    ("Admission fee", 'ADM', 'once', {}),
    ("Caution money", 'DEP', 'deposit', {}),
    ("Music lessons", 'MUS', 'on_demand', {'list_price': 1800}),
]
TUITION = {'G6': 11000, 'G7': 12000, 'G8': 12500, 'G9': 13500}  # KES each term
TERMLY = {"Boarding": 15500, "Lunch": 4200, "PTA levy": 600}
YEARLY = {"Activity fee": 1500}
FOR_NEW = {"Admission fee": 3000, "Caution money": 5000}
ZONES = {"Town": 4500, "Hillside": 6000}
# What two families brought along from the old system; below zero it was paid ahead.
OPENINGS = [("ADM-013", "Naomi Barasa", 4500), ("ADM-028", "Ian Musyoka", -2000)]
CHEQUES = ("Mwangi", "Kiptoo", "Omondi")  # they pay by cheque, the others in cash
IN_ARREARS = "Hassan"


def tell_year(env):
    """ Let the year happen: fees, bills, money, and what went wrong.

    :param env: The shell's environment, on a database that holds the school's people.
    """
    staff = {login: _as_staff(env, login) for login in ('admin', 'bursar', 'head', 'cashier')}
    with _on('2026-01-03'):
        _make_fees(staff)
        _give_concessions(staff)
        _choose_fees(staff)
        _import_openings(staff)
    with _on('2026-01-05'):
        _bill_term(staff, "Term 1")
    with _on('2026-01-15'):
        _take_fees(staff)
        _reverse_a_receipt(staff)
        _count_cash(staff)
    with _on('2026-04-27'):
        _bill_term(staff, "Term 2")
    with _on('2026-05-07'):
        _take_fees(staff, part_of_arrears=Decimal(5000))
        _pay_for_the_wrong_child(staff)
        _count_cash(staff)
    with _on('2026-08-07'):
        _let_one_leave(staff)
    with _on('2026-08-24'):
        _bill_term(staff, "Term 3")
    with _on('2026-09-02'):
        _charge_music(staff)
        _take_some_fees(staff)
        _count_cash(staff)
    # The last working day: what is waiting for somebody now.
    with _on(fields.Date.context_today(env['school.term']) - timedelta(days=1)):
        _take_yesterdays_money(staff)
        _plan_next_year(staff)


def _on(day):
    """ Stand in a morning of the past, in Nairobi half past nine. """
    return freeze_time(f'{day} 06:30:00')


def _as_staff(env, login):
    user = env['res.users'].search([('login', '=', login)])
    # Nobody needs a message of what is told here.
    return env(user=user.id, su=False, context={
        'tz': 'Africa/Nairobi', 'lang': 'en_US', 'allowed_company_ids': user.company_ids.ids,
        'mail_notify_force_send': False, 'mail_create_nosubscribe': True,
    })


def _student(env, number):
    return env['school.student'].search([('admission_no', '=', f'ADM-{number:03}')])


def _fee(env, name):
    return env['product.product'].search([('is_school_fee', '=', True), ('name', '=', name)])


def _term(env, name):
    return env['school.term'].search([('name', '=', name), ('year_id.name', '=', '2026')])


# === Before the year: prices, concessions, choices, old balances === #

def _make_fees(staff):
    admin, bursar, head = staff['admin'], staff['bursar'], staff['head']
    for order, (name, code, basis, values) in enumerate(FEE_ITEMS, start=1):
        vote_head = admin['school.vote.head'].create({
            'name': name, 'code': code, 'sequence': 10 * order, 'is_tuition': code == 'TUI',
        })
        admin['product.product'].create({
            'name': name, 'is_school_fee': True, 'vote_head_id': vote_head.id,
            'charge_basis': basis, **values,
        })
    year = bursar['school.academic.year'].search([])
    structures = bursar['school.fee.structure'].create([{
        'name': f"{level.name} {year.name}, {words}",
        'year_id': year.id,
        'level_ids': [(6, 0, level.ids)],
        'boarding': boarding,
        'line_ids': [(0, 0, line) for line in _make_lines(bursar, level, boarding)],
    } for level in bursar['school.level'].search([]) for boarding, words in (
        ('day', "day"), ('boarding', "boarding"),
    )])
    structures.action_submit()
    structures.with_env(head).action_approve()
    structures.action_publish()


def _make_lines(env, level, boarding):
    lines = [{"fee": "Tuition", 'amounts': [TUITION[level.code]] * 3}]
    for name, amount in TERMLY.items():
        if name != ("Boarding" if boarding == 'day' else "Lunch"):
            lines.append({"fee": name, 'amounts': [amount] * 3})
    lines += [{"fee": name, 'amounts': [amount, 0, 0]} for name, amount in YEARLY.items()]
    lines += [
        {"fee": name, 'amounts': [amount, 0, 0], 'new_students_only': True}
        for name, amount in FOR_NEW.items()
    ]
    if boarding == 'day':
        lines += [
            {"fee": "Transport", 'amounts': [amount] * 3,
             'zone_id': env['school.zone'].search([('name', '=', zone)]).id}
            for zone, amount in ZONES.items()
        ]
    for line in lines:
        line['product_id'] = _fee(env, line.pop('fee')).id
        line['amount_1'], line['amount_2'], line['amount_3'] = line.pop('amounts')
    return lines


def _give_concessions(staff):
    bursar, head = staff['bursar'], staff['head']
    head['school.concession'].create({
        'name': "Sibling discount", 'kind': 'sibling',
        'rank_ids': [(0, 0, {'rank_from': rank, 'percent': percent})
                     for rank, percent in ((2, 5), (3, 10))],
    })
    head['school.concession'].create({'name': "Staff concession", 'kind': 'staff', 'value': 50})
    ruth = _student(bursar, 20)
    ruth.category_id = bursar['school.student.category'].search([('code', '=', 'STAFF')])
    _ask_staff_concession(bursar, ruth, "Term 1").with_env(head).action_approve()


def _ask_staff_concession(env, student, term):
    return env['school.concession.grant'].create({
        'student_id': student.id,
        'concession_id': env['school.concession'].search([('kind', '=', 'staff')]).id,
        'term_from_id': _term(env, term).id,
        'reason': "A parent teaches here",
    })


def _choose_fees(staff):
    """ Day students eat here; every other of them comes by the school's bus. """
    bursar = staff['bursar']
    zones = bursar['school.zone'].search([])
    term = _term(bursar, "Term 1")
    places = bursar['school.enrolment'].search([('boarding', '=', 'day')], order='student_id')
    choices = [(place.student_id, "Lunch", zones.browse()) for place in places]
    choices += [
        (place.student_id, "Transport", zones[number % len(zones)])
        for number, place in enumerate(places[::2])
    ]
    bursar['school.student.fee'].create([{
        'student_id': student.id, 'product_id': _fee(bursar, name).id, 'zone_id': zone.id,
        'term_from_id': term.id,
    } for student, name, zone in choices])


def _import_openings(staff):
    rows = ["Admission Number,Name,Balance,As At"]
    rows += [f'{number},{name},{amount},2026-01-02' for number, name, amount in OPENINGS]
    wizard = staff['bursar']['school.import'].create({
        'kind': 'openings', 'file': base64.b64encode('\n'.join(rows).encode()),
        'file_name': "balances-2025.csv",
        'control_total': str(sum(amount for _number, _name, amount in OPENINGS)),
    })
    wizard.action_preview()
    wizard.action_import()


# === Through the terms === #

def _bill_term(staff, name):
    """ Close the term before, and bill this one as the scheduled action does, at one go. """
    admin, bursar = staff['admin'], staff['bursar']
    admin['school.term'].search([('state', '=', 'current')]).state = 'closed'
    term = _term(admin, name)
    term.state = 'current'
    run = bursar['school.bill.run'].create({'term_id': term.id})
    run.action_preview()
    run.action_post()
    run_sudo = run.sudo()
    while run_sudo._process_chunk():
        pass
    run_sudo._finish()


def _take_fees(staff, part_of_arrears=None):
    """ Most families pay what they owe, at one go; one is slow.

    :param Decimal part_of_arrears: What the slow family's first child brings.
    """
    bookings = []
    for family in staff['cashier']['school.family'].search([]):
        due = [(student, Decimal(str(student.balance))) for student in family.student_ids]
        if family.name == IN_ARREARS:
            due = [(due[0][0], part_of_arrears)] if part_of_arrears else []
        due = [(student, amount) for student, amount in due if amount > 0]
        if due:
            kind = 'cheque' if family.name in CHEQUES else 'cash'
            bookings.append(_prepare_booking(staff['cashier'], family, due, kind))
    staff['cashier']['school.receipt'].sudo()._book(bookings)


def _prepare_booking(env, family, shares, kind):
    company, today = env.company, fields.Date.today()
    journal = company._make_desk_journal(kind)
    return {
        'receipt': {
            'date': today, 'channel': kind, 'money_kind': kind,
            'external_ref': kind == 'cheque' and f'CHQ {family.id:03}{today:%m%d}',
            'amount': float(sum(amount for _student, amount in shares)),
            'currency_id': company.currency_id.id, 'company_id': company.id,
            'family_id': family.id, 'issued_by_id': env.uid,
        },
        'shares': shares,
        'payment': {
            'journal_id': journal.id,
            'payment_method_line_id': journal._get_desk_method_line().id,
        },
    }


def _take(env, student, amount, kind='cash', reference=False):
    """ Take money at the desk.

    :rtype: school.receipt
    """
    wizard = env['school.receipt.wizard'].create({
        'student_id': student.id, 'amount': amount, 'money_kind': kind, 'external_ref': reference,
    })
    return env['school.receipt'].browse(wizard.action_post()['params']['next']['res_id'])


def _reverse_a_receipt(staff):
    """ The cashier takes one sum down twice; the bursar sees it. """
    twice = _take(staff['cashier'], _student(staff['cashier'], 4), 3000).with_env(staff['bursar'])
    staff['bursar']['school.reversal.wizard'].create({
        'res_model': twice._name, 'res_id': twice.id, 'kind': 'mistake',
        'reason': "Written down twice",
    }).action_ask()
    twice.with_env(staff['head']).action_approve_reversal()


def _move(staff, receipt, to_student, reason):
    line = receipt.sudo().line_ids
    bursar = staff['bursar']
    action = bursar['school.transfer.wizard'].create({
        'from_student_id': line.student_id.id, 'to_student_id': to_student.id,
        'receipt_line_id': line.id, 'reason': reason,
    }).action_ask()
    return bursar['school.transfer'].browse(action['res_id'])


def _pay_for_the_wrong_child(staff):
    cashier = staff['cashier']
    receipt = _take(cashier, _student(cashier, 9), 2500)
    transfer = _move(staff, receipt, _student(cashier, 10), "Meant for the brother")
    transfer.with_env(staff['head']).action_approve()


def _let_one_leave(staff):
    """ Moses goes; his father had paid more than was billed. """
    cashier, bursar = staff['cashier'], staff['bursar']
    moses = _student(bursar, 31)
    _take(cashier, moses.with_env(cashier), 2500)
    bursar['school.leave.wizard'].create({
        'student_ids': [(6, 0, moses.ids)], 'reason': "The family moves to Kisumu",
    }).action_leave()


def _charge_music(staff):
    bursar = staff['bursar']
    wizard = bursar['school.charge.wizard'].create({
        'class_ids': [(6, 0, bursar['school.class'].search([('level_id.code', '=', 'G9')]).ids)],
        'product_id': _fee(bursar, "Music lessons").id, 'due_date': '2026-09-18',
    })
    wizard.action_post()


def _take_some_fees(staff):
    """ The first families pay the third term: one a half, one by the bank, one all of it. """
    cashier = staff['cashier']
    half, whole = _student(cashier, 30), _student(cashier, 29)
    _take(cashier, half, half.balance // 2)
    _take(cashier, whole, whole.balance)
    _take(cashier, _student(cashier, 23), 10000, 'bank', "FT26245 KCB")


def _count_cash(staff, missing=0.0, note=False):
    CashUp = staff['cashier']['school.cash.up']
    cash_up = CashUp.browse(CashUp.action_open_mine()['res_id'])
    for line in cash_up.line_ids:
        line.counted = line.expected - (missing if line.money_kind == 'cash' else 0)
    cash_up.note = note
    cash_up.action_close()


# === What waits for somebody now === #

def _take_yesterdays_money(staff):
    cashier, bursar = staff['cashier'], staff['bursar']
    receipt = _take(cashier, _student(cashier, 25), 3000)
    _take(cashier, _student(cashier, 27), 5000, 'cheque', "CHQ 000812")
    _count_cash(staff, missing=50, note="A torn note of 50 was refused by the bank")
    _move(staff, receipt, _student(bursar, 26), "Was meant for Ali")
    moses = _student(bursar, 31)
    bursar['school.refund.wizard'].create({
        'student_id': moses.id, 'amount': -moses.balance, 'reason': "Left in August, paid ahead",
    }).action_ask()
    _ask_staff_concession(bursar, _student(bursar, 24), "Term 3")


def _plan_next_year(staff):
    """ The bursar proposes the fees of 2027, raised by 5 %, for one level so far. """
    admin, bursar = staff['admin'], staff['bursar']
    admin['school.next.year.wizard'].create({}).action_create()
    this_year, next_year = bursar['school.academic.year'].search([], order='date_from')
    structure = bursar['school.fee.structure'].search([
        ('level_ids.code', '=', 'G6'), ('boarding', '=', 'day'),
    ])
    action = bursar['school.fee.structure.copy'].with_context(
        active_model=structure._name, active_ids=structure.ids,
    ).create({
        'year_from_id': this_year.id, 'year_id': next_year.id, 'percent': 5,
    }).action_copy()
    bursar['school.fee.structure'].search(action['domain']).action_submit()
