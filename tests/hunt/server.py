"""A private Postgres of any supported version; each round gets a database of its own in it."""

import os
from pathlib import Path

from cluster import DEBIAN, Cluster  # of tests/bench
from measuring import wait_until
from session import ConnectionLost, Session, SqlError

DEBIAN_VERSION = 15
SETTINGS = {"wal_level": "logical", "fsync": "off", "shared_buffers": "64MB", "listen_addresses": "",
            "max_replication_slots": "10", "max_wal_senders": "10", "max_prepared_transactions": "10",
            "logical_decoding_work_mem": "64kB", "deadlock_timeout": "200ms", "autovacuum_naptime": "3s",
            "max_wal_size": "4GB", "log_lock_waits": "on"}


def cache_directory():
    """Where ./dev setup keeps what it fetched."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "understudy"


def installed_programs(version):
    if version == DEBIAN_VERSION:
        return DEBIAN
    ready = [home for home in cache_directory().glob(f"postgres-{version}.*") if (home / "ready").exists()]
    if not ready:
        raise SystemExit(f"Postgres {version} is not installed; type ./dev setup")
    return (ready[0] / "native" / "bin").resolve()


class Server(Cluster):
    psql = DEBIAN / "psql"  # the fetched versions have no clients

    def __init__(self, version, settings=None):
        super().__init__("understudy-hunt-", installed_programs(version), {**SETTINGS, **(settings or {})})
        self.version = version
        self.create()

    def client(self, database):
        return ["-h", str(self.home), "-p", str(self.port), "-U", "postgres", "-d", database]

    def connection(self, database, role="postgres"):
        return f"host={self.home} port={self.port} user={role} dbname={database}"

    def sql(self, database, statement):
        """A short session of its own."""
        session = Session(self, database)
        try:
            return session.ask(statement)
        finally:
            session.close()

    def drop(self, database):
        """With what keeps it: our slots and prepared transactions."""
        slots = f"SELECT slot_name FROM pg_replication_slots WHERE database = '{database}'"

        def dropped():
            try:
                for slot in self.sql("postgres", slots).split():
                    self.sql("postgres", f"SELECT pg_drop_replication_slot('{slot}')")
                self.sql("postgres", "SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin")
                self.sql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
                return True
            except (ConnectionLost, SqlError):
                return False
        wait_until(dropped, f"database {database} to be dropped", 30, 0.3)
