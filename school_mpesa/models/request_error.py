from odoo.exceptions import UserError


class MpesaRequestError(UserError):
    """A request for money that cannot be made, told to the person who asked.

    The message says what happened, that no money moved, and what to do.
    """

    def __init__(self, message, field, tx=None):
        """ Keep what the screen needs to show the message in the right place.

        :param str message: The translated message.
        :param str field: 'phone', 'amount', 'bill', 'student', 'link' or 'provider'; of a
                          payment for several children also 'shares' and 'share_<id>' of one.
        :param tx: The request already open on that phone (payment.transaction), if that is why.
        """
        super().__init__(message)
        self.field = field
        self.tx = tx
