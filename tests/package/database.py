"""A private, temporary Postgres 15 that listens on a unix socket only."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from cases import wait_until

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
PASSWORD = "c4n4ry"
SHOP = f"""
CREATE ROLE understudy LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE materials (id integer PRIMARY KEY, name text);
CREATE TABLE suppliers (id integer PRIMARY KEY, name text);
INSERT INTO materials SELECT n, 'material ' || n FROM generate_series(1, 1000) n;
GRANT SELECT ON materials, suppliers TO understudy;
CREATE PUBLICATION understudy FOR TABLE materials, suppliers WITH (publish_via_partition_root = true);
"""


class Database:
    """`socket` is the directory of its socket. Only user understudy needs a password."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="understudy-database-"))
        self.home.chmod(0o755)
        self.socket = self.home / "socket"
        self.socket.mkdir()
        # Postgres refuses to run as root, so root lends it the user postgres.
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            for directory in (self.home, self.socket):
                shutil.chown(directory, "postgres", "postgres")
        self.postmaster = None
        data = self.home / "data"
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        (data / "pg_hba.conf").write_text("local shop understudy scram-sha-256\nlocal all postgres trust\n")

    def __enter__(self):
        self.start()
        self.sql("CREATE DATABASE shop", "postgres")
        self.sql(SHOP)
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self):
        with open(self.home / "log", "ab") as log:
            self.postmaster = subprocess.Popen(
                [*self.as_user, PROGRAMS / "postgres", "-D", self.home / "data", "-k", self.socket, "-c", "listen_addresses=",
                 "-c", "wal_level=logical", "-c", "fsync=off"], stdout=log, stderr=log, cwd="/", start_new_session=True)
        ready = [PROGRAMS / "pg_isready", "-q", "-h", self.socket]
        wait_until(lambda: subprocess.run(ready).returncode == 0, "Postgres to start")

    def stop(self):
        if self.postmaster is None or self.postmaster.poll() is not None:
            return
        pid = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGINT)
        self.postmaster.wait(60)

    def sql(self, statements, database="shop"):
        done = subprocess.run(
            [PROGRAMS / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-U", "postgres", "-d", database],
            input=statements, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _run(self, program, *arguments):
        subprocess.run([*self.as_user, PROGRAMS / program, *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL)
