"""Counting what a person does with the hand: the click budgets of school-fees.md, section 3.

A click is a press of the mouse or finger, or a key that confirms a choice: Enter anywhere, Space
where it types no space, an arrow that moves a radio button, and the choice in a native list.
Typing, Tab and the arrows on the way to an Enter are free. Only presses that the browser itself
calls trusted count; the sum lives in the session's storage, so that it survives a new page.
"""

FIRST_PAGE = 90_000  # Milliseconds: a new database makes its scripts and styles first.
COUNTER = """
    const count = () => {
        sessionStorage.schoolClicks = Number(sessionStorage.schoolClicks || 0) + 1;
    };
    addEventListener('pointerdown', (event) => { if (event.isTrusted) { count(); } }, true);
    addEventListener('change', (event) => {
        if (event.target.matches('select')) { count(); }
    }, true);
    addEventListener('keydown', (event) => {
        if (!event.isTrusted) { return; }
        const target = event.target;
        const typing = target.matches(
            'input:not([type=radio]):not([type=checkbox]), textarea, [contenteditable=true]'
        );
        if (
            event.key === 'Enter' || (event.key === ' ' && !typing)
            || (event.key.startsWith('Arrow') && target.matches('input[type=radio]'))
        ) { count(); }
    }, true);
"""


class Desk:
    """A person of the school's office at the browser, whose clicks are counted."""

    def __init__(self, stack, page):
        self.stack, self.page = stack, page
        page.add_init_script(COUNTER)

    def start(self, login):
        """ Log in and stand on the fees dashboard, with no click yet.

        :param str login: The log-in, which is the password too.
        """
        page = self.page
        page.goto(f'{self.stack.url}/web/session/logout?redirect=/web/login')
        page.fill('input[name=login]', login)
        page.fill('input[name=password]', login)
        page.click('button[type=submit]')
        page.wait_for_selector('.o_main_navbar', timeout=FIRST_PAGE)
        page.goto(f'{self.stack.url}/odoo/school-today')
        page.wait_for_selector('.o_school_today', timeout=FIRST_PAGE)
        self.reset()
        return page

    def reset(self):
        """ Start counting anew. """
        self.page.evaluate('sessionStorage.schoolClicks = 0')

    @property
    def clicks(self):
        """ How many clicks there were since the start. """
        return int(self.page.evaluate('sessionStorage.schoolClicks'))

    def act(self, key):
        """ Press a quick action of the dashboard: one click.

        :param str key: Its key, such as 'receipt' (school.dashboard).
        """
        self.page.locator(f'.o_school_today_actions button[name={key}]').click()

    def menu(self, section, entry=None):
        """ Open a menu: one click, two for an entry in a section.

        :param str section: The menu's name.
        :param str entry: The entry below it, if any.
        """
        self.page.locator('.o_menu_sections').get_by_text(section, exact=True).click()
        if entry:
            self.page.get_by_role('menuitem', name=entry, exact=True).click()

    def pick(self, field, text, inside='.modal'):
        """ Type into a search box and take the first one found: one click.

        :param str field: The field's name.
        :param str text: What is typed.
        :param str inside: A selector of what holds the field.
        """
        self.page.locator(f'{inside} [name={field}] input').fill(text)
        self.page.locator(
            f'{inside} [name={field}] .o-autocomplete--dropdown-item:has-text("{text}")'
        ).first.click()

    def find_student(self, text):
        """ Type into the dashboard's search box and open the first one found: one click.

        :param str text: A number or a name.
        """
        self.page.locator('.o_school_finder input').fill(text)
        self.page.locator(
            f'.o_school_finder .o-autocomplete--dropdown-item:has-text("{text}")'
        ).first.click()

    def press(self, name, inside='.modal'):
        """ Press a button: one click.

        :param str name: The button's name.
        :param str inside: A selector of what holds it.
        """
        self.page.locator(f'{inside} button[name={name}]').first.click()

    def wait_for(self, selector):
        """ Wait until something shows.

        :param str selector: What it is.
        :return: Its locator.
        """
        self.page.wait_for_selector(selector)
        return self.page.locator(selector)
