"""Values that Safaricom or Kenyan law fixes, with their sources."""

# The published test shortcode and passkey of the sandbox (portal, test credentials page).
SANDBOX_SHORTCODE = '174379'
SANDBOX_PASSKEY = 'bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919'

# The core payment method that a parent sees.
DEFAULT_PAYMENT_METHOD_CODES = {'mpesa'}

# Push states (design section 3) and the Odoo state that each one is.
STATE_OF_PUSH = {
    'queued': 'draft',
    'sent': 'pending',
    'accepted': 'pending',
    'unknown': 'pending',
    'receipt_pending': 'pending',
    'declined': 'error',
    'expired': 'error',
    'paid': 'done',
}
OPEN_PUSH_STATES = ('queued', 'sent', 'accepted', 'unknown')

# Age in seconds at which a request that has a CheckoutRequestID is queried (design section 3):
# about 30 s, 1, 2, 5, 15 and 60 minutes, then hourly until 24 hours; then a person is asked.
CHASE_AGES = (30, 60, 120, 300, 900, 3600, *range(7200, 86_401, 3600))

# Ages at which a request is still asked about that ended without payment by a code after which
# money has come late before.
LATE_AGES = (300, 900, 3600)
# A query proves such a code only when it follows it by this long, in seconds.
CONFIRMING_SECONDS = 30
# Outcomes after which M-PESA certainly took no money: too little in the wallet, cancelled, wrong
# PIN (ux.md section 3). After all others a payer hears only that nothing has arrived.
UNTAKEN_CODES = ('1', '1032', '2001', '2008', 'TP40087')

# For the payer, pending ends here, in seconds; the request itself stays open.
PAYER_PENDING_SECONDS = 180

# A confirmation with the account and amount of a request closed this recently, in seconds, is
# that request's money.
RECENTLY_CLOSED_SECONDS = 600
# How far Safaricom's clock may be behind ours, in seconds.
CLOCK_DIFFERENCE_SECONDS = 120
# If several requests fit, the confirmation waits this long, in seconds, for the STK callback.
AMBIGUITY_WAIT_SECONDS = 60

# A charge above this, in KES, waits for a second person like a payment: no row of a tariff is near
# it. The highest of a paybill is KES 108, of which a school pays at most 84 (daraja.md 24, a page
# of 2024; excise moves it). A till's half a percent gets there with a payment of about 90,000.
LARGEST_CHARGE = 500

# Prompts per phone: one in flight, and at most so many in a window of so many seconds (trust S8).
PROMPT_LIMITS = ((3, 600), (10, 86_400))

# Messages that one person may check: at most so many in a window of so many seconds. Enough for
# a queue at the counter, and far too few to walk through codes.
MESSAGE_CHECK_LIMITS = ((40, 600), (400, 86_400))

# Questions about single payments that one person may ask of Safaricom, in the same way. The
# limits of messages are looser: a code that is in our books needs no question.
STATUS_QUESTION_LIMITS = ((30, 600), (200, 86_400))
# How long the result of a question is waited for, in seconds, before a person may ask again. One
# that comes later still counts.
STATUS_PATIENCE_SECONDS = 600
# An answer that is younger than this, in seconds, is not asked for again at the counter.
STATUS_FRESH_SECONDS = 30
# The longest that one call to Safaricom lasts, in seconds (the limit of the provider's setting).
LONGEST_CALL_SECONDS = 60

# A claimed payment of which Safaricom has told nothing is not looked for any longer.
CLAIM_DAYS = 14
# How long a payer may say whom a payment is for.
QUESTION_DAYS = 14
# How long after that the answer is kept while the payment still waits.
ANSWER_DAYS = 30
# Claims by the page of one student, in the same way: far more than a family makes.
CLAIM_LIMITS = ((10, 600), (40, 86_400))

# How long a request to give money back waits for a second person, in hours.
MONEY_BACK_WAITING_HOURS = 72
# An approved one goes out at once; after this long, in minutes, it does not go out any more.
MONEY_BACK_SENDING_MINUTES = 60
