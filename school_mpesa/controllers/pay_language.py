"""Which of the page languages, English or Swahili, a public page is shown in."""

ENGLISH, SWAHILI = 'en', 'sw'


def offered_languages(env):
    """ Return the page languages that this database can show, as {short code: `res.lang` code}.

    English always works. Swahili is offered once the school has activated it.

    :param odoo.api.Environment env: Any environment.
    :rtype: dict[str, str]
    """
    active = [code for code, _name in env['res.lang'].get_installed()]
    offered = {ENGLISH: next((code for code in active if code.startswith('en')), 'en_US')}
    swahili = next((code for code in active if code.split('_')[0] == 'sw'), None)
    if swahili:
        offered[SWAHILI] = swahili
    return offered


def choose_language(offered, *wishes):
    """ Return the first wish that is offered, else English.

    :param dict offered: What `offered_languages` returned.
    :param wishes: Language codes in any spelling ('sw', 'sw-KE', 'sw_KE', 'en_GB'), best first;
                   empty ones are skipped.
    :return: The short code of the language of the page.
    :rtype: str
    """
    for wish in wishes:
        short = str(wish or '').replace('-', '_').split('_')[0].lower()
        if short in offered:
            return short
    return ENGLISH
