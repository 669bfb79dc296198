{
    'name': "School Fees",
    'version': '19.0.0.1.0',
    'category': 'Accounting/School',
    'summary': "Students, families, term bills and official receipts for schools in Kenya",
    'author': "School Fees Kenya",
    'license': 'LGPL-3',
    'depends': ['account', 'mail', 'portal'],
    'external_dependencies': {'python': ['phonenumbers', 'qrcode']},
    'data': [
        'security/school_fees_groups.xml',
        'security/ir.model.access.csv',
        'security/school_fees_rules.xml',

        'data/ir_sequence_data.xml',

        'report/school_receipt_report.xml',
        'report/school_receipt_templates.xml',
        'report/account_move_templates.xml',

        'views/school_receipt_page_templates.xml',
        'views/school_academic_year_views.xml',
        'views/school_term_views.xml',
        'views/school_family_views.xml',
        'views/school_guardian_views.xml',
        'views/school_student_views.xml',
        'views/school_receipt_views.xml',
        'views/account_move_views.xml',
        'views/res_partner_views.xml',
        'views/school_fees_menus.xml',
    ],
    'application': True,
}
