from lxml import etree

from odoo import fields
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.school_mpesa.tests.sms_common import SmsCommon


@tagged('post_install', '-at_install')
class TestLinkFigures(SmsCommon):
    """What came of links, as lists, pivots and files show it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.brian = cls.create_student("Brian Kamau", 'ADM-013')
        cls.create_term_bill(cls.brian, cls.term_3, 9_000)
        grade = cls.create_level()
        cls.north, cls.south = (cls.create_class(grade, stream=s) for s in ("North", "South"))
        today = fields.Date.today()
        cls.enrol(cls.student, cls.north, date_from=today)
        cls.enrol(cls.brian, cls.south, date_from=today)
        Link = cls.env['mpesa.payment.link']
        cls.paid, cls.tried, cls.opened, cls.idle = cls.links = Link._make_by_hand([
            {'student_id': student.id, 'amount': amount} for student, amount in (
                (cls.student, 5_000), (cls.student, 0), (cls.brian, 2_000), (cls.brian, 0),
            )
        ])
        cls.env['mpesa.link.opening'].create([
            {'link_ref': link.id, 'count': count, 'first_at': fields.Datetime.now()}
            for link, count in ((cls.paid, 3), (cls.tried, 1), (cls.opened, 2))
        ])
        for link, amount, phone, state in (
            (cls.paid, 3_000, '0722000101', 'paid'), (cls.paid, 500, '0722000102', 'expired'),
            (cls.paid, 1_000, '0722000103', 'receipt_pending'),
            (cls.paid, 700, '0722000104', 'paid'), (cls.tried, 900, '0722000105', 'declined'),
        ):
            tx = cls.env['payment.transaction']._mpesa_ask(
                provider=cls.provider, student=link.student_id, amount=amount, phone=phone,
                channel='payment_link', invoices=cls.bill[:0], link=link,
            )
            tx._mpesa_move_to(state)
            if amount == 700:
                tx.mpesa_is_given_back = True
        cls.Link = Link.with_user(cls.bursar)
        cls.ours = Domain('id', 'in', cls.links.ids)

    def test_the_figures(self):
        self.assertEqual([
            (link.opened_count, link.attempt_count, link.paid_count, link.paid_amount)
            for link in self.links
        ], [(3, 4, 2, 4_000), (1, 1, 0, 0), (2, 0, 0, 0), (0, 0, 0, 0)])
        self.assertEqual(self.links.mapped('first_asked'), [5_000, 32_500, 2_000, 9_000])

    def test_pivots_and_groups_sum_them(self):
        names = ('first_asked', 'opened_count', 'attempt_count', 'paid_count', 'paid_amount')
        described = self.Link.fields_get(names, ['aggregator', 'sortable'])
        for name in names:
            self.assertEqual(described[name], {'aggregator': 'sum', 'sortable': True}, name)
        sums = [f'{name}:sum' for name in names]
        self.assertEqual(self.Link._read_group(self.ours, ['class_id'], [*sums, '__count']), [
            (self.north, 37_500, 4, 5, 2, 4_000, 2), (self.south, 11_000, 2, 0, 0, 0, 2),
        ])
        # What the list and the pivot ask for of an amount, beside its sum.
        total, = self.Link.formatted_read_group(self.ours, [], [
            'paid_amount:sum', 'paid_amount:sum_currency', 'currency_id:array_agg_distinct',
        ])
        currency = self.school.currency_id
        self.assertEqual(total['paid_amount:sum'], 4_000)
        self.assertEqual(total['paid_amount:sum_currency'], 4_000)
        self.assertEqual(total['currency_id:array_agg_distinct'], currency.ids)

    def test_lists_are_sorted_by_them(self):
        for order, expected in (
            ('paid_amount desc, id', self.paid | self.tried | self.opened | self.idle),
            ('opened_count, id', self.idle | self.tried | self.opened | self.paid),
        ):
            with self.subTest(order=order):
                self.assertEqual(self.Link.search(self.ours, order=order), expected)

    def test_links_are_found_by_them(self):
        for domain, expected in (
            ([('opened_count', '=', 0)], self.idle),
            ([('opened_count', '!=', 0)], self.paid | self.tried | self.opened),
            ([('opened_count', '>', 0), ('paid_count', '=', 0)], self.tried | self.opened),
            ([('attempt_count', '>', 0), ('paid_count', '=', 0)], self.tried),
            ([('paid_count', '>', 0)], self.paid),
            ([('paid_amount', '>=', 4_000)], self.paid),
            ([('paid_amount', '<=', 0)], self.tried | self.opened | self.idle),
            ([('opened_count', '<', 2)], self.tried | self.idle),
            ([('opened_count', 'in', (1, 3))], self.paid | self.tried),
            ([('class_id', '=', self.north.id)], self.paid | self.tried),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(
                    self.Link.search(self.ours & Domain(domain), order='id'), expected,
                )

    def test_every_filter_and_group_of_the_screen_works(self):
        view = self.env.ref('school_mpesa.mpesa_payment_link_view_search')
        tree = etree.fromstring(self.Link.get_view(view.id, 'search')['arch'])
        filters = tree.xpath('//filter')
        self.assertGreater(len(filters), 15)
        for node in filters:
            with self.subTest(filter=node.get('name')):
                if node.get('domain'):
                    self.Link.search(safe_eval(node.get('domain')))
                elif node.get('context'):
                    grouped = safe_eval(node.get('context'))['group_by']
                    rows = self.Link.formatted_read_group(
                        self.ours, [grouped], ['paid_amount:sum', '__count'],
                    )
                    self.assertEqual(sum(row['__count'] for row in rows), len(self.links))

    def test_a_file_has_them(self):
        rows = self.Link.browse(self.paid.id).export_data([
            'student_id/admission_no', 'first_asked', 'opened_count', 'attempt_count', 'paid_count',
            'paid_amount', 'sms_state', 'state',
        ])['datas']
        self.assertEqual(rows, [['ADM-012', 5_000, 3, 4, 2, 4_000, '', "Active"]])

    def test_a_long_list_costs_no_query_each(self):
        names = (
            'create_date', 'description', 'asked', 'first_asked', 'sms_at', 'sms_state',
            'opened_count', 'attempt_count', 'paid_amount', 'state', 'class_id',
        )
        many = self.links | self.env['mpesa.payment.link'].create([
            {'student_id': student.id, 'amount': amount}
            for student in (self.student | self.brian) for amount in (0, 1_000) * 10
        ])
        costs = [
            self.count_queries(lambda links=links: self.Link.browse(links.ids).web_read(
                {name: {} for name in names},
            ))
            for links in (self.links, many)
        ]
        self.assertEqual(len(many), 44)
        self.assertLessEqual(costs[1], costs[0])
