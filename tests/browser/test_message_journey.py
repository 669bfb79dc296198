"""From the SMS to the receipt: a parent hears that nothing was paid, opens the address in the text,
pays all of it, and opens the receipt from the next text, on two small phones."""
import re
from datetime import UTC, datetime

import pytest
from live_road import books_kept
from playwright.sync_api import expect
from road import wait_for
from small_phone import WAYS, fits, small_phone


WORDS = {
    'en': {
        'failed': 'was not paid',
        'wait': 'Check your phone', 'check': 'Check now', 'received': 'Received KES',
        'receipt': 'Official receipt', 'language': 'English',
    },
    'sw': {
        'failed': 'hazikulipwa',
        'wait': 'Angalia simu yako', 'check': 'Angalia sasa',
        'received': 'Tumepokea KES', 'receipt': 'Risiti rasmi', 'language': 'Kiswahili',
    },
}
HEADING = '#live h1'


@pytest.fixture(scope='module')
def writing(road):
    """ The demo school tells of failed requests too; afterwards it writes no more. """
    stack = road.stack
    stack._shell_demo(
        f'connect_sms(env, {stack.url!r}, {stack.simulator_url!r})\n'
        "env.ref('base.main_company').school_sms_failed_attempts = True", stack.database,
    )
    road.control.set_sms(mode='up')
    yield road
    stack.shell(
        "env.ref('base.main_company').write("
        "{'school_sms_gateway': False, 'school_sms_failed_attempts': False})",
    )


@pytest.fixture(**WAYS)
def parent(browser, request):
    """ The phone of somebody who gets the school's messages. """
    with small_phone(browser, request.param, WORDS) as page:
        yield page


@pytest.fixture
def guardian(writing, parent):
    """ A guardian of a student with an open bill: `number`, and the `bill`. """
    bill = writing.next_bill()
    row, = writing.stack.sql(
        """
        SELECT partner.id, partner.lang, partner.phone
          FROM school_guardian_link link JOIN res_partner partner ON partner.id = link.partner_id
         WHERE link.student_id = %s AND link.sms AND link.sees_amounts
      ORDER BY link.priority LIMIT 1
        """, [bill['student_id']],
    )
    # What others asked of this child today may still be paid, and of one series a guardian hears
    # once: all of that was two days ago.
    writing.stack.sql(
        "UPDATE payment_transaction SET create_date = create_date - interval '2 days'"
        " WHERE mpesa_student_id = %s OR id IN ("
        "SELECT transaction_id FROM mpesa_request_share WHERE student_id = %s) RETURNING id",
        [bill['student_id']] * 2,
    )
    writing.stack.sql(
        "UPDATE school_message SET create_date = create_date - interval '2 days'"
        " WHERE partner_id = %s RETURNING id", [row['id']],
    )

    def speak(lang):
        writing.stack.sql(
            "UPDATE res_partner SET lang = %s WHERE id = %s RETURNING id", [lang, row['id']],
        )
    speak({'en': 'en_US', 'sw': 'sw'}[parent.lang])
    yield {'number': '+254' + re.sub(r'\D', '', row['phone'])[-9:], 'bill': bill}
    speak(row['lang'])


def wait_text(road, number, words, seen):
    """ Wait for a new text to a number, and return the address in it.

    :param set seen: The texts that are known.
    :rtype: str
    """
    def look():
        texts = [sms['text'] for sms in road.control.sms_messages(number)]
        return [text for text in texts if words in text and text not in seen]
    text = wait_for(look, f"text with {words!r}", 60)[-1]
    assert len(text) <= 160
    return re.search(r'https?://\S+/(?:p|rc)/\w{12}', text)[0]


def is_night():
    """ Tell whether nobody is asked for money just now: between 20:00 and 7:00 in Kenya. """
    return not 4 <= datetime.now(tz=UTC).hour < 17


def read_waiting(road, asked, words):
    """ Return the address in a message that waits for the morning.

    :param dict asked: The request of which it tells.
    :rtype: str
    """
    wait_for(lambda: road.stack.sql(
        """
        SELECT message.id FROM school_message message
          JOIN payment_transaction tx ON tx.id = message.payment_transaction_id
         WHERE tx.reference = %s AND message.state = 'waiting' AND message.send_after IS NOT NULL
        """, [asked['reference']],
    ), "message that waits")
    text = road.stack.shell(
        "message = env['school.message'].search(["
        f"('payment_transaction_id.reference', '=', {asked['reference']!r})])\n"
        "result = message._write_body()",
    )
    assert words in text
    assert len(text) <= 160
    return re.search(r'https?://\S+/p/\w{12}', text)[0]


def open_address(page, address):
    """ Open an address of a text and read the page in the parent's language. """
    page.goto(address)
    if page.locator('html').get_attribute('lang') != page.lang:
        page.get_by_role('link', name=page.words['language']).click()
    expect(page.locator('html')).to_have_attribute('lang', page.lang)
    fits(page)


def test_from_the_text_to_the_receipt(writing, parent, guardian):
    with books_kept(writing):
        pay_from_text(writing, parent, guardian['number'], guardian['bill'])


def pay_from_text(road, parent, number, bill):
    """ From a request that was cancelled on the phone to the page of the receipt. """
    stack, words = road.stack, parent.words
    seen = {sms['text'] for sms in road.control.sms_messages(number)}
    asked = road.parent_asks(bill, phone=number.lstrip('+'))
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    # Five minutes later.
    wait_for(lambda: stack.sql(
        "UPDATE payment_transaction SET mpesa_sms_at = mpesa_sms_at - interval '6 minutes'"
        " WHERE reference = %s AND mpesa_sms_at IS NOT NULL RETURNING id", [asked['reference']],
    ), "message planned")
    road.wake('school_fees.cron_messages')
    night = is_night()
    open_address(
        parent, read_waiting(road, asked, words['failed']) if night
        else wait_text(road, number, words['failed'], seen),
    )
    # Somebody else's phone pays all that is asked for.
    phone = road.next_phone()
    parent.locator('#phone').fill(f'0{phone[3:]}')
    parent.locator('#pay [type=submit]').click()
    parent.wait_for_url(re.compile('/p/a/[0-9a-f]{32}'))
    prompt = road.control.wait_prompt(phone, timeout=30)
    if not parent.has_script:
        parent.get_by_role('link', name=words['check']).click()
    expect(parent.locator(HEADING)).to_have_text(words['wait'], timeout=15_000)
    fits(parent)
    road.control.pay(prompt)
    row, = stack.sql(
        "SELECT reference, amount FROM payment_transaction"
        " WHERE mpesa_student_id = %s ORDER BY id DESC LIMIT 1", [bill['student_id']],
    )
    road.wait_request(row, 'paid')
    receipt = wait_text(road, number, words['received'], seen)
    open_address(parent, receipt)
    expect(parent.locator('h1')).to_have_text(words['receipt'])
    expect(parent.locator('.amount')).to_have_text(f"KES {row['amount']:,.0f}")
    # What was told as failed is told no second time.
    road.wake('school_fees.cron_messages')
    texts = [sms['text'] for sms in road.control.sms_messages(number) if sms['text'] not in seen]
    assert len(texts) == (1 if night else 2)
