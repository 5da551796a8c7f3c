"""Containers of podman, in a store of their own that goes with them. Needs root."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

# Without systemd and its cgroups on the machine itself, as in CI. The limits are those that a container may set there.
CONTAINERS_CONF = """[containers]
default_ulimits = ["nofile=16384:16384", "nproc=16384:16384"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
STORAGE_CONF = """[storage]
driver = "vfs"
graphroot = "{home}/root"
runroot = "{home}/run"
"""


class Podman:
    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="understudy-podman-"))
        (self.home / "containers.conf").write_text(CONTAINERS_CONF)
        (self.home / "storage.conf").write_text(STORAGE_CONF.format(home=self.home))
        self.containers = []
        self.environment = {**os.environ, "CONTAINERS_CONF": str(self.home / "containers.conf"),
                            "CONTAINERS_STORAGE_CONF": str(self.home / "storage.conf")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in self.containers:
            self.call("rm", "--force", "--time", "0", name, check=False)
        shutil.rmtree(self.home, ignore_errors=True)

    def call(self, *arguments, check=True, text=None):
        done = subprocess.run(["podman", *map(str, arguments)], env=self.environment, input=text, capture_output=True, text=True)
        assert not check or done.returncode == 0, f"podman {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def start(self, name, *arguments):
        """Runs a container in the background; it is removed at the end."""
        self.containers.append(name)
        self.call("run", "--detach", "--name", name, "--pull", "never", *arguments)
        return Container(self, name)


class Container:
    def __init__(self, podman, name):
        self.podman = podman
        self.name = name

    def run(self, command, check=True):
        """A line for the container's shell. Returns (exit status, everything it printed)."""
        done = self.podman.call("exec", "--interactive", self.name, "sh", "-c", f"{{ {command}\n}} 2>&1", check=False)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.returncode, done.stdout

    def output(self, command):
        return self.run(command)[1].strip()

    def works(self, command):
        return self.run(command, check=False)[0] == 0

    def write(self, path, text):
        self.podman.call("exec", "--interactive", self.name, "sh", "-c", f"cat >{path}", text=text)
