{
    'name': "School Fees M-PESA",
    'version': '19.0.0.1.0',
    'category': 'Accounting/School',
    'summary': "Collect school fees by M-PESA through Safaricom's Daraja API",
    'description': " ",  # Non-empty string to avoid loading the README file.
    'author': "School Fees Kenya",
    'license': 'LGPL-3',
    'depends': ['account_payment', 'school_fees'],
    'external_dependencies': {'python': ['requests', 'cryptography', 'phonenumbers']},
    'data': [
        'security/ir.model.access.csv',
        'security/school_mpesa_rules.xml',

        'views/pay_attempt_templates.xml',
        'views/portal_invoice_templates.xml',  # Depended on by the provider's data.

        'data/payment_provider_data.xml',
        'data/ir_cron_data.xml',
        'data/mpesa_source_address_data.xml',

        'views/payment_provider_views.xml',
    ],
    'assets': {
        'web.assets_frontend': [
            'school_mpesa/static/src/interactions/**/*',
        ],
    },
    'post_init_hook': 'post_init_hook',
    'uninstall_hook': 'uninstall_hook',
}
