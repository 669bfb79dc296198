"""A running product on a school with years of history."""
import contextlib
import hashlib
from pathlib import Path

import invariants
import stack_database
from stack_config import StackError
from stack_with_addons import StackWithAddons


FOLDER = Path(__file__).parent
SAMPLE = 50  # students whose figures are compared everywhere


class YearsStack(StackWithAddons):
    """ A run on generated history, which is made once and then copied.

    :param str name: As of `Stack`.
    :param int years: How many years of history.
    :param int students: How many students.
    :param int unbilled: How many of them have no bill yet in the last term.
    :param int class_size: How many students a class has.
    """

    def __init__(self, name, years, students, unbilled, class_size, **options):
        super().__init__(
            name, FOLDER / 'addons', '', simulator=False,
            odoo_options=['--load=base,rpc,web,school_query_count'], **options,
        )
        self.size = (years, students, unbilled, class_size)

    def _make_database(self):
        # Copying files is faster than writing a large database through the log.
        stack_database.clone(self._template(), self.database, strategy='FILE_COPY')

    def _connect_school(self):
        """ Override: nobody outside is told of this school, which has too many bills to list. """

    def _template(self):
        """ Return the name of an up-to-date database with the history.

        :rtype: str
        """
        demo = stack_database.template('demo', build_demo=self._build_demo, say=self.say)
        years, students, *_rest = self.size
        kind = f'{demo.partition("_demo_")[0]}_years{years}x{students}'
        texts = [path.read_text() for path in sorted(FOLDER.glob('ten_years*.py'))]
        parts = '\0'.join((demo, *texts, repr(self.size)))
        name = f'{kind}_{hashlib.sha256(parts.encode()).hexdigest()[:8]}'
        if not stack_database.exists(name):
            self.say(f"writing {years} years of {students} students")
            stack_database.drop_all(f'{kind}_')
            unfinished = f'{name}_new'
            stack_database.clone(demo, unfinished)
            self._fill(unfinished)
            stack_database.finish(unfinished, name)
        return name

    def _fill(self, database):
        """ Write the history, and check that the product and the ledger agree on it. """
        self.shell(
            "from bench.ten_years import load_history\n"
            f"load_history(env, *{self.size!r})", database=database,
        )
        with contextlib.closing(stack_database.connect(database)) as connection, \
                connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as the database does by itself at night
        own, self.database = self.database, database
        broken = invariants.broken(self)
        self.database = own
        broken |= self.shell(
            f"from bench.ten_years import compare_figures\nresult = compare_figures(env, {SAMPLE})",
            database=database,
        )
        if broken:
            message = f"the generated history breaks what must hold: {broken}"
            raise StackError(message)
