"""What a process costs, read from /proc; and waiting with a deadline."""

import os
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def wait_until(condition, what, seconds=600, pause=0.01):
    """Asks again and again. Returns the first answer that is true."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(pause)


def _stat(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid, with_ended_children=False):
    fields = _stat(pid)
    ticks = int(fields[11]) + int(fields[12])
    if with_ended_children:
        ticks += int(fields[13]) + int(fields[14])
    return ticks / TICKS


def thread_cpu_seconds(pid, name):
    """Of the thread of that name."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / TICKS
    raise RuntimeError(f"process {pid} has no thread {name}")


def children_of(pid):
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and int(_stat(entry)[1]) == pid:
                found.append(int(entry))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def cluster_cpu_seconds(postmaster):
    """Of a Postgres with everything that it runs and ever ran."""
    total = cpu_seconds(postmaster, with_ended_children=True)
    for child in children_of(postmaster):
        try:
            total += cpu_seconds(child, with_ended_children=True)
        except (FileNotFoundError, ProcessLookupError):
            pass  # ended just now; its parent counts it
    return total


def anonymous_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


class AnonymousPeak:
    """The most anonymous memory that a process had while the `with` block ran."""

    def __init__(self, pid):
        self.pid = pid
        self.mib = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        while not self._stop.wait(0.02):
            try:
                self.mib = max(self.mib, anonymous_mib(self.pid))
            except (FileNotFoundError, ProcessLookupError):
                return


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
