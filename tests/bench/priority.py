"""A share of the processor before whatever else runs on the machine."""

import os
from contextlib import contextmanager
from pathlib import Path

CONTROLLER = Path("/sys/fs/cgroup/cpu")
SHARES = 64 * 1024  # 256 times what each other session has, which is the most


@contextmanager
def before_others():
    """Everything that is started inside, servers and clients alike: `nice` would not do, for the kernel first divides
    the processor among sessions, and each backend of Postgres is one."""
    if os.geteuid() != 0 or not (CONTROLLER / "cpu.shares").exists():
        raise SystemExit("--first takes root and the v1 cpu controller at /sys/fs/cgroup/cpu")
    former = next(line.split(":", 2)[2] for line in Path("/proc/self/cgroup").read_text().splitlines()
                  if line.split(":")[1] == "cpu")
    group = CONTROLLER / f"understudy-bench-{os.getpid()}"
    group.mkdir()
    try:
        (group / "cpu.shares").write_text(str(SHARES))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield
    finally:
        (CONTROLLER / former.lstrip("/") / "cgroup.procs").write_text(str(os.getpid()))
        try:
            group.rmdir()
        except OSError:
            pass  # a server that lines share ends with us
