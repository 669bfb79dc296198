from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from .school_receipt_page import SCHOOL_TZ


# A second press within this time is taken for an accident.
RESEND_AFTER = timedelta(minutes=5)


class SchoolEmailMixin(models.AbstractModel):
    """What a guardian gets by e-mail about children, in that guardian's language.

    Each document goes to one guardian: what is attached may name the household, and another parent
    may live elsewhere.
    """

    _name = 'school.email.mixin'
    _description = "Sent to a Guardian by E-Mail"

    # Whether what is attached names who paid.
    _email_names_payers = False

    # === BUSINESS METHODS === #

    def _get_email_students(self):
        """ Return the children whom the e-mail names.

        Note: `self.ensure_one()`

        :rtype: school.student
        """
        raise NotImplementedError

    def _get_email_guardian(self):
        """ Return the guardian who gets the e-mail: the first one who may see all that it tells.

        Note: `self.ensure_one()`

        :return: In sudo mode; none where nobody with an address takes e-mail about these children.
        :rtype: res.partner
        """
        self.ensure_one()
        # What is valid today, is so by the day in Kenya.
        students_sudo = self._get_email_students().sudo().with_context(tz=SCHOOL_TZ.zone)
        links_sudo = students_sudo.guardian_link_ids.filtered(lambda link: (
            link.is_live and link.email and link.sees_amounts and link.partner_id.email
            and (link.sees_other_payers or not self._email_names_payers)
        )).sorted(lambda link: (link.priority, link.id))
        return next((
            guardian for guardian, links in links_sudo.grouped('partner_id').items()
            if links.student_id == students_sudo
        ), links_sudo.partner_id.browse())

    def _get_email_language(self):
        """ Return the language in which the e-mail is written.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return self._get_email_guardian()._get_message_language(self.company_id)

    def _get_email_watermark(self):
        """ Return what marks the e-mail as about nothing real, '' where it is.

        Note: `self.ensure_one()`

        :return: A line in the language of the context.
        :rtype: str
        """
        self.ensure_one()
        return self.company_id._get_watermark()

    def _get_email_values(self):
        """ Return what the e-mail says, in the language of the context.

        Note: `self.ensure_one()`

        :return: `guardian`, `school`, `who` (the children), `due` (what they owe together, '' when
                 nothing), `pay_url` and `by_hand` (how to pay it, '' when nothing is due), and
                 `phone` of the office.
        :rtype: dict
        """
        self.ensure_one()
        students_sudo = self._get_email_students().sudo().with_context(lang=self.env.lang)
        school = self.company_id.sudo()
        due = sum(balance for balance in students_sudo.mapped('balance') if balance > 0)
        is_due = school.currency_id.compare_amounts(due, 0.0) > 0
        pay = self._get_email_pay() if is_due else {}
        address = pay.get('address') or ''
        return {
            'guardian': self._get_email_guardian().name or '',
            'school': school.name,
            'who': ', '.join(students_sudo.mapped('display_name')),
            'due': school.currency_id._format_plain(due) if is_due else '',
            'pay_url': f'{school.get_base_url()}{address}' if address else '',
            'by_hand': pay.get('by_hand') or '',
            'phone': school.phone or '',
        }

    def _get_email_pay(self):
        """ Return how to pay what the e-mail names as due: for several children, each by itself.

        Note: `self.ensure_one()`

        :return: As of `school.student._get_message_pay`.
        :rtype: dict
        """
        self.ensure_one()
        students = self._get_email_students()
        return students._get_message_pay() if len(students) == 1 else {}

    def _send_by_email(self, template_xmlid):
        """ Send this document to its guardian.

        The document's model has the field `emailed_at`.

        Note: `self.ensure_one()`

        :param str template_xmlid: The e-mail template.
        :return: What was done, in words.
        :rtype: dict
        :raise UserError: If nobody takes it, the template is gone, or it was sent just now.
        """
        self.ensure_one()
        self.check_access('read')
        guardian = self._get_email_guardian()
        if not guardian:
            raise UserError(self.env._(
                "No guardian of %(students)s with an e-mail address takes it and may see all that"
                " it tells. Nothing was sent. Fill in the address, or look at the guardian's ticks"
                " on the student.",
                students=', '.join(self._get_email_students().mapped('display_name')),
            ))
        template = self.env.ref(template_xmlid, raise_if_not_found=False)
        if not template:
            raise UserError(self.env._(
                "The e-mail template was deleted. Nothing was sent. An administrator brings it back"
                " by upgrading the module."
            ))
        now = fields.Datetime.now()
        self_sudo = self.sudo().with_context(tracking_disable=True)  # Nobody edits a receipt.
        if self_sudo.emailed_at and self_sudo.emailed_at > now - RESEND_AFTER:
            raise UserError(self.env._(
                "The e-mail to %(guardian)s is on its way already. Nothing more was sent. In a few"
                " minutes it can be sent again.", guardian=guardian.name,
            ))
        # Of two people who press at once, the second one is started again and sees the first.
        self_sudo.emailed_at = now
        self_sudo.flush_recordset(['emailed_at'])
        # Addresses that are not there yet are made now: Odoo works out text and attachments inside
        # each other, and both would make them.
        self._get_email_values()
        self._post_email(template)
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._(
                    "The e-mail to %(guardian)s is on its way.", guardian=guardian.name,
                ),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def _post_email(self, template):
        """ Send the document by a template, as a message on it, where its fate is seen.

        Note: `self.ensure_one()`

        :param mail.template template: The template.
        :return: None
        """
        # In sudo mode: nobody edits a receipt, and a message stands on it all the same.
        self.sudo().message_post_with_source(template.sudo(), subtype_xmlid='mail.mt_note')
