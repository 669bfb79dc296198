"""No page that a parent sees has a fault that axe-core finds (WCAG 2.2 AA), nor a word in English
when it was asked for in Swahili.
"""
import itertools

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_words import find_untranslated, read_words
from playwright.sync_api import expect


RULES = {
    'runOnly': {'type': 'tag', 'values': [
        'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice',
    ]},
    'resultTypes': ['violations'],
}
DESCRIPTION = "School trip"  # A clerk's words.
HEADING = '#live h1'
OTHER = {'en': "Other amount", 'sw': "Kiasi kingine"}


@pytest.fixture(params=['en', 'sw'])
def lang(request):
    return request.param


@pytest.fixture(scope='module')
def seen():
    """ What each page said, by test, step and language. """
    return {}


@pytest.fixture(scope='module')
def names(road):
    """ What people have stored, and nobody translates. """
    return [DESCRIPTION, *(row['name'] for row in road.stack.sql(
        """SELECT name FROM res_company
            UNION SELECT name FROM school_class
            UNION SELECT name FROM school_term
            UNION SELECT UNNEST(name || string_to_array(name, ' ')) FROM school_student
            UNION SELECT partner.name FROM res_partner partner
                    JOIN school_guardian_link link ON link.partner_id = partner.id""",
    ) if row['name'])]


@pytest.fixture
def look(phone_page, lang, seen, names, request):
    """ Look at the page that is open. """
    steps = itertools.count()
    others = {name: value for name, value in request.node.callspec.params.items() if name != 'lang'}

    def look():
        found = Axe().run(phone_page, options=RULES)
        assert not found.violations_count, found.generate_report()
        expect(phone_page.locator('[lang]').first).to_have_attribute('lang', lang)
        words = seen.setdefault((request.node.originalname, repr(others), next(steps)), {})
        words[lang] = read_words(phone_page)
        if len(words) == 2:
            assert not find_untranslated(words['en'], words['sw'], names)

    return look


def log_in_guardian(page, road):
    page.goto(f'{road.stack.url}/web/login')
    page.fill('input[name=login]', 'guardian')
    page.fill('input[name=password]', 'guardian')
    page.locator('.oe_login_buttons [type=submit]').click()
    page.wait_for_url('**/my**')


def open_public(page, road, path, lang):
    page.goto(f'{road.stack.url}{path}?lang={lang}')


def test_the_page_of_a_link_and_its_errors(road, phone_page, lang, look):
    link = road.make_link(
        road.next_bill()['student'], asks_for='amount', amount=1000, description=DESCRIPTION,
    )
    open_public(phone_page, road, link['path'], lang)
    look()
    phone_page.get_by_text(OTHER[lang], exact=True).click()
    phone_page.locator('#amount').fill('1001')
    phone_page.locator('#phone').fill('12345')
    phone_page.locator('details summary').first.click()
    phone_page.locator('#pay [type=submit]').click()
    expect(phone_page.locator('#phone_error')).to_be_visible()
    look()


def test_a_claim_its_errors_and_its_answers(road, phone_page, lang, look):
    student = road.next_bill()['student']
    link = road.make_link(student)
    code = road.control.pay_bill(
        road.next_phone(), road.school['shortcode'], student['admission_no'], 309,
    )['receipt']
    road.settle()
    for text in (None, 'UIE4K7P2Q', 'UIE4K7PZ92', code):  # An error, and the two answers.
        open_public(phone_page, road, f"/c/{link['slug']}", lang)
        if text:
            phone_page.locator('#message').fill(text)
            phone_page.locator('#claim [type=submit]').click()
            expect(phone_page.locator('#message_error, [role=status]').first).to_be_visible()
        look()


def test_whom_a_payment_is_for_its_error_and_the_thanks(road, phone_page, lang, look):
    code = road.control.pay_bill(
        road.next_phone(), road.school['shortcode'], 'karo', 313,
    )['receipt']
    road.settle()
    movement, = road.stack.sql("SELECT id FROM mpesa_transaction WHERE receipt = %s", [code])
    road.call('bursar', 'mpesa.transaction', 'action_ask_payer', [movement['id']])
    question, = road.stack.sql(
        "SELECT slug FROM mpesa_payer_question WHERE mpesa_transaction_id = %s", [movement['id']],
    )
    open_public(phone_page, road, f"/c/{question['slug']}", lang)
    look()
    for text, shown in (('', '#who_error'), ('Faith', '[role=status]')):
        phone_page.locator('#who').fill(text)
        phone_page.locator('#answer [type=submit]').click()
        expect(phone_page.locator(shown)).to_be_visible()
        look()


def test_waiting(road, phone_page, lang, look):
    asked = road.ask()
    road.wait_request(asked, 'accepted')
    open_public(phone_page, road, asked['attempt'], lang)
    expect(phone_page.locator(HEADING)).to_be_visible()
    look()


@pytest.mark.parametrize('code', ['1032', '1019'])  # No money was taken; or nobody knows yet.
def test_not_paid(road, phone_page, lang, look, code):
    phone = road.next_phone()
    road.control.script(phone=phone, outcome=code)
    asked = road.ask(phone=phone)
    road.wait_request(asked, 'declined')
    open_public(phone_page, road, asked['attempt'], lang)
    look()


def test_paid_receipt_and_its_check(road, phone_page, lang, look):
    asked = road.ask()
    road.wait_request(asked, 'accepted')
    road.pay(asked)
    road.wait_request(asked, 'paid')
    open_public(phone_page, road, asked['attempt'], lang)
    look()
    receipt, = road.stack.sql(
        "SELECT slug FROM school_receipt WHERE state = 'posted' ORDER BY id DESC LIMIT 1",
    )
    for path in (f"/rc/{receipt['slug']}", f"/rc/check/{receipt['slug']}"):
        open_public(phone_page, road, path, lang)
        look()


@pytest.mark.parametrize('path', [
    '/p/AAAAAAAAAAAA', '/p/a/00000000000000000000000000000000', '/rc/AAAAAAAAAAAA',
    '/c/AAAAAAAAAAAA',
])
def test_what_opens_nothing(road, phone_page, lang, look, path):
    open_public(phone_page, road, path, lang)
    look()


def test_the_portal(road, phone_page, lang, look):
    log_in_guardian(phone_page, road)
    open_public(phone_page, road, '/my/fees', lang)
    look()
    phone_page.locator('a[href*="/my/fees/"]').first.click()
    phone_page.wait_for_url('**/my/fees/*')
    look()


def test_paying_for_several_children_and_its_errors(road, phone_page, lang, look):
    log_in_guardian(phone_page, road)
    open_public(phone_page, road, '/my/fees/pay', lang)
    look()
    phone_page.locator('[name^=share_]').first.fill('1.5')
    phone_page.locator('#phone').fill('12345')
    phone_page.locator('details summary').first.click()
    phone_page.locator('#pay [type=submit]:not([name])').click()
    expect(phone_page.locator('#phone_error')).to_be_visible()
    look()


def test_phones_and_language_and_their_errors(road, phone_page, lang, look):
    log_in_guardian(phone_page, road)
    open_public(phone_page, road, '/my/fees/contact', lang)
    look()
    phone_page.locator('#phone').fill('12345')
    phone_page.locator('form:has(#phone) [type=submit]').click()
    expect(phone_page.locator('#phone_error')).not_to_be_empty()
    look()


def test_asking_a_relative_and_its_errors(road, phone_page, lang, look):
    log_in_guardian(phone_page, road)
    child = road.school['guardian_student_ids'][0]
    open_public(phone_page, road, f'/my/fees/{child}/links', lang)
    phone_page.locator('#amount').fill('1.5')
    phone_page.locator('form:has(#amount) [type=submit]').click()
    expect(phone_page.locator('#amount_error')).not_to_be_empty()
    look()
    phone_page.locator('#amount').fill('100')
    phone_page.locator('form:has(#amount) [type=submit]').click()
    expect(phone_page.locator('.card')).not_to_have_count(0)
    phone_page.locator('.card summary').first.click()
    look()
    phone_page.locator('.card [type=submit]').first.click()


def test_asking_for_the_own_data(road, phone_page, lang, look):
    log_in_guardian(phone_page, road)
    open_public(phone_page, road, '/my/fees/data', lang)
    look()
    if phone_page.locator('main form').count():  # One request is open at a time.
        phone_page.locator('main [type=submit]').click()
    expect(phone_page.get_by_role('status')).to_be_visible()
    look()
