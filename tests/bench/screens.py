"""The screens of the books, asked for as the web client asks, timed and their queries counted."""
import ast
import time

from client import percentile
from lxml import etree
from stack_config import StackError


PAGE = 80  # rows of a list, and groups of a grouped one
WARM = 4  # calls before the measured ones, so that each worker has its caches
REPEATS = 15


class Screens:
    """ A logged-in person's web client.

    :param Stack stack: The running product, with the add-on that counts queries.
    :param str login: The person.
    """

    def __init__(self, stack, login='bursar'):
        self._session = stack.session(login)
        uid = stack.sql("SELECT id FROM res_users WHERE login = %s", [login])[0]['id']
        self._context = {
            'lang': 'en_US', 'tz': 'Africa/Nairobi', 'uid': uid, 'allowed_company_ids': [1],
        }
        self._views = {}

    # === Calls === #

    def call(self, model, method, *args, context=None, **kwargs):
        """ Call a method as the web client does.

        :return: What it returned.
        """
        return self._timed(model, method, args, kwargs, context)[0]

    def _timed(self, model, method, args, kwargs, context=None):
        """ Return what a method returned, the seconds and the queries. """
        params = {
            'model': model, 'method': method, 'args': list(args),
            'kwargs': {**kwargs, 'context': {**self._context, **(context or {})}},
        }
        return self._post(f'/web/dataset/call_kw/{model}/{method}', params)

    def _post(self, path, params):
        started = time.perf_counter()
        answer = self._session.post(
            self._session.base + path, json={'jsonrpc': '2.0', 'params': params},
            headers={'X-Bench': '1'}, timeout=120,
        )
        took = time.perf_counter() - started
        body = answer.json()
        if 'error' in body:
            message = f"{path}: {body['error'].get('data', {}).get('message')}"
            raise StackError(message)
        return body.get('result'), took, int(answer.headers['X-Bench'])

    def measure(self, ask, repeats=REPEATS):
        """ Ask for a screen again and again.

        :param callable ask: Returns (result, seconds, queries).
        :param int repeats: How often it is measured.
        :return: `p50` and `p95` in milliseconds, and the `queries` of a warm worker.
        :rtype: dict
        """
        for _number in range(WARM):
            ask()
        answers = [ask() for _number in range(repeats)]
        took = [seconds * 1000 for _result, seconds, _queries in answers]
        return {
            'p50': round(percentile(took, 50), 1), 'p95': round(percentile(took, 95), 1),
            'queries': min(queries for *_rest, queries in answers),
        }

    # === What a view asks for === #

    def action(self, xml_id):
        """ Return a window action.

        :rtype: dict
        """
        return self._post('/web/action/load', {
            'action_id': xml_id, 'context': self._context,
        })[0]

    def menu_actions(self, root):
        """ Return the window actions of a menu that begin with a list.

        :param str root: The menu's external id.
        :rtype: list[dict]
        """
        menus = self._session.get(
            f'{self._session.base}/web/webclient/load_menus', timeout=60,
        ).json()
        app = next(menu for menu in menus.values() if menu.get('xmlid') == root)
        waiting, found = list(app['children']), {}
        while waiting:
            menu = menus[str(waiting.pop())]
            waiting += menu['children']
            if menu.get('actionModel') == 'ir.actions.act_window':
                action = self.action(menu['actionID'])
                if action['views'][0][1] == 'list' and action['target'] != 'new':
                    found[action['id']] = action
        return list(found.values())

    def specification(self, model, kind, view_id=False):
        """ Return what the web client reads for a view of this person.

        :param str model: The model.
        :param str kind: 'list' or 'form'.
        :param view_id: The view, or False for the first one.
        :return: The specification of `web_read`, and the fields of the model.
        :rtype: tuple[dict, dict]
        """
        key = model, kind, view_id
        if key not in self._views:
            result = self.call(model, 'get_views', [[view_id, kind]], options={})
            fields = {name: value['fields'] for name, value in result['models'].items()}
            arch = etree.fromstring(result['views'][kind]['arch'])
            self._views[key] = self._read_arch(arch, fields, model), fields[model]
        return self._views[key]

    def _read_arch(self, arch, fields, model):
        found = {}
        for node in arch.iter('field'):
            if any(above.tag == 'field' for above in node.iterancestors()):
                continue  # of a view inside this one
            field = fields[model][node.get('name')]
            kind = field['type']
            found[node.get('name')] = {}
            if kind == 'many2one':
                found[node.get('name')] = {'fields': {'display_name': {}}}
            elif kind in {'one2many', 'many2many'}:
                inner = node.find('list')
                if inner is not None:
                    copy = etree.fromstring(etree.tostring(inner))
                    found[node.get('name')] = {
                        'fields': self._read_arch(copy, fields, field['relation']), 'limit': 40,
                    }
                else:
                    found[node.get('name')] = {'fields': {'display_name': {}}}
        return found

    # === Screens === #

    def ask(self, model, method, *args, **kwargs):
        """ Ask for what a method returns.

        :rtype: callable
        """
        return lambda: self._timed(model, method, args, kwargs)

    def page(self, action, domain=(), context=None):
        """ Ask for the first page of an action's list.

        :param dict action: The action.
        :param domain: Conditions beyond its own.
        :rtype: callable
        """
        model = action['res_model']
        specification, _fields = self.specification(model, 'list', action['views'][0][0])
        kwargs = {
            'domain': self._domain(action) + list(domain), 'specification': specification,
            'limit': PAGE, 'count_limit': 10001,
        }
        return lambda: self._timed(model, 'web_search_read', (), kwargs, context)

    def groups(self, action, groupby, domain=(), context=None):
        """ Ask for an action's list in groups, with their totals.

        :param dict action: The action.
        :param str groupby: By what.
        :param domain: Conditions beyond its own.
        :rtype: callable
        """
        model = action['res_model']
        specification, fields = self.specification(model, 'list', action['views'][0][0])
        summed = [fields[name] | {'name': name} for name in specification
                  if fields[name].get('aggregator')]
        aggregates = [f"{field['name']}:{field['aggregator']}" for field in summed]
        for field in summed:
            if field.get('currency_field'):
                aggregates += [
                    f"{field['name']}:sum_currency",
                    f"{field['currency_field']}:array_agg_distinct",
                ]
        args = [self._domain(action) + list(domain), [groupby], list(dict.fromkeys(aggregates))]
        kwargs = {
            'limit': PAGE, 'auto_unfold': False, 'opening_info': [],
            'unfold_read_specification': specification, 'unfold_read_default_limit': PAGE,
        }
        context = {'read_group_expand': True, **(context or {})}
        return lambda: self._timed(model, 'web_read_group', args, kwargs, context)

    def form(self, model, record_id, view_id=False):
        """ Ask for a record's form.

        :rtype: callable
        """
        specification, _fields = self.specification(model, 'form', view_id)
        return lambda: self._timed(
            model, 'web_read', [[record_id]], {'specification': specification},
        )

    def statement(self, student_id):
        """ Ask for a student's statement of all years on screen.

        :rtype: callable
        """
        model = 'school.statement.wizard'
        specification, _fields = self.specification(model, 'form')
        values = {'student_ids': [[4, student_id]], 'period': 'all'}
        return lambda: self._timed(
            model, 'web_save', [[], values], {'specification': specification},
        )

    def _domain(self, action):
        return [tuple(one) if isinstance(one, list) else one
                for one in ast.literal_eval(action['domain'] or '[]')]
