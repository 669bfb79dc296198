"""The catalogues of references against real schools in a real database.

Of each school every fourth row: all of them are compared with the same rules in tests/unit.
"""
import csv
import json
from pathlib import Path


FOLDER = Path(__file__).parents[1] / 'references'
IN_ODOO = """
import json
from odoo.addons.school_fees.rules.pay_code import make_pay_code
schools, rows = json.loads({data!r})
result = []
for name, school in schools.items():
    company = env['res.company'].create({{'name': f'References {{name}}'}})
    at = env(context=dict(env.context, allowed_company_ids=company.ids, tracking_disable=True))
    company.school_reference_code = school['code']
    level = at['school.level'].create({{'name': 'Grade 8', 'code': 'G8'}})
    year = at['school.academic.year'].create({{
        'name': '2026', 'date_from': '2026-01-01', 'date_to': '2026-12-31'}})
    at['school.class'].create([
        {{'level_id': level.id, 'year_id': year.id, 'stream': word}} for word in school['noise']])
    families, named = {{}}, {{}}
    for one in school['students']:
        family = one.get('family')
        if family and family not in families:
            families[family] = at['school.family'].create({{
                'name': one['name'].split()[-1], 'code': family}})
            named[families[family]] = family
        student = at['school.student'].create({{
            'name': one['name'], 'admission_no': one['no'], 'upi': one.get('upi'),
            'pay_code': make_pay_code(one['serial']),
            'family_id': families[family].id if family else False,
            'state': 'active' if one.get('live', True) else 'left',
            'alias_ids': [(0, 0, {{'name': alias}}) for alias in one.get('aliases', [])],
            'guardian_link_ids': [(0, 0, {{
                'relation': 'mother',
                'partner_id': at['res.partner'].create({{
                    'name': guardian, 'phone': (one.get('phones') or [False])[0]}}).id,
            }}) for guardian in one['guardians']],
        }})
        named[student] = one['no']
    for row in rows:
        if row['school'] == name:
            match = at['school.student']._match_reference(row['reference'], companies=company)
            result.append([row, match.outcome, [named[holder] for holder, _why in match.found]])
    # Pay codes are unique over all schools, and each catalogue has its own.
    env.cr.rollback()
    env.invalidate_all()
"""


def test_the_catalogues_in_a_database(stack):
    schools, rows = {}, []
    for folder in FOLDER.iterdir():
        schools.update(json.loads((folder / 'schools.json').read_text()))
        with (folder / 'catalogue.csv').open(newline='') as file:
            rows += list(csv.DictReader(file))[::4]
    answers = stack.shell(IN_ODOO.format(data=json.dumps([schools, rows])))
    assert len(answers) == len(rows)
    wrong = []
    for row, outcome, found in answers:
        expected = {one for one in row['expected'].split(';') if one}
        enough = expected <= set(found) if outcome == 'suggest' else expected == set(found)
        if outcome != row['outcome'] or not enough or len(found) > 5:
            wrong.append((row['school'], row['reference'], outcome, found, row['why']))
    assert not wrong
