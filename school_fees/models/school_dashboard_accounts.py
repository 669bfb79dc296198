from odoo import api, fields, models
from odoo.tools import SQL


class SchoolDashboard(models.AbstractModel):
    """What is open on the students' accounts, of this term, by class, and of earlier terms."""

    _inherit = 'school.dashboard'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _get_account_cards(self, facts):
        """ Return the cards of what is open.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: list[dict]
        """
        currency, accounts = self.env.company.currency_id, facts['accounts']
        arrears, owing = accounts['arrears'], accounts['arrears_students']
        title = self.env._("Arrears of earlier terms")
        return [self._get_outstanding_card(facts), {
            'key': 'arrears', 'title': title, 'amount': arrears,
            'value': currency._format_plain(arrears),
            'details': [
                self.env._("Nobody owes anything from earlier terms.") if not owing
                else self.env._("1 student") if owing == 1
                else self.env._("%(count)s students", count=owing)
            ],
            'action': self._get_list_action(
                'account.move.line', title, self._get_arrears_domain(facts),
                views=((self.env.ref('school_fees.account_move_line_view_list_open').id, 'list'),),
            ),
        }]

    @api.model
    def _get_outstanding_card(self, facts):
        """ Return the card of what is open of this term, and how much of it has come in.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        currency, term, rows = (
            self.env.company.currency_id, facts['term'], facts['accounts']['classes']
        )
        billed, still_open = (sum(row[name] for row in rows) for name in ('billed', 'open'))
        if not term:
            details = [self.env._("No term has begun. Set the terms under Configuration.")]
        elif not billed:
            details = [self.env._("%(term)s is not billed yet.", term=term.name)]
        else:
            details = [
                self.env._(
                    "%(percent)s%% of %(amount)s collected",
                    percent=self._get_percent(billed - still_open, billed),
                    amount=currency._format_plain(billed),
                ),
                term.name,
            ]
        title = self.env._("Outstanding this term")
        return {
            'key': 'outstanding', 'title': title, 'amount': still_open,
            'value': currency._format_plain(still_open), 'details': details,
            'action': self._get_list_action(
                'account.move', title,
                [
                    ('term_id', '=', term.id), ('state', '=', 'posted'),
                    ('move_type', '=', 'out_invoice'), ('amount_residual', '>', 0),
                ],
                views=(
                    (self.env.ref('school_fees.account_move_view_list_term_bill').id, 'list'),
                    'form',
                ),
            ) if term else None,
        }

    @api.model
    def _get_classes(self, facts):
        """ Return the classes, with what is paid and open of this term for those who may see it.

        :param dict facts: As in :meth:`_get_facts`.
        :return: Of each class `id`, `name`, `action` and, for who may read balances, `billed` and
                 `open` (KES), `paid_text`, `open_text` and `percent` collected; for its teacher
                 `students`, how many there are. None for who sees neither.
        :rtype: list[dict] | None
        """
        if facts['accounts'] is None:
            return self._get_own_classes(facts)
        currency, rows = self.env.company.currency_id, facts['accounts']['classes']
        by_class = {row['class_id']: row for row in rows}
        classes = self.env['school.class'].search_fetch(
            [('id', 'in', [key for key in by_class if key])], ['name'],
        )
        result = []
        for key, name in [
            *((c.id, c.name) for c in classes), (None, self.env._("In no class today")),
        ]:
            if row := by_class.get(key):
                result.append({
                    'id': key, 'name': name, 'billed': row['billed'], 'open': row['open'],
                    'paid_text': currency._format_number(row['billed'] - row['open']),
                    'open_text': currency._format_number(row['open']),
                    'percent': self._get_percent(row['billed'] - row['open'], row['billed']),
                    'action': self._get_list_action(
                        'school.balance.report', name, [('class_id', '=', key or False)],
                        views=('list', 'pivot', 'graph'),
                    ),
                })
        return result

    @api.model
    def _get_own_classes(self, facts):
        """ Return the classes that the user teaches, without amounts.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: list[dict] | None
        """
        if not self.env.user.has_group('school_fees.group_class_teacher'):
            return None
        day = fields.Date.to_string(facts['day'])
        return [{
            'id': school_class.id, 'name': school_class.name, 'students': count,
            'action': self._get_list_action(
                'school.student', school_class.name, [('class_id', '=', school_class.id)],
            ),
        } for school_class, count in self.env['school.enrolment']._read_group(
            [
                ('company_id', '=', self.env.company.id), ('date_from', '<=', day),
                ('class_id.teacher_id', '=', self.env.uid),
                '|', ('date_to', '=', False), ('date_to', '>=', day),
            ],
            ['class_id'], ['__count'],
        )]

    @api.model
    def _get_percent(self, part, whole):
        """ Return a part in whole per cent, all of it only when nothing is left.

        :param float part: The part, KES.
        :param float whole: The whole, KES.
        :rtype: int
        """
        if self.env.company.currency_id.compare_amounts(whole, 0.0) <= 0:
            return 0
        return max(0, min(100, int(100 * part / whole + 1e-9)))

    @api.model
    def _get_arrears_domain(self, facts):
        """ Return the domain of the journal items that make up the arrears.

        It follows `rules.standing.classify`: due, and not of the term that runs.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: list
        """
        day = fields.Date.to_string(facts['day'])
        return [
            ('parent_state', '=', 'posted'), ('account_id.account_type', '=', 'asset_receivable'),
            ('partner_id.is_school_student', '=', True), ('amount_residual', '>', 0),
            ('move_id.term_id', 'not in', facts['term'].ids),
            '|', ('date_maturity', '<=', day), '&', ('date_maturity', '=', False),
            ('date', '<=', day),
        ]

    # === QUERIES === #

    @api.model
    def _read_accounts(self, term, day):
        """ Return what is open on the accounts of the school in front.

        Raw SQL, since the class of a day and the term of an open item are a join away from what
        `_read_group` can reach. The caller has checked the right to balances.

        :param school.term term: The term that runs or ran last; may be empty.
        :param date day: Today.
        :return: `classes`: `class_id` (None: in no class today), `billed` and `open` of the term
                 (KES), of each class; `arrears` (KES) and `arrears_students` (how many).
        :rtype: dict
        """
        self.env.flush_all()
        classes = self.env.execute_query_dict(SQL(
            """SELECT enrolment.class_id, SUM(move.amount_total_signed) AS billed,
                      COALESCE(SUM(move.amount_residual_signed)
                          FILTER (WHERE move.amount_residual_signed > 0), 0) AS open
                 FROM account_move move
            LEFT JOIN school_enrolment enrolment
                   ON enrolment.student_id = move.student_id AND enrolment.date_from <= %(day)s
                  AND (enrolment.date_to IS NULL OR enrolment.date_to >= %(day)s)
                WHERE move.term_id = %(term)s AND move.company_id = %(company)s
                  AND move.state = 'posted' AND move.move_type IN ('out_invoice', 'out_refund')
             GROUP BY enrolment.class_id""",
            day=day, term=term.id, company=self.env.company.id,
        )) if term else []
        (arrears, students), = self.env.execute_query(SQL(
            """SELECT COALESCE(SUM(item.residual), 0), COUNT(DISTINCT item.student_id)
                 FROM (%(items)s) item
                 JOIN account_move move ON move.id = item.move_id
                WHERE item.residual > 0 AND item.due <= %(day)s
                  AND move.term_id IS DISTINCT FROM %(term)s""",
            items=self.env['school.statement']._get_open_items_query(
                SQL("student.company_id = %s", self.env.company.id),
            ),
            day=day, term=term.id or 0,
        ))
        return {'classes': classes, 'arrears': arrears, 'arrears_students': students}
