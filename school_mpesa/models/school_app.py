import re

from odoo import api, models
from odoo.fields import Domain

from .. import vault
from .payment_transaction_screen import NAIROBI
from .school_app_error import SchoolAppError


KEY = r'[A-Za-z0-9_-]{8,64}'
MOST_BILLS = 50
MOST_ROWS = 100
NOTE_LETTERS = 140


class SchoolApp(models.AbstractModel):
    """What the school's own app may call, by Odoo's JSON-2 and with the rights of the key's user.

    The office's key asks for every student of its schools, a guardian's for the own children.
    Arguments come from anywhere and are not believed. `docs/api.md` is written for those who call:
    what stands there stays.
    """

    _name = 'school.app'
    _description = "School App"

    # === BUSINESS METHODS - CALLED BY THE APP === #

    @api.model
    @api.readonly
    def get_payment_options(self, student_id, bill_ids=None):
        """ Return how much of a student's fees can be paid, and from which phones.

        :param int student_id: The student.
        :param list bill_ids: Bills of the student; none: all that is due.
        :return: See `docs/api.md`.
        :rtype: dict
        :raise SchoolAppError: If the caller may not see what the student owes.
        """
        app = self._for_caller()
        student = app._find_student(student_id)
        return app._describe_options(student, app._find_bills(bill_ids, student))

    @api.model
    def create_request(
        self, key, amount, student_id=None, bill_ids=None, phone=None, phone_key=None, note=None,
    ):
        """ Ask a phone for money; the same key again is the same request and never a second prompt.

        :param str key: The caller's idempotency key.
        :param amount: KES, whole shillings, as text or number.
        :param int student_id: The student; none: that of the bills.
        :param list bill_ids: Bills of one student; none: oldest due first.
        :param str phone: The number to prompt.
        :param str phone_key: Instead of it, the key of one of the phones in the options.
        :param str note: A note for the school.
        :return: As `get_request`.
        :rtype: dict
        :raise SchoolAppError: If it cannot be made; no prompt is sent and no money moves.
        """
        app = self._for_caller()
        app._check_argument('key', isinstance(key, str) and re.fullmatch(KEY, key))
        app._check_argument(
            'amount', isinstance(amount, (str, int, float)) and not isinstance(amount, bool),
        )
        app._check_argument(
            'note', note is None or (isinstance(note, str) and len(note) <= NOTE_LETTERS),
        )
        bills = app._find_bills(bill_ids)
        if student_id is None and len(bills.student_id) == 1:
            student_id = bills.student_id.id
        student = app._find_student(student_id, to_ask=True)
        return app._describe_requests(app._ask(
            student, bills, amount, app._read_phone(student, phone, phone_key),
            note=(note or '').strip() or None, intent=f'{app._get_intent_prefix()}{key}',
        ))[0]

    @api.model
    @api.readonly
    def get_request(self, request_id):
        """ Return what became of a request for money.

        :param int request_id: The request.
        :return: See `docs/api.md`.
        :rtype: dict
        :raise SchoolAppError: If there is none that the caller may see.
        """
        app = self._for_caller()
        txs_sudo = app._search_requests([('id', '=', app._read_id('request_id', request_id))])
        if not txs_sudo:
            raise app._refuse_unknown()
        return app._describe_requests(txs_sudo)[0]

    @api.model
    @api.readonly
    def list_requests(self, student_id, limit=20, before_id=None):
        """ Return the attempts to pay a student's fees, the newest first.

        :param int student_id: The student.
        :param int limit: How many at most.
        :param int before_id: The request after which the page begins; none: the newest.
        :return: See `docs/api.md`.
        :rtype: dict
        :raise SchoolAppError: If the caller may not see what the student owes.
        """
        app = self._for_caller()
        student = app._find_student(student_id)
        limit = min(app._read_id('limit', limit), MOST_ROWS)
        domain = [] if before_id is None else [('id', '<', app._read_id('before_id', before_id))]
        txs_sudo = app._search_requests(domain, student, limit=limit + 1)
        return {
            'requests': app._describe_requests(txs_sudo[:limit]),
            'next_before_id': txs_sudo[limit - 1].id if len(txs_sudo) > limit else None,
        }

    @api.model
    @api.readonly
    def get_receipt(self, receipt_id):
        """ Return a receipt: of a guardian, the own children's part of it.

        :param int receipt_id: The receipt.
        :return: See `docs/api.md`.
        :rtype: dict
        :raise SchoolAppError: If there is none that the caller may see.
        """
        app = self._for_caller()
        receipt_id = app._read_id('receipt_id', receipt_id)
        Receipt = app.env['school.receipt']
        receipt = Receipt.has_access('read') and Receipt.search([
            ('id', '=', receipt_id), ('number', '!=', False),
        ])
        if not receipt:
            raise app._refuse_unknown()
        # Whoever of the staff may read receipts reads all of them.
        students = app._get_links().student_id if app.env.user.share else None
        return app._describe_receipt(receipt.sudo(), students)

    # === WHO ASKS === #

    def _for_caller(self):
        """ Return this model with nothing of the caller's context but a language that is there.

        :rtype: school.app
        """
        lang = self.env.context.get('lang')
        if lang not in [code for code, _name in self.env['res.lang'].get_installed()]:
            lang = self.env.user.lang
        return self.with_env(self.env(context={'lang': lang, 'tz': NAIROBI}))

    def _is_office(self):
        """ Tell whether the caller reads requests as the school's office does.

        :rtype: bool
        """
        return not self.env.user.share and all(
            self.env[model].has_access('read')
            for model in ('payment.transaction', 'account.move.line')
        )

    def _get_links(self):
        """ Return the links through which the caller, a guardian, sees amounts.

        :return: In sudo mode.
        :rtype: school.guardian.link
        """
        return self.env['school.guardian.link']._of_portal_user().filtered('sees_amounts')

    def _get_intent_prefix(self):
        """ Return how the idempotency keys of the caller's requests begin.

        :rtype: str
        """
        return f'app-{self.env.uid}-'

    # === WHAT IS ASKED FOR === #

    def _find_student(self, student_id, to_ask=False):
        """ Return a student whose amounts the caller may see.

        :param int student_id: The student.
        :param bool to_ask: Whether to ask for money: the bursar's office may, and a guardian.
        :rtype: school.student
        :raise SchoolAppError: If there is none such, or the caller may not.
        """
        student_id = self._read_id('student_id', student_id)
        Student = self.env['school.student']
        student = Student.has_access('read') and Student.search([('id', '=', student_id)])
        if not student:
            raise self._refuse_unknown()
        may = self.env['school.statement']._get_reader_rights(student)[student]['amounts']
        if to_ask and not self.env.user.has_group('school_fees.group_bursar'):
            may = student in self._get_links().student_id
        if not may:
            raise SchoolAppError(self.env._(
                "This key may not do that for this student. No request was sent and no money moved."
                " Use the key of somebody in the bursar's office, or of a guardian who sees what"
                " is owed."
            ), 'not_allowed')
        return student

    def _find_bills(self, bill_ids, student=None):
        """ Return bills that the caller may see.

        :param list bill_ids: The bills, if any are chosen.
        :param school.student student: The student whose bills they must be.
        :rtype: account.move
        :raise SchoolAppError: If one of them is not to be found.
        """
        Move = self.env['account.move']
        if bill_ids is None:
            return Move
        self._check_argument(
            'bill_ids', isinstance(bill_ids, list) and 0 < len(bill_ids) <= MOST_BILLS,
        )
        ids = {self._read_id('bill_ids', bill_id) for bill_id in bill_ids}
        bills = Move.has_access('read') and Move.search([
            ('id', 'in', list(ids)), ('move_type', '=', 'out_invoice'),
            ('student_id', '=', student.id) if student else ('student_id', '!=', False),
        ], order='invoice_date_due, id')
        if not bills or len(bills) < len(ids):
            raise self._refuse_unknown()
        return bills

    def _search_requests(self, domain, student=None, limit=None):
        """ Return the requests that the caller may see, the newest first.

        Whoever may not see other payers sees requests that went to the own phone, or that the own
        key made.

        :param list domain: Which of them.
        :param school.student student: Whose, if one student's only.
        :param int limit: How many at most.
        :return: In sudo mode.
        :rtype: payment.transaction
        """
        Transaction = self.env['payment.transaction']
        domain = Domain(domain) & Domain('mpesa_push_state', '!=', False)
        if self._is_office():
            domain &= self._get_requests_of(student) if student else Domain.TRUE
            return Transaction.search(domain, order='id desc', limit=limit).sudo()
        links = self._get_links().filtered(lambda link: not student or link.student_id == student)
        numbers = self.env.user.partner_id.sudo()._get_school_phones() if vault.has_keys() else []
        own = Domain('mpesa_intent', '=like', f'{self._get_intent_prefix()}%') | Domain(
            'mpesa_phone_index', 'in',
            [vault.blind_index('phone', number.removeprefix('+')) for number in numbers],
        )
        seen = self._get_requests_of(links.filtered('sees_other_payers').student_id)
        domain &= seen | self._get_requests_of(links.student_id) & own
        # Guardians read no requests; these are for children whose amounts they see.
        return Transaction.sudo().search(domain, order='id desc', limit=limit)

    def _get_requests_of(self, students):
        """ Return the domain of the requests for students, alone or with others.

        :param school.student students: The students, whom the caller may see.
        :rtype: Domain
        """
        shares_sudo = self.env['mpesa.request.share'].sudo().search([
            ('student_id', 'in', students.ids),
        ])
        return Domain('mpesa_student_id', 'in', students.ids) | Domain(
            'id', 'in', shares_sudo.transaction_id.ids,
        )
