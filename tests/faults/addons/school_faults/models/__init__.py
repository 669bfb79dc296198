from . import account_payment
from . import mpesa_callback
from . import mpesa_transaction
from . import school_receipt
from . import school_receipt_line
