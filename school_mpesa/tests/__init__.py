from . import test_portal_invoice
from . import test_pay_attempt_page
from . import test_road
