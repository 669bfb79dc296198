{
    'name': "School Query Count",
    'version': '19.0.0.1.0',
    'category': 'Hidden',
    'summary': "Tells how many queries a request made, for the benchmark only; not to be installed",
    'author': "School Fees Kenya",
    'license': 'LGPL-3',
    'depends': ['base'],
    'installable': False,
}
