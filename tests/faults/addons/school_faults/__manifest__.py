{
    'name': "School Faults",
    'version': '19.0.0.1.0',
    'category': 'Hidden',
    'summary': "Stops workers at chosen points, for the fault tests only",
    'author': "School Fees Kenya",
    'license': 'LGPL-3',
    'depends': ['school_mpesa'],
}
