import json
import re
import shutil
import tempfile
import unittest
from pathlib import Path

import yaml

import pod_security
import tools
import ways

# Kinds of the Prometheus operator, which the schemas of Kubernetes do not have.
FOREIGN = "ServiceMonitor,PodMonitor,PrometheusRule"
EXAMPLE = tools.ROOT / "helm" / "kustomize" / "example"
PAGE = (tools.CHART / "README.md").read_text()


def kubeconform(objects, version):
    location = tools.tools_home() / "schemas" / "{{.NormalizedKubernetesVersion}}-local{{.StrictSuffix}}"
    status, out, why = tools.run(
        tools.tool("kubeconform"), "-strict", "-kubernetes-version", version, "-skip", FOREIGN,
        "-schema-location", f"{location}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", text="\n---\n".join(map(json.dumps, objects)))
    return "" if status == 0 else out + why


def objects_of(file, version):
    """What a values file renders; of a fragment nothing."""
    if "fragment" in file.name:
        return []
    # Before 1.28 a pod does not know its number.
    without = [] if version >= "1.28" else ["--set", "slotPerPod=false", "--set", "replicas=1"]
    return tools.render("--values", file, *without, version=version)


def kustomized(directory):
    status, out, why = tools.run(tools.tool("kustomize"), "build", directory)
    if status != 0:
        raise AssertionError(why)
    return tools.objects_in(out)


class Kubernetes(unittest.TestCase):
    def test_each_object_is_valid_in_each_version(self):
        for version in tools.VERSIONS:
            # There are no such policies before.
            files = [file for file in tools.CI_VALUES if "policy" not in file.name or version >= "1.34"]
            with self.subTest(version):
                self.assertEqual(kubeconform([item for file in files for item in objects_of(file, version)], version), "")

    def test_the_example_application_is_valid_where_there_are_native_sidecars_and_without_them_everywhere(self):
        with tempfile.TemporaryDirectory() as directory:
            chart = tools.built_example_app(directory)
            for version in tools.VERSIONS[1:]:
                self.assertEqual(kubeconform(tools.render(chart=chart, version=version), version), "")
            for version in tools.VERSIONS:
                objects = tools.render("--set", "understudy.sidecar.native=false", chart=chart, version=version)
                self.assertEqual(kubeconform(objects, version), "")

    def test_the_policy_has_the_version_of_the_cluster(self):
        file = tools.CHART / "ci" / "policy-values.yaml"
        for version, expected in (("1.34.0", "v1beta1"), ("1.35.9", "v1beta1"), ("1.36.0", "v1")):
            policy = tools.one(tools.render("--values", file, version=version), "MutatingAdmissionPolicy")
            self.assertEqual(policy["apiVersion"], f"admissionregistration.k8s.io/{expected}")

    def test_kubeconform_finds_a_mistake(self):
        wrong = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "daat": {}}
        self.assertIn("daat", kubeconform([wrong], tools.VERSION))

    def test_all_names_and_labels_are_short_enough(self):
        for file in tools.CI_VALUES:
            for item in objects_of(file, tools.VERSION):
                with self.subTest(file=file.name, kind=item["kind"]):
                    self.assertLessEqual(len(item["metadata"]["name"]), 63)
                    for value in item["metadata"].get("labels", {}).values():
                        self.assertRegex(value, r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")

    def test_each_object_is_in_the_namespace_of_the_release(self):
        for file in tools.CI_VALUES:
            for item in objects_of(file, tools.VERSION):
                if item["kind"].startswith("MutatingAdmissionPolicy") or item["metadata"]["name"] in ("rel-more", "rel-other"):
                    continue
                with self.subTest(file=file.name, kind=item["kind"]):
                    self.assertEqual(item["metadata"].get("namespace"), "shop")


class PodSecurity(unittest.TestCase):
    def test_each_pod_may_run_where_security_is_restricted(self):
        found = 0
        for file in tools.CI_VALUES:
            for item in objects_of(file, tools.VERSION):
                pod = pod_security.pod_of(item)
                if pod is None:
                    continue
                found += 1
                with self.subTest(file=file.name, kind=item["kind"]):
                    self.assertEqual(pod_security.objections(pod), [])
        self.assertGreaterEqual(found, 6)

    def test_the_example_application_may_too(self):
        with tempfile.TemporaryDirectory() as directory:
            objects = tools.render(chart=tools.built_example_app(directory))
        self.assertEqual(pod_security.objections(pod_security.pod_of(tools.one(objects, "Deployment"))), [])

    def test_the_container_asks_nothing_of_the_pod_that_it_is_put_into(self):
        for way in (ways.policy, ways.kustomize):
            container, volumes = way(tools.values_of(ways.COMPONENT / "values.yaml"), "understudy")
            self.assertEqual(pod_security.objections({"containers": [container], "volumes": volumes}), [], way.__name__)

    def test_nothing_writes_to_the_root(self):
        for file in tools.CI_VALUES:
            for item in objects_of(file, tools.VERSION):
                if item["kind"] == "StatefulSet":
                    container = pod_security.pod_of(item)["containers"][0]
                    self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
                    self.assertIsInstance(container["securityContext"]["runAsUser"], int)

    def test_what_is_not_restricted_is_found(self):
        good, _ = ways.policy(tools.values_of(ways.COMPONENT / "values.yaml"), "understudy")
        for change, complaint in (
            ({"privileged": True}, "privileged"), ({"runAsUser": 0}, "runAsNonRoot"), ({"capabilities": {}}, "capabilities"),
            ({"seccompProfile": {}}, "seccompProfile"), ({"allowPrivilegeEscalation": True}, "allowPrivilegeEscalation"),
        ):
            bad = {**good, "securityContext": {**good["securityContext"], **change}}
            self.assertEqual(pod_security.objections({"containers": [bad]}), [f"understudy: {complaint}"])
        self.assertEqual(pod_security.objections({"containers": [], "hostNetwork": True, "volumes": [{"name": "a", "hostPath": {}}]}),
                         ["hostNetwork", "volume a: hostPath"])


class Kustomize(unittest.TestCase):
    def setUp(self):
        self.objects = kustomized(EXAMPLE)
        self.pod = pod_security.pod_of(tools.one(self.objects, "Deployment"))

    def test_the_example_is_valid(self):
        for version in tools.VERSIONS[1:]:
            self.assertEqual(kubeconform(self.objects, version), "")

    def test_the_example_may_run_where_security_is_restricted(self):
        self.assertEqual(pod_security.objections(self.pod), [])

    def test_the_example_has_its_own_configuration(self):
        config = tools.one(self.objects, "ConfigMap")
        self.assertIn("public.suppliers", config["data"]["understudy.yaml"])
        named = next(volume for volume in self.pod["volumes"] if volume["name"] == "understudy-config")
        self.assertEqual(named["configMap"]["name"], config["metadata"]["name"])

    def test_the_image_can_be_changed_as_any_other(self):
        self.assertEqual(self.pod["initContainers"][0]["image"], "registry.internal/understudy:0.1.0")

    def test_the_example_can_follow_kafka_as_the_page_says(self):
        with tempfile.TemporaryDirectory() as directory:
            shutil.copytree(EXAMPLE.parent, directory, dirs_exist_ok=True)
            example = Path(directory) / "example"
            says = next(yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S) if "../kafka" in block)
            kustomization = tools.values_of(example / "kustomization.yaml")
            (example / "kustomization.yaml").write_text(yaml.safe_dump({**kustomization, **says}))
            (example / "tables.json").write_text("{}")
            objects = kustomized(example)
        pod = pod_security.pod_of(tools.one(objects, "Deployment"))
        self.assertEqual(kubeconform(objects, tools.VERSION), "")
        self.assertEqual(pod_security.objections(pod), [])
        self.assertEqual(pod["securityContext"]["fsGroup"], 65532)
        container, _ = ways.parts(pod, "understudy")
        self.assertIn("understudy-secret", [mount["name"] for mount in container["volumeMounts"]])
        self.assertIn("tables.json", tools.one(objects, "ConfigMap")["data"])

    def test_a_workload_without_the_label_is_left_alone(self):
        with tempfile.TemporaryDirectory() as directory:
            app = Path(directory)
            deployment = tools.values_of(EXAMPLE / "deployment.yaml")
            del deployment["metadata"]["labels"]
            (app / "deployment.yaml").write_text(yaml.safe_dump(deployment))
            (app / "kustomization.yaml").write_text(yaml.safe_dump(
                {"resources": ["deployment.yaml"], "components": [ways.component_from(app)]}))
            pod = pod_security.pod_of(tools.one(kustomized(app), "Deployment"))
        self.assertNotIn("initContainers", pod)
