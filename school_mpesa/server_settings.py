"""What must not be in the database: read from `odoo.conf`, else from the environment."""
import os

from odoo.tools import config


def get_setting(name):
    """ Return a server setting as text.

    :param str name: Its name in `odoo.conf`; in the environment the same in capitals.
    :return: The value, '' when it is not set.
    :rtype: str
    """
    return str(config.get(name) or os.environ.get(name.upper()) or '').strip()
