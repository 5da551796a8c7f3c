"""What several lines share: a database of one size, and a sidecar that has copied it."""

import atexit
from contextlib import contextmanager
from functools import lru_cache

from database import Database
from sidecar import Sidecar
from sizes import scaled

ROWS = 1_000_000


@lru_cache(maxsize=None)
def made_database(rows):
    database = Database(rows)
    atexit.register(database.__exit__)
    return database


def shared_database(rows):
    """One server for each size; each line finds its table as new."""
    made_before = made_database.cache_info().misses
    database = made_database(rows)
    if made_database.cache_info().misses == made_before:
        database.refill()
    return database


def usual_database():
    return shared_database(scaled(ROWS, 1000))


@contextmanager
def fresh_sidecar(database, **options):
    """A sidecar that never ran, and no slot of an earlier one."""
    database.drop_slot("understudy")
    with Sidecar(database, **options) as sidecar:
        yield sidecar
    database.drop_slot("understudy")


@contextmanager
def following(rows=ROWS, **options):
    """A sidecar that has copied the table, announced it and follows."""
    with fresh_sidecar(shared_database(scaled(rows, 1000)), **options) as sidecar:
        sidecar.start()
        sidecar.wait_copied()
        yield sidecar
