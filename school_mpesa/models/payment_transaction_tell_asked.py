from markupsafe import Markup

from odoo import models


class PaymentTransaction(models.Model):
    """Telling who asked, when, and of which phone; the outcome follows after the money's commit."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    def _mpesa_tell_asked(self, user):
        """ Note on student and bills that a clerk has asked for money; the phone stays masked.

        :param res.users user: The clerk.
        :return: None
        """
        for tx in self:
            note = Markup('<p>%s</p>') % self.env._(
                "%(link)s: KES %(amount)s asked of %(phone)s by %(who)s.",
                link=tx._get_html_link(), amount=f'{tx.amount:,.0f}', phone=tx.mpesa_phone_mask,
                who=user.name,
            )
            if tx.mpesa_note:
                note += Markup('<p>%s</p>') % tx.mpesa_note
            author_id = user.partner_id.id
            students = tx.sudo()._mpesa_get_students().sudo(False)
            students._message_log_batch(
                bodies=dict.fromkeys(students.ids, note), author_id=author_id,
            )
            if tx.invoice_ids:
                tx.invoice_ids._message_log_batch(
                    bodies=dict.fromkeys(tx.invoice_ids.ids, note), author_id=author_id,
                )
