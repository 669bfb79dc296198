import random

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.money_back_common import BACK, CODE, MoneyBackCommon


RUNS = 500
FAILURES = ('1', '17', '21', '26', '31337', 'R000001', 'R000002')


@tagged('post_install', '-at_install')
class TestMoneyBackRuns(MoneyBackCommon):
    """Whatever comes in whatever order: money back is never booked twice, nor without proof."""

    def test_many_orders_of_what_can_come(self):
        self.env = self.env(context={**self.env.context, 'tracking_disable': True})
        self.pay_in()
        # It is imported before all, and booked when a run says so.
        self.upload(self.write_older(
            [self.row(BACK, -500, "Pay Bill Reversal", linked=CODE, minute=30)], opening=500,
        )).with_user(self.head).action_release()
        self.assertEqual(self.get_lines().state, 'new')
        outcomes = set()
        for seed in range(RUNS):
            savepoint = self.env.cr.savepoint()
            try:
                outcomes.add(self.run_once(random.Random(seed)))  # noqa: S311 - no secret
            except AssertionError as error:
                message = f"Run {seed}: {error}"
                raise AssertionError(message) from error
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)
        # The runs have reached every end, else they would prove little.
        self.assertLessEqual({
            ('done', True), ('failed', False), ('unknown', False), ('sent', False),
        }, outcomes)

    def run_once(self, rng):
        """ Give one payment back, with everything that can come about it in a random order.

        :param random.Random rng: What decides.
        :return: The state of the last order, and whether Safaricom had proven a reversal.
        :rtype: tuple[str, bool]
        """
        payment = self.get_movements()
        order = self.ask_back(payment)
        command = self.approve(order)
        self.env['mpesa.command']._claim_queued()
        names = (f'AG_{command.id}', f'o-{command.id}')
        events = rng.choices(
            (
                'success', 'failure', 'timeout', 'wrong', 'nameless', 'silence', 'statement',
                'close', 'correction', 'doubt', 'carried_out', 'not_carried_out',
            ),
            weights=(4, 3, 2, 2, 1, 2, 2, 2, 1, 1, 1, 1), k=rng.randint(1, 6),
        )
        events.insert(rng.randint(0, 1), 'acknowledge')
        proven = confirmed = False
        for event in events:
            getattr(self, f'do_{event}')(rng, order, names)
            confirmed = confirmed or event in {'success', 'correction'}
            proven = proven or confirmed or event in {'statement', 'carried_out'}
            self.assert_run(payment, proven)
            if confirmed and command.conversation_id:
                self.assertTrue(payment.is_returned, "It went back, whatever was said before.")
        return order.state, bool(payment.reversal_ids)

    def assert_run(self, payment, proven):
        """ Assert what always holds.

        :param mpesa.transaction payment: The payment.
        :param bool proven: Whether a true result or a statement has told that it went back.
        """
        orders, reversals = payment.money_back_ids, payment.reversal_ids
        self.assertLessEqual(len(reversals), 1, "Booked twice.")
        self.assertEqual(self.sum_wallet(), 0 if reversals else 500)
        self.assertEqual(payment.is_returned, bool(reversals))
        self.assertFalse(reversals and not proven, "Booked without proof.")
        self.assertEqual('done' in orders.mapped('state'), bool(reversals))
        self.assertEqual(orders.reversal_id, reversals)
        self.assertEqual(payment.receipt_id.state, False if reversals else 'posted')
        for order in orders:
            self.assertLessEqual(len(order.command_ids), 1)
        self.assertFalse(self.env['mpesa.command'].search_count([
            ('kind', '=', 'reversal'), ('state', '=', 'queued'),
        ]), "Nothing is sent again.")

    def hear(self, order, code='0', end='result', **values):
        """ Put a result into the inbox and read all that waits, as the drain does. """
        self.accept_bytes(self.result_url(end), self.reversal_body(
            order, code, **values,
        ))
        self.read_inbox()

    def read_inbox(self):
        callbacks = self.env['mpesa.callback'].search([('state', '=', 'new')], order='id')
        callbacks._process()

    # === WHAT CAN COME === #

    def do_acknowledge(self, rng, order, names):
        command = order.command_ids
        if command.state == 'sent' and not command.conversation_id:
            command.write({
                'conversation_id': names[0], 'originator_conversation_id': names[1],
            })
            self.read_inbox()

    def do_success(self, rng, order, names):
        self.hear(order, names=names)

    def do_failure(self, rng, order, names):
        self.hear(order, rng.choice(FAILURES), names=names)

    def do_correction(self, rng, order, names):
        self.do_failure(rng, order, names)
        self.do_success(rng, order, names)

    def do_doubt(self, rng, order, names):
        """ After what was said before, nobody knows any more; and a refusal once again. """
        for code in ('17', rng.choice(FAILURES)):
            self.hear(order, code, names=names)

    def do_carried_out(self, rng, order, names):
        self.answer_question(order, Amount=500, ReceiptNo=BACK)

    def do_not_carried_out(self, rng, order, names):
        self.answer_question(order, TransactionStatus='Declined', ReceiptNo=None)

    def answer_question(self, order, **values):
        """ Answer the question about the order, where one was asked. """
        question = self.env['mpesa.command'].search([
            ('order_id', '=', order.command_ids.id), ('state', '=', 'queued'),
        ])
        if question:
            question.write({
                'state': 'sent', 'sent_at': fields.Datetime.now(),
                'conversation_id': f'AG_{question.id}',
                'originator_conversation_id': f'o-{question.id}',
            })
            self.accept_bytes(self.result_url(), self.result_body(
                question, parties=['600111 - Uhuru Academy', '254712000111 - WANJIKU PLANTED'],
                **values,
            ))
            self.read_inbox()

    def do_timeout(self, rng, order, names):
        self.hear(order, end='timeout', names=names)

    def do_wrong(self, rng, order, names):
        self.hear(order, **{'names': names, **rng.choice((
            {'Amount': 400}, {'OriginalTransactionID': 'UIE4K7P2Q9'}, {'own': CODE},
            {'Amount': None}, {'names': (names[0], 'other')},
        ))})

    def do_nameless(self, rng, order, names):
        self.hear(order, names=('AG_x', 'o-x'))

    def do_silence(self, rng, order, names):
        command = order.command_ids
        if command.state == 'sent':
            command._fail('silent', state='unknown')

    def do_statement(self, rng, order, names):
        self.get_lines(state='new')._book()

    def do_close(self, rng, order, names):
        order.decided_at = fields.Datetime.subtract(fields.Datetime.now(), days=2)
        is_doubtful = order.command_ids.needs_person
        try:
            order.with_user(self.head).action_not_given_back()
        except UserError:
            return
        self.assertFalse(is_doubtful, "A statement has to tell first.")
        # It is asked for anew; the first result still counts.
        again = self.ask_back(order.mpesa_transaction_id)
        again.with_user(self.bursar).action_refuse()
