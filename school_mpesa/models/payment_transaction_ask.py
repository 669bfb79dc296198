from datetime import timedelta
from decimal import Decimal
from functools import partial

from psycopg2 import errors as pg_errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.fields import Command
from odoo.tools import clean_context, mute_logger

from .. import const, daraja, vault
from .request_error import MpesaRequestError


class PaymentTransaction(models.Model):
    """Asking for money: every check that a request passes before it may reach a phone."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    @api.model
    def _mpesa_ask(
        self, *, provider, student, amount, phone, channel, invoices=None, initiator=None,
        note=None, intent=None, payer_lang=None, retry_of=None, link=None, shares=None,
        is_bulk=False,
    ):
        """ Create a queued request for money and wake the outbox; repeat-safe.

        The same intent returns the same request, however often and however parallel it comes.

        :param payment.provider provider: The shortcode to collect on.
        :param school.student student: Whose fees.
        :param amount: KES, whole shillings, as number or text.
        :param str phone: The payer's number, in any way people write it.
        :param str channel: Who asked, as `mpesa_channel`.
        :param account.move invoices: The bills chosen, if any.
        :param res.users initiator: The clerk who asked, if one did.
        :param str note: A note for the school.
        :param str intent: The idempotency key of the form.
        :param str payer_lang: The language of the payer's pages.
        :param payment.transaction retry_of: The request that this one repeats.
        :param mpesa.payment.link link: The link by which the payer came.
        :param list shares: Which child gets how much, as (student, KES) pairs that make up the
                            amount, `student` first; none: all is for the one student.
        :param bool is_bulk: Whether many families are asked at once: single requests go first.
        :return: The request, in sudo mode.
        :rtype: payment.transaction
        :raise MpesaRequestError: If it cannot be made; no prompt is sent and no money moves.
        """
        Transaction = self.sudo()
        if intent:
            same = Transaction.search([('mpesa_intent', '=', intent)], limit=1)
            if same:
                return same
        # Parts are for all that is due of each child.
        invoices = ((not shares and invoices) or self.env['account.move']).sudo()
        student = student.sudo()
        provider = provider.sudo()
        link = (link or self.env['mpesa.payment.link']).sudo()
        if link:
            link._check_ask(student)
        Transaction._mpesa_check_provider(provider, student)
        Transaction._mpesa_check_bills(invoices, student)
        shares = [(child.sudo(), part) for child, part in shares or ()]
        if shares and shares[0][0] != student:
            message = "The first part must be that of the student whom the request names."
            raise ValueError(message)
        amount = Transaction._mpesa_check_amount(
            amount, provider, student, invoices, link, [child for child, _part in shares],
        )
        shares = Transaction._mpesa_check_shares(shares, amount, provider) if shares else []
        number = Transaction._mpesa_check_phone(phone)
        if link:
            link._reserve_use()
        if link or channel == 'api':  # Neither sees what others have asked for.
            Transaction._mpesa_check_open(amount, number, student, invoices)
        for child, part in shares:
            Transaction._mpesa_check_open(part, number, child, invoices)
        tx = Transaction.with_company(provider.company_id)._mpesa_create_request({
            'provider_id': provider.id,
            'payment_method_id': self.env.ref('payment.payment_method_mpesa').id,
            'reference': Transaction._compute_reference(
                'mpesa', prefix=f'FEES-{student.admission_no}'
            ),
            'amount': int(amount),
            'currency_id': provider.company_id.currency_id.id,
            'partner_id': student.partner_id.id,
            'operation': 'online_direct',
            'invoice_ids': [Command.set(invoices.ids)],
            'mpesa_channel': channel,
            'mpesa_student_id': student.id,
            'mpesa_link_id': link.id,
            'mpesa_initiator_id': initiator and initiator.id,
            'mpesa_note': note,
            'mpesa_is_bulk': is_bulk,
            'mpesa_account_reference': daraja.clean_text(student.admission_no),
            'mpesa_intent': intent,
            'mpesa_retry_of_id': retry_of and retry_of.id,
            'mpesa_push_state': 'queued',
            'mpesa_in_flight': True,
            'mpesa_phone_mask': number.masked,
            'mpesa_share_ids': Transaction._mpesa_prepare_shares(shares),
            **Transaction._mpesa_prepare_secrets(number.wire),
        })
        if payer_lang:
            tx.partner_lang = payer_lang
        self.env.ref('school_mpesa.cron_send_prompts')._trigger()
        return tx

    @api.model
    def _mpesa_create_request(self, values):
        """ Create the request, unless a prompt is in flight or the phone had too many.

        :param dict values: The create values.
        :rtype: payment.transaction
        :raise MpesaRequestError: If the phone must be left alone.
        """
        self._mpesa_check_prompt_limits(values['mpesa_phone_index'], values['provider_id'])
        try:
            # The log would quote the whole row of what is no error: two taps at once.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                # In sudo mode: no default that came with a call becomes a state or a result.
                return self.with_context(clean_context(self.env.context)).create([values])
        except pg_errors.UniqueViolation as error:
            # A parallel tap was quicker. Its row is invisible to this snapshot, so ask the
            # framework to run this request again: then it is found and returned or named.
            message = "A parallel request was quicker."
            raise ConcurrencyError(message) from error

    # === CHECKS === #

    @api.model
    def _mpesa_check_provider(self, provider, student):
        """ Ensure that this shortcode can prompt for this student.

        :raise MpesaRequestError: If it cannot.
        """
        if provider.code != 'mpesa' or provider.state == 'disabled':
            raise MpesaRequestError(self.env._(
                "M-PESA prompts are switched off at this school. No prompt was sent and no money"
                " moved. Pay by another way, or ask the accounts office."
            ), 'provider')
        if not provider.mpesa_stk_enabled:
            raise MpesaRequestError(self.env._(
                "This shortcode takes no prompts. No money moved. Pay by the Paybill menu of the"
                " phone instead."
            ), 'provider')
        if not provider._mpesa_has_credentials():
            raise MpesaRequestError(self.env._(
                "M-PESA is not set up yet: the keys from Safaricom are missing. No prompt was sent"
                " and no money moved. Ask the administrator to fill them in."
            ), 'provider')
        if provider.company_id.currency_id.name != 'KES':
            raise MpesaRequestError(self.env._(
                "M-PESA moves Kenyan shillings only, and this school keeps its books in another"
                " currency. No prompt was sent."
            ), 'provider')
        if provider.company_id not in student.company_id.sudo().parent_ids:
            raise MpesaRequestError(self.env._(
                "This shortcode belongs to another school. No prompt was sent and no money moved."
            ), 'provider')

    @api.model
    def _mpesa_check_bills(self, invoices, student):
        """ Ensure that the chosen bills are this student's and still owed.

        :raise MpesaRequestError: If one of them is not.
        """
        for invoice in invoices:
            if invoice.company_id != student.company_id:
                message = self.env._("This bill belongs to another school.")
            elif invoice.partner_id != student.partner_id:
                message = self.env._("This bill belongs to another student.")
            elif invoice.move_type != 'out_invoice':
                message = self.env._("This document is not a bill.")
            elif invoice.state == 'draft':
                message = self.env._("This bill is still a draft: post it first.")
            elif invoice.state == 'cancel':
                message = self.env._("This bill is cancelled: there is nothing to pay on it.")
            elif invoice.currency_id.is_zero(invoice.amount_residual):
                message = self.env._("This bill is already paid.")
            else:
                continue
            raise MpesaRequestError(
                self.env._("%(problem)s No prompt was sent and no money moved.", problem=message),
                'bill',
            )
        if student.state in {'left', 'graduated'} and not invoices and student.balance <= 0:
            raise MpesaRequestError(self.env._(
                "%(student)s has left the school and owes nothing. No prompt was sent and no money"
                " moved.", student=student._get_first_name(),  # It may be read on a public page.
            ), 'student')

    @api.model
    def _mpesa_get_due(self, student, invoices):
        """ Return what is due: of the chosen bills, else of the student.

        :return: KES, never below zero.
        :rtype: Decimal
        """
        due = sum(invoices.mapped('amount_residual')) if invoices else student.balance
        return max(Decimal(str(due)), Decimal(0))

    @api.model
    def _mpesa_check_amount(self, amount, provider, student, invoices, link=None, children=()):
        """ Ensure that the amount can be asked for.

        :param mpesa.payment.link link: The link by which the payer came.
        :param children: The students who share the amount, if it is not for one alone.
        :return: KES, whole shillings.
        :rtype: Decimal
        :raise MpesaRequestError: If it cannot.
        """
        value = self._mpesa_read_amount(amount)
        if value is None:
            raise MpesaRequestError(self.env._("Enter how much you want to pay."), 'amount')
        if value != value.to_integral_value():
            raise MpesaRequestError(
                self.env._("Enter whole shillings, without cents."), 'amount'
            )
        value = Decimal(int(value))  # "500.0" is shown as 500 from here on.
        due = sum(
            self._mpesa_get_due(child, invoices).to_integral_value('ROUND_CEILING')
            for child in children or [student]
        )
        if children and not due:  # The form was shown before somebody paid; no second payment.
            raise MpesaRequestError(self.env._(
                "There is nothing to pay any more. No request was sent and no money moved."
            ), 'link')
        if link:
            link._check_amount(value, due)
        # What is left may be less than the least amount: it can still be paid off.
        asked = link._get_asked(int(due)) if link else int(due)
        least = max(min(provider.mpesa_least_amount, asked), daraja.LEAST_AMOUNT)
        if value < least:
            raise MpesaRequestError(
                self.env._("Amount must be KES %(least)s or more.", least=f'{least:,}'), 'amount'
            )
        if value > daraja.MOST_AMOUNT:
            rest = value - daraja.MOST_AMOUNT
            raise MpesaRequestError(self.env._(
                "M-PESA allows up to KES %(cap)s at once. Pay KES %(cap)s now, then the remaining"
                " KES %(rest)s.", cap=f'{daraja.MOST_AMOUNT:,}', rest=f'{rest:,}',
            ), 'amount')
        # A balance with cents is asked for in whole shillings; the cents become credit.
        if value > due and not provider.mpesa_allow_credit:
            raise MpesaRequestError(self.env._(
                "That is more than the balance of KES %(balance)s. Pay KES %(balance)s or less.",
                balance=f'{due:,}',
            ), 'amount')
        return value

    @api.model
    def _mpesa_check_phone(self, phone):
        """ Ensure that a phone can be prompted.

        :rtype: daraja.msisdn.Msisdn
        :raise MpesaRequestError: If the text is not a Kenyan mobile number.
        """
        if not (phone or '').strip():
            raise MpesaRequestError(self.env._("Enter the M-PESA phone number."), 'phone')
        try:
            return daraja.msisdn.parse(phone)
        except daraja.MsisdnError as error:
            raise MpesaRequestError(
                self.env._("Enter a Kenyan mobile number, like 0712 345 678."), 'phone'
            ) from error

    @api.model
    def _mpesa_check_open(self, amount, number, student, invoices):
        """ Ensure that the same debt is not asked for twice: by two parents, or once more by one.

        What is out on the same phone is refused more exactly, as soon as the request is made.

        :param Decimal amount: KES.
        :param daraja.msisdn.Msisdn number: The phone.
        :param school.student student: Whose fees.
        :param account.move invoices: The bills chosen, if any.
        :raise MpesaRequestError: If open requests may still bring what is due.
        """
        day_ago = fields.Datetime.now() - timedelta(days=1)
        open_txs = self.search([
            '|', ('mpesa_student_id', '=', student.id),
            ('mpesa_share_ids.student_id', '=', student.id),
            ('create_date', '>', day_ago),
            ('mpesa_push_state', 'in', (*const.OPEN_PUSH_STATES, 'receipt_pending', 'declined')),
        ], order='id desc').filtered(lambda tx: (
            (tx._mpesa_blocks_payment() or tx._mpesa_awaits_query())
            and tx._mpesa_get_part(student)
            and not (invoices and tx.invoice_ids and not invoices & tx.invoice_ids)
        ))
        index = vault.blind_index('phone', number.wire)
        if not open_txs or any(
            tx.mpesa_in_flight and tx.mpesa_phone_index == index for tx in open_txs
        ):
            return
        due = self._mpesa_get_due(student, invoices).to_integral_value('ROUND_CEILING')
        if amount > due - sum(tx._mpesa_get_part(student) for tx in open_txs):
            # By another link, which may ask for more than this one shows: no amount is told.
            raise MpesaRequestError(self.env._(
                "Another request for these fees is open, and it may still be paid. No new request"
                " was sent. Do not pay again yet: look here again in a few minutes."
            ), 'link', tx=open_txs[:1])

    @api.model
    def _mpesa_check_prompt_limits(self, phone_index, provider_id):
        """ Ensure that no prompt is in flight on the phone and that it had not too many.

        The phone stays locked by the partial unique index, so counting rows here is exact.

        :raise MpesaRequestError: If the phone must be left alone for now.
        """
        now = fields.Datetime.now()
        provider = self.env['payment.provider'].browse(provider_id)
        in_flight = self.search([
            ('mpesa_phone_index', '=', phone_index), ('mpesa_in_flight', '=', True),
        ], limit=1)
        if in_flight:
            age = (now - (in_flight.mpesa_sent_at or in_flight.create_date)).total_seconds()
            waits = in_flight.mpesa_push_state == 'queued'
            # One that the outbox has just taken goes out now.
            if age < provider.mpesa_prompt_timeout or (
                waits and not in_flight.try_lock_for_update()
            ):
                raise MpesaRequestError(self.env._(
                    "A request for KES %(amount)s is already on %(phone)s, sent %(seconds)s seconds"
                    " ago. Enter your PIN there. We will not send a second one.",
                    amount=f'{in_flight.amount:,.0f}', phone=in_flight.mpesa_phone_mask,
                    seconds=int(age),
                ), 'phone', tx=in_flight)
            if waits:
                in_flight._mpesa_move_to(
                    'expired', mpesa_result_code='not_sent', mpesa_result_source='school',
                )
            else:
                in_flight.mpesa_in_flight = False
            in_flight.flush_recordset(['mpesa_in_flight'])
        for most, seconds in const.PROMPT_LIMITS:
            count = self.search_count([
                ('mpesa_phone_index', '=', phone_index),
                ('create_date', '>', now - timedelta(seconds=seconds)),
            ])
            if count >= most and seconds > 3600:
                raise MpesaRequestError(self.env._(
                    "This phone was asked %(count)s times today already. No new request was sent"
                    " and no money moved. Try again tomorrow, or pay by the Paybill menu.",
                    count=count,
                ), 'phone')
            if count >= most:
                raise MpesaRequestError(self.env._(
                    "This phone was asked %(count)s times already. No new request was sent and no"
                    " money moved. Wait %(minutes)s minutes, or pay by the Paybill menu.",
                    count=count, minutes=seconds // 60,
                ), 'phone')

    # === RETRY === #

    def _mpesa_retry(self, amount=None, phone=None, intent=None, initiator=None):
        """ Ask again, after an outcome that allows it.

        :param amount: Another amount in KES, or None for the same.
        :param str phone: Another number, or None for the same.
        :param str intent: The idempotency key of the form.
        :param res.users initiator: The clerk who asks this time; None where the payer does.
        :return: The new request.
        :rtype: payment.transaction
        :raise MpesaRequestError: If the first request may still be paid, or the new one is wrong.
        """
        self.ensure_one()
        tx = self.sudo()
        if intent:
            same = tx.search([('mpesa_intent', '=', intent)], limit=1)
            if same:
                return same
        if tx.invoice_ids and all(
            bill.currency_id.is_zero(bill.amount_residual) for bill in tx.invoice_ids
        ):
            raise MpesaRequestError(self.env._(
                "This bill is already paid. No prompt was sent and no money moved."
            ), 'bill')
        view = tx._mpesa_payer_view()
        if not view['retry']:
            raise MpesaRequestError(self.env._(
                "We are still checking the last request with M-PESA. Do not pay again yet."
            ), 'phone', tx=tx)
        if view['retry_in'] > 0:
            raise MpesaRequestError(self.env._(
                "Wait %(seconds)s seconds, then send again.", seconds=view['retry_in'],
            ), 'phone', tx=tx)
        shares = [(share.student_id, share.amount) for share in tx.mpesa_share_ids]
        if shares and amount is not None and tx._mpesa_read_amount(amount) != tx.amount:
            raise MpesaRequestError(self.env._(
                "This payment is shared over several children. To pay another amount, start again"
                " from the page of your children. No request was sent."
            ), 'amount')
        channel = tx.mpesa_channel
        if initiator:
            channel = 'stk_push'
        elif channel == 'stk_push':
            channel = 'invoice' if tx.invoice_ids else 'statement'
        ask = partial(
            tx._mpesa_ask,
            provider=tx.provider_id, student=tx.mpesa_student_id,
            amount=amount if amount is not None else tx.amount,
            phone=phone or tx.mpesa_phone, channel=channel,
            invoices=tx.invoice_ids.filtered(
                lambda i: i.state == 'posted' and not i.currency_id.is_zero(i.amount_residual)
            ),
            initiator=initiator, note=tx.mpesa_note, intent=intent,
            payer_lang=tx.partner_lang, retry_of=tx,
            link=tx.mpesa_link_id if not initiator else None,  # What a clerk asks for is no link's.
        )
        if not shares:
            return ask()
        try:
            return ask(shares=shares)
        except MpesaRequestError as error:
            if error.field in {'phone', 'link', 'provider'}:  # They name no child.
                raise
            # Who only holds the address of one attempt is not told of the other children.
            raise MpesaRequestError(self.env._(
                "What the children owe has changed since. No request was sent and no money moved."
                " Start again from the page of your children."
            ), 'shares') from error
