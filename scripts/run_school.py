"""`make run` and `make stop`: a demo school to look at and to try, up until it is stopped."""
import errno
import json
import os
import shutil
import sys

import psutil
import psycopg2
import requests
import stack_config
import stack_database
from stack import Stack
from stack_config import LOCAL, StackError, say
from stack_processes import PidRecord


NAME = 'school'
FOLDER = LOCAL / 'run' / NAME
# What the last start knew: addresses, and the state of the code that the database was last updated
# to.
MEMORY = FOLDER / 'memory.json'
NEEDED_MB = 1500


def start():
    """ Bring the demo school up, or find that it is up, and print how to use it. """
    port = int(os.environ.get('PORT') or 8069)
    simulator_port = int(os.environ.get('SIMULATOR_PORT') or 8070)
    memory = json.loads(MEMORY.read_text()) if MEMORY.exists() else {}
    digest = stack_config.addons_digest()
    if memory.get('digest') == digest and memory.get('port') == port and _answers(memory):
        show(memory)
        return
    free_mb = shutil.disk_usage(LOCAL).free // 2**20
    if free_mb < NEEDED_MB:
        message = f"only {free_mb} MB are free; the databases need {NEEDED_MB}. Free some space."
        raise StackError(message)
    record = PidRecord(FOLDER / 'pids.json')
    for number, variable in ((port, 'PORT'), (simulator_port, 'SIMULATOR_PORT')):
        _refuse_taken_port(number, variable, record.alive().values())
    record.stop_all()
    stack_database.start_postgres()
    known = stack_database.exists(NAME)
    # Data stay over changes of the code: the add-ons are updated in place.
    update = known and memory.get('digest') != digest
    if update:
        say("updating the add-ons in the database")
    stack = Stack(
        NAME, workers=0, nginx=False, database=NAME, reuse_database=True, keep_database=True,
        ports={'public': port, 'simulator': simulator_port},
        odoo_options=[f"--update={','.join(stack_config.ADDONS)}"] if update else [],
        simulator_options=['--state', FOLDER / 'simulator.json'], ready_timeout=300, sms=True,
    )
    stack.host = 'localhost'
    try:
        stack.start()
    except BaseException:
        stack.stop()
        raise
    stack.leave_running()
    memory = {
        'digest': digest, 'port': port, 'url': stack.url, 'simulator_url': stack.simulator_url,
        'school': stack.school,
    }
    MEMORY.write_text(json.dumps(memory))
    show(memory)


def stop():
    """ Stop what start() left running. """
    stopped = PidRecord(FOLDER / 'pids.json').stop_all()
    say(f"{stopped} processes stopped; the data stay." if stopped else "Nothing was running.")
    # PostgreSQL serves test runs too: it is stopped only when nobody uses it.
    try:
        others = stack_database.run(
            "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND pid <> pg_backend_pid()",
        )
    except psycopg2.OperationalError:
        return  # it does not run
    if others:
        say("PostgreSQL goes on: other programs use it.")
    else:
        stack_config.run_command(['bash', stack_config.ROOT / 'scripts' / 'postgres.sh', 'stop'])


def show(memory):
    """ Print the addresses, the log-ins and one bill to pay.

    :param dict memory: As start() keeps it.
    """
    school = memory['school']
    url, phone_url = memory['url'], memory['simulator_url']
    lines = [
        "",
        "The school is open.",
        "",
        f"  Odoo            {url}/odoo",
        "  Log-ins         bursar / bursar      head / head              admin / admin",
        "                  cashier / cashier    teacher / teacher",
        "                  guardian / guardian  guardian2 / guardian2    (parents)",
        f"  A bill to pay   {url}{school['bills'][0]['url']}" if school.get('bills') else "",
        f"  Virtual phone   {phone_url}/phone/{school.get('guardian_phone', '')}   (PIN 1234)",
        "",
        "Open the bill, choose M-PESA, send the prompt, and type the PIN on the virtual phone.",
        "Logs are in .local/log/school/. `make stop` stops it; the data stay.",
    ]
    sys.stdout.write('\n'.join(lines) + '\n')


def _answers(memory):
    running = PidRecord(FOLDER / 'pids.json').alive()
    if not {'odoo', 'simulator'} <= set(running):
        return False
    try:
        return requests.get(f"{memory['url']}/web/health", timeout=20).ok
    except requests.RequestException:
        return False


def _refuse_taken_port(port, variable, ours):
    if stack_config.port_is_free(port):
        return
    holder = "another program"
    try:
        for connection in psutil.net_connections('tcp'):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port \
                    and connection.pid:
                if connection.pid in ours:
                    return
                holder = f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass  # only root sees other people's processes; the message stays general
    raise StackError(
        f"port {port} is taken by {holder}.\n"
        f"Stop it, or choose another port: make run {variable}={port + 100}",
    )


def main():
    """ Run the command that the Makefile asks for.

    :return: The exit code.
    :rtype: int
    """
    try:
        {'start': start, 'stop': stop}[sys.argv[1]]()
    except StackError as error:
        sys.stderr.write(f"\nSTOPPED: {error}\n")
        return 1
    except (OSError, psycopg2.Error) as error:
        full = getattr(error, 'errno', None) == errno.ENOSPC \
            or isinstance(error, psycopg2.errors.DiskFull)
        if not full:
            raise
        sys.stderr.write("\nSTOPPED: the disk is full. Free some space and run this again.\n")
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
