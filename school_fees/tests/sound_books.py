from decimal import Decimal


class SoundBooks:
    """What must hold of the books, whatever happened (school-fees section 2.6).

    Mixed into the test cases of both add-ons, each of which ends every test by this look.
    """

    # === THE LOOK === #

    def expect_unsound_books(self, reason):
        """ Say that this test breaks the books on purpose, so that nobody looks at them after it.

        :param str reason: What it breaks, and why the test needs that.
        """
        self.assertTrue(reason)
        self.unsound_reason = reason

    def check_books_after_test(self):
        """ Look at the books at the end of a test, unless it said why not. """
        if not self.unsound_reason:
            self.assert_books_sound()

    def assert_books_sound(self):
        """ Assert what must hold of every receipt and every student, whatever happened.

        The ledger is read by SQL, and not by the code under test.
        """
        self.env.flush_all()
        self.assert_receipts_sound()
        self.assert_accounts_sound()
        self.assert_settled()
        self.assert_second_person_entries_sound()
        self.assert_one_figure()

    def assert_no_rows(self, message, query):
        """ Assert that a query finds nothing.

        :param str message: What must hold.
        :param str query: The SQL that finds what breaks it.
        """
        self.env.cr.execute(query)
        self.assertEqual(self.env.cr.fetchall(), [], message)

    # === RECEIPTS === #

    def assert_receipts_sound(self):
        """ Assert that each receipt is the money that it says, under the next number. """
        self.assert_no_rows("The lines of a receipt make up its amount.", '''
            SELECT receipt.number, receipt.amount, sum(line.amount)
              FROM school_receipt receipt
         LEFT JOIN school_receipt_line line ON line.receipt_id = receipt.id
             WHERE receipt.state <> 'draft'
          GROUP BY receipt.id
            HAVING abs(receipt.amount - coalesce(sum(line.amount), 0)) > 0.004
        ''')
        self.assert_no_rows("Receipts are numbered from 1, per school and year, without gaps.", '''
            SELECT company_id, sequence_prefix, count(*), max(sequence_number)
              FROM school_receipt
             WHERE state <> 'draft'
          GROUP BY company_id, sequence_prefix
            HAVING count(DISTINCT number) <> count(*)
                OR min(sequence_number) <> 1 OR max(sequence_number) <> count(*)
        ''')
        self.assert_no_rows("A number says the year of its receipt.", '''
            SELECT number, date FROM school_receipt
             WHERE state <> 'draft' AND number IS DISTINCT FROM format(
                   'RCT/%s/%s', to_char(date, 'YYYY'), lpad(sequence_number::text, 6, '0'))
        ''')
        # What had waited for its owner before was paid once: an entry moves it to the student.
        self.assert_no_rows("A posted share is one posted payment on its student's account.", '''
            SELECT receipt.number, line.id
              FROM school_receipt_line line
              JOIN school_receipt receipt ON receipt.id = line.receipt_id
              JOIN school_student student ON student.id = line.student_id
         LEFT JOIN account_payment payment ON payment.id = line.payment_id
         LEFT JOIN account_move_line credit ON credit.id = line.move_line_id
             WHERE receipt.state = 'posted' AND (
                   (payment.id IS NULL AND receipt.money_kind IN ('cash', 'bank', 'cheque'))
                OR payment.partner_id <> student.partner_id
                OR payment.state IN ('draft', 'canceled', 'rejected')
                OR payment.amount <> line.amount
                OR payment.move_id <> credit.move_id
                OR credit.parent_state IS DISTINCT FROM 'posted'
                OR credit.partner_id IS DISTINCT FROM student.partner_id
                OR credit.balance <> -line.amount)
        ''')
        self.assert_no_rows("A payment stands behind one share only.", '''
            SELECT payment_id, count(*) FROM school_receipt_line
             WHERE payment_id IS NOT NULL GROUP BY payment_id HAVING count(*) > 1
        ''')
        self.assert_no_rows("A reversed receipt is out of the books.", '''
            SELECT receipt.number
              FROM school_receipt receipt
              JOIN school_receipt_line line ON line.receipt_id = receipt.id
              JOIN account_move_line credit ON credit.id = line.move_line_id
         LEFT JOIN account_payment payment ON payment.id = line.payment_id
             WHERE receipt.state = 'reversed' AND (
                   payment.state <> 'canceled' OR NOT EXISTS (
                       SELECT FROM account_move reverse
                        WHERE reverse.reversed_entry_id = credit.move_id
                          AND reverse.state = 'posted'))
        ''')

    # === ACCOUNTS === #

    def assert_accounts_sound(self):
        """ Assert that the receivable accounts are the students', each one's own. """
        self.assert_no_rows("A student's balance is what is open on the account.", '''
            SELECT student.admission_no, sum(line.balance), sum(line.amount_residual)
              FROM school_student student
              JOIN account_move_line line ON line.partner_id = student.partner_id
              JOIN account_account account ON account.id = line.account_id
             WHERE line.parent_state = 'posted' AND account.account_type = 'asset_receivable'
          GROUP BY student.id
            HAVING abs(sum(line.balance) - sum(line.amount_residual)) > 0.004
        ''')
        self.assert_no_rows("What a school document charges or gives is its student's.", '''
            SELECT move.name, line.id
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN account_account account ON account.id = line.account_id
         LEFT JOIN school_student student ON student.partner_id = line.partner_id
             WHERE line.parent_state = 'posted' AND account.account_type = 'asset_receivable'
               AND (move.school_doc_type IS NOT NULL
                    OR EXISTS (SELECT FROM school_transfer WHERE move_id = move.id)
                    OR EXISTS (SELECT FROM school_receipt_line share
                                 JOIN account_move_line credit ON credit.id = share.move_line_id
                                WHERE credit.move_id = move.id))
               AND (student.id IS NULL OR student.company_id <> line.company_id
                    OR student.id <> coalesce(move.student_id, student.id))
        ''')
        self.assert_no_rows("Nothing of a student is settled with another one's.", '''
            SELECT settled.id
              FROM account_partial_reconcile settled
              JOIN account_move_line debit ON debit.id = settled.debit_move_id
              JOIN account_move_line credit ON credit.id = settled.credit_move_id
              JOIN school_student student
                ON student.partner_id IN (debit.partner_id, credit.partner_id)
             WHERE debit.partner_id IS DISTINCT FROM credit.partner_id
                OR settled.amount <= 0
        ''')

    def assert_settled(self):
        """ Assert that money settles what it can, the oldest due first.

        Not once an accountant has taken settlements apart by hand.
        """
        # Of what the product made: an entry or a payment by hand settles what its maker says.
        self.assert_no_rows("Credit never lies beside an open debt.", '''
            SELECT student.admission_no, line.account_id,
                   array_agg(line.amount_residual ORDER BY line.id)
              FROM school_student student
              JOIN account_move_line line ON line.partner_id = student.partner_id
              JOIN account_account account ON account.id = line.account_id
              JOIN account_move move ON move.id = line.move_id
             WHERE line.parent_state = 'posted' AND account.account_type = 'asset_receivable'
               AND line.reconciled IS NOT TRUE
               AND (move.school_doc_type IS NOT NULL
                    OR move.student_id IS NOT NULL AND move.move_type <> 'entry'
                    OR EXISTS (SELECT FROM school_receipt_line WHERE move_line_id = line.id)
                    OR EXISTS (SELECT FROM school_transfer WHERE move_id = move.id)
                    OR EXISTS (SELECT FROM school_refund refund
                                 JOIN account_payment payment ON payment.id = refund.payment_id
                                WHERE payment.move_id = move.id))
          GROUP BY student.id, line.account_id
            HAVING min(line.amount_residual) < 0 AND max(line.amount_residual) > 0
        ''')
        # What the desk took settles by age alone. Of a student for whom anything was ever taken
        # back or moved, today's settlements do not tell any more what was open at that time.
        self.assert_no_rows("Money taken at the desk settles the oldest due first.", '''
            SELECT receipt.number, older.id AS still_open, younger.id AS settled_instead
              FROM school_receipt receipt
              JOIN school_receipt_line share ON share.receipt_id = receipt.id
              JOIN account_move_line credit ON credit.id = share.move_line_id
              JOIN account_partial_reconcile settled ON settled.credit_move_id = credit.id
              JOIN account_move_line younger ON younger.id = settled.debit_move_id
              JOIN account_move_line older
                ON older.partner_id = credit.partner_id AND older.account_id = credit.account_id
              JOIN account_move bill ON bill.id = older.move_id
             WHERE receipt.state = 'posted' AND receipt.channel IN ('cash', 'bank', 'cheque')
               AND older.parent_state = 'posted' AND older.amount_residual > 0
               AND older.id < credit.id AND bill.create_date <= receipt.create_date
               AND coalesce(older.date_maturity, older.date)
                   < coalesce(younger.date_maturity, younger.date)
               AND NOT EXISTS (
                   SELECT FROM account_move_line line
                     JOIN account_move move ON move.id = line.move_id
                    WHERE line.partner_id = credit.partner_id
                      AND (move.reversed_entry_id IS NOT NULL
                           OR EXISTS (SELECT FROM school_transfer WHERE move_id = move.id)))
        ''')

    def assert_second_person_entries_sound(self):
        """ Assert that transfers and refunds are in the books as they say. """
        self.assert_no_rows("A transfer is one entry from one student to the other.", '''
            SELECT transfer.number, transfer.state
              FROM school_transfer transfer
              JOIN school_student giver ON giver.id = transfer.from_student_id
              JOIN school_student taker ON taker.id = transfer.to_student_id
         LEFT JOIN account_move move ON move.id = transfer.move_id
         LEFT JOIN account_move reverse
                ON reverse.reversed_entry_id = move.id AND reverse.state = 'posted'
             WHERE (transfer.state IN ('done', 'reversed')) <> (move.state = 'posted')
                OR (transfer.state = 'reversed') <> (reverse.id IS NOT NULL)
                OR move.id IS NOT NULL AND (
                    SELECT count(*) FILTER (
                               WHERE partner_id = giver.partner_id AND balance = transfer.amount
                                  OR partner_id = taker.partner_id AND balance = -transfer.amount
                           ) <> 2 OR count(*) <> 2
                      FROM account_move_line WHERE move_id = move.id)
        ''')
        self.assert_no_rows("A refund is one payment out of its student's account.", '''
            SELECT refund.number, refund.state
              FROM school_refund refund
              JOIN school_student student ON student.id = refund.student_id
         LEFT JOIN account_payment payment ON payment.id = refund.payment_id
         LEFT JOIN account_move move ON move.id = payment.move_id
         LEFT JOIN account_move reverse
                ON reverse.reversed_entry_id = move.id AND reverse.state = 'posted'
             WHERE (refund.state IN ('done', 'reversed')) <> (payment.id IS NOT NULL)
                OR payment.id IS NOT NULL AND (
                    move.state <> 'posted' OR payment.payment_type <> 'outbound'
                    OR payment.partner_id <> student.partner_id
                    OR payment.amount <> refund.amount
                    OR (refund.state = 'reversed') <> (reverse.id IS NOT NULL))
        ''')

    # === ONE FIGURE === #

    def read_ledger(self):
        """ Read what each student owes by the ledger alone.

        :return: For each student's id the KES owed; below zero it is credit.
        :rtype: dict[int, Decimal]
        """
        self.env.flush_all()
        self.env.cr.execute('''
            SELECT student.id, coalesce(sum(line.balance), 0)
              FROM school_student student
         LEFT JOIN (account_move_line line
                    JOIN account_account account ON account.id = line.account_id
                     AND account.account_type = 'asset_receivable')
                ON line.partner_id = student.partner_id AND line.parent_state = 'posted'
          GROUP BY student.id
        ''')
        return {student: self.to_cents(owed) for student, owed in self.env.cr.fetchall()}

    def to_cents(self, amount):
        """ Return an amount as Decimal; what is no whole cent is none of KES.

        :rtype: Decimal
        """
        exact = Decimal(str(round(amount, 6)))
        cents = exact.quantize(Decimal('0.01'))
        self.assertEqual(exact, cents)
        return cents

    def assert_one_figure(self):
        """ Assert that form, statement and list say of each student what the ledger says. """
        ledger = self.read_ledger()
        env = self.env(su=True)
        env.invalidate_all()  # A balance is worked out when it is read.
        students = env['school.student'].browse(ledger)
        statements = env['school.statement']._get_statements(students)
        listed = {
            row.id: row for row in env['school.balance.report'].search([('id', 'in', students.ids)])
        }
        self.assertEqual(listed.keys(), ledger.keys(), "Everybody stands in the list, and once.")
        for student in students:
            statement, row = statements[student], listed[student.id]
            figures = {
                'form': student.balance,
                'statement': statement['closing'],
                'sum of the statement': statement['charged'] - statement['credited'],
                'open items': sum(item['residual'] for item in statement['open']['items']),
                'list': row.balance,
                'aged list': row.not_due + row.overdue + row.credit,
                'ages': row.overdue_1 + row.overdue_2 + row.overdue_3 + row.overdue_4
                + row.not_due + row.credit,
            }
            self.assertEqual(
                {name: self.to_cents(figure) for name, figure in figures.items()},
                dict.fromkeys(figures, ledger[student.id]),
                student.admission_no,
            )
        self.env.cr.execute('''
            SELECT line.company_id, sum(line.balance)
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
             WHERE line.parent_state = 'posted' AND account.account_type = 'asset_receivable'
               AND line.company_id IN (SELECT company_id FROM school_student)
               AND NOT EXISTS (
                   SELECT FROM account_move_line other
                     JOIN account_account receivable ON receivable.id = other.account_id
                    WHERE other.company_id = line.company_id AND other.parent_state = 'posted'
                      AND receivable.account_type = 'asset_receivable'
                      AND other.partner_id NOT IN (SELECT partner_id FROM school_student))
          GROUP BY line.company_id
        ''')
        for school_id, total in self.env.cr.fetchall():
            balances = [s.balance for s in students if s.company_id.id == school_id]
            self.assertEqual(
                sum(map(self.to_cents, balances)), self.to_cents(total),
                "Where only students have one, their balances make up the receivable account.",
            )
