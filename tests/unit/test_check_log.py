"""The reading of logs after a test run: what it lets pass is what a person has explained."""
import check_log
import pytest


STAMP = '2026-09-14 10:15:33,123 4711'


@pytest.fixture
def judge(tmp_path, monkeypatch):
    """ Judge a log text by expectations, both given as text. """
    monkeypatch.setattr(check_log, 'EXPECTED', tmp_path / 'expected.txt')

    def judged(expected, log):
        check_log.EXPECTED.write_text(expected)
        (tmp_path / 'odoo.log').write_text(log)
        return check_log.problems('end_to_end', [tmp_path / 'odoo.log'])
    return judged


@pytest.mark.parametrize('line', [
    f'{STAMP} WARNING school odoo.http: slow',
    f'{STAMP} ERROR school odoo.sql_db: bad query',
    f'{STAMP} CRITICAL ? odoo.service: down',
    'ERROR:    Exception in ASGI application',
    'Traceback (most recent call last):',
    '2026/09/14 10:15:33 [emerg] 12#12: bind() failed',
])
def test_a_bad_line_is_found(judge, line):
    assert len(judge('', f'{STAMP} INFO school odoo: fine\n{line}\n')) == 1


def test_a_traceback_belongs_to_its_message(judge):
    log = f'{STAMP} ERROR school odoo: bad\nTraceback (most recent call last):\n  File "x"\n'
    assert len(judge('', log)) == 1


def test_a_traceback_after_a_harmless_line_is_found(judge):
    log = (
        f'{STAMP} WARNING school odoo: one\n{STAMP} INFO school odoo: two\n'
        'Traceback (most recent call last):\n'
    )
    assert len(judge('', log)) == 2


def test_what_postgresql_said_belongs_to_its_query(judge):
    log = (
        f"{STAMP} ERROR x odoo.sql_db: bad query: b'SELECT 1'\nERROR: cursor already closed\n\n"
        f"{STAMP} ERROR x odoo.sql_db: bad query: b'SELECT 2'\nERROR: deadlock detected\n\n"
    )
    ended = '[end_to_end]\n1 | bad query: .* ERROR: cursor already closed | ended\n'
    (wrong,) = judge(ended, log)
    assert wrong.endswith("odoo.sql_db: bad query: b'SELECT 2' ERROR: deadlock detected")


def test_an_error_of_postgresql_after_another_message_is_found(judge):
    log = f'{STAMP} WARNING x odoo: slow\nERROR: cursor already closed\n'
    assert len(judge('', log)) == 2


def test_an_explained_line_passes(judge):
    assert not judge('[end_to_end]\n1 | odoo: bad | known\n', f'{STAMP} ERROR x odoo: bad\n')


def test_too_many_of_an_explained_line_fail(judge):
    log = f'{STAMP} ERROR x odoo: bad\n' * 3
    assert judge('[end_to_end]\n0-2 | odoo: bad | known\n', log)


def test_the_same_line_again_is_counted(judge):
    log = f'{STAMP} ERROR x odoo: bad\n' * 3
    assert judge('', log) == ["not expected, in odoo.log: ERROR x odoo: bad (3 times)"]


def test_too_few_of_an_explained_line_fail(judge):
    assert judge('[end_to_end]\n1-2 | odoo: bad | known\n', '')


def test_another_kinds_explanation_does_not_count(judge):
    assert judge('[faults]\n0-9 | odoo: bad | known\n', f'{STAMP} ERROR x odoo: bad\n')


def test_an_explanation_for_any_kind_counts(judge):
    assert not judge('[any]\n0-9 | odoo: bad | known\n', f'{STAMP} ERROR x odoo: bad\n')


def test_a_line_without_a_reason_is_refused(judge):
    with pytest.raises(ValueError, match='line 2'):
        judge('[end_to_end]\n0-9 | odoo: bad\n', '')


def test_the_projects_own_list_can_be_read():
    for kind in ('addons', 'end_to_end', 'faults'):
        assert all(reason for *_rest, reason in check_log.expectations(kind))
