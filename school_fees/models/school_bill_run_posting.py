# A scheduled action commits on purpose: each chunk is durable before the next one begins.
# pylint: disable=invalid-commit
import logging
from decimal import Decimal

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..rules import bill_comparison


_logger = logging.getLogger(__name__)

CHUNK = 100  # Students; the journal's number stays locked for a chunk.


class SchoolBillRun(models.Model):
    """Posting the difference in the background, chunk by chunk."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.bill.run'

    progress = fields.Json(string="Progress", compute='_compute_progress')

    # === COMPUTE METHODS === #

    @api.depends('state')
    def _compute_progress(self):
        """ Count the students of each state, for the bar that moves while the run posts. """
        counts = {run: {} for run in self}
        for run, state, count in self.env['school.bill.run.student']._read_group(
            [('run_id', 'in', self.ids)], ['run_id', 'state'], ['__count'],
        ):
            counts[run][state] = count
        for run in self:
            states = counts.get(run, {})
            waiting = states.get('waiting', 0) + states.get('undo', 0)
            done = sum(states.get(s, 0) for s in ('posted', 'skipped', 'undone', 'kept'))
            run.progress = {
                'state': run.state, 'done': done, 'total': done + waiting,
                'skipped': states.get('skipped', 0), 'kept': states.get('kept', 0),
            }

    # === BUSINESS METHODS - CRON === #

    @api.model
    def _cron_post(self):
        """ Post and undo what is waiting. Woken by the buttons, and by the clock.

        :return: None
        """
        Row = self.env['school.bill.run.student']
        waiting = [('state', 'in', ('waiting', 'undo'))]
        for run in self.search([('state', 'in', ('posting', 'undoing'))], order='id'):
            while True:
                try:
                    count = run._process_chunk()
                except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                    # Somebody else touched the same rows: the same work succeeds afterwards.
                    self.env.cr.rollback()
                    self._wake_cron()
                    self.env['ir.cron']._commit_progress()
                    return
                is_finished = not Row.search_count([*waiting, ('run_id', '=', run.id)], limit=1)
                if is_finished:
                    run._finish()
                seconds_left = self.env['ir.cron']._commit_progress(
                    count, remaining=Row.search_count(waiting),
                )
                if not seconds_left:
                    return
                if is_finished or not count:
                    break

    def _process_chunk(self):
        """ Post or undo the next students.

        Note: `self.ensure_one()`

        :return: How many students were dealt with.
        :rtype: int
        """
        self.ensure_one()
        if not self.try_lock_for_update():
            return 0
        # Whoever pressed the button is the author of the documents; the right was checked then.
        run = self.with_user(self.posted_by_id).with_company(self.company_id).with_context(
            lang=self.posted_by_id.lang,
        ).sudo()
        waiting = 'waiting' if run.state == 'posting' else 'undo'
        rows = run.env['school.bill.run.student'].search(
            [('run_id', '=', run.id), ('state', '=', waiting)], limit=CHUNK, order='id',
        )
        if rows:
            if run.state == 'posting':
                run._post_rows(rows)
            else:
                run._undo_rows(rows)
        return len(rows)

    def _finish(self):
        """ Close a run of which nothing waits any more, and say in the log what came of it.

        :return: None
        """
        self.ensure_one()
        progress = self.progress
        if self.state == 'posting':
            self.state = 'done'
            self.message_post(body=self.env._(
                "%(done)s students dealt with, %(skipped)s of them skipped.",
                done=progress['done'], skipped=progress['skipped'],
            ))
        else:
            self.state = 'done' if progress['kept'] else 'undone'
            self.message_post(body=self.env._(
                "Undone. Documents of %(kept)s students were kept, since something was paid.",
                kept=progress['kept'],
            ))

    # === BUSINESS METHODS - POSTING === #

    def _post_now(self):
        """ Post the difference of one student at once, where somebody waits for the bill.

        Note: `self.ensure_one()`

        :return: None
        :raise UserError: If the run was not previewed, or there is nothing to post.
        """
        self._begin_posting()
        self._process_chunk()
        self.sudo()._finish()

    def _post_rows(self, rows):
        """ Post the difference of some students; one who fails is skipped and says why.

        :param school.bill.run.student rows: The rows of the students.
        :return: None
        """
        wanted = self._read_differences(rows)
        rows = rows.filtered(lambda row: row.student_id in wanted)
        try:
            with self.env.cr.savepoint():
                self._post_documents(rows, wanted)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:  # noqa: BLE001 - any failure of one must not stop the others
            _logger.info("A chunk of bills fell back to single students: %s", type(error).__name__)
            self.env.invalidate_all(flush=False)
            for row in rows:
                self._post_one(row, wanted)

    def _post_one(self, row, wanted):
        """ Post the difference of one student, or note why that cannot be.

        :param school.bill.run.student row: The row of the student.
        :param dict wanted: The differences of each student.
        :return: None
        """
        try:
            with self.env.cr.savepoint():
                self._post_documents(row, wanted)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:  # noqa: BLE001 - any failure of one must not stop the others
            self.env.invalidate_all(flush=False)
            row.write({'state': 'skipped', 'reason': self._get_reason(error)})

    def _get_reason(self, error):
        """ Return in words why a student was skipped.

        :param Exception error: What went wrong.
        :rtype: str
        """
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, psycopg2.IntegrityError):
            return self.env['account.move']._sql_error_to_message(error)
        _logger.error("A student of a bill run was skipped", exc_info=error)
        return self.env._(
            "Something unexpected went wrong. The administrator finds it in the server's log."
        )

    def _read_differences(self, rows):
        """ Work out again what the students should be charged, and skip whom the preview misses.

        Between preview and posting somebody may have billed a student, or changed a structure:
        nothing is posted that nobody saw.

        :param school.bill.run.student rows: The rows of the students.
        :return: The differences of each student who is still to be billed as previewed.
        :rtype: dict[school.student, list]
        """
        if self.term_id.state == 'closed':
            rows.write({'state': 'skipped', 'reason': self.env._(
                "The term was closed after the preview. Nothing was posted.",
            )})
            return {}
        read = self._read_proposals(rows.student_id)
        lines = rows.line_ids.grouped('run_student_id')
        wanted = {}
        for row in rows:
            facts = read.get(row.student_id)
            changes = bill_comparison.compare(
                facts['proposal'].lines, facts['posted'],
            ) if facts and facts['proposal'].complete else []
            now = {(d.fee, d.concession): d.amount for d in changes if d.amount}
            seen = {
                line._get_key(): Decimal(str(line.amount))
                for line in lines.get(row, ()) if not self.currency_id.is_zero(line.amount)
            }
            if now == seen:
                wanted[row.student_id] = changes
            else:
                row.write({'state': 'skipped', 'reason': self.env._(
                    "Something changed since the preview: other fees, or a bill made meanwhile."
                    " Preview a new run.",
                ) if now else self.env._("Billed meanwhile: nothing is left to post.")})
        return wanted

    def _post_documents(self, rows, wanted):
        """ Make and post the documents of some students; what is paid ahead settles them.

        One `create` and one `action_post` serve all of them.

        :param school.bill.run.student rows: The rows of the students.
        :param dict wanted: The differences of each student.
        :return: None
        """
        values = []
        billed = self._read_students_with_bill(rows.student_id)
        for row in rows:
            charged, credited = bill_comparison.documents(wanted[row.student_id])
            if charged:
                doc_type = 'supplement' if row.student_id in billed else 'term_bill'
                values.append(self._prepare_document(row, charged, doc_type))
            if credited:
                values.append(self._prepare_document(row, credited, False))
        self._create_documents(values).action_post()
        rows.write({'state': 'posted', 'reason': False})

    # === BUSINESS METHODS - UNDO === #

    def _undo_rows(self, rows):
        """ Take back the documents of some students; those of which something was paid stay.

        :param school.bill.run.student rows: The rows of the students.
        :return: None
        """
        documents = self.move_ids.search([
            ('bill_run_id', '=', self.id), ('student_id', 'in', rows.student_id.ids),
            ('state', '!=', 'cancel'), ('payment_state', '!=', 'reversed'),
        ])
        drafts = documents.filtered(lambda move: move.state == 'draft')
        unpaid = documents.filtered(lambda move: (
            move.state == 'posted' and move.move_type == 'out_invoice'
            and not move.currency_id.compare_amounts(move.amount_residual, move.amount_total)
        ))
        drafts.button_cancel()
        if unpaid:
            today = fields.Date.context_today(self)
            bills = unpaid.with_env(self._with_booking_context().env)
            bills._reverse_moves([
                {
                    'ref': self.env._("Undoing of %(bill)s", bill=bill.name),
                    'invoice_date': max(today, bill.invoice_date),
                }
                for bill in bills
            ], cancel=True)
        kept = (documents - drafts - unpaid).grouped('student_id')
        for row in rows:
            names = kept.get(row.student_id)
            row.write({'state': 'kept', 'reason': self.env._(
                "Something was paid or credited on %(documents)s: reverse it by hand if it is"
                " wrong.", documents=', '.join(names.mapped('name')),
            )} if names else {'state': 'undone', 'reason': False})
