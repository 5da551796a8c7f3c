"""The Postgres that the pods follow: on the node's address, which only these namespaces have."""

import json
import sys
from pathlib import Path

from node import ADDRESS, PODS, run

sys.path.append(str(Path(__file__).resolve().parents[1] / "bench"))
from cluster import DEBIAN, Cluster  # noqa: E402

PASSWORD = "not-a-secret-of-anybody"
SETTINGS = {"wal_level": "logical", "fsync": "off", "listen_addresses": ADDRESS, "max_replication_slots": "10",
            "max_wal_senders": "10"}
SHOP = f"""
CREATE TABLE materials (id int PRIMARY KEY, name text NOT NULL, stock int NOT NULL);
INSERT INTO materials SELECT i, 'material ' || i, i % 100 FROM generate_series(1, 2000) i;
CREATE TABLE events (id bigserial PRIMARY KEY, payload text NOT NULL);
CREATE ROLE understudy LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE ROLE shop LOGIN PASSWORD '{PASSWORD}';
GRANT SELECT ON materials, events TO understudy, shop;
CREATE PUBLICATION understudy FOR TABLE materials, events;
"""


class Database(Cluster):
    def __init__(self):
        super().__init__("understudy-cluster-db-", DEBIAN, SETTINGS)
        self.create()
        with open(self.home / "data" / "pg_hba.conf", "a") as rules:
            rules.write(f"host all all {PODS} scram-sha-256\nhost all all {ADDRESS}/32 trust\n")
        self.sql("SELECT pg_reload_conf()")
        self.sql(SHOP)

    def sql(self, statements):
        return run(DEBIAN / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.home, "-p", self.port, "-U", "postgres",
                   "-c", statements).strip()

    def offer_tls(self, authority):
        authority.give_to("postgres", self.home / "data")
        self.sql("ALTER SYSTEM SET ssl = on")
        self.sql("SELECT pg_reload_conf()")

    def connection(self, role):
        return f"host={ADDRESS} port={self.port} dbname=postgres user={role}"

    def rows(self, *tables):
        return {table: json.loads(self.sql(f"SELECT coalesce(json_agg(t ORDER BY id), '[]') FROM {table} t")) for table in tables}

    def sum(self):
        """As shop.cpp counts it."""
        return int(self.sql("SELECT sum(id * stock) FROM materials"))

    def slots(self):
        return self.sql("SELECT string_agg(slot_name, ',' ORDER BY slot_name) FROM pg_replication_slots WHERE NOT temporary")
