"""A ledger that does not take the payment as it comes."""
import datetime


def test_a_payment_into_a_locked_period(faults):  # F18, F47
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    lock = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=3)).date()
    company_id = faults.school['company_id']
    set_lock = (
        f"env['res.company'].browse({company_id}).sudo().fiscalyear_lock_date = "
    )
    faults.stack.shell(set_lock + repr(lock.isoformat()))
    try:
        assert faults.post(stk) == 200
        row = faults.wait_request(asked, 'paid')
    finally:
        faults.stack.shell(set_lock + 'False')
    booked, = faults.stack.sql(
        """
        SELECT m.date AS entry, r.date AS receipt, (t.paid_at + interval '3 hours')::date AS paid
          FROM school_receipt r JOIN school_receipt_line l ON l.receipt_id = r.id
          JOIN account_payment p ON p.id = l.payment_id
          JOIN account_move m ON m.id = p.move_id
          JOIN mpesa_transaction t ON t.receipt_id = r.id
         WHERE r.id = %s
        """, [row['receipt_id']],
    )
    assert booked['entry'] > lock
    assert booked['receipt'] == booked['paid']
