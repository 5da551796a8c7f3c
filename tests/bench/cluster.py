"""A private Postgres server in a directory of its own, that ends with us."""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from measuring import wait_until

DEBIAN = Path("/usr/lib/postgresql/15/bin")
# Postgres refuses to run as root, so root lends it the user postgres.
AS_POSTGRES = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


class Cluster:
    """Of `programs`, for which `settings` are the server's. Others than Debian's have no clients: those are Debian's."""

    def __init__(self, prefix, programs, settings):
        self.port = random.SystemRandom().randint(20000, 30000)
        self.home = Path(tempfile.mkdtemp(prefix=prefix))
        self.home.chmod(0o755)
        self._starter = None
        self._settings = settings
        self._programs = self._reachable(programs)
        if AS_POSTGRES:
            shutil.chown(self.home, "postgres")

    def _reachable(self, programs):
        """The caches of root are closed to others, so the server's user gets a copy."""
        if not AS_POSTGRES or programs == DEBIAN:
            return programs
        shutil.copytree(programs.parent, self.home / "native", symlinks=True)
        return self.home / "native" / "bin"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.home, ignore_errors=True)

    def create(self):
        subprocess.run([*AS_POSTGRES, self._programs / "initdb", "-D", self.home / "data", "-U", "postgres", "-A",
                        "trust", "-E", "UTF8", "--locale=C", "--no-sync"], check=True, cwd="/",
                       stdout=subprocess.DEVNULL)
        self.start()

    def start(self):
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with open(self.home / "postgres.log", "ab") as log:
            self._starter = subprocess.Popen(
                [*AS_POSTGRES, self._programs / "postgres", "-D", self.home / "data", "-k", self.home, "-p",
                 str(self.port), *options], stdout=log, stderr=log, cwd="/", start_new_session=True,
                env={**os.environ, "LC_ALL": "C"})
        ready = [DEBIAN / "pg_isready", "-q", "-h", self.home, "-p", str(self.port)]
        wait_until(lambda: subprocess.run(ready).returncode == 0, "Postgres to start", 120, 0.1)

    @property
    def postmaster(self):
        """Its process id; fails while it has not written its lock file."""
        return int((self.home / "data" / "postmaster.pid").read_text().split()[0])

    def is_running(self):
        return self._starter is not None and self._starter.poll() is None

    def stop(self, how=signal.SIGINT):
        """Returns how long it took, in seconds. SIGINT is what `pg_ctl stop -m fast` sends, SIGQUIT stops at once."""
        begin = time.monotonic()
        os.kill(self.postmaster, how)
        self._starter.wait(600)
        return time.monotonic() - begin
