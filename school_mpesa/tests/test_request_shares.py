from psycopg2 import errors as pg_errors

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.models.request_error import MpesaRequestError
from odoo.addons.school_mpesa.tests.share_common import ShareCommon


@tagged('post_install', '-at_install')
class TestRequestShares(ShareCommon):
    """What one request for several children may ask: each refusal names the child and the field."""

    def refuse(self, field, shares, words='', **values):
        """ Assert that a request is refused beside a field, and leaves nothing. """
        Transaction = self.env['payment.transaction']
        domain = [('provider_id.code', '=', 'mpesa')]
        before = Transaction.search_count(domain)
        with self.assertRaises(MpesaRequestError) as caught, self.env.cr.savepoint():
            self.ask_shares(shares, **values)
        self.assertEqual(caught.exception.field, field, str(caught.exception))
        self.assertIn(words, str(caught.exception))
        self.assertEqual(Transaction.search_count(domain), before)
        return caught.exception

    # === WHAT MAY BE ASKED === #

    def test_the_parts_stand_with_the_request(self):
        tx = self.ask_shares({self.brian: 9_000, self.student: 6_500}, intent='a' * 32)
        self.assertEqual((tx.amount, tx.mpesa_student_id), (15_500, self.brian))
        self.assertEqual(tx.partner_id, self.brian.partner_id)
        self.assertEqual(tx.mpesa_account_reference, 'ADM-013')
        self.assertEqual(
            [(share.student_id, share.amount) for share in tx.mpesa_share_ids],
            [(self.brian, 9_000), (self.student, 6_500)],
        )

    def test_the_same_form_is_the_same_request(self):
        shares = {self.brian: 9_000, self.student: 6_500}
        tx = self.ask_shares(shares, intent='a' * 32)
        self.assertEqual(self.ask_shares(shares, intent='a' * 32), tx)
        self.assertEqual(len(tx.mpesa_share_ids), 2)

    def test_amounts_as_people_type_them(self):
        tx = self.ask_shares({self.brian: '1,500', self.student: '2500.0'}, amount='4,000')
        self.assertEqual(tx.mpesa_share_ids.mapped('amount'), [1_500, 2_500])

    def test_cents_of_a_balance_are_rounded_up(self):
        self.create_term_bill(self.brian, self.term_2, 100.40)
        self.refuse(f'share_{self.brian.id}', {self.brian: 9_102, self.student: 1}, "9,101")
        self.assertTrue(self.ask_shares({self.brian: 9_101, self.student: 1}))

    # === WHAT MAY NOT === #

    def test_each_wrong_part_names_its_child(self):
        for part, words in (
            (9_001, "more than the balance of Brian, KES 9,000"), (0, "KES 1 or more"),
            (-5, "KES 1 or more"), ('', "how much Brian gets"), ('many', "how much Brian gets"),
            ('NaN', "how much Brian gets"), ('1.50', "whole shillings for Brian"),
            ('1,5', "how much Brian gets"),
        ):
            with self.subTest(part):
                self.refuse(
                    f'share_{self.brian.id}', {self.student: 1_000, self.brian: part}, words,
                    amount=10_000,
                )

    def test_the_parts_make_up_the_amount(self):
        for amount in (999, 1_001, 2_000):
            with self.subTest(amount):
                self.refuse(
                    'shares', {self.student: 400, self.brian: 600}, "KES 1,000", amount=amount,
                )

    def test_the_sum_is_checked_as_any_amount(self):
        self.refuse('amount', {self.student: 1, self.brian: 1}, amount='')
        self.refuse('amount', {self.student: 32_500, self.brian: 9_001}, "41,500")
        self.provider.mpesa_least_amount = 100
        self.refuse('amount', {self.student: 50, self.brian: 49}, "100")
        self.provider.mpesa_allow_credit = True
        self.refuse('amount', {self.student: 250_000, self.brian: 1}, "250,000")

    def test_more_than_is_due_where_the_school_allows_credit(self):
        self.provider.mpesa_allow_credit = True
        tx = self.ask_shares({self.brian: 20_000, self.student: 1})
        self.assertEqual(tx.mpesa_share_ids.mapped('amount'), [20_000, 1])

    def test_nothing_for_a_child_that_owes_nothing(self):
        self.create_receipt({self.brian: 9_000})
        self.refuse(
            f'share_{self.brian.id}', {self.student: 10, self.brian: 10},
            "Nothing is due for Brian",
        )

    def test_no_child_twice_and_none_of_another_school(self):
        with self.assertRaises(MpesaRequestError) as caught:
            self.ask(
                student=self.brian, shares=[(self.brian, 10), (self.brian, 10)], invoices=None,
                amount=20,
            )
        self.assertEqual(caught.exception.field, f'share_{self.brian.id}')
        other_school = self.create_school("Mwangaza School")
        env = self.env(context={**self.env.context, 'allowed_company_ids': other_school.ids})
        child = env['school.student'].create({
            'name': "Hope Otieno", 'admission_no': "M-1", 'company_id': other_school.id,
        })
        self.refuse('provider', {self.student: 10, child.with_env(self.env): 10})

    def test_a_second_request_for_the_same_debt_of_a_child(self):
        self.ask(student=self.brian, amount=5_000, invoices=None, phone='0712000112')
        self.refuse('link', {self.student: 1_000, self.brian: 4_001})
        tx = self.ask_shares({self.student: 1_000, self.brian: 4_000})
        link = self.brian._get_statement_link()
        with self.assertRaises(MpesaRequestError) as caught:
            self.ask(
                student=self.brian, amount=1, invoices=None, phone='0712000113', link=link,
            )
        self.assertEqual(caught.exception.tx, tx)
        # Of that request only the child's own part stands in the way.
        link = self.student._get_statement_link()
        self.assertTrue(self.ask(
            student=self.student, amount=31_500, invoices=None, phone='0712000114', link=link,
        ))

    def test_a_number_too_large_is_no_amount(self):
        """ Written out, the last of them keeps a worker busy for minutes. """
        for text in ('1E5000', '9' * 5_000, '1000000000000', '0E999999', '1E999999'):
            self.refuse(
                'amount', {self.student: 400, self.brian: 600}, "Enter how much", amount=text,
            )
            self.refuse(
                f'share_{self.brian.id}', {self.student: 1_000, self.brian: text},
                "how much Brian gets", amount=10_000,
            )

    def test_what_is_paid_is_not_asked_for_again_even_where_credit_is_allowed(self):
        self.provider.mpesa_allow_credit = True
        shares = {self.student: 32_500, self.brian: 9_000}
        tx = self.prompt_shares(shares)
        self.drain_stk(tx, 1032)
        self.create_receipt(shares)
        self.refuse('link', shares, "nothing to pay any more")
        with self.assertRaises(MpesaRequestError) as caught:
            tx._mpesa_retry()
        self.assertIn("nothing to pay any more", str(caught.exception))
        self.assertFalse(tx.search([('mpesa_retry_of_id', '=', tx.id)]))

    # === RETRY === #

    def test_a_retry_keeps_the_parts(self):
        tx = self.prompt_shares({self.brian: 9_000, self.student: 6_500})
        self.drain_stk(tx, 1032)
        with self.assertRaises(MpesaRequestError) as caught:
            tx._mpesa_retry(amount=1_000)
        self.assertEqual(caught.exception.field, 'amount')
        again = tx._mpesa_retry(amount=15_500, phone='0712000119')
        self.assertEqual(again.mpesa_retry_of_id, tx)
        self.assertEqual(
            [(share.student_id, share.amount) for share in again.mpesa_share_ids],
            [(self.brian, 9_000), (self.student, 6_500)],
        )

    def test_a_retry_tells_no_balance_of_a_child(self):
        tx = self.prompt_shares({self.student: 6_500, self.brian: 9_000})
        self.drain_stk(tx, 1032)
        self.create_receipt({self.brian: 5_000})
        with self.assertRaises(MpesaRequestError) as caught:
            tx._mpesa_retry()
        self.assertNotIn("Brian", str(caught.exception))
        self.assertNotIn("4,000", str(caught.exception))

    def test_a_retry_names_no_other_child(self):
        tx = self.prompt_shares({self.student: 6_500, self.brian: 9_000})
        self.drain_stk(tx, 1032)
        with self.assertRaises(MpesaRequestError) as caught:
            tx._mpesa_retry(phone='0712')
        self.assertEqual(caught.exception.field, 'phone')
        self.create_receipt({self.brian: 9_000})
        self.brian.state = 'left'
        with self.assertRaises(MpesaRequestError) as caught:
            tx._mpesa_retry()
        self.assertEqual(caught.exception.field, 'shares')
        self.assertNotIn("Brian", str(caught.exception))

    # === WRITTEN ONCE === #

    def test_parts_never_change(self):
        tx = self.ask_shares({self.brian: 9_000, self.student: 6_500})
        share = tx.mpesa_share_ids[0]
        with self.assertRaises(UserError):
            share.write({'amount': 1})
        with self.assertRaises(UserError):
            share.unlink()
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            tx.write({'mpesa_share_ids': [Command.create({
                'student_id': self.create_student("Ann", 'ADM-014').id, 'amount': 5,
                'company_id': self.school.id,
            })]})

    def test_the_database_itself_keeps_parts_whole(self):
        tx = self.ask_shares({self.brian: 9_000, self.student: 6_500})
        for sql in (
            'UPDATE mpesa_request_share SET amount = 0 WHERE transaction_id = %s',
            'UPDATE mpesa_request_share SET amount = 1.5 WHERE transaction_id = %s',
        ):
            with self.subTest(sql), self.assertRaises(pg_errors.CheckViolation), \
                    mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                self.env.cr.execute(sql, [tx.id])
