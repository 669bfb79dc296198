"""What must hold in a database whatever happened before (trust.md section 2), by SQL alone.

Nothing of the product is imported or asked: a fault in it must not hide itself.
"""
from decimal import Decimal


# Every query returns the rows that break its rule.
RULES = {
    'I3: one live posting for each M-PESA code': """
        SELECT external_ref AS what, count(*) AS times FROM school_receipt
         WHERE money_kind = 'mpesa' AND state = 'posted'
         GROUP BY company_id, external_ref HAVING count(*) > 1""",
    'I3: one movement for each M-PESA code': """
        SELECT receipt AS what, count(*) AS times FROM mpesa_transaction
         WHERE kind = 'payment' AND direction = 'in'
         GROUP BY environment, shortcode, receipt HAVING count(*) > 1""",
    'I3: a movement is on a receipt, or in suspense, or moved from there to a receipt': """
        SELECT t.receipt AS what, waiting.open FROM mpesa_transaction t
          LEFT JOIN account_payment p ON p.id = t.suspense_payment_id
          LEFT JOIN LATERAL (
                SELECT -sum(l.amount_residual) AS open FROM account_move_line l
                 WHERE l.move_id = p.move_id AND l.account_id = p.destination_account_id) waiting
            ON TRUE
         WHERE t.kind = 'payment' AND t.direction = 'in' AND t.is_returned IS NOT TRUE
           AND t.denial_state IS DISTINCT FROM 'denied'
           AND CASE WHEN t.receipt_id IS NULL THEN waiting.open IS DISTINCT FROM t.amount
               ELSE coalesce(waiting.open, 0) <> 0
                    OR (p.id IS NULL) = EXISTS (
                        SELECT FROM school_receipt_line x
                         WHERE x.receipt_id = t.receipt_id AND x.payment_id IS NULL) END""",
    'I4: the receipt says what the movement says': """
        SELECT m.receipt AS what, m.amount, r.amount AS booked, r.state
          FROM mpesa_transaction m JOIN school_receipt r ON r.id = m.receipt_id
         WHERE m.amount <> r.amount OR r.state <> 'posted' OR r.external_ref <> m.receipt""",
    'I4: the shares of a receipt make up its amount': """
        SELECT r.number AS what, r.amount, sum(l.amount) AS shares
          FROM school_receipt r LEFT JOIN school_receipt_line l ON l.receipt_id = r.id
         WHERE r.state = 'posted' GROUP BY r.id
        HAVING r.amount <> coalesce(sum(l.amount), 0)""",
    'I4: money for several children is on each as the payer chose': """
        SELECT tx.reference AS what, r.number FROM payment_transaction tx
          JOIN school_receipt r ON r.id = tx.mpesa_receipt_id AND r.state = 'posted'
          JOIN mpesa_transaction m ON m.receipt_id = r.id AND m.payment_transaction_id = tx.id
          LEFT JOIN LATERAL (
                SELECT array_agg((student_id, amount) ORDER BY student_id) AS parts
                  FROM mpesa_request_share WHERE transaction_id = tx.id) asked ON TRUE
          LEFT JOIN LATERAL (
                SELECT array_agg((student_id, amount) ORDER BY student_id) AS parts
                  FROM school_receipt_line WHERE receipt_id = r.id) booked ON TRUE
         WHERE asked.parts IS NOT NULL AND asked.parts IS DISTINCT FROM booked.parts
           AND m.suspense_payment_id IS NULL""",
    'I4: each share is one posted payment of that amount on that student, or moved to it': """
        SELECT r.number AS what, l.amount, p.amount AS paid, c.balance, c.parent_state
          FROM school_receipt r JOIN school_receipt_line l ON l.receipt_id = r.id
          JOIN school_student s ON s.id = l.student_id
          LEFT JOIN account_payment p ON p.id = l.payment_id
          LEFT JOIN account_move_line c ON c.id = l.move_line_id
         WHERE r.state = 'posted' AND r.money_kind = 'mpesa'
           AND (c.balance IS DISTINCT FROM -l.amount OR c.parent_state <> 'posted'
                OR c.partner_id IS DISTINCT FROM s.partner_id
                OR p.id IS NOT NULL AND (p.move_id <> c.move_id OR p.amount <> l.amount))""",
    'I4: a payment of M-PESA money belongs to one live receipt or movement': """
        SELECT p.name AS what, p.amount
          FROM account_payment p
          JOIN account_payment_method_line l ON l.id = p.payment_method_line_id
          JOIN payment_provider v ON v.id = l.payment_provider_id AND v.code = 'mpesa'
         WHERE p.state NOT IN ('draft', 'canceled')
           AND 1 <> (SELECT count(*) FROM school_receipt_line x JOIN school_receipt r
                         ON r.id = x.receipt_id AND r.state = 'posted'
                      WHERE x.payment_id = p.id)
                  + (SELECT count(*) FROM mpesa_transaction t WHERE t.suspense_payment_id = p.id)
        """,
    'I6: a paid request carries its receipt, payment and code, and Odoo has nothing to do': """
        SELECT reference AS what, state, payment_id, is_post_processed FROM payment_transaction
         WHERE mpesa_push_state = 'paid'
           AND (state <> 'done' OR payment_id IS NULL OR is_post_processed IS NOT TRUE
                OR mpesa_receipt_id IS NULL OR mpesa_receipt_number IS NULL
                OR mpesa_in_flight)""",
    'I6: an unpaid request has no receipt': """
        SELECT reference AS what, mpesa_push_state FROM payment_transaction
         WHERE mpesa_push_state <> 'paid'
           AND (mpesa_receipt_id IS NOT NULL OR payment_id IS NOT NULL OR state = 'done')""",
    'I6: push state and state of Odoo go together': """
        SELECT reference AS what, mpesa_push_state, state FROM payment_transaction
         WHERE (mpesa_push_state, state) NOT IN (
               ('queued', 'draft'), ('sent', 'pending'), ('accepted', 'pending'),
               ('unknown', 'pending'), ('receipt_pending', 'pending'), ('declined', 'error'),
               ('expired', 'error'), ('paid', 'done'))""",
    'I6: a request has at most one live receipt': """
        SELECT payment_transaction_id AS what, count(*) FROM mpesa_transaction
         WHERE payment_transaction_id IS NOT NULL AND receipt_id IS NOT NULL
         GROUP BY payment_transaction_id HAVING count(*) > 1""",
    'I8: a message that waits has a next try, a parked one has a reason': """
        SELECT id AS what, state, tries FROM mpesa_callback
         WHERE (state = 'new' AND tries > 0 AND next_try_at IS NULL)
            OR (state IN ('parked', 'unreadable', 'conflict', 'quarantined')
                AND coalesce(reason, '') = '')""",
    'I9: one request for each intent': """
        SELECT mpesa_intent AS what, count(*) FROM payment_transaction
         WHERE mpesa_intent IS NOT NULL GROUP BY mpesa_intent HAVING count(*) > 1""",
    'I9: one prompt in flight for each phone': """
        SELECT mpesa_phone_index AS what, count(*) FROM payment_transaction
         WHERE mpesa_in_flight GROUP BY mpesa_phone_index HAVING count(*) > 1""",
    'I11: company (or its branch), journal and shortcode agree': """
        SELECT t.receipt AS what, t.company_id, v.company_id AS of_provider
          FROM mpesa_transaction t JOIN payment_provider v ON v.id = t.provider_id
          LEFT JOIN school_receipt r ON r.id = t.receipt_id
          LEFT JOIN res_company c ON c.id = r.company_id
         WHERE t.company_id <> v.company_id OR t.shortcode <> v.mpesa_shortcode
            OR t.environment <> v.mpesa_environment
            OR v.company_id::text <> ALL (string_to_array(c.parent_path, '/'))""",
    'I12: no reversal exceeds its original': """
        SELECT o.receipt AS what, o.amount, sum(v.amount) AS reversed
          FROM mpesa_transaction v JOIN mpesa_transaction o ON o.id = v.reverses_id
         GROUP BY o.id HAVING sum(v.amount) > o.amount""",
    'a payment that M-PESA gave back whole is in the books no more, and went back once': """
        SELECT o.receipt AS what, o.amount, sum(v.amount) AS reversed
          FROM mpesa_transaction o LEFT JOIN mpesa_transaction v ON v.reverses_id = o.id
         WHERE o.is_returned
         GROUP BY o.id
        HAVING o.receipt_id IS NOT NULL OR o.suspense_payment_id IS NOT NULL
            OR sum(v.amount) IS DISTINCT FROM o.amount""",
    'a payment that Safaricom does not know is in the books no more': """
        SELECT t.receipt AS what, t.amount, wallet.left_over FROM mpesa_transaction t
          LEFT JOIN LATERAL (
                SELECT sum(l.balance) AS left_over FROM account_move_line l
                  JOIN account_move m ON m.id = l.move_id
                  JOIN account_journal j ON j.id = m.journal_id
                  JOIN mpesa_transaction_denial_move_rel r ON r.account_move_id = l.move_id
                 WHERE r.mpesa_transaction_id = t.id AND l.parent_state = 'posted'
                   AND l.account_id = j.default_account_id) wallet ON TRUE
         WHERE t.denial_state = 'denied'
           AND (t.receipt_id IS NOT NULL OR t.suspense_payment_id IS NOT NULL
                OR wallet.left_over IS DISTINCT FROM 0)""",
    'a statement line is in the wallet once, with its own amount': """
        SELECT line.receipt AS what, line.signed_amount, sum(item.balance) AS booked
          FROM mpesa_statement_line line
          JOIN payment_provider v ON v.id = line.provider_id
          LEFT JOIN account_move move ON move.id = line.move_id
          LEFT JOIN account_journal j ON j.id = move.journal_id
          LEFT JOIN account_move_line item
            ON item.move_id = move.id AND item.account_id = j.default_account_id
           AND item.parent_state = 'posted'
         WHERE line.state = 'booked' AND line.on_wallet
           AND (line.move_id IS NOT NULL OR line.kind <> 'reversal')
         GROUP BY line.id HAVING sum(item.balance) IS DISTINCT FROM line.signed_amount""",
    'a known statement line says what its movement says': """
        SELECT line.receipt AS what, line.amount, t.amount AS of_movement
          FROM mpesa_statement_line line
          JOIN mpesa_transaction t ON t.id = line.mpesa_transaction_id
         WHERE line.state IN ('matched', 'found', 'booked')
           AND (line.amount <> t.amount OR line.receipt <> t.receipt
                OR line.environment <> t.environment OR line.shortcode <> t.shortcode)""",
    'I13: the entries balance': """
        SELECT m.name AS what, sum(l.balance) FROM account_move m
          JOIN account_move_line l ON l.move_id = m.id
         WHERE m.state = 'posted' GROUP BY m.id HAVING round(sum(l.balance), 2) <> 0""",
    'I14: the database clock orders the inbox': """
        SELECT id AS what, received_at FROM mpesa_callback
         WHERE received_at > clock_timestamp() AT TIME ZONE 'UTC' + interval '1 second'""",
    'a processed message that told of money names its movement': """
        SELECT id AS what, endpoint FROM mpesa_callback
         WHERE endpoint = 'confirmation' AND state IN ('done', 'repeat')
           AND mpesa_transaction_id IS NULL""",
    'receipt numbers have no gap': """
        SELECT company_id AS what, sequence_prefix, count(*), max(sequence_number)
          FROM school_receipt WHERE number IS NOT NULL
         GROUP BY company_id, sequence_prefix
        HAVING count(*) <> max(sequence_number) OR min(sequence_number) <> 1""",
}


def broken(stack):
    """ Return the rules that do not hold, with some of the rows that break them.

    :param stack: Anything with `sql(query)`, such as a `Stack`.
    :rtype: dict[str, list]
    """
    found = {}
    for rule, query in RULES.items():
        rows = stack.sql(query)
        if rows:
            found[rule] = rows[:5]
    return found


def check(stack):
    """ Assert every rule.

    :param stack: Anything with `sql(query)`.
    """
    found = broken(stack)
    assert not found, '\n'.join(f'{rule}: {rows}' for rule, rows in found.items())


def wallet_lines(stack, journal_id):
    """ Return what the ledger says is in the wallet of a journal.

    :return: KES.
    :rtype: Decimal
    """
    row, = stack.sql(
        """
        SELECT coalesce(sum(l.balance), 0) AS total
          FROM account_move_line l JOIN account_journal j ON j.default_account_id = l.account_id
         WHERE j.id = %s AND l.parent_state = 'posted'
        """, [journal_id],
    )
    return Decimal(row['total'])


def owed_for_wallet(stack, journal_id):
    """ Return what stands against the wallet: on students, and in suspense.

    :return: KES on receivable accounts, KES on other accounts.
    :rtype: tuple[Decimal, Decimal]
    """
    rows = stack.sql(
        """
        SELECT a.account_type, coalesce(sum(-o.balance), 0) AS total
          FROM account_move_line l JOIN account_journal j ON j.default_account_id = l.account_id
          JOIN account_move_line o ON o.move_id = l.move_id AND o.id <> l.id
          JOIN account_account a ON a.id = o.account_id
         WHERE j.id = %s AND l.parent_state = 'posted'
         GROUP BY a.account_type
        """, [journal_id],
    )
    totals = {row['account_type']: Decimal(row['total']) for row in rows}
    students = totals.pop('asset_receivable', Decimal(0))
    return students, sum(totals.values(), Decimal(0))


def conservation(stack, before=Decimal(0)):
    """ Compare Safaricom's wallet with the ledger, to the cent (R3).

    :param Stack stack: The running product, with its simulator.
    :param Decimal before: What was in Safaricom's wallet before the run.
    :return: 'ok', or what differs.
    :rtype: str
    """
    received = stack.simulator.balance(stack.school['shortcode']) - before
    wallet = wallet_lines(stack, stack.school['journal_id'])
    students, waiting = owed_for_wallet(stack, stack.school['journal_id'])
    if received == wallet == students + waiting:
        return 'ok'
    return f"Safaricom {received}, wallet {wallet}, students {students}, suspense {waiting}"
