"""The program that is measured, with directories of its own."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from measuring import wait_until

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("BENCH_PROGRAM", ROOT / "build-bench" / "understudy"))
NEVER = "{every: 24h}"  # a cadence under which nothing is published while a line is measured


class Sidecar:
    def __init__(self, database, cadence="{min_interval: 1s}", serves=False, grace="0s",
                 tables="[public.materials]", documents=""):
        self.database = database
        self.grace = grace
        self.tables = tables
        self.documents = documents
        self.home = Path(tempfile.mkdtemp(prefix="understudy-bench-"))
        self.state = self.home / "state"
        self.snapshot = self.home / "snapshot"
        self.socket = self.home / "http" if serves else None
        self.log = self.home / "understudy.log"
        self.config = self.home / "understudy.yaml"
        self.process = None
        for directory in (self.state, self.snapshot):
            directory.mkdir(mode=0o700)
        self.configure(cadence)

    def configure(self, cadence, host=None):
        self.config.write_text(
            f'source: {{postgres: {{connection: "{self.database.connection(host)}"}}}}\n'
            f"tables: {self.tables}\n"
            f"state: {{directory: {self.state}}}\n"
            f"snapshot: {{directory: {self.snapshot}, keep: 1, grace: {self.grace}}}\n"
            f"cadence: {cadence}\n"
            + (f"documents: {self.documents}\n" if self.documents else "")
            + (f"serve: {{listen: 'unix:{self.socket}'}}\n" if self.socket else ""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self, before=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "run", "--config", self.config], stdout=log, stderr=log,
                                            start_new_session=True, preexec_fn=before)

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def pid(self):
        return self.process.pid

    def wait_for(self, condition, what, seconds=900, pause=0.01):
        def holds():
            if self.process.poll() is not None:
                raise RuntimeError(f"understudy ended ({self.process.returncode}):\n" + self.log.read_text()[-2000:])
            return condition()
        return wait_until(holds, what, seconds, pause)

    def wait_copied(self):
        """Until the first generation is announced and the stream runs."""
        self.wait_for(lambda: self.generation() and self.status().get("state") == "streaming", "the first generation")

    def wait_durable(self, position):
        """Until everything before the position is durable and confirmed."""
        session = self.database.session()
        confirmed = f"SELECT confirmed_flush_lsn >= '{position}' FROM pg_replication_slots WHERE slot_name = 'understudy'"
        self.wait_for(lambda: session.ask(confirmed) == "t", f"the position {position} to be durable")
        session.close()

    def publish(self):
        subprocess.run([PROGRAM, "publish", "--config", self.config], check=True, stdout=subprocess.DEVNULL)

    def generation(self):
        try:
            return int(Path(os.readlink(self.snapshot / "current")).name)
        except OSError:
            return 0

    def document(self):
        return self.snapshot / "current" / "snapshot.json"

    def status(self):
        try:
            return json.loads((self.snapshot / "status.json").read_text())
        except (OSError, ValueError):
            return {}

    def keep_state(self):
        """Remembers the stopped sidecar's state for restore_state()."""
        for name in ("state", "snapshot"):
            subprocess.run(["cp", "-a", self.home / name, self.home / f"{name}.kept"], check=True)

    def restore_state(self):
        for name in ("state", "snapshot"):
            shutil.rmtree(self.home / name)
            subprocess.run(["cp", "-a", self.home / f"{name}.kept", self.home / name], check=True)
        os.sync()
