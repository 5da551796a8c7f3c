import unittest

import yaml

import cel
import tools
import ways

COMPONENT = tools.ROOT / "helm" / "kustomize" / "component" / "values.yaml"


def values_for_a_pod(file):
    """Without what only one of the ways has."""
    values = tools.values_of(file)
    for only_once in ("mode", "replicas", "slotPerPod", "podDisruptionBudget", "networkPolicy", "monitoring", "state", "snapshot"):
        values.pop(only_once, None)
    values.setdefault("sidecar", {})["native"] = True
    return values


class Ways(unittest.TestCase):
    def expect_equal(self, values, others):
        name = values.get("containerName", "understudy")
        container, volumes = ways.stand_alone(values, name)
        self.assertNotIn("restartPolicy", container)
        for way in others:
            with self.subTest(way.__name__):
                other, other_volumes = way(values, name)
                self.assertEqual(other.pop("restartPolicy"), "Always")
                self.assertEqual(other, container)
                self.assertEqual(self.without_config_name(other_volumes), self.without_config_name(volumes))

    def without_config_name(self, volumes):
        """Kustomize gives the ConfigMap a name that changes with it."""
        return [{**volume, "configMap": None} if "configMap" in volume else volume for volume in volumes]

    def test_the_four_containers_are_equal(self):
        self.expect_equal(tools.values_of(COMPONENT), [ways.library, ways.policy, ways.kustomize])

    def test_the_containers_of_the_chart_are_equal_for_all_values(self):
        for file in tools.CI_VALUES:
            with self.subTest(file.name):
                values = values_for_a_pod(file)
                name = values.get("containerName", "understudy")
                container, _ = ways.stand_alone(values, name)
                for way in (ways.library, ways.policy):
                    other, _ = way(values, name)
                    other.pop("restartPolicy")
                    self.assertEqual(as_strings(other), as_strings(container), way.__name__)

    def test_the_fragment_is_the_container_of_the_library(self):
        for native, key in ((True, "initContainers"), (False, "containers")):
            with self.subTest(native=native):
                arguments = ["--values", COMPONENT, "--set", "mode=fragment", "--set", f"sidecar.native={str(native).lower()}",
                             "--set", "fragment.initContainers=app.initContainers", "--set", "fragment.containers=app.containers"]
                fragment, = tools.render(*arguments)
                container, = fragment["app"][key]
                self.assertEqual(container.pop("restartPolicy", None), "Always" if native else None)
                self.assertEqual(container, ways.stand_alone(tools.values_of(COMPONENT), "understudy")[0])
                self.assertEqual([mount["name"] for mount in fragment["extraVolumeMounts"]], ["understudy-snapshot"])

    def test_the_fragment_as_text_holds_the_same(self):
        arguments = ["--values", COMPONENT, "--set", "mode=fragment"]
        fragment, = tools.render(*arguments)
        text, = tools.render(*arguments, "--set", "fragment.asText=true")
        self.assertEqual({key: yaml.safe_load(value) for key, value in text.items()}, fragment)

    def test_the_policy_mounts_the_snapshot_into_each_container_that_is_named(self):
        values = tools.values_of(COMPONENT)
        every = ways.policy_expressions(values)[2:]
        self.assertEqual(len(every), 16)
        for number, expression in enumerate(every):
            mount, = cel.added(expression, f"/spec/containers/{number}/volumeMounts")
            self.assertEqual(mount, {"name": "understudy-snapshot", "mountPath": "/var/lib/understudy/snapshot", "readOnly": True})
            self.assertNotIn(".name in", expression)
        named = ways.policy_expressions({**values, "policy": {"containers": ["shop"]}})[2:]
        for expression in named:
            self.assertIn('.name in ["shop"]', expression)


def as_strings(container):
    """Quantities are numbers or text, which is the same to Kubernetes; the policy can only write text."""
    resources = {kind: {name: str(amount) for name, amount in amounts.items()}
                 for kind, amounts in container.get("resources", {}).items()}
    return {**container, "resources": resources}


class Literals(unittest.TestCase):
    def read(self, text):
        return cel.Reader(text).value("Object.a")

    def test_an_object_is_read(self):
        self.assertEqual(self.read('Object.a{b: [Object.a.b{c: "x\\n\\u003c", d: 3}], e: {"f-g": "h"}, i: Object.a.i{}, j: true}'),
                         {"b": [{"c": "x\n<", "d": 3}], "e": {"f-g": "h"}, "i": {}, "j": True})

    def test_an_object_in_the_wrong_place_is_refused(self):
        self.assertRaises(cel.NotALiteral, self.read, "Object.a{b: Object.a.c{}}")

    def test_what_is_cut_is_refused(self):
        whole = 'Object.a{b: ["c", 1], d: {"e": "f"}}'
        for length in range(1, len(whole)):
            with self.subTest(length=length):
                self.assertRaises(cel.NotALiteral, self.read, whole[:length])
