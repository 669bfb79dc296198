"""A client for Safaricom's Daraja API, free of any framework. See README.md beside this file."""
from . import msisdn, receipt
from .account_balance import AccountBalance, BalanceQuery, Balances, read_balances
from .acknowledgement import Acknowledgement
from .addresses import Address
from .b2c import B2COutcome, B2CPayment, read_b2c
from .c2b_register import C2BRegisterAnswer, C2BRegistration
from .callback_address import FORBIDDEN_WORDS, callback_url_faults, forbidden_words
from .callbacks import (
    C2BConfirmation,
    StkCallback,
    UnreadableCallback,
    parse_c2b,
    parse_stk_callback,
)
from .client import Daraja
from .credentials import Credentials
from .dynamic_qr import DynamicQr, QrRequest
from .eat import EAT, from_stamp, to_stamp, utc_now
from .environment import Environment
from .errors import (
    BadRequest,
    Busy,
    CertificateRefused,
    ConnectionFailed,
    CredentialsRefused,
    DarajaError,
    DuplicateOrder,
    InvalidRequest,
    InvalidToken,
    LineUnusable,
    MerchantRefused,
    NoAnswer,
    ProductMissing,
    ServerFailure,
    SubscriberLocked,
    UnreadableAnswer,
    WrongPasskey,
)
from .exchange import Exchange, redact_answer, redact_request
from .message_text import MessageText, day_of_code, read_message, similar_codes
from .msisdn import Msisdn, MsisdnError
from .order_codes import ORDER_CODES, OrderCode, order_code
from .payment_date import date_payment
from .pull import HOURS as PULL_HOURS
from .pull import PAGE_ROWS as PULL_PAGE_ROWS
from .pull import (
    PulledPayment,
    PullPage,
    PullQuery,
    PullRegistered,
    PullRegistration,
    pull_window,
)
from .pull_times import moment_of, read_zone
from .result_codes import RESULT_CODES, ResultCode, result_code
from .results import Result, parse_result
from .retry import Retry
from .reversal import Reversal, ReversalOutcome, read_reversal
from .security_credential import (
    Initiator,
    is_security_credential,
    read_certificate,
    security_credential,
)
from .statement import OrganisationStatement, StatementLine, UnreadableRow, read_statement
from .statement_balance import Gap, find_gaps, oldest_first
from .statement_error import StatementError
from .stk import LEAST_AMOUNT, MOST_AMOUNT, StkPush, StkPushAccepted
from .stk_query import StkQuery, StkQueryAnswer
from .stk_text import clean_text
from .token_store import MemoryTokenStore, Token, TokenStore
from .transaction_status import PaymentStatus, StatusQuery, read_status
