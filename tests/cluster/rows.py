"""What is looked at with a Postgres source, and with bad input."""

import json
import signal
import sys
import tempfile
from pathlib import Path

import yaml
from lab import (CHART, NAMESPACE, NO_CLAIMS, after, an_event_says, as_list, deployment_of_kustomize, expect, install_app, is_ready,
                 merged, name_of, pods_of_a_policy, process_of, reads_database_again, reads_snapshot, reads_snapshot_for_a_while, ready_all_the_time, refused,
                 restart_by, row, status_of, the_log_says, volumes)
from node import Failed, run, wait_until

sys.path.append(str(Path(__file__).resolve().parents[1] / "helm"))
import tools  # noqa: E402
from test_odd import MINIMAL, ODD  # noqa: E402


def drop_slot(lab):
    """Once the pod that streams from it has ended."""
    # Of one whose network went before it the server notices after wal_sender_timeout, a minute.
    wait_until(lambda: lab.database.sql("SELECT true FROM pg_drop_replication_slot('understudy')"), "the slot to be free", 150)


# --- with the API server alone

@row
def dry_run(lab):
    """each way of the chart is taken by the API server (server-side dry run)"""
    for file in sorted((CHART / "ci").glob("*-values.yaml")):
        rendered = run(lab.helm_program, "template", "rel", CHART, "--namespace", NAMESPACE, "--values", file, "--no-hooks",
                       "--kube-version", lab.node.version())
        objects = [item for item in yaml.safe_load_all(rendered) if item and not item.get("apiVersion", "monitoring.").startswith("monitoring.")]
        if not objects:
            continue  # a fragment: values for another chart, and no objects
        for item in objects:
            item["metadata"]["namespace"] = item["metadata"].get("namespace", NAMESPACE)
        expect_taken(lab, file.name, objects)


def expect_taken(lab, name, objects):
    try:
        lab.node.kubectl("apply", "--dry-run=server", "-f", "-", text=as_list(objects))
    except Failed as failed:
        raise Failed(f"{name}: {failed}") from None


@row
def dry_run_odd(lab):
    """so are values that are unusual, those of tests/helm/test_odd.py"""
    for name, (values, release, namespace) in ODD.items():
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        lab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
        with tempfile.TemporaryDirectory() as directory:
            objects = tools.render(*tools.with_values(merged(MINIMAL, values), directory), version=lab.node.version(), release=release,
                                   namespace=namespace)
        # The pod of helm test is refused where the account is not made that it runs as, and monitors where there is no operator.
        expect_taken(lab, name, [item for item in objects if item["kind"] != "Pod" and "monitoring." not in item["apiVersion"]])


# --- the example application with the native sidecar

SHOP = "app.kubernetes.io/instance=shop"


@row
def install(lab):
    """helm install of the example application with the sidecar, under Pod Security restricted"""
    install_app(lab, "shop", lab.values())


@row
@after(install)
def sidecar_first(lab):
    """the application found a snapshot when it began"""
    pod = name_of(lab.pod(SHOP))
    told = wait_until(lambda: lab.told(pod), "the shop's first line")
    expect(told["snapshot_was_there_at_the_start"], json.dumps(told))
    expect(told["last"] == "database", json.dumps(told))


@row
@after(install)
def confined(lab):
    """the sidecar has no capability, no root, no writable root file system, seccomp"""
    status = Path(f"/proc/{process_of(lab.pod(SHOP), 'understudy')}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    expect(int(fields["CapEff"], 16) == 0 and int(fields["CapBnd"], 16) == 0, "it has capabilities")
    expect(fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2" and fields["Uid"].split()[0] == "65532", status)


@row
@after(install)
def outage(lab):
    """the database stops and comes back: no read fails, the pod stays Ready, the application goes back"""
    name = name_of(lab.pod(SHOP))
    lab.database.sql("UPDATE materials SET stock = stock + 1 WHERE id <= 100")
    expected = lab.database.sum()
    settled = lambda: lab.told(name)["sum"] == expected and "published" in lab.log(name, "understudy", "--since=20s")  # noqa: E731
    wait_until(settled, "the change to be read")
    with ready_all_the_time(lab, SHOP):
        lab.database.stop()
        try:
            reads_snapshot_for_a_while(lab, name, expected)
        finally:
            lab.database.start()
        reads_database_again(lab, name)


def restart_beside(lab, number, seconds):
    """As restart_by, and sees that the application was left alone. Returns the pod's name."""
    before = status_of(lab.pod(SHOP), "shop")["restartCount"]
    pod = restart_by(lab, SHOP, number, seconds)
    expect(status_of(pod, "shop")["restartCount"] == before, "the application was restarted, too")
    expect(lab.told(name_of(pod))["failed"] == 0, "reads failed")
    return name_of(pod)


@row
@after(install)
def kill(lab):
    """kill -9 of the sidecar: it alone is started again, and copies nothing"""
    name = restart_beside(lab, signal.SIGKILL, 60)
    expect("copy_started" not in lab.log(name, "understudy"), "it copied again")


@row
@after(install)
def liveness(lab):
    """a sidecar that stands still is restarted, and the application is not"""
    restart_beside(lab, signal.SIGSTOP, 240)


@row
@after(install)
def load(lab):
    """a load of 300,000 rows stays under the container's limit of memory"""
    pod = lab.pod(SHOP)
    restarts = status_of(pod, "understudy")["restartCount"]
    lab.database.sql("INSERT INTO events (payload) SELECT repeat('x', 200) FROM generate_series(1, 300000)")
    lab.database.sql("UPDATE events SET payload = payload || 'y'")
    name = name_of(pod)
    rows = lambda: " rows=302000 " in lab.log(name, "understudy", "--tail=5")  # noqa: E731
    wait_until(rows, "all rows to be published", 180)
    found = status_of(lab.pod(SHOP), "understudy")
    expect(found["restartCount"] == restarts, f"it was restarted: {found}")
    lab.database.sql("TRUNCATE events")


@row
@after(install)
def eviction(lab):
    """an evicted pod comes back with a snapshot of the same rows"""
    name = name_of(lab.pod(SHOP))
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
    lab.kubectl("create", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction", "-f", "-", text=json.dumps(eviction))
    new = wait_until(lambda: name_of(pod := lab.pod(SHOP)) != name and is_ready(pod) and pod, "another pod", 180)
    name = name_of(new)
    expected = lab.database.sum()
    wait_until(lambda: lab.told(name)["sum"] == expected, "the same rows")
    lab.database.stop()
    try:
        reads_snapshot(lab, name, expected)
    finally:
        lab.database.start()


@row
@after(install)
def uninstall(lab):
    """helm uninstall of the application leaves its slot, for somebody to drop"""
    lab.helm("uninstall", "shop", "--wait", "--timeout", "2m")
    wait_until(lambda: not lab.node.get("pods", "--namespace", NAMESPACE, "--selector", SHOP)["items"], "the pod to end")
    expect(lab.database.slots() == "understudy", lab.database.slots())
    drop_slot(lab)


# --- stand-alone, with claims

ALONE = "app.kubernetes.io/instance=alone"


def alone_values(lab, **more):
    values = lab.values(state={"storageClassName": "alone"}, snapshot={"storageClassName": "alone"})
    return merged(values, more)


@row
def stand_alone(lab):
    """stand-alone with claims: installed, upgraded and rolled back without a copy"""
    volumes(lab, "alone")
    lab.helm("install", "alone", CHART, "--wait", "--timeout", "3m", values=alone_values(lab))
    name = name_of(lab.pod(ALONE))
    expect("copy_finished" in lab.log(name, "understudy"), "it did not copy")
    for words in (["upgrade", "alone", CHART], ["rollback", "alone", "1"]):
        before = lab.pod(ALONE)["metadata"]["uid"]
        values = alone_values(lab, config={"cadence": {"min_interval": "300ms"}}) if words[0] == "upgrade" else None
        lab.helm(*words, "--wait", "--timeout", "3m", values=values)
        pod = wait_until(lambda: (found := lab.pod(ALONE))["metadata"]["uid"] != before and is_ready(found) and found, words[0], 120)
        log = lab.log(name_of(pod), "understudy")
        expect("copy_started" not in log, f"{words[0]}: it copied again")


@row
@after(stand_alone)
def helm_test(lab):
    """helm test passes"""
    lab.helm("test", "alone", "--timeout", "2m")


@row
@after(stand_alone)
def uninstall_with_slot(lab):
    """helm uninstall drops the slot when it was asked to (dropSlotOnUninstall)"""
    lab.helm("upgrade", "alone", CHART, "--wait", "--timeout", "3m", values=alone_values(lab, dropSlotOnUninstall=True))
    expect(lab.database.slots() == "understudy", lab.database.slots())
    lab.helm("uninstall", "alone", "--wait", "--timeout", "3m")
    expect(lab.database.slots() == "", f"left behind: {lab.database.slots()}")


# --- the other two ways

@row
def by_policy(lab):
    """a MutatingAdmissionPolicy puts the sidecar into a labelled pod, and into no other"""
    with pods_of_a_policy(lab, lab.values()):
        told = wait_until(lambda: lab.told("with"), "the shop's first line")
        expect(told["snapshot_was_there_at_the_start"], json.dumps(told))
    drop_slot(lab)


@row
def by_kustomize(lab):
    """the kustomize component puts the sidecar into a labelled Deployment"""
    def change(example):
        config = yaml.safe_load((example / "understudy.yaml").read_text())
        config["source"]["postgres"]["connection"] = lab.database.connection("understudy")
        config["tables"] = ["public.materials"]
        config["state"]["any_filesystem"] = True
        (example / "understudy.yaml").write_text(yaml.safe_dump(config))
    with deployment_of_kustomize(lab, change) as pod:
        told = wait_until(lambda: lab.told(name_of(pod)), "the shop's first line")
        expect(told["snapshot_was_there_at_the_start"], json.dumps(told))
    drop_slot(lab)


# --- TLS

@row
def tls(lab):
    """sslmode=verify-full: with the server's CA in the Secret it follows, encrypted; with another CA not, and the log says why"""
    lab.database.offer_tls(lab.authority)
    source = {"source": {"postgres": {"connection": lab.database.connection("understudy") + " sslmode=verify-full"}}}

    def values(key):
        return lab.values(config=source, credentials={"rootCertificateKey": key}, **NO_CLAIMS)
    refused(lab, values("other.crt"), lambda: the_log_says(lab, "certificate verify failed"), "the log to say it")
    lab.helm("install", "tls", CHART, "--wait", "--timeout", "3m", values=values("ca.crt"))
    encrypted = lab.database.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_replication USING (pid)")
    expect(encrypted == "t", f"it is not encrypted: {encrypted}")
    lab.helm("uninstall", "tls", "--wait", "--timeout", "2m")
    drop_slot(lab)


# --- bad input

@row
def wrong_image(lab):
    """an image that is not there: the pod's events name it"""
    values = lab.values(image={"tag": "no-such-tag"}, **NO_CLAIMS)
    refused(lab, values, lambda: an_event_says(lab, "localhost/understudy:no-such-tag"), "the event")


@row
def missing_secret(lab):
    """a Secret that is not there: the pod's events name it"""
    values = lab.values(credentials={"existingSecret": "no-such-secret"}, **NO_CLAIMS)
    refused(lab, values, lambda: an_event_says(lab, "no-such-secret"), "the event")


@row
def unreachable(lab):
    """a database that cannot be reached: not Ready, and the log says why"""
    nowhere = {"source": {"postgres": {"connection": "host=10.250.0.1 port=1 dbname=postgres user=understudy"}}}
    refused(lab, lab.values(config=nowhere, **NO_CLAIMS), lambda: the_log_says(lab, "reason=unreachable"), "the log to say it")


@row
def full_volume(lab):
    """a volume that is full: not Ready, and the log says which"""
    volumes(lab, "small")
    run("mount", "-t", "tmpfs", "-o", "size=64k,mode=2770,uid=0,gid=65532", "small", lab.node.home / "volumes" / "small-snapshot")
    values = lab.values(state={"storageClassName": "small"}, snapshot={"storageClassName": "small"})
    refused(lab, values, lambda: the_log_says(lab, "reason=disk_full"), "the log to say it")
    drop_slot(lab)


@row
def read_only_volume(lab):
    """a volume that is read-only: not Ready, and the log says which"""
    volumes(lab, "frozen")
    path = lab.node.home / "volumes" / "frozen-snapshot"
    run("mount", "--bind", path, path)
    run("mount", "-o", "remount,bind,ro", path)
    values = lab.values(state={"storageClassName": "frozen"}, snapshot={"storageClassName": "frozen"})
    refused(lab, values, lambda: the_log_says(lab, "Read-only file system"), "the log to say it")
