"""Finding rows by a payer's full number, though only a masked one is kept in clear."""
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .. import daraja, vault


def find_by_phone(model, operator, value, mask_field, find_whole):
    """ Find rows by number: the whole number by its keyed digest, else by what is shown.

    What is no number finds nothing.

    :param models.Model model: The rows' model, as the user who searches.
    :param str operator: The domain's operator.
    :param value: What was typed, in any usual form of a number.
    :param str mask_field: The field that holds the masked number.
    :param find_whole: Called with the digest of a whole number; returns the domain of its rows.
    :rtype: Domain
    :raise AccessError: If the user may not see numbers: Odoo asks for a field's group when it is
                        read, not when it is searched.
    """
    if not (model.env.su or model.env.user.has_group('school_fees.group_bursar')):
        raise AccessError(model.env._("Only the bursar's office finds payers by number."))
    if operator not in {'in', '=', 'ilike', '=ilike'}:
        return NotImplemented
    texts = [value] if isinstance(value, str) else list(value)
    domains = []
    for text in texts:
        try:
            index = vault.blind_index('phone', daraja.msisdn.parse(text).wire)
        except daraja.MsisdnError:
            domains.append(Domain(mask_field, 'ilike', text or False))
        else:
            domains.append(find_whole(index))
    return Domain.OR(domains)
