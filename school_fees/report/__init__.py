from . import school_balance_report
from . import school_concession_report
from . import school_day_book
from . import school_fee_structure_report
from . import school_statement_report
from . import school_vote_head_report
