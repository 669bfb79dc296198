"""The choices of a field that a report shows again."""


def selection_of(model, name):
    """Return the choices of another model's field, in the words of whoever reads.

    Given as a callable, since the other model may be extended; of one Odoo itself translates none.

    :param str model: The model.
    :param str name: Its field.
    :rtype: callable
    """
    return lambda self: self.env[model]._fields[name]._description_selection(self.env)
