"""A Kafka broker and Kafka Connect with Debezium, as .ci/kafka_kit.sh fetched them: for the tour and the benchmark.

One process each, on free ports of loopback, everything of theirs in one directory.
"""

import functools
import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import tied

ROOT = Path(__file__).resolve().parents[2]
RECOMMENDED = ROOT / "config" / "debezium" / "understudy.properties"
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
LOGGING = """\
status = error
rootLogger.level = info
rootLogger.appenderRefs = out
rootLogger.appenderRef.out.ref = OUT
logger.requests.name = org.apache.kafka.connect.runtime.rest.RestServer
logger.requests.level = warn
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1} - %m%n
"""


@functools.cache
def jars():
    script = "source .ci/common.sh && source .ci/kafka_kit.sh && kafka_kit_home"
    home = subprocess.run(["bash", "-c", script], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    return f"{home}/lib/*"


def free_port():
    """Below the range of which connections get theirs, so that it stays free while its server is down."""
    for port in range(20000 + time.monotonic_ns() // 1000 % 12000, 32700):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port on loopback")


def properties_text(properties):
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def read_properties(path):
    lines = [line for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


class JavaProgram:
    """One class of the kit, started again and again in one directory."""

    def __init__(self, home, heap_mb, main_class, *arguments):
        self.home = home
        self.log = home / "log"
        self.process = None
        (home / "tmp").mkdir(parents=True)
        (home / "log4j2.properties").write_text(LOGGING)
        self.command = ["java", "-Xms64m", f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                        "-XX:-UsePerfData", f"-Djava.io.tmpdir={home}/tmp",
                        f"-Dlog4j2.configurationFile={home}/log4j2.properties", "-cp", jars(), main_class, *arguments]

    def start(self, answers):
        """Returns when answers(log since this start) is true."""
        before = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True, preexec_fn=tied.ends_with_us())
        deadline = time.monotonic() + 90
        while not answers(self.log.read_bytes()[before:]):
            if not self.running() or time.monotonic() > deadline:
                raise RuntimeError(f"{self.command[-2]} did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def run(self):
        with open(self.log, "ab") as log:
            subprocess.run(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=True, timeout=90)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)

    def kill(self):
        self.stop(signal.SIGKILL)

    def running(self):
        return self.process is not None and self.process.poll() is None


class Broker:
    """Broker and controller in one. Topics are never made by themselves. `listeners` are those beside loopback's, by name."""

    def __init__(self, home, properties=None, listeners=None):
        home.mkdir()
        self.bootstrap = f"127.0.0.1:{free_port()}"
        controller = f"127.0.0.1:{free_port()}"
        offered = ",".join(f"{name}://{where}" for name, where in {"PLAINTEXT": self.bootstrap, **(listeners or {})}.items())
        self.config = home / "broker.properties"
        self.config.write_text(properties_text({
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.bootstrap.servers": controller,
            "listeners": f"{offered},CONTROLLER://{controller}",
            "advertised.listeners": offered,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": home / "data",
            "auto.create.topics.enable": "false",
            "broker.heartbeat.interval.ms": 500,
            "broker.session.timeout.ms": 3000,
            "num.partitions": 1,
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "num.network.threads": 2,
            "num.io.threads": 2,
            "log.cleaner.dedupe.buffer.size": 4 << 20,
            **(properties or {}),
        }))
        JavaProgram(home / "format", 128, "kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER_ID,
                    "-c", str(self.config)).run()
        self.program = JavaProgram(home / "program", 320, "kafka.Kafka", str(self.config))

    def start(self):
        self.program.start(lambda log: b"Kafka Server started" in log)

    def stop(self):
        self.program.stop()

    def kill(self):
        self.program.kill()

    def running(self):
        return self.program.running()


class Connect:
    """One standalone worker. It forgets its connectors when it ends, so they are put again at each start; offsets stay."""

    main_class = "org.apache.kafka.connect.cli.ConnectStandalone"

    def __init__(self, home, bootstrap, properties=None):
        home.mkdir()
        self.port = free_port()
        self.connectors = {}
        config = home / "worker.properties"
        config.write_text(properties_text({
            "bootstrap.servers": bootstrap,
            "listeners": f"http://127.0.0.1:{self.port}",
            "key.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            **self.storage(home),
            "offset.flush.interval.ms": 1000,
            "plugin.discovery": "service_load",
            **(properties or {}),
        }))
        self.program = JavaProgram(home / "program", 384, self.main_class, str(config))

    def storage(self, home):
        return {"offset.storage.file.filename": home / "offsets"}

    def start(self):
        self.program.start(lambda _: self._answers())
        for name, properties in self.connectors.items():
            self._put(name, properties)
            self._wait_until_running(name)

    def stop(self):
        self.program.stop()

    def kill(self):
        self.program.kill()

    def running(self):
        return self.program.running()

    def put(self, name, properties):
        self.connectors[name] = properties
        self._put(name, properties)
        self._wait_until_running(name)

    def status(self, name):
        """(state, trace) of the connector's task, or of the connector that could not make one."""
        answer = self._ask("GET", f"/connectors/{name}/status") or {}
        parts = answer.get("tasks") or [part for part in [answer.get("connector")] if part and part["state"] == "FAILED"]
        return (parts[0]["state"], parts[0].get("trace", "")) if parts else ("", "")

    def delete(self, name):
        self.connectors.pop(name, None)
        self._ask("DELETE", f"/connectors/{name}")

    def _put(self, name, properties):
        self._ask("PUT", f"/connectors/{name}/config", {key: str(value) for key, value in properties.items()})

    def _wait_until_running(self, name):
        deadline = time.monotonic() + 60
        state, trace = "", ""
        while state != "RUNNING":
            if state == "FAILED" or time.monotonic() > deadline:
                raise RuntimeError(f"connector {name} does not run: {state}\n{trace}")
            time.sleep(0.05)
            state, trace = self.status(name)

    def _answers(self):
        """Until it is ready there are no /connectors."""
        try:
            return self._ask("GET", "/connectors") is not None
        except OSError:
            return False

    def _ask(self, method, path, body=None):
        """None when there is no such thing."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method,
                                         headers={"Content-Type": "application/json"})
        # Whatever proxy is set is none for loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refused:
            if refused.code == 404:
                return None
            raise RuntimeError(f"Connect: {refused.read().decode()}") from refused


def recommended(prefix, tables, port, database, user="postgres"):
    """config/debezium/understudy.properties for a database on loopback."""
    return {**read_properties(RECOMMENDED), "topic.prefix": prefix, "slot.name": prefix, "publication.name": prefix,
            "topic.creation.transaction.include": f"{prefix}[.]transaction", "table.include.list": ",".join(tables),
            "database.hostname": "127.0.0.1", "database.port": port, "database.user": user,
            "database.dbname": database}


def read_topic(bootstrap, topic, seconds=20):
    """What is in a topic now: a list of dictionaries as kcat prints them."""
    done = subprocess.run(["kcat", "-b", bootstrap, "-C", "-t", topic, "-e", "-q", "-J"], capture_output=True, text=True,
                          timeout=seconds)
    return [json.loads(line) for line in done.stdout.split("\n") if line] if done.returncode == 0 else []
