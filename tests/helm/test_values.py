import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

import tools

VALUES = tools.values_of(tools.CHART / "values.yaml")
# Templates, and what they say of values.
TEMPLATES = {path.name: path.read_text() for path in sorted((tools.CHART / "templates").rglob("*")) if path.is_file()}


def documented():
    """The paths that have a row in README's table."""
    text = (tools.CHART / "README.md").read_text()
    table = text.split("<!-- values:")[1].split("<!-- end of values -->")[0]
    return re.findall(r"^\| `([A-Za-z.]+)` \|", table, re.M)


def leaves(values, path=""):
    for name, value in values.items():
        inner = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value:
            yield from leaves(value, inner)
        else:
            yield inner


def used():
    """The paths that a template takes, `.Values.a.b`, and `get .Values.a` for each below it."""
    return {name.rstrip(".") for text in TEMPLATES.values() for name in re.findall(r"\.Values\.([A-Za-z.]+)", text)}


def covers(path, other):
    return other == path or other.startswith(f"{path}.")


class Values(unittest.TestCase):
    def test_each_value_is_documented(self):
        for leaf in leaves(VALUES):
            with self.subTest(leaf):
                self.assertTrue(any(covers(path, leaf) for path in documented()))

    def test_each_documented_value_is_used(self):
        for path in documented():
            with self.subTest(path):
                self.assertTrue(any(covers(taken, path) or covers(path, taken) for taken in used()))

    def test_each_used_value_is_documented(self):
        of_the_program = {f"config.{name}" for name in json.loads((tools.ROOT / "schemas/config.schema.json").read_text())["properties"]}
        for taken in used():
            with self.subTest(taken):
                known = [*documented(), *of_the_program]
                self.assertTrue(any(covers(path, taken) or covers(taken, path) for path in known))

    def test_each_value_changes_what_is_rendered(self):
        """Each key of the worst case, taken away, makes a difference."""
        worst = tools.values_of(tools.CHART / "ci" / "worst-values.yaml")
        with tempfile.TemporaryDirectory() as directory:
            whole = tools.render(*tools.with_values(worst, directory))
            for name in worst.keys() - {"global", "enabled", "extraArgs", "tests", "replicas", "slotPerPod", "serviceAccount"}:
                with self.subTest(name):
                    rest = {key: value for key, value in worst.items() if key != name}
                    try:
                        self.assertNotEqual(tools.render(*tools.with_values(rest, directory)), whole)
                    except tools.Refused:
                        pass  # it is needed, which is a difference too

    def test_what_is_generated_is_current(self):
        status, out, why = tools.run(sys.executable, tools.ROOT / "helm" / "generate", "--check", tools.tool("helm"))
        self.assertEqual((status, out + why), (0, ""))


class AsSubchart(unittest.TestCase):
    def app(self, directory, **values):
        chart = tools.built_example_app(directory)
        return tools.render(*tools.with_values(values, directory), chart=chart)

    def test_the_example_renders_and_brings_only_what_a_sidecar_needs(self):
        with tempfile.TemporaryDirectory() as directory:
            kinds = sorted(item["kind"] for item in self.app(directory))
        self.assertEqual(kinds, ["ConfigMap", "Deployment"])

    def test_values_of_the_charts_around_it_are_no_mistake(self):
        with tempfile.TemporaryDirectory() as directory:
            objects = self.app(directory, **{"global": {"imageRegistry": "x"}, "tags": {"a": True}})
        self.assertIn("Deployment", [item["kind"] for item in objects])

    def test_a_chart_without_it_renders_too(self):
        with tempfile.TemporaryDirectory() as directory:
            deployment, = self.app(directory, understudy={"enabled": False})
        pod = deployment["spec"]["template"]["spec"]
        self.assertEqual([container["name"] for container in pod["containers"]], ["shop"])
        self.assertFalse({"initContainers", "volumes"} & pod.keys())

    def test_an_ordinary_container_is_in_the_other_list(self):
        with tempfile.TemporaryDirectory() as directory:
            objects = self.app(directory, understudy={"sidecar": {"native": False}})
        pod = tools.one(objects, "Deployment")["spec"]["template"]["spec"]
        self.assertEqual([container["name"] for container in pod["containers"]], ["shop", "understudy"])
        self.assertFalse(pod["initContainers"])

    def test_more_pods_than_slots_are_refused(self):
        for values in ({"replicas": 2}, {"replicas": 2, "understudy": {"slotPerPod": True}}):
            with self.subTest(values), tempfile.TemporaryDirectory() as directory:
                with self.assertRaisesRegex(tools.Refused, "slotPerPod"):
                    self.app(directory, **values)

    def test_as_many_slots_as_pods_are_taken_in_a_stateful_set(self):
        with tempfile.TemporaryDirectory() as directory:
            chart = tools.built_example_app(directory)
            template = chart / "templates" / "deployment.yaml"
            template.write_text(template.read_text().replace('"Deployment"', '"StatefulSet"'))
            objects = tools.render(*tools.with_values({"replicas": 2, "understudy": {"slotPerPod": True}}, directory), chart=chart)
        container = tools.one(objects, "Deployment")["spec"]["template"]["spec"]["initContainers"][0]
        self.assertIn("POD_NUMBER", [variable["name"] for variable in container["env"]])

    def test_the_mode_that_was_forgotten_is_asked_for(self):
        with tempfile.TemporaryDirectory() as directory:
            with self.assertRaisesRegex(tools.Refused, "mode: set it to sidecar"):
                self.app(directory, understudy={"mode": "standalone"})

    def test_a_refusal_names_the_key_below_the_name_of_the_subchart(self):
        with tempfile.TemporaryDirectory() as directory:
            with self.assertRaisesRegex(tools.Refused, r"understudy:\n- at '/config/cadence'"):
                self.app(directory, understudy={"config": {"cadence": {"evry": "5m"}}})

    def test_stand_alone_under_another_name(self):
        """As a dependency with an alias, of a chart that has no template of its own."""
        with tempfile.TemporaryDirectory() as directory:
            chart = tools.built_example_app(directory)
            facts = tools.values_of(chart / "Chart.yaml")
            del facts["dependencies"][0]["condition"]
            facts["dependencies"][0]["alias"] = "mirror"
            (chart / "Chart.yaml").write_text(yaml.safe_dump(facts))
            (chart / "templates" / "deployment.yaml").unlink()
            (chart / "values.yaml").write_text(yaml.safe_dump({"mirror": tools.values_of(tools.CHART / "ci" / "minimal-values.yaml")}))
            objects = tools.render(chart=chart)
        self.assertEqual(tools.one(objects, "StatefulSet")["metadata"]["name"], "rel-mirror")


class Package(unittest.TestCase):
    def test_lint_has_nothing_to_say(self):
        for file in tools.CI_VALUES:
            if "fragment" in file.name:
                continue  # no object, so Helm finds no name of one
            with self.subTest(file.name):
                status, out, why = tools.run(tools.tool("helm"), "lint", "--strict", tools.CHART, "--values", file)
                self.assertEqual(status, 0, out + why)

    def test_the_package_holds_what_is_needed_and_no_more(self):
        with tempfile.TemporaryDirectory() as directory:
            status, _, why = tools.run(tools.tool("helm"), "package", tools.CHART, "--destination", directory)
            self.assertEqual(status, 0, why)
            package, = Path(directory).glob("*.tgz")
            _, names, _ = tools.run("tar", "-tzf", package)
        names = names.split()
        for needed in ("values.schema.json", "README.md", "files/bounds.yaml", "rules/", "dashboards/", "templates/NOTES.txt"):
            self.assertTrue([name for name in names if name.startswith(f"understudy/{needed}")], needed)
        self.assertFalse([name for name in names if name.startswith(("understudy/ci", "understudy/tests"))])
