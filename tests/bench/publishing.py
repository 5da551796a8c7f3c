"""One generation of the whole table, against cp of the file and against json_agg; and how fresh readers find it."""

import json
import os
import random
import subprocess
import threading
import time
from contextlib import contextmanager
from itertools import count

from database import POSTGRES
from line import Line, at_least, at_most
from measuring import percentile
from sidecar import NEVER
from sizes import scaled
from stages import following


@contextmanager
def copied():
    with following(cadence=NEVER) as sidecar:
        yield sidecar


def publish(sidecar):
    sidecar.database.sql("UPDATE materials SET stock = stock + 1 WHERE id = 1")
    before = sidecar.generation()
    begin = time.monotonic()
    sidecar.publish()
    taken = time.monotonic() - begin
    assert sidecar.generation() > before, "nothing was published"
    return taken


def cp_and_fsync(sidecar):
    copy = sidecar.home / "copy.json"
    begin = time.monotonic()
    subprocess.run(["cp", "--reflink=never", sidecar.document(), copy], check=True)
    subprocess.run(["sync", copy], check=True)
    taken = time.monotonic() - begin
    copy.unlink()
    return taken


def json_agg(sidecar):
    copy = sidecar.home / "agg.json"
    begin = time.monotonic()
    subprocess.run([POSTGRES / "psql", "-XqAt", *sidecar.database.client(), "-o", copy,
                    "-c", "SELECT json_agg(t ORDER BY id) FROM materials t"], check=True)
    taken = time.monotonic() - begin
    copy.unlink()  # psql does not sync: its file would go to disk while we are measured
    return taken


class Readers:
    """Notes when each generation could be read, and which of our marks it holds."""

    def __init__(self, sidecar):
        self.sidecar = sidecar
        self.seen = []  # (mark, when)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        last = None
        while not self._stop.wait(0.001):
            current = os.readlink(self.sidecar.snapshot / "current")
            if current == last:
                continue
            last = current
            when = time.monotonic()
            self.seen.append((self._mark(), when))

    def _mark(self):
        with open(self.sidecar.document(), "rb") as document:
            head = document.read(4096).decode()
        row = next(line for line in head.splitlines() if '"id":1,' in line.replace(" ", ""))
        return json.loads(row[row.index('{"id"'):].rstrip(",]}") + "}")["stock"]


@contextmanager
def busy():
    """10,000 rows, and 1,000 transactions a second."""
    with following(rows=10_000, cadence="{min_interval: 100ms}") as sidecar:
        yield sidecar


MARKS = count(1_000_000)  # never one twice: a reader would take an earlier repeat's for ours


def commit_marks(session, seconds):
    """Commits to one row about 20 times a second. Returns when each mark was committed."""
    committed = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        mark = next(MARKS)
        session.ask(f"UPDATE materials SET stock = {mark} WHERE id = 1")
        committed[mark] = time.monotonic()
        time.sleep(random.uniform(0, 0.1))  # the load's rhythm, not a wait for something
    return committed


def freshness_ms(sidecar):
    seconds = scaled(30, 5)
    database = sidecar.database
    script = f"\\set id random(2, {database.rows})\nUPDATE materials SET stock = stock + 1 WHERE id = :id;\n"
    load = threading.Thread(target=database.pgbench, args=(script, "-R", "1000", "-c", "4", "-T", str(seconds + 2)))
    session = database.session()
    with Readers(sidecar) as readers:
        load.start()
        committed = commit_marks(session, seconds)
        last = max(committed)
        sidecar.wait_for(lambda: any(mark >= last for mark, _ in readers.seen), "the last mark to be published")
        load.join()
    session.close()
    ages = [min(when for seen, when in readers.seen if seen >= mark) - at for mark, at in committed.items()]
    return percentile(ages, 0.99) * 1000


LINES = [
    Line("publish-cp", at_most(1.5), ours=publish, baseline=cp_and_fsync, prepare=copied),
    Line("publish-json-agg", at_most(1 / 15), ours=publish, baseline=json_agg, prepare=copied),
    Line("freshness-p99", at_most(150, "ms"), ours=freshness_ms, prepare=busy),
]
