"""The answer by which the set-up knows its own server behind the public address."""
import re

from werkzeug.exceptions import NotFound

from odoo.http import Controller, request, route

from .. import vault


_NONCE = re.compile(r'[0-9a-f]{32}')


class CollectEchoController(Controller):

    @route(
        '/collect/<nonce>/echo', type='http', auth='none', methods=['GET'], save_session=False,
        readonly=True,
    )
    def collect_echo(self, nonce, **_fields):
        """ Answer what only a server with this database and these keys can.

        It says nothing of them, and touches no row.
        """
        if not (_NONCE.fullmatch(nonce) and vault.has_keys()):
            raise NotFound
        return request.make_response(
            vault.derive_token('echo', f'{request.env.cr.dbname}|{nonce}'),
            headers=[('Content-Type', 'text/plain'), ('Cache-Control', 'no-store')],
        )
