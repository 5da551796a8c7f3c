#!/usr/bin/env python3
"""The Debian package under a real systemd: installed, started, killed, upgraded, removed, purged.

`systemd_test.py --package DEB --machine TAR [--report FILE]`; .ci/machine makes the TAR. The machine is a container; its database
is a private Postgres outside, whose socket it sees. As root.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import cases
from cases import wait_until
from database import PASSWORD, Database
from podman import Podman

arguments = argparse.ArgumentParser()
arguments.add_argument("--package", type=Path, required=True)
arguments.add_argument("--machine", type=Path, required=True)
OPTIONS = arguments.parse_known_args()[0]

CONFIG = """source:
  postgres:
    {connection}
    slot: {name}
tables: [public.materials, public.suppliers]
state:
  directory: {state}/state
snapshot:
  directory: {snapshot}/snapshot
{more}
"""
WITH_SECRET = "connection_file: ${CREDENTIALS_DIRECTORY}/understudy_connection"
CONNECTION = f"host=/srv/database dbname=shop user=understudy password={PASSWORD}"
DROP_IN = "/run/systemd/system/understudy.service.d"


class Machine:
    """The container, and what the cases ask of it."""

    def __init__(self, container, database):
        self.container = container
        self.database = database
        self.run = container.run
        self.output = container.output
        self.works = container.works

    def show(self, what, unit="understudy"):
        return self.output(f"systemctl show --property={what} --value {unit}")

    def configure(self, name="understudy", more="", snapshot=None, connection=WITH_SECRET):
        state = "/var/lib/understudy" + ("" if name == "understudy" else f"/{name}")
        self.container.write(f"/etc/understudy/{name}.yaml", CONFIG.format(
            name=name, connection=connection, state=state, snapshot=snapshot or state, more=more))

    def drop_in(self, lines):
        self.run(f"mkdir -p {DROP_IN}")
        self.container.write(f"{DROP_IN}/test.conf", f"[Service]\n{lines}\n")
        self.run("systemctl daemon-reload")

    def without_drop_in(self):
        self.run(f"rm -r {DROP_IN}; systemctl daemon-reload")

    def log(self, unit="understudy"):
        return self.output(f"journalctl --quiet --output=cat --unit={unit}")

    def status(self):
        return json.loads(self.output("cat /var/lib/understudy/snapshot/status.json"))

    def wait_for_status_text(self, pattern, seconds=60):
        """Waits until a pattern is in what `systemctl status` shows. Returns all of that."""
        seen = []

        def is_shown():
            seen.append(self.show("StatusText"))
            return re.search(pattern, seen[-1])
        try:
            wait_until(is_shown, pattern, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is: {seen[-1]}\n{self.log()[-2000:]}") from None
        return seen[-1]

    def holds(self, text):
        return self.works(f"grep -qF '{text}' /var/lib/understudy/snapshot/current/snapshot.json")

    def install(self, package):
        self.container.podman.call("cp", package, f"{self.container.name}:/root/understudy.deb")
        self.run("dpkg --install /root/understudy.deb")


machine = None  # made before the first case


def installed_it_has_a_user_and_starts_nothing():
    machine.install(OPTIONS.package)
    assert machine.run("systemctl is-enabled understudy", check=False)[1].strip() == "disabled"
    assert machine.run("systemctl is-active understudy", check=False)[1].strip() == "inactive"
    assert machine.output("id --name --groups understudy") == "understudy"
    assert machine.output("stat --format=%a/%U /etc/understudy/credentials") == "700/root"
    assert "/etc/understudy/understudy.yaml" in machine.output("dpkg-query --show --showformat='${Conffiles}' understudy")


def before_the_first_start_every_prerequisite_can_be_checked():
    machine.run("cp /etc/understudy/understudy.yaml /root")
    machine.configure()
    machine.container.write("/etc/understudy/credentials/connection", CONNECTION)
    assert "FAILED" not in checked()
    machine.run("rm /etc/understudy/credentials/connection; cp /root/understudy.yaml /etc/understudy")


def checked():
    """What README's command prints."""
    return machine.output("systemd-run -qP -p User=understudy -p StateDirectory=understudy "
                          "-p LoadCredential=understudy:/etc/understudy/credentials understudy check")


def started_with_nobodys_database_it_says_so_and_goes_on_trying():
    machine.run("systemctl start --no-block understudy")
    machine.wait_for_status_text("no generation yet; unreachable: ")
    assert machine.show("ActiveState") == "activating"
    machine.run("systemctl stop understudy")
    assert machine.show("NRestarts") == "0"


def a_secret_that_is_missing_is_named_and_not_tried_again():
    machine.configure()
    assert not machine.works("systemctl start understudy")
    for text in (machine.show("StatusText"), machine.log()):
        assert "understudy_connection: No such file or directory" in text, text
    assert machine.show("ActiveState") == "failed"
    assert machine.show("NRestarts") == "0"


def with_its_database_named_it_is_started_when_there_is_a_generation():
    machine.container.write("/etc/understudy/credentials/connection", CONNECTION)
    machine.run("chmod 0600 /etc/understudy/credentials/connection")
    machine.run("systemctl enable --now understudy")
    assert machine.holds('"name":"material 1000"'), machine.log()
    machine.database.sql("INSERT INTO suppliers VALUES (7, 'seven')")
    wait_until(lambda: machine.holds('{"id":7,"name":"seven"}'), "the new row")
    machine.wait_for_status_text(r"^streaming; generation \d+, current as of \d+\.\d s ago, \d+ bytes behind$")


def every_prerequisite_can_be_checked_as_the_daemon_sees_it():
    seen = checked()
    assert "FAILED" not in seen and "/var/lib/understudy/state" in seen, seen


def who_only_reads_files_needs_no_secret():
    machine.run("useradd stranger; useradd --groups understudy reader")
    for command in ("status", "ready", "verify"):
        machine.run(f"runuser -u reader -- understudy {command}")


def the_group_reads_the_snapshot_and_nobody_else_does():
    path = "/var/lib/understudy/snapshot/current/snapshot.json"
    machine.run(f"runuser -u reader -- head -c1 {path}")
    assert not machine.works(f"runuser -u stranger -- head -c1 {path}")
    for user in ("reader", "stranger"):
        assert not machine.works(f"runuser -u {user} -- ls /var/lib/understudy/state")


def the_secret_is_nowhere_to_be_seen():
    pid = machine.show("MainPID")
    assert PASSWORD not in machine.log()
    assert not machine.works(f"grep -q {PASSWORD} /proc/{pid}/environ /proc/{pid}/cmdline")
    assert not machine.works(f"grep -rq {PASSWORD} /etc/understudy/understudy.yaml /var/lib/understudy/snapshot")
    assert not machine.works("runuser -u reader -- cat /run/credentials/understudy.service/understudy_connection")


def it_runs_without_capabilities_in_its_sandbox():
    status = machine.output(f"cat /proc/{machine.show('MainPID')}/status")
    for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        assert line in status, status
    assert machine.output(f"stat --format=%U /proc/{machine.show('MainPID')}") == "understudy"
    assert not machine.works(f"nsenter --mount --target {machine.show('MainPID')} touch /etc/understudy/x")
    print(machine.output("systemd-analyze security --threshold=15 understudy | tail -1"))


def a_reload_takes_what_is_live():
    machine.configure(more="cadence: {every: 1h}")
    machine.run("systemctl reload understudy")
    wait_until(lambda: (machine.status().get("reload") or {}).get("result") == "applied", "the reload")
    machine.configure()
    machine.run("systemctl reload understudy")
    assert machine.show("ActiveState") == "active"


def killed_it_comes_back_and_goes_on():
    generation = machine.status()["generation"]
    machine.run("systemctl kill --signal=KILL understudy")
    wait_until(lambda: machine.show("NRestarts") == "1" and machine.show("ActiveState") == "active", "the restart")
    machine.database.sql("INSERT INTO suppliers VALUES (8, 'eight')")
    wait_until(lambda: machine.holds('{"id":8,"name":"eight"}'), "a change after the kill")
    wait_until(lambda: machine.status()["generation"] > generation, "a later generation in the status")


def without_a_database_it_starts_at_once_and_the_watchdog_lets_it_live():
    machine.run("systemctl stop understudy")
    machine.database.stop()
    machine.drop_in("WatchdogSec=2s")
    machine.run("systemctl start understudy")
    machine.wait_for_status_text(r"^waiting; generation \d+, current as of [0-9.]+ s ago; unreachable: ")
    fed = set()
    wait_until(lambda: fed.add(machine.show("WatchdogTimestampMonotonic")) or len(fed) > 6, "the watchdog to be fed", 30)
    assert machine.show("NRestarts") == "0"


def one_that_hangs_is_ended_and_started_again():
    machine.run("systemctl kill --signal=STOP understudy")
    wait_until(lambda: machine.show("NRestarts") == "1", "the watchdog")
    wait_until(lambda: machine.show("ActiveState") == "active", "the restart")
    machine.without_drop_in()
    machine.database.start()
    machine.run("systemctl restart understudy")
    machine.wait_for_status_text("streaming")


def a_full_volume_is_named():
    machine.run("install -d -o understudy -g understudy /srv/small/snapshot; fallocate --length 7600K /srv/small/rest")
    machine.drop_in("ReadWritePaths=/srv/small")
    machine.configure(snapshot="/srv/small")
    machine.run("systemctl restart --no-block understudy")
    machine.database.sql("INSERT INTO materials SELECT n, repeat('x', 1000) FROM generate_series(2000, 3000) n")
    print(machine.wait_for_status_text("disk_full: "))
    assert "reason=disk_full" in machine.log(), machine.log()[-2000:]
    machine.run("rm /srv/small/rest")
    machine.wait_for_status_text(r"^streaming; generation \d+[^;]*$")


def a_volume_that_cannot_be_written_is_named_and_tried_again():
    machine.configure(snapshot="/srv/database")
    machine.run("systemctl restart --no-block understudy")
    wait_until(lambda: int(machine.show("NRestarts")) > 0, "another try")
    machine.wait_for_status_text(r"/srv/database/snapshot.*Read-only file system")  # that of the next start is empty at first
    assert re.search(r"/srv/database/snapshot.*Read-only file system", machine.log()), machine.log()[-2000:]
    machine.without_drop_in()
    machine.configure()
    machine.run("systemctl restart understudy")


def another_group_can_be_given_the_files():
    machine.run("groupadd app; useradd --groups app worker")
    machine.drop_in("SupplementaryGroups=app")
    machine.configure(more="", snapshot="/var/lib/understudy/for-app")
    machine.run("install -d -o understudy -g app -m 0750 /var/lib/understudy/for-app/snapshot")
    machine.run("sed -i 's|^snapshot:|snapshot:\\n  group: app|' /etc/understudy/understudy.yaml; systemctl restart understudy")
    wait_until(lambda: machine.works("runuser -u worker -- head -c1 /var/lib/understudy/for-app/snapshot/current/snapshot.json"),
               "the file for the other group")
    machine.without_drop_in()
    machine.configure()
    machine.run("systemctl restart understudy")


def a_second_one_has_a_unit_of_its_own():
    machine.configure("second")
    machine.run("systemctl start understudy@second")
    assert machine.works("test -e /var/lib/understudy/second/snapshot/current/snapshot.json")
    assert machine.show("ActiveState") == "active"
    machine.run("systemctl stop understudy@second; rm /etc/understudy/second.yaml")
    machine.database.sql("SELECT pg_drop_replication_slot('second')")


def an_upgrade_keeps_the_configuration_and_starts_the_new_one():
    before = machine.show("MainPID")
    with tempfile.TemporaryDirectory() as scratch:
        later = Path(scratch) / "later.deb"
        repack(OPTIONS.package, later, version="99")
        machine.install(later)
    assert machine.output("dpkg-query --show --showformat='${Version}' understudy") == "99"
    assert machine.show("MainPID") not in (before, "0")
    assert machine.show("ActiveState") == "active"
    assert "connection_file" in machine.output("cat /etc/understudy/understudy.yaml")


def removed_it_is_stopped_and_its_data_stays():
    machine.run("dpkg --remove understudy")
    assert machine.show("ActiveState") == "inactive"
    assert not machine.works("test -e /usr/bin/understudy")
    assert machine.works("test -e /var/lib/understudy/snapshot/current/snapshot.json -a -e /etc/understudy/understudy.yaml")


def purged_it_leaves_nothing():
    machine.run("dpkg --purge understudy")
    left = machine.output("find / -xdev -name '*understudy*' -not -path '/proc/*' -not -path '/var/log/*' -not -path '/root/*'")
    assert not left, left


def repack(package, into, version):
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["dpkg-deb", "--raw-extract", package, scratch], check=True)
        control = Path(scratch) / "DEBIAN" / "control"
        control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text()))
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", scratch, into], check=True, stdout=subprocess.DEVNULL)


def main():
    global machine
    with Database() as database, Podman() as podman:
        podman.call("import", "--quiet", OPTIONS.machine, "localhost/machine:1")
        container = podman.start(
            "understudy-machine", "--systemd=always", "--network", "none", "--hostname", "machine",
            "--stop-signal", "SIGRTMIN+3", "--volume", f"{database.socket}:/srv/database:ro",
            "--tmpfs", "/srv/small:size=8m,mode=755", "localhost/machine:1", "/sbin/init")
        wait_until(lambda: container.run("systemctl is-system-running", check=False)[1].strip() in ("running", "degraded"), "systemd")
        machine = Machine(container, database)
        return cases.run([
            installed_it_has_a_user_and_starts_nothing,
            before_the_first_start_every_prerequisite_can_be_checked,
            started_with_nobodys_database_it_says_so_and_goes_on_trying,
            a_secret_that_is_missing_is_named_and_not_tried_again,
            with_its_database_named_it_is_started_when_there_is_a_generation,
            every_prerequisite_can_be_checked_as_the_daemon_sees_it,
            who_only_reads_files_needs_no_secret,
            the_group_reads_the_snapshot_and_nobody_else_does,
            the_secret_is_nowhere_to_be_seen,
            it_runs_without_capabilities_in_its_sandbox,
            a_reload_takes_what_is_live,
            killed_it_comes_back_and_goes_on,
            without_a_database_it_starts_at_once_and_the_watchdog_lets_it_live,
            one_that_hangs_is_ended_and_started_again,
            a_full_volume_is_named,
            a_volume_that_cannot_be_written_is_named_and_tried_again,
            another_group_can_be_given_the_files,
            a_second_one_has_a_unit_of_its_own,
            an_upgrade_keeps_the_configuration_and_starts_the_new_one,
            removed_it_is_stopped_and_its_data_stays,
            purged_it_leaves_nothing,
        ], stops_at_failure=True)


if __name__ == "__main__":
    sys.exit(main())
