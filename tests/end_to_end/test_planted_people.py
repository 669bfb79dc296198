"""Two planted people walk every road; afterwards dump and logs are searched for them (S5).

A guardian's number stands in the phone book and nowhere else. A stranger's, typed by whoever paid,
stands nowhere; neither does any token, credential or key.
"""
import base64
import os
import re
from pathlib import Path

import pytest
import requests
import stack_config
from bad_bodies import BODIES, c2b, stk
from collect_kit import addresses, send
from road import wait_for


GUARDIAN, GUARDIAN_SECOND, STRANGER = '798765432', '113987654', '757313929'
# Where design section 8 allows a guardian's number; Odoo derives the second from the first.
PHONE_BOOK = {
    ('res_partner', 'phone'), ('res_partner', 'phone_sanitized'), ('school_guardian_phone', 'e164'),
}


def plant_guardian(road):
    """ A guardian with a log-in, two phones, a child and a bill.

    :return: The session of the guardian, and the child.
    """
    partner = road.call('admin', 'res.partner', 'create', {
        'name': "Planted Guardian", 'phone': '0798 765 432', 'email': 'planted@parents.example',
    })
    road.call('admin', 'school.guardian.phone', 'create', {
        'partner_id': partner, 'e164': '0113 987 654',
    })
    portal, = road.stack.sql(
        "SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'group_portal'",
    )
    road.call('admin', 'res.users', 'create', {
        'login': 'planted', 'password': 'planted', 'partner_id': partner,
        'group_ids': [(6, 0, [portal['res_id']])],
    }, context={'no_reset_password': True})
    student = road.call('admin', 'school.student', 'create', {
        'name': "Planted Child", 'admission_no': 'ADM-771', 'joined_on': '2026-01-05',
        'guardian_link_ids': [(0, 0, {
            'partner_id': partner, 'relation': 'guardian', 'priority': 1,
        })],
    })
    row, = road.stack.sql("SELECT partner_id FROM school_student WHERE id = %s", [student])
    return {'id': student, 'admission_no': 'ADM-771', 'name': "Planted Child", **row}


def walk_portal(road, child):
    """ Every outcome, on the bill's own page, from both phones. """
    guardian = road.session('planted')
    bill = road.next_bill(child)
    page = guardian.get(f"{road.stack.url}{bill['url'].partition('?')[0]}", timeout=60)
    assert page.status_code == 200
    for typed in (f'0{STRANGER}9', f'{STRANGER}x', f'+1 {STRANGER}', f'0{STRANGER}\x00'):
        assert 'error' in road.parent_asks(bill, phone=typed, session=guardian)
    asked = road.parent_asks(bill, amount=100, phone='0798 765 432', session=guardian)
    asked['phone'] = f'254{GUARDIAN}'
    road.pay(asked)
    road.wait_request(asked, 'paid')
    slug, = road.stack.sql("SELECT slug FROM school_receipt WHERE id = %s",
                           [road.request(asked)['receipt_id']])
    for path in (f"/rc/{slug['slug']}", f"/rc/{slug['slug']}/pdf", f"/rc/check/{slug['slug']}"):
        assert guardian.get(f'{road.stack.url}{path}', timeout=60).status_code == 200
    # The stranger pays: cancels first, is asked again, and pays in the end.
    asked = road.parent_asks(bill, amount=110, phone=f'+254 {STRANGER}')
    asked['phone'] = f'254{STRANGER}'
    assert 'error' in road.parent_asks(bill, amount=111, phone=f'0{STRANGER}')  # one at a time
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    wrong = {'amount': '110', 'phone': f'0{STRANGER}0', 'intent': ''}
    again = f"{road.stack.url}{asked['attempt']}/again"
    assert requests.post(again, data=wrong, timeout=60).status_code == 422
    assert requests.post(again, data={**wrong, 'phone': f'0{STRANGER}'}, timeout=60).ok
    road.control.pay(road.control.wait_prompt(asked['phone'], timeout=30))
    road.wait_bill(bill, 'partial')
    wait_for(lambda: not road.stack.sql(
        "SELECT 1 FROM payment_transaction WHERE mpesa_student_id = %s AND mpesa_in_flight",
        [child['id']],
    ), "end of the second prompt")
    road.control.script(phone=f'254{STRANGER}', outcome='1037', callback='late_success', seconds=2)
    late = road.parent_asks(bill, amount=113, phone=STRANGER)
    assert 'error' not in late, late['error']
    road.wait_request(late, 'paid')
    return asked


def walk_office(road, child):
    """ The clerk asks, mistypes, meets a broken Daraja, and searches. """
    bill = road.next_bill(child)
    create = {'student_id': child['id'], 'amount': 120.0, 'phone_choice': 'other'}
    for typed in (f'0{GUARDIAN_SECOND}5', f'07 57 31 39 29 {STRANGER}'):
        wizard = road.call('bursar', 'mpesa.prompt.wizard', 'create',
                           {**create, 'other_phone': typed})
        with pytest.raises(stack_config.StackError):
            road.call('bursar', 'mpesa.prompt.wizard', 'action_send', [wizard])
    wizard = road.call('bursar', 'mpesa.prompt.wizard', 'create', {'student_id': child['id']})
    options, = road.call('bursar', 'mpesa.prompt.wizard', 'read', [wizard], ['phone_options'])
    assert {''.join(o['phone'].split()) for o in options['phone_options']} == {
        f'0{GUARDIAN}', f'0{GUARDIAN_SECOND}',
    }
    road.control.script(phone=f'254{GUARDIAN_SECOND}', fault='half_body')
    asked = road.bursar_asks(road.session('bursar'), child['id'], 120.0, f'0{GUARDIAN_SECOND}')
    road.wait_request(asked, 'unknown')
    road.control.pay(road.control.wait_prompt(f'254{GUARDIAN_SECOND}', timeout=30))
    road.wait_request(asked, 'paid')
    for number in (f'0{GUARDIAN_SECOND}', f'0{STRANGER}'):
        found = road.call('bursar', 'payment.transaction', 'search_read',
                          [('mpesa_phone_search', '=', number)], ['reference'])
        assert found
    return bill


def walk_paybill(road, child):
    """ Typed by hand: the number as account number, as name, and told before any request. """
    road.control.add_wallet(f'254{STRANGER}', name=f'0{STRANGER} STRANGER')
    road.control.set(c2b_names='full')
    shortcode = road.school['shortcode']
    for number, account in enumerate((
        f'0{STRANGER}', f'254{STRANGER}', f'+254{STRANGER}', '0757 313 929', child['admission_no'],
        f'0{GUARDIAN}',
    )):
        road.control.pay_bill(f'254{STRANGER}', shortcode, account, 140 + number)
    road.control.pay_bill(f'254{GUARDIAN}', shortcode, child['admission_no'], 151)
    road.settle()
    road.control.set(c2b_names='varied')


def walk_bad_callbacks(road):
    """ Messages that hold the numbers and cannot be read, at every address. """
    bodies = [
        BODIES['truncated'].replace(b'254733000777', f'254{STRANGER}'.encode()),
        f'msisdn=254{STRANGER}&phone=0{GUARDIAN}'.encode(),
        c2b(TransAmount='x', MSISDN=f'254{STRANGER}', BillRefNumber=f'0{GUARDIAN}'),
        c2b(TransID=f'254{STRANGER}', TransAmount='-1'),
        stk(CheckoutRequestID=f'ws_CO_14092026101533254{STRANGER}', ResultDesc=f'0{GUARDIAN}'),
        stk(ResultCode=f'254{STRANGER}', CallbackMetadata=None),
        f'\x00254{STRANGER}'.encode('utf-16'),
    ]
    for url in addresses(road).values():
        for body in bodies:
            assert send(url, body).status == 200
        query = f'{url}?msisdn=254{STRANGER}&account=0{GUARDIAN}'
        assert send(query, bodies[0], headers={
            'Content-Type': f'application/json; to=254{STRANGER}',
            'User-Agent': f'phone/254{STRANGER}', 'Referer': f'http://x/254{STRANGER}',
        }).status == 200
    base = road.stack.url
    for path in (f'/p/a/254{STRANGER}', f'/rc/254{STRANGER}', f'/collect/254{STRANGER}/result'):
        requests.get(f'{base}{path}', timeout=30)
        send(f'{base}{path}?phone=0{STRANGER}', bodies[0])
    road.wait_drained()


# === Searching === #

def forms(number):
    """ Every way in which a number may be written down, as regular expressions.

    Digits with blanks, dots or dashes between them cover 07…, 7…, 254… and +254…; then the same as
    hexadecimal, and as base64 at each of the three positions.
    """
    yield '[ .\\-]?'.join(number)
    yield '(?i)' + number.encode().hex()
    yield from (re.escape(text) for text in base64_forms(number))


def base64_forms(text):
    for before in range(3):
        encoded = base64.b64encode(b'\0' * before + text.encode()).decode().rstrip('=')
        # The ends are shared with whatever stands beside the text.
        yield encoded[(before * 8 + 5) // 6:-1 if (before + len(text)) % 3 else None]


def dump(road):
    """ The whole database as text, line by line with the table and columns it belongs to. """
    path = road.stack.log_folder / 'dump.sql'
    with path.open('w') as file:
        stack_config.run_command(
            ['pg_dump', '--format=plain', road.stack.database], stdout=file, check=True,
            env={**os.environ, **stack_config.postgres_environment()},
        )
    return path


def columns_with(dump_text, pattern):
    """ In which columns of which tables a pattern stands.

    :rtype: set[tuple[str, str]]
    """
    found = set()
    for match in re.finditer(pattern, dump_text):
        start = dump_text.rfind('\n', 0, match.start()) + 1
        end = dump_text.find('\n', match.start())
        head = dump_text.rfind('\nCOPY ', 0, start)
        header = re.match(r'\nCOPY public\.(\S+) \((.*)\) FROM', dump_text[head:head + 9_000])
        finished = dump_text.find('\n\\.\n', head, start - 1) if header else 0
        if not header or finished >= 0:
            found.add(('outside of tables', dump_text[start:end][:80]))
            continue
        values = dump_text[start:end].split('\t')
        for name, value in zip(header[2].split(', '), values, strict=True):
            if re.search(pattern, value):
                found.add((header[1], name.strip('"')))
    return found


def product_logs(road, postgres_log):
    """ Every log of the product, by name; the simulator is not part of it. """
    texts = {name: road.stack.log_text(name)
             for name in ('odoo', 'nginx-access', 'nginx-error', 'nginx', 'shell')}
    path, size = postgres_log
    texts['postgres'] = path.read_text(errors='replace')[size:] if path.exists() else ''
    return texts


def secrets_of(road):
    """ Every token there is, in clear, and every credential and key. """
    tokens = road.stack.shell("""
from odoo.addons.school_mpesa import vault
tokens = [
    vault.unseal(f'mpesa.callback.token,{row.provider_id.id},{row.kind}', row.sealed)
    for row in env['mpesa.callback.token'].search([])
]
for tx in env['payment.transaction'].search([('mpesa_salt', '!=', False)]):
    tokens += [vault.derive_token('push', tx.mpesa_salt), tx.mpesa_attempt_token]
result = tokens
""")
    from daraja_simulator import defaults
    credentials = [
        defaults.CONSUMER_KEY, defaults.CONSUMER_SECRET, defaults.SCHOOL_PASSKEY,
        *stack_config.keys().values(),
    ]
    return tokens, credentials


@pytest.fixture
def postgres_log():
    """ PostgreSQL's own log and how long it was before, when it is the project's private one. """
    path = Path(stack_config.postgres_environment()['PGHOST']).parent / 'log'
    return path, path.stat().st_size if path.exists() else 0


@pytest.mark.usefixtures('books')
def test_the_planted_people_stand_only_in_the_phone_book(road, postgres_log):
    child = plant_guardian(road)
    walk_portal(road, child)
    walk_office(road, child)
    walk_paybill(road, child)
    walk_bad_callbacks(road)
    road.settle()
    text = dump(road).read_text()
    logs = product_logs(road, postgres_log)
    assert logs['odoo']
    assert logs['nginx-access']
    # The search itself works: it finds what is allowed to be there.
    assert columns_with(text, next(forms(GUARDIAN))) >= {('res_partner', 'phone')}
    for number, allowed in ((GUARDIAN, PHONE_BOOK), (GUARDIAN_SECOND, PHONE_BOOK),
                            (STRANGER, set())):
        for form in forms(number):
            assert columns_with(text, form) <= allowed
            leaks = {name for name, log in logs.items() if re.search(form, log)}
            assert not leaks, f"{number} as {form}"
    tokens, credentials = secrets_of(road)
    assert len(tokens) > 10
    told = {'database': text, **logs}
    assert not [(name, token) for name, log in told.items() for token in tokens if token in log]
    for secret in credentials:
        spellings = [secret, secret.encode().hex(), *base64_forms(secret)]
        assert not [(name, spelling) for name, log in told.items()
                    for spelling in spellings if spelling in log]


def test_every_oauth_token_is_sealed(road):
    """ The simulator knows what it handed out; none of it stands in clear. """
    road.pay(road.ask())
    wait_for(lambda: road.stack.sql("SELECT 1 FROM mpesa_token"), "kept token")
    rows = road.stack.sql("SELECT sealed FROM mpesa_token")
    assert all(row['sealed'].startswith('gAAAA') for row in rows)  # Fernet
