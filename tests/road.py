"""Driving the road over HTTP, as parents, bursars and Safaricom do; for smoke, faults and others.

A `Road` belongs to a running `Stack`. It knows nothing of the product's insides but its addresses,
its screens' models and, read only, its tables.
"""
import secrets
import time

import requests


PAID, DECLINED = 'paid', 'declined'


class RoadError(Exception):
    """ Something on the road did not happen; the text says what. """


def wait_for(look, what, timeout=30, pause=0.05):
    """ Wait until a look succeeds.

    :param callable look: Returns what was waited for, or something false.
    :param str what: What is waited for, for the message.
    :param float timeout: Seconds.
    :return: What the look returned.
    :raise RoadError: If it does not come in time.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            message = f"no {what} within {timeout:.0f} s"
            raise RoadError(message)
        time.sleep(pause)


class Road:
    """ The ways to ask for money and to see what became of it.

    :param Stack stack: The running product.
    """

    def __init__(self, stack):
        self.stack = stack
        self.control = stack.simulator
        self.school = stack.school
        self._bills = iter(self.school['bills'])
        self._phones = iter(range(254722100000, 254722999999))

    # === Asking === #

    def next_bill(self):
        """ Return a bill of the demo school that is open and was not handed out before.

        :rtype: dict
        """
        for bill in self._bills:
            if bill['amount_residual'] > 0 and self.bill_state(bill['id']) == 'not_paid':
                return bill
        message = "the demo school has no open bill left"
        raise RoadError(message)

    def next_phone(self):
        """ Return a phone that was not handed out before, as 2547….

        :rtype: str
        """
        return str(next(self._phones))

    def parent_asks(self, bill, amount=None, phone=None, intent=None, session=None):
        """ Press *Pay now* on the bill's page, as the page's script does.

        :param dict bill: One of the demo school's.
        :param amount: KES; what the bill still asks for by default.
        :param str phone: As typed.
        :param str intent: The form's random id.
        :return: `reference`, `attempt` (address of the waiting page), `phone`; or `error`.
        :rtype: dict
        """
        phone = phone or self.next_phone()
        token = bill['url'].partition('access_token=')[2].partition('&')[0]
        answer = (session or requests).post(
            f"{self.stack.url}/invoice/transaction/{bill['id']}", timeout=60,
            json={'jsonrpc': '2.0', 'params': {
                'access_token': token,
                'provider_id': self.school['provider_id'],
                'mpesa_amount': str(int(amount or bill['amount_residual'])),
                'mpesa_phone': phone,
                'mpesa_intent': intent or secrets.token_hex(16),
            }},
        ).json()
        if 'error' in answer:
            data = answer['error'].get('data', {})
            message = f"Pay now failed: {data.get('name')}: {data.get('message')}"
            raise RoadError(message)
        result = answer['result']
        if 'mpesa_error' in result:
            return {'error': result['mpesa_error']}
        return {
            'reference': result['reference'], 'phone': phone, 'bill': bill,
            'attempt': result['mpesa_attempt_url'].partition('?')[0],
        }

    def bursar_asks(self, session, student_id, amount, phone):
        """ Send a prompt from the bursar's desk.

        :param requests.Session session: Of the bursar.
        :return: `reference` and `phone`.
        :rtype: dict
        """
        wizard_id = self.stack.rpc(session, 'mpesa.prompt.wizard', 'create', [{
            'student_id': student_id, 'amount': amount, 'phone_choice': 'other',
            'other_phone': phone,
        }])
        action = self.stack.rpc(session, 'mpesa.prompt.wizard', 'action_send', [[wizard_id]])
        row, = self.stack.sql(
            "SELECT reference FROM payment_transaction WHERE id = %s", [action['res_id']],
        )
        return {'reference': row['reference'], 'phone': phone, 'tx_id': action['res_id']}

    # === Looking === #

    def request(self, asked):
        """ Return the request's row.

        :param dict asked: From one of the methods above.
        :rtype: dict
        """
        row, = self.stack.sql(
            """
            SELECT id, state, mpesa_push_state AS push, mpesa_result_code AS code, payment_id,
                   mpesa_receipt_number AS receipt, mpesa_receipt_id AS receipt_id, amount,
                   is_post_processed, mpesa_was_declined AS was_declined
              FROM payment_transaction WHERE reference = %s
            """, [asked['reference']],
        )
        return row

    def wait_request(self, asked, *pushes, timeout=30):
        """ Wait until a request is in one of the push states.

        :return: Its row.
        :rtype: dict
        """
        def look():
            row = self.request(asked)
            return row if row['push'] in pushes else None
        return wait_for(look, f"{'/'.join(pushes)} of {asked['reference']}", timeout)

    def bill_state(self, bill_id):
        """ Return a bill's payment state.

        :rtype: str
        """
        row, = self.stack.sql("SELECT payment_state FROM account_move WHERE id = %s", [bill_id])
        return row['payment_state']

    def wait_bill(self, bill, *states, timeout=30):
        """ Wait until a bill is in one of the payment states.

        :rtype: str
        """
        def look():
            state = self.bill_state(bill['id'])
            return state if state in states else None
        return wait_for(look, f"{'/'.join(states)} bill {bill['name']}", timeout)

    def wait_drained(self, timeout=60):
        """ Wait until nothing in the inbox is due. """
        wait_for(lambda: not self.waiting(), "empty inbox", timeout)

    def wait_idle(self):
        """ Wait until nothing books. A run that goes on already takes the next message too, whose
        wake-up then waits for the scheduler's own look, once a minute, should the run be killed.
        """
        def is_idle():
            for _look in range(4):
                time.sleep(0.2)
                if not self.stack.sql(
                    """SELECT id FROM ir_cron WHERE id = (
                           SELECT res_id FROM ir_model_data
                            WHERE module = 'school_mpesa' AND name = 'cron_drain')
                       FOR UPDATE SKIP LOCKED""",
                ):
                    return False
            return True
        wait_for(is_idle, "idle booking")

    def waiting(self):
        """ Return how many messages wait to be processed.

        :rtype: int
        """
        row, = self.stack.sql("SELECT count(*) FROM mpesa_callback WHERE state = 'new'")
        return row['count']

    def payer_state(self, asked):
        """ Return what the waiting page would be told: its small JSON.

        :rtype: dict
        """
        answer = requests.get(f"{self.stack.url}{asked['attempt']}/state", timeout=30)
        answer.raise_for_status()
        return answer.json()

    # === The whole way === #

    def pay(self, asked):
        """ Type the PIN on the phone that was asked. """
        prompt = self.control.wait_prompt(asked['phone'], timeout=30)
        self.control.pay(prompt)
        return prompt

    def cancel(self, asked):
        """ Press *Cancel* on the phone that was asked. """
        prompt = self.control.wait_prompt(asked['phone'], timeout=30)
        self.control.cancel(prompt)
        return prompt

    def confirmation_url(self):
        """ Return the address for paybill confirmations, as Safaricom knows it.

        :rtype: str
        """
        return self.control.shortcode(self.school['shortcode'])['confirmation_url']
