import math

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_datetime

from .mpesa_prompt_bulk_result import UNPAID_RESULTS
from .payment_transaction_screen import NAIROBI


class MpesaPromptBulk(models.Model):
    """A run on the office's screens: totals before, progress and results after."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.prompt.bulk'

    phone_count = fields.Integer(string="Phones", compute='_compute_totals')
    child_count = fields.Integer(string="Children", compute='_compute_totals')
    asked = fields.Monetary(string="Asked in All", compute='_compute_totals')
    left_count = fields.Integer(string="Not Prompted", compute='_compute_totals')
    minutes = fields.Integer(
        string="Minutes", compute='_compute_totals', help="How long it takes at the school's pace.",
    )
    question = fields.Char(compute='_compute_totals', help="Asked before anything goes out.")
    prompted_count = fields.Integer(
        string="Phones Prompted", compute='_compute_progress',
        help="Of a run that has started, with those who wait.",
    )
    prompted_amount = fields.Monetary(string="Asked of Them", compute='_compute_progress')
    waiting_count = fields.Integer(string="Wait", compute='_compute_progress')
    paid_count = fields.Integer(string="Have Paid", compute='_compute_progress')
    paid_amount = fields.Monetary(string="Paid", compute='_compute_progress')
    unpaid_count = fields.Integer(string="Not Paid", compute='_compute_progress')
    can_stop = fields.Boolean(compute='_compute_can_go')
    can_go_on = fields.Boolean(compute='_compute_can_go')
    progress = fields.Json(
        compute='_compute_progress', help="Read again every few seconds while it changes.",
    )

    # === COMPUTE METHODS === #

    @api.depends('chosen_by', 'started_at')
    @api.depends_context('lang', 'tz')
    def _compute_display_name(self):
        labels = dict(self._fields['chosen_by']._description_selection(self.env))
        for run in self:
            at = run.started_at or run.create_date or fields.Datetime.now()
            day = format_date(self.env, fields.Datetime.context_timestamp(
                run.with_context(tz=NAIROBI), at,
            ).date())
            run.display_name = f"{labels.get(run.chosen_by, '')}, {day}"

    @api.depends('ready_line_ids.is_included', 'left_line_ids')
    def _compute_totals(self):
        for run in self:
            lines = run.ready_line_ids.filtered('is_included')
            asked = sum(lines.mapped('asked'))
            run.update({
                'phone_count': len(lines),
                'child_count': len(lines.student_ids),
                'asked': asked,
                'question': self.env._(
                    "Phones that get a prompt now: %(phones)s, for KES %(asked)s in all.",
                    phones=len(lines), asked=f'{asked:,.0f}',
                ),
                'left_count': len(run.left_line_ids),
                'minutes': math.ceil(
                    len(lines) / (run.company_id.sudo().mpesa_prompt_bulk_pace or 1)
                ),
            })

    @api.depends('state', 'line_ids.transaction_id.mpesa_push_state')
    def _compute_can_go(self):
        """ The last prompts of a run may still lie in the outbox, or have come back from it. """
        for run in self:
            # In sudo mode: whoever sees the run sees what became of it.
            sent = run.sudo().line_ids.transaction_id if run.state == 'done' else (
                self.env['payment.transaction']
            )
            run.can_stop = run.state == 'running' or 'queued' in sent.mapped('mpesa_push_state')
            run.can_go_on = run.state == 'stopped' or bool(sent._mpesa_filter_unsent())

    def _compute_progress(self):
        rows = self.env['mpesa.prompt.bulk.result']._read_group(
            [('run_id', 'in', self.ids), ('result', '!=', 'left')], ['run_id', 'result'],
            ['__count', 'paid:sum', 'asked:sum'],
        )
        for run in self:
            found = {
                result: figures for row_run, result, *figures in rows if row_run == run._origin
            }

            def count(*results, found=found):
                return sum(found.get(result, (0,))[0] for result in results)

            run.prompted_count = count(*found)
            run.prompted_amount = sum(asked for _count, _paid, asked in found.values())
            run.waiting_count = count('waiting')
            run.paid_count, run.paid_amount = found.get('paid', (0, 0.0))[:2]
            run.unpaid_count = count(*UNPAID_RESULTS)
            run.progress = run.state != 'draft' and run._describe_progress({
                'paid': count('paid'), 'open': count('open'),
                'unpaid': count(*UNPAID_RESULTS), 'check': count('unknown', 'returned'),
                'waiting': count('waiting'),
            })

    # === ACTION METHODS === #

    def action_open_results(self):
        """ Open what became of each phone, as a list, a pivot and a graph.

        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_prompt_bulk_result_action'
            ),
            'domain': [('run_id', '=', self.id)],
            'context': {},
        }

    def action_send_links(self):
        """ Open the wizard of payment links with the families who were prompted and did not pay.

        :return: A window action.
        :rtype: dict
        :raise UserError: If all have paid, or it is not known yet.
        """
        self.ensure_one()
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        unpaid = self.result_ids.filtered(lambda row: row.result in UNPAID_RESULTS)
        lines = self.env['mpesa.prompt.bulk.line'].browse(unpaid.ids)  # They share their ids.
        if not lines:
            raise UserError(self.env._(
                "Nobody is known who was prompted and did not pay. No link was made."
            ))
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_link_bulk_action'),
            'context': {
                'default_chosen_by': 'students', 'default_student_ids': lines.student_ids.ids,
                'default_company_id': self.company_id.id,
                'default_send_sms': bool(self.company_id.sudo().school_sms_gateway),
            },
        }

    # === BUSINESS METHODS === #

    def _describe_progress(self, counts):
        """ Describe how far the run has come, for the bar that moves by itself.

        Note: `self.ensure_one()`

        :param dict counts: How many phones are paid, open, unpaid, check and waiting.
        :return: Texts and facts, ready to show: see `static/src/backend/prompt_bulk`.
        :rtype: dict
        """
        self.ensure_one()
        labels = {
            'paid': self.env._("Paid"), 'open': self.env._("On the phone"),
            'unpaid': self.env._("Not paid"), 'check': self.env._("Being checked"),
            'waiting': self.env._("Wait"),
        }
        return {
            'is_live': self.state == 'running' or counts['open'] > 0,
            'total': sum(counts.values()),
            'parts': [
                {'key': key, 'label': labels[key], 'count': count} for key, count in counts.items()
            ],
            'note': self._say_what_is_next(counts),
        }

    def _say_what_is_next(self, counts):
        """ Say in one line what happens next, and what still goes on after a stop.

        Note: `self.ensure_one()`

        :param dict counts: As above.
        :rtype: str
        """
        self.ensure_one()
        school_sudo = self.company_id.sudo()
        if self.state == 'running':
            opens_at = school_sudo._get_mpesa_prompt_opening(fields.Datetime.now())
            if opens_at:
                return self.env._(
                    "No prompts go out at this hour. It goes on by itself: %(when)s.",
                    when=format_datetime(self.env, opens_at, tz=NAIROBI, dt_format='EEEE HH:mm'),
                )
            return self.env._(
                "Phones a minute: %(pace)s. You can leave this page: it goes on by itself.",
                pace=school_sudo.mpesa_prompt_bulk_pace,
            )
        if self.state == 'stopped':
            return self.env._(
                "Stopped. Prompts on phones can still be paid: %(open)s. Not sent: %(waiting)s.",
                open=counts['open'], waiting=counts['waiting'],
            )
        if counts['open']:
            return self.env._("All are sent. The last answers are awaited.")
        return ''
