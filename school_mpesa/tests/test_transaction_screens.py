from datetime import datetime, timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from odoo.addons.school_mpesa.tests.transaction_common import TransactionCommon


@tagged('post_install', '-at_install')
class TestTransactionScreens(TransactionCommon):
    """Lists of movements and of requests: what they find, count and cost."""

    def find(self, field, value, operator='ilike'):
        model = self.as_bursar(self.env['mpesa.transaction'])
        return model.search([(field, operator, value), ('company_id', '=', self.school.id)]).sudo()

    # === SEARCH === #

    def test_movements_are_found_by_the_whole_number_in_any_form(self):
        self.make_payments()
        for text in ('0712000111', '0712 000 111', '254712000111', '+254 712 000 111'):
            with self.subTest(text):
                self.assertEqual(self.find('payer_search', text), self.asked)
        self.assertEqual(self.find('payer_search', '0722000444'), self.typed)
        for nonsense in ('0799999999', 'hello', '07120001110000', "0712'; --"):
            with self.subTest(nonsense):
                self.assertFalse(self.find('payer_search', nonsense))

    def test_a_number_that_only_the_request_tells_finds_the_movement(self):
        self.make_payments()
        self.asked.payer_index = False
        self.assertEqual(self.find('payer_search', '0712000111'), self.asked)

    def test_only_the_office_finds_by_number(self):
        clerk = new_test_user(
            self.env, login='screens-clerk', groups='base.group_user,account.group_account_invoice',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        for model, field in (
            ('mpesa.transaction', 'payer_search'), ('payment.transaction', 'mpesa_phone_search'),
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(clerk).search([(field, 'ilike', '0712000111')])

    def test_what_a_movement_counts_under(self):
        self.make_payments()
        self.assertEqual(
            [(m.channel, m.student_id, m.class_id, m.booking_state) for m in (
                self.asked, self.typed, self.nobody,
            )],
            [
                ('stk_push', self.student, self.east, 'request'),
                ('paybill_manual', self.brian, self.west, 'matched'),
                ('paybill_manual', self.env['school.student'], self.env['school.class'],
                 'unidentified'),
            ],
        )
        self.assertEqual(self.paid.mpesa_class_id, self.east)

    def test_money_of_several_children_is_of_no_one_class(self):
        tx = self.prompt(
            amount=1_000, shares=[(self.student, 600), (self.brian, 400)], invoices=None,
            channel='statement',
        )
        self.drain_stk(tx, receipt='UIE4K7PS01')
        movement = self.get_movements()
        self.assertEqual(len(movement.receipt_id.line_ids), 2)
        self.assertFalse(movement.student_id)
        self.assertFalse(movement.class_id)

    def test_identified_money_is_counted_anew(self):
        self.make_payments()
        self.as_bursar(self.nobody)._identify_as([(self.as_bursar(self.brian), 900)])
        self.assertEqual(
            (self.nobody.booking_state, self.nobody.student_id, self.nobody.class_id),
            ('matched', self.brian, self.west),
        )

    def test_this_term_is_the_schools_by_its_days_in_kenya(self):
        self.make_payments()
        self.term_3.write({'state': 'current', 'date_from': '2026-09-01', 'date_to': '2026-11-01'})
        (self.term_1 | self.term_2).write({'state': 'closed'})
        for moment, fits in (
            ('2026-08-31 20:59:59', False), ('2026-08-31 21:00:00', True),
            ('2026-11-01 20:59:59', True), ('2026-11-01 21:00:00', False),
        ):
            with self.subTest(moment):
                moment = fields.Datetime.to_datetime(moment)
                self.asked.paid_at = moment
                found = self.find('search_this_term', True, '=')
                self.assertEqual(self.asked in found, fits)
                self.assertEqual(self.asked in self.find('search_this_term', False, '='), not fits)
        self.term_3.state = 'closed'
        self.assertFalse(self.find('search_this_term', True, '='))

    def test_every_filter_and_group_works(self):
        self.make_payments()
        measures = {'mpesa.transaction': 'signed_amount:sum', 'payment.transaction': 'amount:sum'}
        for xmlid in ('mpesa_transaction_view_search', 'payment_transaction_view_search_mpesa'):
            view = self.env.ref(f'school_mpesa.{xmlid}')
            Model = self.as_bursar(self.env[view.model])
            tree = etree.fromstring(Model.get_view(view.id, 'search')['arch'])
            filters = tree.xpath('//filter')
            self.assertGreater(len(filters), 13)
            ours = [('company_id', '=', self.school.id)]
            total = Model.search_count(ours)
            for node in filters:
                with self.subTest(model=view.model, filter=node.get('name')):
                    if node.get('domain'):
                        Model.search(safe_eval(node.get('domain'), {'uid': self.bursar.id}))
                    elif node.get('context'):
                        grouped = safe_eval(node.get('context'))['group_by']
                        rows = Model.formatted_read_group(
                            ours, [grouped], [measures[view.model], '__count'],
                        )
                        self.assertEqual(sum(row['__count'] for row in rows), total)

    def test_grouped_by_state_the_amounts_are_right(self):
        self.make_payments()
        rows = self.as_bursar(self.env['mpesa.transaction'])._read_group(
            [('company_id', '=', self.school.id)], ['booking_state'], ['signed_amount:sum'],
        )
        self.assertEqual(dict(rows), {'request': 15_500, 'matched': 700, 'unidentified': 900})

    def test_every_view_opens_for_the_bursar(self):
        for xmlid in ('mpesa_transaction_action', 'payment_transaction_action'):
            action = self.env.ref(f'school_mpesa.{xmlid}')
            Model = self.as_bursar(self.env[action.res_model])
            modes = action.view_mode.split(',')
            self.assertEqual(set(modes), {'list', 'kanban', 'form', 'pivot', 'graph'})
            views = [(view.view_id.id, view.view_mode) for view in action.view_ids] or [
                (False, mode) for mode in modes
            ]
            self.assertEqual(set(Model.get_views(views)['views']), set(modes))

    # === 100,000 ROWS === #

    def count_queries(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        return self.env.cr.sql_log_count - before

    def get_list_fields(self, Model, xmlid):
        """ Return what the list asks for, as the web client does. """
        arch = etree.fromstring(
            Model.get_view(self.env.ref(f'school_mpesa.{xmlid}').id, 'list')['arch'],
        )
        return {
            node.get('name'): {'fields': {'display_name': {}}}
            if Model._fields[node.get('name')].type == 'many2one' else {}
            for node in arch.xpath('//field')
        }

    def test_a_long_list_of_movements_costs_no_query_each(self):
        for number in range(12):
            self.c2b(f'UIE4K7PM{number:02}', f'{100 + number}.00', 'ADM-013')
        self.c2b('UIE4K7PM90', '90.00', 'nobody at all')
        self.drain()
        Model = self.as_bursar(self.env['mpesa.transaction'])
        specification = self.get_list_fields(Model, 'mpesa_transaction_view_list')
        ours = [('company_id', '=', self.school.id)]
        costs = [
            self.count_queries(lambda limit=limit: Model.web_search_read(
                ours, specification, limit=limit, count_limit=10_001,
            ))
            for limit in (3, 13)
        ]
        self.assertEqual(Model.search_count(ours), 13)
        self.assertLessEqual(costs[1], costs[0])

    def test_a_long_list_of_requests_costs_no_query_each(self):
        for number in range(12):
            self.ask(amount=100 + number, phone=f'07120002{number:02}')
        Model = self.as_bursar(self.env['payment.transaction'])
        specification = self.get_list_fields(Model, 'payment_transaction_view_list_mpesa')
        ours = [('company_id', '=', self.school.id), ('mpesa_push_state', '!=', False)]
        costs = [
            self.count_queries(lambda limit=limit: Model.web_search_read(
                ours, specification, limit=limit, count_limit=10_001,
            ))
            for limit in (3, 12)
        ]
        self.assertEqual(Model.search_count(ours), 12)
        self.assertLessEqual(costs[1], costs[0])

    def test_the_lists_own_order_and_what_waits_are_read_by_an_index(self):
        """ Of many rows the newest come without sorting all. """
        self.env.flush_all()
        # Raw SQL: what counts here is the plan, and Odoo would make these rows for minutes.
        self.env.cr.execute(SQL(
            """
            INSERT INTO mpesa_transaction (
                provider_id, company_id, environment, shortcode, receipt, kind, direction, amount,
                signed_amount, currency_id, paid_at, first_seen_at, source, booking_state, channel)
            SELECT %(provider)s, %(company)s, 'simulator', '600111', 'Z' || lpad(n::text, 9, '0'),
                   'payment', 'in', 100, 100, %(currency)s, %(first)s + n * interval '1 minute',
                   %(first)s, 'confirmation',
                   CASE WHEN n %% 1000 = 0 THEN 'unidentified' ELSE 'matched' END, 'paybill_manual'
              FROM generate_series(1, 20000) n
            """,
            provider=self.provider.id, company=self.school.id, first=datetime(2026, 1, 1),
            currency=self.school.currency_id.id,
        ))
        self.env.cr.execute('ANALYZE mpesa_transaction')
        Model = self.as_bursar(self.env['mpesa.transaction'])
        for domain, index in (
            ([], 'mpesa_transaction_order_idx'),
            ([('booking_state', '=', 'unidentified')], 'mpesa_transaction_waits_idx'),
        ):
            query = Model._search(domain, limit=80, order=Model._order)
            plan = '\n'.join(row[0] for row in self.env.execute_query(
                SQL('EXPLAIN %s', query.select()),
            ))
            with self.subTest(index):
                self.assertIn(index, plan)
                self.assertNotIn('Seq Scan on mpesa_transaction', plan)

    # === QUERY STATUS, TRY AGAIN === #

    def test_the_office_asks_at_once_how_a_prompt_stands(self):
        tx = self.as_bursar(self.prompt())
        self.assertTrue(tx.mpesa_can_query)
        self.control.script(api='stk_query', outcome='1032')
        tx.action_mpesa_query()
        self.chase()
        self.assertEqual((tx.mpesa_push_state, tx.mpesa_result_code), ('declined', '1032'))
        self.assertFalse(tx.mpesa_can_query)
        with self.assertRaisesRegex(UserError, "was not asked"):
            tx.action_mpesa_query()
        self.assertTrue(tx.mpesa_can_send_again)

    def test_it_is_not_asked_again_within_half_a_minute(self):
        tx = self.as_bursar(self.prompt())
        self.control.script(api='stk_query', outcome='pending')
        tx.action_mpesa_query()
        self.chase()
        calls = tx.sudo().mpesa_exchange_ids.filtered(lambda call: call.kind == 'query')
        self.assertEqual(len(calls), 1)
        with self.assertRaisesRegex(UserError, "a moment ago"):
            tx.action_mpesa_query()

    def test_what_was_never_sent_or_is_paid_is_not_asked_about(self):
        self.make_payments()
        never_sent = self.ask(amount=77, phone='0712000999')
        for tx in (never_sent, self.paid):
            with self.subTest(tx.mpesa_push_state), self.assertRaises(UserError):
                self.as_bursar(tx).action_mpesa_query()
        cashier = new_test_user(
            self.env, login='screens-cashier', groups='base.group_user,school_fees.group_cashier',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        with self.assertRaises(AccessError):
            never_sent.sudo(False).with_user(cashier).action_mpesa_query()

    def test_trying_again_begins_with_the_number_that_was_asked(self):
        self.create_guardian(
            self.student, name="Odhiambo Otieno", phone='+254733000222', relation='father',
            priority=20,
        )
        tx = self.prompt(phone='0733000222')
        self.drain_stk(tx, 1032)
        action = self.as_bursar(tx).action_mpesa_change()
        wizard = Form(self.env['mpesa.prompt.wizard'].with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids, **action['context'],
        ))
        chosen = next(o for o in wizard.phone_options if o['key'] == wizard.phone_choice)
        self.assertEqual(chosen['phone'], '0733 000 222')
        wizard.student_id = self.brian
        self.assertNotEqual(wizard.phone_choice, chosen['key'])

    def test_no_second_try_while_money_may_still_come(self):
        tx = self.prompt()
        self.assertFalse(self.as_bursar(tx).mpesa_can_send_again)
        tx.mpesa_sent_at = fields.Datetime.now() - timedelta(minutes=10)
        self.drain_stk(tx, 1037)
        self.assertFalse(self.as_bursar(tx).mpesa_can_send_again)
        with self.assertRaises(UserError):
            self.as_bursar(tx).action_mpesa_send_again()
