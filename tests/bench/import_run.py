"""Students with their guardians, from a file into the books, as a bursar imports them."""
import base64
import csv
import io
import time


HEADER = [
    "Admission Number", "Name", "Class", "Stream", "Day or Boarding", "Joined On", "Family Code",
    "Guardian 1 Name", "Guardian 1 Relation", "Guardian 1 Phone",
    "Guardian 2 Name", "Guardian 2 Relation", "Guardian 2 Phone",
]
LETTERS = 'abcdefghijklmnopqrstuvwxyz'


def measure(screens, count):
    """ Import a file of new students, two to a family, each family with two guardians.

    :param Screens screens: The bursar's web client.
    :param int count: How many students.
    :return: Seconds of the preview and of the import, and rows per second of the latter.
    :rtype: dict
    """
    import_id, = screens.call('school.import', 'create', [{
        'file': base64.b64encode(_write(count)).decode(), 'file_name': "students.csv",
    }])
    started = time.perf_counter()
    screens.call('school.import', 'action_preview', [import_id])
    previewed = time.perf_counter()
    found, = screens.call('school.import', 'read', [import_id], ['new_count', 'warning_count'])
    if (found['new_count'], found['warning_count']) != (count, 0):
        message = f"the preview of {count} new students says {found}"
        raise RuntimeError(message)
    began = time.perf_counter()
    screens.call('school.import', 'action_import', [import_id])
    imported = time.perf_counter()
    return {
        'rows': count, 'preview_s': round(previewed - started, 1),
        'import_s': round(imported - began, 1), 'rate': round(count / (imported - began), 1),
    }


def _write(count):
    """ Return the bytes of the file. """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for number in range(count):
        family = number // 2
        surname = f"Import {LETTERS[family % 26]}"
        writer.writerow([
            f'IMP-{number + 1:05}', f"{LETTERS[number % 26].upper()}child {surname}",
            f"Year {number % 10 + 1}", '1', 'day', '2026-01-05', f'IMPF-{family + 1:05}',
            f"Mother {surname}", 'mother', f'0722{family:06}',
            f"Father {surname}", 'father', f'0733{family:06}',
        ])
    return out.getvalue().encode()
