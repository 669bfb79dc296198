"""Processes of a run: started in the background, logged to a file, stopped by their pid only."""
import contextlib
import json
import os
import signal
import subprocess
import time

import psutil
import requests
from stack_config import ROOT, StackError, process_environment


STOP_SECONDS = 15


class BackgroundProcess:
    """ One process that a run has started, with everything that it started itself. """

    def __init__(self, name, command, log_path, environment=None):
        """
        :param str name: What messages call it.
        :param list command: Its words.
        :param Path log_path: Where its output goes; it is appended to.
        :param dict environment: Its environment; the project's own by default.
        """
        self.name = name
        self.command = [str(word) for word in command]
        self.log_path = log_path
        self.environment = environment or process_environment()
        self.popen = None

    @property
    def pid(self):
        return self.popen.pid if self.popen else None

    @property
    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def start(self):
        """ Start it in a session of its own: Ctrl-C in the terminal reaches only the caller. """
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open('ab') as log:
            self.popen = subprocess.Popen(  # noqa: S603 - only our own words
                self.command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )

    def wait_until_ready(self, url, timeout):
        """ Wait until a web address of the process answers.

        :param str url: An address that answers 2xx, 3xx or 4xx once the process is up.
        :param float timeout: Seconds.
        :raise StackError: when the process ended or did not answer in time; with its last log
            lines.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.running:
                raise StackError(
                    f"{self.name} ended with code {self.popen.returncode}.\n{self.last_lines()}",
                )
            with contextlib.suppress(requests.RequestException):  # not up yet
                if requests.get(url, timeout=30, allow_redirects=False).status_code < 500:
                    return
            time.sleep(0.1)
        message = f"{self.name} did not answer within {timeout:.0f} s.\n{self.last_lines()}"
        raise StackError(message)

    def last_lines(self, count=15):
        """ Return the end of its log, indented, with the name of the file.

        :rtype: str
        """
        text = self.log_path.read_text(errors='replace') if self.log_path.exists() else ''
        lines = text.splitlines()[-count:] or ['(nothing)']
        head = f"  The last lines of {self.log_path}:"
        return '\n'.join([head, *(f'    {line}' for line in lines)])

    def stop(self):
        """ Ask it to end, and end it and its children when it does not. """
        if self.popen is not None:
            stop_tree(self.pid)
            self.popen.wait()
            self.popen = None


def stop_tree(pid):
    """ Stop a process and then whatever of its children is left.

    :param int pid: The process; nothing happens when it is gone.
    """
    try:
        process = psutil.Process(pid)
        children = process.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    _signal(process, signal.SIGTERM)
    _wait([process], STOP_SECONDS)
    # What outlived its parent (a killed Odoo leaves workers that look for it every few seconds)
    # goes with it.
    family = [process, *children]
    left = [member for member in family if _lives(member)]
    for member in left:
        _signal(member, signal.SIGKILL)
    _wait(left, 5)


def _lives(process):
    """ Tell whether a process does anything; one that only waits for its parent does not. """
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(processes, timeout):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and any(map(_lives, processes)):
        time.sleep(0.05)


def _signal(process, number):
    with contextlib.suppress(psutil.NoSuchProcess):  # it may end by itself in between
        process.send_signal(number)


def odoo_roles(odoo):
    """ Sort Odoo's processes by what they do; their titles say it.

    :param BackgroundProcess odoo: Odoo, or None.
    :return: pids under 'main', 'http', 'cron' and 'gevent'.
    :rtype: dict[str, list[int]]
    """
    found = {'main': [], 'http': [], 'cron': [], 'gevent': []}
    if not odoo or not odoo.running:
        return found
    found['main'].append(odoo.pid)
    for child in psutil.Process(odoo.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            title = f"{' '.join(child.cmdline())} "
            if 'WorkerCron' in title:
                found['cron'].append(child.pid)
            elif 'WorkerHTTP' in title:
                found['http'].append(child.pid)
            elif ' gevent ' in title:
                found['gevent'].append(child.pid)
    return found


class PidRecord:
    """ The processes of a named run, on disk: a later call stops what an earlier one left. """

    def __init__(self, path):
        self.path = path

    def add(self, process):
        """ Remember a process with its start time, since the system uses pids again.

        :param BackgroundProcess process: A started process.
        """
        entries = self._read()
        entries[process.name] = [process.pid, psutil.Process(process.pid).create_time()]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix('.new')
        temporary.write_text(json.dumps(entries))
        os.replace(temporary, self.path)

    def alive(self):
        """ Return the recorded processes that still run.

        :return: pid by name.
        :rtype: dict[str, int]
        """
        found = {}
        for name, (pid, created) in self._read().items():
            try:
                process = psutil.Process(pid)
                if abs(process.create_time() - created) < 1 and _lives(process):
                    found[name] = pid
            except psutil.NoSuchProcess:
                continue
        return found

    def stop_all(self):
        """ Stop every recorded process, the last started first, and forget them.

        :return: How many were stopped.
        :rtype: int
        """
        alive = self.alive()
        for pid in reversed(list(alive.values())):
            stop_tree(pid)
        self.path.unlink(missing_ok=True)
        return len(alive)

    def _read(self):
        try:
            return json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
