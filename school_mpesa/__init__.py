from odoo.tools import SQL

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
    # Requests that were never paid stay, and so must their provider: Odoo would try to delete it
    # with our other records, fail, and log an error.
    provider = env.ref('school_mpesa.payment_provider_mpesa', raise_if_not_found=False)
    if provider and env['payment.transaction'].search_count(
        [('provider_id', '=', provider.id)], limit=1,
    ):
        env['ir.model.data'].search([
            ('module', '=', 'school_mpesa'), ('name', '=', 'payment_provider_mpesa'),
        ]).unlink()
    # The inbox and signed days are guarded by functions in the database, which outlive the tables.
    for guard in (
        'mpesa_callback_guard', 'mpesa_day_close_guard', 'mpesa_day_difference_guard',
        'mpesa_day_amendment_guard',
    ):
        env.cr.execute(SQL('DROP FUNCTION IF EXISTS %s() CASCADE', SQL.identifier(guard)))
