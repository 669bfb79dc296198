"""HTTP sessions at a running Odoo, as a browser would hold them."""
import requests
from stack_config import StackError


def log_in(url, database, login, password=None):
    """ Log in to Odoo.

    :param str url: Its address, without a slash at the end.
    :param str database: The database.
    :param str login: The log-in.
    :param str password: The password; the log-in itself by default, as in the demo school.
    :return: A session with its cookie; its `base` is the address.
    :rtype: requests.Session
    :raise StackError: when the log-in was refused.
    """
    session = requests.Session()
    session.base = url
    answer = session.post(f'{url}/web/session/authenticate', timeout=60, json={
        'jsonrpc': '2.0',
        'params': {'db': database, 'login': login, 'password': password or login},
    }).json()
    if not answer.get('result', {}).get('uid'):
        message = f"the log-in {login!r} was refused."
        raise StackError(message)
    return session


def call(session, model, method, args=(), kwargs=None):
    """ Call a model's method as the web client does.

    :param requests.Session session: From log_in().
    :param str model: The model.
    :param str method: Its public method.
    :return: What the method returned.
    :raise StackError: with the server's message when it refused.
    """
    params = {'model': model, 'method': method, 'args': list(args), 'kwargs': kwargs or {}}
    answer = session.post(
        f'{session.base}/web/dataset/call_kw/{model}/{method}',
        json={'jsonrpc': '2.0', 'params': params}, timeout=120,
    ).json()
    if 'error' in answer:
        data = answer['error'].get('data', {})
        message = f"{data.get('name')}: {data.get('message')}"
        raise StackError(message)
    return answer.get('result')  # Odoo leaves out what is None
