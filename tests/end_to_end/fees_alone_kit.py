"""A school that collects cash only, worked by its people over HTTP."""
import ast
import base64
from datetime import date

from road import wait_for


TUITION = 13_000  # KES


class FeesAlone:
    """ The people of the schools of one database, each with one session.

    :param Stack stack: The running product, without `school_mpesa`.
    """

    def __init__(self, stack):
        self.stack = stack
        self._sessions = {}

    def session(self, login):
        """ Return the one session of a person.

        :rtype: requests.Session
        """
        if login not in self._sessions:
            self._sessions[login] = self.stack.session(login)
        return self._sessions[login]

    def forget_sessions(self):
        """ Let everybody log in again. """
        self._sessions.clear()

    def call(self, login, model, method, *args, **kwargs):
        """ Call a model's method as a person. """
        return self.stack.rpc(self.session(login), model, method, args, kwargs)


class School:
    """ One school: its company, chart of accounts and people.

    :param FeesAlone people: Who works there.
    :param str chart: The chart of accounts, which also marks its log-ins.
    :param int company_id: Its company.
    """

    def __init__(self, people, chart, company_id):
        self.people = people
        self.stack = people.stack
        self.chart = chart
        self.company_id = company_id
        self.student_id = None

    def call(self, person, model, method, *args, **kwargs):
        """ Call a model's method as a person of this school, or as the administrator.

        :param str person: 'admin', 'bursar', 'head', 'cashier' or 'guardian'.
        """
        login = person if person == 'admin' else f'{person}_{self.chart}'
        context = {'allowed_company_ids': [self.company_id], **kwargs.pop('context', {})}
        return self.people.call(login, model, method, *args, context=context, **kwargs)

    def _ref(self, xml_id):
        module, _dot, name = xml_id.partition('.')
        row, = self.stack.sql(
            "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s", [module, name],
        )
        return row['res_id']

    def _log_in(self, person, group, **values):
        self.call('admin', 'res.users', 'create', [{
            'name': f'{person} {self.chart}', 'login': f'{person}_{self.chart}',
            'password': f'{person}_{self.chart}', 'company_id': self.company_id,
            'company_ids': [(6, 0, [self.company_id])], 'tz': 'Africa/Nairobi',
            'group_ids': [(6, 0, [self._ref(group)])], **values,
        }], context={'no_reset_password': True})

    # === The year of the bursar === #

    def set_up(self):
        """ Make the year, a level, a class and a structure that the head approves. """
        for person, group in (('bursar', 'bursar'), ('head', 'approver'), ('cashier', 'cashier')):
            self._log_in(person, f'school_fees.group_{group}')
        first, last = (f'{date.today().year}-{day}' for day in ('01-01', '12-31'))
        year, = self.call('admin', 'school.academic.year', 'create', [{
            'name': first[:4], 'date_from': first, 'date_to': last,
            'term_ids': [(0, 0, {
                'name': "Term 1", 'date_from': first, 'date_to': last, 'bill_date': first,
                'due_date': first, 'state': 'current',
            })],
        }])
        level, = self.call('admin', 'school.level', 'create', [{'name': "Grade 8", 'code': 'G8'}])
        head, = self.call('admin', 'school.vote.head', 'create', [{
            'name': "Tuition", 'code': 'TUI', 'is_tuition': True,
        }])
        fee, = self.call('admin', 'product.product', 'create', [{
            'name': "Tuition", 'is_school_fee': True, 'vote_head_id': head,
        }])
        self.class_id, = self.call('bursar', 'school.class', 'create', [{
            'level_id': level, 'year_id': year,
        }])
        structure = self.call('bursar', 'school.fee.structure', 'create', [{
            'name': "Grade 8", 'year_id': year, 'level_ids': [(6, 0, [level])],
            'line_ids': [(0, 0, {'product_id': fee, 'amount_1': TUITION})],
        }])
        self.call('bursar', 'school.fee.structure', 'action_submit', structure)
        self.call('head', 'school.fee.structure', 'action_approve', structure)
        self.call('bursar', 'school.fee.structure', 'action_publish', structure)

    def admit(self):
        """ Admit a student by *New Admission*, with a guardian who can log in. """
        wizard = self.call('bursar', 'school.admission.wizard', 'create', [{
            'name': "Faith Otieno", 'admission_no': 'ADM-001', 'class_id': self.class_id,
            'date_from': f'{date.today().year}-01-01', 'guardian_name': "Mary Otieno",
            'guardian_phone': '0712 000 001', 'relation': 'mother',
            'term_id': False,  # billed by the bill run
        }])
        self.student_id = self.call('bursar', 'school.admission.wizard', 'action_admit', wizard)[
            'res_id'
        ]
        link, = self.stack.sql(
            "SELECT partner_id FROM school_guardian_link WHERE student_id = %s",
            [self.student_id],
        )
        self._log_in('guardian', 'base.group_portal', partner_id=link['partner_id'])

    def bill(self):
        """ Bill the term, in the background. """
        term, = self.call('bursar', 'school.term', 'search', [])
        run, = self.call('bursar', 'school.bill.run', 'create', [{'term_id': term}])
        for button in ('action_preview', 'action_post'):
            self.call('bursar', 'school.bill.run', button, [run])
        wait_for(lambda: self.stack.sql(
            "SELECT 1 FROM school_bill_run WHERE id = %s AND state = 'done'", [run],
        ), "posted bill run")

    def receive(self, amount):
        """ Take cash at the desk.

        :param int amount: KES.
        """
        wizard = self.call('cashier', 'school.receipt.wizard', 'create', [{
            'student_id': self.student_id, 'amount': amount, 'money_kind': 'cash',
        }])
        self.call('cashier', 'school.receipt.wizard', 'action_post', wizard)

    def count_cash(self, amount):
        """ Close the cashier's day.

        :param int amount: The notes in the box, KES.
        :return: What the cash-up says after it was closed.
        :rtype: dict
        """
        cash_up = self.call('cashier', 'school.cash.up', 'action_open_mine')['res_id']
        line, = self.call('cashier', 'school.cash.up.line', 'search', [
            ('cash_up_id', '=', cash_up), ('money_kind', '=', 'cash'),
        ])
        self.call('cashier', 'school.cash.up.line', 'write', [line], {'counted': amount})
        self.call('cashier', 'school.cash.up', 'action_close', [cash_up])
        found, = self.call('bursar', 'school.cash.up', 'read', [cash_up], [
            'state', 'expected', 'difference',
        ])
        return found

    def year_end_pack(self):
        """ Return the workbook for the auditor.

        :rtype: bytes
        """
        pack = self.call('bursar', 'school.year.end.pack', 'create', [{}])
        url = self.call('bursar', 'school.year.end.pack', 'action_download', pack)['url']
        answer = self.get('bursar', url)
        assert answer.status_code == 200
        stored, = self.call('bursar', 'school.year.end.pack', 'read', pack, ['file'])
        assert answer.content == base64.b64decode(stored['file'])
        return answer.content

    # === Looking === #

    def get(self, person, path):
        """ Open an address as a person of this school.

        :rtype: requests.Response
        """
        return self.people.session(f'{person}_{self.chart}').get(
            f'{self.stack.url}{path}', timeout=120,
        )

    def lists(self):
        """ Open every list of the add-on as the bursar.

        :return: The number of rows, by the action's name and model.
        :rtype: dict[tuple, int]
        """
        actions = self.stack.sql(
            """
            SELECT a.id, a.name ->> 'en_US' AS name, a.res_model, a.domain FROM ir_act_window a
              JOIN ir_ui_menu m ON m.action = 'ir.actions.act_window,' || a.id
              JOIN ir_model_data d ON d.model = 'ir.ui.menu' AND d.res_id = m.id
             WHERE d.module = 'school_fees' AND a.view_mode LIKE '%%list%%'
               AND NOT EXISTS (SELECT 1 FROM ir_ui_menu_group_rel g WHERE g.menu_id = m.id
                                AND g.gid NOT IN %s)
            """, [(self._ref('school_fees.group_bursar'), self._ref('school_fees.group_cashier'))],
        )
        rows = {}
        for action in actions:
            views = self.call(
                'bursar', action['res_model'], 'get_views', [[False, 'list'], [False, 'search']],
                options={'action_id': action['id']},
            )
            fields = views['models'][action['res_model']]['fields']
            shown = {name: {} for name, field in fields.items() if field.get('type') != 'binary'}
            domain = ast.literal_eval(action['domain'] or '[]')
            found = self.call(
                'bursar', action['res_model'], 'web_search_read', domain, shown, limit=80,
            )
            rows[action['name'], action['res_model']] = len(found['records'])
        return rows
