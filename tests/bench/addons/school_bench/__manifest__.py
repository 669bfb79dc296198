{
    'name': "School Bench",
    'version': '19.0.0.1.0',
    'category': 'Hidden',
    'summary': "A route that does nothing, and a count of queries, for the benchmark only",
    'author': "School Fees Kenya",
    'license': 'LGPL-3',
    'depends': ['school_mpesa', 'payment_flutterwave'],
}
