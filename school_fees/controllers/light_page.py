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
LANGUAGES = ('en', 'sw')  # Swahili where the school has switched it on.


def choose_language(wanted):
    """Set the language of the answer.

    :param str wanted: 'en' or 'sw'; anything else stands for what the browser prefers.
    :return: None
    """
    if wanted not in LANGUAGES:
        wanted = request.httprequest.accept_languages.best_match(LANGUAGES, default='en')
    installed = dict(request.env['res.lang'].get_installed())
    if wanted == 'sw' and 'sw' in installed:
        request.update_context(lang='sw')
    else:
        english = next((code for code in installed if code.startswith('en')), 'en_US')
        request.update_context(lang=english)


def answer(template, values, status=200):
    """Render a page on its own, without Odoo's layout and style sheets.

    :param str template: The template's xml id.
    :param dict values: What it shows.
    :param int status: The HTTP status.
    :rtype: odoo.http.Response
    """
    installed = dict(request.env['res.lang'].get_installed())
    html = request.env['ir.qweb']._render(template, {
        'language': request.env.context['lang'][:2],
        'languages': LANGUAGES if 'sw' in installed else LANGUAGES[:1],
        'path': '',
        **values,
    })
    return request.make_response(html, headers=list(HEADERS.items()), status=status)
