from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


class ShareCommon(BookingCommon):
    """A family of two: Faith owes KES 32,500, Brian 9,000 of an older term."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.brian = cls.create_student("Brian Otieno", 'ADM-013', family_id=cls.family.id)
        cls.bill_brian = cls.create_term_bill(cls.brian, cls.term_1, 9_000)

    def ask_shares(self, shares, amount=None, **values):
        """ Ask one amount for several children.

        :param dict shares: The part of each student, KES; the first one is named.
        :rtype: payment.transaction
        """
        return self.ask(**{
            'student': next(iter(shares)), 'shares': list(shares.items()), 'invoices': None,
            'amount': sum(shares.values()) if amount is None else amount,
            'channel': 'statement', **values,
        })

    def prompt_shares(self, shares, **values):
        """ Ask one amount for several children, by a prompt that the simulator accepts. """
        tx = self.ask_shares(shares, **values)
        self.send()
        self.assertEqual(tx.mpesa_push_state, 'accepted')
        return tx

    def get_parts(self, receipt):
        return {line.student_id: line.amount for line in receipt.line_ids}
