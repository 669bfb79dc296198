"""Accepting a callback waits for nothing and asks nobody: no list of databases, no lock."""
import contextlib
import time

from bad_bodies import c2b
from collect_kit import send


POSTS = 40


def sessions(road):
    """ Return how many sessions the database has had in which Odoo lists databases. """
    time.sleep(1.5)  # PostgreSQL counts a session when its figures are flushed.
    row, = road.stack.sql("SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'")
    return row['sessions']


def test_a_callback_costs_no_connection_to_list_databases(road):
    url = road.confirmation_url().replace('/collect/', '/collect/0')
    before = sessions(road)
    for _number in range(POSTS):
        assert send(url, c2b(TransID='UZZ9LISTED')).status in {404, 429}
    # The scheduler's own notifications go there too, a few meanwhile.
    assert sessions(road) - before < POSTS // 2


def test_another_database_is_not_chosen_by_a_header(road):
    answer = send(
        road.confirmation_url(), c2b(TransID='UZZ9HEADER', TransAmount='0'),
        headers={'Content-Type': 'application/json', 'X-Odoo-Database': 'postgres'},
    )
    assert answer.status == 404


def test_a_callback_waits_for_nobody_who_holds_the_shortcode_or_the_school(road):
    with contextlib.closing(road.stack.connect()) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM payment_provider FOR UPDATE")
            cursor.execute("SELECT id FROM res_company FOR UPDATE")
            began = time.monotonic()
            answer = send(road.confirmation_url(), c2b(TransID='UZZ9LOCKED', TransAmount='0'))
            took = time.monotonic() - began
        connection.rollback()
    assert answer.status == 200
    assert took < 5
