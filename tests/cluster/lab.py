"""What rows have to work with. A row is a function; its name and first line are what the table shows. One that finds something raises."""

import contextlib
import json
import os
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


def after(earlier):
    """For a row that goes on from what another one leaves."""
    def mark(function):
        function.after = earlier
        return function
    return mark


def expect(condition, text):
    if not condition:
        raise Failed(text)


class Lab:
    """The node, the database and its topics, and what is installed on them."""

    def __init__(self, node, database, topics, authority, helm, kustomize):
        self.node, self.database, self.topics, self.authority = node, database, topics, authority
        self.helm_program, self.kustomize_program = helm, kustomize

    def prepare(self):
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
        secret = {"password": PASSWORD, "uri": self.database.connection("understudy") + " password=" + PASSWORD,
                  "kafka.properties": kafka_login(PASSWORD), **self.authority.certificates()}
        for name in ("shop-understudy", "understudy"):
            self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE},
                        "stringData": secret})
        wait_until(lambda: self.kubectl("get", "serviceaccount", "default"), "the namespace's account")

    def shop_connection(self):
        return self.database.connection("shop") + " password=" + PASSWORD

    def values(self, **more):
        """Of our chart, for this database."""
        return merged(chart_values({"postgres": {"connection": self.database.connection("understudy")}},
                                   {"existingSecret": "shop-understudy", "passwordKey": "password"}), more)

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

    def pods(self, selector):
        return [pod for pod in self.node.get("pods", "--namespace", NAMESPACE, "--selector", selector)["items"]
                if "deletionTimestamp" not in pod["metadata"]]

    def pod(self, selector):
        pods = self.pods(selector)
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


def kafka_login(password):
    """What librdkafka is told by a Secret."""
    return f"sasl.username=understudy\nsasl.password={password}\n"


def as_list(objects):
    """As JSON: in YAML, Python and Go are of two minds about what 0815 is."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def chart_values(source, credentials):
    return {"image": {"repository": "localhost/understudy", "tag": "test", "pullPolicy": "Never"},
            "config": {"source": source, "tables": ["public.materials", "public.events"],
                       # The volumes of this node are directories on whatever the machine has.
                       "state": {"any_filesystem": True},
                       "cadence": {"min_interval": "200ms"}, "log": {"format": "text"}},
            "credentials": credentials}


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


def name_of(pod):
    return pod["metadata"]["name"]


@contextlib.contextmanager
def ready_all_the_time(lab, *selectors):
    """What is done meanwhile leaves all pods as Ready as they are, and they are the same."""
    def since():
        return {name_of(pod): one["lastTransitionTime"] for selector in selectors for pod in lab.pods(selector)
                for one in pod["status"]["conditions"] if one["type"] == "Ready" and one["status"] == "True"}
    before = since()
    yield
    expect(before and since() == before, f"not Ready all the time: since {before}, and now {since()}")


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


def restart_by(lab, selector, number, seconds):
    """Sends our container a signal, and waits until it was started again. Returns the pod."""
    pod = lab.pod(selector)
    before = status_of(pod, "understudy")["restartCount"]
    os.kill(process_of(pod, "understudy"), number)

    def again():
        found = status_of(lab.pod(selector), "understudy")
        return found["restartCount"] > before and found["ready"]
    wait_until(again, "the container to run again", seconds)
    return lab.pod(selector)


# --- the example application

def install_app(lab, release, understudy, *, replicas=1, more_security=""):
    """With the sidecar by these values, and with what the example leaves to whoever takes it."""
    with tempfile.TemporaryDirectory() as directory:
        run("cp", "-r", ROOT / "helm" / "example-app", CHART, directory)
        app = Path(directory) / "example-app"
        run("rm", "-rf", app / "charts")
        run(lab.helm_program, "dependency", "build", app)
        arguments = json.dumps(["/var/lib/understudy/snapshot", lab.shop_connection()])
        add_behind(app / "templates" / "deployment.yaml", "          image: {{ .Values.image }}\n",
                   f"          imagePullPolicy: Never\n          args: {arguments}\n")
        add_behind(app / "templates" / "deployment.yaml", "        runAsUser: 1000\n", more_security)
        lab.helm("install", release, app, "--wait", "--timeout", "3m",
                 values={"image": "localhost/shop:test", "replicas": replicas, "understudy": understudy})


def add_behind(file, line, more):
    text = file.read_text()
    expect(line in text, f"{file.name} of the example is not as it is expected here")
    file.write_text(text.replace(line, line + more))


def reads_snapshot(lab, pod, expected):
    """Once the database is down: what the application tells when it has fallen back to a snapshot with these rows."""
    told = wait_until(lambda: (found := lab.told(pod))["last"] == "snapshot" and found, "the shop to fall back")
    expect(told["sum"] == expected and told["failed"] == 0, f"not {expected}, or reads failed: {told}")
    return told


def reads_snapshot_for_a_while(lab, pod, expected):
    grown = reads_snapshot(lab, pod, expected)["snapshot"] + 100
    wait_until(lambda: lab.told(pod)["snapshot"] > grown, "a hundred reads of the snapshot")
    wait_until(lambda: (lab.told(pod)["age"] or 0) >= 5, "the age to grow")


def reads_database_again(lab, pod):
    told = wait_until(lambda: (found := lab.told(pod))["last"] == "database" and found, "the shop to go back")
    expect(told["failed"] == 0, f"reads failed: {told}")
    wait_until(lambda: lab.status(pod)["status"]["state"] == "streaming", "the sidecar to follow again")


# --- the other two ways

@contextlib.contextmanager
def pods_of_a_policy(lab, values):
    """Pods `with` and `without` the label of a policy, which has put the sidecar into the first and not into the second."""
    lab.helm("install", "policy", CHART, values=merged(values, {"mode": "policy", "policy": {"containers": ["shop"]}}))
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
    expect("initContainers" not in lab.pod("way=none")["spec"], "a pod without the label got a sidecar")
    yield
    lab.kubectl("delete", "pod", "with", "without", "--wait=true")
    lab.helm("uninstall", "policy")


@contextlib.contextmanager
def deployment_of_kustomize(lab, change):
    """The pod of the example in helm/kustomize; `change` takes the directory of a copy."""
    with tempfile.TemporaryDirectory() as directory:
        run("cp", "-r", ROOT / "helm" / "kustomize", directory)
        example = Path(directory) / "kustomize" / "example"
        change(example)
        objects = [item for item in yaml.safe_load_all(run(lab.kustomize_program, "build", example)) if item]
    for item in objects:
        if item["kind"] == "Deployment":
            spec = item["spec"]["template"]["spec"]
            for container in [*spec.get("initContainers", []), *spec["containers"]]:
                container["imagePullPolicy"] = "Never"
                container["image"] = "localhost/understudy:test" if container["name"] == "understudy" else "localhost/shop:test"
                if container["name"] == "shop":
                    container["args"] = ["/var/lib/understudy/snapshot", lab.shop_connection()]
    lab.apply(*objects)
    yield wait_until(lambda: is_ready(found := lab.pod("app=shop")) and found, "the pod with its sidecar")
    lab.kubectl("delete", "deployment", "shop", "--wait=true", "--cascade=foreground")


# --- releases that cannot work

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
    return text in lab.log(name_of(lab.pod(BAD)), "understudy")


def chosen(names):
    """The rows whose names begin so, and what they go on from."""
    wanted = {one for one in ROWS if not names or one.__name__.startswith(tuple(names))}
    for one in reversed(ROWS):
        if one in wanted and hasattr(one, "after"):
            wanted.add(one.after)
    return [one for one in ROWS if one in wanted]


def run_rows(lab, names):
    """Prints the table as it grows. True if nothing was found."""
    good = True
    for one in chosen(names):
        begin = time.monotonic()
        try:
            one(lab)
            word, why = "ok", ""
        except (Failed, KeyError, ValueError, StopIteration, RuntimeError, OSError) as found:
            word, why, good = "FAILED", f"\n        {type(found).__name__}: {found}", False
        print(f"{word:6}  {one.__name__:20}  {time.monotonic() - begin:5.1f} s  {one.__doc__}{why}", flush=True)
    return good
