"""Reads over HTTP: rows by key against nginx with a small file for each row and against a prepared SELECT, and a
filtered scan of the whole table against jq on the document and against the same SELECT.

Lookups count per second of processor that the server takes (our serve thread, nginx with its worker, all of Postgres),
so per second of one core: what else runs on the machine, the client among it, does not count."""

import json
import os
import subprocess
import threading
import time
from collections import namedtuple
from contextlib import contextmanager
from urllib.parse import quote

from database import POSTGRES
from line import Line, at_least, at_most
from measuring import cluster_cpu_seconds, thread_cpu_seconds
from nginx import Nginx
from sidecar import NEVER, ROOT
from sizes import scaled
from stages import following
from unix_http import UnixConnection

DRIVERS = ROOT / "build-bench" / "tests" / "bench"
CONNECTIONS = 16
SMALL_FILES = 1000
Stage = namedtuple("Stage", "sidecar nginx")


def load(driver, where, keys, seconds, rate=0, launcher=()):
    """What the driver reports; it fails if one answer is not the row that it asked for."""
    done = subprocess.run([*launcher, DRIVERS / driver, str(where), str(keys), str(CONNECTIONS), str(seconds), str(rate)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def lookups_per_cpu_second(cpu, *question):
    before = cpu()
    answers = load(*question, scaled(5))["answers"]
    return answers / max(0.01, cpu() - before)


def warm_up(sidecar):
    """Every block of the document is compared with its hash once, before the first read of it."""
    load("bench_http_load", sidecar.socket, sidecar.database.rows, scaled(3))


@contextmanager
def lookups():
    with following(cadence=NEVER, serves=True) as sidecar:
        wait_served(sidecar)
        rows = range(1, min(SMALL_FILES, sidecar.database.rows) + 1)
        files = {f"materials/{key}": get(sidecar, f"/materials/{key}").decode() for key in rows}
        with Nginx(files) as nginx:
            warm_up(sidecar)
            yield Stage(sidecar, nginx)


def lookups_of_ours(stage):
    sidecar = stage.sidecar
    return lookups_per_cpu_second(lambda: thread_cpu_seconds(sidecar.pid, "serve"), "bench_http_load", sidecar.socket,
                                  sidecar.database.rows)


def lookups_of_nginx(stage):
    return lookups_per_cpu_second(lambda: cluster_cpu_seconds(stage.nginx.pid), "bench_http_load", stage.nginx.socket,
                                  SMALL_FILES)


def lookups_of_sql(stage):
    database = stage.sidecar.database
    return lookups_per_cpu_second(lambda: cluster_cpu_seconds(database.postmaster), "bench_sql_load",
                                  database.connection(), database.rows)


@contextmanager
def publishing():
    """A new generation of the whole table each second, or as often as they can be written. With grace, as in production:
    without it the serve thread is the last to close a removed file, and waits while the kernel frees its blocks."""
    with following(cadence="{min_interval: 1s}", serves=True, grace="5s") as sidecar:
        wait_served(sidecar)
        warm_up(sidecar)
        yield sidecar


def lookup_p99_ms(sidecar):
    """Of 5,000 questions a second while generations come and go. The client never waits for a processor, as if it had
    a machine of its own (that takes root): otherwise its own waits are half of the figure."""
    seconds = scaled(20, 3)
    database = sidecar.database
    script = f"\\set id random(1, {database.rows})\nUPDATE materials SET stock = stock + 1 WHERE id = :id;\n"
    writes = threading.Thread(target=database.pgbench, args=(script, "-R", "100", "-c", "1", "-T", str(seconds)))
    before = sidecar.generation()
    writes.start()
    report = load("bench_http_load", sidecar.socket, database.rows, seconds, 5000,
                  launcher=("chrt", "--fifo", "1") if os.geteuid() == 0 else ())
    writes.join()
    assert sidecar.generation() > before, "nothing was published meanwhile"
    return report["p99_us"] / 1000


def ask(sidecar, target):
    connection = UnixConnection(sidecar.socket)
    connection.request("GET", target)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def get(sidecar, target):
    status, body = ask(sidecar, target)
    if status != 200:
        raise RuntimeError(f"{target}: {status} {body[:500]}")
    return body


def wait_served(sidecar):
    """What is announced is served a moment later."""
    sidecar.wait_for(lambda: ask(sidecar, "/readyz")[0] == 200, "the generation to be served")


# The same question three times: a text that is equal and a number that is large enough, of columns without an index.
TARGET = "/materials?category=eq." + quote("category 7") + "&stock=gte.500"
SQL = "SELECT json_agg(m) FROM materials m WHERE category = 'category 7' AND stock >= 500"
JQ = '[.materials[] | select(.category == "category 7" and .stock >= 500)]'


@contextmanager
def scans():
    with following(cadence=NEVER, serves=True) as sidecar:
        wait_served(sidecar)
        ours, theirs = (sorted(json.loads(rows), key=lambda row: row["id"])
                        for rows in (get(sidecar, TARGET), sidecar.database.sql(SQL)))
        assert ours == theirs, "another answer than that of SQL"
        yield sidecar


def seconds_of(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def scan(sidecar):
    return seconds_of(lambda: get(sidecar, TARGET))


def scan_jq(sidecar):
    return seconds_of(lambda: subprocess.run(["jq", "-c", JQ, sidecar.document()], check=True,
                                             stdout=subprocess.DEVNULL))


def scan_sql(sidecar):
    return seconds_of(lambda: subprocess.run(
        [POSTGRES / "psql", "-XqAt", *sidecar.database.client(), "-o", "/dev/null", "-c", SQL], check=True))


LINES = [
    Line("lookup-rate", at_least(30_000, "/s of a core"), ours=lookups_of_ours, prepare=lookups),
    Line("lookup-nginx", at_least(0.4), ours=lookups_of_ours, baseline=lookups_of_nginx, prepare=lookups),
    Line("lookup-sql", at_least(1), ours=lookups_of_ours, baseline=lookups_of_sql, prepare=lookups),
    Line("lookup-p99", at_most(2, "ms"), ours=lookup_p99_ms, prepare=publishing),
    Line("scan-jq", at_most(0.1), ours=scan, baseline=scan_jq, prepare=scans),
    Line("scan-sql", at_most(2), ours=scan, baseline=scan_sql, prepare=scans),
]
