from . import test_access_log
from . import test_account_move
from . import test_res_currency
from . import test_school_guardian
from . import test_school_student
from . import test_school_term
