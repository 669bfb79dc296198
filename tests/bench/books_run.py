"""The books at size: 10,000 students and their history, on screen, in a bill run and meanwhile."""
import threading
import time

import import_run
import psutil
from client import percentile
from road import wait_for
from screens import Screens
from stack_config import say
from years_stack import YearsStack


# The school beside which queries are counted: its classes and families, too, fill more than a page
# of a list, beyond which Odoo counts the rest with one query more.
FEW, FEW_CLASS_SIZE = 200, 2
STUDENTS = 10_000
UNBILLED = 2_400
CLASS_SIZE = 40
PREVIEWED = 1_000  # students of the bill run
MATCHED = 40  # references of each kind
MENU = 'school_fees.menu_root'
# Years of history, students posted in the background, turns of 100 bills of each way, rows that
# are imported. Only the long form counts queries beside those of a small school, on every list of
# the menu.
SIZES = {'short': (1, 200, 1, 500), 'long': (10, 1_000, 10, 10_000)}
REPEATS = {'short': 6, 'long': 15}


def measure(size):
    """ Measure everything.

    :param str size: 'short' or 'long'.
    :return: Milliseconds and queries of each screen, and the bill run's figures.
    :rtype: dict
    """
    years, background, turns, rows = SIZES[size]
    options = {'workers': 3, 'max_cron_threads': 1}
    few = {}
    if size == 'long':
        with YearsStack('books_few', years, FEW, 0, FEW_CLASS_SIZE, **options) as stack:
            screens = Screens(stack)
            few = measure_screens(stack, screens, 3) | measure_menu(screens)
    with YearsStack('books', years, STUDENTS, UNBILLED, CLASS_SIZE, **options) as stack:
        facts = read_facts(stack)
        say(f"the books of {facts['students']} students: {facts['bills']} bills,"
            f" {facts['receipts']} receipts, {facts['items']} journal items")
        screens = Screens(stack)
        found = measure_screens(stack, screens, REPEATS[size])
        if size == 'long':
            found |= measure_menu(screens)
        classes = unbilled_classes(stack)
        say("posting bills, a bill run beside Odoo one by one")
        posting = stack.shell(
            f"from bench.bills_run import run\nresult = run(env, {classes!r}, {turns}, 100)",
        )
        preview, background = bill(stack, screens, classes, background)
        say("matching references")
        matching = stack.shell(f"from bench.match_run import run\nresult = run(env, {MATCHED})")
        say("importing students")
        imported = import_run.measure(screens, rows)
        memory = max(
            psutil.Process(pid).memory_info().rss
            for role in ('http', 'cron') for pid in stack.odoo_pids()[role]
        )
    growth = {name: found[name]['queries'] - few[name]['queries'] for name in few}
    return {
        'facts': facts, 'screens': found, 'few': few, 'growth': growth, 'posting': posting,
        'preview': preview, 'background': background, 'import': imported,
        'matching': matching, 'memory_mb': memory // 2**20,
    }


def figures(found):
    """ Return the figures under the names of the report.

    :param dict found: What :func:`measure` returned.
    :rtype: dict
    """
    screens = found['screens']
    aged = [value['p95'] for name, value in screens.items() if name.startswith('aged list')]
    listed = [value['p95'] for name, value in screens.items() if name.startswith('class list')]
    result = {
        'books.statement_p95_ms': screens['statement, all years']['p95'],
        'books.class_list_p95_ms': max(listed),
        'books.today_p95_ms': screens['today']['p95'],
        'books.aged_list_p95_ms': max(aged),
        'books.preview_ms': found['preview'],
        'books.post_ratio': found['posting']['ratio'],
        'books.post_cpu_ratio': found['posting']['cpu_ratio'],
        'books.meanwhile_p95_ms': found['background']['p95'],
        'books.import_rate': found['import']['rate'],
        'books.match_p95_ms': max(found['matching'].values()),
        'books.years': found['facts']['years'],
        'books.students': found['facts']['students'],
        'books.bills': found['facts']['bills'],
        'books.receipts': found['facts']['receipts'],
        'books.memory_mb': found['memory_mb'],
    }
    if found['growth']:
        result['books.query_growth'] = max(found['growth'].values())
    return result


# === Screens === #

def measure_screens(stack, screens, repeats):
    """ Measure the screens that a bursar opens.

    :param Stack stack: The running product, on generated history.
    :param Screens screens: The bursar's web client.
    :param int repeats: How often each is measured.
    :return: The figures of each screen.
    :rtype: dict
    """
    student, place = (
        stack.sql(query)[0]['id'] for query in (
            # Somebody who owes something of an earlier term, so that nothing is left out.
            "SELECT id FROM school_student WHERE admission_no = 'GEN-00011'",
            """SELECT class_id AS id FROM school_enrolment place
                 JOIN school_student student ON student.id = place.student_id
                WHERE admission_no = 'GEN-00011' AND date_to IS NULL""",
        )
    )
    class_list = screens.action('school_fees.school_balance_report_action_class')
    aged_list = screens.action('school_fees.school_balance_report_action_aged')
    active, owing = ('state', '=', 'active'), ('balance', '!=', 0)
    asks = {
        'today': screens.ask('school.dashboard', 'get_figures'),
        'statement, all years': screens.statement(student),
        'student': screens.form('school.student', student),
        'class list': screens.groups(class_list, 'class_id', [active]),
        'class list, one class': screens.page(class_list, [active, ('class_id', '=', place)]),
        'class list, ungrouped': screens.page(class_list, [active]),
        'aged list': screens.groups(aged_list, 'class_id', [owing]),
        'aged list, ungrouped': screens.page(aged_list, [owing]),
        'aged list of a past day': screens.groups(
            aged_list, 'class_id', [owing], {'school_as_at': '2026-08-31'},
        ),
    }
    return {name: screens.measure(ask, repeats) for name, ask in asks.items()}


def measure_menu(screens):
    """ Measure the first page of every list that the menu opens.

    :rtype: dict
    """
    return {
        f"menu: {action['name']}": screens.measure(screens.page(action), 3)
        for action in screens.menu_actions(MENU)
    }


def read_facts(stack):
    """ Count what the school holds.

    :rtype: dict
    """
    return stack.sql(
        """SELECT (SELECT COUNT(*) FROM school_student) AS students,
                  (SELECT COUNT(*) FROM account_move WHERE move_type = 'out_invoice') AS bills,
                  (SELECT COUNT(*) FROM school_receipt) AS receipts,
                  (SELECT COUNT(*) FROM account_move_line) AS items,
                  (SELECT COUNT(DISTINCT year_id) FROM school_enrolment) AS years""",
    )[0]


# === The bill run === #

def unbilled_classes(stack):
    """ Return the classes whose students have no bill in the current term.

    :rtype: list[int]
    """
    return [row['id'] for row in stack.sql(
        """SELECT enrolment.class_id AS id FROM school_enrolment enrolment
             JOIN school_student student ON student.id = enrolment.student_id
              AND student.admission_no LIKE 'GEN-_____'
             LEFT JOIN account_move bill ON bill.student_id = enrolment.student_id
              AND bill.school_doc_type = 'term_bill'
              AND bill.term_id = (SELECT id FROM school_term WHERE state = 'current')
            WHERE enrolment.date_to IS NULL
            GROUP BY 1 HAVING COUNT(bill.id) = 0 ORDER BY 1""",
    )]


def bill(stack, screens, classes, count):
    """ Preview 1,000 students; post some in the background while somebody uses the web client.

    :param Stack stack: The running product.
    :param Screens screens: The bursar's web client.
    :param list classes: The classes that are not billed yet.
    :param int count: How many students are posted.
    :return: Milliseconds of the preview, and what went on while bills were posted.
    :rtype: tuple[float, dict]
    """
    term = stack.sql("SELECT id FROM school_term WHERE state = 'current'")[0]['id']
    took = []
    for wanted in {PREVIEWED, count}:
        chosen = classes[:wanted // CLASS_SIZE]
        run_id, = screens.call('school.bill.run', 'create', [{
            'term_id': term, 'class_ids': [[6, 0, chosen]],
        }])
        started = time.perf_counter()
        screens.call('school.bill.run', 'action_preview', [run_id])
        screens.form('school.bill.run', run_id)()
        took.append((wanted, round((time.perf_counter() - started) * 1000), run_id))
    preview = next(ms for wanted, ms, _run in took if wanted == PREVIEWED)
    run_id = next(run for wanted, _ms, run in took if wanted == count)
    return preview, _post(stack, screens, run_id, count)


def _post(stack, screens, run_id, count):
    students = screens.action('school_fees.school_student_action')
    class_list = screens.action('school_fees.school_balance_report_action_class')
    asks = [screens.page(students), screens.groups(class_list, 'class_id'),
            screens.form('school.bill.run', run_id)]
    took, over = [], threading.Event()

    def use():
        while not over.wait(1):
            for ask in asks:
                _result, seconds, _queries = ask()
                took.append(round(seconds * 1000, 1))

    person = threading.Thread(target=use)
    started = time.perf_counter()
    screens.call('school.bill.run', 'action_post', [run_id])
    person.start()
    try:
        wait_for(
            lambda: stack.sql(
                "SELECT state FROM school_bill_run WHERE id = %s", [run_id],
            )[0]['state'] == 'done', f"{count} posted bills", timeout=600,
        )
        elapsed = time.perf_counter() - started
    finally:
        over.set()
        person.join()
    skipped = stack.sql(
        "SELECT COUNT(*) AS n FROM school_bill_run_student WHERE run_id = %s AND state <> 'posted'",
        [run_id],
    )[0]['n']
    if skipped:
        message = f"{skipped} students were not billed"
        raise RuntimeError(message)
    return {
        'bills': count, 'seconds': round(elapsed, 1), 'rate': round(count / elapsed, 1),
        'p95': round(percentile(took, 95), 1), 'worst': max(took), 'requests': len(took),
    }
