"""A guardian looks after phones, and asks a relative to pay, on two small phones."""
import re

import pytest
from playwright.sync_api import expect
from small_phone import WAYS, fits, guardian_session, small_phone


WORDS = {
    'en': {
        'contact': 'My phones and language', 'send': 'Send the number',
        'wrong': 'Enter a Kenyan mobile number', 'waits': 'Waits for the school office',
        'take_back': 'Take back', 'removed': 'The number is removed.',
        'ask': 'Ask somebody else to pay', 'make': 'Make the link',
        'too_much': 'more than the balance', 'whatsapp': 'Send by WhatsApp',
        'qr': 'Show the QR code', 'cancel': 'Cancel', 'cancelled': 'The link is cancelled.',
    },
    'sw': {
        'contact': 'Simu na lugha yangu', 'send': 'Tuma nambari',
        'wrong': 'Weka nambari ya simu ya Kenya', 'waits': 'Inasubiri ofisi ya shule',
        'take_back': 'Futa ombi', 'removed': 'Nambari imeondolewa.',
        'ask': 'Omba mtu mwingine alipe', 'make': 'Tengeneza kiungo',
        'too_much': 'Hicho kinazidi salio', 'whatsapp': 'Tuma kwa WhatsApp',
        'qr': 'Onyesha msimbo wa QR', 'cancel': 'Ghairi', 'cancelled': 'Kiungo kimeghairiwa.',
    },
}


@pytest.fixture(**WAYS)
def parent(browser, road, request):
    """ The phone of a guardian who has logged in. """
    with small_phone(browser, request.param, WORDS, [guardian_session(road)]) as page:
        yield page


def test_a_number_is_typed_waits_and_is_taken_back(road, parent):
    words, phone = parent.words, road.next_phone()
    local = f'0{phone[3:]}'
    parent.goto(f'{road.stack.url}/my/fees?lang={parent.lang}')
    parent.get_by_role('link', name=words['contact']).click()
    parent.wait_for_url(re.compile(r'/my/fees/contact\b'))
    expect(parent.locator('html')).to_have_attribute('lang', parent.lang)
    fits(parent)
    field, button = parent.locator('#phone'), parent.get_by_role('button', name=words['send'])
    field.fill('12345')
    parent.locator('[name=is_first]').check()
    button.click()
    expect(parent.locator('#phone_error')).to_contain_text(words['wrong'])
    expect(field).to_have_value('12345')
    expect(parent.locator('[name=is_first]')).to_be_checked()
    parent.locator('[name=is_first]').uncheck()
    field.fill(local)
    button.click()
    row = parent.locator('.items li', has_text=f'{local[:4]} {local[4:7]} {local[7:]}')
    expect(row).to_contain_text(words['waits'])
    expect(parent.get_by_role('status')).to_be_visible()
    fits(parent)
    kept, = road.stack.sql(
        'SELECT proposed FROM school_guardian_phone WHERE e164 = %s', [f'+{phone}'],
    )
    assert kept['proposed']
    row.get_by_role('button', name=words['take_back']).click()
    expect(parent.get_by_role('status')).to_have_text(words['removed'])
    assert not road.stack.sql(
        'SELECT id FROM school_guardian_phone WHERE e164 = %s', [f'+{phone}'],
    )


def test_a_relative_is_asked_and_the_link_is_cancelled(road, parent):
    words, stack = parent.words, road.stack
    child = road.school['guardian_student_ids'][0]
    parent.goto(f'{stack.url}/my/fees/{child}?lang={parent.lang}')
    parent.get_by_role('link', name=words['ask']).click()
    parent.wait_for_url(re.compile(rf'/my/fees/{child}/links\b'))
    fits(parent)
    amount, button = parent.locator('#amount'), parent.get_by_role('button', name=words['make'])
    amount.fill('99000000')
    button.click()
    expect(parent.locator('#amount_error')).to_contain_text(words['too_much'])
    expect(amount).to_have_value('99000000')
    amount.fill('100')
    button.click()
    card = parent.locator('.card').first
    expect(card).to_contain_text('KES 100')
    address = card.locator('.address').inner_text()
    assert re.search(r'/p/\w{12}$', address)
    sent = card.get_by_role('link', name=words['whatsapp']).get_attribute('href')
    assert sent.startswith('https://wa.me/?text=')
    card.locator('summary').click()
    expect(card.locator('img')).to_be_visible()
    fits(parent)
    path = re.search(r'/p/\w{12}$', address)[0]
    asked = parent.context.request.get(f'{stack.url}{path}')
    assert asked.status == 200
    assert 'KES 100' in asked.text()
    card.get_by_role('button', name=words['cancel']).click()
    expect(parent.get_by_role('status')).to_contain_text(words['cancelled'])
    assert parent.context.request.get(f'{stack.url}{path}').status == 404
