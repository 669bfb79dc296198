"""What the tests of the simulator share: the simulator, a callback address, bare requests."""

import base64

import requests
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_pem_x509_certificate
from daraja import Credentials, Daraja, Environment, Initiator, parse_result
from daraja_simulator import defaults
from daraja_simulator.receiver import Receiver
from daraja_simulator.server import start_in_thread


PHONE = '254712000111'
STAMP = '20260914101533'
OAUTH = '/oauth/v1/generate'
PUSH = '/mpesa/stkpush/v1/processrequest'
QUERY = '/mpesa/stkpushquery/v1/query'
REGISTER = '/mpesa/c2b/v2/registerurl'
RESULT, TIMEOUT = '/collect/result', '/collect/timeout'


def password(shortcode=defaults.SCHOOL_SHORTCODE, passkey=defaults.SCHOOL_PASSKEY, stamp=STAMP):
    return base64.b64encode(f'{shortcode}{passkey}{stamp}'.encode()).decode()


class Case:
    """A simulator and somebody who calls it, over real HTTP. Reset before each test."""

    def __init__(self):
        self.simulator = start_in_thread(seed=1)
        self.control = self.simulator.control
        self.receiver = Receiver()
        self.http = requests.Session()
        self.http.trust_env = False
        self.token = None

    def reset(self):
        self.control.reset(seed=1)
        self.receiver.clear()
        self.token = None

    def stop(self):
        self.http.close()
        self.simulator.stop()
        self.receiver.stop()

    def oauth(
        self, key=defaults.CONSUMER_KEY, secret=defaults.CONSUMER_SECRET, grant='client_credentials'
    ):
        return self.http.get(
            self.simulator.url + OAUTH,
            params={'grant_type': grant},
            auth=(key, secret),
            timeout=10,
        )

    def post(self, path, body, token=None, **options):
        """POST as a Daraja client would, with a token taken on first use."""
        if token is None:
            self.token = self.token or self.oauth().json()['access_token']
            token = self.token
        headers = {'Authorization': f'Bearer {token}', **options.pop('headers', {})}
        return self.http.post(
            self.simulator.url + path,
            json=body,
            headers=headers,
            timeout=options.pop('timeout', 10),
            **options,
        )

    def push_body(self, **changes):
        body = {
            'BusinessShortCode': defaults.SCHOOL_SHORTCODE,
            'Password': password(),
            'Timestamp': STAMP,
            'TransactionType': 'CustomerPayBillOnline',
            'Amount': 1200,
            'PartyA': changes.get('phone', PHONE),
            'PartyB': defaults.SCHOOL_SHORTCODE,
            'PhoneNumber': int(changes.pop('phone', PHONE)),
            'CallBackURL': f'{self.receiver.url}/collect/stk',
            'AccountReference': 'ADM-012',
            'TransactionDesc': 'Fees',
        }
        return {name: value for name, value in {**body, **changes}.items() if value is not ...}

    def push(self, **changes):
        """:param changes: fields of the body, ... leaves one out; phone for both of its fields"""
        return self.post(PUSH, self.push_body(**changes))

    def pushed(self, **changes):
        """:return: the CheckoutRequestID of an accepted push"""
        answer = self.push(**changes)
        assert answer.status_code == 200, answer.text
        return answer.json()['CheckoutRequestID']

    def query(self, checkout_request_id, **changes):
        body = {
            'BusinessShortCode': defaults.SCHOOL_SHORTCODE,
            'Password': password(),
            'Timestamp': STAMP,
            'CheckoutRequestID': checkout_request_id,
        }
        return self.post(QUERY, {**body, **changes})

    def paid(self, **changes):
        """:return: the CheckoutRequestID of a push that was paid and told"""
        checkout_request_id = self.pushed(**changes)
        self.control.pay(checkout_request_id)
        self.control.wait_idle()
        return checkout_request_id

    def confirm_to(self, path='/collect/c2b', number=defaults.SCHOOL_SHORTCODE, **changes):
        """Have C2B confirmations sent to our callback address."""
        self.control.set_shortcode(number, confirmation_url=self.receiver.url + path, **changes)

    def pay(self, amount='1200'):
        """:return: a payment typed by hand"""
        return self.control.pay_bill(PHONE, defaults.SCHOOL_SHORTCODE, 'ADM-012', amount)

    def client(self):
        """:return: the product's own client"""
        return Daraja(
            Environment.custom(self.simulator.url),
            Credentials(defaults.CONSUMER_KEY, defaults.CONSUMER_SECRET),
        )

    def common(self, password=defaults.SCHOOL_OPERATOR_PASSWORD):
        """:return: what every question and order of the client needs"""
        return {
            'initiator': Initiator(
                defaults.SCHOOL_OPERATOR, password, self.control.certificate(),
            ),
            'result_url': self.receiver.url + RESULT, 'timeout_url': self.receiver.url + TIMEOUT,
        }

    def credential(self, password=defaults.SCHOOL_OPERATOR_PASSWORD):
        """:return: SecurityCredential, made without the client"""
        key = load_pem_x509_certificate(self.control.certificate().encode()).public_key()
        return base64.b64encode(key.encrypt(password.encode(), padding.PKCS1v15())).decode()

    def result(self, path=RESULT):
        """:return: the newest result, read by the client"""
        self.control.wait_idle()
        return parse_result(self.receiver.at(path)[-1].body)

    def stk_callback(self, position=-1):
        return self.receiver.at('/collect/stk')[position].json()['Body']['stkCallback']


def error_of(answer):
    """:return: HTTP status, errorCode and errorMessage of a refusal"""
    body = answer.json()
    return answer.status_code, body['errorCode'], body['errorMessage']


def result(case, checkout_request_id):
    """:return: the result code of a push, once all that was due has happened"""
    case.control.wait_idle()
    return case.control.push(checkout_request_id)['result_code']
