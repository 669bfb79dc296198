from . import test_portal_invoice
from . import test_pay_attempt_page
from . import test_road
from . import test_inbox
from . import test_inbox_guard
from . import test_inbox_source
