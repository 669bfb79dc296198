from . import export
from . import portal_fees
from . import portal_contact
from . import portal_data
from . import school_receipt
from . import school_sms
