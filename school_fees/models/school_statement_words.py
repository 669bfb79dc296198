from odoo import api, fields, models
from odoo.tools import format_date


# The account's figures, its words, its readers and the portal are four subjects, hence four files.
class SchoolStatementWords(models.AbstractModel):
    """What a statement calls its rows, and the periods that it is asked for."""

    _inherit = 'school.statement'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _get_kind_labels(self):
        """ Return what each kind of row is called.

        :rtype: dict[str, str]
        """
        return {
            'opening': self.env._("Opening balance"),
            'bill': self.env._("Bill"),
            'supplement': self.env._("Supplement"),
            'concession': self.env._("Concession"),
            'credit_note': self.env._("Credit note"),
            'receipt': self.env._("Receipt"),
            'payment': self.env._("Payment"),
            'reversal': self.env._("Reversal"),
            'refund': self.env._("Refund"),
            'transfer_in': self.env._("Transfer in"),
            'transfer_out': self.env._("Transfer out"),
            'bad_debt': self.env._("Bad debt written off"),
            'entry': self.env._("Adjustment"),
        }

    @api.model
    def _get_standing_labels(self):
        """ Return what each standing of an open item is called.

        :rtype: dict[str, str]
        """
        return {
            'arrears': self.env._("Arrears"),
            'this_term': self.env._("Due this term"),
            'not_due': self.env._("Not yet due"),
            'credit': self.env._("Credit"),
        }

    @api.model
    def _describe_rows(self, statements):
        """ Add to the rows what a person reads.

        Each row gets `term`, `number` of its document (of a receipt that of the receipt),
        `channel`, `external_ref` and `payer`, empty where there is none, and `is_own`, whether the
        user paid it. Each open item gets its `term`.

        :param dict statements: As :meth:`_get_statements` makes them, changed in place.
        :return: None
        """
        rows = [row for statement in statements.values() for row in statement['rows']]
        items = [item for statement in statements.values() for item in statement['open']['items']]
        # The right to the student is the right to the student's statement.
        receipts_sudo = self.env['school.receipt'].sudo().browse(
            list({row['receipt_id'] for row in rows if row['receipt_id']}),
        )
        terms_sudo = self.env['school.term'].sudo().browse(
            list({row['term_id'] for row in rows + items if row['term_id']}),
        )
        terms = {term.id: term.display_name for term in terms_sudo}
        payers = receipts_sudo._get_payer_labels()
        own = receipts_sudo._filter_paid_by(self.env.user.partner_id)
        receipt_of = {receipt.id: receipt for receipt in receipts_sudo}
        for statement in statements.values():
            for row in statement['rows']:
                receipt = receipt_of.get(row['receipt_id'], receipts_sudo.browse())
                row.update({
                    'term': terms.get(row['term_id'], ''),
                    'number': receipt.number or row['number'],
                    'channel': receipt.channel or '',
                    'external_ref': receipt.external_ref or '',
                    'is_own': receipt in own if receipt else False,
                    'payer': '',
                })
                if statement['rights']['payers'] or row['is_own']:
                    row['payer'] = payers.get(receipt, '')
            for item in statement['open']['items']:
                item['term'] = terms.get(item['term_id'], '')

    @api.model
    def _get_texts(self, statements):
        """ Return statements in words and figures, ready to show on paper and screen.

        :param dict statements: As :meth:`_get_statements` returns them.
        :return: For each student the texts of the statement, in the language of the context.
        :rtype: dict[school.student, dict]
        """
        kinds, standings = self._get_kind_labels(), self._get_standing_labels()
        channels = self._get_channel_badges()
        result = {}
        for student, statement in statements.items():
            number, plain = student.currency_id._format_number, student.currency_id._format_plain
            account = statement['open']
            due = account['arrears'] + account['this_term']
            result[student] = {
                **self._get_names(student),
                'currency': student.currency_id.name,
                'period': self._format_period(statement['date_from'], statement['date_to']),
                'opening': number(statement['opening']) if statement['date_from'] else '',
                'opening_date': self._format_day(statement['date_from']),
                'charged': number(statement['charged']),
                'credited': number(statement['credited']),
                'closing': number(statement['closing']),
                **self._get_balance_texts(student.currency_id, statement['closing']),
                'rows': [
                    {
                        'date': self._format_day(row['date']),
                        'kind': row['kind'],
                        'label': ', '.join(filter(None, (kinds[row['kind']], row['term']))),
                        'number': row['number'],
                        'external_ref': row['external_ref'],
                        'channel': channels.get(row['channel']),
                        'payer': row['payer'],
                        'charged': number(row['amount']) if row['amount'] > 0 else '',
                        'credited': number(-row['amount']) if row['amount'] <= 0 else '',
                        'balance': number(row['balance']),
                    }
                    for row in statement['rows']
                ],
                'standings': [
                    {
                        'label': standings[key],
                        'amount': number(account[key]),
                        'items': [
                            {
                                'label': item['term'] or self.env._("Other"),
                                'due': self._format_day(item['due']),
                                'amount': number(item['residual']),
                            }
                            for item in account['items'] if item['standing'] == key
                        ] if key != 'credit' else [],
                    }
                    for key in standings if not student.currency_id.is_zero(account[key])
                ],
                'due_now': '' if student.currency_id.is_zero(due) else plain(due),
                'next_due': self._format_day(account['next_due']),
                'share': self._get_share_texts(statement),
            }
        return result

    @api.model
    def _get_share_texts(self, statement):
        """ Return the part of the fees that the parents have agreed to be the user's.

        The part is of what was charged in the period; what the other parent pays does not change
        it. It is a view only: the student's account stays one.

        :param dict statement: As :meth:`_get_statements` makes it.
        :return: `percent`, `part`, `paid` and `left`; empty where no parts are agreed.
        :rtype: dict
        """
        percent = statement['rights']['share']
        if not percent:
            return {}
        currency = statement['currency']
        charged = sum(
            row['amount'] for row in statement['rows']
            if row['kind'] in {'bill', 'supplement', 'concession', 'credit_note'}
        )
        part = currency.round(charged * percent / 100)
        paid = -sum(row['amount'] for row in statement['rows'] if row['is_own'])
        return {
            'percent': f"{percent:g} %",
            'part': currency._format_plain(part),
            'paid': currency._format_plain(paid),
            'left': currency._format_plain(max(part - paid, 0.0)),
        }

    @api.model
    def _get_balance_texts(self, currency, amount):
        """ Return a balance in words for people.

        :param res.currency currency: The currency.
        :param float amount: What is owed; below zero it is credit.
        :return: The amount as `balance`, never below zero, and whether it is a credit as
                 `is_credit`.
        :rtype: dict
        """
        return {
            'balance': currency._format_plain(abs(amount)),
            'is_credit': currency.compare_amounts(amount, 0.0) < 0,
        }

    @api.model
    def _get_channel_badges(self):
        """ Return how each channel of payment is marked: by words, a sign and a colour.

        Other modules add theirs.

        :return: For each channel its `label`, `sign` and `colour`.
        :rtype: dict[str, dict]
        """
        labels = dict(
            self.env['school.receipt']._fields['channel']._description_selection(self.env),
        )
        signs = self._get_channel_signs()
        return {
            channel: dict(zip(
                ('label', 'sign', 'colour'),
                (label, *signs.get(channel, ('', '#4a4a4a'))), strict=True,
            ))
            for channel, label in labels.items()
        }

    @api.model
    def _get_channel_signs(self):
        """ Return the sign and the colour of each channel, legible without an icon font.

        :rtype: dict[str, tuple[str, str]]
        """
        return {
            'cash': ('\N{CURRENCY SIGN}', '#0b6b2e'),
            'bank': ('\N{HOUSE}', '#1d4f91'),
            'cheque': ('\N{LOWER RIGHT PENCIL}', '#6b3fa0'),
        }

    @api.model
    def _get_names(self, student):
        """ Return the texts that say which student it is, and no amount.

        :param school.student student: The student.
        :rtype: dict
        """
        return {
            'student': student.name,
            'admission_no': student.admission_no,
            # The class is no secret to those who may see the student.
            'class': student.sudo().class_id.name or '',
        }

    @api.model
    def _format_day(self, day):
        """ Return a day such as "12 Jan 2026", or nothing.

        :rtype: str
        """
        return format_date(self.env, day, date_format='d MMM y') if day else ''

    @api.model
    def _format_period(self, date_from, date_to):
        """ Return a period in words.

        :param date date_from: The first day, or None.
        :param date date_to: The last day, or None.
        :rtype: str
        """
        first, last = self._format_day(date_from), self._format_day(date_to)
        if first and last:
            return self.env._("%(first)s to %(last)s", first=first, last=last)
        if first:
            return self.env._("from %(first)s", first=first)
        if last:
            return self.env._("until %(last)s", last=last)
        return self.env._("all years")

    @api.model
    def _get_periods(self, companies):
        """ Return the periods to choose from, the newest first.

        The period of the year that runs, or ran last, has no end: what is already billed for
        later belongs to the balance now.

        :param res.company companies: The schools.
        :return: For each period its `key`, `label`, `date_from` and `date_to`, either of which may
                 be None. The first is the one shown unless another is asked for.
        :rtype: list[dict]
        """
        today = fields.Date.context_today(self)
        # Guardians may not read years; their names and dates are no secret.
        years_sudo = self.env['school.academic.year'].sudo().search([
            ('company_id', 'in', companies.ids), ('date_from', '<=', today),
        ])
        periods = []
        for year in years_sudo:
            key = str(year.date_from)
            if key not in {period['key'] for period in periods}:
                periods.append({
                    'key': key, 'label': year.name, 'date_from': year.date_from,
                    'date_to': year.date_to if periods else None,
                })
        return [*periods, {
            'key': 'all', 'label': self.env._("All years"), 'date_from': None, 'date_to': None,
        }]
