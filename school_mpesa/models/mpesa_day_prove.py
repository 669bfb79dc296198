from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import proof
from .mpesa_day_facts import exact


LOOK_BACK_DAYS = 3  # With open differences, the last days are looked at again each night.
# What was being written while the last look was taken may have been committed since.
OVERLAP = timedelta(minutes=10)
# Figures of a signed day whose change is an amendment. Who gets money that waited is no news of
# the day: that is the daily work.
AMENDED = (
    'movement_total', 'statement_total', 'ledger_total', 'waiting_total', 'reversed_total',
    'out_total', 'charge_total', 'sweep_total', 'other_total',
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

    def action_prove_today(self):
        """ Prove today, and the earlier days of which something new is known.

        Whichever rows are chosen in the list does not matter.

        :return: The action that reads the screen again.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        """
        self._check_role('school_fees.group_bursar')
        Close = self._as_office()
        known = Close._get_known_providers().filtered(
            lambda provider: provider.company_id in self.env.companies
        )
        Close._prove_days([
            (provider, self._get_today()) for provider in known & Close._get_providers()
        ])
        Close._prove_days(Close._find_stale_days(known))
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    # === BUSINESS METHODS - WHICH DAYS === #

    @api.model
    def _cron_prove_today(self):
        """ Prove the day that ends, at 23:00 in Kenya. """
        today = self._get_today()
        self._prove_days([(provider, today) for provider in self._get_providers()])
        self._cron_prove_news()

    @api.model
    def _cron_prove_yesterday(self):
        """ Prove the day that has ended, and the last ones with open differences again. """
        today = self._get_today()
        yesterday = today - timedelta(days=1)
        days = [(provider, yesterday) for provider in self._get_providers()]
        days += [
            (close.provider_id, close.day) for close in self.search([
                ('day', '>=', today - timedelta(days=LOOK_BACK_DAYS)), ('day', '<', yesterday),
                ('open_count', '>', 0),
            ])
        ]
        self._prove_days(days)
        self._cron_prove_news()

    @api.model
    def _cron_prove_news(self):
        """ Prove the days of which something new is known: a statement, a late message. """
        self._prove_days(self._find_stale_days(self._get_known_providers()))

    @api.model
    def _get_providers(self):
        """ Return the shortcodes whose days are proven.

        :rtype: payment.provider
        """
        return self._get_known_providers().filtered(lambda provider: provider.state != 'disabled')

    @api.model
    def _get_known_providers(self):
        """ Return all shortcodes with a journal: money can still reach one that is disabled.

        :rtype: payment.provider
        """
        return self.env['payment.provider'].search([('code', '=', 'mpesa')]).filtered('journal_id')

    @api.model
    def _prove_days(self, days):
        """ Prove days one after the other, each committed by itself when a scheduled action runs.

        :param list days: (provider, day in Kenya) pairs.
        :return: The proofs.
        :rtype: mpesa.day.close
        """
        closes = self.browse()
        is_cron = bool(self.env.context.get('cron_id'))
        for done, (provider, day) in enumerate(days, start=1):
            close = self._get_close(provider, day)
            close._prove()
            closes |= close
            if is_cron and not self.env['ir.cron']._commit_progress(
                1, remaining=len(days) - done,
            ):
                break
        return closes

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

    @api.model
    def _find_stale_days(self, providers):
        """ Return the days of which something was learnt since the last look.

        :param payment.provider providers: The shortcodes.
        :return: (provider, day in Kenya) pairs, the oldest day first.
        :rtype: list[tuple]
        """
        self.env.flush_all()
        found = []
        for provider in providers:
            since = (provider.mpesa_proven_until or fields.Datetime.to_datetime('2000-01-01'))
            days = self.env.execute_query(SQL(
                """
                SELECT (paid_at + interval '3 hours')::date AS day FROM mpesa_transaction
                 WHERE environment = %(environment)s AND shortcode = %(shortcode)s
                   AND write_date >= %(since)s AND paid_at IS NOT NULL
                UNION
                SELECT day FROM mpesa_statement_line
                 WHERE provider_id = %(provider)s AND write_date >= %(since)s
                UNION
                SELECT generate_series(
                           (period_start + interval '3 hours')::date,
                           (period_end + interval '3 hours')::date, interval '1 day')::date
                  FROM mpesa_statement
                 WHERE provider_id = %(provider)s AND create_date >= %(since)s
                UNION
                SELECT date FROM account_move_line
                 WHERE account_id = %(wallet)s AND parent_state = 'posted'
                   AND write_date >= %(since)s
                 ORDER BY day
                """,
                environment=provider.mpesa_environment, shortcode=provider.mpesa_shortcode,
                provider=provider.id, wallet=provider.journal_id.default_account_id.id,
                since=since - OVERLAP,
            ))
            provider.mpesa_proven_until = fields.Datetime.now()
            found += [(provider, day) for day, in days if day <= self._get_today()]
        return found

    # === BUSINESS METHODS - THE PROOF === #

    def _prove(self):
        """ Compare the sources of the day, and keep what they say.

        The figures of a signed day stay: what is otherwise now becomes an amendment.

        Note: `self.ensure_one()`, in sudo mode.

        :return: None
        """
        self.ensure_one()
        figures, differences = self._compare()
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
        return self._get_figures(facts), differences

    def _get_figures(self, facts):
        """ Return the figures of the day.

        :param dict facts: As in :meth:`_read_facts`.
        :rtype: dict
        """
        start, end = proof.get_day_bounds(self.day)
        payments = [
            (row, ours) for row, ours in zip(facts['movements'], facts['ours'], strict=True)
            if start <= ours.moved_at < end and ours.kind == 'payment'
        ]
        told = [ours for _row, ours in payments if 'inbox' in ours.told_by]
        pulled = [ours for _row, ours in payments if ours.pulled]
        suspense = [row for row, _ours in payments if row['in_suspense'] is not None]
        reversed_ = [
            row for row, _ours in payments if row['taken_back'] is not None
            and row['on_students'] is None and row['in_suspense'] is None
        ]
        stated = [
            line for line, row in zip(facts['stated'], facts['lines'], strict=True)
            if start <= line.completed_at < end and row['on_wallet'] and not (
                row['state'] == 'different' and row['difference'] in {'amount', 'twice'}
            )
        ]
        received = sum((ours.amount for _row, ours in payments), Decimal(0))
        on_students = self._sum(payments, 'on_students')
        in_suspense = sum((exact(row['in_suspense']) for row in suspense), Decimal(0))
        taken_back = sum((exact(row['taken_back']) for row in reversed_), Decimal(0))
        credits = [line for line in stated if line.kind == 'payment' and line.direction == 'in']
        credited = sum((line.amount for line in credits), Decimal(0))
        is_stated = proof.covers(facts['stated_windows'], start, end)
        wallet, balance = self._read_wallet_balance(), facts['balance']
        figures = {
            'inbox_count': len(told), 'inbox_total': sum(ours.amount for ours in told),
            'movement_count': len(payments), 'movement_total': received,
            'pull_count': len(pulled), 'pull_total': sum(ours.amount for ours in pulled),
            'statement_count': len(credits), 'statement_total': credited,
            'ledger_count': facts['ledger_count'], 'ledger_total': facts['ledger'].total,
            'suspense_count': len(suspense), 'suspense_total': in_suspense,
            'waiting_count': len(facts['waiting']),
            'waiting_total': sum(facts['waiting'].values()),
            'reversed_count': len(reversed_), 'reversed_total': taken_back,
            'student_total': on_students,
            'unaccounted': received - on_students - in_suspense - taken_back,
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
            for name in (*AMENDED, 'student_total', 'suspense_total', 'unaccounted')
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
