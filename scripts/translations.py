"""Templates and Swahili of both add-ons: `translations.py update` writes them, `check` compares.

The check fails when a text in the code is missing from the template, has no Swahili yet, or has
one whose placeholders, tags or outer blanks differ from the English.
"""
import re
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
# What the code fills in or the browser reads: a slip there breaks the page, not only the words.
FIXED = re.compile(r'%\(\w+\)[a-z]|%[sd]|\{\{\d+\}\}|\{\w+\}|</?[a-zA-Z][^>]*>|&\w+;|\n')
# The words inside a tag that people see or hear are translated too.
SPOKEN = re.compile(r'\b(aria-label|title|alt|placeholder)="[^"]*"')


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


def shape(text):
    """ Return what a translation must keep: placeholders, tags, line breaks and outer blanks.

    :param str text: The English, or its Swahili.
    :rtype: tuple
    """
    kept = sorted(FIXED.findall(SPOKEN.sub(r'\1', text)))
    return kept, text[:len(text) - len(text.lstrip())], text[len(text.rstrip()):]


def uses(path):
    """ Return the places that use each text of a file: Odoo applies a translation only there.

    :param Path path: A template, or a language's file.
    :rtype: dict
    """
    if not path.exists():
        return {}
    return {entry.msgid: set(entry.occurrences) for entry in polib.pofile(str(path))}


def check(module, template):
    """ Compare the files with the code.

    :rtype: bool
    """
    pot, swahili = files(module)
    wanted = {entry.msgid: set(entry.occurrences) for entry in template}
    faults = []
    for path in (pot, swahili):
        written = uses(path)
        faults += [
            f"{path.name} does not match the code in {text[:70]!r}; run `update`"
            for text in sorted(wanted.keys() | written.keys())
            if wanted.get(text) != written.get(text)
        ]
    for entry in polib.pofile(str(swahili)) if swahili.exists() else ():
        if not entry.translated():
            faults.append(f"no Swahili for {entry.msgid[:70]!r}")
        elif shape(entry.msgid) != shape(entry.msgstr):
            faults.append(f"placeholders, tags or blanks differ in {entry.msgid[:70]!r}")
    for fault in faults:
        say(f"{module}: {fault}")
    return not faults


def run(action):
    """ Run an action over both add-ons, in a copy of the template database.

    :param action: `update` or `check`.
    :return: Whether all is well.
    :rtype: bool
    :raise StackError: when the texts cannot be exported.
    """
    stack_database.start_postgres()
    stack_database.clone(stack_database.template('plain', say=say), DATABASE)
    try:
        with tempfile.TemporaryDirectory() as folder:
            results = [action(module, export(module, Path(folder))) for module in ADDONS]
    finally:
        stack_database.drop(DATABASE)
    return all(results)


def main():
    """ Run the action named on the command line.

    :return: The exit code.
    :rtype: int
    """
    actions = {'update': update, 'check': check}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        say("usage: translations.py update|check")
        return 2
    try:
        return 0 if run(actions[sys.argv[1]]) else 1
    except StackError as error:
        say(f"STOPPED: {error}")
        return 1


if __name__ == '__main__':
    sys.exit(main())
