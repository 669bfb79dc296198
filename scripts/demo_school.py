"""An invented school to look at. Run inside an Odoo shell, never imported: scripts/stack.py does
it.

`load_school(env)` fills a database that has the add-ons and nothing else. `connect_school(env, …)`
tells it, at each start, at which addresses this run is. Both may be repeated.
Every name, number and address here is invented.
"""
from decimal import Decimal


SCHOOL = "Uhuru Academy"
SHORTCODE = '600111'
# Family name, relation and name of each guardian, first names of the children.
FAMILIES = [
    ("Otieno", [('mother', "Achieng"), ('father', "Odhiambo")], ["Faith", "Brian", "Lavender"]),
    ("Wanjiku", [('mother', "Nyambura")], ["Kevin", "Joy"]),
    ("Mwangi", [('father', "Kariuki"), ('mother', "Wangari")], ["Samuel", "Esther", "Peter"]),
    ("Chebet", [('mother', "Jerono"), ('guardian', "Kiprono")], ["Mercy", "Collins"]),
    ("Barasa", [('father', "Wafula")], ["Grace", "Dennis", "Naomi"]),
    ("Hassan", [('father', "Abdi"), ('mother', "Halima")], ["Amina", "Yusuf"]),
    ("Mutua", [('mother', "Mwende")], ["Victor", "Purity"]),
    ("Kiptoo", [('father', "Koech"), ('mother', "Chepkoech")], ["Sharon", "Kelvin"]),
    ("Njoroge", [('guardian', "Wairimu")], ["Ruth"]),
    ("Omondi", [('father', "Ochieng"), ('mother', "Atieno")], ["Stacy", "Felix"]),
    ("Nyaboke", [('mother', "Kemunto")], ["Daniel", "Lydia"]),
    ("Mohamed", [('mother', "Zainab"), ('father', "Salim")], ["Fatuma", "Ali"]),
    ("Musyoka", [('father', "Kilonzo")], ["Caroline", "Ian"]),
    ("Simiyu", [('mother', "Nekesa"), ('other', "Wekesa")], ["Elvis", "Winnie"]),
]
TERMS = [
    ("Term 1", '2026-01-05', '2026-04-02', '2026-01-16', 'closed'),
    ("Term 2", '2026-04-27', '2026-07-31', '2026-05-08', 'closed'),
    ("Term 3", '2026-08-24', '2026-10-23', '2026-09-11', 'current'),
]
# The first line is for all; the others are taken by some, so that the bills differ.
FEES = [
    ("Tuition, Term 3", 12500.0), ("Lunch", 4200.0), ("Transport", 6000.0), ("Music club", 1800.0),
]


def load_school(env):
    """ Fill the database with the school, once.

    :param env: The shell's environment.
    :return: How many students there are.
    :rtype: int
    """
    company = env.ref('base.main_company')
    students = env['school.student'].search([('company_id', '=', company.id)])
    if students:
        return len(students)
    _load_company(env, company)
    env = env(context=dict(env.context, tz='Africa/Nairobi', lang='en_US'))
    _load_families(env)
    _load_bills(env)
    _load_receipts(env)
    _load_provider(env, company)
    _load_users(env, company)
    return env['school.student'].search_count([])


def _load_company(env, company):
    kenya = env.ref('base.ke')
    env.ref('base.KES').active = True
    company.write({
        'name': SCHOOL,
        'country_id': kenya.id,
        'street': "1 Example Road",
        'city': "Nairobi",
        'phone': '+254 20 000 0000',
        'email': 'office@uhuru.example',
        'website': 'https://uhuru.example',
    })
    env['account.chart.template'].try_loading('ke', company, install_demo=False)
    company.currency_id = env.ref('base.KES')
    swahili = env['res.lang'].with_context(active_test=False).search([('code', '=', 'sw')])
    env['base.language.install'].create({'lang_ids': [(6, 0, swahili.ids)]}).lang_install()
    env['res.lang'].search([('code', '=', 'en_US')]).write({
        'date_format': '%d/%m/%Y', 'time_format': '%H:%M:%S', 'week_start': '1',
    })
    year = env['school.academic.year'].create({
        'name': '2026', 'date_from': '2026-01-01', 'date_to': '2026-12-31',
    })
    env['school.term'].create([{
        'year_id': year.id, 'sequence': sequence, 'name': name, 'date_from': first,
        'date_to': last, 'bill_date': first, 'due_date': due, 'state': state,
    } for sequence, (name, first, last, due, state) in enumerate(TERMS, start=1)])


def _load_families(env):
    phone = admission = 0
    for surname, guardians, children in FAMILIES:
        family = env['school.family'].create({'name': surname})
        partners = []
        for relation, first_name in guardians:
            phone += 1
            partners.append((relation, env['res.partner'].create({
                'name': f"{first_name} {surname}",
                'phone': f'0712 000 1{phone:02}',
                'email': f'{first_name}.{surname}@parents.example'.lower(),
                'company_id': False,
                'tz': 'Africa/Nairobi',
            })))
        for child in children:
            admission += 1
            env['school.student'].create({
                'name': f"{child} {surname}",
                'admission_no': f'ADM-{admission:03}',
                'family_id': family.id,
                'joined_on': '2025-01-06',
                'guardian_link_ids': [(0, 0, {
                    'partner_id': partner.id, 'relation': relation, 'priority': priority,
                }) for priority, (relation, partner) in enumerate(partners, start=1)],
            })
    # One parent has a second number, as many do.
    env['school.guardian.phone'].create({
        'partner_id': env['school.student'].search([], order='admission_no', limit=1)
        ._primary_guardian().id, 'e164': '0712 000 190', 'consent': True,
    })


def _load_bills(env):
    term = env['school.term'].search([('state', '=', 'current')])
    tax = env['account.tax'].search([
        ('type_tax_use', '=', 'sale'), ('amount', '=', 0), ('name', '=', '0% EXEMPT'),
    ], limit=1)
    students = env['school.student'].search([], order='admission_no')
    env['account.move'].create([{
        'move_type': 'out_invoice',
        'school_doc_type': 'term_bill',
        'student_id': student.id,
        'term_id': term.id,
        'invoice_date': term.bill_date,
        'invoice_date_due': term.due_date,
        'invoice_line_ids': [(0, 0, {
            'name': name, 'quantity': 1, 'price_unit': price, 'tax_ids': [(6, 0, tax.ids)],
        }) for position, (name, price) in enumerate(FEES)
            if position == 0 or (number + position) % (position + 1)],
    } for number, student in enumerate(students)]).action_post()


def _load_receipts(env):
    """ Two parents have brought cash already: one a half of what is due, one all of it. """
    company = env.ref('base.main_company')
    journal = env['account.journal'].create({
        'name': "Cash Office", 'type': 'cash', 'code': 'CSH1', 'company_id': company.id,
    })
    # Cash in the box is in the box: no waiting on an outstanding account.
    journal.inbound_payment_method_line_ids.payment_account_id = journal.default_account_id
    half, whole = env['school.student'].search([], order='admission_no desc', limit=2)
    env['school.receipt']._book([{
        'receipt': {
            'date': '2026-09-02', 'channel': 'cash', 'money_kind': 'cash', 'amount': amount,
            'currency_id': company.currency_id.id, 'company_id': company.id,
            'family_id': student.family_id.id,
        },
        'shares': [(student, Decimal(str(amount)))],
        'payment': {'journal_id': journal.id},
    } for student, amount in ((half, half.balance / 2), (whole, whole.balance))])


def _load_provider(env, company):
    if 'mpesa_shortcode' not in env['payment.provider']._fields:
        return
    journal = env['account.journal'].create({
        'name': f"M-PESA {SHORTCODE}", 'type': 'bank', 'code': 'MPE1', 'company_id': company.id,
    })
    from daraja_simulator import defaults  # on the path where the tests are
    provider = env['payment.provider'].search([
        ('code', '=', 'mpesa'), ('company_id', '=', company.id),
    ], limit=1)
    values = {
        'name': "M-PESA",
        'mpesa_environment': 'simulator',
        'mpesa_shortcode_type': 'paybill',
        'mpesa_shortcode': SHORTCODE,
        'mpesa_shown_name': SCHOOL.upper(),
        'mpesa_consumer_key': defaults.CONSUMER_KEY,
        'mpesa_consumer_secret': defaults.CONSUMER_SECRET,
        'mpesa_passkey': defaults.SCHOOL_PASSKEY,
        'mpesa_allow_credit': True,
    }
    if provider:
        provider.write(values)
    else:
        provider = env['payment.provider'].create({
            **values, 'code': 'mpesa', 'company_id': company.id,
        })
    provider.journal_id = journal
    provider.write({'state': 'test', 'is_published': True})


def _load_users(env, company):
    admin = env.ref('base.user_admin')
    admin.write({'tz': 'Africa/Nairobi', 'group_ids': [
        (4, env.ref('school_fees.group_administrator').id),
    ]})
    bursar = env['res.users'].with_context(no_reset_password=True).create({
        'name': "Mrs Njeri Kamau", 'login': 'bursar', 'password': 'bursar',
        'email': 'bursar@uhuru.example', 'tz': 'Africa/Nairobi',
        'company_id': company.id, 'company_ids': [(6, 0, company.ids)],
        'group_ids': [
            (4, env.ref('base.group_user').id), (4, env.ref('school_fees.group_bursar').id),
        ],
    })
    guardian = env['school.student'].search([], order='admission_no', limit=1)._primary_guardian()
    env['res.users'].with_context(no_reset_password=True).create({
        'login': 'guardian', 'password': 'guardian', 'partner_id': guardian.id,
        'tz': 'Africa/Nairobi', 'company_id': company.id, 'company_ids': [(6, 0, company.ids)],
        'group_ids': [(6, 0, env.ref('base.group_portal').ids)],
    })
    return bursar


def connect_school(env, url, simulator_url):
    """ Tell the database and the simulator where this run is.

    :param env: The shell's environment.
    :param str url: The address of Odoo.
    :param str simulator_url: The simulator's address, or None.
    :return: What a test or a person needs to know about the school.
    :rtype: dict
    """
    settings = env['ir.config_parameter'].sudo()
    settings.set_param('web.base.url', url)
    settings.set_param('web.base.url.freeze', 'True')
    provider = env['payment.provider']
    if 'mpesa_shortcode' in provider._fields:
        provider = provider.search([('mpesa_shortcode', '=', SHORTCODE)], limit=1)
    if provider and simulator_url:
        _connect_simulator(env, provider, url, simulator_url)
    students = env['school.student'].search([], order='admission_no')
    bills = env['account.move'].search([
        ('school_doc_type', '=', 'term_bill'), ('state', '=', 'posted'),
    ], order='student_id, id').sorted(lambda move: move.student_id.admission_no)
    users = {
        login: env['res.users'].search([('login', '=', login)]).id
        for login in ('admin', 'bursar', 'guardian')
    }
    guardian = env['res.users'].browse(users['guardian']).partner_id
    return {
        'company_id': env.ref('base.main_company').id,
        'provider_id': provider.id,
        'journal_id': provider.journal_id.id if provider else False,
        'shortcode': SHORTCODE,
        'students': [{
            'id': student.id, 'name': student.name, 'admission_no': student.admission_no,
            'partner_id': student.partner_id.id, 'family_id': student.family_id.id,
        } for student in students],
        'bills': [{
            'id': bill.id, 'name': bill.name, 'student_id': bill.student_id.id,
            'amount_residual': bill.amount_residual, 'url': bill.get_portal_url(),
        } for bill in bills],
        'users': users,
        'guardian_student_ids': students.filtered(
            lambda s: guardian in s.guardian_link_ids.partner_id
        ).ids,
        'guardian_phone': guardian._get_school_phones()[0].lstrip('+'),
    }


def _connect_simulator(env, provider, url, simulator_url):
    """ What an administrator does at Safaricom: register the confirmation address. """
    from daraja_simulator.control import SimulatorControl
    control = SimulatorControl(simulator_url)
    token = env['mpesa.callback.token']._get(provider, 'c2b')
    control.set_shortcode(
        SHORTCODE, name=SCHOOL.upper(),
        confirmation_url=f'{url}/collect/{token}/c2b/confirmation',
    )
    for link in env['school.guardian.link'].search([]):
        for number in link.partner_id._get_school_phones():
            control.add_wallet(number.lstrip('+'), name=link.partner_id.name.upper())
