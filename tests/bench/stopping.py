"""A fast shutdown of the database with us far behind, and our start without a database."""

import time
from contextlib import contextmanager

from line import Line, at_most, at_most_more
from measuring import wait_until
from sidecar import NEVER
from sizes import scaled
from stages import following

CHANGES = 1_000_000


@contextmanager
def stoppable():
    with following(cadence=NEVER) as sidecar:
        sidecar.stop()
        yield sidecar
        sidecar.kill()


def stop_with_us_behind(sidecar):
    """The backlog is there before we are: the stream has only just begun when the database is stopped."""
    database = sidecar.database
    database.change_rows(scaled(CHANGES, 1000))
    sidecar.start()
    active = "SELECT active FROM pg_replication_slots WHERE slot_name = 'understudy'"
    sidecar.wait_for(lambda: database.sql(active) == "t", "the stream to begin")
    taken = database.stop()
    sidecar.kill()
    database.start()
    return taken


def stop_without_us(sidecar):
    database = sidecar.database
    database.change_rows(scaled(CHANGES // 10, 1000))
    taken = database.stop()
    database.start()
    return taken


@contextmanager
def database_down():
    with following(rows=10_000_000, cadence=NEVER) as sidecar:
        sidecar.stop()
        sidecar.database.stop()
        yield sidecar
        sidecar.kill()
        sidecar.database.start()


def start_without_database(sidecar):
    begin = time.monotonic()
    sidecar.start()

    def usable():
        status = sidecar.status()
        return status.get("pid") == sidecar.pid and status.get("generation")
    wait_until(usable, "a usable generation", 60, 0.002)
    taken = time.monotonic() - begin
    sidecar.stop()
    return taken


LINES = [
    Line("fast-stop", at_most_more(1, "s"), ours=stop_with_us_behind, baseline=stop_without_us, prepare=stoppable),
    Line("restart-10m", at_most(0.3, "s"), ours=start_without_database, prepare=database_down),
]
