"""A whole running product on this machine: PostgreSQL, Odoo, nginx, and the Daraja simulator.

End-to-end, browser, fault and bench runs use it so:

    with Stack(name='e2e', workers=2, nginx=True, demo=True) as stack:
        stack.simulator ...            # scripts Safaricom's side
        stack.session('bursar') ...    # a logged-in HTTP session
        stack.sql("SELECT ...")        # rows as dicts
        stack.shell("result = env['school.student'].search_count([])")

Everything listens on free loopback ports; the logs of a run are in .local/log/<name>/. Only
processes that a stack has started are stopped, by their pid. Two stacks may run at once when
their names differ.
"""
import contextlib
import os
import signal

import psutil
import psycopg2.extras
import stack_config
import stack_database
import stack_nginx
import stack_session
import stack_shell
from stack_config import LOCAL, StackError
from stack_processes import BackgroundProcess, PidRecord, odoo_roles


LOGS = ('odoo', 'simulator', 'nginx-access', 'nginx-error', 'nginx', 'shell')
_seen = set()  # the names of stacks that this process has started


class Stack:
    """ One run of the product; a context manager, or start() and stop(). """

    def __init__(
        self, name, *, workers=2, nginx=True, simulator=True, demo=True, max_cron_threads=2,
        database=None, reuse_database=False, keep_database=False, odoo_options=(),
        simulator_options=(), log_level='info', ports=None, ready_timeout=120, say=None,
        sms=False,
    ):
        """
        :param str name: Short name of the run; names its logs and, by default, its database.
        :param int workers: HTTP workers of Odoo; 0 runs one threaded process.
        :param bool nginx: Whether nginx stands before Odoo, from the template that compose uses.
        :param bool simulator: Whether the Daraja simulator runs.
        :param bool demo: Whether the database holds the demo school, or only the installed add-ons.
        :param int max_cron_threads: Cron workers of Odoo.
        :param str database: Name of the database, `school_<name>` by default.
        :param bool reuse_database: Use the database when it is there, instead of making it anew.
        :param bool keep_database: Leave the database when the run ends.
        :param odoo_options: Further command-line options of Odoo.
        :param simulator_options: Further command-line options of the simulator.
        :param str log_level: Odoo's.
        :param dict ports: Fixed ports by 'public', 'odoo', 'gevent', 'simulator'; free ones
            otherwise.
        :param float ready_timeout: Seconds within which each part must answer.
        :param callable say: Gets one line for each slow step; print by default.
        :param bool sms: Whether the demo school writes to its guardians, by the simulator.
        """
        self.name = name
        self.workers = workers
        self.with_nginx = nginx
        self.with_simulator = simulator
        self.demo = demo
        self.with_sms = sms
        self.max_cron_threads = max_cron_threads
        self.database = database or f'school_{name}'
        self.reuse_database = reuse_database
        self.keep_database = keep_database
        self.odoo_options = list(odoo_options)
        self.simulator_options = list(simulator_options)
        self.log_level = log_level
        self.fixed_ports = ports or {}
        self.ready_timeout = ready_timeout
        self.say = say or stack_config.say
        self.log_folder = LOCAL / 'log' / name
        self.run_folder = LOCAL / 'run' / name
        self.record = PidRecord(self.run_folder / 'pids.json')
        self.host = '127.0.0.1'  # the name in addresses that people see; they all mean this machine
        self.ports = {}
        self.school = {}
        self._odoo = self._nginx = self._simulator = None

    # === Starting and stopping === #

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_exception):
        self.stop()

    def start(self):
        """ Bring everything up and wait until it answers.

        :return: self
        :raise StackError: when a part cannot start; says which and shows the end of its log.
        """
        self.record.stop_all()  # what an earlier run of this name left when it was killed
        self._begin_logs()
        stack_database.start_postgres()
        self._choose_ports()
        self._make_database()
        if self.with_simulator:
            self.start_simulator()
        self.start_odoo()
        if self.with_nginx:
            self._start_nginx()
        if self.demo:
            self._connect_school()
        return self

    def stop(self):
        """ Stop what this stack started; drop its database unless it is to be kept. """
        for process in (self._nginx, self._odoo, self._simulator):
            if process:
                process.stop()
        self.record.stop_all()
        if not self.keep_database and not self.reuse_database:
            with contextlib.suppress(psycopg2.Error):
                stack_database.drop(self.database)

    def leave_running(self):
        """ Keep processes and database after the with block.

        A later start of the same name stops the processes.
        """
        self._nginx = self._odoo = self._simulator = None
        self.keep_database = True
        self.record = PidRecord(self.run_folder / 'nothing.json')

    def _begin_logs(self):
        """ Begin new logs, unless this process had a stack of this name already.

        A run of tests finds them through the file that SCHOOL_LOG_LIST names.
        """
        for log in LOGS:
            if self.name not in _seen:
                self.log_path(log).unlink(missing_ok=True)
            if os.environ.get('SCHOOL_LOG_LIST'):
                with open(os.environ['SCHOOL_LOG_LIST'], 'a') as file:
                    file.write(f'{self.log_path(log)}\n')
        _seen.add(self.name)

    def _choose_ports(self):
        free = stack_config.free_ports(4)
        self.ports = {
            name: self.fixed_ports.get(name) or free.pop()
            for name in ('public', 'odoo', 'gevent', 'simulator')
        }
        if not self.with_nginx:
            self.ports['odoo'] = self.ports['public']
        if not self.workers:
            # A threaded Odoo serves the websocket at its one port.
            self.ports['gevent'] = self.ports['odoo']
        for port in self.fixed_ports.values():
            if not stack_config.port_is_free(port):
                message = f"port {port} is taken."
                raise StackError(message)

    def _make_database(self):
        if self.reuse_database and stack_database.exists(self.database):
            return
        kind = 'demo' if self.demo else 'plain'
        template = stack_database.template(kind, build_demo=self._build_demo, say=self.say)
        stack_database.clone(template, self.database)

    # === The parts === #

    @property
    def url(self):
        """ The address that people and Safaricom use, without a slash at the end. """
        return f"http://{self.host}:{self.ports['public']}"

    @property
    def odoo_url(self):
        """ Odoo itself, past nginx. """
        return f"http://127.0.0.1:{self.ports['odoo']}"

    @property
    def simulator_url(self):
        """ The Daraja simulator; its virtual phone lives there. """
        return f"http://{self.host}:{self.ports['simulator']}"

    @property
    def simulator(self):
        """ A client of the simulator's control interface. """
        from daraja_simulator.control import (
            SimulatorControl,  # on the path only where the tests are
        )
        return SimulatorControl(self.simulator_url)

    def start_simulator(self):
        """ Start the simulator, at the same port as before. """
        self._simulator = self._spawn(
            'simulator',
            [
                stack_config.python(), '-m', 'daraja_simulator',
                '--port', self.ports['simulator'], *self.simulator_options,
            ],
            f'{self.simulator_url}/control/health',
        )

    def stop_simulator(self):
        """ Stop the simulator: Safaricom is down. """
        self._simulator.stop()

    def start_odoo(self):
        """ Start Odoo at the same ports, on the same database. """
        conf = self._write_conf(self.database)
        self._odoo = self._spawn(
            'odoo', [*stack_config.odoo_command(), '-c', conf, *self.odoo_options],
            f'{self.odoo_url}/web/health',
        )
        # Loading the registry takes seconds; the first request of a test must not pay for it.
        self._odoo.wait_until_ready(f'{self.odoo_url}/web/login', self.ready_timeout)

    def stop_odoo(self):
        """ Stop Odoo as an administrator would. """
        self._odoo.stop()

    def restart_odoo(self):
        """ Stop Odoo and start it again. """
        self.stop_odoo()
        self.start_odoo()

    def _start_nginx(self):
        command = stack_nginx.prepare(self.run_folder / 'nginx', self.log_folder, self.ports)
        self._nginx = self._spawn('nginx', command, f'{self.url}/web/health')

    def _spawn(self, name, command, ready_url):
        process = BackgroundProcess(name, command, self.log_path(name))
        process.start()
        self.record.add(process)
        process.wait_until_ready(ready_url, self.ready_timeout)
        return process

    def _write_conf(self, database):
        simulator = self.simulator_url if self.with_simulator and self.ports else None
        return stack_config.write_odoo_conf(self.run_folder / 'odoo.conf', {
            **stack_config.keys(),
            'db_name': database,
            'http_port': self.ports.get('odoo', 8069),
            'gevent_port': self.ports.get('gevent', 8072),
            'workers': self.workers,
            'max_cron_threads': self.max_cron_threads,
            'proxy_mode': self.with_nginx,
            # Threads share one pool; workers have one each.
            'db_maxconn': 16 if self.workers else 48,
            'log_level': self.log_level,
            'school_mpesa_simulator_url': simulator,
            'school_sms_simulator_url': simulator,
        })

    # === The demo school === #

    def _build_demo(self, database):
        self._shell_demo("if load_people(env):\n    tell_year(env)", database)

    def _connect_school(self):
        """ Tell the database and the simulator the addresses of this run. """
        simulator = self.simulator_url if self.with_simulator else None
        call = f"result = connect_school(env, {self.url!r}, {simulator!r})"
        if self.with_sms and simulator:
            call += f"\nconnect_sms(env, {self.url!r}, {simulator!r})"
        self.school = self._shell_demo(call, self.database)

    def _shell_demo(self, call, database):
        return self.shell(f'{stack_config.demo_code()}\n\n{call}', database=database)

    # === Looking inside === #

    def shell(self, code, database=None):
        """ Run code in an Odoo shell as superuser, and commit. Takes about five seconds.

        :param str code: Python; `env` is there. What it leaves in `result` comes back.
        :param str database: Another database than the run's.
        :return: The value of `result`, through JSON.
        :raise StackError: with the traceback when the code raised.
        """
        database = database or self.database
        conf = self.run_folder / 'odoo.conf' if self._odoo else self._write_conf(database)
        return stack_shell.run(code, conf, database, self.log_path('shell'))

    def connect(self):
        """ Open an autocommit connection to the database; the caller closes it.

        :rtype: psycopg2.extensions.connection
        """
        return stack_database.connect(self.database)

    def sql(self, query, params=None):
        """ Run one statement on a connection of its own, outside Odoo.

        :return: The rows as dicts; none for a statement without rows.
        :rtype: list[dict]
        """
        with contextlib.closing(self.connect()) as connection, \
                connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(query, params)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    def odoo_pids(self):
        """ Return the processes of Odoo by role. In pg_stat_activity each is called `odoo-<pid>`.

        :return: pids under 'main', 'http', 'cron' and 'gevent'.
        :rtype: dict[str, list[int]]
        """
        return odoo_roles(self._odoo)

    def kill(self, pid, number=signal.SIGKILL):
        """ Send a signal to a process of this stack's Odoo, and to no other.

        :param int pid: One of odoo_pids().
        :param int number: The signal.
        """
        if pid not in [one for pids in self.odoo_pids().values() for one in pids]:
            message = f"{pid} is no process of this stack's Odoo."
            raise StackError(message)
        psutil.Process(pid).send_signal(number)

    def log_path(self, which):
        """ Return the path of a log.

        :param str which: 'odoo', 'simulator', 'nginx-access', 'nginx-error', 'shell'.
        :rtype: Path
        """
        return self.log_folder / f'{which}.log'

    def log_text(self, which='odoo'):
        """ Return the text of a log; '' when nothing was logged.

        :rtype: str
        """
        path = self.log_path(which)
        return path.read_text(errors='replace') if path.exists() else ''

    def session(self, login, password=None):
        """ Log in to Odoo as a person would; see stack_session.log_in. """
        return stack_session.log_in(self.url, self.database, login, password)

    def rpc(self, session, model, method, args=(), kwargs=None):
        """ Call a model's method as the web client does; see stack_session.call. """
        return stack_session.call(session, model, method, args, kwargs)
