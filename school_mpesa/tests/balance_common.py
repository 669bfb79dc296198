import json
from datetime import timedelta

from odoo import fields

from odoo.addons.school_mpesa.tests.question_common import QuestionCommon


class BalanceCommon(QuestionCommon):
    """A school that asks Safaricom what is in its accounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.write({'mpesa_balance_enabled': True, 'mpesa_balance_interval': '6'})

    def ask_balance(self, uid=None):
        """ Ask, and let Safaricom take the question; its answer is the test's.

        :rtype: mpesa.command
        """
        command = self.env['mpesa.command']._queue_balance(self.provider, uid)
        self.send_questions()
        return command

    def find_balances(self):
        return self.env['mpesa.balance'].search([('company_id', '=', self.school.id)])

    def hear_balance(self):
        """ Ask, and hear what the simulator answers.

        :return: The newest balance.
        :rtype: mpesa.balance
        """
        before = len(self.control.deliveries(kind='result'))
        self.end_freshness()
        self.ask_balance()
        self.hear_result(count=before + 1)
        return self.find_balances()[:1]

    def end_freshness(self):
        """ Let what was answered before be a minute old. """
        for command in self.env['mpesa.command'].search([('kind', '=', 'balance')]):
            if command.answered_at:
                command.answered_at -= timedelta(minutes=1)

    def tell_balance(self, accounts, minutes_ago=0, command=None, **values):
        """ Answer a question for the balance with figures of one's own making.

        :param dict accounts: KES by the account's name.
        :param int minutes_ago: How long ago Safaricom looked.
        :return: The newest balance.
        :rtype: mpesa.balance
        """
        self.end_freshness()
        command = command or self.ask_balance()
        moment = fields.Datetime.now() + timedelta(hours=3, minutes=-minutes_ago)
        text = '&'.join(f'{name}|KES|{sum_}|{sum_}|0.00|0.00' for name, sum_ in accounts.items())
        rows = [
            {'Key': 'AccountBalance', 'Value': values.pop('text', text)},
            {'Key': 'BOCompletedTime', 'Value': moment.strftime('%Y%m%d%H%M%S')},
        ]
        self.callback = self.accept_bytes(self.result_url(), json.dumps({'Result': {
            'ResultType': '0', 'ResultCode': '0', 'ResultDesc': 'x', 'TransactionID': 'UIE0000000',
            'ConversationID': command.conversation_id,
            'OriginatorConversationID': command.originator_conversation_id,
            'ResultParameters': {'ResultParameter': rows}, **values,
        }}).encode())
        self.drain()
        return self.find_balances()[:1]

    def count_asked(self):
        """ Return how often Safaricom took the question. """
        return len([
            call for call in self.control.daraja_requests('account_balance')
            if call['status'] == 200
        ])
