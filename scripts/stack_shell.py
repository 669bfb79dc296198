"""Code run inside Odoo, on the database of a run."""
import json
import tempfile
from pathlib import Path

import stack_config
from stack_config import StackError


TAIL = """
env.cr.commit()
import json as _json
with open(%(path)r, 'w') as _file:
    _json.dump(globals().get('result'), _file, default=str)
"""


def run(code, conf, database, log_path):
    """ Run code in an Odoo shell as superuser, and commit. Takes about five seconds.

    :param str code: Python; `env` is there. What it leaves in `result` comes back.
    :param Path conf: Odoo's configuration.
    :param str database: The database.
    :param Path log_path: Where Odoo's log goes; it is appended to.
    :return: The value of `result`, through JSON.
    :raise StackError: with the traceback when the code raised.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'result.json'
        done = stack_config.run_command(
            [
                *stack_config.odoo_command(), 'shell', '-c', conf, '-d', database,
                '--no-http', '--workers=0', '--max-cron-threads=0', '--log-level=warn',
            ],
            input=code + TAIL % {'path': str(path)}, capture_output=True,
            env=stack_config.process_environment(),
        )
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open('a') as log:
            log.write(done.stdout + done.stderr)
        if done.returncode or not path.exists():
            end = '\n'.join((done.stderr or done.stdout).splitlines()[-25:])
            message = f"the code in the Odoo shell failed:\n{end}"
            raise StackError(message)
        return json.loads(path.read_text())
