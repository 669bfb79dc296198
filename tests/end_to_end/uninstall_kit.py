"""Pressing *Uninstall*, and what an add-on leaves in a database."""
from road import wait_for
from stack_config import StackError


# Everything in a database that has a name, as (kind, name).
NAMED = """
    SELECT 'column' AS kind, table_name || '.' || column_name AS name
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION SELECT 'constraint', conrelid::regclass || '.' || conname FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace
    UNION SELECT 'index', indexname FROM pg_indexes WHERE schemaname = 'public'
    UNION SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION SELECT 'model', model FROM ir_model
    UNION SELECT 'field', model || '.' || name FROM ir_model_fields
    UNION SELECT 'selection', f.model || '.' || f.name || '.' || s.value
      FROM ir_model_fields_selection s JOIN ir_model_fields f ON f.id = s.field_id
    UNION SELECT 'cron', cron_name FROM ir_cron
    UNION SELECT 'menu', name ->> 'en_US' FROM ir_ui_menu
    UNION SELECT 'action', type || ' ' || (name ->> 'en_US') FROM ir_actions
    UNION SELECT 'group', name ->> 'en_US' FROM res_groups
    UNION SELECT 'privilege', name ->> 'en_US' FROM res_groups_privilege
    UNION SELECT 'rule', name FROM ir_rule
    UNION SELECT 'view', name FROM ir_ui_view
    UNION SELECT 'sequence', code FROM ir_sequence WHERE code IS NOT NULL
    UNION SELECT 'parameter', key FROM ir_config_parameter WHERE key LIKE 'school%'
"""
# Rows that tell of records by the name of their model, and would then tell of nothing.
ORPHANS = """
    SELECT 'ir_model_data' AS what, module || '.' || name AS name FROM ir_model_data
     WHERE module LIKE 'school%' OR model LIKE 'school.%'
    UNION ALL SELECT 'mail_message', model FROM mail_message WHERE model LIKE 'school.%'
    UNION ALL SELECT 'mail_followers', res_model FROM mail_followers
     WHERE res_model LIKE 'school.%'
    UNION ALL SELECT 'mail_activity', res_model FROM mail_activity WHERE res_model LIKE 'school.%'
    UNION ALL SELECT 'ir_attachment', res_model FROM ir_attachment WHERE res_model LIKE 'school.%'
    UNION ALL SELECT 'ir_filters', model_id FROM ir_filters WHERE model_id LIKE 'school.%'
"""


def uninstall(road, module):
    """ Press *Uninstall* on the Apps screen.

    :param road: Anything with a `stack` and with `call(login, model, method, …)`.
    :param str module: The add-on.
    """
    press(road, module, 'button_immediate_uninstall')


def press(road, module, button):
    """ Press a button of an add-on on the Apps screen, when no scheduled action runs.

    :param road: As above.
    :param str module: The add-on.
    :param str button: The method of the button.
    """
    row, = road.stack.sql("SELECT id FROM ir_module_module WHERE name = %s", [module])

    def attempt():
        free, = road.stack.sql(
            "WITH free AS (SELECT id FROM ir_cron FOR UPDATE SKIP LOCKED)"
            " SELECT count(*) = (SELECT count(*) FROM ir_cron) AS every FROM free",
        )
        if not free['every']:
            return False
        try:
            road.call('admin', 'ir.module.module', button, [row['id']])
        except StackError as error:
            if "try again later" in str(error):  # a scheduled action is running just now
                return False
            raise
        return True

    return wait_for(attempt, "moment without a scheduled action")


def named(stack):
    """ Return what stands in the database by name.

    :rtype: set[tuple]
    """
    return {(row['kind'], row['name']) for row in stack.sql(NAMED)}


def orphans(stack):
    """ Return rows that belong to models of ours which are not there any more.

    :rtype: list[dict]
    """
    return stack.sql(ORPHANS)
