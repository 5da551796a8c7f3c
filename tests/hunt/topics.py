"""A broker and Connect for all rounds of a hunt, and what an operator does about them."""

import json
import subprocess
import tempfile
import time
from pathlib import Path

import kafka_kit  # of tests/demo
from measuring import wait_until


class ExactlyOnce(kafka_kit.Connect):
    """A worker that writes records and offsets in one transaction of Kafka's."""

    main_class = "org.apache.kafka.connect.cli.ConnectDistributed"

    def storage(self, home):
        return {"group.id": "connect", "exactly.once.source.support": "enabled", "scheduled.rebalance.max.delay.ms": 0,
                "config.storage.topic": "connect-configs", "config.storage.replication.factor": 1,
                "offset.storage.topic": "connect-offsets", "offset.storage.replication.factor": 1,
                "status.storage.topic": "connect-status", "status.storage.replication.factor": 1,
                "offset.storage.partitions": 1, "status.storage.partitions": 1}

    def _ask(self, method, path, body=None):
        """Which it refuses while it shares out the work, with itself, too."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return super()._ask(method, path, body)
            except RuntimeError as refused:
                if "rebalance" not in str(refused) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


class Topics:
    def __init__(self, exactly_once=False, zone="UTC"):
        self._home = tempfile.TemporaryDirectory(prefix="understudy-hunt-kafka-")
        home = Path(self._home.name)
        self.broker = kafka_kit.Broker(home / "broker", {"log.cleaner.backoff.ms": 500, "log.cleanup.policy": "delete"})
        worker = ExactlyOnce if exactly_once else kafka_kit.Connect
        self.connect = worker(home / "connect", self.broker.bootstrap)
        self.connect.program.command.insert(1, f"-Duser.timezone={zone}")

    def __enter__(self):
        self.broker.start()
        self.connect.start()
        return self

    def __exit__(self, *_):
        for program in (self.connect, self.broker):
            if program.running():
                program.kill()
        self._home.cleanup()

    def state(self, name):
        """RUNNING, FAILED or empty; and why."""
        try:
            return self.connect.status(name)
        except (OSError, RuntimeError):
            return "", ""

    def restart_task(self, name):
        self.connect._ask("POST", f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true", {})

    def keep(self, prefix, directory):
        """What the topics hold, for whoever looks into a finding."""
        directory.mkdir(exist_ok=True)
        listed = subprocess.run(["kcat", "-b", self.broker.bootstrap, "-L", "-J"], capture_output=True, text=True, timeout=20)
        for topic in json.loads(listed.stdout or '{"topics": []}')["topics"]:
            if topic["topic"].startswith(f"{prefix}."):
                lines = kafka_kit.read_topic(self.broker.bootstrap, topic["topic"])
                (directory / topic["topic"]).write_text("\n".join(map(json.dumps, lines)))

    def end(self, name):
        """The connector and its slot have let go of the database when this returns."""
        if self.connect.running():
            self.connect.delete(name)


def wait_for_slot(server, name):
    """Until nobody reads it any more; then it is dropped."""
    slot = f"slot_name = '{name}'"

    def dropped():
        server.sql("postgres", f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active AND {slot}")
        return server.sql("postgres", f"SELECT count(*) FROM pg_replication_slots WHERE {slot}") == "0"
    wait_until(dropped, f"slot {name} to be let go", 60, 0.2)
