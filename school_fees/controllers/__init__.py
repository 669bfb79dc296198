from . import school_receipt
