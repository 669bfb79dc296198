"""A fresh simulator: an app, the published sandbox paybill, a school's paybill, a till."""

CONSUMER_KEY = 'simulator-consumer-key'
CONSUMER_SECRET = 'simulator-consumer-secret'

# The shortcode and passkey Safaricom publishes for everybody's sandbox (reference: daraja.md 25).
SANDBOX_SHORTCODE = '174379'
SANDBOX_PASSKEY = 'bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919'
# In 2026 this number never answers a prompt; the time-out is told after about 26 seconds.
SANDBOX_TEST_PHONE = '254708374149'
SANDBOX_TEST_PHONE_SECONDS = 26

SCHOOL_SHORTCODE = '600111'
SCHOOL_PASSKEY = '5d1f0c7a92b84e36a0c1d7e85b3f29646a7e1b0d4c8f52930e6b7a1c9d3f8e24'
SCHOOL_NAME = 'Mwangaza School'
# Who may ask for a transaction's status; the password is sent encrypted.
SCHOOL_OPERATOR = 'feesapi'
SCHOOL_OPERATOR_PASSWORD = 'Simulator#2026'

# A till is pushed to with its store number as BusinessShortCode and the till number as PartyB.
STORE_SHORTCODE = '600222'
STORE_PASSKEY = 'c47a9e10f3b26d58810e5cb7a3946f2dd0b8e17f6a2c539481c7e0f5b39d6a12'
STORE_NAME = 'Mwangaza School Shop'
TILL_NUMBER = '5200222'

WALLET_BALANCE = '1000000'
WALLET_PIN = '1234'

FIRST_NAMES = (
    'WANJIKU',
    'OTIENO',
    'AKINYI',
    'KAMAU',
    'CHEBET',
    'MUTUA',
    'HALIMA',
    'BARASA',
    'NJERI',
    'KIPROP',
)
LAST_NAMES = (
    'MWANGI',
    'ODHIAMBO',
    'WAFULA',
    'KARIUKI',
    'KOECH',
    'MUSYOKA',
    'ABDI',
    'SIMIYU',
    'NYAMBURA',
    'RUTO',
)
