from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import proof
from .mpesa_day_facts import exact


# Figures of a signed day whose change is an amendment. Who gets money that waited is no news of
# the day: that is the daily work.
AMENDED = (
    'movement_total', 'statement_total', 'ledger_total', 'waiting_total', 'reversed_total',
    'out_total', 'charge_total', 'sweep_total', 'other_total', 'cleared_total', 'denied_total',
    'unaccounted',
    'wallet_balance', 'stated_balance', 'balance_difference',
)


class MpesaDayClose(models.Model):
    """Compute the proof of a day: figures, differences, and amendments once it is signed."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.day.close'

    # === ACTION METHODS === #

    def action_compute(self):
        """ Compare the sources of these days again.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If somebody else is at it.
        """
        self._check_role('school_fees.group_bursar')
        for close in self:
            close._lock_one()._prove()

    # === BUSINESS METHODS - THE PROOF === #

    @api.model
    def _get_close(self, provider, day):
        """ Return the proof of a day, made when there is none.

        :param payment.provider provider: The shortcode.
        :param date day: The day in Kenya.
        :rtype: mpesa.day.close
        """
        return self.search([('provider_id', '=', provider.id), ('day', '=', day)]) or self.create({
            'provider_id': provider.id,
            'company_id': provider.company_id.id,
            'currency_id': provider.company_id.currency_id.id,
            'environment': provider.mpesa_environment,
            'shortcode': provider.mpesa_shortcode,
            'day': day,
        })

    def _prove(self):
        """ Compare the sources of the day, and keep what they say.

        The figures of a signed day stay: what is otherwise now becomes an amendment.

        Note: `self.ensure_one()`, in sudo mode.

        :return: None
        """
        self.ensure_one()
        news = self._get_waiting_news()
        figures, differences = self.with_context(
            mpesa_waiting_money={self.provider_id.id: news},
        )._compare()
        if self.signed_at:
            self._amend(figures, differences)
        else:
            self.difference_ids._replace(self, differences)
            is_different = self.open_count or self.currency_id.compare_amounts(
                figures['unaccounted'], 0,
            )
            calm = 'proven' if figures['is_stated'] else 'unproven'
            state = 'different' if is_different else calm
            self.write({**figures, 'computed_at': fields.Datetime.now(), 'state': state})
        self.write({
            'is_stale': False, 'failed_count': 0,
            'waiting_key': self._get_waiting_keys(news).get(self.day),
        })
        self._mail_news()

    def _compare(self):
        """ Return what the sources say of the day now.

        Note: `self.ensure_one()`

        :return: (the values of the figures, the differences).
        :rtype: tuple[dict, list[proof.Difference]]
        """
        self.ensure_one()
        facts = self._read_facts()
        differences = proof.compare_day(
            self.day, facts['ours'], facts['stated'], stated_windows=facts['stated_windows'],
            pulled_windows=facts['pulled_windows'], ledger=facts['ledger'],
        )
        wallet = self._read_wallet_balance()
        moved = proof.compare_balances(
            wallet, facts['balance'],
            before=self._read_difference_before(),
            explained=[
                self._sum_stated(facts, left_out) - facts['ledger'].total
                for left_out in ({'amount', 'twice'}, {'amount'}, {'twice'}, set())
            ],
        )
        return self._get_figures(facts, wallet), [*differences, *filter(None, [moved])]

    def _sum_stated(self, facts, left_out):
        """ Return what the statement's lines of the day made of the wallet.

        Where no statement covers the whole day, that is what our books made of it.

        :param dict facts: As in :meth:`_read_facts`.
        :param set left_out: As in :meth:`_get_standing_lines`.
        :return: KES.
        :rtype: Decimal
        """
        start, end = proof.get_day_bounds(self.day)
        if not proof.covers(facts['stated_windows'], start, end):
            return facts['ledger'].total
        return sum((
            line.amount if line.direction == 'in' else -line.amount
            for line in self._get_standing_lines(facts, left_out)
        ), Decimal(0))

    def _get_standing_lines(self, facts, left_out=frozenset({'amount', 'twice'})):
        """ Return the statement's lines of the day that change the wallet.

        A line that contradicts an earlier one is another row of its file, which its balances count,
        or another word of a second file on the same row, which they do not.

        :param dict facts: As in :meth:`_read_facts`.
        :param set left_out: By which contradictions a line is none of its own.
        :rtype: list[proof.StatedLine]
        """
        start, end = proof.get_day_bounds(self.day)
        return [
            line for line, row in zip(facts['stated'], facts['lines'], strict=True)
            if start <= line.completed_at < end and row['on_wallet']
            and not (line.disputed or line.refused)
            and not (row['state'] == 'different' and row['difference'] in left_out)
        ]

    def _get_figures(self, facts, wallet):
        """ Return the figures of the day.

        :param dict facts: As in :meth:`_read_facts`.
        :param Decimal wallet: What the wallet holds by our books, KES.
        :rtype: dict
        """
        start, end = proof.get_day_bounds(self.day)
        of_day = [
            (row, ours) for row, ours in zip(facts['movements'], facts['ours'], strict=True)
            if start <= ours.moved_at < end and ours.kind == 'payment'
        ]
        payments = [(row, ours) for row, ours in of_day if not ours.denied]
        told = [ours for _row, ours in payments if 'inbox' in ours.told_by]
        pulled = [ours for _row, ours in payments if ours.pulled]
        suspense = [row for row, _ours in payments if row['in_suspense'] is not None]
        reversed_ = [
            row for row, _ours in payments if row['taken_back'] is not None
            and row['on_students'] is None and row['in_suspense'] is None
        ]
        stated = self._get_standing_lines(facts)
        received = sum((ours.amount for _row, ours in payments), Decimal(0))
        on_students = self._sum(payments, 'on_students')
        in_suspense = sum((exact(row['in_suspense']) for row in suspense), Decimal(0))
        taken_back = sum((exact(row['taken_back']) for row in reversed_), Decimal(0))
        cleared = self._sum(payments, 'cleared')
        credits = [line for line in stated if line.kind == 'payment' and line.direction == 'in']
        credited = sum((line.amount for line in credits), Decimal(0))
        is_stated = proof.covers(facts['stated_windows'], start, end)
        balance = facts['balance']
        figures = {
            'inbox_count': len(told), 'inbox_total': sum(ours.amount for ours in told),
            'movement_count': len(payments), 'movement_total': received,
            'pull_count': len(pulled), 'pull_total': sum(ours.amount for ours in pulled),
            'statement_count': len(credits), 'statement_total': credited,
            'ledger_count': facts['ledger_count'], 'ledger_total': facts['ledger'].total,
            'suspense_count': len(suspense), 'suspense_total': in_suspense,
            'waiting_count': len(facts['waiting']),
            'waiting_total': sum(facts['waiting'].values()),
            'unchecked_count': facts['unchecked_count'],
            'reversed_count': len(reversed_), 'reversed_total': taken_back,
            'student_total': on_students,
            'cleared_total': cleared,
            'denied_total': sum(ours.amount for _row, ours in of_day if ours.denied),
            'unaccounted': received - on_students - in_suspense - cleared - taken_back,
            'out_total': self._sum_out(stated, 'reversal') or sum(
                ours.amount for ours in facts['ours']
                if ours.kind == 'reversal' and start <= ours.moved_at < end
            ),
            'charge_total': self._sum_out(stated, 'charge'),
            'sweep_total': self._sum_out(stated, 'sweep', 'withdrawal'),
            'other_total': self._sum_out(stated, 'other'),
            'statement_difference': credited - received if is_stated else 0,
            'wallet_balance': wallet,
            'stated_balance': balance or 0,
            'balance_difference': 0 if balance is None else balance - wallet,
        }
        return {
            **{
                name: value if name.endswith('_count') else float(value)
                for name, value in figures.items()
            },
            'is_stated': is_stated,
            'is_pulled': proof.covers(facts['pulled_windows'], start, end),
            'has_stated_balance': balance is not None,
        }

    @api.model
    def _sum(self, payments, name):
        """ Return the sum of one column of the day's payments.

        :param list payments: (row, movement) pairs.
        :param str name: The column.
        :rtype: Decimal
        """
        return sum((exact(row[name] or 0) for row, _ours in payments), Decimal(0))

    @api.model
    def _sum_out(self, stated, *kinds):
        """ Return what lines of some kinds took out, less what they brought in.

        :param list stated: The statement's lines of the day.
        :param str kinds: The kinds.
        :rtype: Decimal
        """
        return sum((
            line.amount if line.direction == 'out' else -line.amount
            for line in stated if line.kind in kinds
        ), Decimal(0))

    # === BUSINESS METHODS - AMENDMENTS === #

    def _amend(self, figures, differences):
        """ Record what is otherwise than when the day was signed, each thing once.

        :param dict figures: The figures now.
        :param list differences: The differences now.
        :return: None
        """
        Amendment = self.env['mpesa.day.amendment']
        values = []
        latest = {amendment.figure: amendment for amendment in self.amendment_ids.sorted('id')}
        for name in AMENDED:
            before = latest[name].amount_after if name in latest else self[name]
            if self.currency_id.compare_amounts(before, figures[name]) != 0:
                values.append({
                    'what': 'figure', 'figure': name, 'amount_before': before,
                    'amount_after': figures[name],
                })
        values += self._amend_differences(differences)
        Amendment.create([
            {**vals, 'close_id': self.id, 'found_at': fields.Datetime.now()} for vals in values
        ])

    def _amend_differences(self, differences):
        """ Return what differences came or went since the day was signed.

        :param list differences: The differences now.
        :return: The values of amendments.
        :rtype: list[dict]
        """
        now = {difference.key: difference for difference in differences}
        # What is known: as signed, and then as the amendments tell.
        known = {difference._get_key(): difference.state == 'settled' for difference in (
            self.difference_ids
        )}
        told = {difference._get_key(): difference for difference in self.difference_ids}
        for amendment in self.amendment_ids.filtered('kind').sorted('id'):
            known[amendment._get_key()] = amendment.what == 'settled'
            told[amendment._get_key()] = amendment
        Difference = self.env['mpesa.day.difference']
        values = [
            {**Difference._prepare_facts(difference), 'what': (
                'settled' if difference.settled else 'found'
            )}
            for key, difference in now.items()
            if key not in known or known[key] != difference.settled
        ]
        values += [
            {**told[key]._copy_facts(), 'what': 'settled'}
            for key, is_settled in known.items() if key not in now and not is_settled
        ]
        return values

    # === BUSINESS METHODS - SIGNING === #

    def _check_same_as_seen(self):
        """ Ensure that the day is still what the person sees who signs it.

        :return: None
        :raise UserError: If something has changed since it was computed.
        """
        self.ensure_one()
        figures, differences = self._compare()
        has_changed = any(
            self.currency_id.compare_amounts(self[name], figures[name]) != 0
            for name in (*AMENDED, 'student_total', 'suspense_total')
        ) or self.is_stated != figures['is_stated'] or {
            difference.key: difference.settled for difference in differences
        } != {
            difference._get_key(): difference.state == 'settled'
            for difference in self.difference_ids if not difference.is_gone
        }
        if has_changed:
            raise UserError(self.env._(
                "Something of this day has changed since its proof was computed. Nothing was"
                " signed. Press Compute again, look at the day, and sign it then."
            ))
