#!/usr/bin/env python3
"""The container image, run as a careful host runs it: read-only root, no capabilities, little memory.

`image_test.py --image OCI-ARCHIVE --parts SPDX-JSON [--report FILE]`. Its database is a private Postgres whose socket it sees. As
root, which starts containers; inside nobody is root.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import cases
from cases import wait_until
from database import PASSWORD, Database
from podman import Podman

arguments = argparse.ArgumentParser()
arguments.add_argument("--image", type=Path, required=True)
arguments.add_argument("--parts", type=Path, required=True)
OPTIONS = arguments.parse_known_args()[0]

USER = 65532
SIZE_MAX = 40_000_000
CAREFUL = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--memory", "128m",
           "--network", "none"]
CONFIG = """source:
  postgres:
    connection_file: /run/secrets/connection
tables: [public.materials, public.suppliers]
state:
  directory: /var/lib/understudy/state
  any_filesystem: true
snapshot:
  directory: {snapshot}
"""
CONNECTION = f"host=/srv/database dbname=shop user=understudy password={PASSWORD}"


def archive():
    """(config, members of the layer) of the image."""
    with tarfile.open(OPTIONS.image) as tar:
        def blob(digest):
            return tar.extractfile("blobs/sha256/" + digest.removeprefix("sha256:"))
        index = json.load(tar.extractfile("index.json"))
        manifest = json.load(blob(index["manifests"][0]["digest"]))
        with tarfile.open(fileobj=blob(manifest["layers"][0]["digest"])) as layer:
            return json.load(blob(manifest["config"]["digest"])), layer.getmembers()


class World:
    """A host with a database, a volume, a config and a secret; containers are made on it."""

    def __init__(self, podman, database):
        self.podman = podman
        self.database = database
        self.volume = podman.home / "volume"
        self.volume.mkdir()
        os.chown(self.volume, USER, USER)
        self.secret = podman.home / "connection"
        self.secret.write_text(CONNECTION)
        self.secret.chmod(0o400)
        os.chown(self.secret, USER, USER)
        self.config = podman.home / "understudy.yaml"
        self.configure()

    def configure(self, snapshot="/var/lib/understudy/snapshot"):
        self.config.write_text(CONFIG.format(snapshot=snapshot))

    def mounts(self, secret=True, readonly=False):
        found = ["--volume", f"{self.volume}:/var/lib/understudy" + (":ro" if readonly else ""),
                 "--volume", f"{self.config}:/etc/understudy/understudy.yaml:ro",
                 "--volume", f"{self.database.socket}:/srv/database:ro"]
        return [*found, "--volume", f"{self.secret}:/run/secrets/connection:ro"] if secret else found

    def once(self, *command, **which):
        """Runs a command of the image to its end. Returns (exit status, what it printed)."""
        done = self.podman.call("run", "--rm", "--pull", "never", *CAREFUL, *self.mounts(**which), "localhost/understudy:test",
                                *command, check=False)
        return done.returncode, done.stdout + done.stderr

    def log(self):
        done = self.podman.call("logs", "sidecar")
        return done.stdout + done.stderr

    def ready(self):
        return self.podman.call("exec", "sidecar", "/usr/bin/understudy", "ready", check=False).returncode == 0

    def snapshot(self, text):
        file = self.volume / "snapshot" / "current" / "snapshot.json"
        return file.exists() and text in file.read_text()


world = None  # made before the first case


def it_is_small_and_has_neither_shell_nor_package_manager():
    _, members = archive()
    size = sum(member.size for member in members)
    print(f"{size / 1e6:.1f} MB")
    assert size < SIZE_MAX, size
    programs = {member.name for member in members if member.isreg() and member.mode & 0o111 and ".so" not in member.name}
    assert programs == {"usr/bin/understudy"}, programs
    assert not [member.name for member in members if member.mode & 0o6000]


def it_says_what_it_is_and_runs_as_nobody():
    config, _ = archive()
    wanted = config["config"]
    assert wanted["User"] == f"{USER}:{USER}"
    assert wanted["Entrypoint"] == ["/usr/bin/understudy"] and wanted["Cmd"] == ["run"]
    assert wanted["Healthcheck"]["Test"] == ["CMD", "/usr/bin/understudy", "ready"]
    for label in ("title", "description", "version", "revision", "created", "licenses"):
        assert wanted["Labels"][f"org.opencontainers.image.{label}"], label


def its_parts_are_listed():
    parts = {package["name"] for package in json.loads(OPTIONS.parts.read_text())["packages"]}
    assert {"understudy", "libpq5", "libssl3", "libc6", "liblmdb0"} <= parts, parts


def the_same_files_give_the_same_bytes():
    tool = Path(__file__).resolve().parents[2] / ".ci" / "oci_archive.py"
    root = world.podman.home / "same"
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "usr" / "bin" / "understudy").write_text("x")
    digests = set()
    for number in range(2):
        target = world.podman.home / f"same-{number}.tar"
        os.utime(root / "usr" / "bin" / "understudy", (number, number))
        subprocess.run([tool, "--root", root, "--archive", target, "--version", "1", "--revision", "x", "--created", "5"],
                       check=True, stdout=subprocess.DEVNULL)
        digests.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(digests) == 1


def without_a_secret_it_says_which():
    status, said = world.once("run", secret=False)
    assert status == 2 and "/run/secrets/connection: No such file or directory" in said, (status, said)


def without_a_configuration_it_says_so():
    done = world.podman.call("run", "--rm", "--pull", "never", *CAREFUL, "localhost/understudy:test", check=False)
    assert done.returncode == 2 and "/etc/understudy/understudy.yaml" in done.stderr, done.stderr


def every_prerequisite_can_be_checked():
    status, said = world.once("check")
    assert status == 0 and "FAILED" not in said, said


def it_follows_and_its_health_is_its_own_answer():
    world.podman.start("sidecar", *CAREFUL, *world.mounts(), "--stop-signal", "SIGTERM", "localhost/understudy:test")
    wait_until(world.ready, "a generation")
    assert world.snapshot('"name":"material 1000"'), world.log()
    world.database.sql("INSERT INTO suppliers VALUES (7, 'seven')")
    wait_until(lambda: world.snapshot('{"id":7,"name":"seven"}'), "the new row")


def nobody_in_it_is_root():
    pid = world.podman.call("inspect", "--format", "{{.State.Pid}}", "sidecar").stdout.strip()
    status = Path(f"/proc/{pid}/status").read_text()
    for line in (f"Uid:\t{USER}\t{USER}", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"):
        assert line in status, status


def through_an_outage_it_stays_ready():
    world.database.stop()
    wait_until(lambda: "reason=unreachable" in world.log() or "reason=server_stopping" in world.log(), "the outage to be seen")
    assert world.ready()
    world.database.start()


def stopped_it_ends_in_time_and_with_success():
    world.podman.call("stop", "--time", "5", "sidecar")
    assert world.podman.call("inspect", "--format", "{{.State.ExitCode}}", "sidecar").stdout.strip() == "0"
    assert "stopping" in world.log()


def a_volume_that_cannot_be_written_is_named():
    status, said = world.once("run", readonly=True)
    assert status == 4 and "reason=bad_directory" in said and "/var/lib/understudy/" in said, (status, said)


def main():
    global world
    with Database() as database, Podman() as podman:
        loaded = podman.call("pull", "--quiet", f"oci-archive:{OPTIONS.image}").stdout.strip()
        podman.call("tag", loaded, "localhost/understudy:test")
        world = World(podman, database)
        return cases.run([
            it_is_small_and_has_neither_shell_nor_package_manager,
            it_says_what_it_is_and_runs_as_nobody,
            its_parts_are_listed,
            the_same_files_give_the_same_bytes,
            without_a_secret_it_says_which,
            without_a_configuration_it_says_so,
            every_prerequisite_can_be_checked,
            it_follows_and_its_health_is_its_own_answer,
            nobody_in_it_is_root,
            through_an_outage_it_stays_ready,
            stopped_it_ends_in_time_and_with_success,
            a_volume_that_cannot_be_written_is_named,
        ])


if __name__ == "__main__":
    sys.exit(main())
