import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.school_mpesa import proof
from odoo.addons.school_mpesa.tests.day_common import DayCloseCommon


@tagged('post_install', '-at_install')
class TestMpesaDashboard(DayCloseCommon):
    """Each figure is what the books say, and nobody sees more than in the lists."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Dashboard = cls.env['mpesa.dashboard']
        cls.Link = cls.env['mpesa.payment.link']

    def setUp(self):
        super().setUp()
        self.today = self.Close._get_today()
        self.start, self.end = proof.get_day_bounds(self.today)

    # === TOOLS === #

    def figures(self, user=None, companies=None):
        """ Return what the screen gets. """
        self.env.flush_all()
        self.env.invalidate_all()  # Each is a request of its own.
        return self.Dashboard.with_user(user or self.bursar).with_context(
            allowed_company_ids=(companies or self.school).ids,
        ).get_figures()

    def card(self, key, **values):
        """ Return a card of the top row. """
        return {card['key']: card for card in self.figures(**values)['cards']}[key]

    def chart_rows(self, key, **values):
        """ Return the rows of a chart as (label, KES, count). """
        chart = {chart['key']: chart for chart in self.figures(**values)['charts']}[key]
        return [(row['label'], row['amount'], row['count']) for row in chart['rows']]

    def listed(self, card):
        """ Return the records of the list behind a card. """
        action = card['action']
        return self.env[action['res_model']].with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        ).search(action['domain'])

    def prompted(self, state, phone, amount=1_000):
        """ Make a request that has come to a state. """
        tx = self.ask(amount=amount, phone=phone)
        tx._mpesa_move_to(state, mpesa_sent_at=fields.Datetime.now())
        return tx

    def sql(self, query, *parameters):
        self.env.flush_all()
        self.env.cr.execute(query, parameters)
        self.env.invalidate_all()

    # === FIGURES === #

    def test_received_today(self):
        self.pay('UIE0000001', '15500.00', at=self.start)
        self.pay('UIE0000002', '300.50', 'karo', at=self.end - timedelta(seconds=1))
        # The second before midnight in Kenya is yesterday, whatever day it is in UTC.
        self.pay('UIE0000003', '700.00', at=self.start - timedelta(seconds=1))
        card = self.card('received')
        self.assertEqual((card['amount'], card['value']), (15_800.5, "KES 15,800.50"))
        self.assertEqual(card['details'], ["2 payments", "Yesterday: KES 700"])
        self.assertEqual(sum(self.listed(card).mapped('amount')), 15_800.5)

    def test_what_went_back_was_received_and_is_told(self):
        movement = self.pay('UIE0000001', at=self.start)
        movement.is_returned = True
        card = self.card('received')
        self.assertEqual(card['amount'], 500)
        self.assertIn("Of it given back by M-PESA: KES 500", card['details'])

    def test_what_safaricom_does_not_know_was_not_received(self):
        movement = self.pay('UIE0000001', at=self.start)
        movement.denial_state = 'denied'
        card = self.card('received')
        self.assertEqual((card['amount'], card['details'][0][:17]), (0, "No payments today"))
        self.assertFalse(self.listed(card))

    def test_nothing_yet_is_explained(self):
        figures = self.figures()
        cards = {card['key']: card for card in figures['cards']}
        self.assertIn("No payment yet", cards['received']['details'][0])
        self.assertEqual(cards['success']['value'], '–')
        self.assertIn("No request of today", cards['success']['details'][0])
        self.assertEqual(cards['pending']['details'], ["No request is open."])
        self.assertEqual(cards['unidentified']['details'], ["Every payment found its student."])
        self.assertEqual(cards['conservation']['tone'], 'good')
        self.assertIn("No day has been compared yet", cards['days']['details'][0])
        self.assertEqual(cards['balance']['value'], "Not asked yet")
        self.assertEqual((figures['transactions'], figures['links']), ([], []))
        self.assertEqual([chart['rows'] for chart in figures['charts']], [[], []])

    def test_a_school_without_a_shortcode_is_told_so(self):
        other = self.create_school("Mwangaza School")
        self.bursar.company_ids |= other
        self.assertIn("No M-PESA shortcode", self.card('received', companies=other)['details'][0])

    def test_a_day_without_payments_names_the_last(self):
        self.pay('UIE0000001', at=self.start - timedelta(days=2))
        self.assertRegex(
            self.card('received')['details'][0], r"^No payments today\. Last: .+, KES 500$",
        )

    def test_success_is_of_what_has_ended_today(self):
        states = ('paid', 'paid', 'receipt_pending', 'declined', 'expired', 'accepted', 'queued')
        txs = [self.prompted(s, f'07220001{n:02}') for n, s in enumerate(states)]
        card = self.card('success')
        self.assertEqual((card['amount'], card['value']), (60, '60%'))
        self.assertEqual(card['details'], ["3 paid, 2 not paid"])
        self.assertEqual(len(self.listed(card)), 5)
        txs[0].mpesa_is_denied = True  # The message was forged, so nobody has paid.
        self.assertEqual(self.card('success')['details'], ["2 paid, 3 not paid"])
        self.sql(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            self.start - timedelta(seconds=1), txs[3].id,
        )
        self.assertEqual(self.card('success')['details'], ["2 paid, 2 not paid"])

    def test_all_are_paid_only_when_all_are(self):
        txs = [self.prompted('paid', f'07220002{number:02}') for number in range(3)]
        self.prompted('declined', '0722000299')
        self.assertEqual(self.card('success')['amount'], 75)
        self.sql(
            "UPDATE payment_transaction SET mpesa_push_state = 'declined' WHERE id = %s",
            txs[0].id,
        )
        self.assertEqual(self.card('success')['amount'], 50)

    def test_pending_and_how_old(self):
        old, new = self.prompted('accepted', '0722000301'), self.prompted('queued', '0722000302')
        card = self.card('pending')
        self.assertEqual((card['amount'], card['tone']), (2, ''))
        self.assertEqual(self.listed(card), old | new)
        self.sql(
            "UPDATE payment_transaction SET create_date = create_date - interval '40 hours'"
            " WHERE id = %s", old.id,
        )
        old.mpesa_needs_person = True
        card = self.card('pending')
        self.assertEqual((card['amount'], card['tone']), (2, 'check'))
        self.assertEqual(card['details'], ["The oldest for 40 h", "To be looked up by somebody: 1"])

    def test_unidentified(self):
        self.pay('UIE0000001', '300.50', 'karo', at=self.start - timedelta(days=3))
        self.pay('UIE0000002', at=self.start)
        card = self.card('unidentified')
        self.assertEqual((card['amount'], card['tone']), (1, 'check'))
        self.assertRegex(card['details'][0], r"^KES 300\.50, the oldest since ")
        self.assertEqual(self.listed(card).receipt, 'UIE0000001')

    # === REAL MONEY === #

    def test_tries_are_marked_and_not_added_to_real_money(self):
        yesterday = self.start - timedelta(days=1)
        self.pay('UIE0000001', '900.00', at=self.start)
        self.pay('UIE0000002', '50.00', 'karo', at=yesterday)
        self.prove(self.today - timedelta(days=1))
        self.prompted('accepted', '0722000801')
        self.prompted('paid', '0722000802')
        self.c2b('UIE0000003')  # It waits.
        figures = self.figures()
        self.assertEqual(figures['mark'], "TEST: no real money moves")
        self.assertEqual(figures['cards'][0]['amount'], 900)
        self.assertEqual(len(figures['transactions']), 4)
        live = self.create_provider(shortcode='600222')
        live.write({
            'mpesa_callback_base': 'https://fees.example.sc.ke', 'mpesa_environment': 'production',
            'state': 'enabled', 'mpesa_source_check': 'off',
        })
        figures = self.figures()
        self.assertEqual((figures['mark'], figures['transactions']), ('', []))
        self.assertFalse(any(chart['rows'] for chart in figures['charts']))
        cards = {card['key']: card for card in figures['cards']}
        for key in ('received', 'pending', 'unidentified', 'conservation'):
            self.assertEqual((key, cards[key]['amount']), (key, 0))
        self.assertEqual(cards['success']['value'], '–')
        self.assertEqual(cards['conservation']['tone'], 'good')
        self.assertIn("No day has been compared yet", cards['days']['details'][0])
        movement = self.pay(
            'UIE0000004', '70.00', at=self.start, provider=live, BusinessShortCode='600222',
        )  # And now the message that waited is booked, too.
        for state in ('enabled', 'disabled'):  # What was real stays so.
            live.state = state
            card = self.card('received')
            self.assertEqual((state, card['amount']), (state, 70))
            self.assertEqual(self.listed(card), movement)
            self.assertEqual(self.chart_rows('channels'), [("Paybill", 70, 1)])
            self.assertEqual(
                [row['id'] for row in self.figures()['transactions']], movement.ids,
            )

    # === WHETHER ALL OF IT IS IN THE BOOKS === #

    def test_all_of_it_is_in_the_books(self):
        self.pay('UIE0000001', at=self.start)
        self.pay('UIE0000002', '300.50', 'karo', at=self.start)
        card = self.card('conservation')
        self.assertEqual((card['amount'], card['tone'], card['value']), (0, 'good', "All of it"))
        self.assertEqual(
            card['details'], ["Today: KES 500 on students, KES 300.50 unidentified"],
        )

    def test_a_payment_without_a_posting_is_missing(self):
        for number, at in enumerate((self.start, self.start - timedelta(days=5)), start=1):
            movement = self.pay(f'UIE000000{number}', at=at)
            self.sql(
                "UPDATE mpesa_transaction SET receipt_id = NULL WHERE id = %s", movement.id,
            )
            card = self.card('conservation')
            self.assertEqual((card['amount'], card['tone']), (500 * number, 'bad'))
            self.assertEqual(sum(self.listed(card).mapped('amount')), 500 * number)

    def test_a_payment_on_a_receipt_that_does_not_stand_is_missing(self):
        movement = self.pay('UIE0000001', at=self.start)
        self.sql(
            "UPDATE school_receipt SET state = 'reversed' WHERE id = %s", movement.receipt_id.id,
        )
        card = self.card('conservation')
        self.assertEqual((card['amount'], card['tone']), (500, 'bad'))
        self.assertEqual(self.listed(card), movement)
        self.sql(
            "UPDATE school_receipt SET state = 'posted' WHERE id = %s", movement.receipt_id.id,
        )

    def test_the_receipt_of_a_branch_is_in_the_books(self):
        branch = self.create_school("Uhuru Academy, Annex")
        movement = self.pay('UIE0000001', at=self.start)
        self.sql(
            "UPDATE school_receipt SET company_id = %s WHERE id = %s",
            branch.id, movement.receipt_id.id,
        )
        self.assertEqual(self.card('conservation')['tone'], 'good')
        self.assertEqual(self.figures()['transactions'][0]['student'], "Faith Otieno (ADM-012)")

    def test_messages_that_wait(self):
        self.c2b('UIE0000001')
        card = self.card('conservation')
        self.assertEqual((card['value'], card['tone']), ("1 message waits", 'check'))
        self.assertEqual(len(self.listed(card)), 1)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=5, seconds=30)):
            card = self.card('conservation')
        self.assertEqual(card['tone'], 'bad')
        self.assertIn("the oldest for 5 min", card['details'][0])
        self.drain()
        self.assertEqual(self.card('conservation')['tone'], 'good')

    def test_the_proofs_of_the_days(self):
        yesterday = self.today - timedelta(days=1)
        self.pay('UIE0000001', at=self.start - timedelta(hours=1))
        close = self.prove(yesterday)
        self.assertEqual(self.card('days')['value'], "Not yet proven by statement")
        close.write({'state': 'proven'})
        card = self.card('days')
        self.assertEqual((card['value'], card['tone']), ("Proven", 'good'))
        self.assertIn("Proven and not signed: 1", card['details'])
        close.write({'state': 'different'})
        card = self.card('days')
        self.assertEqual((card['value'], card['tone']), ("Differences", 'bad'))
        self.assertEqual(self.listed(card), close)

    # === CHARTS === #

    def test_the_trend_is_the_same_from_proofs_and_from_payments(self):
        days = (0, 1, 6, 13)
        for ago in days:
            self.pay(f'UIE00000{ago:02}', f'{500 + ago}.00', at=self.start - timedelta(days=ago))
        self.pay('UIE0000099', at=self.start - timedelta(days=14))  # Before the chart.
        found = self.chart_rows('trend')
        self.assertEqual(len(found), 14)
        self.assertEqual(
            [(13 - place, amount, count) for place, (_day, amount, count) in enumerate(found)
             if count],
            [(13, 513, 1), (6, 506, 1), (1, 501, 1), (0, 500, 1)],
        )
        for ago in days[1:]:
            self.prove(self.today - timedelta(days=ago))
        self.assertEqual(self.chart_rows('trend'), found)
        self.sql("UPDATE mpesa_day_close SET movement_total = 7 WHERE day = %s",
                 self.today - timedelta(days=6))
        self.assertEqual(self.chart_rows('trend')[7][1], 7)  # A proof that stands is believed,
        self.sql("UPDATE mpesa_day_close SET is_stale = TRUE")
        self.assertEqual(self.chart_rows('trend'), found)  # and not once something new is known.

    def test_channels_of_today(self):
        self.pay('UIE0000001', '900.00', at=self.start)
        self.pay('UIE0000002', '100.00', 'karo', at=self.start)
        tx = self.prompt(amount=400)
        self.drain_stk(tx, receipt='UIE0000003', time=int(
            (fields.Datetime.now() + timedelta(hours=3)).strftime('%Y%m%d%H%M%S')
        ))
        self.assertEqual(
            self.chart_rows('channels'), [("Paybill", 1_000, 2), ("Invoice Payment", 400, 1)],
        )

    # === LISTS === #

    def test_the_last_transactions(self):
        unasked = self.pay('UIE0000001', '300.50', 'karo', at=self.start - timedelta(days=1))
        tx = self.prompt(amount=400)
        self.drain_stk(tx, receipt='UIE0000003')
        declined = self.prompted('declined', '0733000444')
        rows = self.figures()['transactions']
        self.assertEqual(
            [(row['model'], row['id'], row['amount'], row['tone']) for row in rows], [
                ('payment.transaction', declined.id, "KES 1,000", 'bad'),
                # The payment that it brought has no row of its own.
                ('payment.transaction', tx.id, "KES 400", 'good'),
                ('mpesa.transaction', unasked.id, "KES 300.50", 'check'),
            ],
        )
        self.assertEqual([row['student'] for row in rows], [
            "Faith Otieno (ADM-012)", "Faith Otieno (ADM-012)", "karo",
        ])
        self.assertIn('***', rows[0]['phone'])
        self.assertRegex(rows[0]['time'], r'^\d\d:\d\d$')
        self.assertRegex(rows[2]['time'], r'^\w{3}.* \d\d:\d\d$')
        self.assertEqual([row['channel_name'] for row in rows], [
            "Invoice Payment", "Invoice Payment", "Paybill",
        ])
        told = json.dumps(rows)
        for number in ('712000111', '733000444'):
            self.assertNotIn(number, told.replace(' ', ''))

    def test_safaricom_is_asked_only_where_it_can_be(self):
        self.pay('UIE0000001', at=self.start)
        self.prompted('declined', '0733000444')
        self.assertEqual([row['ask'] for row in self.figures()['transactions']], [None, None])
        self.provider.mpesa_status_enabled = True
        self.assertEqual({row['ask'] for row in self.figures()['transactions']}, {
            'action_ask_safaricom', 'action_mpesa_ask_safaricom',
        })

    def test_no_more_than_the_last_twenty(self):
        for number in range(22):
            self.prompted('declined', f'07230005{number:02}', amount=100 + number)
        rows = self.figures()['transactions']
        self.assertEqual(len(rows), 20)
        self.assertEqual(rows[0]['amount'], "KES 121")

    def test_links_that_are_active_and_the_last_ones(self):
        day = timedelta(days=1)
        links = self.Link._make_by_hand([
            {'student_id': self.student.id, **values} for values in (
                {'description': "No end"},
                {'expires_on': self.today, 'max_uses': 2},
                {'expires_on': self.today - day},
                {'max_uses': 1},
                {'amount': 1_500},
            )
        ])
        links[4]._close("Too much")
        tx = self.env['payment.transaction']._mpesa_ask(
            provider=self.provider, student=self.student, amount=700, phone='0722000601',
            channel='payment_link', invoices=self.bill[:0], link=links[3],
        )
        tx._mpesa_move_to('paid')
        # Those of bills, statements and relatives are others.
        self.Link.create({'student_id': self.student.id, 'for_relatives': True})
        self.student._get_statement_link()
        card = self.card('links')
        self.assertEqual(card['amount'], 2)
        self.assertEqual(self.listed(card), links[:2].sorted('id', reverse=True))
        rows = self.figures()['links']
        self.assertEqual(
            [(row['id'], row['state'], row['can_send']) for row in rows], [
                (links[4].id, "Cancelled", False), (links[3].id, "Used", False),
                (links[2].id, "Expired", False), (links[1].id, "Active", True),
                (links[0].id, "Active", True),
            ],
        )
        self.assertEqual(
            (rows[1]['paid'], rows[0]['asked'], rows[4]['what']),
            ("Paid: 700", "KES 1,500", "No end"),
        )

    def test_quick_actions_open(self):
        for entry in self.figures()['actions']:
            self.env['ir.actions.act_window'].with_user(self.bursar)._for_xml_id(entry['action'])

    # === WHO SEES IT === #

    def test_only_the_bursars_office(self):
        for group in ('cashier', 'class_teacher'):
            user = self.create_staff(f'dashboard-{group}', f'school_fees.group_{group}')
            with self.subTest(group), self.assertRaises(AccessError):
                self.figures(user)
        self.assertTrue(self.figures(
            self.create_staff('dashboard-head', 'school_fees.group_approver'),
        ))

    def test_two_schools_do_not_mix(self):
        other = self.create_school("Mwangaza School")
        theirs = self.create_provider(school=other, shortcode='600222')
        self.pay('UIE0000001', at=self.start)
        self.drain_c2b(
            'UIE0000002', '70.00', 'karo', provider=theirs, BusinessShortCode='600222',
        )
        before = self.figures()
        self.assertEqual(before['cards'][0]['amount'], 500)
        self.assertEqual(len(before['transactions']), 1)
        with self.assertRaises(AccessError):  # As in every list.
            self.figures(companies=other)
        self.bursar.company_ids = [Command.link(other.id)]
        figures = self.figures(companies=other)
        self.assertEqual((figures['school'], figures['cards'][0]['amount']), (other.name, 70))
        both = self.figures(companies=self.school | other)
        self.assertEqual(both['cards'][0]['amount'], 570)
        self.assertEqual({card['key']: card['amount'] for card in both['cards']}['unidentified'], 1)
        self.assertEqual(len(both['transactions']), 2)

    # === SIZE === #

    def test_the_number_of_queries_does_not_grow(self):
        def count():
            self.env.flush_all()
            self.figures()  # Actions and rights are in the caches of the server.
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.figures()
            return self.env.cr.sql_log_count - before

        def add(first, last):
            for number in range(first, last):
                self.pay(f'UIE10000{number:02}', at=self.start)
                self.pay(f'UIE20000{number:02}', '10.00', 'karo', at=self.start)
                self.prompted(('paid', 'declined', 'accepted')[number % 3], f'07240007{number:02}')
                self.Link._make_by_hand([{'student_id': student.id, 'max_uses': 1}])
        student = self.create_student("Brian Kamau", 'ADM-013')
        add(0, 3)
        few = count()
        student = self.create_student("Joy Achieng", 'ADM-014')
        add(3, 9)
        self.assertEqual(count(), few)
        self.assertLess(few, 60)
