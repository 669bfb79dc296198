import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import vault


# One message appended with its key. Raw SQL, as design section 3 fixes: `create()` is too dear, and
# the time is the database's.
APPEND = """
    data_key AS (
        INSERT INTO mpesa_callback_key (wrapped) VALUES (%(wrapped)s) RETURNING id
    ), message AS (
        INSERT INTO mpesa_callback (
            endpoint, provider_id, company_id, environment, push_digest, key_id,
            body_sealed, digest, content_type, source_address, source_listed, received_at,
            state, tries, reason, statement_line_id)
        SELECT %(endpoint)s, %(provider_id)s, %(company_id)s, %(environment)s,
               %(push_digest)s, data_key.id, %(body)s, %(digest)s, %(content_type)s,
               %(source)s, %(listed)s, clock_timestamp() AT TIME ZONE 'UTC',
               %(state)s, 0, %(reason)s, %(statement_line_id)s
          FROM data_key
    )"""
# What a person may replay: everything that was not booked and is not a plain repeat.
REPLAYABLE_STATES = ('parked', 'unreadable', 'conflict', 'quarantined')


class UncheckedMany2one(fields.Many2one):
    """A link without a foreign key: its check would lock the row linked to for each append.

    The accept path takes no lock (design section 3). The values come from the token's provider.
    """

    def update_db_foreign_key(self, model, column):
        """ Override of `orm` to make none. """


class MpesaCallback(models.Model):
    """The inbox: every message from Daraja, as it came. Append only.

    The database itself refuses deletion, and any change of bytes, digest, source and time; only
    the processing columns move (design section 3).
    """

    _name = 'mpesa.callback'
    _description = "M-PESA Callback"
    _order = 'id desc'
    _log_access = False  # Who and when are the source and the database's clock.

    endpoint = fields.Selection(
        string="Kind",
        selection=[
            ('stk', "Prompt result"), ('confirmation', "Paybill confirmation"),
            ('validation', "Paybill validation"), ('result', "Result"), ('timeout', "Time-out"),
            ('notice', "Call of Pull"),
            ('pull', "Found by Pull"), ('statement', "Found on a statement"),
            ('status', "Found by a status question"),
        ],
        required=True, readonly=True,
    )
    provider_id = UncheckedMany2one(
        string="Shortcode", comodel_name='payment.provider', required=True, readonly=True,
        ondelete='restrict',
    )
    company_id = UncheckedMany2one(
        string="School", comodel_name='res.company', required=True, readonly=True,
        ondelete='restrict',
    )
    environment = fields.Char(string="Environment", required=True, readonly=True)
    push_digest = fields.Char(
        string="Prompt", readonly=True, index='btree_not_null', groups='base.group_system',
        exportable=False,
        help="Which prompt's own address was called, as a keyed digest.",
    )
    key_id = fields.Integer(
        readonly=True, groups='base.group_system', exportable=False,
        help="The key of this row. No foreign key: forgetting a payer deletes the key and changes"
             " no row.",
    )
    body_sealed = fields.Binary(
        string="Sealed Bytes", attachment=False, required=True, readonly=True,
        groups='base.group_system', exportable=False,
    )
    digest = fields.Char(string="Digest", required=True, readonly=True)
    content_type = fields.Char(string="Content Type", readonly=True)
    source_address = fields.Char(string="Source", readonly=True)
    source_listed = fields.Boolean(string="Known Source", readonly=True)
    received_at = fields.Datetime(string="Received", required=True, readonly=True)

    # === FIELDS - PROCESSING: the only columns that move === #

    state = fields.Selection(
        string="Status",
        selection=[
            ('new', "Waiting"),
            ('done', "Processed"),
            ('repeat', "Repeat"),
            ('conflict', "Conflict"),
            ('unreadable', "Unreadable"),
            ('parked', "Parked"),
            ('quarantined', "Quarantined"),
        ],
        required=True, readonly=True, default='new',
    )
    tries = fields.Integer(string="Tries", readonly=True, default=0)
    next_try_at = fields.Datetime(string="Next Try", readonly=True)
    reason = fields.Char(string="Reason", readonly=True)
    processed_at = fields.Datetime(string="Processed", readonly=True)
    mpesa_transaction_id = fields.Many2one(
        string="Movement", comodel_name='mpesa.transaction', readonly=True, index='btree_not_null',
        ondelete='restrict',
    )
    payment_transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
        index='btree_not_null', ondelete='restrict',
    )
    age = fields.Char(string="Age", compute='_compute_age')

    _claim_idx = models.Index("(next_try_at, id) WHERE state IN ('new', 'parked')")
    # Few rows stay in these states among many that are done: every accept pays for an index.
    _attention_idx = models.Index("(state) WHERE state NOT IN ('new', 'done', 'repeat')")

    def init(self):
        """ Let the database itself refuse what nobody may do to the inbox. """
        # Raw SQL: a rule that must hold for every session, also psql, has to live in the database.
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION mpesa_callback_guard() RETURNS trigger AS $guard$
            BEGIN
                IF TG_OP = 'UPDATE' AND
                   (OLD.id, OLD.endpoint, OLD.provider_id, OLD.company_id, OLD.environment,
                    OLD.push_digest, OLD.key_id, OLD.body_sealed, OLD.digest, OLD.content_type,
                    OLD.source_address, OLD.source_listed, OLD.received_at,
                    OLD.statement_line_id)
                   IS NOT DISTINCT FROM
                   (NEW.id, NEW.endpoint, NEW.provider_id, NEW.company_id, NEW.environment,
                    NEW.push_digest, NEW.key_id, NEW.body_sealed, NEW.digest, NEW.content_type,
                    NEW.source_address, NEW.source_listed, NEW.received_at,
                    NEW.statement_line_id)
                THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'The M-PESA inbox is append only.'
                    USING ERRCODE = 'restrict_violation';
            END
            $guard$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS mpesa_callback_guard_rows ON mpesa_callback;
            CREATE TRIGGER mpesa_callback_guard_rows BEFORE UPDATE OR DELETE ON mpesa_callback
                FOR EACH ROW EXECUTE FUNCTION mpesa_callback_guard();
            DROP TRIGGER IF EXISTS mpesa_callback_guard_table ON mpesa_callback;
            CREATE TRIGGER mpesa_callback_guard_table BEFORE TRUNCATE ON mpesa_callback
                FOR EACH STATEMENT EXECUTE FUNCTION mpesa_callback_guard();
            """
        )

    # === COMPUTE METHODS === #

    @api.depends('received_at')
    def _compute_age(self):
        now = fields.Datetime.now()
        for callback in self:
            callback.age = self._describe_age(now - callback.received_at)

    # === ACTION METHODS === #

    def action_replay(self):
        """ Put the chosen messages back in the queue; the drain decides again.

        Replaying cannot book twice: the effect carries the unique key, not the message.

        :return: None
        :raise UserError: If one of them has nothing to replay.
        """
        self.check_access('read')
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise UserError(self.env._("Only the bursar's office replays messages."))
        if any(callback.state not in REPLAYABLE_STATES for callback in self):
            raise UserError(self.env._(
                "Only parked, unreadable, conflicting or quarantined messages can be replayed."
                " The others are booked or waiting already; nothing was changed."
            ))
        # In sudo mode: people read the inbox and press Replay, and never write to it.
        self.sudo().write({
            'state': 'new', 'tries': 0, 'next_try_at': False,
            'reason': self.env._("Replayed by %(user)s", user=self.env.user.name),
        })
        self.env.ref('school_mpesa.cron_drain')._trigger()

    # === BUSINESS METHODS - ACCEPT === #

    @api.model
    def _accept(self, endpoint, provider, raw, push='', content_type='', source=''):
        """ Append one message and wake the drain: one statement, no lock, no other look-up.

        :param str endpoint: Which address was called.
        :param tuple provider: (provider id, company id, source check, environment), from the token.
        :param bytes raw: The bytes as they came.
        :param str push: The prompt's own part of the address, '' when there is none.
        :param str content_type: The header, as it came.
        :param str source: The caller's address, '' when unknown.
        :return: None
        """
        provider_id, company_id, source_check, environment = provider
        listed = self.env['mpesa.source.address']._is_listed(source)
        quarantined = source_check == 'quarantine' and not listed
        key, wrapped = vault.new_data_key()
        # Raw SQL: `_trigger()` too is too dear here. The statement stays out of the log when it
        # fails, since it carries the message.
        self.env.cr.execute(
            f"""
            WITH {APPEND}
            INSERT INTO ir_cron_trigger (cron_id, call_at)
            SELECT %(cron_id)s, clock_timestamp() AT TIME ZONE 'UTC'
             WHERE %(state)s = 'new'
               AND NOT EXISTS (
                    SELECT 1 FROM ir_cron_trigger
                     WHERE cron_id = %(cron_id)s
                       AND call_at <= clock_timestamp() AT TIME ZONE 'UTC'
                       -- One that nobody took within a second: its worker may have been killed.
                       AND call_at > clock_timestamp() AT TIME ZONE 'UTC' - interval '1 second')
            """,  # noqa: S608 - joined from two constants; every value is a parameter
            {
                'wrapped': wrapped,
                'endpoint': endpoint,
                'provider_id': provider_id,
                'company_id': company_id,
                'environment': environment,
                'push_digest': (push and vault.blind_index('push', push)) or None,
                'body': vault.seal_bytes(key, raw),
                'digest': vault.keyed_digest(key, raw),
                # The kind of content only: a stranger may write anything behind it.
                'content_type': re.sub(
                    r'[0-9]{5,}|[^!-~]', '', content_type.partition(';')[0],
                )[:80],
                'source': source or None,
                'listed': listed,
                'state': 'quarantined' if quarantined else 'new',
                'reason': 'source' if quarantined else None,
                'statement_line_id': None,
                'cron_id': self.env['ir.model.data']._xmlid_to_res_id('school_mpesa.cron_drain'),
            },
            log_exceptions=False,
        )
        if self.env.cr.rowcount:
            # NOTIFY only after a commit that wrote a wake-up.
            self.env.cr.postcommit.add(self.env['ir.cron']._notifydb)

    # === BUSINESS METHODS - READING === #

    def _read_bodies(self):
        """ Decrypt the messages.

        :return: For each message its bytes, or None when its key was forgotten.
        :rtype: dict[mpesa.callback, bytes | None]
        """
        keys = self.env['mpesa.callback.key'].sudo().browse(self.mapped('key_id')).exists()
        wrapped = {key.id: key.wrapped for key in keys}
        # Raw read: `Binary` fields hand out base64 or a size, the bytes are wanted as they are.
        self.env.cr.execute(
            'SELECT id, body_sealed FROM mpesa_callback WHERE id = ANY(%s)', [self.ids],
        )
        sealed = dict(self.env.cr.fetchall())
        return {
            callback: vault.unseal_bytes(
                vault.open_data_key(wrapped[callback.key_id]), sealed[callback.id],
            ) if callback.key_id in wrapped else None
            for callback in self
        }
