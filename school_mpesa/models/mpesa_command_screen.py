from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from .mpesa_command import OPEN_STATES


NAIROBI = 'Africa/Nairobi'


class MpesaCommand(models.Model):
    """A question on screen: what came of it in words, and what to do next."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    subject = fields.Char(
        string="About", compute='_compute_subject', help="The payment, or the hours, in question.",
    )
    outcome = fields.Char(
        string="What Came of It", compute='_compute_outcome', help="The answer in words.",
    )
    is_open = fields.Boolean(compute='_compute_is_open')
    can_ask_again = fields.Boolean(compute='_compute_is_open')

    # === COMPUTE METHODS === #

    @api.depends('kind', 'receipt', 'window_start', 'window_end')
    @api.depends_context('lang')
    def _compute_subject(self):
        for command in self:
            command.subject = (
                command._describe_window() if command.kind == 'pull' else command.receipt
            )

    @api.depends('kind', 'subject')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for command in self:
            command.display_name = f"{kinds.get(command.kind, '')} {command.subject or ''}".strip()

    @api.depends('state', 'kind')
    def _compute_is_open(self):
        for command in self:
            command.is_open = command.state in OPEN_STATES
            command.can_ask_again = command.kind == 'status' and not command.is_open

    @api.depends(
        'state', 'kind', 'finding', 'result_code', 'problem', 'rows', 'found', 'unreadable',
        'amount', 'paid_at', 'pull_zone', 'dated_by_code',
    )
    @api.depends_context('lang')
    def _compute_outcome(self):
        for command in self:
            if command.state == 'queued':
                command.outcome = self.env._("Waiting to be asked.")
            elif command.state == 'sent':
                command.outcome = self.env._(
                    "Asked. Safaricom answers within seconds as a rule, sometimes after hours."
                ) if command.kind != 'pull' else self.env._("Being read.")
            elif command.kind == 'pull':
                command.outcome = command._describe_pulled()
            else:
                command.outcome = command._describe_answer()

    # === ACTION METHODS === #

    def action_ask_again(self):
        """ Ask about the same payment again.

        :return: The action that shows the new question.
        :rtype: dict
        :raise UserError: If it cannot be asked.
        """
        self.ensure_one()
        self._check_office()
        self.check_access('read')
        if not self.can_ask_again:
            raise UserError(self.env._("Safaricom is being asked already. Nothing was sent."))
        return self._ask_status(
            self.provider_id, self.receipt, self.payment_transaction_id,
        )._get_view_action()

    def action_pull_now(self):
        """ Fetch the payments of the user's schools now instead of at the next hour.

        :return: A message of what happens now, after which the list is read again.
        :rtype: dict
        :raise UserError: If no shortcode can, or the user asked too often.
        """
        self._check_office()
        # In sudo mode: providers are the system's.
        providers = self.env['payment.provider'].sudo().search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'), ('mpesa_pull_enabled', '=', True),
            ('company_id', 'in', self.env.companies.ids),
        ]).filtered(lambda provider: not provider._mpesa_find_pull_problem())
        if not providers:
            raise UserError(self.env._(
                "No shortcode of this school fetches payments: the administrator sets up Pull at"
                " the M-PESA shortcode. Nothing was asked."
            ))
        self._count_question()
        for provider in providers:
            self._queue_pull(provider, fields.Datetime.now(), self.env.uid)
        return providers._mpesa_notify(self.env._(
            "Safaricom is being asked. Payments that are found are booked by themselves; read the"
            " list again in a moment."
        ))

    def action_mark_seen(self):
        """ Take questions off the list of those that need a person, which looked into them.

        :return: None
        """
        self._check_office()
        self.check_access('read')
        self.sudo().needs_person = False  # Commands are nobody's to write.

    # === BUSINESS METHODS === #

    def _get_view_action(self):
        """ Return the action that shows a question and its answer as it comes.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Question to Safaricom"),
            'res_model': 'mpesa.command',
            'res_id': self.id,
            'views': [(self.env.ref('school_mpesa.mpesa_command_view_form_live').id, 'form')],
            'target': 'new',
            'context': {'dialog_size': 'medium'},
        }

    def _tell_counter(self):
        """ Return what the answers say of a payment that is not in our books, for the counter.

        :return: A word of the counter's answers, '' when they tell nothing.
        :rtype: str
        """
        findings = set(self.mapped('finding'))
        for finding, word in (
            ('completed', 'waiting'), ('other', 'doubtful'), ('unclear', 'doubtful'),
        ):
            if finding in findings:
                return word
        if any(command.is_open for command in self):
            return 'asking'
        for finding, word in (
            ('pending', 'unfinished'), ('not_paid', 'not_paid'), ('elsewhere', 'elsewhere'),
        ):
            if finding in findings:
                return word
        # One shortcode that could not be asked leaves it open.
        return 'denied' if findings == {'not_found'} else ''

    def _describe_answer(self):
        """ Say what Safaricom answered about a payment, and what it means for the money.

        :rtype: str
        """
        self.ensure_one()
        if self.finding == 'completed' and self.dated_by_code:
            return self.env._(
                "Paid to us: %(amount)s on %(day)s by its M-PESA code; Safaricom told no time that"
                " can be read. It is booked by itself, once; where no message named a student, it"
                " waits under Unidentified.",
                amount=self.currency_id._format_plain(self.amount),
                day=self._format_moment(self.paid_at, 'd MMM yyyy'),
            )
        if self.finding == 'completed':
            return self.env._(
                "Paid to us: %(amount)s on %(moment)s. It is booked by itself, once; where no"
                " message named a student, it waits under Unidentified.",
                amount=self.currency_id._format_plain(self.amount),
                moment=self._format_moment(self.paid_at),
            )
        if self.finding == 'not_sent':
            return self.env._(
                "It could not be asked. %(problem)s No money is touched by this.",
                problem=self.problem or '',
            )
        return {
            'elsewhere': self.env._(
                "This payment was made, and not to our shortcode. Nothing is booked."
            ),
            'unclear': self.env._(
                "Safaricom says completed, and leaves out the amount, the code, who was paid or"
                " when. Nothing is booked: look it up on the organisation portal."
            ),
            'not_paid': self.env._("This payment did not go through. Nothing is booked."),
            'pending': self.env._(
                "M-PESA has not finished this payment. Nothing is booked yet; ask again later."
            ),
            'not_found': self.env._(
                "Safaricom finds no payment with this code. Nothing is booked. Compare the code"
                " with the phone."
            ),
            'other': self.env._(
                "The answer tells of another payment than the one that was asked about. Nothing is"
                " booked from it: look at the message."
            ),
            'refused': self.env._(
                "Safaricom refuses the initiator (%(code)s), so it said nothing about the payment."
                " Nothing is asked until the administrator has put it right.",
                code=self.result_code,
            ),
            'no_answer': self.env._(
                "Safaricom could not tell (%(code)s). Nothing is known of the payment; ask again in"
                " some minutes.", code=self.result_code,
            ),
            'timed_out': self.env._(
                "Safaricom gave up looking. Nothing is known of the payment; ask again."
            ),
            'silent': self.env._(
                "No answer came. Nothing is known of the payment; ask again. An answer that comes"
                " later still counts."
            ),
            'nameless': self.env._(
                "An answer came that does not name this question. It is not believed, and nothing"
                " is booked from it: what counts is a newer question about the same payment. Where"
                " there is none, ask again."
            ),
        }.get(self.finding, '')

    def _describe_pulled(self):
        """ Say what Pull told, and what it did not.

        :rtype: str
        """
        self.ensure_one()
        if self.finding == 'not_sent':
            words = [self.env._(
                "It could not be asked. %(problem)s It is asked again at the next hour.",
                problem=self.problem or '',
            )]
        elif self.finding == 'stuck':
            words = [self.env._(
                "Safaricom gave the same page again after %(count)s payments, so some may be"
                " missing. These hours do not count as covered.", count=self.rows,
            )]
        elif self.rows:
            words = [self.env._(
                "%(count)s payments told, %(found)s of which no message had come.",
                count=self.rows, found=self.found,
            )]
        else:
            words = [self.env._("No payment in these hours.")]
        if self.unreadable:
            words.append(self.env._(
                "%(count)s rows could not be read, and each may be a payment: compare these hours"
                " with Safaricom's statement.", count=self.unreadable,
            ))
        if self.dated_by_code:
            words.append(self.env._(
                "%(count)s came without a time that can be read: the day is that of their M-PESA"
                " code, the hour is not known.", count=self.dated_by_code,
            ))
        if self.pull_zone == 'assumed':
            words.append(self.env._(
                "Nothing told whether Safaricom's times are UTC, as they are marked: the day is"
                " right, the hour may be wrong by three."
            ))
        return ' '.join(words)

    def _describe_window(self):
        """ Return the hours in question: those of one day with their day once.

        :rtype: str
        """
        self.ensure_one()
        if not (self.window_start and self.window_end):
            return ''
        days = {
            self._format_moment(moment, 'd MMM') for moment in (self.window_start, self.window_end)
        }
        return self.env._(
            "%(start)s to %(end)s", start=self._format_moment(self.window_start, 'd MMM, HH:mm'),
            end=self._format_moment(
                self.window_end, 'HH:mm' if len(days) == 1 else 'd MMM, HH:mm',
            ),
        )

    def _format_moment(self, moment, pattern='d MMM yyyy, HH:mm'):
        return format_datetime(
            self.env, moment, tz=NAIROBI, dt_format=pattern,
        ) if moment else ''
