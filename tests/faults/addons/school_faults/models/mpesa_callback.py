import os
import signal

from odoo import api, models

from ..failpoint import reach


class MpesaCallback(models.Model):
    _inherit = 'mpesa.callback'

    @api.model
    def _accept(self, *args, **kwargs):
        super()._accept(*args, **kwargs)
        if reach(self.env.cr, 'accepting') == 'die':
            os.kill(os.getpid(), signal.SIGKILL)
        if reach(self.env.cr, 'accepted') == 'die':
            self.env.cr.postcommit.add(lambda: os.kill(os.getpid(), signal.SIGKILL))
