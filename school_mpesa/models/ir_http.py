from werkzeug.exceptions import RequestEntityTooLarge

from odoo import api, models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = 'ir.http'

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """ Override of `base` to keep a callback's bytes before anything parses them.

        Odoo reads the form of every `http` route before its controller runs, which would use up
        the stream of a callback sent as a form. The size cap is already in force here.
        """
        res = super()._pre_dispatch(rule, args)
        if rule.rule.startswith('/collect/'):
            raw = request.httprequest.get_data(cache=True)
            # A body sent in chunks declares no size; werkzeug cuts it at the cap without a word.
            if request.httprequest.content_length is None and (
                len(raw) >= request.httprequest.max_content_length
            ):
                raise RequestEntityTooLarge
        return res

    @api.private  # For the page that Odoo renders; nobody calls it by RPC.
    def session_info(self):
        """ Override of `web` to tell the office's screens which of the user's schools train. """
        return {
            **super().session_info(),
            'mpesa_training_company_ids': self.env.user.company_ids.filtered(
                lambda school: school._is_mpesa_training()
            ).ids,
        }

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        """ Override of `http_routing` to translate the texts of our payment form's script. """
        return super()._get_translation_frontend_modules_name() + ['school_mpesa']
