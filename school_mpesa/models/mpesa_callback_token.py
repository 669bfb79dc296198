import hmac
import secrets
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models, tools

from .. import vault


TOKEN_BYTES = 16  # 128 bits (design section 5)
ROTATION_DAYS = 30
# A C2B token is retired by the use of the next one, and by nothing else.
LIVE_TOKENS = {'stk': 2, 'result': 2, 'pull': 2, 'c2b': None}
# Which token stands in the address of each kind of message.
TOKEN_KINDS = {
    'stk': 'stk', 'confirmation': 'c2b', 'validation': 'c2b', 'result': 'result',
    'timeout': 'result', 'notice': 'pull',
}


class MpesaCallbackToken(models.Model):
    """The secret part of an address that Daraja calls.

    STK and result tokens rotate with two live at once. A C2B token stays valid until a new
    registration is confirmed and used, since production registers once (design section 5).
    """

    _name = 'mpesa.callback.token'
    _description = "M-PESA Callback Token"
    _order = 'id desc'

    provider_id = fields.Many2one(
        comodel_name='payment.provider', required=True, index=True, ondelete='cascade',
    )
    kind = fields.Selection(
        selection=[('stk', "STK"), ('c2b', "C2B"), ('result', "Result"), ('pull', "Pull")],
        required=True,
    )
    sealed = fields.Char(required=True, groups='base.group_system')
    digest = fields.Char(required=True, groups='base.group_system')

    _digest_uniq = models.UniqueIndex("(digest)", "This callback token already exists.")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def unlink(self):
        if self:
            self.env.registry.clear_cache()
        return super().unlink()

    # === BUSINESS METHODS === #

    @api.model
    def _issue(self, provider, kind):
        """ Make a new token, and retire the oldest of a kind that rotates.

        :param payment.provider provider: The provider.
        :param str kind: 'stk', 'c2b', 'result' or 'pull'.
        :return: The token in clear, 32 lower-case hexadecimal characters: base62 could spell a
                 word that Safaricom refuses.
        :rtype: str
        """
        token = secrets.token_hex(TOKEN_BYTES)
        self.create({
            'provider_id': provider.id,
            'kind': kind,
            'sealed': vault.seal(f'mpesa.callback.token,{provider.id},{kind}', token),
            'digest': vault.blind_index('callback', token),
        })
        if LIVE_TOKENS[kind]:
            self.search([
                ('provider_id', '=', provider.id), ('kind', '=', kind),
            ])[LIVE_TOKENS[kind]:].unlink()
        return token

    @api.model
    def _renew_c2b(self, provider):
        """ Make new C2B addresses, while those before stay valid until the new ones are used.

        :param payment.provider provider: The provider.
        :return: None
        """
        tokens = self.sudo().search([('provider_id', '=', provider.id), ('kind', '=', 'c2b')])
        if len(tokens) < 2:  # Else the newest still waits for its first use.
            self.sudo()._issue(provider, 'c2b')

    @api.model
    @tools.ormcache()
    def _get_successors(self):
        """ Return the C2B tokens that Safaricom took and that still have an older one, cached.

        Making new addresses retires nothing, and neither does somebody who tries them: Safaricom
        may refuse them, and then goes on calling the old ones.

        :return: For each digest the ids of the older tokens.
        :rtype: dict[str, list[int]]
        """
        self.env['payment.provider'].flush_model(['mpesa_registered_token_id'])
        self.env.cr.execute(
            # Raw SQL: as for the cache of live tokens.
            """
            SELECT newest.digest, array_agg(older.id)
              FROM mpesa_callback_token newest
              JOIN payment_provider provider ON provider.mpesa_registered_token_id = newest.id
              JOIN mpesa_callback_token older ON older.provider_id = newest.provider_id
               AND older.kind = newest.kind AND older.id < newest.id
             WHERE newest.kind = 'c2b'
          GROUP BY newest.id
            """
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _note_use(self, token):
        """ Retire the C2B addresses before these: Safaricom uses the new ones.

        It costs a look into a cache, but for the one message that retires the old addresses.

        :param str token: What stands in the address, a live C2B token.
        :return: None
        """
        successors = self._get_successors()
        older = successors and successors.get(vault.blind_index('callback', token))
        if older:
            self.with_user(SUPERUSER_ID).browse(older).exists().unlink()

    @api.autovacuum
    def _rotate_stk_tokens(self):
        """ Replace old STK tokens; the one before stays live for prompts still under way. """
        limit = fields.Datetime.now() - timedelta(days=ROTATION_DAYS)
        for provider, newest in self._read_group(
            [('kind', '=', 'stk')], ['provider_id'], ['create_date:max'],
        ):
            if newest < limit and provider.state != 'disabled':
                self._issue(provider, 'stk')

    @api.model
    def _get(self, provider, kind):
        """ Return the provider's newest token of a kind, making the first one when needed.

        :param payment.provider provider: The provider.
        :param str kind: 'stk', 'c2b', 'result' or 'pull'.
        :return: The token in clear.
        :rtype: str
        """
        newest = self.sudo().search([
            ('provider_id', '=', provider.id), ('kind', '=', kind),
        ], limit=1)
        if not newest:
            return self.sudo()._issue(provider, kind)
        return vault.unseal(f'mpesa.callback.token,{provider.id},{kind}', newest.sealed)

    @api.model
    @tools.ormcache()
    def _get_known(self):
        """ Return what each live token stands for, cached: the accept path may not query.

        :return: For each digest the kind, provider id, company id, shortcode's source check.
        :rtype: dict[str, tuple]
        """
        self.env.cr.execute(
            # Raw SQL: the accept route runs without a user, and one join reads all it needs.
            """
            SELECT t.digest, t.kind, p.id, p.company_id, p.mpesa_source_check,
                   p.mpesa_environment
              FROM mpesa_callback_token t
              JOIN payment_provider p ON p.id = t.provider_id
            """
        )
        return {row[0]: row[1:] for row in self.env.cr.fetchall()}

    @api.model
    def _identify(self, token, kind):
        """ Find out which provider a token belongs to.

        The token is compared by keyed digest, as bytes and in constant time; archived and disabled
        providers are known too, since money sent to them is real.

        :param str token: What stands in the address, any text.
        :param str kind: 'stk', 'c2b', 'result' or 'pull'.
        :return: (provider id, company id, source check, environment), or None.
        :rtype: tuple | None
        """
        wanted = vault.blind_index('callback', token).encode()
        found = None
        for digest, (known_kind, *provider) in self._get_known().items():
            if hmac.compare_digest(digest.encode(), wanted) and known_kind == kind:
                found = tuple(provider)
        return found or self._find_new(wanted.decode(), kind)

    @api.model
    def _find_new(self, digest, kind):
        """ Look for a token that the cache does not know, in the database.

        Another process may have issued it a moment ago: this one's cache hears of that only when
        the other's work has ended, while the result of the first prompt may be here already. Only
        wrong tokens pay for the look.

        :param str digest: The keyed digest of the token.
        :param str kind: 'stk', 'c2b', 'result' or 'pull'.
        :return: (provider id, company id, source check, environment), or None.
        :rtype: tuple | None
        """
        self.env.cr.execute(
            # Raw SQL: as for the cache.
            """
            SELECT p.id, p.company_id, p.mpesa_source_check, p.mpesa_environment
              FROM mpesa_callback_token t
              JOIN payment_provider p ON p.id = t.provider_id
             WHERE t.digest = %s AND t.kind = %s
            """, [digest, kind],
        )
        return self.env.cr.fetchone()
