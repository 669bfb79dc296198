import json
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


PAYER = '254712000111'
DAYS = '123456789ABCDEFGHIJKLMNOPQRSTUV'  # as codes write them


class QuestionCommon(BookingCommon):
    """A school that may ask Safaricom: an initiator, and Pull registered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from daraja_simulator import defaults
        cls.provider.write({
            'mpesa_callback_base': 'https://fees.example.sc.ke',
            'mpesa_status_enabled': True,
            'mpesa_initiator_name': defaults.SCHOOL_OPERATOR,
            'mpesa_initiator_password': defaults.SCHOOL_OPERATOR_PASSWORD,
            'mpesa_certificate': cls.control.certificate(),
            'mpesa_pull_enabled': True,
            'mpesa_nominated_number': '0712 000 100',
            'mpesa_pull_registered_at': fields.Datetime.now(),
        })
        cls.system = cls.create_clerk('question-system', 'base.group_system')

    def setUp(self):
        super().setUp()
        self.control.set_shortcode('600111', pull_registered=True)
        self.confirm_nothing()
        # Anew for each test: what a person has asked is counted for a day.
        self.bursar = self.create_clerk('question-bursar', 'school_fees.group_bursar')
        self.cashier = self.create_clerk('question-cashier', 'school_fees.group_cashier')

    @classmethod
    def create_clerk(cls, login, group, school=None):
        school = school or cls.school
        return new_test_user(
            cls.env, login=login, groups=f'base.group_user,{group}', company_id=school.id,
            company_ids=[Command.set(school.ids)], email=f'{login}@school.example',
        )

    # === SAFARICOM === #

    def confirm_nothing(self):
        """ Let the simulator know no address: what is paid by hand is announced to nobody. """
        self.control.set_shortcode('600111', confirmation_url=None)

    def pay(self, amount=15_500, account='ADM-012', phone=PAYER):
        """ Pay by hand, with the confirmation lost.

        :return: The M-PESA code.
        :rtype: str
        """
        return self.control.pay_bill(phone, '600111', account, amount)['receipt']

    def code_of(self, day, end='K7P2QX1'):
        """ Return an M-PESA code of a day.

        :rtype: str
        """
        return f'{chr(65 + day.year - 2006)}{chr(64 + day.month)}{DAYS[day.day - 1]}{end}'

    def kenyan_day(self, days_ago=0):
        return (fields.Datetime.now() + timedelta(hours=3)).date() - timedelta(days=days_ago)

    # === ASKING === #

    def ask_status(self, code, user=None):
        """ Ask about a code as the office does; nothing is sent yet.

        :rtype: mpesa.command
        """
        return self.env['mpesa.command'].with_user(user or self.bursar)._ask_status(
            self.provider, code,
        )

    def send_questions(self):
        """ Empty the outbox of questions by its scheduled action. """
        self.run_cron('school_mpesa.cron_commands')

    def hear_result(self, drain=True, **criteria):
        """ Put the newest result that the simulator holds into the inbox.

        :rtype: mpesa.callback
        """
        kind = criteria.pop('kind', 'result')
        callback = self.accept(self.wait_deliveries(kind=kind, **criteria)[-1])
        if drain:
            self.drain()
        return callback

    def question(self, code, user=None):
        """ Ask about a code and hear the answer.

        :rtype: mpesa.command
        """
        command = self.ask_status(code, user)
        before = len(self.control.deliveries(kind='result'))
        self.send_questions()
        self.hear_result(count=before + 1)
        return command

    def pull(self, user=True):
        """ Fetch payments as *Pull now* does, and book what was found.

        :rtype: mpesa.command
        """
        command = self.env['mpesa.command']._queue_pull(self.provider, fields.Datetime.now())
        self.send_questions()
        self.drain()
        return command

    def result_body(self, command, code='0', parties=None, **values):
        """ Return a result as Daraja posts it (daraja.md 1.8, 7), of this moment.

        :param mpesa.command command: The question.
        :param str code: The result code; "0" is an answer.
        :param list parties: Payer and payee.
        :param values: Parameters, such as `Amount`; None leaves one out; `names` the two ids.
        :rtype: bytes
        """
        names = values.pop('names', (
            command.conversation_id, command.originator_conversation_id,
        ))
        stamp = (fields.Datetime.now() + timedelta(hours=3)).strftime('%Y%m%d%H%M%S')
        items = {
            'TransactionStatus': 'Completed', 'Amount': 15500, 'ReceiptNo': command.receipt,
            'FinalisedTime': int(stamp), 'ReasonType': 'Pay Utility', **values,
        }
        parties = parties or [f'{PAYER} - WANJIKU PLANTED', '600111 - Uhuru Academy']
        rows = [{'Key': 'DebitPartyName', 'Value': party} for party in parties] + [
            {'Key': key, 'Value': value} for key, value in items.items() if value is not None
        ]
        body = {
            'ResultType': 0, 'ResultCode': code, 'ResultDesc': 'x', 'ConversationID': names[0],
            'OriginatorConversationID': names[1], 'TransactionID': 'UIE0000000',
        }
        if code == '0':
            body['ResultParameters'] = {'ResultParameter': rows}
        return json.dumps({'Result': body}).encode()

    def result_url(self, end='result'):
        token = self.env['mpesa.callback.token']._get(self.provider, 'result')
        return f'https://fees.example.sc.ke/collect/{token}/{end}'

    def tell_result(self, command, *args, end='result', drain=True, **values):
        """ Post a result of one's own making.

        :rtype: mpesa.callback
        """
        callback = self.accept_bytes(
            self.result_url(end), self.result_body(command, *args, **values),
        )
        if drain:
            self.drain()
        return callback

    # === ASSERTIONS === #

    def assert_nothing_booked(self):
        self.assertFalse(self.get_movements())
        self.assertFalse(self.get_receipts())
