"""The school that the benchmark collects for. What takes an `env` runs inside an Odoo shell."""
import json
import secrets


BILL = 12_500  # KES, each bill
PAID_AT = 20260914101533  # EAT, as Daraja writes it
WEBHOOK_SECRET = 'bench-webhook'


def add_students(env, count):
    """ Create students, two to a family, each with one posted and open term bill.

    :param env: The shell's environment, on a database that holds the demo school.
    :param int count: How many.
    :return: Their ids, in the order of their admission numbers.
    :rtype: list[int]
    """
    from odoo.fields import Command  # only there inside Odoo
    tax = env['account.tax'].search([
        ('type_tax_use', '=', 'sale'), ('amount', '=', 0), ('name', '=', '0% EXEMPT'),
    ], limit=1)
    term = env['school.term'].search([('state', '=', 'current')])
    first = env['school.student'].search_count([])
    families = env['school.family'].create([
        {'name': f"Bench {first + number}"} for number in range((count + 1) // 2)
    ])
    students = env['school.student'].create([
        {
            'name': f"Child {first + number} Bench",
            'admission_no': f'BEN-{first + number:05}',
            'family_id': families[number // 2].id,
        }
        for number in range(count)
    ])
    bills = env['account.move'].with_context(tracking_disable=True).create([
        {
            'move_type': 'out_invoice', 'school_doc_type': 'term_bill', 'student_id': student.id,
            'term_id': term.id, 'invoice_date': term.bill_date,
            'invoice_date_due': term.due_date,
            'invoice_line_ids': [Command.create({
                'name': "Tuition", 'quantity': 1, 'price_unit': BILL,
                'tax_ids': [Command.set(tax.ids)],
            })],
        }
        for student in students
    ])
    for start in range(0, count, 100):
        bills[start:start + 100].action_post()
        env.cr.commit()
    return students.ids


def find_bill(student):
    """ Return a student's open bill.

    :rtype: account.move
    """
    return student.env['account.move'].search([
        ('student_id', '=', student.id), ('move_type', '=', 'out_invoice'),
        ('state', '=', 'posted'), ('payment_state', '=', 'not_paid'),
    ], limit=1)


def make_requests(env, provider, students):
    """ Create requests for the students' bills whose prompts Daraja has accepted.

    :return: For each request what Daraja would tell of it.
    :rtype: list[dict]
    """
    from odoo.fields import Command

    from odoo.addons.school_mpesa import vault
    Transaction = env['payment.transaction'].sudo().with_company(provider.company_id)
    news, values = [], []
    for student in students:
        phone = f'2547{secrets.randbelow(10**8):08}'
        checkout = f'ws_CO_{secrets.token_hex(12)}'
        held = Transaction._mpesa_prepare_secrets(phone)
        salt = held['mpesa_salt']
        merchant = secrets.token_hex(8)
        values.append({
            'provider_id': provider.id,
            'payment_method_id': env.ref('payment.payment_method_mpesa').id,
            'reference': f'BENCH-{secrets.token_hex(8)}',
            'amount': BILL,
            'currency_id': provider.company_id.currency_id.id,
            'partner_id': student.partner_id.id,
            'operation': 'online_direct',
            'invoice_ids': [Command.set(find_bill(student).ids)],
            'state': 'pending',
            'mpesa_channel': 'invoice',
            'mpesa_student_id': student.id,
            'mpesa_account_reference': student.admission_no,
            'mpesa_push_state': 'accepted',
            'mpesa_in_flight': True,
            'mpesa_phone_mask': '0700 *** 000',
            'mpesa_merchant_request_id': merchant,
            'mpesa_checkout_sealed': vault.seal(
                f'payment.transaction,{salt},checkout', checkout),
            'mpesa_checkout_index': vault.blind_index('checkout', checkout),
            **held,
        })
        news.append({
            'push': vault.derive_token('push', salt), 'checkout': checkout, 'merchant': merchant,
            'phone': phone, 'receipt': make_receipt(),
        })
    Transaction.create(values)
    env.cr.commit()
    return news


def make_receipt():
    """ Return an M-PESA code that no other run has.

    :rtype: str
    """
    alphabet = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ'
    return 'UI' + ''.join(secrets.choice(alphabet) for _ in range(8))


def stk_success(one):
    """ Return the success of a prompt as Daraja posts it (daraja.md section 3).

    :param dict one: What `make_requests` returned of one request.
    :rtype: bytes
    """
    return json.dumps({'Body': {'stkCallback': {
        'MerchantRequestID': one['merchant'],
        'CheckoutRequestID': one['checkout'],
        'ResultCode': 0,
        'ResultDesc': 'The service request is processed successfully.',
        'CallbackMetadata': {'Item': [
            {'Name': 'Amount', 'Value': float(BILL)},
            {'Name': 'MpesaReceiptNumber', 'Value': one['receipt']},
            {'Name': 'TransactionDate', 'Value': PAID_AT},
            {'Name': 'PhoneNumber', 'Value': int(one['phone'])},
        ]},
    }}}).encode()


def peer_provider(env):
    """ Return Odoo's own Flutterwave provider, with a journal set up like ours.

    :rtype: payment.provider
    """
    company = env.ref('base.main_company')
    provider = env['payment.provider'].search([
        ('code', '=', 'flutterwave'), ('company_id', '=', company.id),
    ], limit=1)
    if provider.state == 'disabled':
        provider.write({
            'flutterwave_public_key': 'bench', 'flutterwave_secret_key': 'bench',
            'flutterwave_webhook_secret': WEBHOOK_SECRET, 'state': 'test',
        })
        journal = env['account.journal'].create({
            'name': "Peer", 'type': 'bank', 'code': 'PEER', 'company_id': company.id,
        })
        provider.journal_id = journal
        # Straight to the journal's own account, as our payments go.
        journal.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        ).payment_account_id = journal.default_account_id
        env.cr.commit()
    return provider


def make_peer_requests(env, provider, students):
    """ Create requests of the peer for the students' bills.

    :return: The requests.
    :rtype: payment.transaction
    """
    from odoo.fields import Command
    requests = env['payment.transaction'].create([
        {
            'provider_id': provider.id,
            'payment_method_id': env.ref('payment.payment_method_card').id,
            'reference': f'PEER-{secrets.token_hex(8)}',
            'amount': BILL,
            'currency_id': provider.company_id.currency_id.id,
            'partner_id': student.partner_id.id,
            'operation': 'online_redirect',
            'invoice_ids': [Command.set(find_bill(student).ids)],
        }
        for student in students
    ])
    env.cr.commit()
    return requests
