from . import collect
from . import pay_attempt
from . import portal_invoice
