"""Points at which a test stops a worker inside its transaction. Never part of the product.

A test arms a point by making a file of its name in the folder that SCHOOL_FAULTS names. The next
worker that comes by takes the file, marks its transaction so that pg_stat_activity shows where it
is, and waits to be killed, or for the time that stands in the file.
"""
import os
import time
from pathlib import Path


def reach(cr, name):
    """ Stop here when the point is armed.

    :param cr: The cursor of the transaction.
    :param str name: The point.
    :return: What stood in the file, '' when the point was not armed.
    :rtype: str
    """
    folder = os.environ.get('SCHOOL_FAULTS')
    if not folder:
        return ''
    armed = Path(folder, name)
    taken = armed.with_name(f'{name}.taken.{os.getpid()}')
    try:
        armed.rename(taken)  # Only one worker can.
    except FileNotFoundError:
        return ''
    text = taken.read_text()
    # Odoo gives its connections the name of the process that loaded the registry, not always ours.
    cr.execute(f'SELECT 1 /* failpoint {name} in {os.getpid()} */')
    if text.startswith('wait'):
        time.sleep(float(text.split()[1]))
    return text
