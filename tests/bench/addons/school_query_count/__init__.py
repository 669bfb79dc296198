"""Tells how many queries a request made.

Loaded by the server (`--load`), and not installed, so that the measured database is the product's
own.
"""
from odoo.http import request

from odoo.addons.base.models.ir_http import IrHttp


_post_dispatch = IrHttp._post_dispatch.__func__


def _post_dispatch_counted(cls, response):
    _post_dispatch(cls, response)
    if 'X-Bench' in request.httprequest.headers and request.db:
        response.headers['X-Bench'] = str(request.env.cr.sql_log_count)


IrHttp._post_dispatch = classmethod(_post_dispatch_counted)
