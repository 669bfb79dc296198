"""The domain of what happened within the current term of each school."""
from datetime import timedelta

from odoo import fields
from odoo.fields import Domain


# East Africa Time is UTC+3 the whole year, without daylight saving.
EAT = timedelta(hours=3)


def get_term_domain(env, moment_field):
    """ Return the domain of the rows of a school's current term, by its days in Kenya.

    :param odoo.api.Environment env: Whose user's schools are meant.
    :param str moment_field: The field that holds the moment, a naive UTC datetime.
    :return: Nothing fits where no school has a current term.
    :rtype: Domain
    """
    # In sudo mode: whoever reads payments may not be one who reads the school's calendar.
    terms_sudo = env['school.term'].sudo().search([
        ('company_id', 'in', env.companies.ids), ('state', '=', 'current'),
    ])
    return Domain.OR(
        Domain('company_id', '=', term.company_id.id)
        & Domain(moment_field, '>=', fields.Datetime.to_datetime(term.date_from) - EAT)
        & Domain(
            moment_field, '<',
            fields.Datetime.to_datetime(term.date_to) + timedelta(days=1) - EAT,
        )
        for term in terms_sudo
    )
