"""The words that a page shows, so that what was left in English is found on the Swahili one."""
import re


# What a screen reader says or a field shows, and no text node holds.
ATTRIBUTES = ('aria-label', 'alt', 'title', 'placeholder')
# The same in both languages: names of things, and words that Kenyans do not translate.
SAME = frozenset({
    'EAT', 'English', 'Kiswahili', 'M-PESA', 'PDF', 'Paybill', 'SMS', 'STK Push', 'WhatsApp',
})


def read_words(page):
    """ Return the lines and labels that a page shows.

    :param playwright.sync_api.Page page: The page that is open.
    :rtype: set[str]
    """
    lines = [page.title(), *page.locator('body').inner_text().splitlines()]
    for name in ATTRIBUTES:
        lines += page.locator(f'[{name}]').evaluate_all(
            '(elements, name) => elements.map(element => element.getAttribute(name))', name,
        )
    return {re.sub(r'\s+', ' ', line).strip() for line in lines if line} - {''}


def find_untranslated(english, swahili, names):
    """ Return what a page shows in Swahili as it does in English.

    :param set english: The words of the page in English, as :func:`read_words` returns them.
    :param set swahili: The words of the same page in Swahili.
    :param list names: What is stored by people and not translated: of students, classes, a school.
    :rtype: set[str]
    """
    known = re.compile('|'.join(map(re.escape, sorted({*names, *SAME}, key=len, reverse=True))))
    return {
        line for line in english & swahili
        # One sign is a unit or an initial, KES stands before an amount, and Nov. is Nov. in both.
        if re.search(r'[^\W\d_]{2}', re.sub(
            r'\bKES\b|\d+ \w{3} \d{4}|\S*\d\S*', '', known.sub('', line),
        ))
    }
