#!/usr/bin/env bash
# Brings a bare Debian 12 machine to the point where Odoo 19 and the tests can run. Safe to repeat: each step looks
# first and does only what is missing. Everything that is generated lives in .local/.
#
# In order: system packages, Python packages (pinned in pyproject.toml), Odoo 19.
# ODOO_HOME  a folder that holds an unpacked Odoo 19 (usr/bin/odoo inside); used as it is when set.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
local_dir=$root/.local
mkdir -p "$local_dir"

say() { printf '  %s\n' "$*"; }
fail() {
    printf '\nSTOPPED: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# --- room on the disk -------------------------------------------------------------------------------------------
# Odoo unpacks to 1.2 GB, the Python packages to 0.6 GB, databases and browsers need the rest.
check_disk() {
    local free_mb
    free_mb=$(df -Pm "$local_dir" | awk 'NR==2 {print $4}')
    if [ "$free_mb" -lt "${1}" ]; then
        fail "only ${free_mb} MB are free where the project lies; ${1} MB are needed." \
            "Free some space ('make clean' removes what earlier runs made here), then run the same command again."
    fi
}

# --- system packages --------------------------------------------------------------------------------------------
packages=(python3 python3-venv postgresql-15 postgresql-client-15 nginx-light chromium fonts-dejavu-core wkhtmltopdf
          gettext binutils ca-certificates curl)
missing=()
for package in "${packages[@]}"; do
    # nginx-light and nginx-full both bring the nginx binary that we need.
    [ "$package" = nginx-light ] && [ -x /usr/sbin/nginx ] && continue
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    line="apt-get install -y --no-install-recommends ${missing[*]}"
    [ "$(id -u)" = 0 ] || fail "system packages are missing. Ask an administrator to run:" "$line"
    check_disk 6000
    say "installing system packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # No service may start by itself: the project runs its own private PostgreSQL and nginx.
    policy=/usr/sbin/policy-rc.d
    made_policy=no
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' > $policy
        chmod +x $policy
        made_policy=yes
    fi
    if ! { apt-get update -q && $line; } > "$local_dir/apt.log" 2>&1; then
        [ $made_policy = yes ] && rm -f $policy
        tail -n 5 "$local_dir/apt.log" >&2
        fail "the system packages could not be installed." \
            "The last lines are above, all of them in .local/apt.log." \
            "Is the network up, and can 'apt-get update' reach your Debian mirror? Then run the same command again."
    fi
    [ $made_policy = yes ] && rm -f $policy
fi

# --- Odoo 19 ----------------------------------------------------------------------------------------------------
if [ -n "${ODOO_HOME:-}" ]; then
    [ -e "$ODOO_HOME/usr/bin/odoo" ] || [ -e "$ODOO_HOME/odoo-bin" ] || fail "ODOO_HOME is set to a folder without Odoo." \
        "Point it at a folder that holds usr/bin/odoo (unpacked package) or odoo-bin (source), or unset it."
    printf '%s\n' "$ODOO_HOME" > "$local_dir/odoo_home"
elif command -v odoo > /dev/null && odoo --version 2>/dev/null | grep -q ' 19\.'; then
    printf 'installed\n' > "$local_dir/odoo_home"
else
    printf '%s\n' "$local_dir/odoo" > "$local_dir/odoo_home"
    if [ ! -e "$local_dir/odoo/.complete" ]; then
        check_disk 4000
        bash scripts/fetch_odoo.sh "$local_dir" || exit 1
    fi
fi

# --- Python packages --------------------------------------------------------------------------------------------
wanted=$(sha256sum pyproject.toml | cut -d' ' -f1)
if [ "$(cat "$local_dir/venv/.installed" 2>/dev/null)" != "$wanted" ]; then
    check_disk 2000
    say "installing Python packages (about half a minute)"
    [ -x "$local_dir/venv/bin/python" ] || /usr/bin/python3 -m venv "$local_dir/venv"
    if ! { "$local_dir/venv/bin/pip" install -q --upgrade 'pip>=25.1' \
           && "$local_dir/venv/bin/pip" install -q --group odoo --group daraja --group test; } \
           > "$local_dir/pip.log" 2>&1; then
        tail -n 5 "$local_dir/pip.log" >&2
        fail "the Python packages could not be installed." \
            "The last lines are above, all of them in .local/pip.log." \
            "Is the network up, and can pip reach PyPI? Then run the same command again."
    fi
    printf '%s\n' "$wanted" > "$local_dir/venv/.installed"
fi
