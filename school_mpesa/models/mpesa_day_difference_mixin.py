from odoo import api, fields, models


KINDS = [
    ('missing_here', "Missing here"), ('missing_there', "Missing there"), ('amount', "Amount"),
    ('account', "Account"), ('time', "Time"), ('duplicate', "Duplicate"),
    ('reversed', "Reversed"), ('unknown_kind', "Unknown kind"), ('charge', "Charge"),
    ('sweep', "Sweep"),
]
FACTS = (
    'kind', 'receipt', 'line_kind', 'direction', 'has_our_amount', 'our_amount',
    'has_their_amount', 'their_amount', 'our_account', 'their_account', 'our_time', 'their_time',
    'sources', 'lacking',
)


class MpesaDayDifferenceMixin(models.AbstractModel):
    """The facts of one difference between the sources of a day."""

    _name = 'mpesa.day.difference.mixin'
    _description = "Difference of an M-PESA Day"

    close_id = fields.Many2one(
        string="Day", comodel_name='mpesa.day.close', required=True, readonly=True, index=True,
        ondelete='restrict',
    )
    company_id = fields.Many2one(related='close_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='close_id.currency_id')
    kind = fields.Selection(string="Class", selection=KINDS, readonly=True)
    receipt = fields.Char(string="M-PESA Code", readonly=True)
    line_kind = fields.Char(readonly=True)
    direction = fields.Char(readonly=True)
    has_our_amount = fields.Boolean(readonly=True)
    our_amount = fields.Monetary(string="Ours", readonly=True)
    has_their_amount = fields.Boolean(readonly=True)
    their_amount = fields.Monetary(string="Safaricom's", readonly=True)
    our_account = fields.Char(string="Our Account", readonly=True)
    their_account = fields.Char(string="Their Account", readonly=True)
    our_time = fields.Datetime(string="Our Time", readonly=True)
    their_time = fields.Datetime(string="Their Time", readonly=True)
    sources = fields.Char(readonly=True)
    lacking = fields.Char(readonly=True)
    sources_text = fields.Char(string="Who Has It", compute='_compute_sources_text')
    explanation = fields.Text(string="What It Means", compute='_compute_explanation')

    # === COMPUTE METHODS === #

    @api.depends('sources')
    @api.depends_context('lang')
    def _compute_sources_text(self):
        names = self._get_source_names()
        for difference in self:
            difference.sources_text = ', '.join(
                names[source] for source in (difference.sources or '').split()
            )

    @api.depends(*FACTS)
    @api.depends_context('lang')
    def _compute_explanation(self):
        for difference in self:
            difference.explanation = difference._explain()

    # === BUSINESS METHODS === #

    @api.model
    def _get_source_names(self):
        """ Return what the sources are called.

        :rtype: dict[str, str]
        """
        return {
            'inbox': self.env._("Message"), 'pull': self.env._("Pull"),
            'status': self.env._("Status question"), 'statement': self.env._("Statement"),
            'ledger': self.env._("Ledger"),
        }

    @api.model
    def _prepare_facts(self, difference):
        """ Return the values of a difference that was found.

        :param proof.Difference difference: As compared.
        :rtype: dict
        """
        return {
            'kind': difference.kind,
            'receipt': difference.receipt,
            'line_kind': difference.line_kind,
            'direction': difference.direction,
            'has_our_amount': difference.our_amount is not None,
            'our_amount': float(difference.our_amount or 0),
            'has_their_amount': difference.their_amount is not None,
            'their_amount': float(difference.their_amount or 0),
            'our_account': difference.our_text,
            'their_account': difference.their_text,
            'our_time': difference.our_time,
            'their_time': difference.their_time,
            'sources': ' '.join(sorted(difference.sources)),
            'lacking': ' '.join(sorted(difference.lacking)),
        }

    def _copy_facts(self):
        """ Return the facts of this difference, to tell of it once more.

        Note: `self.ensure_one()`

        :rtype: dict
        """
        self.ensure_one()
        return {name: self[name] for name in FACTS}

    def _get_key(self):
        """ Return by what a difference is known again, as `proof.Difference.key`.

        Note: `self.ensure_one()`

        :rtype: tuple[str, str, str, str]
        """
        self.ensure_one()
        return (self.kind, self.receipt or '', self.line_kind or '', self.direction or '')

    def _is_settled(self):
        """ Tell whether nobody has to act.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        raise NotImplementedError

    # === BUSINESS METHODS - WORDS === #

    def _explain(self):
        """ Return what the difference means for the money, and what to do.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        if not self.kind:
            return ''
        values = {
            'ours': self.currency_id._format_plain(self.our_amount),
            'theirs': self.currency_id._format_plain(self.their_amount),
        }
        return getattr(self, f'_explain_{self.kind}')(values)

    def _explain_missing_here(self, values):
        """ Return the words for money that no message told us of.

        :param dict values: `ours` and `theirs`, the amounts in words.
        :rtype: str
        """
        if self._is_settled():
            return self.env._(
                "Safaricom never told us of %(theirs)s by a message. It was found by asking and is"
                " booked: nothing to do.", **self._prefer_ours(values),
            )
        if 'denied' in (self.lacking or ''):
            return self.env._(
                "Two people said that Safaricom does not know this payment, and it tells of"
                " %(theirs)s now. Nothing is booked. Look the code up in Safaricom's portal. If it"
                " is real, an approver opens the movement and takes the denial back: then it waits"
                " in Unidentified.", **values,
            )
        if 'person' in (self.lacking or ''):
            return self.env._(
                "Only an imported statement tells of %(theirs)s. Nothing is booked before a second"
                " person releases it: not the one who imported the file. Open the statement and"
                " look the code up in Safaricom's portal; then release it, or say that it is not"
                " real.", **values,
            )
        if 'ledger' in (self.lacking or ''):
            return self.env._(
                "We were told of %(theirs)s, and it stands nowhere in the books. Open the movement"
                " and its messages, and replay what is parked.", **values,
            )
        return self.env._(
            "The statement has %(theirs)s that we know nothing of, so no student has it yet. It is"
            " booked by itself within a minute. If it stays here, look into the inbox.", **values,
        )

    def _prefer_ours(self, values):
        """ Return the amounts with ours where Safaricom's is not told.

        :param dict values: `ours` and `theirs`, the amounts in words.
        :rtype: dict
        """
        return values if self.has_their_amount else {**values, 'theirs': values['ours']}

    def _explain_missing_there(self, values):
        """ Return the words for money that Safaricom has not.

        :param dict values: As in :meth:`_explain_missing_here`.
        :rtype: str
        """
        if 'denied' in (self.lacking or ''):
            return self.env._(
                "A message told of %(ours)s, and two people found out that Safaricom does not know"
                " this payment. It is out of the books: nothing to do.", **values,
            )
        if self._is_settled():
            return self.env._(
                "A statement has %(theirs)s, and a second person has said that it is not real."
                " Nothing is booked of it: nothing to do.", **values,
            )
        if not self.has_our_amount:
            return self.env._(
                "One statement has %(theirs)s, and another one that covers that time has it not: a"
                " file may have been changed. Nothing in it is proven by this line. Download the"
                " statement again and compare the code; do not release it before that.", **values,
            )
        if 'pull' in (self.lacking or '') and self.has_their_amount:
            return self.env._(
                "%(ours)s is known from an imported statement only, and Pull, which covers that"
                " time, has it not: perhaps nobody paid it. Ask Safaricom about this code; do not"
                " spend it before that. %(road)s", road=self._get_road_out(), **values,
            )
        if 'pull' in (self.lacking or ''):
            return self.env._(
                "We booked %(ours)s, and Pull, which covers that time, has it not. Ask Safaricom"
                " about this code; do not pay it back and do not spend it before that. %(road)s",
                road=self._get_road_out(), **values,
            )
        return self.env._(
            "We booked %(ours)s, and the statement, which covers that time, has it not: perhaps"
            " nobody paid it. Ask Safaricom about this code. %(road)s",
            road=self._get_road_out(), **values,
        )

    def _get_road_out(self):
        """ Return how money leaves the books that was never paid.

        :rtype: str
        """
        return self.env._(
            "If they do not know it, press \"Not known to Safaricom\" and say what they answered."
            " Once a second person approves it, its receipt is reversed, the student owes it"
            " again, and it leaves Unidentified and the wallet of our books."
        )

    def _explain_amount(self, values):
        """ Return the words for amounts that differ.

        :param dict values: As in :meth:`_explain_missing_here`.
        :rtype: str
        """
        if self.line_kind == 'ledger':
            return self.env._(
                "The wallet's account changed by %(ours)s on this day, and what we know of makes"
                " %(theirs)s. Somebody made an entry by hand, or a locked period moved one to"
                " another day. Have an accountant look at the account's lines of this day.",
                **values,
            )
        if self.line_kind == 'balance':
            return self.env._(
                "At the end of this day the wallet holds %(theirs)s by the statement and %(ours)s"
                " by our books. The lines of the day do not explain it, and it was otherwise on"
                " the last day with a balance. On the first day it may be what was in the wallet"
                " before this product: an accountant books that once. Else money moved that our"
                " books have not, or have and Safaricom has not. Compare the balances line by line"
                " in the portal.", **values,
            )
        if 'entry' in (self.lacking or ''):
            return self.env._(
                "An entry by hand took some of it off Unidentified: %(ours)s of %(theirs)s is"
                " left, and no student has it. That is right only if Safaricom does not know this"
                " payment. Look at the entry, and say in the note who allowed it and why.",
                **values,
            )
        return self.env._(
            "Our books have %(ours)s, and Safaricom says %(theirs)s. The student has what our"
            " books have. Ask Safaricom about this code. If ours is wrong, ask for the reversal of"
            " the receipt, which an approver allows. Our amount then waits in Unidentified, where"
            " an accountant puts it right by an entry against the wallet.", **values,
        )

    def _explain_account(self, _values):
        """ Return the words for another account. """
        if not self.our_account:
            return self.env._(
                "We were not told what the payer typed, and the statement says %(theirs)s. The"
                " money is safe. Say under Unidentified whose it is.", theirs=self.their_account,
            )
        return self.env._(
            "We booked it by the account %(ours)s, and the statement says %(theirs)s. The amount"
            " is right, and it may be on the wrong student. Look at its receipt.",
            ours=self.our_account, theirs=self.their_account or self.env._("nothing"),
        )

    def _explain_time(self, _values):
        """ Return the words for another time. """
        return self.env._(
            "We have it at %(ours)s, and Safaricom at %(theirs)s. The money is right. If the days"
            " differ, the totals of both days do too: say so in the note.",
            ours=self.close_id._format_moment(self.our_time),
            theirs=self.close_id._format_moment(self.their_time),
        )

    def _explain_duplicate(self, values):
        """ Return the words for the same line twice.

        :param dict values: As in :meth:`_explain_missing_here`.
        :rtype: str
        """
        return self.env._(
            "The statement has this code twice: %(ours)s, and %(theirs)s in all or in another"
            " file. It is booked once. Ask Safaricom which is right; until then nothing more is"
            " booked.", **values,
        )

    def _explain_reversed(self, values):
        """ Return the words for money that Safaricom took back.

        :param dict values: As in :meth:`_explain_missing_here`.
        :rtype: str
        """
        values = self._prefer_ours(values)
        if self._is_settled():
            return self.env._(
                "Safaricom took %(theirs)s back, and the books have followed. Tell the parent that"
                " the fee is open again.", **values,
            )
        if 'person' in (self.lacking or '') and not self.has_our_amount:
            return self.env._(
                "Only an imported statement says that Safaricom took %(theirs)s back. The receipt"
                " stays until a second person releases it: not the one who imported the file. Open"
                " the statement and look the code up in Safaricom's portal; then release it, or"
                " say that it is not real.", **values,
            )
        if 'person' in (self.lacking or ''):
            return self.env._(
                "Safaricom took %(theirs)s back, and it is out of the wallet. Nobody knows yet"
                " which payment it was: its receipt and its request still say paid, and the amount"
                " waits as a debit on Unidentified. Open the reversal and press \"Say whose it"
                " was\".", **values,
            )
        return self.env._(
            "Safaricom took %(theirs)s back, and the books have not followed yet. They follow by"
            " themselves within minutes. If it stays here, look at the statement's line and at the"
            " inbox. Do not reverse the receipt by hand: the money would wait in Unidentified as"
            " if it were still there.", **values,
        )

    def _explain_unknown_kind(self, values):
        """ Return the words for a line of unknown kind.

        :param dict values: As in :meth:`_explain_missing_here`.
        :rtype: str
        """
        return self.env._(
            "The statement has %(theirs)s of a kind that we do not know. Nothing is booked. Open"
            " the statement's line and say what it is.", **values,
        )

    def _explain_charge(self, values):
        """ Return the words for a charge that is not booked.

        :param dict values: As in :meth:`_explain_missing_here`.
        :rtype: str
        """
        return self.env._(
            "M-PESA took a charge of %(theirs)s that is not in the books yet. It is booked by"
            " itself. If it stays here, look at the statement's line.", **values,
        )

    def _explain_sweep(self, values):
        """ Return the words for money on its way to the bank.

        :param dict values: As in :meth:`_explain_missing_here`.
        :rtype: str
        """
        return self.env._(
            "%(theirs)s left for the bank and is not in the books yet. It is booked by itself. If"
            " it stays here, look at the statement's line.", **values,
        )
