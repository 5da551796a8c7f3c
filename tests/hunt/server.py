"""A private Postgres of any supported version; each round gets a database of its own in it."""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from measuring import wait_until  # of tests/bench
from session import ConnectionLost, Session, SqlError

DEBIAN_VERSION = 15
DEBIAN = Path("/usr/lib/postgresql/15/bin")
# Postgres refuses to run as root, so root lends it the user postgres.
AS_POSTGRES = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
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


class Server:
    psql = DEBIAN / "psql"  # the fetched versions have no clients

    def __init__(self, version):
        self.version = version
        self.port = random.SystemRandom().randint(20000, 30000)
        self.home = Path(tempfile.mkdtemp(prefix="understudy-hunt-"))
        self.home.chmod(0o755)
        self._starter = None
        self._programs = self._reachable(installed_programs(version))
        if AS_POSTGRES:
            shutil.chown(self.home, "postgres")
        self._run("initdb", "-D", self.home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
                  "--no-sync")
        self.start()

    def _reachable(self, programs):
        """The caches of root are closed to others, so the server's user gets a copy."""
        if not AS_POSTGRES or self.version == DEBIAN_VERSION:
            return programs
        shutil.copytree(programs.parent, self.home / "native", symlinks=True)
        return self.home / "native" / "bin"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self):
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with open(self.home / "postgres.log", "ab") as log:
            self._starter = subprocess.Popen(
                [*AS_POSTGRES, self._programs / "postgres", "-D", self.home / "data", "-k", self.home, "-p",
                 str(self.port), *options], stdout=log, stderr=log, cwd="/", start_new_session=True,
                env={**os.environ, "LC_ALL": "C"})
        ready = [DEBIAN / "pg_isready", "-q", "-h", self.home, "-p", str(self.port)]
        wait_until(lambda: subprocess.run(ready).returncode == 0, "Postgres to start", 120, 0.1)

    def is_running(self):
        return self._starter is not None and self._starter.poll() is None

    def stop(self, how):
        """Returns how long it took, in seconds. SIGINT is a fast shutdown, SIGQUIT an immediate one."""
        begin = time.monotonic()
        os.kill(int((self.home / "data" / "postmaster.pid").read_text().split()[0]), how)
        self._starter.wait(300)
        return time.monotonic() - begin

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

    def _run(self, program, *arguments):
        subprocess.run([*AS_POSTGRES, self._programs / program, *arguments], check=True, cwd="/",
                       stdout=subprocess.DEVNULL)
