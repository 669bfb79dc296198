"""Pure rules of the school: no Odoo, no database."""
