"""Values that are unusual and right: whatever they are, the API server has to take what is rendered."""

import re
import tempfile
import unittest

import pod_security
import tools
from test_kubernetes import kubeconform
from test_refusals import FOLLOWS_KAFKA, merged

MINIMAL = tools.values_of(tools.CHART / "ci" / "minimal-values.yaml")
SERVED = {"config": {"serve": {"listen": "0.0.0.0:8080", "anywhere": True}}}
EVERY_OBJECT = merged(SERVED, {
    "dropSlotOnUninstall": True, "podDisruptionBudget": {"enabled": True}, "networkPolicy": {"enabled": True},
    "monitoring": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}, "rules": {"enabled": True},
                   "dashboard": {"enabled": True}},
})

# (values, name of the release, namespace)
ODD = {
    "names that are numbers": ({
        "credentials": {"existingSecret": "123", "passwordKey": "1e3"}, "containerName": "123", "serviceAccount": {"name": "007"},
        "state": {"storageClassName": "0x10"}, "snapshot": {"kind": "existingClaim", "existingClaim": "1e3"},
        "priorityClassName": "123", "runtimeClassName": "1"}, "rel", "123"),
    "names that are words of YAML": ({
        "credentials": {"existingSecret": "null", "passwordKey": "yes"}, "containerName": "true", "serviceAccount": {"name": "on"},
        "fullnameOverride": "null", "state": {"storageClassName": "no"}, "priorityClassName": "off"}, "yes", "true"),
    "a release whose name begins with a digit": (EVERY_OBJECT, "2shop", "shop"),
    "a release whose name has dots": (EVERY_OBJECT, "shop.eu.1", "shop"),
    "the longest names": (merged(EVERY_OBJECT, {"slotPerPod": True, "replicas": 64}), "r" * 53, "n" * 63),
    "labels that are given more than once": (merged(EVERY_OBJECT, {
        "commonLabels": {"team": "a", "app.kubernetes.io/component": "b", "app.kubernetes.io/version": "c"},
        "podLabels": {"team": "b", "helm.sh/chart": "d"}, "podAnnotations": {"kubectl.kubernetes.io/default-container": "reader"},
        "monitoring": {"labels": {"team": "c"}, "dashboard": {"labels": {"team": "d"}}}}), "rel", "shop"),
    "quantities in all their forms": ({"resources": {
        "requests": {"cpu": "1e-1", "memory": 134217728, "ephemeral-storage": ".5Gi"},
        "limits": {"cpu": "100m", "memory": "1.5e9", "example.com/gpu": 1}}, "state": {"size": "1.5Ti"}, "snapshot": {"size": "1000M"}},
        "rel", "shop"),
    "no requests, no limits": ({"resources": {"requests": None, "limits": None}}, "rel", "shop"),
    "nothing where nothing may be": ({name: None for name in (
        "resources", "commonLabels", "podLabels", "podAnnotations", "annotations", "nodeSelector", "extraArgs", "extraEnv", "extraVolumes",
        "extraVolumeMounts", "extraContainers", "initContainers", "extraObjects")}, "rel", "shop"),
    "users that the cluster chooses": ({
        "securityContext": {"runAsUser": None, "runAsGroup": None}, "podSecurityContext": {"fsGroup": None}}, "rel", "shop"),
    "a budget of none": ({"podDisruptionBudget": {"enabled": True, "minAvailable": 0}}, "rel", "shop"),
    "several pods that follow Kafka": (merged(merged(EVERY_OBJECT, FOLLOWS_KAFKA), {
        "replicas": 3, "dropSlotOnUninstall": False, "podDisruptionBudget": {"minAvailable": 2}}), "rel", "shop"),
    "a name that is cut between dashes": ({"fullnameOverride": "a" * 48 + "---b"}, "rel", "shop"),
}

LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
# What the name of an object has to be, where it is not enough to be a DNS name.
NAMES = {"Service": r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", "StatefulSet": r"[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?", "Job": LABEL, "Pod": LABEL}


def objections(item, namespace):
    """What the API server would have against an object, and no schema says."""
    kind, facts = item["kind"], item["metadata"]
    if not re.fullmatch(NAMES.get(kind, rf"{LABEL}(\.{LABEL})*"), facts["name"]):
        yield f"{kind} {facts['name']}"
    if facts.get("namespace", namespace) != namespace:
        yield f"{kind} in {facts['namespace']}"
    if kind == "StatefulSet":
        chosen, labels = item["spec"]["selector"]["matchLabels"], item["spec"]["template"]["metadata"]["labels"]
        if not chosen.items() <= labels.items():
            yield f"{labels} are not chosen by {chosen}"
    pod = pod_security.pod_of(item)
    if pod:
        claims = [claim["metadata"] for claim in item["spec"].get("volumeClaimTemplates", [])]
        yield from twice("volume", [volume["name"] for volume in pod["volumes"] + claims])
        yield from twice("container", [container["name"] for container in pod_security.containers(pod)])
        for container in pod_security.containers(pod):
            yield from twice("mount", [mount["mountPath"] for mount in container.get("volumeMounts", [])])
            yield from twice("variable", [variable["name"] for variable in container.get("env", [])])
        yield from pod_security.objections(pod)


def twice(what, names):
    return (f"{what} {name} is there twice" for name in set(names) if names.count(name) > 1)


class Odd(unittest.TestCase):
    def rendered(self, name, version):
        values, release, namespace = ODD[name]
        if version < "1.28":
            values = {**values, "slotPerPod": False, "replicas": 1}  # there a pod does not know its number
        with tempfile.TemporaryDirectory() as directory:
            return tools.render(*tools.with_values(merged(MINIMAL, values), directory), version=version, release=release, namespace=namespace)

    def test_what_is_unusual_is_valid_in_each_version(self):
        for version in tools.VERSIONS:
            with self.subTest(version):
                self.assertEqual(kubeconform([item for name in ODD for item in self.rendered(name, version)], version), "")

    def test_the_api_server_would_take_what_is_unusual(self):
        for name, (_, _, namespace) in ODD.items():
            with self.subTest(name):
                objects = self.rendered(name, tools.VERSION)
                self.assertEqual([what for item in objects for what in objections(item, namespace)], [])
