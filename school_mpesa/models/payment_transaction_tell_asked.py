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
            students = tx.sudo()._mpesa_get_students().sudo(False)
            for records in filter(None, (students, tx.invoice_ids)):
                notes = {record.id: tx._mpesa_get_asked_note(record, user) for record in records}
                records._message_log_batch(bodies=notes, author_id=user.partner_id.id)

    def _mpesa_get_asked_note(self, record, user):
        """ Say in one line who asked, and for how much; the phone stays masked.

        :param record: The student or bill that the note is on.
        :param res.users user: The clerk.
        :rtype: Markup
        """
        self.ensure_one()
        note = Markup('<p>%s</p>') % self.env._(
            "%(link)s: KES %(amount)s asked of %(phone)s by %(who)s.",
            link=self._get_html_link(), amount=self.sudo()._mpesa_say_amount(record),
            phone=self.mpesa_phone_mask, who=user.name,
        )
        return note + Markup('<p>%s</p>') % self.mpesa_note if self.mpesa_note else note
