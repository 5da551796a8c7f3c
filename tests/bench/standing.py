"""What we cost while we run: idle, on disk, and in the database."""

import subprocess
import time
from contextlib import contextmanager

from line import Line, at_most
from measuring import cluster_cpu_seconds, cpu_seconds, percentile, wait_until
from sidecar import NEVER, ROOT
from sizes import scaled
from stages import following

LIVE_BYTES = ROOT / "build-bench" / "tests" / "bench" / "bench_store_size"


@contextmanager
def quiet():
    with following() as sidecar:
        yield sidecar


def data_files(sidecar):
    """When each file that holds rows was last written."""
    files = [path for path in [*sidecar.state.rglob("*.mdb"), *sidecar.snapshot.rglob("*.json")]
             if path.name != "status.json" and not path.is_symlink()]
    return {path: path.stat().st_mtime_ns for path in files}


POSITION_INTERVAL = 30  # seconds after which a position without changes is stored


def settled(sidecar):
    """The position behind the last record of the quiet server is stored, which writes some until 15 s later."""
    status = sidecar.status()
    last = max(data_files(sidecar).values()) / 1e9
    return status.get("state") == "streaming" and not status.get("lag_bytes") and time.time() - last > POSITION_INTERVAL + 5


def idle_cpu_percent(sidecar):
    wait_until(lambda: settled(sidecar), "the sidecar to be idle", 180, 1)
    before, cpu, begin = data_files(sidecar), cpu_seconds(sidecar.pid), time.monotonic()
    time.sleep(scaled(60, 3))  # the length of the measurement
    share = (cpu_seconds(sidecar.pid) - cpu) / (time.monotonic() - begin) * 100
    after = data_files(sidecar)
    rewritten = [path.name for path in after if after[path] != before.get(path)]
    if rewritten:
        raise RuntimeError(f"idle, but rewrote {', '.join(rewritten)} (CPU {share:.2f} %)")
    return share


def store_size_factor(sidecar):
    """The file against the pages that are in use, after changes that were published meanwhile."""
    end = sidecar.database.change_rows(scaled(1_000_000, 1000))
    sidecar.wait_durable(end)
    sidecar.stop()
    found = subprocess.run([LIVE_BYTES, sidecar.state], check=True, capture_output=True, text=True).stdout.split()
    sidecar.start()
    return int(found[0]) / int(found[1])


@contextmanager
def load():
    """A sidecar that follows or not, on a table that somebody writes to."""
    with following(cadence="{min_interval: 1s}") as sidecar:
        sidecar.database.copy_slot("understudy", "reader")
        yield sidecar
        sidecar.database.drop_slot("reader")


def write(database, *options):
    script = f"\\set id random(1, {database.rows})\nUPDATE materials SET stock = stock + 1 WHERE id = :id;\n"
    return database.pgbench(script, "-R", "1000", "-c", "4", "-T", str(scaled(20, 2)), *options)


def database_cpu(database, follow_until):
    cpu = cluster_cpu_seconds(database.postmaster)
    write(database)
    follow_until(database.end_of_changes())
    return cluster_cpu_seconds(database.postmaster) - cpu


def database_cpu_with_us(sidecar):
    if sidecar.process is None:
        sidecar.start()
        sidecar.wait_durable(sidecar.database.end_of_changes())
    taken = database_cpu(sidecar.database, sidecar.wait_durable)
    sidecar.stop()
    return taken


def database_cpu_with_pg_recvlogical(sidecar):
    sidecar.stop()
    database = sidecar.database
    database.drop_slot("reader")
    database.sql("SELECT pg_create_logical_replication_slot('reader', 'pgoutput')")
    reader = subprocess.Popen(database.pg_recvlogical("reader", "-s", "1", "-F", "1"))
    session = database.session()

    def read_to(end):
        confirmed = f"SELECT confirmed_flush_lsn >= '{end}' FROM pg_replication_slots WHERE slot_name = 'reader'"
        wait_until(lambda: session.ask(confirmed) == "t", "pg_recvlogical to arrive", 120)
    taken = database_cpu(database, read_to)
    session.close()
    reader.terminate()
    reader.wait()
    return taken


def commit_p99_ms(database):
    for old in database.home.glob("latency.*"):
        old.unlink()
    write(database, "-l", "--log-prefix", str(database.home / "latency"))
    lines = [line.split() for path in database.home.glob("latency.*") for line in path.read_text().splitlines()]
    return percentile([int(fields[2]) for fields in lines], 0.99) / 1000


def commits_with_us(sidecar):
    if sidecar.process is None:
        sidecar.start()
        sidecar.wait_durable(sidecar.database.end_of_changes())
    return commit_p99_ms(sidecar.database)


def commits_without_us(sidecar):
    sidecar.stop()
    return commit_p99_ms(sidecar.database)


LINES = [
    Line("idle-cpu", at_most(0.5, "%"), ours=idle_cpu_percent, prepare=quiet),
    Line("store-size", at_most(3, "x live"), ours=store_size_factor, prepare=quiet),
    Line("database-cpu", at_most(1.05), ours=database_cpu_with_us, baseline=database_cpu_with_pg_recvlogical,
         prepare=load),
    Line("commit-p99", at_most(1.05), ours=commits_with_us, baseline=commits_without_us, prepare=load),
]
