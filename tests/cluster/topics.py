"""The topics that the pods follow: a broker and Kafka Connect with Debezium. Pods sign in at the node's address, Connect at loopback."""

import sys
from pathlib import Path

from database import PASSWORD
from node import ADDRESS

sys.path.append(str(Path(__file__).resolve().parents[1] / "demo"))
import kafka_kit  # noqa: E402

TABLES = ["public.materials", "public.events"]
PREFIX = "shop"
# The same tables with schemas in their messages, as config/debezium/README.md has it.
PREFIX_WITH_SCHEMAS = "told"
SCHEMAS = {"key.converter.schemas.enable": "true", "value.converter.schemas.enable": "true", "column.propagate.source.type": ".*"}
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SIGN_IN = {"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PODS:SASL_PLAINTEXT,TLS:SASL_SSL",
           **{f"listener.name.{name}.{key}": value for name in ("pods", "tls") for key, value in (
               ("sasl.enabled.mechanisms", "PLAIN"), ("plain.sasl.jaas.config", f'{LOGIN} required user_understudy="{PASSWORD}";'))}}
PREPARE = """
CREATE ROLE debezium LOGIN REPLICATION;
GRANT SELECT ON materials, events TO debezium;
INSERT INTO events (payload) VALUES ('an empty table has no topic');
"""
PUBLISH = """
CREATE PUBLICATION {} FOR TABLE materials, events
    WITH (publish = 'insert, update, delete', publish_via_partition_root = true);
"""


class Topics:
    """Nothing runs before start(): the rows that follow Postgres do not need it."""

    def __init__(self, home, database, authority, logs):
        self.home, self.database, self.authority, self.logs = home, database, authority, logs
        self.brokers = f"{ADDRESS}:{kafka_kit.free_port()}"
        self.brokers_with_tls = f"{ADDRESS}:{kafka_kit.free_port()}"
        self.broker = self.connect = None
        self.description = ""  # what `understudy describe` said of the tables, once it was asked

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in (self.connect, self.broker):
            if server is not None and server.running():
                server.kill()

    def start(self):
        self.home.mkdir()
        tls = {"listener.name.tls.ssl.keystore.type": "PEM", "listener.name.tls.ssl.keystore.location": self.authority.key_and_chain()}
        self.broker = kafka_kit.Broker(self.home / "broker", {**SIGN_IN, **tls}, {"PODS": self.brokers, "TLS": self.brokers_with_tls})
        self._start("broker", self.broker)
        self.connect = kafka_kit.Connect(self.home / "connect", self.broker.bootstrap)
        self._start("connect", self.connect)
        self.database.sql(PREPARE)
        self.add_connector(PREFIX, {})

    def _start(self, name, server):
        server.start()
        (self.logs / f"{name}.log").symlink_to(server.program.log)

    def add_connector(self, prefix, more):
        self.database.sql(PUBLISH.format(prefix))
        recommended = kafka_kit.recommended(prefix, TABLES, self.database.port, "postgres", "debezium")
        self.connect.put(prefix, {**recommended, "database.hostname": ADDRESS, **more})
