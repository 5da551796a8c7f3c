"""Random settings of a connector, and what the config has to say of them."""

import json
from dataclasses import dataclass

import kafka_kit  # of tests/demo

ENCODINGS = {
    "decimal.handling.mode": ["precise", "double", "string", "string"],
    "time.precision.mode": ["adaptive", "adaptive_time_microseconds", "connect", "isostring", "microseconds", "microseconds",
                            "nanoseconds"],
    "interval.handling.mode": ["numeric", "string", "string"],
    "binary.handling.mode": ["bytes", "base64", "base64-url-safe", "hex"],
    "hstore.handling.mode": ["json", "map"],
}
PLACEHOLDERS = [None, None, "not there", "hex:5f5f3f", "__other_value"]
PREFIXES = ["{}", "{}", "Shop-{}.eu_1", "a.{}"]
FLATTEN = "io.debezium.transforms.ExtractNewRecordState"
EXTRACT_KEY = "org.apache.kafka.connect.transforms.ExtractField$Key"
DELETES = ["tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"]  # `drop` tells nobody of deletes
ADDED = ["op,table,lsn,source.ts_ms,txId", "op", "schema,table"]
QUICK_CLEANER = {"segment.ms": 300, "min.cleanable.dirty.ratio": 0.01, "max.compaction.lag.ms": 600}
SIGNALS = "dbz_signal"


@dataclass
class Connector:
    """`shape` is what a message is: enveloped or flattened. `columns` says who tells the columns: description, messages
    or both. `cleanup` is the topics' policy."""
    name: str
    prefix: str
    shape: str
    columns: str
    cleanup: str
    partitions: int
    transactions: str
    heartbeat_ms: int
    topics: str
    on_resnapshot: str
    members: list
    properties: dict
    said_complete: bool = False

    def summary(self):
        words = [f"{self.shape}, {self.cleanup} x {self.partitions}, columns from {self.columns}, transactions {self.transactions}, "
                 f"on_resnapshot {self.on_resnapshot}, topics by {self.topics}, heartbeat {self.heartbeat_ms}"]
        shown = [*ENCODINGS, "include.unknown.datatypes", "snapshot.mode", "unavailable.value.placeholder",
                 "key.converter.schemas.enable", "value.converter.schemas.enable", "column.propagate.source.type",
                 "tombstones.on.delete", "value.converter.decimal.format", "value.converter.replace.null.with.default",
                 "snapshot.max.threads", "money.fraction.digits", "transforms.flat.delete.tombstone.handling.mode",
                 "transforms.flat.add.fields", "predicates.lone.pattern"]
        words += [f"{name}={self.properties[name]}" for name in shown if name in self.properties]
        return "; ".join(words)

    def source(self, brokers, description):
        """`source` of the config."""
        parts = [f'brokers: "{brokers}"', f"topics: {self.topics_setting()}", f"on_resnapshot: {self.on_resnapshot}"]
        if description:
            parts.append(f"description: {description}")
        told = {name.replace(".", "_"): self.properties[name] for name in ENCODINGS if name in self.properties}
        if "unavailable.value.placeholder" in self.properties:
            told["unavailable_value_placeholder"] = json.dumps(self.properties["unavailable.value.placeholder"])
        parts.append("connector: {" + ", ".join(f"{name}: {value}" for name, value in told.items()) + "}")
        if self.said_complete:
            parts.append("complete: [" + ", ".join(f"public.{name}" for name in self.members) + "]")
        if self.topics != "prefix":
            parts += [f"heartbeat_topic: __debezium-heartbeat.{self.prefix}", f"transaction_topic: {self.prefix}.transaction"]
        return "{kafka: {" + ", ".join(parts) + "}}"

    def topics_setting(self):
        if self.topics == "prefix":
            return f"{{prefix: {self.prefix}}}"
        if self.topics == "pattern":
            return f"{{pattern: '{self.prefix.replace('.', '[.]')}[.](public)[.](.*)'}}"
        return "{list: [" + ", ".join(f"{{topic: {self.prefix}.public.{name}, table: public.{name}}}"
                                      for name in self.members) + "]}"


def random_connector(rng, name, port, members, keyed_by_k):
    """`members` are the tables to be captured, beside that of the signals; of some `k` alone is the key."""
    prefix = rng.choice(PREFIXES).format(name)
    shape = rng.choice(["enveloped", "enveloped", "enveloped", "flattened"])
    columns = rng.choice(["description", "description", "messages", "both"])
    made = Connector(name=name, prefix=prefix, shape=shape, columns=columns,
                     cleanup=rng.choice(["compact", "compact", "compact quickly", "delete"]), partitions=rng.choice([1, 1, 3]),
                     transactions=rng.choice(["one", "one", "one", "spread", "none"]),
                     heartbeat_ms=rng.choice([500, 500, 500, 0]), topics=rng.choice(["prefix", "prefix", "pattern", "list"]),
                     on_resnapshot=rng.choice(["keep", "keep", "sweep"]),
                     members=members, properties={})
    tables = [f"public.{member}" for member in [*members, SIGNALS]]
    made.properties = {
        **kafka_kit.recommended(prefix, tables, port, name), "slot.name": name, "publication.name": name,
        "signal.data.collection": f"public.{SIGNALS}", "incremental.snapshot.chunk.size": rng.choice([3, 20, 200]),
        "heartbeat.interval.ms": made.heartbeat_ms, "poll.interval.ms": rng.choice([20, 100, 500]),
        "snapshot.mode": rng.choice(["initial", "initial", "when_needed", "always"]),
        "include.unknown.datatypes": rng.choice(["true", "true", "false"]),
        "tombstones.on.delete": rng.choice(["true", "true", "false"]),
        "provide.transaction.metadata": "false" if made.transactions == "none" else "true",
        **{setting: rng.choice(modes) for setting, modes in ENCODINGS.items()},
        **topics_of(rng, made), **messages_of(rng, made, keyed_by_k),
        "value.converter.replace.null.with.default": rng.choice(["false"] * 5 + ["true"]),
        "producer.override.compression.type": rng.choice(["none", "gzip", "snappy", "lz4", "zstd"]),
        "snapshot.max.threads": rng.choice([1, 1, 3]),
        "incremental.snapshot.watermarking.strategy": rng.choice(["insert_insert", "insert_delete"]),
        "money.fraction.digits": rng.choice([2, 2, 2, 0, 4]),
        "snapshot.isolation.mode": rng.choice(["serializable", "serializable", "repeatable_read"]),
        "errors.max.retries": "-1", "retriable.restart.connector.wait.ms": 500}
    placeholder = rng.choice(PLACEHOLDERS)
    if placeholder:
        made.properties["unavailable.value.placeholder"] = placeholder
    return made


def topics_of(rng, made):
    settings = {"partitions": made.partitions, "cleanup.policy": made.cleanup.split()[0]}
    if made.cleanup == "compact quickly":
        settings |= QUICK_CLEANER
    boundaries = 1 if made.transactions == "one" else 3
    return {"topic.creation.transaction.include": f"{made.prefix}[.]transaction",
            "topic.creation.transaction.partitions": boundaries,
            **{f"topic.creation.default.{name}": value for name, value in settings.items()}}


def messages_of(rng, made, keyed_by_k):
    schemas = made.columns != "description" or rng.random() < 0.2
    key_schemas = schemas if made.columns != "description" else rng.random() < 0.3
    settings = {"value.converter.schemas.enable": str(schemas).lower(), "key.converter.schemas.enable": str(key_schemas).lower()}
    if schemas and rng.random() < 0.7:
        settings["column.propagate.source.type"] = ".*"
    if rng.random() < 0.1:
        settings["value.converter.decimal.format"] = "NUMERIC"
    if made.shape == "flattened":
        settings |= {"transforms": "flat", "transforms.flat.type": FLATTEN,
                     "transforms.flat.replace.null.with.default": "false",
                     "transforms.flat.delete.tombstone.handling.mode": rng.choice(DELETES)}
        if rng.random() < 0.5:
            settings["transforms.flat.add.fields"] = rng.choice(ADDED)
    if made.columns == "description" and keyed_by_k and rng.random() < 0.3:
        settings |= lone_keys(settings.get("transforms"), rng.sample(keyed_by_k, rng.randint(1, len(keyed_by_k))))
    return settings


def lone_keys(other_transforms, tables):
    """The keys of some tables are values alone."""
    return {"transforms": ",".join(filter(None, [other_transforms, "key"])), "transforms.key.type": EXTRACT_KEY,
            "transforms.key.field": "k", "transforms.key.predicate": "lone", "predicates": "lone",
            "predicates.lone.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
            "predicates.lone.pattern": f".*[.]public[.]({'|'.join(tables)})"}
