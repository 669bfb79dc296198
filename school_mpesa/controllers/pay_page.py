"""What every public pay page has in common: its headers, its language, and one neutral answer."""

import functools

from markupsafe import Markup

from odoo.http import request
from odoo.tools import file_open

from ..models import pay_page_labels
from . import pay_language


# Nothing of a payer's page may be kept by a proxy, found by a search engine or told to a link.
PRIVATE_HEADERS = [
    ('Cache-Control', 'no-store'),
    ('X-Robots-Tag', 'noindex'),
    ('Referrer-Policy', 'no-referrer'),
    ('X-Content-Type-Options', 'nosniff'),
]
# A page brings its style and script along; it talks to its own server only.
PAGE_HEADERS = [
    *PRIVATE_HEADERS,
    ('Content-Security-Policy', (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
        " connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )),
]
WRONG_TOKENS_PER_MINUTE = 60
LANGUAGE_LABELS = {'en': "English", 'sw': "Kiswahili"}
STYLE = 'school_mpesa/static/src/pay/pay.css'


def page_language(wish, guardian_lang=None):
    """Return the short and the Odoo code of the page language.

    The choice of the payer, then the language kept of the request or the guardian, the browser's.

    :param str wish: The page language the payer chose: 'en' or 'sw'.
    :param str guardian_lang: The language kept of who pays, if it is known.
    :rtype: tuple[str, str]
    """
    offered = pay_language.offered_languages(request.env)
    code = pay_language.choose_language(
        offered, wish, guardian_lang, request.httprequest.accept_languages.best,
    )
    return code, offered[code]


def link_in_language(link_sudo, lang):
    """Return a link in the language of its page, and the short code of that.

    :param mpesa.payment.link link_sudo: The link, in sudo mode.
    :param str lang: The page language the payer chose.
    :rtype: tuple[mpesa.payment.link, str]
    """
    guardian_sudo = link_sudo.student_id._primary_guardian()
    code, odoo_lang = page_language(lang, guardian_sudo.lang)
    return link_sudo.with_context(lang=odoo_lang), code


def neutral_page(lang):
    """Answer a link that opens nothing, always with the same bytes.

    :param str lang: The page language the payer chose.
    :rtype: odoo.http.Response
    """
    code, odoo_lang = page_language(lang)
    labels = pay_page_labels.say_all(
        request.env(context={'lang': odoo_lang}), pay_page_labels.NEUTRAL_PAGE, {},
    )
    values = {'labels': labels, 'page_title': labels['heading']}
    return render_page(
        'school_mpesa.pay_neutral_page', values, code, odoo_lang, None, status=count_wrong_token(),
    )


def count_wrong_token():
    """Count a wrong token and return the HTTP status to answer with.

    Only wrong tokens are counted: parents share addresses, and a right one is never refused.

    :return: 404, or 429 for an address that tries many.
    :rtype: int
    """
    counter_sudo = request.env['mpesa.rate.counter'].sudo()  # Nobody else may count.
    hits = counter_sudo._hit('wrong page', request.httprequest.remote_addr or '', 60)
    return 404 if hits <= WRONG_TOKENS_PER_MINUTE else 429


def render_page(template, values, code, odoo_lang, url, scripts=(), status=200):
    """Render a stand-alone page: style and script inside, nothing else to fetch.

    :param str template: The template.
    :param dict values: Its values.
    :param str code: The short code of the page language.
    :param str odoo_lang: The `res.lang` code of that language.
    :param str url: The address of the page, for the link to the other language.
    :param scripts: The script files to inline.
    :param int status: The HTTP status.
    :rtype: odoo.http.Response
    """
    other = next((
        other for other in pay_language.offered_languages(request.env) if other != code
    ), None)
    html = request.env['ir.qweb'].with_context(lang=odoo_lang)._render(template, {
        **values,
        'doctype': Markup('<!DOCTYPE html>'),
        'page_lang': code,  # 'lang' is taken: QWeb keeps the Odoo code there.
        'css': _inline(STYLE),
        'js': Markup().join(_inline(f'school_mpesa/static/src/pay/{name}') for name in scripts),
        'other_lang': url and other and {
            'code': other, 'label': LANGUAGE_LABELS[other], 'url': f'{url}?lang={other}',
        },
    })
    return request.make_response(html.strip(), headers=[
        ('Content-Type', 'text/html; charset=utf-8'), *PAGE_HEADERS,
    ], status=status)


@functools.cache
def _inline(path):
    """Return a style or script file of this add-on, to stand inside a page.

    :param str path: The path below the add-ons folder.
    :rtype: Markup
    """
    with file_open(path) as source_file:
        return Markup(source_file.read())  # noqa: S704 - our own file, no user input
