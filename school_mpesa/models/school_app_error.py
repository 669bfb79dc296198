from odoo.exceptions import UserError


STATUSES = {'not_allowed': 403, 'not_found': 404, 'key_used': 409, 'too_many': 429}


class SchoolAppError(UserError):
    """What the school's own app asked for cannot be done, told to the app and to its user.

    Odoo's JSON-2 answers with the message, in the language of the call, and with `context`, which
    holds the `code`. Codes stay as they are, and messages name nobody: they end up in logs.
    """

    def __init__(self, message, code, argument=None):
        """ Keep what the app needs to go on.

        :param str message: The translated message.
        :param str code: One of those in `docs/api.md`.
        :param str argument: The argument of the call that is wrong, if it is one.
        """
        super().__init__(message)
        self.http_status = STATUSES.get(code, self.http_status)
        self.context = {'code': code, **({'argument': argument} if argument else {})}
