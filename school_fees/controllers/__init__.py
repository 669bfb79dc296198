from . import export
from . import portal_fees
from . import school_receipt
from . import school_sms
