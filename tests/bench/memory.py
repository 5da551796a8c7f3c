"""Memory of our own (anonymous), and the page cache that a container counts with it."""

import os
import time
from contextlib import contextmanager
from pathlib import Path

from line import Line, at_least, at_most
from measuring import AnonymousPeak, anonymous_mib
from sidecar import NEVER
from sizes import scaled
from stages import following, fresh_sidecar, shared_database

CONTROLLER = Path("/sys/fs/cgroup/memory")
LIMIT_MIB = 256
UPDATES = 5_000_000


def while_copying_mib(database):
    """The peak from the start until the first generation is announced and the stream runs."""
    with fresh_sidecar(database) as sidecar:
        sidecar.start()
        with AnonymousPeak(sidecar.pid) as peak:
            sidecar.wait_copied()
        return max(peak.mib, anonymous_mib(sidecar.pid))


@contextmanager
def copied():
    with following(cadence=NEVER) as sidecar:
        yield sidecar


def one_transaction(database):
    """Updates every row as often as it takes, in one transaction."""
    rounds = max(1, scaled(UPDATES) // database.rows)
    updates = "".join(f"UPDATE materials SET stock = stock + {number};\n" for number in range(1, rounds + 1))
    database.sql(f"BEGIN;\n{updates}COMMIT;\n")
    return rounds * database.rows, database.end_of_changes()


def large_transaction_mib(sidecar):
    with AnonymousPeak(sidecar.pid) as peak:
        _, end = one_transaction(sidecar.database)
        sidecar.wait_durable(end)
    sidecar.database.sql("VACUUM materials")
    return peak.mib


@contextmanager
def small_cgroup():
    """A memory cgroup; or an error that says why there can be none here."""
    if os.geteuid() != 0 or not (CONTROLLER / "memory.limit_in_bytes").exists():
        raise RuntimeError("not measured here: it takes root and the v1 memory controller at /sys/fs/cgroup/memory")
    group = CONTROLLER / f"understudy-bench-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(LIMIT_MIB << 20))
        with following(cadence=NEVER) as sidecar:
            sidecar.stop()
            yield sidecar, group
            sidecar.kill()
    finally:
        group.rmdir()


def rate_in_cgroup(stage):
    """Changes a second from the commit until all is durable. An error when we are killed."""
    sidecar, group = stage
    sidecar.start(before=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
    sidecar.wait_for(lambda: sidecar.status().get("pid") == sidecar.pid and sidecar.status()["state"] == "streaming",
                     "the stream")
    changes, end = one_transaction(sidecar.database)
    begin = time.monotonic()
    sidecar.wait_durable(end)
    taken = time.monotonic() - begin
    sidecar.stop()
    sidecar.database.sql("VACUUM materials")
    return changes / taken


@contextmanager
def database_of(rows):
    yield shared_database(scaled(rows, 1000))


LINES = [
    Line("memory-1m", at_most(64, "MiB"), ours=while_copying_mib, prepare=lambda: database_of(1_000_000)),
    Line("memory-large", at_most(96, "MiB"), ours=large_transaction_mib, prepare=copied),
    Line("memory-10m", at_most(64, "MiB"), ours=while_copying_mib, prepare=lambda: database_of(10_000_000)),
    Line("cgroup-256m", at_least(1, "changes/s"), ours=rate_in_cgroup, prepare=small_cgroup),
]
