"""What Daraja calls: append the raw bytes, wake the drain, answer. Nothing else happens here.

Only the validation address also reads: Safaricom waits there for a verdict.
"""
from werkzeug.exceptions import MethodNotAllowed, NotFound, TooManyRequests

from odoo.http import Controller, request, route
from odoo.tools import config

from ..models.mpesa_callback_token import TOKEN_KINDS


MAXIMUM_BYTES = 65_536
# Daraja posts JSON; whatever comes is kept. The raw body is read in `ir.http._pre_dispatch`.
COLLECT = {
    'type': 'http', 'auth': 'none', 'methods': ['POST'], 'csrf': False, 'save_session': False,
    'readonly': False, 'max_content_length': MAXIMUM_BYTES,
}
ACCEPTED = '{"ResultCode": 0, "ResultDesc": "Accepted"}'
VALIDATION_ACCEPTED = '{"ResultCode": "0", "ResultDesc": "Accepted"}'
VALIDATION_REFUSED = '{"ResultCode": "%s", "ResultDesc": "Rejected"}'


class CollectController(Controller):
    # `_fields` takes what Odoo made of a body sent as a form; else it would log their names, and a
    # JSON document sent as a form is one name, with the payer's number in it.

    @route('/collect/<token>/stk/<push>', **COLLECT)
    def collect_stk(self, token, push, **_fields):
        """ Accept the outcome of one prompt, at that prompt's own address. """
        return self._accept('stk', token, push=push)

    @route('/collect/<token>/c2b/confirmation', **COLLECT)
    def collect_confirmation(self, token, **_fields):
        """ Accept news of money that has arrived at the shortcode. """
        return self._accept('confirmation', token)

    @route('/collect/<token>/c2b/validation', **COLLECT)
    def collect_validation(self, token, **_fields):
        """ Say whether a payment may happen: always, unless the school chose otherwise. """
        return self._accept('validation', token)

    @route('/collect/<token>/result', **COLLECT)
    def collect_result(self, token, **_fields):
        """ Accept the answer to an asynchronous request of ours. """
        return self._accept('result', token)

    @route('/collect/<token>/timeout', **COLLECT)
    def collect_timeout(self, token, **_fields):
        """ Accept word that an asynchronous request of ours found no answer in time. """
        return self._accept('timeout', token)

    @route('/collect/<token>/notice', **COLLECT)
    def collect_notice(self, token, **_fields):
        """ Accept whatever may be posted to the address that a registration for Pull names. """
        return self._accept('notice', token)

    def _accept(self, endpoint, token, push=''):
        """ Append the message when the token is right; else count and refuse.

        A callback with a right token is never refused for its rate, its source or its content.

        :param str endpoint: Which address was called.
        :param str token: The secret part of the address, any text.
        :param str push: The prompt's own part of the address.
        :rtype: odoo.http.Response
        :raise NotFound: If the token is wrong.
        """
        if request.httprequest.method != 'POST':
            raise MethodNotAllowed(['POST'])  # Odoo adds OPTIONS to the methods of every route.
        env = request.env  # Of no user: the little that the ORM reads here is cached.
        kind = TOKEN_KINDS[endpoint]
        source = self._get_source_address()
        provider = env['mpesa.callback.token']._identify(token, kind)
        if not provider:
            if env['mpesa.rate.counter']._hit('wrong token', source or 'unknown', 60) > 60:
                raise TooManyRequests
            raise NotFound
        raw = request.httprequest.get_data()
        env['mpesa.callback']._accept(
            endpoint, provider, raw, push=push,
            content_type=request.httprequest.headers.get('Content-Type', ''), source=source,
        )
        if kind == 'c2b':
            env['mpesa.callback.token']._note_use(token)
        answer = ACCEPTED
        if endpoint == 'validation':
            refusal = env['payment.provider']._mpesa_answer_validation(provider[0], raw)
            answer = VALIDATION_REFUSED % refusal if refusal else VALIDATION_ACCEPTED
        return request.make_response(answer, headers=[('Content-Type', 'application/json')])

    def _get_source_address(self):
        """ Return the caller's address, or '' where it cannot be trusted.

        Behind the proxy, Odoo takes the last forwarded address only when X-Forwarded-Host came
        too; without it the address would be the proxy's own (trust.md section 1, no. 6).

        :rtype: str
        """
        environ = request.httprequest.environ
        if config['proxy_mode'] and not environ.get('HTTP_X_FORWARDED_HOST'):
            return ''
        return request.httprequest.remote_addr or ''
