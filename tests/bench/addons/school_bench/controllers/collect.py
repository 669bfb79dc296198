from odoo.http import request, route

from odoo.addons.school_mpesa.controllers.collect import ACCEPTED, COLLECT, CollectController


class BenchController(CollectController):

    @route('/collect/<token>/noop', **COLLECT)
    def collect_noop(self, token):
        """ Answer at once: what the same decorators, body and server cost by themselves. """
        return request.make_response(ACCEPTED, headers=[('Content-Type', 'application/json')])

    def _accept(self, *args, **kwargs):
        """ Override to tell, when asked, how many queries the request's cursor has made. """
        response = super()._accept(*args, **kwargs)
        if 'X-Bench' in request.httprequest.headers:
            response.headers['X-Bench'] = str(request.env.cr.sql_log_count)
        return response
