#!/usr/bin/env bash
# The project's private PostgreSQL. Usage: postgres.sh start|stop|environment|remove
#
# With PGHOST set, that server is used and nothing is started. Otherwise a cluster of our own runs on a unix socket and
# listens on no network address. A server refuses to run as root: then the account `postgres` runs it from a folder
# under its home, which `make clean` removes. `environment` prints PGHOST, PGPORT and PGUSER for a shell to read.
set -euo pipefail
cd "$(dirname "$0")/.."
local_dir=$PWD/.local
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)

if [ "$(id -u)" = 0 ]; then
    # One cluster for each checkout, so that two clones on one machine stay apart.
    home=/var/lib/postgresql/school-fees-$(printf '%s' "$PWD" | sha256sum | cut -c1-8)
    as_owner() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
else
    home=$local_dir/postgresql
    as_owner() { "$@"; }
fi
data=$home/data
socket=$home/socket

running() { as_owner "$bin/pg_ctl" -D "$data" status > /dev/null 2>&1; }

start() {
    [ -n "$bin" ] || { echo "STOPPED: PostgreSQL is not installed; run 'make run' or 'make test' to set the machine up." >&2; exit 1; }
    if [ ! -e "$data/PG_VERSION" ]; then
        mkdir -p "$home" "$socket"
        [ "$(id -u)" = 0 ] && chown -R postgres "$home"
        as_owner "$bin/initdb" -D "$data" -U odoo --auth=trust --encoding=UTF8 --locale=C.UTF-8 > "$local_dir/initdb.log"
        cat >> "$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$socket'
shared_buffers = 512MB
max_connections = 200
# Odoo's own advice for a database on the same machine; durability stays on, since the benchmark measures durable accepts.
random_page_cost = 1.1
# As docker-compose.yml has it: on ten years of history, compiling a query took longer than the query itself.
jit = off
log_min_messages = warning
log_min_error_statement = panic
# Neither the statement nor the row that failed: both hold people's names and numbers.
log_error_verbosity = terse
CONF
    fi
    if ! running; then
        # /tmp may be the working directory of the caller and unreadable for postgres; / never is.
        (cd / && as_owner "$bin/pg_ctl" -D "$data" -w -t 60 -l "$home/log" start > /dev/null) \
            || { tail -n 5 "$home/log" >&2; echo "STOPPED: PostgreSQL did not start; its last lines are above. Is the disk full?" >&2; exit 1; }
    fi
}

case ${1:-} in
    start) [ -n "${PGHOST:-}" ] || start ;;
    stop) if [ -z "${PGHOST:-}" ] && [ -e "$data/PG_VERSION" ] && running; then (cd / && as_owner "$bin/pg_ctl" -D "$data" -m fast stop > /dev/null); fi ;;
    environment)
        if [ -n "${PGHOST:-}" ]; then
            printf 'export PGHOST=%s PGPORT=%s PGUSER=%s\n' "$PGHOST" "${PGPORT:-5432}" "${PGUSER:-odoo}"
        else
            printf 'export PGHOST=%s PGPORT=5432 PGUSER=odoo\n' "$socket"
        fi ;;
    remove) if [ -z "${PGHOST:-}" ]; then "$0" stop; rm -rf "$home"; fi ;;
    *) echo "usage: postgres.sh start|stop|environment|remove" >&2; exit 2 ;;
esac
