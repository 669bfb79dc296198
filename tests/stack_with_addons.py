"""A stack that has test-only add-ons beside the product's."""
import configparser

import stack_config
from stack import Stack
from stack_config import StackError


class StackWithAddons(Stack):
    """ A run of the product with further add-ons.

    :param str name: As of `Stack`.
    :param Path folder: Where the add-ons are, or None for Odoo's own ones.
    :param str modules: Their names, parted by commas.
    """

    def __init__(self, name, folder, modules, **options):
        super().__init__(name, **options)
        self.folder = folder
        self.modules = modules

    def _write_conf(self, database):
        path = super()._write_conf(database)
        parser = configparser.RawConfigParser()
        parser.read(path)
        if self.folder:
            folders = parser.get('options', 'addons_path')
            parser.set('options', 'addons_path', f'{folders},{self.folder}')
            with path.open('w') as file:
                parser.write(file)
        return path

    def _make_database(self):
        super()._make_database()
        log = self.log_path('install')
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open('w') as output:
            code = stack_config.run_command(
                [
                    *stack_config.odoo_command(), '-c', self._write_conf(self.database),
                    '-d', self.database, '-i', self.modules, '--stop-after-init', '--no-http',
                    '--workers=0', '--max-cron-threads=0',
                ],
                env=stack_config.process_environment(), stdout=output, stderr=output,
            ).returncode
        if code:
            message = f"{self.modules} could not be installed; see {log}"
            raise StackError(message)
