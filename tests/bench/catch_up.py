"""A backlog of row changes until it is durable in our store, against pg_recvlogical on the same backlog."""

import subprocess
import time
from contextlib import contextmanager

from line import Line, at_least, at_most
from measuring import cpu_seconds
from sidecar import NEVER
from sizes import scaled
from stages import following

CHANGES = 1_000_000


class Backlog:
    """A stopped sidecar, and slots that can be set back to where it stopped, so that each repeat reads the same."""

    def __init__(self, sidecar, host):
        self.sidecar = sidecar
        self.database = sidecar.database
        self.host = host
        self.changes = scaled(CHANGES, 1000)
        sidecar.configure(NEVER, host)
        sidecar.stop()
        sidecar.keep_state()
        self.database.copy_slot("understudy", "pristine")
        self.end = self.database.change_rows(self.changes)

    def ours(self):
        """Returns changes per second, and our CPU per change in microseconds."""
        self.database.copy_slot("pristine", "understudy")
        self.sidecar.restore_state()
        begin = time.monotonic()
        self.sidecar.start()
        self.sidecar.wait_durable(self.end)
        taken = time.monotonic() - begin
        cpu = cpu_seconds(self.sidecar.pid)
        self.sidecar.stop()
        return self.changes / taken, cpu / self.changes * 1e6

    def pg_recvlogical(self):
        self.database.copy_slot("pristine", "reader")
        begin = time.monotonic()
        subprocess.run(self.database.pg_recvlogical("reader", f"--endpos={self.end}", host=self.host), check=True)
        taken = time.monotonic() - begin
        self.database.drop_slot("reader")
        return self.changes / taken


@contextmanager
def backlog(host=None):
    with following() as sidecar:
        made = Backlog(sidecar, host)
        yield made
        sidecar.kill()
        made.database.drop_slot("pristine")


def line(name, goal, host):
    return Line(name, goal, ours=lambda stage: stage.ours()[0], baseline=Backlog.pg_recvlogical,
                prepare=lambda: backlog(host))


LINES = [
    line("catch-up-socket", at_least(1.6), None),
    line("catch-up-tcp", at_least(1.2), "127.0.0.1"),
    Line("catch-up-cpu", at_most(8, "us per change"), ours=lambda stage: stage.ours()[1], prepare=backlog),
]
