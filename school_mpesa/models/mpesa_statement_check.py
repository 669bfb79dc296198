from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import const


MINUTE = timedelta(minutes=1)


class MpesaStatement(models.Model):
    """Whose a file is, which account it is of, and what time it covers: else it is refused."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement'

    @api.model
    def _lock_import(self, provider):
        """ Let one import of a shortcode at a time work, until the transaction ends.

        :raise UserError: If another one works.
        """
        if not self._try_lock_import(provider):
            raise UserError(self.env._(
                "Somebody is importing a statement of %(shortcode)s at this moment. Nothing was"
                " imported. Try again in a minute: lines that are known by then are not taken"
                " twice.", shortcode=provider.mpesa_shortcode,
            ))

    @api.model
    def _try_lock_import(self, provider):
        """ Keep imports of a shortcode out until the transaction ends.

        :return: Whether none works.
        :rtype: bool
        """
        # Raw SQL: an advisory lock, since locking the provider would hold up its bookings. By the
        # shortcode, which a replaced provider shares with its successor.
        (locked,), = self.env.execute_query(SQL(
            'SELECT pg_try_advisory_xact_lock(hashtext(%s), hashtext(%s))', 'mpesa.statement',
            f'{provider.mpesa_environment} {provider.mpesa_shortcode}',
        ))
        return locked

    @api.model
    def _check_is_of(self, provider, told, file_name=''):
        """ Ensure that a file is of this shortcode, and of the account that is its wallet.

        The newer layout does not always name the shortcode; then what we know of it tells.

        :param payment.provider provider: The shortcode that the user chose.
        :param OrganisationStatement told: The file as read.
        :param str file_name: Its name.
        :raise UserError: If it is of another one, or nothing says whose it is.
        """
        self._check_account(provider, told)
        if told.shortcode:
            if told.shortcode not in {provider.mpesa_shortcode, provider.mpesa_till_number}:
                raise UserError(self.env._(
                    "This is the statement of %(told)s, and you chose %(chosen)s. Nothing was"
                    " imported, and the books are as before. Choose the other shortcode, or"
                    " download the statement of %(chosen)s.",
                    told=told.shortcode, chosen=provider.mpesa_shortcode,
                ))
            return
        ours, theirs = self._count_known(provider, told)
        if theirs > ours:
            raise UserError(self.env._(
                "The payments of this file were made to another shortcode than %(chosen)s. Nothing"
                " was imported, and the books are as before. Choose the shortcode that the file"
                " was downloaded for.", chosen=provider.mpesa_shortcode,
            ))
        if not ours and not self._is_first(provider, file_name):
            raise UserError(self.env._(
                "Nothing in this file says that it is of %(chosen)s: it names no shortcode, and"
                " none of its payments is known. Nothing was imported, and the books are as"
                " before. Download the statement again, and import it under the name that"
                " Safaricom's portal gave it.", chosen=provider.mpesa_shortcode,
            ))

    @api.model
    def _check_account(self, provider, told):
        """ Ensure that a file is of the account that is the wallet, or of all accounts together.

        The accounts behind it hold what was swept; of them, each row would be counted a second
        time, and no payment would be missed there (daraja.md 23).

        :raise UserError: If it is of another account.
        """
        own = 'merchant' if provider.mpesa_shortcode_type == 'till' else 'utility'
        account = (told.account or '').strip()
        if account and not account.lower().startswith(own):
            raise UserError(self.env._(
                "This is the statement of the account %(account)s. Payments arrive on the"
                " %(own)s account. Nothing was imported, and the books are as before. Choose"
                " the %(own)s account on Safaricom's portal, and download its statement.",
                account=account[:40], own=own.capitalize(),
            ))

    @api.model
    def _count_known(self, provider, told):
        """ Return how many payments of a file we know of this shortcode, and of other ones.

        :rtype: tuple[int, int]
        """
        # Raw SQL: shortcodes of other schools count as well, and no more is told of them.
        (ours, theirs), = self.env.execute_query(SQL(
            """
            SELECT count(*) FILTER (WHERE shortcode = %(shortcode)s),
                   count(*) FILTER (WHERE shortcode <> %(shortcode)s)
              FROM mpesa_transaction
             WHERE environment = %(environment)s AND receipt = ANY(%(receipts)s)
               AND kind = 'payment' AND direction = 'in'
            """,
            shortcode=provider.mpesa_shortcode, environment=provider.mpesa_environment,
            receipts=[line.receipt for line in told.lines if line.kind == 'payment'],
        ))
        return ours, theirs

    @api.model
    def _is_first(self, provider, file_name):
        """ Tell whether a file is the first of its shortcode, and its name at least names that.

        :rtype: bool
        """
        return provider.mpesa_shortcode in (file_name or '') and not self.sudo().search_count([
            ('environment', '=', provider.mpesa_environment),
            ('shortcode', '=', provider.mpesa_shortcode),
        ], limit=1)

    @api.model
    def _get_period(self, told):
        """ Return from when to when a file lists everything that happened.

        A stated period is never widened, and what has no lines yet proves nothing: a time that was
        not over when the file was imported ends with its last line. The newer layout does not say
        when it was made, so its last day is covered up to its last row.

        :rtype: tuple[datetime, datetime]
        :raise UserError: If the file tells of nothing, of no time, or of another time than it says.
        """
        start, end = told.period_start_utc, told.period_end_utc
        if not start:
            raise UserError(self.env._(
                "No row of this file moved money, and it does not say for which days. Nothing was"
                " imported, and the books are as before. Download the statement again."
            ))
        now = fields.Datetime.now()
        moments = [line.completed_at_utc for line in told.lines]
        latest = now + timedelta(seconds=const.CLOCK_DIFFERENCE_SECONDS)
        # Without seconds, a time is the start of its minute.
        earliest = start - MINUTE if told.to_minute else start
        for line in told.lines:
            if line.completed_at_utc > latest or not earliest <= line.completed_at_utc <= end:
                raise UserError(self.env._(
                    "The file is damaged: row %(row)s is of a time that the file does not cover,"
                    " or of one to come. Nothing was imported, and the books are as before."
                    " Download the statement again, and import it as it is.", row=line.row,
                ))
        last = max(moments, default=None)
        if end > now:
            end = last or min(start, now)
        elif told.template == 'B' and told.period_stated:
            day = self.env['mpesa.transaction']._get_eat_day(end)
            day_start = fields.Datetime.to_datetime(day) - timedelta(hours=3)
            end = max(filter(None, (last, day_start - timedelta(seconds=1), start)))
        return start, end
