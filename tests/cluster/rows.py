"""What is looked at. Each row is a function; its name and first line are what the table shows. A row that finds something raises."""

import json
import os
import signal
import tempfile
import time
from pathlib import Path

import yaml
from database import PASSWORD
from node import Failed, run, wait_until

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "understudy"
NAMESPACE = "shop"
ROWS = []


def row(function):
    ROWS.append(function)
    return function


def expect(condition, text):
    if not condition:
        raise Failed(text)


class Lab:
    """The node, the database, and what is installed on them."""

    def __init__(self, node, database, helm, kustomize):
        self.node, self.database, self.helm_program, self.kustomize_program = node, database, helm, kustomize

    def prepare(self):
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
        secret = {"password": PASSWORD, "uri": self.database.connection("understudy") + " password=" + PASSWORD}
        for name in ("shop-understudy", "understudy"):
            self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE},
                        "stringData": secret})
        wait_until(lambda: self.kubectl("get", "serviceaccount", "default"), "the namespace's account")

    def shop_connection(self):
        return self.database.connection("shop") + " password=" + PASSWORD

    def values(self, **more):
        """Of our chart, for this database."""
        values = {"image": {"repository": "localhost/understudy", "tag": "test", "pullPolicy": "Never"},
                  "config": {"source": {"postgres": {"connection": self.database.connection("understudy")}},
                             "tables": ["public.materials", "public.events"],
                             # The volumes of this node are directories on whatever the machine has.
                             "state": {"any_filesystem": True},
                             "cadence": {"min_interval": "200ms"}, "log": {"format": "text"}},
                  "credentials": {"existingSecret": "shop-understudy", "passwordKey": "password"}}
        return merged(values, more)

    def kubectl(self, *arguments, text=None):
        return self.node.kubectl("--namespace", NAMESPACE, *arguments, text=text)

    def apply(self, *objects):
        self.node.kubectl("apply", "-f", "-", text=as_list(objects))

    def helm(self, *arguments, values=None):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(values or {}, file)
            file.flush()
            return run("env", f"KUBECONFIG={self.node.home}/kubeconfig", self.helm_program, *arguments, "--namespace", NAMESPACE,
                       *(["--values", file.name] if values is not None else []))

    def pod(self, selector):
        pods = [pod for pod in self.node.get("pods", "--namespace", NAMESPACE, "--selector", selector)["items"]
                if "deletionTimestamp" not in pod["metadata"]]
        if len(pods) != 1:
            raise Failed(f"{len(pods)} pods of {selector}")
        return pods[0]

    def log(self, pod, container, *more):
        return self.kubectl("logs", pod, "--container", container, *more)

    def status(self, pod):
        """What `understudy status` says inside."""
        return json.loads(self.kubectl("exec", pod, "--container", "understudy", "--", "understudy", "status", "--json",
                                       "--config", "/etc/understudy/understudy.yaml"))

    def told(self, pod):
        """The newest line of the shop."""
        lines = self.log(pod, "shop", "--tail=1").splitlines()
        if not lines:
            raise Failed("the shop has not said anything yet")
        return json.loads(lines[-1])


def as_list(objects):
    """As JSON: in YAML, Python and Go are of two minds about what 0815 is."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def merged(values, more):
    result = dict(values)
    for key, value in more.items():
        result[key] = merged(result.get(key, {}), value) if isinstance(value, dict) else value
    return result


def status_of(pod, container):
    status = pod["status"]
    for one in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        if one["name"] == container:
            return one
    raise Failed(f"no status of {container} yet")


def is_ready(pod):
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))


def ready_since(pod):
    return next(one["lastTransitionTime"] for one in pod["status"]["conditions"] if one["type"] == "Ready")


def process_of(pod, container):
    """Process id of a container's program, as we see it."""
    wanted = status_of(pod, container)["containerID"].rpartition("/")[2]
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and wanted in (entry / "cgroup").read_text():
                return int(entry.name)
        except OSError:
            pass
    raise Failed(f"{container} has no process")


def drop_slot(lab):
    """Once the pod that streams from it has ended."""
    wait_until(lambda: lab.database.sql("SELECT true FROM pg_drop_replication_slot('understudy')"), "the slot to be free", 60)


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
        try:
            lab.kubectl("apply", "--dry-run=server", "-f", "-", text=as_list(objects))
        except Failed as failed:
            raise Failed(f"{file.name}: {failed}") from None


# --- the example application with the native sidecar

SHOP = "app.kubernetes.io/instance=shop"


@row
def install(lab):
    """helm install of the example application with the sidecar, under Pod Security restricted"""
    with tempfile.TemporaryDirectory() as directory:
        run("cp", "-r", ROOT / "helm" / "example-app", CHART, directory)
        app = Path(directory) / "example-app"
        run("rm", "-rf", app / "charts")
        run(lab.helm_program, "dependency", "build", app)
        # The example leaves its program's arguments to its image; this one wants to know where to look.
        deployment = app / "templates" / "deployment.yaml"
        text = deployment.read_text()
        arguments = json.dumps(["/var/lib/understudy/snapshot", lab.shop_connection()])
        deployment.write_text(text.replace("          image: {{ .Values.image }}\n",
                                           "          image: {{ .Values.image }}\n          imagePullPolicy: Never\n"
                                           f"          args: {arguments}\n"))
        expect(deployment.read_text() != text, "the example's deployment is not as this row expects it")
        lab.helm("install", "shop", app, "--wait", "--timeout", "3m",
                 values={"image": "localhost/shop:test", "understudy": lab.values()})


@row
def sidecar_first(lab):
    """the application found a snapshot when it began"""
    pod = lab.pod(SHOP)["metadata"]["name"]
    told = wait_until(lambda: lab.told(pod), "the shop's first line")
    expect(told["snapshot_was_there_at_the_start"], json.dumps(told))
    expect(told["last"] == "database", json.dumps(told))


@row
def confined(lab):
    """the sidecar has no capability, no root, no writable root file system, seccomp"""
    status = Path(f"/proc/{process_of(lab.pod(SHOP), 'understudy')}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    expect(int(fields["CapEff"], 16) == 0 and int(fields["CapBnd"], 16) == 0, "it has capabilities")
    expect(fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2" and fields["Uid"].split()[0] == "65532", status)


@row
def outage(lab):
    """the database stops and comes back: no read fails, the pod stays Ready, the application goes back"""
    pod = lab.pod(SHOP)
    name, since = pod["metadata"]["name"], ready_since(pod)
    lab.database.sql("UPDATE materials SET stock = stock + 1 WHERE id <= 100")
    expected = lab.database.sum()
    settled = lambda: lab.told(name)["sum"] == expected and "published" in lab.log(name, "understudy", "--since=20s")  # noqa: E731
    wait_until(settled, "the change to be read")
    lab.database.stop()
    told = wait_until(lambda: (found := lab.told(name))["last"] == "snapshot" and found, "the shop to fall back")
    expect(told["sum"] == expected, f"the snapshot is another state: {told}, not {expected}")
    grown = told["snapshot"] + 100
    told = wait_until(lambda: (found := lab.told(name))["snapshot"] > grown and found, "a hundred reads of the snapshot")
    expect(told["age"] >= 5, f"the age does not grow: {told}")
    pod = lab.pod(SHOP)
    expect(is_ready(pod) and ready_since(pod) == since, "the pod was not Ready all the time")
    lab.database.start()
    wait_until(lambda: lab.told(name)["last"] == "database", "the shop to go back")
    wait_until(lambda: lab.status(name)["status"]["state"] == "streaming", "the sidecar to follow again")
    told = lab.told(name)
    expect(told["failed"] == 0, f"reads failed: {told}")
    expect(ready_since(lab.pod(SHOP)) == since, "the pod was not Ready all the time")


def restart_by(lab, number, seconds):
    """Sends the sidecar a signal, and waits until it, and not the application, was started again. Returns the pod."""
    pod = lab.pod(SHOP)
    before = {name: status_of(pod, name)["restartCount"] for name in ("shop", "understudy")}
    os.kill(process_of(pod, "understudy"), number)

    def again():
        found = status_of(lab.pod(SHOP), "understudy")
        return found["restartCount"] > before["understudy"] and found["ready"]
    wait_until(again, "the sidecar to run again", seconds)
    pod = lab.pod(SHOP)
    expect(status_of(pod, "shop")["restartCount"] == before["shop"], "the application was restarted, too")
    expect(lab.told(pod["metadata"]["name"])["failed"] == 0, "reads failed")
    return pod


@row
def kill(lab):
    """kill -9 of the sidecar: it alone is started again, and copies nothing"""
    name = restart_by(lab, signal.SIGKILL, 60)["metadata"]["name"]
    expect("copy_started" not in lab.log(name, "understudy"), "it copied again")


@row
def liveness(lab):
    """a sidecar that stands still is restarted, and the application is not"""
    restart_by(lab, signal.SIGSTOP, 240)


@row
def load(lab):
    """a load of 300,000 rows stays under the container's limit of memory"""
    pod = lab.pod(SHOP)
    restarts = status_of(pod, "understudy")["restartCount"]
    lab.database.sql("INSERT INTO events (payload) SELECT repeat('x', 200) FROM generate_series(1, 300000)")
    lab.database.sql("UPDATE events SET payload = payload || 'y'")
    name = pod["metadata"]["name"]
    rows = lambda: " rows=302000 " in lab.log(name, "understudy", "--tail=5")  # noqa: E731
    wait_until(rows, "all rows to be published", 180)
    found = status_of(lab.pod(SHOP), "understudy")
    expect(found["restartCount"] == restarts, f"it was restarted: {found}")
    lab.database.sql("TRUNCATE events")


@row
def eviction(lab):
    """an evicted pod comes back with a snapshot of the same rows"""
    name = lab.pod(SHOP)["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
    lab.kubectl("create", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction", "-f", "-", text=json.dumps(eviction))
    new = wait_until(lambda: (pod := lab.pod(SHOP))["metadata"]["name"] != name and is_ready(pod) and pod, "another pod", 180)
    name = new["metadata"]["name"]
    expected = lab.database.sum()
    wait_until(lambda: lab.told(name)["sum"] == expected, "the same rows")
    lab.database.stop()
    try:
        told = wait_until(lambda: (found := lab.told(name))["last"] == "snapshot" and found, "the shop to fall back")
        expect(told["sum"] == expected and told["failed"] == 0, json.dumps(told))
    finally:
        lab.database.start()


@row
def uninstall(lab):
    """helm uninstall of the application leaves its slot, for somebody to drop"""
    lab.helm("uninstall", "shop", "--wait", "--timeout", "2m")
    wait_until(lambda: not lab.node.get("pods", "--namespace", NAMESPACE, "--selector", SHOP)["items"], "the pod to end")
    expect(lab.database.slots() == "understudy", lab.database.slots())
    drop_slot(lab)


# --- stand-alone, with claims

ALONE = "app.kubernetes.io/instance=alone"


def volumes(lab, prefix):
    """What a storage class would make: directories of this machine for the claims of the pod."""
    for volume in ("state", "snapshot"):
        path = lab.node.home / "volumes" / f"{prefix}-{volume}"
        path.mkdir(parents=True)
        path.chmod(0o2770)
        os.chown(path, 0, 65532)
        lab.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"{prefix}-{volume}"},
                   "spec": {"capacity": {"storage": "4Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": prefix,
                            "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": str(path)}}})


def alone_values(lab, **more):
    values = lab.values(state={"storageClassName": "alone"}, snapshot={"storageClassName": "alone"})
    return merged(values, more)


@row
def stand_alone(lab):
    """stand-alone with claims: installed, upgraded and rolled back without a copy"""
    volumes(lab, "alone")
    lab.helm("install", "alone", CHART, "--wait", "--timeout", "3m", values=alone_values(lab))
    name = lab.pod(ALONE)["metadata"]["name"]
    expect("copy_finished" in lab.log(name, "understudy"), "it did not copy")
    for words in (["upgrade", "alone", CHART], ["rollback", "alone", "1"]):
        before = lab.pod(ALONE)["metadata"]["uid"]
        values = alone_values(lab, config={"cadence": {"min_interval": "300ms"}}) if words[0] == "upgrade" else None
        lab.helm(*words, "--wait", "--timeout", "3m", values=values)
        pod = wait_until(lambda: (found := lab.pod(ALONE))["metadata"]["uid"] != before and is_ready(found) and found, words[0], 120)
        log = lab.log(pod["metadata"]["name"], "understudy")
        expect("copy_started" not in log, f"{words[0]}: it copied again")


@row
def helm_test(lab):
    """helm test passes"""
    lab.helm("test", "alone", "--timeout", "2m")


@row
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
    values = lab.values(mode="policy", policy={"containers": ["shop"]})
    lab.helm("install", "policy", CHART, values=values)
    labels = {"understudy-sidecar": "policy-understudy", "way": "policy"}

    def pod(name, labels):
        context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "runAsUser": 1000,
                   "seccompProfile": {"type": "RuntimeDefault"}}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
                "spec": {"securityContext": {"fsGroup": 65532}, "containers": [
                    {"name": "shop", "image": "localhost/shop:test", "imagePullPolicy": "Never", "securityContext": context,
                     "args": ["/var/lib/understudy/snapshot", lab.shop_connection()]}]}}

    def injected():
        made = json.loads(lab.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", text=json.dumps(pod("asked", labels))))
        return "understudy" in [one["name"] for one in made["spec"].get("initContainers", [])]
    wait_until(injected, "the policy to be in force")  # the API server learns of it in its own time
    lab.apply(pod("with", labels), pod("without", {"way": "none"}))
    wait_until(lambda: is_ready(lab.pod("way=policy")), "the pod with its sidecar")
    told = wait_until(lambda: lab.told("with"), "the shop's first line")
    expect(told["snapshot_was_there_at_the_start"], json.dumps(told))
    expect("initContainers" not in lab.pod("way=none")["spec"], "a pod without the label got a sidecar")
    lab.kubectl("delete", "pod", "with", "without", "--wait=true")
    lab.helm("uninstall", "policy")
    drop_slot(lab)


@row
def by_kustomize(lab):
    """the kustomize component puts the sidecar into a labelled Deployment"""
    with tempfile.TemporaryDirectory() as directory:
        run("cp", "-r", ROOT / "helm" / "kustomize", directory)
        example = Path(directory) / "kustomize" / "example"
        config = yaml.safe_load((example / "understudy.yaml").read_text())
        config["source"]["postgres"]["connection"] = lab.database.connection("understudy")
        config["tables"] = ["public.materials"]
        config["state"]["any_filesystem"] = True
        (example / "understudy.yaml").write_text(yaml.safe_dump(config))
        objects = [item for item in yaml.safe_load_all(run(lab.kustomize_program, "build", example)) if item]
    for item in objects:
        if item["kind"] == "Deployment":
            spec = item["spec"]["template"]["spec"]
            for container in [*spec.get("initContainers", []), *spec["containers"]]:
                container["imagePullPolicy"] = "Never"
                container["image"] = "localhost/understudy:test" if container["name"] == "understudy" else "localhost/shop:test"
                if container["name"] == "shop":
                    container["args"] = ["/var/lib/understudy/snapshot",
                                         lab.shop_connection()]
    lab.apply(*objects)
    pod = wait_until(lambda: is_ready(found := lab.pod("app=shop")) and found, "the pod with its sidecar")
    told = wait_until(lambda: lab.told(pod["metadata"]["name"]), "the shop's first line")
    expect(told["snapshot_was_there_at_the_start"], json.dumps(told))
    lab.kubectl("delete", "deployment", "shop", "--wait=true")


# --- bad input

BAD = "app.kubernetes.io/instance=bad"
NO_CLAIMS = {"state": {"kind": "emptyDir"}, "snapshot": {"kind": "emptyDir"}}


def refused(lab, values, says, what):
    """Installs it, waits until `says` is true, and sees that it is not Ready."""
    lab.helm("install", "bad", CHART, values=values)
    try:
        wait_until(says, what)
        expect(not is_ready(lab.pod(BAD)), "it is Ready")
    finally:
        lab.helm("uninstall", "bad", "--wait", "--timeout", "2m")
        lab.kubectl("delete", "pvc", "--selector", BAD)


def an_event_says(lab, text):
    return any(text in event["message"] for event in lab.node.get("events", "--namespace", NAMESPACE)["items"])


def the_log_says(lab, text):
    return text in lab.log(lab.pod(BAD)["metadata"]["name"], "understudy")


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


def run_rows(lab, wanted):
    """Prints the table as it grows. True if nothing was found."""
    good = True
    for one in ROWS:
        if wanted and not any(one.__name__.startswith(name) for name in wanted):
            continue
        begin = time.monotonic()
        try:
            one(lab)
            word, why = "ok", ""
        except (Failed, KeyError, ValueError, StopIteration) as found:
            word, why, good = "FAILED", f"\n        {type(found).__name__}: {found}", False
        print(f"{word:6}  {one.__name__:20}  {time.monotonic() - begin:5.1f} s  {one.__doc__}{why}", flush=True)
    return good
