from datetime import timedelta

from psycopg2 import errors as pg_errors

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import daraja
from odoo.addons.school_mpesa.models.request_error import MpesaRequestError
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestPaymentLink(BookingCommon):
    """Links themselves: slugs, states, what they ask for, and how often they may be paid."""

    def make_link(self, **values):
        return self.env['mpesa.payment.link'].create({'student_id': self.student.id, **values})

    def ask_by(self, link, amount=100, **values):
        return self.ask(
            amount=amount, channel='payment_link', invoices=link._get_bills(), link=link, **values,
        )

    def refuse(self, field, link, **values):
        with self.assertRaises(MpesaRequestError) as caught, self.env.cr.savepoint():
            self.ask_by(link, **values)
        self.assertEqual(caught.exception.field, field, str(caught.exception))
        return str(caught.exception)

    def find(self, slug):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        link = self.env['mpesa.payment.link']._find_slug(slug)
        return link, self.env.cr.sql_log_count - before

    # === SLUGS === #

    def test_slugs_are_long_random_and_free_of_forbidden_words(self):
        slugs = {self.env['mpesa.payment.link']._generate_slug() for _number in range(500)}
        self.assertEqual(len(slugs), 500)
        for slug in slugs:
            self.assertRegex(slug, r'^[0-9A-Za-z]{12}$')
            self.assertFalse(daraja.forbidden_words(slug))

    def test_a_copy_has_a_slug_of_its_own(self):
        link = self.make_link()
        self.assertNotEqual(link.copy().slug, link.slug)

    def test_what_does_not_open_is_looked_up_alike(self):
        with freeze_time('2026-09-14 12:00'):
            live = self.make_link()
            used = self.make_link(max_uses=1)
            expired = self.make_link(expires_on='2026-09-13')
            cancelled = self.make_link()
            cancelled._cancel("Sent to the wrong number")
            self.ask_by(used)._mpesa_move_to('paid')
            near = live.slug[:-1] + ('a' if live.slug[-1] != 'a' else 'b')
            self.assertEqual(self.find(live.slug)[0], live)
            found = {
                slug: self.find(slug)
                for slug in (
                    near, '0' * 12, used.slug, expired.slug, cancelled.slug, '', 'x', 'x' * 500,
                    "' OR 1=1", live.slug.swapcase(), live.slug + ' ', 'é' * 12, None,
                )
            }
            for slug, (link, _queries) in found.items():
                with self.subTest(slug=slug):
                    self.assertFalse(link)
            self.assertEqual(len({queries for _link, queries in found.values()}), 1, found)

    # === STATES === #

    def test_states_follow_the_clock_the_money_and_the_office(self):
        Link = self.env['mpesa.payment.link']
        with freeze_time('2026-09-14 20:59'):  # 23:59 in Kenya
            links = {
                'active': self.make_link(expires_on='2026-09-14'),
                'used': self.make_link(max_uses=1, expires_on='2026-09-14'),
                'expired': self.make_link(expires_on='2026-09-13', max_uses=3),
                'cancelled': self.make_link(),
            }
            self.ask_by(links['used'])._mpesa_move_to('paid')
            links['cancelled']._cancel("Wrong child")
            for state, link in links.items():
                with self.subTest(state=state):
                    self.assertEqual(link.state, state)
                    found = Link.search([
                        ('state', '=', state), ('student_id', '=', self.student.id),
                    ])
                    self.assertIn(link, found)
                    self.assertEqual(set(found.mapped('state')), {state})
            self.assertEqual(
                Link.search([('state', 'in', ('active', 'used'))]) & Link.union(*links.values()),
                links['active'] | links['used'],
            )
            self.assertNotIn(links['active'], Link.search([('state', '!=', 'active')]))
        with freeze_time('2026-09-14 21:01'):  # the next day in Kenya
            Link.invalidate_model()
            self.assertEqual(links['active'].state, 'expired')
            self.assertEqual(links['used'].state, 'used')
            self.assertIn(links['active'], Link.search([('state', '=', 'expired')]))

    def test_links_are_found_by_state_without_looking_at_each(self):
        def search():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = self.env['mpesa.payment.link'].search([('state', '=', 'active')])
            return found, self.env.cr.sql_log_count - before

        few = self.make_link(max_uses=1)
        first, cost = search()
        many = self.env['mpesa.payment.link'].union(*(
            self.make_link(max_uses=2) for _number in range(5)
        ))
        found, dear = search()
        self.assertEqual(found - first, many)
        self.assertIn(few, first)
        self.assertEqual((cost, dear), (1, 1))

    def test_what_m_pesa_gave_back_is_no_use(self):
        link = self.make_link(max_uses=1)
        tx = self.ask_by(link)
        tx._mpesa_move_to('paid')
        self.assertEqual(link.state, 'used')
        tx.mpesa_is_given_back = True
        link.invalidate_recordset()
        self.assertEqual(link.state, 'active')
        self.assertEqual((link.attempt_count, link.paid_count, link.paid_amount), (1, 0, 0))

    def test_cancelling_needs_a_reason_and_is_final(self):
        link = self.make_link()
        for reason in ('', '  ', None):
            with self.assertRaises(UserError):
                link._cancel(reason)
        link._cancel("Wrong child")
        first = link.cancelled_at
        with freeze_time(first + timedelta(hours=1)):
            link._cancel("Again")
        self.assertEqual((link.cancel_reason, link.cancelled_at), ("Wrong child", first))
        self.assertEqual(link.cancelled_by_id, self.env.user)

    # === WHAT IS ASKED FOR === #

    def test_what_is_due_is_read_at_each_view(self):
        link = self.make_link()
        fixed = self.make_link(amount=20_000)
        self.assertEqual((link.asked, fixed.asked), (32_500, 20_000))
        self.create_receipt({self.student: 30_000.50}, date='2026-09-01')
        (link | fixed).invalidate_recordset()
        self.assertEqual((link.asked, fixed.asked), (2_500, 2_500), "Cents are rounded up.")

    def test_a_link_for_paid_bills_never_asks_for_others(self):
        other = self.create_term_bill(self.student, self.term_2, 9_000)
        link = self.make_link(invoice_ids=[(6, 0, self.bill.ids)])
        self.assertEqual(link._get_due(), 32_500)
        self.create_receipt({self.student: 41_500}, date='2026-09-01')
        third = self.create_term_bill(self.student, self.term_1, 7_000)
        link.invalidate_recordset()
        self.assertEqual((other.payment_state, link._get_due()), ('paid', 0))
        self.assertEqual(third.amount_residual, 7_000)
        self.refuse('bill', link)

    def test_a_bill_that_is_anothers_by_now_is_not_asked_for(self):
        trip = self.create_term_bill(self.student, self.term_2, 9_000)
        both = self.make_link(invoice_ids=[(6, 0, (self.bill | trip).ids)])
        only = self.make_link(invoice_ids=[(6, 0, trip.ids)])
        other = self.create_student("Brian Kamau", 'ADM-013')
        trip.button_draft()
        trip.write({'student_id': other.id, 'partner_id': other.partner_id.id})
        trip.action_post()
        (both | only).invalidate_recordset()
        self.assertEqual((both._get_bills(), both.asked, only.asked), (self.bill, 32_500, 0))
        self.assertEqual(self.ask_by(both).invoice_ids, self.bill)
        self.refuse('bill', only)

    def test_a_fixed_amount_is_neither_raised_nor_lowered(self):
        link = self.make_link(amount=5_000, may_change=False)
        for amount in (4_999, 5_001, 32_500):
            message = self.refuse('amount', link, amount=amount)
            self.assertIn("KES 5,000, no more and no less", message)
        self.assertEqual(self.ask_by(link, amount=5_000).mpesa_link_id, link)

    def test_a_link_does_not_tell_what_else_is_due(self):
        link = self.make_link(amount=5_000)
        for amount in (5_001, 32_501, 200_000):
            message = self.refuse('amount', link, amount=amount)
            self.assertIn("This link asks for KES 5,000.", message)
            self.assertNotIn("32,500", message)
        self.assertTrue(self.ask_by(link, amount=2_500))

    def test_a_closed_link_or_anothers_asks_nobody(self):
        link = self.make_link()
        other = self.create_student("Zawadi Kiptoo", 'ADM-077')
        self.create_term_bill(other, self.term_3, 9_000)
        self.refuse('link', link, student=other)
        link._cancel("Wrong child")
        self.refuse('link', link)

    def test_a_shared_link_asks_for_what_is_left_of_its_amount(self):
        link = self.make_link(amount=1_000)
        each = self.make_link(amount=1_000, max_uses=3)
        for way in (link, each):
            first = self.ask_by(way, amount=400)
            first._mpesa_move_to('paid')
        (link | each).invalidate_recordset()
        self.assertEqual((link.asked, each.asked), (600, 1_000))
        self.assertIn("KES 600 or less", self.refuse('amount', link, amount=601))
        self.ask_by(link, amount=600)._mpesa_move_to('paid')
        link.invalidate_recordset()
        self.assertEqual((link.asked, link.state), (0, 'active'))
        self.refuse('link', link, amount=100)
        first.mpesa_is_given_back = True
        each.invalidate_recordset()
        self.assertEqual(each.paid_amount, 0)

    def test_where_nothing_is_due_a_link_takes_nothing(self):
        """ The form was shown before somebody else paid; credit is allowed, and not meant. """
        self.provider.mpesa_allow_credit = True
        fixed = self.make_link(amount=5_000, may_change=False)
        statement = self.student._get_statement_link()
        self.create_receipt({self.student: 32_500}, date='2026-09-01')
        for link in (fixed, statement, self.make_link()):
            self.assertIn("nothing to pay any more", self.refuse('link', link, amount=5_000))
        self.assertFalse(self.env['payment.transaction'].search([
            ('mpesa_student_id', '=', self.student.id),
        ]))

    def test_two_parents_are_not_asked_for_the_same_debt(self):
        statement, link = self.student._get_statement_link(), self.make_link()
        first = self.ask_by(statement, amount=32_500)
        for way in (statement, link, self.bill._get_bill_link()):
            message = self.refuse('link', way, amount=32_500, phone='0722000333')
            self.assertIn("Another request for these fees is open", message)
        first._mpesa_move_to('declined', mpesa_result_code='1032')
        second = self.ask_by(link, amount=20_000, phone='0722000333')
        self.refuse('link', statement, amount=12_501, phone='0733000444')
        self.assertTrue(self.ask_by(statement, amount=12_500, phone='0733000444'))
        second._mpesa_move_to('receipt_pending')  # M-PESA has the money; the receipt is on its way.
        self.refuse('link', link, amount=1_000, phone='0711000555')

    def test_an_outcome_that_a_question_must_confirm_holds_the_link_as_well(self):
        link = self.make_link()
        tx = self.ask_by(link, amount=32_500)
        tx._mpesa_move_to('declined', mpesa_result_code='1037')
        self.assertTrue(tx._mpesa_awaits_query())
        self.refuse('link', link, amount=32_500)
        tx.mpesa_query_confirmed = True
        self.assertTrue(self.ask_by(link, amount=32_500))

    def test_a_request_that_hangs_holds_nobody_for_longer_than_three_minutes(self):
        link = self.make_link()
        with freeze_time('2026-09-14 09:00:00'):
            self.ask_by(link, amount=32_500)._mpesa_move_to(
                'unknown', mpesa_sent_at=fields.Datetime.now(),
            )
        with freeze_time('2026-09-14 09:02:59'):
            self.refuse('link', link, amount=32_500, phone='0722000333')
        with freeze_time('2026-09-14 09:03:01'):
            self.assertTrue(self.ask_by(link, amount=32_500, phone='0722000333'))

    # === HOW OFTEN === #

    def test_an_open_request_reserves_a_use(self):
        link = self.make_link(max_uses=1)
        tx = self.ask_by(link)
        self.assertIn("takes no further one", self.refuse('link', link, phone='0722000333'))
        tx._mpesa_move_to('declined', mpesa_result_code='1032')
        again = self.ask_by(link, phone='0722000333')
        again._mpesa_move_to('paid')
        link.invalidate_recordset()
        self.refuse('link', link, phone='0733000444')
        self.assertEqual(link.state, 'used')

    def test_a_request_that_only_a_person_may_close_reserves_nothing(self):
        link = self.make_link(max_uses=1)
        tx = self.ask_by(link)
        tx._mpesa_move_to('unknown')
        self.refuse('link', link, phone='0722000333')
        tx.mpesa_needs_person = True
        self.assertEqual(self.ask_by(link, phone='0722000333').mpesa_link_id, link)

    def test_two_requests_at_once_cannot_both_take_the_last_use(self):
        """ The row is written, so that of two snapshots the second one must start again. """
        link = self.make_link(max_uses=1)
        before = link.ask_number
        self.ask_by(link)
        self.env.cr.execute('SELECT ask_number FROM mpesa_payment_link WHERE id = %s', [link.id])
        self.assertEqual(self.env.cr.fetchone()[0], before + 1)
        unlimited = self.make_link()
        self.ask_by(unlimited, phone='0722000333')
        self.assertEqual(unlimited.ask_number, 0, "No lock where there is no limit.")

    def test_a_payers_retry_keeps_the_link_and_a_clerks_does_not(self):
        link = self.make_link(max_uses=1)
        tx = self.ask_by(link)
        tx._mpesa_move_to('declined', mpesa_result_code='1032')
        again = tx._mpesa_retry(phone='0722000333')
        self.assertEqual((again.mpesa_link_id, again.mpesa_channel), (link, 'payment_link'))
        self.refuse('link', link, phone='0733000444')
        again._mpesa_move_to('declined', mpesa_result_code='1032')
        clerks = again._mpesa_retry(phone='0733000444', initiator=self.env.user)
        self.assertFalse(clerks.mpesa_link_id)
        self.assertEqual(clerks.mpesa_channel, 'stk_push')

    def test_a_retry_by_a_cancelled_link_is_refused(self):
        link = self.make_link()
        tx = self.ask_by(link)
        tx._mpesa_move_to('declined', mpesa_result_code='1032')
        link._cancel("Wrong child")
        with self.assertRaises(MpesaRequestError):
            tx._mpesa_retry(phone='0722000333')

    # === BILLS AND STATEMENTS === #

    def test_each_posted_bill_has_one_slug_made_at_once(self):
        students = [self.create_student(f"Child {n}", f'ADM-9{n}') for n in range(3)]
        bills = self.env['account.move'].union(*(
            self.create_term_bill(student, self.term_3, 9_000, post=False) for student in students
        ))
        Link = self.env['mpesa.payment.link']
        self.assertFalse(bills._get_bill_link())
        created = []
        create = type(Link).create

        def count(model, vals_list):
            created.append(len(vals_list))
            return create(model, vals_list)

        self.patch(type(Link), 'create', count)
        bills.action_post()
        self.assertEqual(created, [3])
        links = bills._get_bill_link()
        self.assertEqual(created, [3], "They are made once.")
        self.assertEqual((links.bill_id, set(links.mapped('kind'))), (bills, {'bill'}))
        self.assertEqual(links[0]._get_channel(), 'invoice')

    def test_a_bill_has_one_address_in_the_database_itself(self):
        self.bill._get_bill_link()
        with self.assertRaises(pg_errors.UniqueViolation), self.env.cr.savepoint(), \
                mute_logger('odoo.sql_db'):
            self.make_link(kind='bill', bill_id=self.bill.id)
        statement = self.student._get_statement_link()
        self.assertEqual(statement, self.student._get_statement_link())
        with self.assertRaises(pg_errors.UniqueViolation), self.env.cr.savepoint(), \
                mute_logger('odoo.sql_db'):
            self.make_link(kind='statement')

    def test_a_revoked_address_is_replaced(self):
        first = self.student._get_statement_link()
        first._cancel("Printed by mistake")
        second = self.student._get_statement_link()
        self.assertNotEqual(second, first)
        self.assertEqual(second.state, 'active')

    def test_a_draft_or_cancelled_bill_has_no_open_page(self):
        link = self.bill._get_bill_link()
        self.assertEqual(self.find(link.slug)[0], link)
        self.bill.button_draft()
        self.assertFalse(self.find(link.slug)[0])
        self.assertIn(link, link.search([('state', '=', 'cancelled')]))
        self.bill.action_post()
        self.assertEqual(self.bill._get_bill_link(), link)
        self.assertEqual(self.find(link.slug)[0], link)

    def test_a_reversed_bill_has_no_open_page(self):
        link = self.bill._get_bill_link()
        self.bill._reverse_moves([{'invoice_date': self.bill.invoice_date}], cancel=True)
        self.assertEqual(self.bill.payment_state, 'reversed')
        self.assertEqual(link.state, 'cancelled')
        self.assertFalse(self.find(link.slug)[0])
        self.assertIn(link, link.search([('state', '=', 'cancelled')]))
        self.assertNotIn(link, link.search([('state', '=', 'active')]))

    def test_the_paper_of_one_child_never_leads_to_another(self):
        other = self.create_student("Zawadi Kiptoo", 'ADM-077')
        bill = self.create_term_bill(other, self.term_2, 9_000)
        printed = bill._get_bill_link()
        bill.button_draft()
        bill.write({'student_id': self.student.id, 'partner_id': self.student.partner_id.id})
        bill.action_post()
        new = bill._get_bill_link()
        self.assertEqual((printed.student_id, new.student_id), (other, self.student))
        self.assertNotEqual(new.slug, printed.slug)
        self.assertEqual((printed.state, new.state), ('cancelled', 'active'))
        self.assertFalse(self.find(printed.slug)[0])

    def test_without_a_shortcode_nothing_is_made(self):
        self.provider.state = 'disabled'
        student = self.create_student("Zawadi Kiptoo", 'ADM-077')
        bill = self.create_term_bill(student, self.term_3, 9_000)
        self.assertFalse(bill._get_bill_link() or student._get_statement_link())
        self.assertIn('/my/invoices/', bill._get_school_pay_block()['url'])
        self.assertIn('/my/fees/', student._get_pay_block_of_account()['url'])

    def test_paper_leads_to_the_pay_page(self):
        bill, statement = self.bill._get_bill_link(), self.student._get_statement_link()
        self.assertEqual(self.bill._get_school_pay_block()['url'], bill.url)
        self.assertEqual(self.student._get_pay_block_of_account()['url'], statement.url)
        self.assertTrue(bill.url.endswith(f'/p/{bill.slug}'))

    def test_what_came_by_a_link_is_booked_on_its_channel(self):
        link = self.make_link(description="School trip")
        tx = self.prompt(amount=500, channel=link._get_channel(), link=link, invoices=None)
        self.drain_stk(tx, 0)
        receipt = tx.mpesa_receipt_id
        self.assertEqual((receipt.channel, receipt.amount), ('payment_link', 500))
        self.assertEqual((link.paid_count, link.paid_amount), (1, 500))
        self.assert_conserved()
