from datetime import UTC, datetime, time

from odoo import api, fields, models
from odoo.tools import SQL

from .school_receipt_desk import DESK_KINDS


SHOWN_TO_APPROVE = 3  # The others are in the list behind the count.


class SchoolDashboard(models.AbstractModel):
    """What waits for the reader: to be approved, to be counted, to be put right."""

    _inherit = 'school.dashboard'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _get_needs(self, facts):
        """ Return what waits for the user.

        :param dict facts: As in :meth:`_get_facts`.
        :return: Of each `key`, `label`, `count` (above zero), `action`, and `rows` as in
                 :meth:`_get_rows_to_approve`.
        :rtype: list[dict]
        """
        needs = []
        if self.env.user.has_group('school_fees.group_approver'):
            needs += [
                (key, label, model, domain, ('list', 'form'))
                for key, label, model, domain in self._get_approvals()
            ]
        if self.env['school.cash.up'].has_access('read'):
            needs += self._get_uncounted(facts)
        if self.env['school.bill.run'].has_access('write'):
            needs.append(self._get_failed_runs())
        if self.env['school.data.request'].has_access('read'):
            needs += self._get_asked_by_guardians()
        return self._count_needs(needs)

    @api.model
    def _count_needs(self, needs):
        """ Return those needs of which there are any.

        :param list[tuple] needs: `key`, `label`, model, domain and kinds of view of each.
        :rtype: list[dict]
        """
        if not needs:
            return []
        actions = [
            self._get_list_action(model, label, domain, views=views)
            for _key, label, model, domain, views in needs
        ]
        # One query counts them all: most are nothing, most of the time.
        counts, = self.env.execute_query(SQL('SELECT %s', SQL(', ').join(
            SQL('(%s)', self.env[action['res_model']]._search(action['domain']).select('COUNT(*)'))
            for action in actions
        )))
        return [
            {
                'key': key, 'label': label, 'count': count, 'action': action,
                'rows': self._get_rows_to_approve(key, model, action['domain']),
            }
            for (key, label, model, _domain, _views), action, count
            in zip(needs, actions, counts, strict=True) if count
        ]

    @api.model
    def _get_rows_to_approve(self, key, model, domain):
        """ Return the oldest transfers with all that their approver has to know.

        Others are approved on their own screens: there is more to look at than one line.

        :param str key: The need.
        :param str model: Its model.
        :param list domain: What waits.
        :return: `model`, `id` and `text` of each.
        :rtype: list[dict]
        """
        if key != 'transfers':
            return []
        waiting = self.env[model].search(domain, order='id', limit=SHOWN_TO_APPROVE)
        return [
            {
                'model': model, 'id': transfer.id,
                'text': self.env._(
                    "%(amount)s from %(giver)s to %(taker)s. %(asker)s: %(reason)s",
                    amount=transfer.currency_id._format_plain(transfer.amount),
                    giver=transfer.from_student_id.display_name,
                    taker=transfer.to_student_id.display_name,
                    asker=transfer.asked_by_id.name, reason=transfer.reason,
                ),
            }
            for transfer in waiting
        ]

    @api.model
    def _get_approvals(self):
        """ Return what the user could approve: what somebody else asked for.

        :return: `key`, `label`, model and domain of each.
        :rtype: list[tuple]
        """
        uid = self.env.uid
        reversal = [
            ('reversal_asked_by_id', '!=', False), ('reversal_asked_by_id', '!=', uid),
        ]
        domains = {
            'transfers': ('school.transfer', [
                ('state', 'in', ('asked', 'approved')), ('asked_by_id', '!=', uid),
                ('first_approved_by_id', '!=', uid),
            ]),
            'refunds': ('school.refund', [('state', '=', 'asked'), ('asked_by_id', '!=', uid)]),
            'grants': ('school.concession.grant', [
                ('state', '=', 'draft'), ('requested_by_id', '!=', uid),
            ]),
            'structures': ('school.fee.structure', [
                ('state', '=', 'submitted'), ('submitted_by_id', '!=', uid),
            ]),
            'receipt_reversals': ('school.receipt', [('state', '=', 'posted'), *reversal]),
            'transfer_reversals': ('school.transfer', [('state', '=', 'done'), *reversal]),
            'refund_reversals': ('school.refund', [('state', '=', 'done'), *reversal]),
        }
        labels = {
            'transfers': self.env._("Transfers to approve"),
            'refunds': self.env._("Refunds to approve"),
            'grants': self.env._("Concessions and waivers to approve"),
            'structures': self.env._("Fee structures to approve"),
            'receipt_reversals': self.env._("Reversals of receipts to approve"),
            'transfer_reversals': self.env._("Reversals of transfers to approve"),
            'refund_reversals': self.env._("Reversals of refunds to approve"),
        }
        return [(key, labels[key], model, domain) for key, (model, domain) in domains.items()]

    @api.model
    def _get_uncounted(self, facts):
        """ Return the cash-ups of earlier days that are open, and receipts that none has taken.

        A bursar sees everybody's, a cashier the own.

        :param dict facts: As in :meth:`_get_facts`.
        :return: `key`, `label`, model, domain and kinds of view of each.
        :rtype: list[tuple]
        """
        today = self.env.tz.localize(datetime.combine(facts['day'], time.min)).astimezone(UTC)
        receipts = [
            ('state', '=', 'posted'), ('cash_up_id', '=', False), ('issued_by_id', '!=', False),
            ('money_kind', 'in', [kind for kind, _name in DESK_KINDS]),
            ('create_date', '<', fields.Datetime.to_string(today)),
        ]
        if not self.env.user.has_group('school_fees.group_bursar'):
            receipts.append(('issued_by_id', '=', self.env.uid))
        cash_ups = [('state', '=', 'open'), ('date', '<', fields.Date.to_string(facts['day']))]
        cash_up_label = self.env._("Cash-ups not closed")
        receipt_label = self.env._("Receipts of earlier days in no cash-up")
        views = ('list', 'form')
        return [
            ('cash_ups', cash_up_label, 'school.cash.up', cash_ups, views),
            ('uncounted', receipt_label, 'school.receipt', receipts, views),
        ]

    @api.model
    def _get_asked_by_guardians(self):
        """ Return what guardians asked for in the portal and the office has not answered.

        :return: `key`, `label`, model, domain and kinds of view of each.
        :rtype: list[tuple]
        """
        phones = self.env.ref('school_fees.school_guardian_phone_view_list_proposed')
        phone_label = self.env._("Phones to confirm")
        data_label = self.env._("Guardians who ask for their data")
        return [
            ('phones', phone_label, 'school.guardian.phone', [('proposed', '=', True)],
             ((phones.id, 'list'),)),
            ('data_requests', data_label, 'school.data.request', [('state', '=', 'open')],
             ('list',)),
        ]

    @api.model
    def _get_failed_runs(self):
        """ Return the bill runs of open terms that skipped a student whom no later run billed.

        :return: `key`, `label`, model, domain and kinds of view.
        :rtype: tuple
        """
        # Raw SQL: that no later run dealt with the student is beyond a domain.
        self.env.flush_all()
        runs = self.env.execute_query(SQL(
            """SELECT DISTINCT run.id
                 FROM school_bill_run run
                 JOIN school_term term ON term.id = run.term_id AND term.state <> 'closed'
                 JOIN school_bill_run_student skipped
                   ON skipped.run_id = run.id AND skipped.state = 'skipped'
                WHERE run.company_id = %s AND run.state = 'done'
                  AND NOT EXISTS (
                      SELECT FROM school_bill_run_student later
                        JOIN school_bill_run later_run ON later_run.id = later.run_id
                       WHERE later.student_id = skipped.student_id AND later.id > skipped.id
                         AND later_run.term_id = run.term_id AND later.state = 'posted'
                  )""",
            self.env.company.id,
        ))
        domain = [('id', 'in', [run for run, in runs])]
        label = self.env._("Bill runs that skipped students")
        return ('bill_runs', label, 'school.bill.run', domain, ('list', 'form'))
