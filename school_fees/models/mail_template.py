from markupsafe import Markup

from odoo import models


class MailTemplate(models.Model):
    _inherit = 'mail.template'

    # === BUSINESS METHODS === #

    def _render_field(self, field, res_ids, *args, compute_lang=False, **kwargs):
        """ Override of `mail` to mark what is not real, whichever way a document is sent.

        In code, as a school writes its own templates.
        """
        rendered = super()._render_field(
            field, res_ids, *args, compute_lang=compute_lang, **kwargs,
        )
        if field not in ('subject', 'body_html') or not isinstance(
            self.env.get(self.render_model), self.pool['school.email.mixin'],
        ):
            return rendered
        languages = self._render_lang(res_ids) if compute_lang else {}
        for record in self.env[self.render_model].browse(rendered):
            lang = languages.get(record.id) or self.env.context.get('lang')
            mark = record.with_context(lang=lang)._get_email_watermark()
            text = rendered[record.id]
            if not mark or not text:
                continue
            line = f'[{mark}] ' if field == 'subject' else (
                Markup('<p><strong>%s</strong></p>') % mark
            )
            # What is marked as safe HTML stays so, and what is not does not become it.
            rendered[record.id] = type(text)(f'{line}{text}')
        return rendered
