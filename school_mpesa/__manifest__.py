{
    'name': "School Fees M-PESA",
    'version': '19.0.0.1.0',
    'category': 'Accounting/School',
    'summary': "Collect school fees by M-PESA through Safaricom's Daraja API",
    'author': "School Fees Kenya",
    'license': 'LGPL-3',
    'depends': ['account_payment', 'school_fees'],
    'external_dependencies': {'python': ['requests', 'cryptography', 'phonenumbers']},
    'data': [
        'security/ir.model.access.csv',
        'security/school_mpesa_rules.xml',
        'security/mpesa_day_close_rules.xml',

        'views/pay_attempt_templates.xml',
        'views/portal_invoice_templates.xml',  # Depended on by the provider's data.

        'data/payment_provider_data.xml',
        'data/ir_cron_data.xml',
        'data/mpesa_source_address_data.xml',
        'data/mpesa_day_close_data.xml',

        'report/mpesa_day_close_report.xml',
        'report/mpesa_day_close_templates.xml',

        'wizards/mpesa_ask_wizard_views.xml',
        'wizards/mpesa_callback_settle_views.xml',
        'wizards/mpesa_denial_views.xml',
        'wizards/mpesa_identify_wizard_views.xml',
        'wizards/mpesa_message_check_views.xml',
        'wizards/mpesa_prompt_wizard_views.xml',
        'wizards/mpesa_register_wizard_views.xml',
        'wizards/mpesa_reversal_settle_views.xml',
        'wizards/mpesa_statement_decide_views.xml',
        'wizards/mpesa_statement_distrust_views.xml',
        'wizards/mpesa_statement_upload_views.xml',
        'wizards/mpesa_validation_letter_views.xml',
        'wizards/account_payment_register_views.xml',

        'views/account_move_views.xml',
        'views/mpesa_callback_views.xml',
        'views/mpesa_command_views.xml',
        'views/mpesa_day_close_views.xml',
        'views/mpesa_source_address_views.xml',
        'views/mpesa_statement_line_views.xml',
        'views/mpesa_statement_views.xml',
        'views/mpesa_reversal_views.xml',
        'views/mpesa_transaction_views.xml',
        'views/mpesa_near_views.xml',
        'views/mpesa_unidentified_views.xml',
        'views/payment_provider_views.xml',
        'views/payment_transaction_views.xml',
        'views/res_config_settings_views.xml',
        'views/school_receipt_views.xml',
        'views/school_student_views.xml',

        'views/mpesa_menus.xml',  # Depends on all actions above.
    ],
    'assets': {
        'web.assets_backend': [
            'school_mpesa/static/src/backend/**/*',
        ],
        'web.assets_frontend': [
            'school_mpesa/static/src/interactions/**/*',
        ],
    },
    'post_init_hook': 'post_init_hook',
    'uninstall_hook': 'uninstall_hook',
}
