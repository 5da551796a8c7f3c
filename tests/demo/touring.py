"""What the tours share: a private Postgres, the sidecar as a process, and how both are shown."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import tied

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "understudy"
POSTGRES = Path("/usr/lib/postgresql/15/bin")
SHOP = Path(__file__).with_name("shop.sql")


def say(text=""):
    print(text, flush=True)


def title(text):
    say(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}")


def wait_until(condition, what, seconds=90):
    """Asks again and again; ends the tour when it takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


class Database:
    """The private cluster, on a unix socket, and on a port of loopback if one is given. Postgres refuses to run as root, so
    root lends it the user postgres."""

    def __init__(self, home, port=None):
        self.home = home
        self.network = ["-c", "listen_addresses=127.0.0.1", "-p", str(port)] if port else ["-c", "listen_addresses="]
        self.client = ["-h", home, *(["-p", str(port)] if port else [])]
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.postmaster = None

    def start(self):
        data = self.home / "data"
        if not data.exists():
            self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with open(self.home / "postgres.log", "ab") as log:
            self.postmaster = subprocess.Popen(
                [*self.as_user, POSTGRES / "postgres", "-D", data, "-k", self.home, *self.network,
                 "-c", "wal_level=logical", "-c", "fsync=off"],
                stdout=log, stderr=log, cwd="/", start_new_session=True, preexec_fn=tied.ends_with_us())
        wait_until(self._answers, "Postgres to start")

    def stop(self):
        """Returns how long a fast shutdown took, in seconds."""
        begin = time.monotonic()
        pid = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGINT)
        self.postmaster.wait(60)
        return time.monotonic() - begin

    def running(self):
        return self.postmaster is not None and self.postmaster.poll() is None

    def sql(self, statements, database="shop"):
        done = subprocess.run(
            [POSTGRES / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *self.client, "-U", "postgres", "-d", database],
            input=statements, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def _run(self, program, *arguments):
        subprocess.run([*self.as_user, POSTGRES / program, *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL)

    def _answers(self):
        ready = [POSTGRES / "pg_isready", "-q", *self.client]
        return subprocess.run(ready).returncode == 0


class Sidecar:
    """understudy run, with the smallest config that works: `source` is the block of that name."""

    def __init__(self, home, source):
        self.home = home
        self.snapshot = home / "snapshot"
        self.log = home / "understudy.log"
        self.process = None
        for directory in (self.snapshot, home / "state"):
            directory.mkdir()
        self.config = home / "understudy.yaml"
        self.config.write_text(
            f"{source}"
            "tables: [public.materials, public.suppliers, public.stock_movements]\n"
            "state:\n"
            f"  directory: {home}/state\n"
            "snapshot:\n"
            f"  directory: {self.snapshot}\n")

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "run", "--config", self.config], stdout=log, stderr=log,
                                            start_new_session=True, preexec_fn=tied.ends_with_us())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def read(self, name):
        """A JSON file of the announced generation, or status.json; None when it is not there yet."""
        path = self.snapshot / name if name == "status.json" else self.snapshot / "current" / name
        try:
            return json.loads(path.read_text(), parse_float=Decimal)
        except (OSError, ValueError):
            return None

    def generation(self):
        try:
            return int(Path(os.readlink(self.snapshot / "current")).name)
        except OSError:
            return 0

    def wait_for(self, condition, what):
        """Waits until the announced snapshot fulfils a condition. Returns the snapshot."""
        def announced():
            if not self.running():
                raise RuntimeError("understudy ended:\n" + self.log.read_text()[-2000:])
            snapshot = self.read("snapshot.json")
            return snapshot if snapshot and condition(snapshot) else None
        return wait_until(announced, what)


def postgres_source(database_home):
    return f'source:\n  postgres:\n    connection: "host={database_home} dbname=shop user=understudy"\n'


def material(snapshot, number):
    return next((row for row in snapshot["materials"] if row["id"] == number), None)


def clock(stamp):
    return stamp[11:23] if stamp else "the copy"


def lend_to_postgres(directory):
    """A new directory that the server's user may write to."""
    directory.mkdir()
    if os.geteuid() == 0:
        shutil.chown(directory, "postgres")
    return directory


def end_in_peace():
    """A second signal must not leave half of it behind."""
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, signal.SIG_IGN)


def take(tour, asked):
    """tour(home, asked) in a directory of its own, which is removed however the tour ends."""
    tied.remove_leftovers()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix=tied.PREFIX, dir="/tmp") as home:
        tied.lock(home)
        os.chmod(home, 0o755)
        try:
            tour(Path(home), asked)
        except KeyboardInterrupt:
            say("\nInterrupted. Everything is removed again.")
            sys.exit(130)
        except (RuntimeError, TimeoutError) as error:
            log = Path(home) / "understudy.log"
            sys.exit(f"\nThe tour broke off: {error}\n" + (log.read_text()[-2000:] if log.exists() else ""))
