from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import daraja


class MpesaStatementUpload(models.TransientModel):
    """The organisation statement that a bursar downloaded from Safaricom's portal, to import.

    The file is forgotten at once: it names payers. What is kept of it is `mpesa.statement`.
    """

    _name = 'mpesa.statement.upload'
    _inherit = ['school.upload.mixin']
    _description = "Import M-PESA Statement"
    _rec_name = 'file_name'

    shortcode = fields.Selection(
        string="Shortcode", selection='_get_shortcodes', required=True,
        default=lambda self: self._get_default_shortcode(),
        help="The paybill or till that the statement was downloaded for.",
    )

    # === SELECTION AND DEFAULT METHODS === #

    @api.model
    def _get_shortcodes(self):
        """ Return the shortcodes of the user's schools: a provider is the system's to read.

        :return: (provider's id, shortcode and name) pairs; disabled ones last.
        :rtype: list[tuple[str, str]]
        """
        return [
            (str(provider.id), f'{provider.mpesa_shortcode} {provider.company_id.name}')
            for provider in self._get_providers()
        ]

    @api.model
    def _get_default_shortcode(self):
        """ Return the only shortcode that is in use.

        :rtype: str | bool
        """
        used = self._get_providers().filtered(lambda provider: provider.state != 'disabled')
        return str(used.id) if len(used) == 1 else False

    # === ACTION METHODS === #

    def action_import(self):
        """ Import the file: keep its lines, match them, and hand over what nobody told of.

        :return: The action that shows the statement.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If it is no statement of the shortcode; nothing is stored.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._(
                "Only the bursar's office imports statements. Nothing was imported."
            ))
        if not self.file:
            raise UserError(self.env._(
                "Choose the file first: the statement as Safaricom's portal gives it, CSV or Excel"
                " workbook (.xlsx)."
            ))
        provider = self._get_providers().filtered(lambda p: str(p.id) == self.shortcode)
        if not provider:
            raise UserError(self.env._("Choose the shortcode. Nothing was imported."))
        try:
            content = self._get_content()
            told = daraja.read_statement(self.file_name or '', content)
        except daraja.StatementError as error:
            raise UserError(self._say_statement(error)) from error
        statement = self.env['mpesa.statement'].sudo()._import(
            provider, told, self.file_name, content,
        )
        self.file = False
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'mpesa.statement',
            'res_id': statement.id,
            'views': [(False, 'form')],
            'target': 'main',
        }

    # === BUSINESS METHODS === #

    @api.model
    def _get_providers(self):
        """ Return the shortcodes of the user's schools, in sudo mode.

        :rtype: payment.provider
        """
        return self.env['payment.provider'].sudo().with_context(active_test=False).search([
            ('code', '=', 'mpesa'), ('mpesa_shortcode', '!=', False),
            ('company_id', 'in', self.env.companies.ids),
        ]).sorted(lambda provider: (provider.state == 'disabled', provider.mpesa_shortcode))

    def _say_sheet(self, reason):
        """ Override of `school_fees` to speak of statements, which have other causes and ways out.

        The mixin refuses by itself only what is too large or did not arrive whole.
        """
        return self._say_reason('too_large' if reason == 'too_big' else 'damaged')

    def _say_statement(self, error):
        """ Return in words why a file is not imported, and that nothing was.

        :param daraja.StatementError error: Why.
        :rtype: str
        """
        words = self._say_reason(error.reason)
        if error.cell:
            words = self.env._("%(words)s (Cell %(cell)s.)", words=words, cell=error.cell)
        return words

    def _say_reason(self, reason):
        """ Return in words why a file is not imported, and that nothing was.

        :param str reason: A reason of `daraja.StatementError`.
        :rtype: str
        """
        nothing = self.env._("Nothing was imported, and the books are as before.")
        other = self.env._(
            "This is no organisation statement of M-PESA. Download it from Safaricom's portal"
            " (org.ke.m-pesa.com) as CSV or Excel, and import that file as it is."
        )
        words = {
            'empty': self.env._("The file is empty. Download the statement again."),
            'too_large': self.env._(
                "The file is larger than any statement that is read. Download it for a shorter"
                " time, such as one month."
            ),
            'of_a_person': self.env._(
                "This is the statement of somebody's own M-PESA, not of the paybill or till."
                " Download the organisation's from Safaricom's portal."
            ),
            'pdf': self.env._(
                "This is a PDF, from which amounts cannot be read with certainty. Download the"
                " statement as CSV or Excel."
            ),
            'old_excel': self.env._(
                "This is an old Excel workbook (.xls). Open it in Excel, save it as .xlsx or CSV,"
                " and import that."
            ),
            'encrypted': self.env._(
                "The file is locked by a password. Open it in Excel with the password, save it"
                " without one, and import that."
            ),
            'damaged': self.env._(
                "The file is damaged and cannot be read whole. Download the statement again."
            ),
            'formulas': self.env._(
                "The file holds a formula, which no statement of Safaricom does: somebody changed"
                " it. Download the statement again, and import it as it is."
            ),
            'no_rows': self.env._(
                "The file has the heading of a statement and no rows. Choose other days on the"
                " portal, and download it again."
            ),
            'no_readable_rows': self.env._(
                "No row of the file can be read. Download the statement again, and import it as it"
                " is, without opening it in a spreadsheet."
            ),
        }.get(reason, other)
        return f'{words} {nothing}'
