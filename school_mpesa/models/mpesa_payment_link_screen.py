from urllib.parse import quote

from odoo import api, fields, models

from odoo.addons.school_fees.models.qr_picture import make_qr_picture

from . import pay_page_labels


class MpesaPaymentLink(models.Model):
    """A payment link on the office's screens: its address, and sharing it."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.payment.link'

    url = fields.Char(string="Address", compute='_compute_url')
    qr = fields.Binary(string="QR Code", compute='_compute_qr')
    message = fields.Text(
        string="Message", compute='_compute_message',
        help="For WhatsApp or an SMS, in the language of the first guardian.",
    )
    whatsapp_url = fields.Char(string="WhatsApp", compute='_compute_message')
    whatsapp_at = fields.Datetime(
        string="Shared by WhatsApp", readonly=True, copy=False,
        help="When the office last opened WhatsApp with it.",
    )

    # === COMPUTE METHODS === #

    @api.depends('slug')
    def _compute_url(self):
        for link in self:
            link.url = f'{link.get_base_url()}{link._get_public_path()}'

    @api.depends('slug')
    def _compute_qr(self):
        for link in self:
            link.qr = make_qr_picture(link.url).partition(',')[2]

    @api.depends('slug', 'amount', 'description')
    def _compute_message(self):
        for link in self:
            # In sudo mode: the guardian's language, of a link that the user may read.
            lang = link.sudo().student_id._primary_guardian().lang or self.env.lang
            link.message = link.with_context(lang=lang)._write_message()
            link.whatsapp_url = f'https://wa.me/?text={quote(link.message)}'

    # === ACTION METHODS === #

    def action_cancel(self):
        """ Open the dialog that asks why the link is cancelled.

        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_link_cancel_action'),
            'context': {'dialog_size': 'medium', 'default_link_id': self.id},
        }

    def action_share_by_whatsapp(self):
        """ Open WhatsApp with the message filled in; the clerk chooses whom to send it to.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access('read')
        self.sudo().whatsapp_at = fields.Datetime.now()  # Nobody edits a link by hand.
        return {'type': 'ir.actions.act_url', 'url': self.whatsapp_url, 'target': 'new'}

    def action_open_requests(self):
        """ Open the payment requests made by the link.

        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.payment_transaction_action'
            ),
            'domain': [('mpesa_link_id', '=', self.id)],
            'context': {'create': False},
        }

    # === BUSINESS METHODS === #

    def _write_message(self):
        """ Return the message that goes along with the link, in the language of the environment.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        link_sudo = self.sudo()  # Of a link that the user may read or has made.
        student_sudo = link_sudo.student_id
        words = pay_page_labels.say_all(self.env, pay_page_labels.LINK_MESSAGE, {
            'student': f'{student_sudo._get_first_name()} ({student_sudo.admission_no})',
            'school': link_sudo.company_id.name,
            'what': self.description or '',
            'amount': f'{link_sudo.asked:,.0f}',
            'url': self.url,
        })
        return words['for_what' if self.description else 'fees']
