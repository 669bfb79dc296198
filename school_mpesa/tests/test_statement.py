from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestStatement(BookingCommon):
    """M-PESA money on a student's statement."""

    def _receipt_rows(self, student, user=None):
        env = self.env(user=user, context={}) if user else self.env
        student = student.with_env(env)
        rows = env['school.statement']._get_statements(student)[student]['rows']
        return [row for row in rows if row['kind'] == 'receipt']

    def test_payer_is_masked_and_knows_the_own_payment(self):
        tx = self.prompt(phone='254712000111')
        self.drain_stk(tx)
        student = tx.mpesa_student_id
        payer = self.create_guardian(
            student, "Mary Otieno", phone="0712 000 111", login='fees_mary',
            sees_other_payers=False,
        )
        other = self.create_guardian(
            student, "John Otieno", phone="0712 000 222", login='fees_john',
            sees_other_payers=False,
        )
        [row] = self._receipt_rows(student)
        movement = self.env['mpesa.transaction'].search([('payment_transaction_id', '=', tx.id)])
        self.assertEqual(row['channel'], tx.mpesa_channel)
        self.assertEqual(row['payer'], movement.payer_mask)
        self.assertNotIn('712000111', row['payer'])
        [row] = self._receipt_rows(student, payer.user_ids)
        self.assertTrue(row['is_own'])
        self.assertTrue(row['payer'])
        [row] = self._receipt_rows(student, other.user_ids)
        self.assertFalse(row['is_own'])
        self.assertEqual(row['payer'], '')

    def test_a_reversed_receipt_keeps_its_payer(self):
        tx = self.prompt()
        self.drain_stk(tx)
        student = tx.mpesa_student_id
        self.env['school.receipt'].search([('student_ids', '=', student.id)])._reverse("Wrong")
        [row] = self._receipt_rows(student)
        self.assertTrue(row['payer'])

    def test_every_channel_has_a_badge(self):
        for channel, badge in self.env['school.statement']._get_channel_badges().items():
            with self.subTest(channel=channel):
                self.assertTrue(badge['label'] and badge['sign'] and badge['colour'])
