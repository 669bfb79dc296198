from urllib.parse import quote

from odoo import api, fields, models

from odoo.addons.school_fees.models.qr_picture import make_qr_picture

from . import pay_page_labels
from .mpesa_payment_link import RECEIVED_STATES


class MpesaPaymentLink(models.Model):
    """A payment link on the office's screens: address, sharing, and what came of it."""

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
    asked = fields.Monetary(
        string="Amount", compute='_compute_asked', compute_sudo=True,
        help="What the page asks for now: never more than what is due.",
    )
    opened_count = fields.Integer(string="Opened", compute='_compute_opened', compute_sudo=True)
    first_opened_at = fields.Datetime(
        string="First Opened", compute='_compute_opened', compute_sudo=True,
    )
    attempt_count = fields.Integer(
        string="Attempts", compute='_compute_paid', compute_sudo=True,
    )
    paid_count = fields.Integer(string="Payments", compute='_compute_paid', compute_sudo=True)
    paid_amount = fields.Monetary(string="Paid", compute='_compute_paid', compute_sudo=True)

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

    def _compute_asked(self):
        for link in self:
            link.asked = link._get_asked(link._get_due())

    def _compute_opened(self):
        openings = {
            opening.link_ref: opening
            for opening in self.env['mpesa.link.opening'].search([('link_ref', 'in', self.ids)])
        }
        for link in self:
            opening = openings.get(link._origin.id)
            link.opened_count = opening.count if opening else 0
            link.first_opened_at = opening.first_at if opening else False

    @api.depends(
        'transaction_ids.mpesa_push_state', 'transaction_ids.mpesa_is_given_back',
        'transaction_ids.mpesa_is_denied',
    )
    def _compute_paid(self):
        for link in self:
            paid = link.transaction_ids.filtered(lambda tx: (
                tx.mpesa_push_state in RECEIVED_STATES
                and not tx.mpesa_is_given_back and not tx.mpesa_is_denied
            ))
            link.attempt_count = len(link.transaction_ids)
            link.paid_count = len(paid)
            link.paid_amount = sum(paid.mapped('amount'))

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
