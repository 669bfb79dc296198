from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time
from psycopg2 import errors as pg_errors

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


CODE = 'UIE4K7P2QX'


@tagged('post_install', '-at_install')
class TestPaymentClaim(BookingCommon):
    """Somebody says to have paid: a hint that touches nothing, until the money itself is booked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar = cls.create_staff('claim-bursar', 'bursar')
        cls.approver = cls.create_staff('claim-approver', 'approver')
        cls.cashier = cls.create_staff('claim-cashier', 'cashier')
        cls.grace = cls.create_student("Grace Njeri", "ADM-10453")
        cls.hope = cls.create_student("Hope Wanja", "ADM-20117")

    # === HELPERS === #

    def claim(self, student=None, code=CODE, amount=0.0):
        """ Claim a payment as the holder of a pay page does. """
        return self.env['school.payment.claim']._file(
            student or self.hope, code, amount, source='page',
        )

    def wait(self, account='nobody', amount='3000.00', receipt=CODE):
        """ Return a movement that waits for its owner, in the bursar's hands. """
        self.drain_c2b(receipt, amount, account)
        movement = self.get_movements().filtered(lambda m: m.receipt == receipt)
        self.assertEqual(movement.booking_state, 'unidentified')
        return movement.with_user(self.bursar)

    def see(self, claim):
        """ Return a claim as the bursar reads it now. """
        self.env.invalidate_all()
        return claim.sudo(False).with_user(self.bursar)

    def reverse(self, receipt):
        receipt.with_user(self.bursar)._ask_reversal('mistake', "The wrong child")
        receipt.with_user(self.approver).action_approve_reversal()

    def move(self, receipt, student):
        """ Move a receipt's money to another child of the family. """
        transfer = self.env['school.transfer'].with_user(self.bursar)._ask(
            from_student=receipt.line_ids.student_id, to_student=student, amount=receipt.amount,
            reason="The wrong child", receipt_line=receipt.line_ids,
        )
        transfer.sudo(False).with_user(self.approver).action_approve()
        self.assertEqual(transfer.state, 'done')

    def count_books(self):
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT (SELECT count(*) FROM account_move), (SELECT count(*) FROM account_move_line),
                   (SELECT count(*) FROM account_payment), (SELECT count(*) FROM school_receipt),
                   (SELECT count(*) FROM account_partial_reconcile),
                   (SELECT count(*) FROM mpesa_transaction), (SELECT count(*) FROM mpesa_command)
        """)
        return self.env.cr.fetchone()

    # === NO MONEY === #

    def test_no_claim_touches_the_books(self):
        self.wait(receipt='UIE4K7P2Q1')
        self.drain_c2b('UIE4K7P2Q2', '500.00', 'ADM-10453')
        before = self.count_books()
        for code in (CODE, 'UIE4K7P2Q1', 'UIE4K7P2Q2'):
            for amount in (0, 3_000, 99_999):
                self.claim(code=code, amount=amount)
        claims = self.env['school.payment.claim'].search([('student_id', '=', self.hope.id)])
        self.assertEqual(set(claims.mapped('state')), {'waiting'})
        claims.with_user(self.bursar)[0].action_refuse()
        with freeze_time(fields.Datetime.now() + timedelta(days=const.CLAIM_DAYS + 1)):
            claims._gc_waiting()
        self.assertEqual(self.count_books(), before)
        self.assertEqual((self.grace.balance, self.hope.balance), (-500, 0))
        self.assert_books(3_500, suspense=3_000)

    def test_what_is_on_the_account_needs_no_claim(self):
        self.drain_c2b(account='ADM-20117')
        self.assertFalse(self.claim())
        self.assertFalse(self.env['school.payment.claim'].search([('code', '=', CODE)]))

    # === THE SAME AGAIN === #

    def test_the_same_claim_again_is_the_one_that_waits(self):
        first = self.claim()
        self.assertEqual(self.claim(amount=3_000), first)
        self.assertEqual(first.amount, 3_000)
        self.assertEqual(self.claim(), first)
        self.assertEqual(first.amount, 3_000, "What was said of it stays.")
        self.assertNotEqual(self.claim(self.grace), first, "Another child's is another claim.")

    def test_the_database_takes_one_waiting_claim(self):
        first = self.claim()
        values = {'student_id': self.hope.id, 'code': CODE, 'source': 'office'}
        with self.refusal(pg_errors.UniqueViolation, 'waiting_uniq'):
            self.env['school.payment.claim'].create(values)
        self.see(first).action_refuse()
        self.assertEqual(self.claim(), first, "A page does not bring back what was refused.")
        self.assertEqual(first.state, 'refused')
        anew = self.env['school.payment.claim']._file(self.hope, CODE, source='office')
        self.assertNotEqual(anew, first, "The office can.")
        anew._close('expired')
        with freeze_time(fields.Datetime.now() + timedelta(days=const.CLAIM_DAYS + 1)):
            self.assertEqual(self.claim().state, 'waiting', "It was long ago.")

    def test_a_page_does_not_change_what_the_office_has_noted(self):
        claims = self.env['school.payment.claim']
        claim = claims._file(self.hope, CODE, 3_000, source='office')
        self.assertEqual(self.claim(amount=9_999), claim)
        self.assertEqual(claim.amount, 3_000)
        claims._file(self.hope, CODE, 3_500, source='office')
        self.assertEqual(claim.amount, 3_500)

    # === MET === #

    def test_it_is_met_by_money_typed_for_the_student(self):
        claim = self.claim()
        self.drain_c2b(account='ADM-20117')
        self.assertEqual(claim.state, 'met')
        self.assertTrue(claim.closed_at)
        self.assertEqual(self.hope.balance, -15_500)
        self.assert_books(15_500)

    def test_it_is_met_by_a_prompts_result(self):
        claim = self.claim(self.student)
        tx = self.prompt()
        self.drain_stk(tx)
        self.assertEqual(claim.state, 'met')
        self.assert_books(15_500)

    def test_it_is_not_met_by_another_childs_money(self):
        claim = self.claim()
        self.drain_c2b(account='ADM-10453')
        self.assertEqual(claim.state, 'waiting')
        self.assertEqual(self.see(claim).place, 'other')
        self.assertEqual(self.hope.balance, 0)

    def test_it_is_not_met_by_another_code(self):
        claim = self.claim()
        self.drain_c2b('UIE4K7P2QY', account='ADM-20117')
        self.assertEqual(claim.state, 'waiting')

    def test_it_is_met_when_a_person_books_the_money(self):
        claim, other = self.claim(), self.claim(self.grace)
        movement = self.wait()
        self.assertEqual(claim.state, 'waiting')
        movement._identify_as([(self.hope, Decimal(3_000))])
        self.assertEqual((claim.state, other.state), ('met', 'waiting'))
        self.assert_books(3_000)

    def test_a_transfer_meets_it(self):
        (self.grace | self.hope).family_id = self.create_family("Njeri")
        claim, taken = self.claim(), self.claim(self.grace, 'UIE4K7P2Q1')
        self.drain_c2b(account='ADM-10453')
        self.move(self.get_movements().receipt_id, self.hope)
        self.assertEqual(self.see(claim).place, 'here')
        self.assertEqual((claim.state, taken.state), ('met', 'waiting'))
        self.assertTrue(self.claim(self.grace), "It is on her account no more.")

    def test_what_was_claimed_in_the_moment_of_the_booking_is_met_when_asked_again(self):
        self.drain_c2b(account='ADM-20117')
        claim = self.env['school.payment.claim'].create({
            'student_id': self.hope.id, 'code': CODE, 'source': 'page',
        })
        self.assertFalse(self.claim())
        self.assertEqual(claim.state, 'met')

    def test_many_are_refused_at_once(self):
        claims = self.claim() | self.claim(self.grace)
        self.see(claims).action_refuse()
        self.assertEqual(set(claims.mapped('state')), {'refused'})

    def test_a_reversed_receipt_is_on_no_account(self):
        self.drain_c2b(account='ADM-20117')
        self.reverse(self.get_movements().receipt_id)
        claim = self.claim()
        self.assertEqual(self.see(claim).place, 'suspense')

    def test_it_expires(self):
        now = fields.Datetime.now()
        claim = self.claim()
        with freeze_time(now + timedelta(days=const.CLAIM_DAYS - 1)):
            claim._gc_waiting()
        self.assertEqual(claim.state, 'waiting')
        with freeze_time(now + timedelta(days=const.CLAIM_DAYS + 1)):
            claim._gc_waiting()
        self.assertEqual(claim.state, 'expired')
        self.assertNotEqual(self.claim(), claim)

    # === A HINT IN THE QUEUE === #

    def test_it_is_a_suggestion_that_no_single_button_accepts(self):
        movement = self.wait()
        self.assertFalse(movement.suggestion)
        claim = self.claim()
        self.env.invalidate_all()
        self.assertIn("Hope Wanja", movement.suggestion)
        self.assertIn("proves nothing: look at who paid", movement.suggestion)
        self.assertFalse(movement.only_suggestion)
        with self.assertRaisesRegex(UserError, "press Choose"):
            movement.with_context(
                school_accepted=f'school.student,{self.hope.id}',
            ).action_accept_suggestion()
        self.assert_books(3_000, suspense=3_000)
        action = movement.action_identify()
        wizard = Form(self.env[action['res_model']].with_user(self.bursar).with_context(
            **action['context'],
        )).save()
        self.assertEqual(wizard.suggestion_ids.student_id, self.hope)
        self.assertFalse(wizard.line_ids, "Who is claimed is chosen by a person.")
        with self.assertRaisesRegex(UserError, "Say whose money it is"):
            wizard.action_book()
        wizard.suggestion_ids.action_take()
        wizard.action_book()
        self.assertEqual((claim.state, self.hope.balance), ('met', -3_000))
        self.assert_books(3_000)

    def test_another_amount_is_said(self):
        movement = self.wait()
        self.claim(amount=5_000)
        self.env.invalidate_all()
        self.assertIn("but another amount", movement.suggestion)
        self.claim(amount=3_000)
        self.env.invalidate_all()
        self.assertNotIn("but another amount", movement.suggestion)

    def test_two_children_who_claim_one_payment_are_both_shown(self):
        self.claim()
        self.claim(self.grace)
        movement = self.wait()
        for name in ("Hope Wanja", "Grace Njeri"):
            self.assertIn(name, movement.suggestion)
        self.assertFalse(movement.only_suggestion)

    def test_what_was_typed_is_the_better_reason(self):
        self.claim(self.grace)
        movement = self.wait('ADM-10454')
        self.assertIn("One sign differs", movement.suggestion)
        self.assertNotIn("A claim", movement.suggestion)
        self.assertEqual(movement.only_suggestion, f'school.student,{self.grace.id}')

    def test_a_claim_against_what_was_typed_takes_the_button_away(self):
        movement = self.wait('ADM-10454')
        self.assertTrue(movement.only_suggestion)
        self.claim()
        self.env.invalidate_all()
        self.assertFalse(movement.only_suggestion)
        self.assertTrue(movement.suggestion.startswith(self.hope.display_name))
        self.assertIn("Grace Njeri", movement.suggestion)

    def test_whoever_lost_it_by_a_reversal_is_not_suggested_by_a_claim(self):
        self.drain_c2b(account='ADM-20117')
        movement = self.get_movements().with_user(self.bursar)
        self.reverse(movement.receipt_id)
        self.claim()
        self.env.invalidate_all()
        self.assertFalse(movement.suggestion)

    def test_what_waits_no_more_is_no_hint(self):
        movement = self.wait()
        self.see(self.claim()).action_refuse()
        self.env.invalidate_all()
        self.assertFalse(movement.suggestion)

    # === OTHER SCHOOLS === #

    def test_another_schools_claim_is_nothing_here(self):
        other = self.create_school("Mwangaza School")
        stranger = self.env['school.student'].with_company(other).create({
            'name': "Stranger", 'admission_no': "ADM-20117", 'company_id': other.id,
        })
        claim = self.claim(stranger)
        movement = self.wait()
        self.bursar.company_ids |= other
        movement = movement.with_context(allowed_company_ids=[self.school.id, other.id])
        self.env.invalidate_all()
        self.assertFalse(movement.suggestion)
        self.assertEqual(self.see(claim).with_context(
            allowed_company_ids=[self.school.id, other.id],
        ).place, 'unknown')
        movement._identify_as([(self.hope, Decimal(3_000))])
        self.assertEqual(claim.state, 'waiting')

    def test_another_schools_office_sees_no_claim(self):
        claim = self.claim()
        other = self.create_school("Mwangaza School")
        stranger = new_test_user(
            self.env, login='claim-stranger', groups='school_fees.group_bursar',
            company_id=other.id, company_ids=[Command.set(other.ids)],
        )
        theirs = claim.sudo(False).with_user(stranger).with_context(
            allowed_company_ids=other.ids,
        )
        self.assertFalse(theirs.search([('code', '=', CODE)]))
        for press in (theirs.action_refuse, theirs.action_open_payment, theirs.read):
            with self.assertRaises(AccessError):
                press()

    def test_a_branchs_child(self):
        branch = self.env['res.company'].create({
            'name': "Primary", 'parent_id': self.school.id,
            'country_id': self.school.country_id.id, 'currency_id': self.school.currency_id.id,
        })
        self.bursar.company_ids |= branch
        pupil = self.env['school.student'].with_company(branch).create({
            'name': "Amina Yusuf", 'admission_no': "P-77", 'company_id': branch.id,
        })
        claim = self.claim(pupil)
        movement = self.wait().with_context(allowed_company_ids=[self.school.id, branch.id])
        self.env.invalidate_all()
        self.assertIn("Amina Yusuf", movement.suggestion)
        self.assertEqual(self.see(claim).with_context(
            allowed_company_ids=[self.school.id, branch.id],
        ).place, 'suspense')

    # === RIGHTS === #

    def test_nobody_edits_a_claim(self):
        claim = self.claim()
        for user in (self.bursar, self.approver, self.cashier):
            theirs = claim.sudo(False).with_user(user)
            for change in (
                lambda theirs=theirs: theirs.write({'state': 'met'}), theirs.unlink,
                lambda theirs=theirs: theirs.create({
                    'student_id': self.hope.id, 'code': CODE, 'source': 'office',
                }),
            ):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    change()
        with self.assertRaisesRegex(UserError, "Only the bursar's office"):
            claim.sudo(False).with_user(self.cashier).action_refuse()
        self.assertEqual(claim.state, 'waiting')
