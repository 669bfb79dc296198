import json
import time
from contextlib import contextmanager

from odoo import fields, models, sql_db

from .. import vault
from ..daraja.token_store import Token


LEASE_SECONDS = 70  # longer than one OAuth call may take, so that two never overlap
ADVISORY_LOCK = 0x4D504553  # "MPES": the first half of this table's advisory locks


class MpesaToken(models.Model):
    """Daraja's access token of each provider, encrypted and shared by all workers.

    Safaricom says that a new token ends the older one, so there is one, not one per process. It is
    a table of its own because every refresh would otherwise contend with every other use of the
    provider's row.
    """

    _name = 'mpesa.token'
    _description = "M-PESA Access Token"
    _log_access = False

    # No foreign key: the store writes from connections of its own, and a reference would wait for
    # whatever transaction has just touched the provider.
    provider_id = fields.Integer(required=True)
    sealed = fields.Char(groups='base.group_system')
    lease_until = fields.Datetime(groups='base.group_system')

    _provider_uniq = models.UniqueIndex("(provider_id)", "A provider has one token.")


class SharedTokenStore:
    """The `TokenStore` of the Daraja client, on short cursors of its own.

    It is called from threads that hold no cursor; none is open while Daraja is called.
    """

    def __init__(self, database, provider_id):
        """ Remember whose token it is.

        :param str database: The database's name.
        :param int provider_id: The provider's id.
        """
        self.database = database
        self.provider_id = provider_id
        self.context = f'mpesa.token,{provider_id}'

    @contextmanager
    def _cursor(self):
        with sql_db.db_connect(self.database).cursor() as cr:
            # Each call is one statement; it must see what another worker has just written.
            cr.execute('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
            yield cr

    def get(self):
        """ Return the token last put, whatever its age; None when there is none. """
        with self._cursor() as cr:
            cr.execute('SELECT sealed FROM mpesa_token WHERE provider_id = %s', [self.provider_id])
            sealed = (cr.fetchone() or [None])[0]
        return Token.from_dict(json.loads(vault.unseal(self.context, sealed))) if sealed else None

    def put(self, token):
        """ Keep this token instead of any other. """
        self._write(vault.seal(self.context, json.dumps(token.as_dict())))

    def discard(self, token):
        """ Forget this token; another one, put meanwhile by somebody else, stays. """
        kept = self.get()
        if kept and kept.value == token.value:
            self._write(None)

    def _write(self, sealed):
        with self._cursor() as cr:
            cr.execute(
                """
                INSERT INTO mpesa_token (provider_id, sealed) VALUES (%(provider)s, %(sealed)s)
                ON CONFLICT (provider_id) DO UPDATE SET sealed = EXCLUDED.sealed
                """,
                {'provider': self.provider_id, 'sealed': sealed},
                log_exceptions=False,
            )

    @contextmanager
    def refreshing(self):
        """ Hold the right to fetch a token; others wait, then find the new one in `get`.

        The right is a lease, taken under an advisory lock: a lock alone would keep a transaction
        open while Daraja is called, and a worker that is killed must not keep the right for ever.
        """
        deadline = time.monotonic() + LEASE_SECONDS
        while not (is_ours := self._take_lease()) and time.monotonic() < deadline:
            time.sleep(0.1)
        try:
            yield
        finally:
            if is_ours:
                with self._cursor() as cr:
                    cr.execute(
                        'UPDATE mpesa_token SET lease_until = NULL WHERE provider_id = %s',
                        [self.provider_id],
                    )

    def _take_lease(self):
        with self._cursor() as cr:
            cr.execute('SELECT pg_advisory_xact_lock(%s, %s)', [ADVISORY_LOCK, self.provider_id])
            cr.execute(
                """
                INSERT INTO mpesa_token (provider_id, lease_until)
                VALUES (%(provider)s,
                        clock_timestamp() AT TIME ZONE 'UTC' + %(lease)s * interval '1 second')
                ON CONFLICT (provider_id) DO UPDATE SET lease_until = EXCLUDED.lease_until
                 WHERE mpesa_token.lease_until IS NULL
                    OR mpesa_token.lease_until < clock_timestamp() AT TIME ZONE 'UTC'
                """,
                {'provider': self.provider_id, 'lease': LEASE_SECONDS},
            )
            return bool(cr.rowcount)
