"""Templates and Swahili of both add-ons: `translations.py update` writes them, `check` compares.

The check fails when a text in the code is missing from the template, or has no Swahili yet.
"""
import sys
import tempfile
from pathlib import Path

import polib
import stack_config
import stack_database
from stack_config import ADDONS, LOCAL, ROOT, StackError, say


DATABASE = 'school_translations'
LANGUAGE = 'sw'
# Dates would change the files at every export.
METADATA = {
    'Project-Id-Version': 'Odoo Server 19.0',
    'Report-Msgid-Bugs-To': '',
    'MIME-Version': '1.0',
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Transfer-Encoding': '8bit',
}


def export(module, folder):
    """ Export the template of an add-on from a database of its present code.

    :param str module: The add-on.
    :param Path folder: Where the raw file may lie.
    :rtype: polib.POFile
    """
    raw = folder / f'{module}.pot'
    conf = stack_config.write_odoo_conf(LOCAL / 'run' / 'translations.conf', {
        **stack_config.keys(), 'db_name': DATABASE, 'workers': 0,
    })
    done = stack_config.run_command(
        [
            *stack_config.odoo_command(), 'i18n', 'export', '-c', conf, '-d', DATABASE,
            '-l', 'pot', '-o', raw, module,
        ],
        env=stack_config.process_environment(), capture_output=True,
    )
    if done.returncode or not raw.exists():
        message = f"The texts of {module} could not be exported:\n{done.stderr[-1000:]}"
        raise StackError(message)
    template = polib.pofile(str(raw))
    template.metadata = dict(METADATA)
    # Odoo writes line numbers of 0 and, in some entries, the order of a set.
    for entry in template:
        entry.occurrences = sorted(entry.occurrences)
    template.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ''))
    return template


def translate(template, known):
    """ Return the template filled with the Swahili known so far.

    :param polib.POFile template: The template.
    :param dict known: Swahili by English.
    :rtype: polib.POFile
    """
    filled = polib.POFile()
    filled.metadata = {**METADATA, 'Language': LANGUAGE}
    for entry in template:
        filled.append(polib.POEntry(
            msgid=entry.msgid, msgstr=known.get(entry.msgid, ''), comment=entry.comment,
            occurrences=entry.occurrences,
        ))
    return filled


def files(module):
    """ Return the add-on's template and Swahili files.

    :rtype: tuple[Path, Path]
    """
    folder = ROOT / module / 'i18n'
    return folder / f'{module}.pot', folder / f'{LANGUAGE}.po'


def update(module, template):
    """ Write the template, and the Swahili that is already there.

    :rtype: bool
    """
    pot, swahili = files(module)
    pot.parent.mkdir(exist_ok=True)
    known = {}
    if swahili.exists():
        known = {entry.msgid: entry.msgstr for entry in polib.pofile(str(swahili))}
    template.save(str(pot))
    filled = translate(template, known)
    filled.save(str(swahili))
    say(f"{module}: {len(filled)} texts, {len(filled.untranslated_entries())} without Swahili")
    return True


def check(module, template):
    """ Compare the files with the code.

    :rtype: bool
    """
    pot, swahili = files(module)
    wanted = {entry.msgid for entry in template}
    written = {entry.msgid for entry in polib.pofile(str(pot))} if pot.exists() else set()
    translated = {
        entry.msgid for entry in polib.pofile(str(swahili)) if entry.translated()
    } if swahili.exists() else set()
    for text in sorted(wanted ^ written):
        say(f"{module}: the template differs in {text[:70]!r}")
    for text in sorted(wanted - translated):
        say(f"{module}: no Swahili for {text[:70]!r}")
    return wanted == written and wanted <= translated


def main():
    """ Run the action named on the command line over both add-ons.

    :return: The exit code.
    :rtype: int
    """
    action = {'update': update, 'check': check}[sys.argv[1]]
    try:
        stack_database.start_postgres()
        stack_database.clone(stack_database.template('plain', say=say), DATABASE)
        try:
            with tempfile.TemporaryDirectory() as folder:
                results = [action(module, export(module, Path(folder))) for module in ADDONS]
        finally:
            stack_database.drop(DATABASE)
    except StackError as error:
        say(f"STOPPED: {error}")
        return 1
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
