from . import account_payment_register
from . import mpesa_prompt_wizard
from . import mpesa_prompt_wizard_words
