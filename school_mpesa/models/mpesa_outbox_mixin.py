# Scheduled actions commit on purpose: an answer is durable as soon as it is here.
# pylint: disable=invalid-commit
from concurrent.futures import as_completed

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from odoo.addons.payment.logging import get_payment_logger


_logger = get_payment_logger(__name__)


class MpesaOutboxMixin(models.AbstractModel):
    """What prompts, queries and questions have in common: they are committed rows that a scheduled
    action claims, whose calls hold no cursor, and whose answers are written one by one.
    """

    _name = 'mpesa.outbox.mixin'
    _description = "M-PESA Outbox"

    @api.model
    def _mpesa_claim_safely(self, method):
        """ Claim rows, again on a new snapshot when one of them just moved.

        A result that is booked between our look and our lock is no failure of this action, and
        nothing to log.

        :param str method: The method that claims; nothing may be uncommitted before it.
        :return: What it claimed.
        :rtype: models.Model
        """
        for left in reversed(range(5)):
            try:
                with mute_logger('odoo.sql_db'):
                    batch = getattr(self, method)()
                    batch.flush_recordset()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
                if not left:
                    raise
            else:
                return batch
        return self.browse()

    @api.model
    def _mpesa_write_answers(self, method, waiting):
        """ Write each answer the moment it is here; one that cannot be written costs no other.

        The ids in an answer that is not written are lost: nobody could ask about them, or tell
        what a later message answers.

        :param str method: The method that writes.
        :param dict waiting: The row of each call under way, by its future.
        :return: None
        """
        failure = None
        for future in as_completed(waiting):
            row = waiting[future]
            try:
                row._mpesa_write_answer_safely(method, future.result())
            except Exception as error:  # noqa: BLE001 - the others' answers are to be written first
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
                _logger.warning(
                    "An answer about %s %s was not written: %s", row._name, row.id,
                    type(error).__name__,
                )
                failure = error
        if failure:
            raise failure

    def _mpesa_write_answer_safely(self, method, answer):
        """ Write what Daraja answered, in a transaction of its own.

        The callback may be quicker than the answer and be booked at the same moment; the write
        then fails on the old snapshot and is made again on a new one.

        :param str method: The method that writes.
        :param answer: What came back.
        :return: None
        """
        self.ensure_one()
        for left in reversed(range(5)):
            try:
                with self.env.cr.savepoint():
                    getattr(self, method)(answer)
                self.env.cr.commit()
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
                if not left:
                    raise
