"""A long outage under read load: the database is stopped, and every read has to be answered, rightly and with its age."""

import http.client
import json
import random
import threading
import time
from collections import Counter

from measuring import wait_until
from session import Session
from sidecar import Sidecar
from unix_http import UnixConnection

ROWS = 20_000
READERS = 4
READS_PER_SECOND = 200  # of each reader
HEARTBEAT = 1  # seconds, the default


class Source:
    """What the sidecar has to know of its database."""

    def __init__(self, server):
        self.server = server

    def connection(self, _):
        return self.server.connection("postgres")


class Outage:
    """Since when the database surely does not answer, and until when it surely did; nothing while it is up."""
    stopping_at = None
    stopped_at = None

    def contradicts(self, age, now):
        """The age of what was read must be right within a second; before the first probe that fails it cannot be known
        better than the heartbeat."""
        if self.stopped_at is None:
            return False
        return not now - self.stopped_at - 1 <= age <= now - self.stopping_at + HEARTBEAT + 1


class Reader(threading.Thread):
    def __init__(self, path, outage, ends):
        super().__init__()
        self.path, self.outage, self.ends = path, outage, ends
        self.reads, self.wrong = 0, Counter()
        self.connection = UnixConnection(path)

    def run(self):
        chance = random.Random()
        due = time.monotonic()
        while not self.ends.is_set():
            try:
                self.read(*random_question(chance))
            except (OSError, http.client.HTTPException) as error:
                self.wrong[f"{type(error).__name__}: {error}"] += 1
                self.connection = UnixConnection(self.path)
            self.reads += 1
            due += 1 / READS_PER_SECOND
            time.sleep(max(0, due - time.monotonic()))

    def read(self, target, expected):
        self.connection.request("GET", target, headers={"Understudy-Fallback": "outage"})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200 or json.loads(body) != expected:
            self.wrong[f"{target}: {answer.status} {body[:200]}"] += 1
        elif self.outage.contradicts(int(answer.headers["Age"]), time.time()):
            self.wrong[f"Age {answer.headers['Age']}"] += 1


def random_question(chance):
    number = chance.randint(1, ROWS - 10)
    row = {"id": number, "name": f"row {number}"}
    return chance.choice((
        (f"/fixed/{number}", row),
        (f"/fixed?name=eq.row%20{number}&id=lt.{number + 1}&id=gte.{number}", [row]),
        (f"/fixed?id=gt.{number}&order=id&limit=3&select=id", [{"id": number + i} for i in (1, 2, 3)])))


def run_outage(server, seconds):
    """Returns what went wrong, by how often."""
    session = Session(server, "postgres")
    session.ask(f"CREATE TABLE fixed (id int PRIMARY KEY, name text); "
                f"INSERT INTO fixed SELECT i, 'row ' || i FROM generate_series(1, {ROWS}) i; "
                "CREATE TABLE moving (id int PRIMARY KEY, at timestamptz); INSERT INTO moving VALUES (1, now())")
    session.close()
    with Sidecar(Source(server), serves=True, cadence="{min_interval: 1s}", grace="5s",
                       tables="[public.fixed, public.moving]") as sidecar:
        sidecar.start()
        sidecar.wait_copied()
        wait_until(lambda: sidecar.status().get("current_as_of"), "a proof that it is current", 30)
        return read_through(server, sidecar, seconds)


def read_through(server, sidecar, seconds):
    outage, ends = Outage(), threading.Event()
    readers = [Reader(sidecar.socket, outage, ends) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    write_for(server, 10)
    before = sidecar.generation()
    outage.stopping_at = time.time()
    server.stop()
    outage.stopped_at = time.time()
    print(f"-- the database is stopped for {seconds} s", flush=True)
    ends.wait(seconds)
    outage.stopped_at = None
    server.start()
    wait_until(lambda: sidecar.status().get("state") == "streaming", "the database to be followed again", 120)
    write_for(server, 5)
    wait_until(lambda: sidecar.generation() > before, "a new generation", 60)
    ends.set()
    for reader in readers:
        reader.join()
    print(f"   {sum(reader.reads for reader in readers)} reads", flush=True)
    return sum((reader.wrong for reader in readers), Counter())


def write_for(server, seconds):
    """Generations come and go meanwhile."""
    session = Session(server, "postgres")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        session.ask("UPDATE moving SET at = clock_timestamp()")
    session.close()
