"""An invented school to look at: who is there. What happened there in a year is in demo_books.py.

Run inside an Odoo shell, never imported: scripts/stack.py and docker/odoo-entrypoint.sh do it, with
both files one after the other.

`load_people(env)` fills a database that has the add-ons and nothing else; it may be repeated.
`connect_school(env, …)` tells it, at each start, at which addresses this run is.
Every name, number and address here is invented.
"""


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
    ("Omondi", [('mother', "Atieno"), ('father', "Ochieng"), ('other', "Awuor")],
     ["Stacy", "Felix"]),
    ("Nyaboke", [('mother', "Kemunto")], ["Daniel", "Lydia"]),
    ("Mohamed", [('mother', "Zainab"), ('father', "Salim")], ["Fatuma", "Ali"]),
    ("Musyoka", [('father', "Kilonzo")], ["Caroline", "Ian"]),
    ("Simiyu", [('mother', "Nekesa"), ('other', "Wekesa")], ["Elvis", "Winnie"]),
    ("Kiprop", [('father', "Rotich")], ["Moses"]),  # leaves in the course of the year
    ("Wambua", [('mother', "Ndinda")], ["Zawadi"]),  # has applied for a place
]
APPLICANT = 'ADM-032'
# Grown apart: each pays a part and does not see what the other paid; the grandmother, who fetches
# the children from school, sees no amounts.
SEPARATED = {
    "Atieno": {'share_percent': 60, 'sees_other_payers': False},
    "Ochieng": {'share_percent': 40, 'sees_other_payers': False,
                'restricted_note': "Lives apart. Bills go to both parents."},
    "Awuor": {'is_payer': False, 'sees_amounts': False},
}
NEW_IN_2026 = ("Njoroge", "Simiyu", "Kiprop")
TERMS = [
    ("Term 1", '2026-01-05', '2026-04-02', '2026-01-16'),
    ("Term 2", '2026-04-27', '2026-07-31', '2026-05-08'),
    ("Term 3", '2026-08-24', '2026-10-23', '2026-09-11'),
]
# Level, code, streams of this year. The next level is the one below.
LEVELS = [
    ("Grade 6", 'G6', [""]), ("Grade 7", 'G7', ["North", "South"]),
    ("Grade 8", 'G8', ["North", "South"]), ("Grade 9", 'G9', [""]),
]
STAFF = [
    ("Mrs Njeri Kamau", 'bursar', 'bursar'), ("Dr Akinyi Odera", 'head', 'approver'),
    ("Mr Hamisi Juma", 'cashier', 'cashier'), ("Ms Akinyi Ouma", 'teacher', 'class_teacher'),
]
# The guardians who can log in.
PORTAL = [('guardian', "Achieng Otieno"), ('guardian2', "Ochieng Omondi")]


def load_people(env):
    """ Fill the database with the school and its people, once.

    :param env: The shell's environment.
    :return: Whether they are new, and have nothing in the books yet.
    :rtype: bool
    """
    company = env.ref('base.main_company')
    if env['school.student'].search_count([('company_id', '=', company.id)], limit=1):
        return False
    _load_company(env, company)
    env = env(context=dict(env.context, tz='Africa/Nairobi', lang='en_US'))
    _load_families(env)
    _load_classes(env)
    _load_users(env, company)
    _load_provider(env, company)
    return True


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
        'date_to': last, 'bill_date': first, 'due_date': due,
    } for sequence, (name, first, last, due) in enumerate(TERMS, start=1)])


def _load_families(env):
    phone = admission = 0
    for surname, guardians, children in FAMILIES:
        family = env['school.family'].create({'name': surname})
        partners = []
        for relation, first_name in guardians:
            phone += 1
            partners.append((relation, first_name, env['res.partner'].create({
                'name': f"{first_name} {surname}",
                'phone': f'0712 000 1{phone:02}',
                'email': f'{first_name}.{surname}@parents.example'.lower(),
                'company_id': False,
                'tz': 'Africa/Nairobi',
            })))
        for child in children:
            admission += 1
            number = f'ADM-{admission:03}'
            env['school.student'].create({
                'name': f"{child} {surname}",
                'admission_no': number,
                'family_id': family.id,
                'state': 'applicant' if number == APPLICANT else 'active',
                'joined_on': number != APPLICANT and (
                    '2026-01-05' if surname in NEW_IN_2026 else '2025-01-06'
                ),
                'guardian_link_ids': [(0, 0, {
                    'partner_id': partner.id, 'relation': relation, 'priority': priority,
                    **SEPARATED.get(first_name, {}),
                }) for priority, (relation, first_name, partner) in enumerate(partners, start=1)],
            })
    # One parent has a second number, as many do.
    env['school.guardian.phone'].create({
        'partner_id': env['school.student'].search([], order='admission_no', limit=1)
        ._primary_guardian().id, 'e164': '0712 000 190', 'consent': True,
    })


def _load_classes(env):
    """ Levels, the classes of this year, and every student in one of them, some as boarders. """
    year = env['school.academic.year'].search([], order='date_from desc', limit=1)
    following = env['school.level']
    classes = []
    for position, (name, code, streams) in reversed(list(enumerate(LEVELS))):
        following = env['school.level'].create({
            'name': name, 'code': code, 'sequence': 10 * position, 'curriculum': 'cbc',
            'next_level_id': following.id,
        })
        classes += env['school.class'].create([
            {'level_id': following.id, 'stream': stream or False, 'year_id': year.id}
            for stream in streams
        ])
    env['school.zone'].create([{'name': "Town"}, {'name': "Hillside"}])
    env['school.student.category'].create({'name': "Child of staff", 'code': 'STAFF'})
    students = env['school.student'].search([('state', '=', 'active')], order='admission_no')
    env['school.enrolment'].create([{
        'student_id': student.id,
        'class_id': classes[number % len(classes)].id,
        'boarding': 'boarding' if number % 3 == 0 else 'day',
        'date_from': '2026-01-05',
    } for number, student in enumerate(students)])


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
        'mpesa_status_enabled': True,
        'mpesa_initiator_name': defaults.SCHOOL_OPERATOR,
        'mpesa_initiator_password': defaults.SCHOOL_OPERATOR_PASSWORD,
        'mpesa_balance_enabled': True,
        'mpesa_balance_interval': '0',
        'mpesa_pull_enabled': True,
        'mpesa_nominated_number': '0712 000 100',
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
    """ Who works at the school, and the guardians who log in: each password is the log-in. """
    Users = env['res.users'].with_context(no_reset_password=True)
    own = {'tz': 'Africa/Nairobi', 'company_id': company.id, 'company_ids': [(6, 0, company.ids)]}
    env.ref('base.user_admin').write({'tz': 'Africa/Nairobi', 'group_ids': [
        (4, env.ref('school_fees.group_administrator').id),
    ]})
    Users.create([{
        **own, 'name': name, 'login': login, 'password': login, 'email': f'{login}@uhuru.example',
        'group_ids': [(4, env.ref(f'school_fees.group_{group}').id)],
        # The robot's greeting would cover the whole screen of a phone.
        **({'odoobot_state': 'disabled'} if 'odoobot_state' in Users._fields else {}),
    } for name, login, group in STAFF])
    Users.create([{
        **own, 'login': login, 'password': login,
        'partner_id': env['res.partner'].search([('name', '=', name)]).id,
        'group_ids': [(6, 0, env.ref('base.group_portal').ids)],
    } for login, name in PORTAL])
    env['school.class'].search([('level_id.code', '=', 'G7')], limit=1).teacher_id = (
        Users.search([('login', '=', 'teacher')])
    )


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
    students = env['school.student'].search([('state', '=', 'active')], order='admission_no')
    bills = env['account.move'].search([
        ('school_doc_type', '=', 'term_bill'), ('state', '=', 'posted'),
        ('term_id.state', '=', 'current'),
    ], order='student_id, id').sorted(lambda move: move.student_id.admission_no)
    users = {
        login: env['res.users'].search([('login', '=', login)]).id
        for login in ('admin', *(login for _name, login, _group in STAFF), *dict(PORTAL))
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


def connect_sms(env, url, simulator_url):
    """ Let the school write to its guardians by the stand-in of the SMS gateway.

    :param env: The shell's environment.
    :param str url: The address of Odoo.
    :param str simulator_url: The simulator's address.
    :return: None
    """
    from daraja_simulator import sms_gateway
    from daraja_simulator.control import SimulatorControl
    company = env.ref('base.main_company')
    company.write({
        'school_sms_gateway': 'africastalking', 'school_sms_environment': 'simulator',
        'school_sms_username': sms_gateway.USERNAME, 'school_sms_key': sms_gateway.API_KEY,
        'school_sms_sender': 'UHURU',
    })
    SimulatorControl(simulator_url).set_sms(
        report_url=f'{url}/school-sms/{company.school_sms_report_token}/report',
    )


def _connect_simulator(env, provider, url, simulator_url):
    """ What an administrator does at Safaricom: register the addresses, fetch the certificate. """
    from daraja_simulator.control import SimulatorControl
    control = SimulatorControl(simulator_url)
    token = env['mpesa.callback.token']._get(provider, 'c2b')
    control.set_shortcode(
        SHORTCODE, name=SCHOOL.upper(),
        confirmation_url=f'{url}/collect/{token}/c2b/confirmation', pull_registered=True,
    )
    # A simulator has a key pair of its own, new at each start.
    values = {'mpesa_certificate': control.certificate()}
    if not provider.mpesa_pull_registered_at:
        values['mpesa_pull_registered_at'] = env.cr.now().replace(microsecond=0)
    provider.write(values)
    for link in env['school.guardian.link'].search([]):
        for number in link.partner_id._get_school_phones():
            control.add_wallet(number.lstrip('+'), name=link.partner_id.name.upper())
