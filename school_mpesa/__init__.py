from odoo.addons.payment import reset_payment_provider, setup_provider
from odoo.addons.school_fees.access_log import mask_paths

from . import controllers
from . import models
from . import wizards


# The secret part of these addresses never reaches a log.
for prefix in ('/collect/', '/p/a/', '/p/', '/c/'):
    mask_paths(prefix)


def post_init_hook(env):
    setup_provider(env, 'mpesa')


def uninstall_hook(env):
    reset_payment_provider(env, 'mpesa')
    # The inbox guards itself by a function in the database, which outlives its table.
    env.cr.execute('DROP FUNCTION IF EXISTS mpesa_callback_guard() CASCADE')
