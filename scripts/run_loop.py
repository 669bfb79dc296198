"""`make loop`: an add-on's tests by pytest-odoo, in a database that is kept while the code of the
add-ons stays the same. For work on an add-on; the gate is `make test`, by Odoo's own runner."""
import sys

import stack_config
import stack_database
from stack_config import ADDONS, LOCAL, StackError, say


DATABASE = 'school_loop'


def main():
    """ Run pytest on the add-ons named first on the command line, with the options after them.

    :return: The exit code.
    :rtype: int
    """
    addons = [word for word in sys.argv[1:] if word in ADDONS]
    options = [word for word in sys.argv[1:] if word not in ADDONS]
    mark = LOCAL / 'run' / 'loop.digest'
    digest = stack_config.addons_digest()
    try:
        stack_database.start_postgres()
        known = mark.exists() and mark.read_text() == digest
        if not known or not stack_database.exists(DATABASE):
            template = stack_database.template('plain', say=say)
            stack_database.clone(template, DATABASE)
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(digest)
    except StackError as error:
        sys.stderr.write(f"\nSTOPPED: {error}\n")
        return 1
    port, gevent_port = stack_config.free_ports(2)
    conf = stack_config.write_odoo_conf(LOCAL / 'run' / 'loop.conf', {
        **stack_config.keys(), 'db_name': DATABASE, 'workers': 0,
        'http_port': port, 'gevent_port': gevent_port, 'proxy_mode': False, 'db_maxconn': 48,
    })
    return stack_config.run_command(
        [
            stack_config.python(), '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-rs',
            f'--odoo-config={conf}', f'--odoo-database={DATABASE}', '--odoo-http',
            *addons, *options,
        ],
        env=stack_config.process_environment(),
    ).returncode


if __name__ == '__main__':
    sys.exit(main())
