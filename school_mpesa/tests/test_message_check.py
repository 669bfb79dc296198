from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import html2plaintext

from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


CODE = 'UIE4K7P2QX'


@tagged('post_install', '-at_install')
class TestMessageCheck(BookingCommon):
    """A message of M-PESA at the counter: what Safaricom told us counts, and nothing else."""

    def setUp(self):
        super().setUp()
        # Anew for each test: what a person has checked is counted for a day.
        self.cashier = self.create_clerk('check-cashier', 'school_fees.group_cashier')
        self.bursar = self.create_clerk('check-bursar', 'school_fees.group_bursar')

    def create_clerk(self, login, group, school=None):
        school = school or self.school
        return new_test_user(
            self.env, login=login, groups=f'base.group_user,{group}', company_id=school.id,
            company_ids=[Command.set(school.ids)],
        )

    # === HELPERS === #

    def text(self, code=CODE, amount='15,500.00', day=None):
        """ Return the message that M-PESA sends for a payment of today. """
        day = day or (fields.Datetime.now() + timedelta(hours=3)).date()
        return (
            f'{code} Confirmed. Ksh{amount} sent to UHURU ACADEMY for account ADM-012 on'
            f' {day.day}/{day.month}/{day:%y} at 10:15 AM New M-PESA balance is Ksh1,204.50.'
        )

    def open_check(self, user=None, schools=None):
        user = user or self.cashier
        return self.env['mpesa.message.check'].with_user(user).with_context(
            allowed_company_ids=(schools or user.company_ids).ids,
        )

    def check(self, text, user=None, **values):
        """ Paste a text and press Check.

        :rtype: mpesa.message.check
        """
        form = Form(self.open_check(user, **values))
        form.message = text
        check = form.save()
        action = check.action_check()
        self.assertEqual((action['res_model'], action['target']), ('mpesa.message.check', 'new'))
        self.env.invalidate_all()
        return check.browse(action['res_id'])

    def assert_answer(self, check, finding, *words):
        self.assertEqual(check.finding, finding)
        answer = html2plaintext(check.answer)
        for word in words:
            self.assertIn(word, answer)
        self.assert_names_no_payer(check)
        return answer

    def assert_names_no_payer(self, check):
        for secret in ('WANJIKU', '000111', '*** 111', '***** 111'):
            self.assertNotIn(secret, check.answer.upper())

    def assert_nothing_booked(self):
        self.assertFalse(self.get_movements())
        self.assertFalse(self.get_receipts())

    # === NOT OURS === #

    def test_a_forged_message_is_refused_and_books_nothing(self):
        self.drain_c2b('UIF9AAAAAA')
        for user in (self.cashier, self.bursar):
            check = self.check(self.text(), user)
            self.assert_answer(
                check, 'unseen', "told us of no such payment", "Give no receipt and no goods",
                "forged", CODE,
            )
            self.assertIn('alert-danger', check.answer)
            self.assertFalse(check.has_receipt)
            self.assertFalse(check.meant_code)
            self.assertNotIn("Did you mean", check.answer)
        self.assertEqual(len(self.get_movements()), 1)
        self.assert_books(15_500)

    def test_an_invented_code_that_begins_with_another_day_is_noticed(self):
        day = fields.Date.from_string('2026-11-27')
        answer = self.assert_answer(self.check(self.text(day=day)), 'unseen', "14 Sep 2026")
        self.assertIn("27 Nov 2026", answer)

    def test_text_without_a_code_is_explained_and_stays_on_the_screen(self):
        two = f'{self.text()}\n{self.text("UIF9AAAAAA")}'
        for text, words in (
            ('UIE4K7P2Q', "has 9. Nothing was checked"), (two, "several messages"),
            ('the bank has sent it, please look', "no M-PESA code in it"),
        ):
            form = Form(self.open_check())
            form.message = text
            with self.subTest(text), self.assertRaisesRegex(UserError, words):
                form.save()
        with self.assertRaisesRegex(UserError, "no M-PESA code in it"):
            self.open_check().create({}).action_check()
        self.assert_nothing_booked()

    # === OURS === #

    def test_a_booked_payment_names_receipt_and_student_and_not_the_payer(self):
        tx = self.prompt()
        self.drain_stk(tx, time=int(
            (fields.Datetime.now() + timedelta(hours=3)).strftime('%Y%m%d%H%M%S')
        ))
        for text in (self.text(), '  uie4 k7p2 qx\n', self.text().replace(' ', '\n').lower()):
            check = self.check(text)
            answer = self.assert_answer(
                check, 'booked', "on a receipt already", "KES 15,500", "Faith Otieno (ADM-012)",
                tx.mpesa_receipt_id.number, "Give no second receipt",
            )
            self.assertNotIn("changed", answer)
            self.assertNotIn("Did you mean", answer)
            self.assertIn('alert-success', check.answer)
        self.assertEqual(check.action_open_receipt()['res_id'], tx.mpesa_receipt_id.id)
        self.assertEqual(len(self.get_receipts()), 1)

    def test_an_altered_amount_is_loud(self):
        self.drain_c2b(amount='500.00')
        check = self.check(self.text(amount='50,000.00'))
        self.assert_answer(
            check, 'booked', "This message was changed",
            "It says KES 50,000, and Safaricom told us KES 500.",
        )
        self.assertIn('alert-danger', check.answer)

    def test_an_altered_day_is_loud_and_midnight_is_no_alteration(self):
        self.drain_c2b(TransTime='20260914235958')
        same = fields.Date.from_string('2026-09-14')
        for days, altered in ((0, False), (1, False), (2, True), (-1, True)):
            answer = self.assert_answer(
                self.check(self.text(day=same + timedelta(days=days))), 'booked',
            )
            self.assertEqual("This message was changed" in answer, altered, days)

    def test_money_that_nobody_claims_is_real_and_waits(self):
        self.drain_c2b(account='nobody at all')
        check = self.check(CODE)
        self.assert_answer(check, 'unidentified', "not on any student", "KES 15,500")
        self.assertFalse(check.has_receipt)
        action = self.check(CODE, self.bursar).action_open_queue()
        self.assertEqual(action['context']['search_default_receipt'], CODE)

    def test_a_reversed_receipt_says_so(self):
        self.drain_c2b()
        receipt = self.get_receipts()
        receipt.with_user(self.bursar)._ask_reversal('mistake', "The wrong child")
        approver = self.create_clerk('check-approver', 'school_fees.group_approver')
        receipt.with_user(approver).action_approve_reversal()
        self.assert_answer(
            self.check(self.text()), 'put_back', "was reversed", receipt.number, "Faith Otieno",
        )

    def test_money_that_safaricom_took_back_is_refused(self):
        self.drain_c2b()
        movement = self.get_movements()
        back = movement.copy({
            'receipt': 'UIF5BBBBBB', 'kind': 'reversal', 'direction': 'out',
            'reverses_id': movement.id, 'receipt_id': False,
        })
        self.assert_answer(self.check(self.text()), 'taken_back', "taken this payment back")
        self.assert_answer(self.check(back.receipt), 'reversal', "given back")

    # === TOLD OF, NOT BOOKED === #

    def test_news_in_the_inbox_is_told_of(self):
        self.c2b()
        check = self.check(self.text())
        self.assert_answer(check, 'waiting', "not booked yet", "Look again in a minute")
        self.drain()
        check.action_check()
        self.env.invalidate_all()
        self.assert_answer(check, 'booked', "KES 15,500")

    def test_an_account_that_looks_like_a_code_is_no_news_of_it(self):
        self.c2b('UIF9AAAAAA', account=CODE)
        self.assert_answer(self.check(CODE), 'unseen')

    def test_a_message_from_another_address_is_not_believed(self):
        self.provider.mpesa_source_check = 'quarantine'
        self.env.flush_all()
        callback = self.c2b()
        self.assertEqual(callback.state, 'quarantined')
        self.assert_answer(self.check(self.text()), 'doubtful', "the bursar has to look")
        self.assert_nothing_booked()

    def test_contradicting_news_is_pointed_out(self):
        self.drain_c2b()
        self.drain_c2b(amount='900.00')
        answer = self.assert_answer(self.check(self.text()), 'booked', "contradict each other")
        self.assertIn("KES 15,500", answer)

    def test_a_code_used_at_the_desk_is_told_from_a_payment(self):
        receipt = self.create_receipt(
            {self.student: 700}, channel='bank', money_kind='bank',
            external_ref=self.env['school.receipt']._clean_reference(CODE.lower()),
        )
        self.assert_answer(
            self.check(self.text()), 'reference', "Used on a receipt before", receipt.number or '',
        )

    # === CODES COPIED BY HAND === #

    def test_o_for_0_is_asked_and_never_assumed(self):
        self.drain_c2b('UIE4K7P2Q0')
        check = self.check('UIE4K7P2QO')
        self.assert_answer(check, 'unseen', "Did you mean UIE4K7P2Q0?", "Give no receipt")
        self.assertNotIn("Faith", check.answer)
        self.assertNotIn("15,500", check.answer)
        check.action_check_similar()
        self.env.invalidate_all()
        self.assertEqual(check.code, 'UIE4K7P2Q0')
        self.assert_answer(check, 'booked', "Faith Otieno")

    def test_the_next_message_forgets_the_last_answer(self):
        self.drain_c2b()
        check = self.check(self.text())
        check.message = 'UIF9AAAAAA'
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(check.answer)
        check.action_check()
        self.env.invalidate_all()
        self.assert_answer(check, 'unseen', 'UIF9AAAAAA')

    # === WHO MAY, AND HOW OFTEN === #

    def test_another_school_learns_nothing(self):
        self.drain_c2b()
        stranger = self.create_clerk(
            'check-stranger', 'school_fees.group_bursar', self.create_school("Other School"),
        )
        self.assert_answer(self.check(self.text(), stranger), 'unseen')
        with self.assertRaises(AccessError):  # Whatever a browser says of its schools.
            self.check(self.text(), stranger, schools=self.school)

    def test_a_branch_learns_that_the_money_is_another_branchs(self):
        branches = self.env['res.company'].create([
            {
                'name': name, 'parent_id': self.school.id, 'country_id': self.school.country_id.id,
                'currency_id': self.school.currency_id.id,
            } for name in ("Primary", "Secondary")
        ])
        self.env.cr.precommit.run()  # Odoo gives new branches their accounts at the commit.
        self.env.user.company_ids |= branches
        child = self.env['school.student'].with_company(branches[0]).create({
            'name': "Amina Yusuf", 'admission_no': 'ADM-77', 'company_id': branches[0].id,
        })
        self.provider.mpesa_allow_credit = True
        self.drain_c2b(account='ADM-77')
        self.assertEqual(self.get_movements().receipt_id.student_ids, child)
        clerks = [
            self.create_clerk(f'check-{branch.id}', 'school_fees.group_cashier', branch)
            for branch in branches
        ]
        self.assert_answer(self.check(self.text(), clerks[0]), 'booked', "Amina Yusuf")
        check = self.check(self.text(amount='7.00'), clerks[1])
        answer = self.assert_answer(check, 'other_school', "of another school")
        for secret in ("Amina", "15,500", "RCT/"):
            self.assertNotIn(secret, answer)
        self.assertFalse(check.has_receipt)

    def test_what_was_found_cannot_be_written_or_read_around_the_answer(self):
        self.drain_c2b()
        movement = self.get_movements()
        for values in (
            {'movement_id': movement.id}, {'checked_at': '2026-01-01 00:00:00'},
            {'reference_receipt_id': movement.receipt_id.id}, {'similar_code': CODE},
        ):
            with self.assertRaises(AccessError):
                self.open_check().create(values)
        check = self.check(self.text())
        with self.assertRaises(AccessError):
            check.read(['movement_id'])
        check.write({'code': 'UIF9AAAAAA'})
        self.env.invalidate_all()
        self.assertFalse(check.answer, "No answer for a code that was not looked up.")
        other = self.create_clerk('check-other', 'school_fees.group_cashier')
        with self.assertRaises(AccessError):
            check.with_user(other).read(['answer'])
        with self.assertRaises(AccessError):
            check.with_user(other).action_check()

    def test_the_text_itself_is_not_kept(self):
        check = self.check(self.text())
        self.assertFalse(check.message)
        self.env.cr.execute('SELECT * FROM mpesa_message_check WHERE id = %s', [check.id])
        kept = str(self.env.cr.dictfetchone())
        self.assertNotIn('1,204', kept)
        self.assertNotIn('UHURU', kept.upper())

    def test_nobody_walks_through_codes(self):
        self.drain_c2b()
        with patch.object(const, 'MESSAGE_CHECK_LIMITS', ((2, 86_400),)):
            check = self.check(CODE)
            check.action_check()
            another = self.open_check().create({'message': 'UIF9AAAAAA'})
            for again in (check, another):
                with self.assertRaisesRegex(UserError, "give no receipt for it"):
                    again.action_check()
            self.assertFalse(another.answer)
            self.check(CODE, self.bursar)  # Each has a count of their own.
