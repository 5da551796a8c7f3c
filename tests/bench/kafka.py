"""Topics of Debezium's messages until they are durable in our store, against kcat, which only reads them; and until they are
announced, against the same rows from Postgres."""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from line import Line, at_least, at_most
from measuring import AnonymousPeak
from sidecar import NEVER, Sidecar
from sizes import scaled
from stages import fresh_sidecar, usual_database

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "demo"))
import kafka_kit  # noqa: E402

ROWS = 1_000_000
UPDATES = 1_000_000
TOPIC = "bench.public.items"
COLUMNS = (("id", 20, "bigint"), ("name", 25, "text"), ("stock", 23, "integer"), ("price", 1700, "numeric"),
           ("note", 25, "text"), ("changed", 1184, "timestamp with time zone"))
# The rows of snapshot_of(), as a table.
SAME_ROWS = """
DROP PUBLICATION IF EXISTS understudy;
DROP TABLE IF EXISTS items;
CREATE TABLE items (id bigint PRIMARY KEY, name text NOT NULL, stock int, price numeric, note text, changed timestamptz);
INSERT INTO items SELECT i, 'Item number ' || i, 0, (i % 1000 || '.50')::numeric,
    'some words about it that nobody reads, ' || i, '2026-11-22T12:57:19Z'::timestamptz + i % 1000000 * interval '1 us'
    FROM generate_series(1, {rows}) i;
VACUUM ANALYZE items;
"""
# Nothing is compacted while it is measured: the newest segment never is, and there is no other.
BROKER = {"auto.create.topics.enable": "true", "log.cleanup.policy": "compact"}


def described():
    """What `understudy describe` would have written."""
    columns = [{"name": name, "type": oid, "typmod": -1, "type_name": type_name, "nullable": name != "id",
                "has_default": False} for name, oid, type_name in COLUMNS]
    table = {"schema": "public", "name": "items", "oid": 16384, "key": ["id"], "columns": columns, "left_out": []}
    return json.dumps({"format": 1, "database": "bench", "server_version": "15.0", "tables": [table], "types": []})


def message(number, stock, op, snapshot, lsn, sequence):
    """Key, tab, value: as long as the messages of which kafka-observed tells."""
    return (f'{{"id":{number}}}\t{{"before":null,"after":{{"id":{number},"name":"Item number {number}","stock":{stock},'
            f'"price":"{number % 1000}.50","note":"some words about it that nobody reads, {number}",'
            f'"changed":"2026-11-22T12:57:19.{number % 1000000:06}Z"}},"source":{{"version":"3.7.0.Final",'
            f'"connector":"postgresql","name":"bench","ts_ms":1795379039866,"snapshot":"{snapshot}","db":"bench",'
            f'"sequence":"[{sequence},\\"{lsn}\\"]","ts_us":{1795379039866573 + lsn},"ts_ns":1795379039866573000,'
            f'"schema":"public","table":"items","txId":873,"lsn":{lsn},"xmin":null,"origin":null,"origin_lsn":null}},'
            f'"transaction":null,"op":"{op}","ts_ms":1795379039926,"ts_us":1795379039926784,"ts_ns":1795379039926784258}}\n')


def snapshot_of(rows):
    for number in range(1, rows + 1):
        mark = "first" if number == 1 else "last" if number == rows else "true"
        yield message(number, 0, "r", mark, 1000, "null")


def updates_of(rows, count):
    dice = random.Random(1)
    for number in range(count):
        lsn = 2000 + number * 100
        yield message(dice.randint(1, rows), number, "u", "false", lsn, f'\\"{lsn - 50}\\"')


class Topic:
    def __init__(self, home):
        self.broker = kafka_kit.Broker(home / "broker", BROKER)
        self.broker.start()
        self.description = home / "tables.json"
        self.description.write_text(described())
        self.end = 0

    def connection(self, _):
        raise NotImplementedError("the source is no database")

    def produce(self, messages):
        """In batches as large as those of Connect, whose producer has Kafka's default."""
        command = ["kcat", "-P", "-b", self.broker.bootstrap, "-t", TOPIC, "-K", "\t", "-X", "linger.ms=50", "-X",
                   "batch.size=16384", "-X", "queue.buffering.max.kbytes=262144"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as producer:
            for one in messages:
                producer.stdin.write(one)
                self.end += 1
        if producer.returncode != 0:
            raise RuntimeError(f"kcat could not produce: {producer.returncode}")

    def kcat(self, begin, count):
        """Messages a second."""
        started = time.monotonic()
        subprocess.run(["kcat", "-C", "-b", self.broker.bootstrap, "-t", TOPIC, "-o", str(begin), "-c", str(count), "-q"],
                       stdout=subprocess.DEVNULL, check=True)
        return count / (time.monotonic() - started)


class Reader(Sidecar):
    def __init__(self, topic, cadence=NEVER):
        self.topic = topic
        super().__init__(None, cadence)

    def configure(self, cadence, host=None):
        self.config.write_text(
            f"source:\n  kafka:\n    brokers: '{self.topic.broker.bootstrap}'\n    topics: {{prefix: bench}}\n"
            f"    description: {self.topic.description}\n    connector: {{decimal_handling_mode: string}}\n"
            f"tables: [public.items]\nstate: {{directory: {self.state}}}\n"
            f"snapshot: {{directory: {self.snapshot}, keep: 1, grace: 0s}}\ncadence: {cadence}\n"
            "status: {heartbeat: 100ms}\n")

    def wait_stored(self):
        def stored():
            high, _, low = self.status().get("source", {}).get("stored_position", "0/0").partition("/")
            return (int(high, 16) << 32) + int(low, 16) >= self.topic.end
        self.wait_for(stored, f"offset {self.topic.end} to be durable")


@contextmanager
def topic():
    home = Path(tempfile.mkdtemp(prefix="understudy-bench-kafka-"))
    made = None
    try:
        made = Topic(home)
        yield made
    finally:
        if made is not None and made.broker.running():
            made.broker.kill()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def loaded_topic():
    with topic() as made:
        made.produce(snapshot_of(scaled(ROWS)))
        yield made


def load(made):
    """Messages a second, from the start until all of them are durable."""
    with Reader(made) as reader:
        begin = time.monotonic()
        reader.start()
        reader.wait_stored()
        return made.end / (time.monotonic() - begin)


def load_mib(made):
    with Reader(made) as reader:
        reader.start()
        with AnonymousPeak(reader.pid) as peak:
            reader.wait_stored()
        return peak.mib


class Backlog:
    """A stopped sidecar that has read and announced the snapshot, and updates behind it."""

    def __init__(self, made, reader):
        self.topic = made
        self.reader = reader
        reader.start()
        reader.wait_for(reader.generation, "the first generation")  # which would be written amid the updates
        reader.stop()
        reader.keep_state()
        self.begin = made.end
        self.count = scaled(UPDATES, 1000)
        made.produce(updates_of(scaled(ROWS), self.count))

    def ours(self):
        self.reader.restore_state()
        begin = time.monotonic()
        self.reader.start()
        self.reader.wait_stored()
        taken = time.monotonic() - begin
        self.reader.stop()
        return self.count / taken


@contextmanager
def backlog():
    with loaded_topic() as made, Reader(made) as reader:
        yield Backlog(made, reader)


class SameRows:
    """In a topic and in a database."""

    def __init__(self, made, database):
        self.topic = made
        self.database = database
        database.sql(SAME_ROWS.format(rows=made.end))

    def ours(self):
        with Reader(self.topic, "{min_interval: 1s}") as reader:
            return first_generation(reader)

    def from_postgres(self):
        with fresh_sidecar(self.database, tables="[public.items]") as sidecar:
            return first_generation(sidecar)


def first_generation(sidecar):
    """Seconds from the start until it is announced."""
    begin = time.monotonic()
    sidecar.start()
    sidecar.wait_for(sidecar.generation, "the first generation")
    return time.monotonic() - begin


@contextmanager
def same_rows():
    with loaded_topic() as made:
        database = usual_database()
        yield SameRows(made, database)
        database.sql("DROP PUBLICATION IF EXISTS understudy; DROP TABLE items")


LINES = (
    Line("kafka-load", at_least(0.5), load, lambda made: made.kcat(0, made.end), loaded_topic),
    Line("kafka-updates", at_least(0.35), lambda stage: stage.ours(),
         lambda stage: stage.topic.kcat(stage.begin, stage.count), backlog),
    Line("kafka-first-generation", at_most(3), SameRows.ours, SameRows.from_postgres, same_rows),
    Line("kafka-memory", at_most(96, "MiB"), load_mib, None, loaded_topic),
)
