from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.exceptions import UserError


LEVELS = [('critical', "Critical"), ('warning', "Warning")]
KINDS = [
    ('success', "Payments that succeed"),
    ('failed', "Requests that reach no phone"),
    ('silence', "No payments"),
    ('pending', "Requests without an outcome"),
    ('slow', "Slow answers of Safaricom"),
    ('errors', "Messages with errors"),
    ('backlog', "Messages that queue"),
    ('unbooked', "Messages not booked"),
    ('conservation', "Money that does not add up"),
    ('jobs', "Scheduled actions"),
    ('exceptions', "Errors of the program"),
    ('pull', "Fetching of payments (Pull)"),
    ('initiator', "Initiator's password"),
    ('certificate', "Certificate of the web address"),
]


@dataclass(frozen=True)
class Cause:
    """Something that is wrong now, as a check found it.

    :ivar str kind: One of `KINDS`.
    :ivar str level: 'critical' or 'warning'.
    :ivar res.company company: The school that is told.
    :ivar payment.provider provider: The shortcode; empty when it is about the whole system.
    :ivar float value: What was measured.
    :ivar float threshold: The limit that it broke, in the same unit.
    :ivar dict facts: Further figures for the text; no personal data.
    """

    kind: str
    level: str
    company: models.BaseModel
    provider: models.BaseModel
    value: float
    threshold: float
    facts: dict = field(default_factory=dict)

    @property
    def key(self):
        """ What tells this cause from all others. """
        return self.company.id, self.kind, self.provider.id or False


class MpesaAlert(models.Model):
    """Something about M-PESA that is wrong: one open row for each cause.

    It is raised, told once, acknowledged by a person, and cleared by itself when the cause is gone.
    """

    _name = 'mpesa.alert'
    _description = "M-PESA Alert"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'cleared_at desc nulls first, level, id desc'
    _mail_post_access = 'read'

    kind = fields.Selection(string="About", selection=KINDS, required=True, readonly=True)
    level = fields.Selection(string="Level", selection=LEVELS, required=True, readonly=True)
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', readonly=True, ondelete='cascade',
        index='btree_not_null', groups='base.group_system',
    )
    shortcode = fields.Char(string="Shortcode", readonly=True)
    value = fields.Float(string="Measured", readonly=True)
    threshold = fields.Float(string="Limit", readonly=True)
    facts = fields.Json(readonly=True)
    since = fields.Datetime(string="Since", required=True, readonly=True)
    seen_at = fields.Datetime(
        string="Last Seen", required=True, readonly=True,
        help="When the cause was found to hold the last time.",
    )
    cleared_at = fields.Datetime(
        string="Over Since", readonly=True, copy=False, help="Since when the cause is gone.",
    )
    acknowledged_by_id = fields.Many2one(
        string="Acknowledged By", comodel_name='res.users', readonly=True, copy=False,
        ondelete='restrict', help="Who has said that it is being seen to.",
    )
    acknowledged_at = fields.Datetime(string="Acknowledged", readonly=True, copy=False)
    mailed_at = fields.Datetime(
        string="Mailed", readonly=True, copy=False,
        help="Critical ones are mailed once, and again when they were over, are back and stay.",
    )
    state = fields.Selection(
        string="Status",
        selection=[('open', "Open"), ('acknowledged', "Acknowledged"), ('cleared', "Over")],
        compute='_compute_state',
    )
    what = fields.Char(string="What Is Wrong", compute='_compute_words')
    meaning = fields.Char(string="What It Means for the Money", compute='_compute_words')
    advice = fields.Char(string="What to Do", compute='_compute_words')

    _open_uniq = models.UniqueIndex(
        "(company_id, kind, COALESCE(provider_id, 0)) WHERE cleared_at IS NULL",
        "There is an open alert about this already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('cleared_at', 'acknowledged_at')
    def _compute_state(self):
        for alert in self:
            alert.state = 'cleared' if alert.cleared_at else (
                'acknowledged' if alert.acknowledged_at else 'open'
            )

    @api.depends('kind', 'shortcode')
    @api.depends_context('lang')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for alert in self:
            alert.display_name = ' '.join(filter(None, (kinds[alert.kind], alert.shortcode)))

    @api.depends('kind', 'level', 'value', 'threshold', 'facts')
    @api.depends_context('lang')
    def _compute_words(self):
        for alert in self:
            alert.what, alert.meaning, alert.advice = alert._describe()

    # === ACTION METHODS === #

    def action_acknowledge(self):
        """ Say that somebody sees to these alerts. They stay open until their cause is gone.

        :return: None
        :raise UserError: If the user is not of the bursar's office.
        """
        self.check_access('read')
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise UserError(self.env._("Only the bursar's office acknowledges alerts."))
        # In sudo mode: people read alerts, and press a button.
        self.sudo().filtered(lambda alert: alert.state == 'open').write({
            'acknowledged_by_id': self.env.uid, 'acknowledged_at': fields.Datetime.now(),
        })
