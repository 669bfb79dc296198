from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


OTHER_PHONE = '254722000444'


class TransactionCommon(BookingCommon):
    """A bursar, two children of two classes, and one payment of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar = new_test_user(
            cls.env, login='screens-bursar', groups='base.group_user,school_fees.group_bursar',
            company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
        )
        cls.east, cls.west = (
            cls.create_class(cls.create_level(f"Grade {code}", code), "East")
            for code in ('T8', 'T9')
        )
        cls.enrol(cls.student, cls.east)
        cls.brian = cls.create_student("Brian Njoroge", "ADM-013")
        cls.create_term_bill(cls.brian, cls.term_3, 9_000)
        cls.enrol(cls.brian, cls.west)

    def as_bursar(self, records):
        return records.sudo(False).with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        )

    def make_payments(self):
        """ Make a request that is paid, one that failed, money of Brian's, and money of nobody. """
        self.paid = self.prompt(channel='stk_push', initiator=self.bursar, note="=1+1")
        self.drain_stk(self.paid)
        self.failed = self.prompt(amount=500, phone=OTHER_PHONE)
        self.drain_stk(self.failed, 1032)
        self.drain_c2b('UIE4K7PB01', '700.00', 'ADM-013', MSISDN=OTHER_PHONE)
        self.drain_c2b('UIE4K7PN01', '900.00', '=HYPERLINK("http://x.example","Pay")')
        movements = self.get_movements().grouped('receipt')
        self.asked, self.typed, self.nobody = (
            movements[code] for code in ('UIE4K7P2QX', 'UIE4K7PB01', 'UIE4K7PN01')
        )
