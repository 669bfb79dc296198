"""A school of 10,000 students with ten years behind it. Runs inside an Odoo shell.

The history of all students is copied from that of the model student by SQL, year after year, so
that it stands in the tables as the product would have written it.
"""
# The SQL is put together of names and expressions that stand in this file.
# ruff: noqa: S608
# pylint: disable=sql-injection,invalid-commit

from odoo.addons.school_fees.rules.admission_number import canonical_key
from odoo.addons.school_fees.rules.pay_code import FIRST_SERIAL, make_pay_code

from .ten_years_model import FEES, Prototype


FIRST_NAMES = [
    "Faith", "Brian", "Kevin", "Joy", "Samuel", "Esther", "Mercy", "Collins", "Grace", "Dennis",
    "Amina", "Yusuf", "Victor", "Purity", "Sharon", "Kelvin", "Ruth", "Stacy", "Felix", "Daniel",
    "Lydia", "Fatuma", "Ali", "Caroline", "Ian", "Elvis", "Winnie", "Naomi", "Peter",
]
SURNAMES = [
    "Otieno", "Wanjiku", "Mwangi", "Chebet", "Barasa", "Hassan", "Mutua", "Kiptoo", "Njoroge",
    "Omondi", "Nyaboke", "Mohamed", "Musyoka", "Simiyu", "Kamau", "Achieng", "Koech", "Wekesa",
    "Ndungu", "Karanja", "Owino", "Cherono", "Maina",
]
# The tables that grow large. Their indexes are made anew when they are full.
LARGE = (
    'account_move', 'account_move_line', 'account_payment', 'account_partial_reconcile',
    'school_receipt', 'school_receipt_line',
)
PARTS = 5  # payments of a bill


def _pad(number, digits):
    """ Return the SQL of a number with leading zeros; one of more digits keeps them all. """
    return f"LPAD(({number})::text, GREATEST({digits}, LENGTH(({number})::text)), '0')"


class History:
    """ The copies of the model student, and of what happened on the account.

    :param Prototype model: What is copied.
    :param int students: How many.
    :param int unbilled: How many of them, the last ones, have no bill yet in the last term.
    :param int class_size: How many students a class has.
    """

    def __init__(self, model, students, unbilled, class_size):
        self.model = model
        self.students = students
        self.unbilled = unbilled
        self.class_size = class_size
        self.cr = model.env.cr
        self._next = {}
        self._numbers = {}
        self._columns = {}

    def make(self):
        """ Copy, a term at a time: in the tables stands what happened in the order of time. """
        # The rows are copies of valid ones: checking each of their references took most of the
        # time. What comes of them is checked as a whole afterwards.
        self._run("SET LOCAL session_replication_role = replica")
        self._run("SET LOCAL work_mem = '128MB'")
        indexes = self._drop_indexes()
        self._copy_people()
        for position, term in enumerate(self.model.terms):
            self._copy_term(term, len(self.model.terms) - 1 - position)
        for table, number in self._next.items():
            self._run("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", table, number)
        # An index made beside rows that the same transaction has changed may not be used at once.
        self.cr.commit()
        self._run("SET LOCAL maintenance_work_mem = '512MB'")
        for definition in indexes:
            self._run(definition)

    # === Tools === #

    def _run(self, statement, *parameters):
        self.cr.execute(statement, parameters or None)

    def _read(self, statement, *parameters):
        self._run(statement, *parameters)
        return self.cr.fetchall()

    def _drop_indexes(self):
        """ Drop the indexes of the large tables that no constraint needs.

        :return: The statements that make them again.
        :rtype: list[str]
        """
        found = self._read(
            """SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid)
                 FROM pg_index index
                WHERE index.indrelid::regclass::text = ANY(%s)
                  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)""",
            list(LARGE),
        )
        for name, _definition in found:
            self._run(f'DROP INDEX {name}')
        return [definition for _name, definition in found]

    def _ids(self, table, count):
        """ Reserve ids, which begin after the number returned. """
        if table not in self._next:
            (self._next[table],), = self._read(f'SELECT COALESCE(MAX(id), 0) FROM {table}')
        first = self._next[table]
        self._next[table] += count
        return first

    def _number(self, table, prefix, count):
        """ Reserve numbers of a sequence, which begin after the number returned. """
        key = table, prefix
        if key not in self._numbers:
            (self._numbers[key],), = self._read(
                f'SELECT COALESCE(MAX(sequence_number), 0) FROM {table} WHERE sequence_prefix = %s',
                prefix,
            )
        first = self._numbers[key]
        self._numbers[key] += count
        return first

    def _copy(self, table, source, rows, model='id = %(model)s', **values):
        """ Insert one copy of a row for each row of a temporary table.

        :param str table: The table.
        :param source: What tells the model row, as `model` in the condition.
        :param str rows: The temporary table, called `new` in the expressions.
        :param str model: The condition on the model rows.
        :param values: The SQL expressions of the columns in which a copy differs. `model` is the
                       row that is copied, and `model.place` its place among several.
        """
        if table not in self._columns:
            self._columns[table] = [name for name, in self._read(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = %s", table,
            )]
        columns = self._columns[table]
        assert values.keys() <= set(columns), values.keys() - set(columns)
        chosen = ', '.join(values.get(name, f'model."{name}"') for name in columns)
        names = ', '.join(f'"{name}"' for name in columns)
        self.cr.execute(
            f"""INSERT INTO {table} ({names})
                SELECT {chosen}
                  FROM {rows} new, (
                      SELECT *, ROW_NUMBER() OVER (ORDER BY id) - 1 AS place
                        FROM {table} WHERE {model}
                  ) model""",
            {'model': source},
        )

    # === What is copied === #

    def _copy_people(self):
        """ Students, two to a family, with a guardian, and their places in the years. """
        model, count = self.model, self.students
        families = (count + 1) // 2
        partner, guardian, student, family = (
            self._ids(table, number) for table, number in (
                ('res_partner', count), ('res_partner', families), ('school_student', count),
                ('school_family', families),
            )
        )
        taken = {code for code, in self._read("SELECT pay_code FROM school_student")}
        codes = (make_pay_code(FIRST_SERIAL + 7 * number) for number in range(2 * count))
        codes = [code for code in codes if code not in taken][:count]
        numbers = [f'GEN-{number:05}' for number in range(1, count + 1)]
        names = [
            f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {SURNAMES[number % len(SURNAMES)]}"
            for number in range(count)
        ]
        self._run(
            """CREATE TEMPORARY TABLE new_student AS
               SELECT person.*, n - 1 AS place, %s + n AS id, %s + n AS partner_id,
                      %s + 1 + (n - 1) %% %s AS family_id
                 FROM UNNEST(%s, %s, %s, %s) WITH ORDINALITY
                   AS person(admission_no, admission_key, pay_code, name, n)""",
            student, partner, family, families, numbers, list(map(canonical_key, numbers)), codes,
            names,
        )
        self._run(
            """CREATE TEMPORARY TABLE new_family AS
               SELECT n, %s + n AS id, %s + n AS guardian_id
                 FROM GENERATE_SERIES(1, %s) n""", family, guardian, families,
        )
        self._copy(
            'res_partner', model.student.partner_id.id, 'new_student', id='new.partner_id',
            commercial_partner_id='new.partner_id', name='new.name', complete_name='new.name',
            ref='new.admission_no',
        )
        self._copy(
            'res_partner', model.guardian.id, 'new_family', id='new.guardian_id',
            commercial_partner_id='new.guardian_id', name="'Guardian ' || new.n",
            complete_name="'Guardian ' || new.n", phone="'0713 ' || LPAD(new.n::text, 6, '0')",
            phone_sanitized="'+254713' || LPAD(new.n::text, 6, '0')",
        )
        self._copy(
            'school_family', model.student.family_id.id, 'new_family', id='new.id',
            name="'Family ' || new.n", code="'GENF-' || new.n", code_key="'GENF' || new.n",
        )
        self._copy(
            'school_student', model.student.id, 'new_student', id='new.id',
            partner_id='new.partner_id', name='new.name', admission_no='new.admission_no',
            admission_key='new.admission_key', pay_code='new.pay_code', family_id='new.family_id',
        )
        link = self._ids('school_guardian_link', count)
        self._copy(
            'school_guardian_link', model.student.guardian_link_ids.id, 'new_student',
            id=f'{link} + new.n', student_id='new.id',
            partner_id=f'{guardian} + new.family_id - {family}',
        )
        self.enrolments = {}
        for year, classes in model.classes.items():
            first = self.enrolments[year] = self._ids('school_enrolment', count)
            places = ', '.join(
                f'({place}, {one.id}, {one.level_id.id})' for place, one in enumerate(classes)
            )
            self._run(
                f"""CREATE TEMPORARY TABLE new_enrolment ON COMMIT DROP AS
                    SELECT {first} + student.n AS id, student.id AS student_id, class_id, level_id
                      FROM new_student student
                      JOIN (VALUES {places}) class(place, class_id, level_id)
                        ON class.place = student.place / {self.class_size}""",
            )
            last_day = 'NULL' if year == model.year else f"DATE '{year.date_to}'"
            self._copy(
                'school_enrolment', model.enrolment.id, 'new_enrolment', id='new.id',
                student_id='new.student_id', class_id='new.class_id', level_id='new.level_id',
                year_id=str(year.id), date_from=f"DATE '{year.date_from}'", date_to=last_day,
            )
            self._run("DROP TABLE new_enrolment")

    def _copy_term(self, term, ago):
        """ Bills of a term, and what was paid of them.

        :param school.term term: The term.
        :param int ago: How many terms ago; zero is the current one.
        """
        self._plan_term(term, ago)
        self._copy_bills(term)
        self._copy_receipts(term)
        self._run("DROP TABLE new_bill")
        self._run("DROP TABLE new_receipt")

    def _plan_term(self, term, ago):
        """ Say who is billed, and what of it is paid.

        Of the current term, students have paid from nothing to all; of the one before, one in ten
        owes two parts, of the fourth one in fifty one part. One in twenty has paid ahead.
        """
        billed = self.students - (0 if ago else self.unbilled)
        paid = {0: 'place %% 6', 1: 'CASE WHEN place %% 10 = 0 THEN 3 ELSE 5 END',
                3: 'CASE WHEN place %% 50 = 0 THEN 4 ELSE 5 END'}.get(ago, '5')
        move, line, full = (
            self._ids(table, number) for table, number in (
                ('account_move', billed), ('account_move_line', billed * (len(FEES) + 1)),
                ('account_full_reconcile', billed),
            )
        )
        year = term.date_from.year
        this_year = str(self.model.year.date_from.year)
        prefix = self.model.bill.sequence_prefix.replace(this_year, str(year))
        number = self._number('account_move', prefix, billed)
        self._run(
            f"""CREATE TEMPORARY TABLE new_bill AS
                SELECT student.*, %s + n AS move_id, %s + (n - 1) * %s AS line_id,
                       %s + n AS full_id,
                       %s AS prefix, %s + n AS number, %s || {_pad('n + %s', 5)} AS title,
                       %s + n AS enrolment_id, {paid} AS paid
                  FROM new_student student WHERE n <= %s""",
            move, line, len(FEES) + 1, full, prefix, number, prefix, number, number,
            self.enrolments[term.year_id], billed,
        )
        ahead = 'place %% 20 = 7' if ago == 0 else 'FALSE'
        self._run(
            f"""CREATE TEMPORARY TABLE new_receipt AS
                SELECT *, ROW_NUMBER() OVER (ORDER BY day, id) AS row
                  FROM (
                        SELECT id, partner_id, family_id, name, day, TRUE AS settles,
                               line_id + %s AS debit_id,
                               CASE WHEN paid = %s THEN full_id END AS full_id
                          FROM new_bill, GENERATE_SERIES(0, paid - 1) part,
                               LATERAL (SELECT %s + (7 * part)::int AS day) dated
                         UNION ALL
                        SELECT id, partner_id, family_id, name, %s, FALSE, NULL, NULL
                          FROM new_student WHERE {ahead}
                       ) received""",
            len(FEES) + 1, PARTS, term.due_date, term.due_date,
        )

    def _copy_bills(self, term):
        bill, part = self.model.bill, self.model.part
        dates = {
            'date': f"DATE '{term.bill_date}'", 'invoice_date': f"DATE '{term.bill_date}'",
        }
        left = f'({PARTS} - new.paid) * {part}'
        self._copy(
            'account_move', bill.id, 'new_bill', id='new.move_id', name='new.title',
            payment_reference='new.title', sequence_prefix='new.prefix',
            sequence_number='new.number', partner_id='new.partner_id',
            commercial_partner_id='new.partner_id', partner_shipping_id='new.partner_id',
            invoice_partner_display_name='new.name', student_id='new.id',
            family_id='new.family_id', term_id=str(term.id), enrolment_id='new.enrolment_id',
            bill_run_id='NULL', access_token='NULL', **dates,
            invoice_date_due=f"DATE '{term.due_date}'",
            amount_residual=left, amount_residual_signed=left,
            payment_state=f"""CASE new.paid WHEN {PARTS} THEN 'paid' WHEN 0 THEN 'not_paid'
                              ELSE 'partial' END""",
        )
        common = {
            'move_id': 'new.move_id', 'move_name': 'new.title', 'partner_id': 'new.partner_id',
            'student_id': 'new.id', **dates,
        }
        self._copy(
            'account_move_line', bill.id, 'new_bill',
            "move_id = %(model)s AND display_type = 'product'",
            id='new.line_id + 1 + model.place', **common,
        )
        self._copy(
            'account_move_line', bill.id, 'new_bill',
            "move_id = %(model)s AND display_type = 'payment_term'",
            id=f'new.line_id + {len(FEES) + 1}', name='new.title', **common,
            date_maturity=f"DATE '{term.due_date}'",
            amount_residual=left, amount_residual_currency=left,
            reconciled=f'new.paid = {PARTS}',
            full_reconcile_id=f'CASE WHEN new.paid = {PARTS} THEN new.full_id END',
            matching_number=f"""CASE new.paid WHEN 0 THEN NULL WHEN {PARTS} THEN new.full_id::text
                                ELSE 'P' || new.line_id END""",
        )
        self._copy(
            'account_full_reconcile', bill.line_ids.full_reconcile_id.id,
            f'(SELECT full_id FROM new_bill WHERE paid = {PARTS})', id='new.full_id',
        )
        for relation, other in (
            ('account_move_line_account_tax_rel', 'account_tax_id'),
            ('account_account_tag_account_move_line_rel', 'account_account_tag_id'),
        ):
            self._run(
                f"""INSERT INTO {relation} (account_move_line_id, {other})
                    SELECT new.line_id + model.place, relation.{other}
                      FROM new_bill new, {relation} relation
                      JOIN (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place
                              FROM account_move_line
                             WHERE move_id = %s AND display_type = 'product') model
                        ON model.id = relation.account_move_line_id""", bill.id,
            )

    def _copy_receipts(self, term):
        (count,), = self._read("SELECT COUNT(*) FROM new_receipt")
        model = self.model.receipts[0]
        share = model.line_ids
        payment, credit = share.payment_id, share.move_line_id
        year, this_year = str(term.date_from.year), str(self.model.year.date_from.year)
        prefix = model.sequence_prefix.replace(this_year, year)
        entry_prefix = payment.move_id.sequence_prefix.replace(this_year, year)
        number = self._number('school_receipt', prefix, count)
        entry_number = self._number('account_move', entry_prefix, count)
        title = f"'{prefix}' || {_pad(f'{number} + new.row', 6)}"
        entry_title = f"'{entry_prefix}' || {_pad(f'{entry_number} + new.row', 5)}"
        move = self._ids('account_move', count)
        line = self._ids('account_move_line', 2 * count)
        paid = self._ids('account_payment', count)
        receipt = self._ids('school_receipt', count)
        self._copy(
            'account_move', payment.move_id.id, 'new_receipt', id=f'{move} + new.row',
            name=entry_title, sequence_prefix=f"'{entry_prefix}'",
            sequence_number=f'{entry_number} + new.row', ref=title, date='new.day',
            partner_id='new.partner_id', commercial_partner_id='new.partner_id',
            invoice_partner_display_name='new.name', origin_payment_id=f'{paid} + new.row',
        )
        common = {
            'move_id': f'{move} + new.row', 'move_name': entry_title, 'ref': title,
            'date': 'new.day', 'date_maturity': 'new.day', 'partner_id': 'new.partner_id',
            'payment_id': f'{paid} + new.row',
        }
        liquidity = payment.move_id.line_ids - credit
        self._copy(
            'account_move_line', liquidity.id, 'new_receipt', id=f'{line} + 2 * new.row - 1',
            **common,
        )
        self._copy(
            'account_move_line', credit.id, 'new_receipt', id=f'{line} + 2 * new.row', **common,
            reconciled='new.settles', full_reconcile_id='new.full_id',
            amount_residual=f'CASE WHEN new.settles THEN 0 ELSE {credit.balance} END',
            amount_residual_currency=f'CASE WHEN new.settles THEN 0 ELSE {credit.balance} END',
            matching_number=f"""CASE WHEN new.settles THEN COALESCE(
                                new.full_id::text, 'P' || new.debit_id - {len(FEES) + 1}) END""",
        )
        self._copy(
            'account_payment', payment.id, 'new_receipt', id=f'{paid} + new.row',
            move_id=f'{move} + new.row', name=entry_title, memo=title, date='new.day',
            partner_id='new.partner_id', is_reconciled='new.settles',
        )
        self._copy(
            'school_receipt', model.id, 'new_receipt', id=f'{receipt} + new.row', number=title,
            sequence_prefix=f"'{prefix}'", sequence_number=f'{number} + new.row', date='new.day',
            slug=f"'bench' || LPAD(TO_HEX({receipt} + new.row), 7, '0')",
            family_id='new.family_id',
        )
        shares = self._ids('school_receipt_line', count)
        self._copy(
            'school_receipt_line', share.id, 'new_receipt', id=f'{shares} + new.row',
            receipt_id=f'{receipt} + new.row', student_id='new.id',
            payment_id=f'{paid} + new.row', move_line_id=f'{line} + 2 * new.row',
        )
        partial = credit.matched_debit_ids
        first = self._ids('account_partial_reconcile', count)
        self._copy(
            'account_partial_reconcile', partial.id,
            '(SELECT * FROM new_receipt WHERE settles)', id=f'{first} + new.row',
            debit_move_id='new.debit_id', credit_move_id=f'{line} + 2 * new.row',
            full_reconcile_id='new.full_id', max_date='new.day',
        )


def load_history(env, years, students, unbilled, class_size):
    """ Fill a database that holds the demo school.

    :param env: The shell's environment.
    :param int years: How many years.
    :param int students: How many students.
    :param int unbilled: How many of them have no bill yet in the last term.
    :param int class_size: How many students a class has.
    """
    model = Prototype(env, years, -(-students // class_size))
    History(model, students, unbilled, class_size).make()


def compare_figures(env, count):
    """ Compare what the statement, the lists and the ledger say of some students.

    :param env: The shell's environment, on a filled database.
    :param int count: How many students, from the whole school.
    :return: For each student who differs the figures; nothing when all agree.
    :rtype: dict
    """
    students = env['school.student'].search([('admission_no', '=like', 'GEN-%')], order='id')
    students = students[::max(1, len(students) // count)]
    statements = env['school.statement']._get_statements(students)
    listed = {row.student_id: row for row in env['school.balance.report'].search([
        ('student_id', 'in', students.ids),
    ])}
    env.cr.execute(
        """SELECT line.partner_id, SUM(line.balance)
             FROM account_move_line line JOIN account_account account ON account.id = account_id
            WHERE account_type = 'asset_receivable' AND parent_state = 'posted'
              AND line.partner_id = ANY(%s) GROUP BY 1""", [students.partner_id.ids],
    )
    ledger = dict(env.cr.fetchall())
    figures = {
        student.admission_no: {
            'ledger': float(ledger.get(student.partner_id.id, 0)),
            'statement': float(statements[student]['closing']),
            'class list': listed[student].balance,
            'student': student.balance,
            'open items': float(sum(
                item['residual'] for item in statements[student]['open']['items']
            )),
        } for student in students
    }
    assert any(figure['ledger'] for figure in figures.values()), "nobody owes anything"
    return {
        number: figure for number, figure in figures.items() if len(set(figure.values())) > 1
    }
