#!/usr/bin/env bash
# Starts Odoo in the container. Usage: odoo-entrypoint.sh serve|update|demo
#   serve   installs the add-ons on the first start, then serves
#   update  updates the add-ons in the database, after new code was put in place; then restart the service
#   demo    loads the demo school and connects it to the simulator; run it inside the running container:
#           docker compose exec odoo bash /opt/school/odoo-entrypoint.sh demo
set -euo pipefail
umask 077
database=school
addons=school_fees,school_mpesa
conf=/tmp/odoo.conf

# The project's odoo.conf, and the keys that the service `secrets` made.
cat /etc/odoo/odoo.conf /var/lib/school/keys.conf > "$conf.$$"
printf 'school_mpesa_simulator_url = %s\n' "${SCHOOL_MPESA_SIMULATOR_URL:-}" >> "$conf.$$"
printf 'school_sms_simulator_url = %s\n' "${SCHOOL_SMS_SIMULATOR_URL:-}" >> "$conf.$$"
mv "$conf.$$" "$conf"
export ODOO_RC=$conf
PGPASSWORD=$(cat /run/school/database_password)
export PGPASSWORD

run_once() { odoo -d "$database" --workers=0 --max-cron-threads=0 --no-http "$@"; }
run_once_shell() { odoo shell -d "$database" --workers=0 --max-cron-threads=0 --no-http --log-level=warn; }

# Odoo's own admin / admin would be open to whoever comes first. A password that somebody chose is left alone.
closed=/var/lib/odoo/admin_password_was_set
close_admin() {
    run_once_shell <<'PYTHON'
from odoo.exceptions import AccessDenied
admin = env.ref('base.user_admin')
try:
    admin.with_user(admin)._check_credentials({'type': 'password', 'password': 'admin'}, {'interactive': False})
except AccessDenied:
    pass
else:
    with open('/var/lib/school/admin_password') as file:
        admin.password = file.read()
    env.cr.commit()

PYTHON
    touch "$closed"
}

case ${1:-serve} in
    serve)
        installed=$(psql -d "$database" -Atc \
            "SELECT state FROM ir_module_module WHERE name = 'school_mpesa'" 2>/dev/null || true)
        if [ "$installed" != installed ]; then
            echo "installing $addons (some minutes, once)"
            run_once -i "$addons" --stop-after-init
        fi
        [ -e "$closed" ] || close_admin
        exec odoo
        ;;
    update) run_once -u "$addons" --stop-after-init ;;
    demo)
        { cat /opt/school/demo_school.py /opt/school/demo_books.py
          printf '\n\nif load_people(env):\n    tell_year(env)\n\nconnect_school(env, %s, %s)\n%s\nenv.cr.commit()\n' \
              "'http://localhost:8069'" "'${SCHOOL_MPESA_SIMULATOR_URL:-}' or None" \
              "${SCHOOL_SMS_SIMULATOR_URL:+connect_sms(env, 'http://localhost:8069', '$SCHOOL_SMS_SIMULATOR_URL')}"
        } | run_once_shell
        echo "The demo school is loaded: log in as bursar / bursar, guardian / guardian, or admin with the password" \
             "that /var/lib/school/admin_password holds."
        ;;
    *) exec "$@" ;;
esac
