from odoo import models
from odoo.exceptions import AccessError


class Base(models.AbstractModel):
    """Exports: what the screen does not offer, nobody gets by RPC either."""

    _inherit = 'base'

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """ Override of `base` to refuse fields that are not exportable, at the end of any path.

        Odoo leaves them out of the dialog only. Sealed values, keyed digests and opened messages
        are to leave by no file.
        """
        if _is_toplevel_call:
            for path in fields:
                self._check_exportable(path)
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)

    def _check_exportable(self, path):
        """ Ensure that every field of a path may be exported.

        :param list[str] path: Names of fields, from this model on.
        :return: None
        :raise AccessError: If one may not.
        """
        model = self
        for name in path:
            field = model._fields.get(name)
            if not field:
                return  # An id, or a property: Odoo reads on from here.
            if not field.exportable:
                raise AccessError(self.env._(
                    "%(field)s is kept out of files. Nothing was exported. Take it off the list of"
                    " fields.", field=field._description_string(self.env) or name,
                ))
            if not field.relational:
                return
            model = self.env[field.comodel_name]
