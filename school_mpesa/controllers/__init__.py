from . import collect
from . import collect_echo
from . import pay_attempt
from . import pay_claim
from . import pay_family
from . import pay_link
from . import portal_invoice
from . import portal_links
