"""How long it takes to find out whose money a reference means. Runs inside an Odoo shell."""
import time


WARMING = 5  # references that only warm the caches
KINDS = {
    'the number itself': "GEN-{number:05}",
    'written otherwise': "fees gen {number} term 1",
    'one sign wrong': "GEM-{number:05}",
    'a digit too many': "GEN-{number:05}7",
    'the number alone, short': "{number}",
    'a name that many have': "{name}",
    'a number and a name': "GEN-{number:05} {name}",
    "a guardian's phone": "0713{number:06}",
    'a pay code with a slip': "{number:07}",
    'words': "karo ya shule",
}


def run(env, count):
    """ Match references of every kind, each in an environment of its own.

    :param env: The shell's environment, on a school with history.
    :param int count: How many references of each kind.
    :return: For each kind the milliseconds of its slowest but one in twenty.
    :rtype: dict[str, float]
    """
    students = env['school.student'].search(
        [('admission_no', '=like', 'GEN-_____')], order='id', limit=count + WARMING,
    )
    found = {}
    for kind, pattern in KINDS.items():
        took = []
        for number, student in enumerate(students, start=7):
            reference = pattern.format(number=number * 7, name=student.name)
            env.invalidate_all()
            started = time.perf_counter()
            env['school.student']._match_reference(reference)
            took.append((time.perf_counter() - started) * 1000)
        took = sorted(took[WARMING:])
        found[kind] = round(took[int(len(took) * 0.95)], 2)
    return found
