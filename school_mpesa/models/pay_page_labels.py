"""The fixed words of the pay pages: labels, buttons, notes. Templates hold none themselves.

Kept here, whole sentences stay whole for translators, and a page shows Swahili as soon as the
language is active, without loading terms into views.

Placeholders: as in `pay_page_text`; also student, least, most, full, rest, part (formatted, KES)
and time ({time} is filled in by the page's script).
"""

from odoo.tools.translate import LazyTranslate


_lt = LazyTranslate(__name__)

# On everything that is not real.
WATERMARKS = {
    'test': _lt("TEST: no real money moves"),
    'training': _lt("TRAINING \N{EN DASH} no real money"),
}

ANY_PAGE = {
    'copy': _lt("Copy"),
    'copied': _lt("Copied"),
    'error': _lt("Error: %(message)s"),
}

NEUTRAL_PAGE = {
    'heading': _lt("We cannot open this link"),
    'body': _lt("Check that you copied the whole link, or ask the accounts office for a new one."),
}

PAYBILL = {
    'paybill_title': _lt("Pay by Paybill"),
    'till_title': _lt("Pay by Buy Goods"),
    'paybill_menu': _lt("On your phone: M-PESA, Lipa na M-PESA, Pay Bill."),
    'till_menu': _lt("On your phone: M-PESA, Lipa na M-PESA, Buy Goods and Services."),
    'paybill_number': _lt("Business number"),
    'till_number': _lt("Till number"),
    'account': _lt("Account number"),
    'amount': _lt("Amount"),
    'only_if': _lt("Only if no request reaches your phone. If you pay both ways, the extra is kept"
                   " for the student."),
}

# On bills and statements, where the account number is the pay code.
PAYBILL_ON_PAPER = {
    **PAYBILL,
    'own': _lt("The account number is the pay code of %(pupil)s alone: check each digit."),
    'parts': _lt("M-PESA takes at most KES %(most)s at once: pay the rest in a second payment."),
}

ATTEMPT_PAGE = {
    **ANY_PAGE,
    **PAYBILL,
    'for_student': _lt("School fees of %(student)s"),
    'office': _lt("Accounts office:"),
    'already_paid': _lt("I already paid"),
    'offline': _lt("No internet on this phone. We could not ask for news; when you are back"
                   " online, this page checks again before anything is sent."),
    'pin_note': _lt("Your M-PESA PIN is typed on the phone only. We never ask for it on a page, by"
                    " call or by SMS."),
    'check_now': _lt("Check now"),
    'receipt': _lt("Receipt"),
    'code': _lt("M-PESA code"),
    'date': _lt("Date"),
    'student': _lt("For"),
    'balance': _lt("Balance"),
    'credit': _lt("Credit"),
    'other_children': _lt("Other children"),
    'with_balance': _lt("KES {part} (balance now KES {balance})"),
    'with_credit': _lt("KES {part} (credit now KES {balance})"),
    'pay_rest': _lt("Pay the rest: KES {rest}"),
    'save_receipt': _lt("Save receipt (PDF)"),
    'see_receipt': _lt("See receipt"),
    'share': _lt("Share"),
    'wrong_number': _lt("Wrong number?"),
    'wrong_number_note': _lt("The request went to %(phone)s. Nobody can pay it without the PIN of"
                             " that phone. It closes by itself in about a minute; then you can"
                             " send it to another number from this page."),
    'change': _lt("Change the amount or the number"),
    'amount_label': _lt("Amount in KES, whole shillings"),
    'phone_label': _lt("M-PESA phone number"),
    'show_request': _lt("Show that request"),
    'send_again': _lt("Send again"),
    'send_again_in': _lt("Send again in {time}"),
    # On the request for several children.
    'part_only': _lt("KES %(part)s is the part of %(pupil)s alone. Each other child has an account"
                     " number of its own."),
    'change_number': _lt("Change the number"),
    'other_amount': _lt("Pay another amount"),
    # Said instead of the button while a query must first confirm that nothing was paid.
    'retry_later': _lt("You can send again here as soon as M-PESA has confirmed that nothing was"
                       " paid. This page checks by itself."),
}

# On the portal page of a bill and on the public page of a link.
PAY_FORM = {
    **ANY_PAGE,
    **PAYBILL,
    'how_much': _lt("How much do you want to pay?"),
    'full': _lt("Full"),
    'most_at_once': _lt("The most at once"),
    'half': _lt("Half"),
    'other': _lt("Other amount"),
    'split': _lt("M-PESA allows up to KES %(full)s at once. Pay that first, then the remaining"
                 " KES %(rest)s."),
    'amount_label': _lt("Amount in KES, whole shillings"),
    'limits': _lt("From KES %(least)s to KES %(most)s."),
    'phone_label': _lt("M-PESA phone number"),
    'expect': _lt("This phone will show a pop-up from \"%(shown_name)s\". Enter your M-PESA PIN"
                  " there. Never type your PIN on this page."),
    'show_request': _lt("Show that request"),
    'by_hand_paybill': _lt("Pay by Paybill instead"),
    'by_hand_till': _lt("Pay by Buy Goods instead"),
}

NO_PROMPT = {
    'no_prompt': _lt("Payment by pop-up is not available now. Pay by hand, or call the accounts"
                     " office."),
}

# The public page of a link. {amount} is filled in by the page's script.
LINK_PAGE = {
    **NO_PROMPT,
    'title': _lt("Pay KES %(asked)s"),
    'preview': _lt("Fees for %(pupil)s, %(school)s"),
    'for_student': _lt("School fees of %(student)s"),
    'bill': _lt("Bill %(bill)s"),
    'all_due': _lt("All that is due today"),
    'pay': _lt("Pay with M-PESA"),
    'pay_amount': _lt("Pay KES {amount} with M-PESA"),
    'add_note': _lt("Add a note for the school"),
    'note_label': _lt("Note, at most 140 letters"),
    'office': _lt("Accounts office:"),
    'wrong_child': _lt("Not your child? Do not pay, and tell the accounts office."),
    'already_paid': ATTEMPT_PAGE['already_paid'],
    'nothing': _lt("Nothing to pay"),
    'fees_paid': _lt("%(pupil)s's fees are paid. Thank you."),
    'link_paid': _lt("What this page asks for is paid for %(pupil)s. Thank you."),
    'no_amount': _lt("Enter how much you want to pay."),
    'no_cents': _lt("Enter whole shillings, without cents."),
    'too_little': _lt("Amount must be KES %(least)s or more."),
    'too_much': _lt("Pay KES %(most)s or less here."),
    'no_phone': _lt("Enter the M-PESA phone number."),
    'wrong_phone': _lt("Enter a Kenyan mobile number, like 0712 345 678."),
}

# Who has paid already names the M-PESA code.
CLAIM_PAGE = {
    **ANY_PAGE,
    **{name: LINK_PAGE[name] for name in ('for_student', 'office', 'already_paid')},
    'pin_note': ATTEMPT_PAGE['pin_note'],
    'what': _lt("Type the M-PESA code of the payment, or paste the whole message from M-PESA."
                " Nothing is paid here."),
    'message_label': _lt("M-PESA code or message"),
    'amount_label': _lt("Amount in KES, if you know it"),
    'look': _lt("Look for the payment"),
    'to_pay': _lt("Back to the payment page"),
    'another': _lt("Look for another payment"),
    'again': _lt("Look again"),
}

# The answers. The second is one and the same whatever else is known of the code: whoever types
# it may not learn of other people's payments.
CLAIM_ANSWERS = {
    'here': (
        _lt("The payment is on this account"),
        _lt("The payment with the M-PESA code %(code)s is on the account of %(pupil)s. Do not pay"
            " it again."),
    ),
    'not_here': (
        _lt("We have not found it on this account yet"),
        _lt("The office will look for the payment with the M-PESA code %(code)s. Keep the message"
            " from M-PESA, and do not pay again yet. A payment made just now can take some minutes:"
            " look again then."),
    ),
    # To a relative, who was sent a link: what is on the account is not told.
    'noted': (
        _lt("The office has the code"),
        _lt("If the payment with the M-PESA code %(code)s is on the account of %(pupil)s already,"
            " nothing more is needed. If it is not, the office looks for it. Keep the message from"
            " M-PESA, and do not pay again yet."),
    ),
}

# Whoever paid what nobody is found for says whom it is for.
QUESTION_PAGE = {
    **ANY_PAGE,
    **{name: ATTEMPT_PAGE[name] for name in ('pin_note', 'office')},
    'who_for': _lt("Who is this payment for?"),
    'received': _lt("We received KES %(amount)s with the M-PESA code %(code)s. It is in the"
                    " school's books, and we do not know yet for which student."),
    'typed_account': _lt("The account that was typed, \"%(account)s\", names no student for"
                         " certain."),
    'who_label': _lt("Name or admission number of the student"),
    'class_name_label': _lt("Class, if you know it"),
    'tell': _lt("Tell the school"),
    'thanks': _lt("Thank you"),
    'thanks_body': _lt("The office looks at it and puts the payment on the student. There is"
                       " nothing else to do, and nothing to pay again."),
}

CLAIM_ERRORS = {
    'no_student': _lt("Enter the name or the admission number of the student. Nothing was sent."),
    'no_code': _lt("An M-PESA code has 10 letters and digits. Nothing was sent. Compare it with"
                   " the message from M-PESA."),
    'several': _lt("The text holds several messages. Nothing was sent. Paste one at a time."),
    'no_amount': _lt("Enter the amount as the message says it, or leave it empty. Nothing was"
                     " sent."),
    'too_many': _lt("Too much was sent from this page in a short time. This was not sent, and"
                    " no money moved. Try again later, or call the accounts office."),
}

# The page that pays for several children at once. {due}, {total} and {amount} are filled in later.
FAMILY_PAGE = {
    **PAY_FORM,
    **{name: LINK_PAGE[name] for name in (
        'no_prompt', 'title', 'pay', 'pay_amount', 'add_note', 'note_label', 'office', 'nothing',
        'no_amount', 'no_cents', 'too_little', 'too_much', 'no_phone', 'wrong_phone',
    )},
    'heading': _lt("School fees of your children"),
    'total': _lt("Balance of all children"),
    'fees_paid': _lt("Nothing is due for your children. Thank you."),
    'child_due': _lt("Balance KES {due}"),
    'child_nothing': _lt("Nothing due"),
    'how_shared': _lt("How the amount is shared"),
    'shares_note': _lt("This is what the school proposes. Change the parts as you like: together"
                       " they make the amount. A child without a part gets nothing."),
    'show_split': _lt("Show the split"),
    'no_sum': _lt("The parts make KES {total}, and the amount is KES {amount}. Change a part or the"
                  " amount."),
    'part_over': _lt("That is more than the balance of KES {due}."),
    'by_family': _lt("Pay for all children by Paybill"),
    'by_family_note': _lt("The account number is that of your family. The school then shares the"
                          " money over the children by its own rule."),
    'back': _lt("Back to your children"),
}

FAMILY_ERRORS = {
    'no_parts': _lt("Enter how much each child gets. No request was sent."),
}

# The button on the portal's first page.
PAY_ALL = {
    'pay_all': _lt("Pay for all my children"),
}

# What the office sends along with a link.
LINK_MESSAGE = {
    'fees': _lt("School fees of %(student)s, %(school)s: KES %(amount)s. Pay by M-PESA here:"
                " %(url)s"),
    'for_what': _lt("%(what)s for %(student)s, %(school)s: KES %(amount)s. Pay by M-PESA here:"
                    " %(url)s"),
}

LAST_REQUEST = {
    'what': _lt("M-PESA request for KES %(amount)s on %(phone)s"),
    'link': _lt("See this request"),
}

# To a reader of the bill who did not make the request: no phone, no link.
OTHERS_REQUEST = _lt("A request of KES %(amount)s is open. Do not pay again yet.")


def say_all(env, labels, words):
    """ Return labels in the language of the environment, with their placeholders filled in.

    :param odoo.api.Environment env: The environment, in the language of the page.
    :param dict labels: One of the tables above.
    :param dict words: The values of the placeholders; 'error' keeps its own for later.
    :rtype: dict[str, str]
    """
    values = {'message': '%(message)s', **words}
    sentences = {name: env._(label) for name, label in labels.items()}
    return {name: sentence % values for name, sentence in sentences.items()}
