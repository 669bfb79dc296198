"""Pages for cheap phones: one request, no script, no style sheet of Odoo's."""

from odoo.http import request


# Nothing of a family's fees may stay in a cache, a search engine, or the address that the next site
# sees.
HEADERS = {
    'Cache-Control': 'no-store',
    'X-Robots-Tag': 'noindex, nofollow',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
FORM_HEADERS = {
    **HEADERS,
    'Content-Security-Policy': HEADERS['Content-Security-Policy'].replace(
        "form-action 'none'", "form-action 'self'",
    ),
}
LANGUAGES = ('en', 'sw')  # Swahili where the school has switched it on.


def find_languages():
    """Return the languages that pages are offered in.

    :return: The `res.lang` code of each, by its short code; English first.
    :rtype: dict[str, str]
    """
    installed = [code for code, _name in request.env['res.lang'].get_installed()]
    found = {'en': next((code for code in installed if code.startswith('en')), 'en_US')}
    if 'sw' in installed:
        found['sw'] = 'sw'
    return found


def choose_language(wanted):
    """Set the language of the answer.

    :param str wanted: 'en' or 'sw'; anything else stands for what the browser prefers.
    :return: None
    """
    if wanted not in LANGUAGES:
        wanted = request.httprequest.accept_languages.best_match(LANGUAGES, default='en')
    offered = find_languages()
    request.update_context(lang=offered.get(wanted, offered['en']))


def answer(template, values, status=200):
    """Render a page on its own, without Odoo's layout and style sheets.

    :param str template: The template's xml id.
    :param dict values: What it shows; a `csrf_token` where it has forms.
    :param int status: The HTTP status.
    :rtype: odoo.http.Response
    """
    html = request.env['ir.qweb']._render(template, {
        'language': request.env.context['lang'][:2],
        'languages': tuple(find_languages()),
        'path': '',
        **values,
    })
    headers = FORM_HEADERS if 'csrf_token' in values else HEADERS
    return request.make_response(html, headers=list(headers.items()), status=status)
