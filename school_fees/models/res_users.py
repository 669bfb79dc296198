from odoo import api, models


class ResUsers(models.Model):
    _inherit = 'res.users'

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `base` to open the schools of their children to new guardian users. """
        users = super().create(vals_list)
        users.partner_id._open_schools_to_guardian_users()
        return users
