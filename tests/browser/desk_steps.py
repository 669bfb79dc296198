"""Steps at the desk that several walks share."""
from playwright.sync_api import expect


def get_balance(stack, student):
    """ What a student owes, from the ledger, KES. """
    row, = stack.sql(
        """
        SELECT COALESCE(sum(l.balance), 0) AS balance FROM account_move_line l
          JOIN account_account a ON a.id = l.account_id
         WHERE l.partner_id = %s AND l.parent_state = 'posted'
           AND a.account_type = 'asset_receivable'
        """, [student['partner_id']],
    )
    return float(row['balance'])


def give(page, amount):
    """ Look at the balance, move on to the amount and type it: no click. """
    expect(page.locator('.modal [name=balance_table] table')).to_be_visible()
    page.keyboard.press('Tab')
    expect(page.locator('.modal [name=amount] input')).to_be_focused()
    page.keyboard.type(amount)
