"""The manual in docs/ and the README against the system that they describe."""
import ast
import configparser
import re
from pathlib import Path

import polib
import pytest
import stack_config
from lxml import etree
from ruamel.yaml import YAML


ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / 'docs'
ADDONS = ('school_fees', 'school_mpesa')
ODOO_ADDONS = ('base', 'web', 'account', 'account_payment', 'payment', 'portal')
PAGES = sorted(DOCS.glob('*.md'))
SWAHILI = '.sw'  # of a page's name without its last ending

LONGEST = 120
# What is looked up and not read through.
LONGEST_OF = {'api.md': 320, 'troubleshooting.md': 180}
# Messages of the system lead to these.
TROUBLES = (
    'invalid-token', 'invalid-passkey', 'callback-not-reachable', 'wrong-callback-address',
    'time-out', 'invalid-phone', 'duplicate', 'wrong-certificate', 'locked-initiator',
    'initiator-refused', 'insufficient-float', 'window-passed', 'wrong-receipt',
    'unknown-payment', 'safaricom-unreachable', 'clock-wrong', 'queue-late',
    'day-does-not-agree', 'sms-not-sent', 'training-on-live',
)
# A state of a provider, a role, a button of each list.
ODOO_WORDS = {'Disabled', 'Enabled', 'Settings', 'New'}
# A dialog of Odoo's, which is no menu.
OTHER_WAYS = {('My Preferences', 'Security')}
LINK = re.compile(r'(?<!\!)\[[^\]]+\]\(([^)\s]+)\)')
IMAGE = re.compile(r'!\[([^\]]*)\]\(([^)\s]+)\)')
FENCED = re.compile(r'^(```|    ).*?$', re.MULTILINE)
MENU = re.compile(r'(?<!\*)\*([^*\n]+ > [^*\n]+)\*(?!\*)')
BOLD = re.compile(r'\*\*([^*\n]+)\*\*')
CODE = re.compile(r'`([^`\n]+)`')
SHIPPED = re.compile(r'^\|.*\| As shipped \|\n\|[-|]+\n((?:\|.*\n?)+)', re.MULTILINE)


@pytest.fixture(scope='module')
def odoo():
    return stack_config.odoo_source() / 'odoo' / 'addons'


@pytest.fixture(scope='module')
def menus(odoo):
    """ The ways through the menus, each as the names from the root on. """
    return find_menus([odoo / name for name in ODOO_ADDONS] + [ROOT / name for name in ADDONS])


@pytest.fixture(scope='module')
def settings():
    """ The ways through the settings of the add-ons, as far as a block and a setting. """
    return find_settings([ROOT / name for name in ADDONS])


@pytest.fixture(scope='module')
def words(odoo):
    """ All words of our screens, and those of Odoo's that the manual may use. """
    ours = [ROOT / name / 'i18n' / f'{name}.pot' for name in ADDONS]
    theirs = [odoo / name / 'i18n' / f'{name}.pot' for name in ODOO_ADDONS]
    return read_words(ours) | (read_words(theirs) & ODOO_WORDS)


@pytest.fixture(scope='module')
def swahili_words():
    return {
        entry.msgstr for name in ADDONS
        for entry in polib.pofile(ROOT / name / 'i18n' / 'sw.po') if entry.msgstr
    }


@pytest.fixture(scope='module')
def defaults():
    """ What each setting is as shipped, by its label. """
    return find_defaults(
        file for name in ADDONS for file in (ROOT / name / 'models').glob('*.py')
    )


def read_words(files):
    return {entry.msgid for file in files for entry in polib.pofile(file)}


def find_menus(folders):
    names, parents, actions = {}, {}, {}
    for folder in folders:
        for file in sorted(folder.glob('[dvw]*/*.xml')):
            root = etree.parse(file).getroot()
            for record in root.iter('record'):
                if record.get('model', '').startswith('ir.actions.'):
                    actions[_qualify(folder.name, record.get('id'))] = record.findtext(
                        "field[@name='name']",
                    )
            _read_menus(folder.name, root, None, names, parents)
    # A menu without a name of its own has its action's.
    names = {menu: actions.get(name, name) for menu, name in names.items()}
    return {_find_way(menu, names, parents) for menu in names}


def _read_menus(addon, element, parent, names, parents):
    for child in element:
        inside = parent
        if child.tag == 'menuitem':
            inside = _qualify(addon, child.get('id'))
            if child.get('name') or inside not in names:
                names[inside] = child.get('name') or _qualify(addon, child.get('action', ''))
            above = child.get('parent')
            parents.setdefault(inside, _qualify(addon, above) if above else parent)
        _read_menus(addon, child, inside, names, parents)


def _qualify(addon, xmlid):
    return xmlid if '.' in xmlid else f'{addon}.{xmlid}'


def _find_way(menu, names, parents):
    way = []
    while menu:
        way.insert(0, names.get(menu) or '')
        menu = parents.get(menu)
    return tuple(way)


def find_settings(folders):
    labels = {}
    for folder in folders:
        for file in (folder / 'models').glob('*.py'):
            labels.update(_read_labels(file))
    ways = set()
    for folder in folders:
        for file in (folder / 'views').glob('res_config_settings*.xml'):
            for block in etree.parse(file).iter('block'):
                way = ('Settings', 'School Fees', block.get('title'))
                ways.add(way)
                for setting in block.iter('setting'):
                    field = setting.find('.//field').get('name')
                    ways.add((*way, setting.get('string') or labels.get(field)))
    return ways | {('Settings', 'School Fees')}


def _read_labels(file):
    return {name: label for name, label, _call in _read_fields(file) if label}


def _read_fields(file):
    """ Give the name, the label and the definition of each field of a file. """
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            keywords = {keyword.arg: keyword.value for keyword in node.value.keywords}
            label = keywords.get('string')
            yield node.targets[0].id if isinstance(node.targets[0], ast.Name) else '', getattr(
                label, 'value', None,
            ), node.value


def find_defaults(files):
    found = {}
    for file in files:
        constants = {
            node.targets[0].id: node.value.value for node in ast.parse(file.read_text()).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        for _name, label, call in _read_fields(file):
            keywords = {keyword.arg: keyword.value for keyword in call.keywords}
            default = keywords.get('default')
            value = constants.get(default.id) if isinstance(default, ast.Name) else getattr(
                default, 'value', None,
            )
            if getattr(call.func, 'attr', '') == 'Boolean':
                value = 'on' if value else 'off'
            if label and value is not None:
                found.setdefault(label, str(value))
    return found


def read_anchors(text):
    """ The addresses of a page's headings, as GitHub makes them. """
    return {
        re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')
        for heading in re.findall(r'^#+ +(.+)$', text, re.MULTILINE)
    }


def find_broken_links(page, text):
    broken = []
    for target in LINK.findall(text):
        if target.startswith(('https://', 'http://')):
            continue
        path, _hash, anchor = target.partition('#')
        file = (page.parent / path).resolve() if path else page
        own = text if file == page else file.read_text() if file.is_file() else ''
        if not file.exists() or (anchor and anchor not in read_anchors(own)):
            broken.append(target)
    return broken


def find_unknown_menus(text, menus, settings):
    known = menus | settings | OTHER_WAYS
    return [way for way in MENU.findall(text) if tuple(way.split(' > ')) not in known]


def find_unknown_words(text, words):
    return [word for word in BOLD.findall(text) if word not in words]


def find_wrong_defaults(text, defaults):
    """ What the tables of a page headed "As shipped" say otherwise than the code. """
    wrong = []
    for table in SHIPPED.findall(text):
        for row in table.strip().split('\n'):
            label, value = (cell.strip(' *') for cell in row.strip('|').split('|'))
            if defaults.get(label) != value:
                wrong.append((label, value, defaults.get(label)))
    return wrong


def find_unknown_code(text):
    """ Files, make targets, services and options that the text names and nobody has. """
    targets = set(re.findall(r'^([a-z-]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE))
    services = set(YAML(typ='safe').load(ROOT / 'docker-compose.yml')['services'])
    options = configparser.RawConfigParser()
    options.read(ROOT / 'odoo.conf')
    known = set(options['options']) | set(
        re.findall(r'^; (school_\w+)', (ROOT / 'odoo.conf').read_text(), re.MULTILINE)
    )
    unknown = []
    for code in CODE.findall(text):
        path = code.split('*')[0]
        is_path = re.fullmatch(r'(school_\w+|tests|scripts|docker|docs)/[\w./-]*', path)
        if is_path and not list(ROOT.glob(code if '*' in code else path)):
            unknown.append(code)
        option = re.fullmatch(r'(school_(?:mpesa|sms)_\w+|\w+(?= = ))(?: = .+)?', code)
        if option and option[1] not in known:
            unknown.append(code)
    for target in re.findall(r'\bmake ([a-z][a-z-]+)(?=`|\n)', text):
        unknown += [] if target in targets else [f'make {target}']
    for service in re.findall(
        r'docker compose (?:exec(?: -T)?|restart|stop|logs) ([a-z][a-z-]*)', text,
    ):
        unknown += [] if service in services else [service]
    return unknown


def read_first_column(text, heading):
    """ The first cells of the first table after a heading. """
    rows = re.search(
        rf'^## {re.escape(heading)}\n(?s:.*?)^\|[-|]+\n((?:\|.*\n)+)', text, re.MULTILINE,
    )
    return [row.strip('|').split('|')[0].strip(' *') for row in rows[1].strip().split('\n')]


def read_constant(file, name):
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == name:
            return node.value
    raise AssertionError(name)


@pytest.mark.parametrize('page', [*PAGES, ROOT / 'README.md'], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    assert not find_broken_links(page, page.read_text())


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_every_picture_says_what_is_seen(page):
    for words_of, target in IMAGE.findall(page.read_text()):
        assert len(words_of.split()) > 4, target
        assert re.fullmatch(r'images/[a-z-]+(\.sw)?\.png', target)
        assert ('.sw.' in target) == (SWAHILI in page.name)


def test_every_picture_is_there():
    # They are made by a script; a checkout in which it never ran has none at all.
    if (DOCS / 'images').is_dir():
        named = {target for page in PAGES for _words, target in IMAGE.findall(page.read_text())}
        assert not [target for target in named if not (DOCS / target).is_file()]


@pytest.mark.parametrize('page', [*PAGES, ROOT / 'README.md'], ids=lambda page: page.name)
def test_every_way_through_the_menus_exists(page, menus, settings):
    assert not find_unknown_menus(page.read_text(), menus, settings)


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_bold_words_stand_on_the_screen(page, words, swahili_words):
    known = swahili_words if SWAHILI in page.name else words
    assert not find_unknown_words(FENCED.sub('', page.read_text()), known)


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_what_is_typed_exists(page):
    assert not find_unknown_code(page.read_text())


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_pages_are_short(page):
    assert len(page.read_text().splitlines()) <= LONGEST_OF.get(page.name, LONGEST)


@pytest.mark.parametrize('name', ['administrator.md', 'monitoring.md'])
def test_settings_are_as_shipped(name, defaults):
    text = (DOCS / name).read_text()
    assert '| As shipped |' in text
    assert not find_wrong_defaults(text, defaults)


def test_the_index_has_every_page():
    linked = set(LINK.findall((DOCS / 'README.md').read_text()))
    assert {page.name for page in PAGES} - {'README.md'} <= linked


def test_messages_lead_to_headings_that_stay():
    text = (DOCS / 'troubleshooting.md').read_text()
    assert re.findall(r'^## (.+)$', text, re.MULTILINE)
    assert read_anchors(text) - {'troubleshooting'} == set(TROUBLES)


def test_every_kind_of_alert_is_explained():
    kinds = read_constant(ROOT / 'school_mpesa/models/mpesa_alert.py', 'KINDS')
    labels = [label for _kind, label in ast.literal_eval(kinds)]
    text = (DOCS / 'monitoring.md').read_text()
    assert sorted(read_first_column(text, 'What each one means')) == sorted(labels)


def test_every_step_of_the_set_up_is_explained_in_its_order():
    steps = read_constant(ROOT / 'school_mpesa/models/mpesa_setup_catalogue.py', 'STEPS')
    titles = [step.args[1].args[0].value for step in steps.elts]
    text = (DOCS / 'connect-daraja.md').read_text()
    assert read_first_column(text, 'The steps') == titles


def test_the_addresses_to_be_allowed_are_those_that_are_shipped():
    data = etree.parse(ROOT / 'school_mpesa/data/mpesa_source_address_data.xml')
    shipped = [field.text for field in data.iter('field') if field.get('name') == 'address']
    text = (DOCS / 'deployment.md').read_text()
    assert sorted(re.findall(r'\b196(?:\.\d+){3}\b', text)) == sorted(shipped)


def test_python_packages_are_those_of_the_add_ons():
    text = (DOCS / 'deployment.md').read_text()
    for name in ADDONS:
        manifest = ast.literal_eval((ROOT / name / '__manifest__.py').read_text())
        assert set(manifest['external_dependencies']['python']) <= set(CODE.findall(text))


@pytest.mark.parametrize(('name', 'value', 'page', 'said'), [
    ('PROMPT_LIMITS', ((3, 600), (10, 86_400)), 'prompt-parents.md',
     "three in ten minutes, ten a day"),
    ('MONEY_BACK_WAITING_HOURS', 72, 'reverse-or-refund.md', "within 72 hours"),
    ('CLAIM_DAYS', 14, 'a-parent-says-i-paid.md', "After 14 days"),
])
def test_limits_are_those_of_the_code(name, value, page, said):
    assert ast.literal_eval(read_constant(ROOT / 'school_mpesa/const.py', name)) == value
    assert said in (DOCS / page).read_text()


def test_what_is_wrong_is_seen(menus, settings, words, defaults):
    """ Each look above finds something where something is wrong. """
    page = DOCS / 'faq.md'
    assert find_broken_links(page, '[a](nowhere.md) [b](api.md#nowhere) [c](#nowhere)') == [
        'nowhere.md', 'api.md#nowhere', '#nowhere',
    ]
    assert find_unknown_menus('*School Fees > M-PESA > Nowhere*', menus, settings)
    assert find_unknown_menus('*Settings > School Fees > Nowhere*', menus, settings)
    assert find_unknown_words('Press **Nothing Like This**.', words)
    assert find_wrong_defaults(
        '| Setting | As shipped |\n|---|---|\n| **Prompt Stays Open** | 121 |\n', defaults,
    ) == [('Prompt Stays Open', '121', '120')]
    assert find_unknown_code(
        '`school_mpesa/nowhere.py` `school_mpesa_key` `make nothing` docker compose exec nobody'
    ) == ['school_mpesa/nowhere.py', 'school_mpesa_key', 'make nothing', 'nobody']
